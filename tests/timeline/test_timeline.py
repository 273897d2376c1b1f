"""The timeline of a customer: what stands in it, in which words, who sees it, and how it is paged and filtered."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from tests.conftest import Client, Clients, problem
from tests.factories import Workspace

TOMORROW = "2030-05-06T01:30:00Z"


async def post(client: Client, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make something, or do something with it."""
    response = await client.post(path, json=body)
    assert response.is_success, response.text
    made: dict[str, Any] = response.json()
    return made


async def timeline(client: Client, customer_id: str, language: str = "en", **query: Any) -> dict[str, Any]:
    """A page of it."""
    response = await client.get(
        f"/v1/customers/{customer_id}/timeline", params=query, headers={"Accept-Language": language}
    )
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def told(page: dict[str, Any]) -> list[str]:
    """The sentences, newest first."""
    return [entry["sentence"] for entry in page["data"]]


async def lively(client: Client) -> str:
    """A customer with a contact, a call, a visit that was moved and cancelled, a task that was done."""
    customer = await post(client, "/v1/customers", {"name": "Acme"})
    at: str = customer["id"]
    contact = await post(client, "/v1/contacts", {"customer_id": at, "name": "Li Lei"})
    call = {"customer_id": at, "contact_id": contact["id"], "channel": "call", "outcome": "no_answer"}
    await post(client, "/v1/interactions", call)
    times = {"planned_start": TOMORROW, "planned_end": "2030-05-06T02:30:00Z"}
    visit = await post(client, "/v1/visits", {"customer_id": at, "purpose": "care", **times})
    await post(client, f"/v1/visits/{visit['id']}/cancel", {"reason": "They moved"})
    task = {"title": "Send the offer", "subject": {"type": "contact", "id": contact["id"]}, "due_at": TOMORROW}
    task_id = (await post(client, "/v1/tasks", task))["id"]
    await post(client, f"/v1/tasks/{task_id}/complete", {"outcome": "Sent"})
    response = await client.patch(f"/v1/customers/{at}", json={"region": "West", "tags": ["big"]})
    assert response.is_success, response.text
    return at


async def test_it_tells_every_fact_newest_first_in_english(client: Client) -> None:
    page = await timeline(client, await lively(client))
    assert told(page) == [
        "Ada Admin changed the customer: tags, region.",
        "Ada Admin completed the task “Send the offer”: Sent.",
        "Ada Admin added the task “Send the offer” for Ada Admin, due 2030-05-06 09:30.",
        "Ada Admin cancelled the visit of 2030-05-06 09:30: They moved.",
        "Ada Admin planned a visit (care) for 2030-05-06 09:30.",
        "Ada Admin logged a call with Li Lei: no answer.",
        "Ada Admin added the contact Li Lei.",
        "Ada Admin added the customer Acme.",
    ]
    assert page["next_cursor"] is None
    assert page["data"][0]["changes"] == {"region": [None, "West"], "tags": [[], ["big"]]}
    assert page["data"][-1]["changes"] is None
    assert page["data"][1]["subject"]["type"] == "task"


async def test_it_tells_them_in_chinese_where_that_is_preferred(client: Client) -> None:
    page = await timeline(client, await lively(client), "zh-CN,zh;q=0.9,en;q=0.5")
    assert told(page) == [
        "Ada Admin修改了客户资料：标签、地区。",
        "Ada Admin完成了任务“Send the offer”：Sent。",
        "Ada Admin为Ada Admin新增了任务“Send the offer”，截止2030-05-06 09:30。",
        "Ada Admin取消了2030-05-06 09:30的拜访：They moved。",
        "Ada Admin计划于2030-05-06 09:30拜访（关怀）。",
        "Ada Admin记录了一次电话，对方：Li Lei：无人接听。",
        "Ada Admin新增了联系人Li Lei。",
        "Ada Admin新增了客户Acme。",
    ]


async def test_the_answer_says_its_language(client: Client) -> None:
    at = (await post(client, "/v1/customers", {"name": "Acme"}))["id"]

    async def ask(**headers: str) -> httpx.Response:
        return await client.get(f"/v1/customers/{at}/timeline", headers=headers)

    assert (await ask(**{"Accept-Language": "zh"})).headers["content-language"] == "zh-CN"
    assert (await ask(**{"Accept-Language": "fr, en;q=0.5"})).headers["content-language"] == "en"
    assert "Accept-Language" in (await ask()).headers["vary"]


async def test_pages_follow_each_other_without_gap_or_repetition(client: Client, queries: list[str]) -> None:
    at = await lively(client)
    whole = [entry["id"] for entry in (await timeline(client, at))["data"]]
    read: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await timeline(client, at, limit=3, **cursor)
        read += [entry["id"] for entry in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert read == whole
    queries.clear()
    await timeline(client, at)
    assert len([one for one in queries if "set_config" not in one]) == 1


async def test_it_can_be_narrowed(client: Client, clients: Clients, workspace: Workspace) -> None:
    at = await lively(client)
    await post(clients(workspace.service.token), "/v1/interactions", {
        "customer_id": at, "channel": "email", "outcome": "reached",
    })  # fmt: skip

    async def types(**query: Any) -> list[str]:
        return [entry["type"] for entry in (await timeline(client, at, **query))["data"]]

    assert await types(type="visit.*") == ["visit.cancelled", "visit.planned"]
    assert await types(type=["visit.planned", "contact.*"]) == ["visit.planned", "contact.created"]
    assert await types(subject_type="task") == ["task.completed", "task.created"]
    assert await types(actor_id=str(workspace.service.id)) == ["interaction.logged"]
    assert await types(type="moon.*") == []
    assert await types(occurred_at_gte=(datetime.now(UTC) + timedelta(minutes=1)).isoformat()) == []
    assert await types(occurred_at_lte=(datetime.now(UTC) - timedelta(minutes=1)).isoformat()) == []
    assert len(await types(occurred_at_gte=(datetime.now(UTC) - timedelta(minutes=1)).isoformat())) == 9
    refused = await client.get(f"/v1/customers/{at}/timeline", params={"type": "visit"})
    problem(refused, 422, "unprocessable")


async def test_a_cursor_belongs_to_its_filters(client: Client) -> None:
    at = await lively(client)
    cursor = (await timeline(client, at, limit=1))["next_cursor"]
    path = f"/v1/customers/{at}/timeline"
    for query, code in (
        ({"cursor": cursor, "type": "visit.*"}, "cursor_mismatch"),
        ({"cursor": "nonsense"}, "cursor_invalid"),
        ({"cursor": "W10"}, "cursor_invalid"),
    ):
        refused = problem(await client.get(path, params=query), 422, "unprocessable")
        assert [error["code"] for error in refused["errors"]] == [code]


async def test_it_is_seen_by_those_who_see_the_customer(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    at = (await post(anna, "/v1/customers", {"name": "Acme"}))["id"]
    assert told(await timeline(anna, at)) == ["Anna Sales added the customer Acme."]
    assert told(await timeline(clients(workspace.manager.token), at)) == ["Anna Sales added the customer Acme."]
    for stranger in (ben, clients(elsewhere.admin.token)):
        problem(await stranger.get(f"/v1/customers/{at}/timeline"), 404, "not_found")


async def test_facts_about_people_keys_and_settings_stand_in_no_timeline(client: Client, workspace: Workspace) -> None:
    at = (await post(client, "/v1/customers", {"name": "Acme"}))["id"]
    await post(client, "/v1/teams", {"name": "West"})
    assert (await client.patch("/v1/workspace", json={"name": "Other"})).is_success
    assert [entry["type"] for entry in (await timeline(client, at))["data"]] == ["customer.created"]


async def add_fact(
    workspace: Workspace, customer_id: str, kind: str, by: tuple[str, UUID], age: str, **more: Any
) -> None:
    """A fact as it may have been written at another time, or by another part of the product."""
    await workspace.owner.execute(
        "INSERT INTO events (workspace_id, id, type, subject_type, subject_id, sequence, customer_id, actor_kind,"
        " actor_id, occurred_at, payload, changes) VALUES ($1, uuidv7($6::text::interval), $2,"
        " split_part($2, '.', 1), uuidv7(), 1, $3, $4, $5, now() + $6::text::interval, $7, $8)",
        workspace.id,
        kind,
        UUID(customer_id),
        *by,
        age,
        more.get("payload", {}),
        more.get("changes"),
    )


async def test_a_program_is_named_by_its_key_and_the_product_by_its_own_name(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    program = clients(await workspace.key("customers:write", "customers:read"))
    at = (await post(program, "/v1/customers", {"name": "Acme"}))["id"]
    await add_fact(workspace, at, "reminder.fired", ("system", UUID(int=0)), "0", payload={"title": "Call"})
    fired, created = (await timeline(client, at))["data"]
    assert created["sentence"] == "test added the customer Acme."
    assert created["actor"]["kind"] == "key"
    assert fired["sentence"] == "A reminder was sent: “Call”."
    assert fired["actor"] == {"kind": "system", "id": str(UUID(int=0)), "name": None}


async def test_what_only_some_may_read_is_not_among_the_changes(client: Client, workspace: Workspace) -> None:
    at = (await post(client, "/v1/customers", {"name": "Acme"}))["id"]
    changes = {"taboos": [None, "garlic"], "title": [None, "CTO"]}
    by = ("user", workspace.anna.id)
    await add_fact(workspace, at, "contact.updated", by, "0", payload={"name": "Li"}, changes=changes)
    newest = (await timeline(client, at))["data"][0]
    assert newest["changes"] == {"title": [None, "CTO"]}
    assert newest["sentence"] == "Anna Sales changed the contact Li: title."


PARTITION = """
DO $$ DECLARE month timestamptz := date_trunc('month', now() - interval '%d months', 'UTC'); BEGIN
EXECUTE format('CREATE TABLE IF NOT EXISTS %%1$I PARTITION OF events FOR VALUES FROM (%%2$L) TO (%%3$L)',
    'events_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'),
    (lpad(to_hex((extract(epoch FROM month) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid,
    (lpad(to_hex((extract(epoch FROM month + interval '1 month') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid);
EXECUTE format('ALTER TABLE %%1$I ENABLE ROW LEVEL SECURITY',
    'events_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
EXECUTE format('ALTER TABLE %%1$I FORCE ROW LEVEL SECURITY',
    'events_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
END $$
"""


async def test_it_reads_back_over_the_months_and_a_range_finds_what_is_in_it(
    client: Client, workspace: Workspace
) -> None:
    at = (await post(client, "/v1/customers", {"name": "Acme"}))["id"]
    for months in (2, 1, 3):
        by = ("user", workspace.anna.id)
        await workspace.owner.execute(PARTITION % months)
        await add_fact(workspace, at, "note.added", by, f"-{months} months", payload={"text": f"{months}"})
    sentences = told(await timeline(client, at))
    assert sentences == ["Ada Admin added the customer Acme.", *(f"Anna Sales wrote a note: {n}" for n in (1, 2, 3))]
    now = datetime.now(UTC)
    range_ = {
        "occurred_at_gte": (now - timedelta(days=70)).isoformat(),
        "occurred_at_lte": (now - timedelta(days=40)).isoformat(),
    }
    assert told(await timeline(client, at, **range_)) == ["Anna Sales wrote a note: 2"]


async def test_the_winner_of_a_merge_tells_what_happened_to_the_others(client: Client, queries: list[str]) -> None:
    names = ("Acme", "Globex", "Initech", "Umbrella")
    one, two, three, other = [(await post(client, "/v1/customers", {"name": name}))["id"] for name in names]
    for winner, loser in ((two, three), (one, two)):
        await post(client, "/v1/customers/merge", {"winner_id": winner, "loser_id": loser})
    merged = "Ada Admin merged two records of the customer into one."
    whole = [merged] * 4 + [f"Ada Admin added the customer {name}." for name in ("Initech", "Globex", "Acme")]
    queries.clear()
    assert told(await timeline(client, one)) == whole
    assert len([sent for sent in queries if "events" in sent]) == 1

    paged: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await timeline(client, one, limit=2, **cursor)
        paged += told(page)
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert paged == whole
    assert told(await timeline(client, three)) == [merged, "Ada Admin added the customer Initech."]
    assert told(await timeline(client, other)) == ["Ada Admin added the customer Umbrella."]

    await post(client, f"/v1/customers/{two}/unmerge")
    assert told(await timeline(client, one)) == [
        "Ada Admin undid a merge of the customer.", merged, "Ada Admin added the customer Acme."
    ]  # fmt: skip


async def test_what_was_decided_about_a_customer_is_told_with_its_why_and_one_full_stop(client: Client) -> None:
    at = (await post(client, "/v1/customers", {"name": "Acme"}))["id"]
    path = f"/v1/customers/{at}"
    await post(client, f"{path}/stage", {"to": "exploration", "evidence": "A trial order."})
    rating = {"credibility": 8, "reliability": 7, "intimacy": 6, "self_orientation": 3}
    await post(client, f"{path}/trust-ratings", rating)
    await post(client, f"{path}/lose", {"cause": "competitor", "evidence": "他们更便宜。"})
    english, chinese = told(await timeline(client, at)), told(await timeline(client, at, "zh-CN"))
    assert [english[0], english[-2]] == [
        "The customer was lost (to a competitor): 他们更便宜.",
        "Ada Admin moved the relationship from awareness to exploration: A trial order.",
    ]
    assert [chinese[0], chinese[-2]] == [
        "客户已流失（转向竞争对手）：他们更便宜。",
        "Ada Admin将客户关系由认知阶段调整为探索阶段：A trial order。",
    ]
    assert "Ada Admin rated how much the customer trusts us, 7." in english
    assert "Ada Admin评定了客户信任度：7。" in chinese
