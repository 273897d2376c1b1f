"""Two customers become one, and two again."""

from typing import Any

from crm.customers.uniting import OF_TRUST, choosable, merged, parted
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.guards.scene import at, hours


async def add(client: Client, name: str, **more: Any) -> dict[str, Any]:
    response = await client.post("/v1/customers", json={"name": name, **more})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def post(client: Client, path: str, **body: Any) -> dict[str, Any]:
    response = await client.post(path, json=body)
    assert response.status_code in {200, 201}, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def get(client: Client, path: str, **query: Any) -> dict[str, Any]:
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def merge(client: Client, winner: dict[str, Any], loser: dict[str, Any], **choose: str) -> dict[str, Any]:
    return await post(client, "/v1/customers/merge", winner_id=winner["id"], loser_id=loser["id"], choose=choose)


async def test_the_winner_takes_what_it_does_not_know_and_what_is_chosen(client: Client) -> None:
    one = await add(client, "Acme", region="West", tags=["a", "b"], custom={"x": 1, "y": 1}, email="a@acme.example")
    two = await add(
        client, "Acmee", region="East", phone="13812345678", tags=["b", "c"], custom={"y": 2, "z": 2},
        email="b@acme.example", do_not_contact=True, registration_code="9150000020286320X6",
    )  # fmt: skip
    winner = await merge(client, one, two, email="loser")
    assert winner["id"] == one["id"]
    assert {
        name: winner[name] for name in ("name", "region", "phone", "email", "tags", "custom", "do_not_contact")
    } == {
        "name": "Acme",
        "region": "West",
        "phone": "+8613812345678",
        "email": "b@acme.example",
        "tags": ["a", "b", "c"],
        "custom": {"x": 1, "y": 1, "z": 2},
        "do_not_contact": True,
    }
    assert winner["registration_code"] == "9150000020286320X6"


async def test_everything_of_the_loser_becomes_the_winners(client: Client, events: Facts, workspace: Workspace) -> None:
    one, two = await add(client, "Acme"), await add(client, "Globex")
    child = await add(client, "Globex Tools", parent_id=two["id"])
    person = await post(client, "/v1/contacts", customer_id=two["id"], name="Hank")
    call = await post(
        client, "/v1/interactions", customer_id=two["id"], contact_id=person["id"], channel="call", outcome="reached"
    )
    visit = await post(
        client, "/v1/visits", customer_id=two["id"], contact_ids=[person["id"]], purpose="care", **hours(24)
    )
    task = await post(client, "/v1/tasks", title="Call", subject={"type": "customer", "id": two["id"]}, due_at=at(24))
    await workspace.owner.execute("UPDATE customers SET last_contact_at = now() WHERE id = $1", two["id"])
    winner = await merge(client, one, two)
    assert winner["warmth"]["band"] == "hot"
    for path, made in (("contacts", person), ("interactions", call), ("visits", visit)):
        assert (await get(client, f"/v1/{path}/{made['id']}"))["customer_id"] == one["id"]
    assert (await get(client, f"/v1/tasks/{task['id']}"))["subject"]["id"] == one["id"]
    assert (await get(client, f"/v1/customers/{child['id']}"))["parent"]["id"] == one["id"]
    facts = await events("customer.merged")
    assert {str(fact["subject_id"]) for fact in facts} == {one["id"], two["id"]}


async def test_the_loser_is_read_as_a_redirect_and_cannot_be_changed(client: Client) -> None:
    one, two = await add(client, "Acme"), await add(client, "Globex")
    await merge(client, one, two)
    path = f"/v1/customers/{two['id']}"
    loser = await get(client, path)
    assert (loser["name"], loser["merged_into_id"]) == ("Globex", one["id"])
    refused = problem(await client.patch(path, json={"region": "West"}), 409, "customer_merged")
    assert refused["merged_into_id"] == one["id"]
    problem(await client.post(f"{path}/restore"), 409, "customer_merged")
    problem(await client.post("/v1/contacts", json={"customer_id": two["id"], "name": "Hank"}), 409, "customer_merged")
    assert [customer["id"] for customer in (await get(client, "/v1/customers"))["data"]] == [one["id"]]
    assert (await get(client, "/v1/customers", archived=True))["data"] == []


async def test_the_winner_is_found_by_the_losers_name_until_it_is_undone(client: Client) -> None:
    one, two = await add(client, "Acme"), await add(client, "重庆长安汽车")
    await merge(client, one, two)
    for query in ("acme", "长安", "cqca"):
        assert [found["id"] for found in (await get(client, "/v1/customers", q=query))["data"]] == [one["id"]]
    await post(client, f"/v1/customers/{two['id']}/unmerge")
    for query, who in (("acme", one), ("长安", two), ("cqca", two)):
        assert [found["id"] for found in (await get(client, "/v1/customers", q=query))["data"]] == [who["id"]]


async def test_what_was_added_since_stays_with_the_winner(client: Client, events: Facts) -> None:
    one = await add(client, "Acme")
    two = await add(client, "Globex", phone="13812345678", tags=["b"], region="East")
    person = await post(client, "/v1/contacts", customer_id=two["id"], name="Hank")
    await merge(client, one, two)
    new = await post(client, "/v1/contacts", customer_id=one["id"], name="Marge")
    call = {"customer_id": one["id"], "channel": "call", "outcome": "reached"}
    of_new = await post(client, "/v1/interactions", **call, contact_id=new["id"])
    of_old = await post(client, "/v1/interactions", **call, contact_id=person["id"])
    response = await client.patch(f"/v1/customers/{one['id']}", json={"region": "West", "tags": ["b", "new"]})
    assert response.status_code == 200

    back = await post(client, f"/v1/customers/{two['id']}/unmerge")
    assert (back["phone"], back["region"], back["archived_at"], back["merged_into_id"]) == (
        "+8613812345678", "East", None, None,
    )  # fmt: skip
    winner = await get(client, f"/v1/customers/{one['id']}")
    assert (winner["phone"], winner["region"], winner["tags"]) == (None, "West", ["new"])
    for path, who in (
        (f"/v1/contacts/{person['id']}", two), (f"/v1/contacts/{new['id']}", one),
        (f"/v1/interactions/{of_new['id']}", one), (f"/v1/interactions/{of_old['id']}", two),
    ):  # fmt: skip
        assert (await get(client, path))["customer_id"] == who["id"], path
    assert {str(fact["subject_id"]) for fact in await events("customer.unmerged")} == {one["id"], two["id"]}


async def test_merging_takes_a_manager(clients: Clients, workspace: Workspace) -> None:
    anna, manager = clients(workspace.anna.token), clients(workspace.manager.token)
    one, two = await add(anna, "Acme"), await add(anna, "Globex")
    body = {"winner_id": one["id"], "loser_id": two["id"]}
    problem(await anna.post("/v1/customers/merge", json=body), 403, "merging_needs_manager")
    await merge(manager, one, two)
    problem(await anna.post(f"/v1/customers/{two['id']}/unmerge"), 403, "merging_needs_manager")
    await post(manager, f"/v1/customers/{two['id']}/unmerge")


async def test_what_cannot_be_merged_is_refused_and_leaves_no_trace(client: Client, events: Facts) -> None:
    one, two, three = await add(client, "Acme"), await add(client, "Globex"), await add(client, "Initech")
    await post(client, f"/v1/customers/{three['id']}/archive")
    before = await events.types()

    async def refused(status: int, code: str, **body: Any) -> None:
        problem(await client.post("/v1/customers/merge", json=body), status, code)

    await refused(422, "unprocessable", winner_id=one["id"], loser_id=one["id"])
    await refused(422, "unprocessable", winner_id=one["id"], loser_id=two["id"], choose={"parent_id": "loser"})
    await refused(422, "unprocessable", winner_id=one["id"], loser_id=two["id"], choose={"nothing": "loser"})
    await refused(409, "customer_archived", winner_id=one["id"], loser_id=three["id"])
    problem(await client.post(f"/v1/customers/{one['id']}/unmerge"), 409, "not_merged")
    assert await events.types() == before

    await merge(client, one, two)
    await refused(409, "customer_merged", winner_id=one["id"], loser_id=two["id"])
    await refused(409, "customer_merged", winner_id=two["id"], loser_id=one["id"])


async def test_merges_are_undone_from_the_last_to_the_first(client: Client) -> None:
    one, two, three = await add(client, "Acme"), await add(client, "Globex"), await add(client, "Initech")
    await merge(client, two, one)
    await merge(client, three, two)
    problem(await client.post(f"/v1/customers/{one['id']}/unmerge"), 409, "customer_merged")
    await post(client, f"/v1/customers/{two['id']}/unmerge")
    await post(client, f"/v1/customers/{one['id']}/unmerge")
    assert (await get(client, f"/v1/customers/{one['id']}"))["merged_into_id"] is None


async def test_a_code_that_another_took_meanwhile_keeps_them_one(client: Client) -> None:
    code = "9150000020286320X6"
    one, two = await add(client, "Acme"), await add(client, "Globex", registration_code=code)
    await merge(client, one, two)
    await client.patch(f"/v1/customers/{one['id']}", json={"registration_code": None})
    await add(client, "Initech", registration_code=code)
    problem(await client.post(f"/v1/customers/{two['id']}/unmerge"), 409, "registration_code_taken")
    assert (await get(client, f"/v1/customers/{two['id']}"))["merged_into_id"] == one["id"]


async def test_a_group_merged_into_its_own_grandchild_leaves_no_circle(client: Client) -> None:
    top = await add(client, "Top")
    group = await add(client, "Group", parent_id=top["id"])
    middle = await add(client, "Middle", parent_id=group["id"])
    low = await add(client, "Low", parent_id=middle["id"])
    assert (await merge(client, low, group))["parent"]["id"] == top["id"]
    assert (await get(client, f"/v1/customers/{middle['id']}"))["parent"]["id"] == low["id"]
    await post(client, f"/v1/customers/{group['id']}/unmerge")
    assert (await get(client, f"/v1/customers/{middle['id']}"))["parent"]["id"] == group["id"]
    assert (await get(client, f"/v1/customers/{low['id']}"))["parent"]["id"] == middle["id"]


async def test_who_was_erased_does_not_come_back(clients: Clients, workspace: Workspace) -> None:
    client = clients(workspace.admin.token)
    winner, loser = await add(client, "Gu Wei", kind="person"), await add(client, "Gu Weiwei", kind="person")
    await merge(client, winner, loser)
    erased = await client.post(f"/v1/customers/{winner['id']}/erase", json={"reason": "requested"})
    assert erased.status_code == 200, erased.text
    problem(await client.post(f"/v1/customers/{loser['id']}/unmerge"), 409, "customer_erased")
    assert (await get(client, f"/v1/customers/{loser['id']}"))["merged_into_id"] == winner["id"]


async def test_a_stale_copy_does_not_undo(client: Client) -> None:
    one, two = await add(client, "Acme"), await add(client, "Globex")
    await merge(client, one, two)
    path = f"/v1/customers/{two['id']}/unmerge"
    problem(await client.post(path, headers={"If-Match": '"1"'}), 412, "stale")
    assert (await client.post(path, headers={"If-Match": '"2"'})).status_code == 200


def test_what_is_parted_untouched_is_what_it_was() -> None:
    nothing = dict.fromkeys(choosable()) | {"tags": [], "custom": {}, "do_not_contact": False, "name_key": "a"}
    moments = {"last_contact_at": None, "next_contact_due_on": None, "warmth_band": "never"}
    moments |= dict.fromkeys(OF_TRUST)
    winner = nothing | moments | {"name": "A", "tags": ["x"], "custom": {"k": 1}}
    loser = (
        nothing
        | moments
        | {"name": "B", "name_key": "b", "tags": ["y"], "last_contact_at": "2026-11-01T00:00:00+00:00"}
    )
    after = merged(winner, loser, {"name": "loser"})
    changed = {name: value for name, value in after.items() if winner[name] != value}
    assert changed["name_key"] == "b"
    before = {name: winner[name] for name in changed}
    assert parted(winner | changed, before, changed) == before


async def link(client: Client, company: dict[str, Any], person: dict[str, Any], **more: Any) -> dict[str, Any]:
    return await post(client, f"/v1/customers/{company['id']}/links", person_id=person["id"], **more)


async def links(client: Client, customer: dict[str, Any], **query: Any) -> list[tuple[str, str, bool]]:
    found = (await get(client, f"/v1/customers/{customer['id']}/links", **query))["data"]
    return sorted((one["organization"]["name"], one["person"]["name"], one["is_top_leader"]) for one in found)


async def test_people_of_both_are_linked_to_the_winner_once_and_apart_again(client: Client) -> None:
    one, two = await add(client, "Acme"), await add(client, "Globex")
    hank, marge = await add(client, "Hank", kind="person"), await add(client, "Marge", kind="person")
    await link(client, one, hank)
    await link(client, two, hank, is_top_leader=True)
    await link(client, two, marge)
    await merge(client, one, two)
    assert await links(client, one) == [("Acme", "Hank", True), ("Acme", "Marge", False)]
    assert await links(client, hank) == [("Acme", "Hank", True)]
    assert await links(client, one, ended=True) == [("Acme", "Hank", False)]
    await post(client, f"/v1/customers/{two['id']}/unmerge")
    assert await links(client, one) == [("Acme", "Hank", False)]
    assert await links(client, two) == [("Globex", "Hank", True), ("Globex", "Marge", False)]
    assert await links(client, one, ended=True) == await links(client, two, ended=True) == []


async def test_two_files_of_one_leader_become_one_at_each_company(client: Client) -> None:
    one, two = await add(client, "Acme"), await add(client, "Globex")
    hank, henry = await add(client, "Hank", kind="person"), await add(client, "Henry", kind="person")
    for company, person in ((one, hank), (one, henry), (two, henry)):
        await link(client, company, person)
    await merge(client, hank, henry)
    assert await links(client, hank) == [("Acme", "Hank", False), ("Globex", "Hank", False)]
    await post(client, f"/v1/customers/{henry['id']}/unmerge")
    assert await links(client, henry) == [("Acme", "Henry", False), ("Globex", "Henry", False)]
    assert await links(client, hank) == [("Acme", "Hank", False)]


async def test_a_link_made_anew_meanwhile_is_not_doubled_when_undone(client: Client) -> None:
    one, two, hank = await add(client, "Acme"), await add(client, "Globex"), await add(client, "Hank", kind="person")
    await link(client, one, hank)
    leads = await link(client, two, hank, is_top_leader=True)
    await merge(client, one, two)
    await post(client, f"/v1/customers/{one['id']}/links/{leads['id']}/unlink")
    await link(client, one, hank)
    await post(client, f"/v1/customers/{two['id']}/unmerge")
    assert await links(client, one) == [("Acme", "Hank", False)]


async def test_a_company_and_its_leader_are_not_merged_while_they_are_linked(client: Client, events: Facts) -> None:
    one, hank = await add(client, "Acme"), await add(client, "Hank", kind="person")
    leads = await link(client, one, hank)
    before = await events.types()
    for winner, loser in ((one, hank), (hank, one)):
        body = {"winner_id": winner["id"], "loser_id": loser["id"]}
        problem(await client.post("/v1/customers/merge", json=body), 409, "still_linked")
    assert await events.types() == before
    await post(client, f"/v1/customers/{one['id']}/links/{leads['id']}/unlink")
    await merge(client, one, hank)
    assert await links(client, one, ended=True) == [("Acme", "Hank", False)]


async def test_trust_is_judged_by_the_latest_of_both(client: Client) -> None:
    one, two = await add(client, "Acme"), await add(client, "Globex")

    async def rate(customer: dict[str, Any], credibility: int) -> None:
        rating = {"credibility": credibility, "reliability": 5, "intimacy": 5, "self_orientation": 5}
        await post(client, f"/v1/customers/{customer['id']}/trust-ratings", **rating)

    async def trusts(customer: dict[str, Any]) -> tuple[list[int], float | None]:
        found = (await get(client, f"/v1/customers/{customer['id']}/trust-ratings"))["data"]
        score = (await get(client, f"/v1/customers/{customer['id']}"))["trust"]["score"]
        return [rating["credibility"] for rating in found], score

    for who, credibility in ((one, 1), (two, 10), (one, 2), (two, 5)):
        await rate(who, credibility)
    await merge(client, one, two)
    assert await trusts(one) == ([5, 2, 10, 1], 3.0)
    await post(client, f"/v1/customers/{two['id']}/unmerge")
    assert await trusts(one) == ([2, 1], 2.4)
    assert await trusts(two) == ([5, 10], 3.0)
    await merge(client, one, two)
    await rate(one, 10)
    await post(client, f"/v1/customers/{two['id']}/unmerge")
    assert await trusts(one) == ([10, 2, 1], 4.0)


async def test_consent_follows_its_person_and_the_stricter_word_about_contact_holds(client: Client) -> None:
    one, two = await add(client, "Acme"), await add(client, "Globex", do_not_contact=True)
    person = await post(client, "/v1/contacts", customer_id=two["id"], name="Hank")
    path = f"/v1/contacts/{person['id']}/consents"
    yes = {"purpose": "marketing", "status": "given", "channel": "form", "notice_version": "1"}
    await post(client, path, **yes)
    assert (await merge(client, one, two))["do_not_contact"] is True
    await post(client, path, purpose="marketing", status="withdrawn")
    ledger = (await get(client, path))["data"]
    assert [(line["status"], line["customer_id"]) for line in ledger] == [
        ("withdrawn", one["id"]),
        ("given", one["id"]),
    ]
    await post(client, f"/v1/customers/{two['id']}/unmerge")
    ledger = (await get(client, path))["data"]
    assert [(line["status"], line["customer_id"]) for line in ledger] == [
        ("withdrawn", two["id"]),
        ("given", two["id"]),
    ]
    assert (await get(client, f"/v1/customers/{one['id']}"))["do_not_contact"] is False


async def test_what_is_proposed_for_the_loser_is_off_the_table_until_undone(
    client: Client, workspace: Workspace
) -> None:
    one, two = await add(client, "Acme", influence=5), await add(client, "Globex", influence=5)
    await post(client, "/v1/key-proposals/run")

    async def proposals() -> dict[str, set[str]]:
        found = (await get(client, "/v1/key-proposals"))["data"]
        states: dict[str, set[str]] = {}
        for proposal in found:
            states.setdefault(proposal["customer"]["name"], set()).add(proposal["state"])
        return states

    assert await proposals() == {"Acme": {"open"}, "Globex": {"open"}}
    await merge(client, one, two)
    assert await proposals() == {"Acme": {"open", "withdrawn"}}
    await post(client, f"/v1/customers/{two['id']}/unmerge")
    assert await proposals() == {"Acme": {"open"}, "Globex": {"open"}}


async def test_what_is_said_since_of_something_of_the_losers_goes_back_with_it(client: Client) -> None:
    one, two = await add(client, "Acme"), await add(client, "Globex")
    person = await post(client, "/v1/contacts", customer_id=two["id"], name="Hank")
    await merge(client, one, two)
    of_person = await post(client, "/v1/notes", subject={"type": "contact", "id": person["id"]}, text="Likes tea")
    of_winner = await post(client, "/v1/notes", subject={"type": "customer", "id": one["id"]}, text="Moved")
    await post(client, f"/v1/customers/{two['id']}/unmerge")
    assert (await get(client, f"/v1/notes/{of_person['id']}"))["customer_id"] == two["id"]
    assert (await get(client, f"/v1/notes/{of_winner['id']}"))["customer_id"] == one["id"]
