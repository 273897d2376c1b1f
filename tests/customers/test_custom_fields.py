"""Fields that a workspace defines for itself: typed, checked, filterable; without any, ``custom`` takes what comes."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.customers import queries as queries_of
from crm.customers.models import customers
from crm.workspaces import custom_filters
from crm.workspaces.custom_rules import Definition, checked, definitions
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace

FIELDS: tuple[dict[str, Any], ...] = (
    {"key": "motto", "type": "text"},
    {"key": "staff", "type": "number"},
    {"key": "founded_on", "type": "date"},
    {"key": "listed", "type": "boolean"},
    {"key": "price_list", "type": "choice", "options": ["A", "B"]},
)
GOOD: dict[str, Any] = {
    "motto": "Ever onward", "staff": 12.5, "founded_on": "1919-01-02", "listed": True, "price_list": "B",
}  # fmt: skip
WRONG: dict[str, list[Any]] = {
    "motto": ["", 1, [], {}, "x" * 2001],
    "staff": ["1", True, [1], 2**60],
    "founded_on": ["1919-02-30", "19190102", "yesterday", 1919],
    "listed": [1, "true", "yes"],
    "price_list": ["C", "", 1, ["A"]],
}


async def define(client: Client, **more: Any) -> dict[str, Any]:
    """A field of customers, known to everybody when this returns."""
    body = {"noun": "customer", "label": more["key"], **more}
    response = await client.post("/v1/custom-fields", json=body)
    assert response.status_code == 201, response.text
    client.running.app.state.door.forget()
    made: dict[str, Any] = response.json()
    return made


async def define_all(client: Client) -> dict[str, dict[str, Any]]:
    """One of each type, by key."""
    return {field["key"]: await define(client, **field) for field in FIELDS}


async def create(client: Client, custom: dict[str, Any], name: str = "Acme") -> dict[str, Any]:
    """A customer with these values."""
    response = await client.post("/v1/customers?allow_duplicates=true", json={"name": name, "custom": custom})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def known(**more: Any) -> dict[str, Definition]:
    """The definitions of all types, as the rules see them."""
    plain = {"noun": "customer", "options": [], "required": False, "archived": False}
    return dict(definitions([{**plain, **field, **more} for field in FIELDS])["customer"])


@given(st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.dates(), st.booleans())
def test_what_is_taken_is_kept_as_it_is(text: str, whole: int, real: float, day: date, yes: bool) -> None:
    for staff in (whole, real):
        sent = {"motto": text, "staff": staff, "founded_on": day.isoformat(), "listed": yes, "price_list": "A"}
        values, errors = checked(known(), sent)
        assert values == sent
        expected = {"#/custom/motto"} if not 0 < len(text) <= 2000 else set()
        expected |= {"#/custom/staff"} if isinstance(staff, int) and abs(staff) > 2**53 else set()
        assert {error.pointer for error in errors} == expected


@given(st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_number_written_down_is_read_again(number: float) -> None:
    assert known()["staff"].read(str(number)) == number


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "one", "0x1", "١", "1,5", "1,", ",5"])
def test_what_is_no_number_is_not_read(text: str) -> None:
    for one in (known()["staff"], known(archived=True)["staff"]):
        with pytest.raises(ValueError, match="number"):
            one.read(text)


def test_a_file_may_say_yes_in_chinese_and_group_its_digits() -> None:
    fields = known()
    assert [fields["listed"].read(text) for text in ("是", "YES", "0")] == [True, True, False]
    assert [fields["staff"].read(text) for text in ("1,200", "1，250，000.5", "-1,200")] == [1200, 1250000.5, -1200]


async def test_without_definitions_custom_takes_what_comes(client: Client) -> None:
    free = {"anything": [1, {"deep": None}], "Any Heading": "x"}
    assert (await create(client, free))["custom"] == free


async def test_values_of_their_types_are_taken_and_null_is_no_value(client: Client) -> None:
    await define_all(client)
    assert (await create(client, GOOD))["custom"] == GOOD
    assert (await create(client, {"motto": "x", "staff": None}))["custom"] == {"motto": "x"}


@pytest.mark.parametrize("key", WRONG)
async def test_a_value_of_another_type_is_named_and_leaves_no_trace(client: Client, events: Facts, key: str) -> None:
    await define_all(client)
    for value in WRONG[key]:
        refused = await client.post("/v1/customers?allow_duplicates=true", json={"name": "A", "custom": {key: value}})
        (error,) = problem(refused, 422, "unprocessable")["errors"]
        assert error["pointer"] == f"#/custom/{key}"
    assert await events("customer.created") == []


async def test_a_field_just_defined_is_known_at_once(client: Client) -> None:
    await define(client, key="first", type="text")
    for number in range(5):
        key = f"field_{number}"
        body = {"noun": "customer", "key": key, "label": key, "type": "number"}
        assert (await client.post("/v1/custom-fields", json=body)).status_code == 201
        assert (await create(client, {key: 1}))["custom"] == {key: 1}


async def test_from_the_first_definition_on_unknown_keys_are_refused_but_not_what_was_there(
    client: Client, clients: Clients
) -> None:
    old = await create(client, {"branches": "3", "a/b": "x"})
    await define(client, key="motto", type="text")
    clients.running.app.state.door.forget()
    path = f"/v1/customers/{old['id']}"
    refused = await client.post("/v1/customers?allow_duplicates=true", json={"name": "A", "custom": {"a/b": "x"}})
    (error,) = problem(refused, 422, "unprocessable")["errors"]
    assert (error["pointer"], error["code"]) == ("#/custom/a~1b", "unknown")
    sent_back = await client.patch(path, json={"custom": {**old["custom"], "motto": "x"}})
    assert sent_back.json()["custom"] == {"branches": "3", "a/b": "x", "motto": "x"}
    changed = await client.patch(path, json={"custom": {"branches": "4"}})
    assert problem(changed, 422, "unprocessable")["errors"][0]["pointer"] == "#/custom/branches"
    assert (await client.patch(path, json={"region": "West"})).status_code == 200
    problem(await client.patch(f"/v1/customers/{uuid4()}", json={"custom": {"branches": "3"}}), 422, "unprocessable")


async def test_a_required_field_is_asked_of_who_creates_or_changes_custom(client: Client, clients: Clients) -> None:
    old = await create(client, {})
    await define(client, key="motto", type="text", required=True)
    clients.running.app.state.door.forget()
    refused = await client.post("/v1/customers?allow_duplicates=true", json={"name": "A"})
    (error,) = problem(refused, 422, "unprocessable")["errors"]
    assert (error["pointer"], error["code"]) == ("#/custom/motto", "required")
    path = f"/v1/customers/{old['id']}"
    assert (await client.patch(path, json={"region": "West"})).status_code == 200
    problem(await client.patch(path, json={"custom": {"motto": None}}), 422, "unprocessable")
    assert (await client.patch(path, json={"custom": {"motto": "x"}})).status_code == 200


async def test_an_archived_field_is_asked_for_no_more_and_its_values_stay(
    client: Client, clients: Clients, events: Facts
) -> None:
    made = await define(client, key="staff", type="number", required=True)
    await define(client, key="motto", type="text")
    customer = await create(client, {"staff": 3})
    path = f"/v1/custom-fields/{made['id']}"
    assert (await client.post(f"{path}/archive")).json()["archived_at"] is not None
    clients.running.app.state.door.forget()
    await create(client, {})
    back = await client.patch(f"/v1/customers/{customer['id']}", json={"custom": {**customer["custom"], "motto": "x"}})
    assert back.json()["custom"] == {"staff": 3, "motto": "x"}
    problem(await client.patch(path, json={"label": "x"}), 409, "custom_field_archived")
    taken = {"noun": "customer", "key": "staff", "label": "x", "type": "text"}
    problem(await client.post("/v1/custom-fields", json=taken), 409, "custom_field_taken")
    assert (await client.post(f"{path}/restore")).json()["archived_at"] is None
    assert [one["type"] for one in await events() if one["subject_type"] == "custom_field"] == [
        "custom_field.created", "custom_field.created", "custom_field.archived", "custom_field.restored",
    ]  # fmt: skip


async def test_options_belong_to_choices(client: Client, clients: Clients) -> None:
    bare = {"noun": "customer", "key": "x", "label": "X"}
    for wrong in ({"type": "choice"}, {"type": "choice", "options": []}, {"type": "text", "options": ["A"]}):
        refused = await client.post("/v1/custom-fields", json=bare | wrong)
        assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] in {"#", "#/options"}
    text = await define(client, key="motto", type="text")
    refused = await client.patch(f"/v1/custom-fields/{text['id']}", json={"options": ["A"]})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/options"
    choice = await define(client, key="grade", type="choice", options=["A", "B", "A"])
    assert choice["options"] == ["A", "B"]
    made = await create(client, {"grade": "B"})
    changed = await client.patch(f"/v1/custom-fields/{choice['id']}", json={"options": ["A", "C"], "label_zh": "等级"})
    assert (changed.json()["options"], changed.json()["label_zh"]) == (["A", "C"], "等级")
    clients.running.app.state.door.forget()
    problem(
        await client.post("/v1/customers?allow_duplicates=true", json={"name": "A", "custom": {"grade": "B"}}),
        422,
        "unprocessable",
    )
    kept = await client.patch(f"/v1/customers/{made['id']}", json={"custom": {"grade": "B"}})
    assert kept.json()["version"] == made["version"]


@pytest.mark.parametrize("key", ["Price", "1st", "a-b", "", "x" * 51, "a.b"])
async def test_a_key_is_in_snake_case(client: Client, key: str) -> None:
    refused = await client.post(
        "/v1/custom-fields", json={"noun": "customer", "key": key, "label": "X", "type": "text"}
    )
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/key"


async def test_customers_are_found_by_values_of_every_type_in_one_statement(
    client: Client, clients: Clients, queries: list[str]
) -> None:
    await define_all(client)
    clients.running.app.state.door.forget()
    await create(client, GOOD, "Match")
    await create(client, {"motto": "Other", "staff": 3, "founded_on": "1920-01-01", "listed": False}, "Other")
    await create(client, {}, "Bare")

    async def found(**wanted: Any) -> list[str]:
        params = {f"custom.{key}": value for key, value in wanted.items()}
        page = (await client.get("/v1/customers", params={"sort": "name", **params})).json()
        return [one["name"] for one in page["data"]]

    asked = {"motto": "Ever onward", "staff": "12.50", "founded_on": "1919-01-02", "listed": "true", "price_list": "B"}
    for key, text in asked.items():
        queries.clear()
        assert await found(**{key: text}) == ["Match"], key
        assert len([sql for sql in queries if "set_config" not in sql]) == 1
    assert await found(**asked) == ["Match"]
    assert await found(staff=["3", "12.5"]) == ["Match", "Other"]
    assert await found(listed="false", staff="3") == ["Other"]
    assert await found(staff="4") == []


@pytest.mark.parametrize("few", [0, 1, 3000])
async def test_the_same_is_found_along_the_list_and_by_the_index_of_values(
    client: Client, clients: Clients, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    # What counts as few is a literal of compiled statements, so a listing of its own is compiled.
    with monkeypatch.context() as patch:
        patch.setattr(custom_filters, "FEW", few)
        forks = custom_filters.custom_forks(customers, "customer")
    monkeypatch.setattr(queries_of, "LIST", replace(queries_of.LIST, forks=forks))
    await define_all(client)
    clients.running.app.state.door.forget()
    await create(client, {"motto": "x", "staff": 1}, "A")
    await create(client, {"motto": "x", "staff": 2, "listed": True}, "B")
    await create(client, {"motto": "y", "staff": 2}, "C")

    async def found(**wanted: Any) -> list[str]:
        params = {f"custom.{key}": value for key, value in wanted.items()} | {"include_total": True}
        page = (await client.get("/v1/customers", params={"sort": "-name", **params})).json()
        assert page["total"] == len(page["data"])
        return [one["name"] for one in page["data"]]

    assert await found(motto="x") == ["B", "A"]
    assert await found(motto=["x", "y"]) == ["C", "B", "A"]
    assert await found(motto="x", staff="2") == ["B"]
    assert await found(staff="2", listed="true") == ["B"]
    assert await found(staff="2.0", motto=["y", "z"]) == ["C"]
    assert await found(motto="z") == []
    assert await found(staff_gte="1.5") == ["C", "B"]
    assert await found(staff_gte="1", staff_lte="1.99", motto="x") == ["A"]
    assert await found(staff_gte="2", listed="true") == ["B"]
    assert await found(staff_lte="0") == []
    assert await found(founded_on_gte="2020-01-01") == []


async def test_numbers_and_dates_are_found_by_ranges_in_one_statement(
    client: Client, clients: Clients, queries: list[str]
) -> None:
    # What was there before the field was defined may be of another type; it is in no range.
    await create(client, {"staff": "12", "founded_on": True}, "Old")
    await create(client, {"staff": [3], "founded_on": "x"}, "Older")
    await define_all(client)
    await define(client, key="staff_gte", type="text")
    clients.running.app.state.door.forget()
    for name, staff, day in (("A", -3, "1919-01-02"), ("B", 9.5, "2026-11-22"), ("C", 100, "2026-11-23")):
        await create(client, {"staff": staff, "founded_on": day}, name)
    await create(client, {"staff_gte": "7"}, "Own")

    async def found(**wanted: Any) -> list[str]:
        params = {f"custom.{key}": value for key, value in wanted.items()}
        page = (await client.get("/v1/customers", params={"sort": "name", **params})).json()
        return [one["name"] for one in page["data"]]

    for wanted, names in (
        ({"staff_lte": "9.5"}, ["A", "B"]),
        ({"staff_lte": "100"}, ["A", "B", "C"]),
        ({"founded_on_gte": "2026-11-22"}, ["B", "C"]),
        ({"founded_on_gte": "1919-01-02", "founded_on_lte": "2026-11-22"}, ["A", "B"]),
        ({"founded_on_gte": "1900-01-01", "staff_lte": "0"}, ["A"]),
        ({"staff_gte": "7"}, ["Own"]),
    ):
        queries.clear()
        assert await found(**wanted) == names, wanted
        assert len([sql for sql in queries if "set_config" not in sql]) == 1


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"staff_gte": "many"}, "custom_invalid"),
        ({"founded_on_lte": "22.11.2026"}, "custom_invalid"),
        ({"motto_gte": "x"}, "no_range"),
        ({"staff_lte": ["1", "2"]}, "too_many"),
        ({"nothing_gte": "1"}, "unknown"),
    ],
)
async def test_a_range_of_what_has_none_is_refused(
    client: Client, clients: Clients, wanted: dict[str, Any], code: str
) -> None:
    await define_all(client)
    clients.running.app.state.door.forget()
    params = {f"custom.{key}": value for key, value in wanted.items()}
    found = problem(await client.get("/v1/customers", params=params), 422, "unprocessable")
    assert [(one["pointer"], one["code"]) for one in found["errors"]] == [(f"query:custom.{next(iter(wanted))}", code)]
    exported = await client.post("/v1/exports", json={"noun": "customers", "filters": params})
    found = problem(exported, 422, "unprocessable")
    assert [one["pointer"] for one in found["errors"]] == [f"#/filters/custom.{next(iter(wanted))}"]


async def test_the_index_of_values_follows_every_change(client: Client, clients: Clients) -> None:
    await define_all(client)
    clients.running.app.state.door.forget()
    long = "x" * 1999

    async def found(**wanted: Any) -> list[str]:
        params = {f"custom.{key}": value for key, value in wanted.items()}
        return [one["name"] for one in (await client.get("/v1/customers", params=params)).json()["data"]]

    acme = await create(client, {"motto": long + "1", "staff": 3})
    await create(client, {"motto": long + "2"}, "Globex")
    assert await found(motto=long + "1") == ["Acme"]
    await client.patch(f"/v1/customers/{acme['id']}", json={"custom": {"motto": "z", "staff": 3}})
    assert (await found(motto=long + "1"), await found(motto="z"), await found(staff="3")) == ([], ["Acme"], ["Acme"])
    assert (await found(staff_gte="3"), await found(staff_gte="4")) == (["Acme"], [])
    await client.patch(f"/v1/customers/{acme['id']}", json={"custom": {"motto": None, "staff": None}})
    assert (await found(motto="z"), await found(staff="3")) == ([], [])


async def test_a_search_is_narrowed_by_a_field_too(client: Client, clients: Clients) -> None:
    await define_all(client)
    clients.running.app.state.door.forget()
    await create(client, {"motto": "x"}, "Acme One")
    await create(client, {"motto": "y"}, "Acme Two")
    page = (await client.get("/v1/customers", params={"q": "acme", "custom.motto": "y"})).json()
    assert [one["name"] for one in page["data"]] == ["Acme Two"]
    problem(await client.get("/v1/customers", params={"q": "acme", "custom.nothing": "y"}), 422, "unprocessable")


async def test_a_page_by_a_field_goes_on_where_it_ended(client: Client) -> None:
    await define(client, key="motto", type="text")
    for number in range(5):
        await create(client, {"motto": "x" if number % 2 == 0 else "y"}, f"C{number}")
    params: dict[str, Any] = {"custom.motto": "x", "limit": 2, "sort": "name", "include_total": True}
    first = (await client.get("/v1/customers", params=params)).json()
    second = (await client.get("/v1/customers", params={**params, "cursor": first["next_cursor"]})).json()
    assert [one["name"] for one in first["data"] + second["data"]] == ["C0", "C2", "C4"]
    assert (first["total"], second["next_cursor"]) == (3, None)


async def test_a_field_that_is_not_there_or_a_value_that_cannot_be_is_refused_in_a_query(client: Client) -> None:
    await define_all(client)
    for wanted, code in (
        ({"custom.none": "x"}, "unknown"),
        ({"custom.staff": "many"}, "custom_invalid"),
        ({"custom.price_list": "C"}, "custom_invalid"),
        ({"customs": "x"}, "unknown"),
        ({"custom": "x"}, "unknown"),
    ):
        refused = await client.get("/v1/customers", params=wanted)
        (error,) = problem(refused, 422, "unprocessable")["errors"]
        assert (error["pointer"], error["code"]) == (f"query:{next(iter(wanted))}", code)
    refused = await client.get("/v1/tasks", params={"custom.motto": "x"})
    assert problem(refused, 422, "unprocessable")["errors"][0]["code"] == "unknown"


async def test_everyone_reads_the_fields_and_only_an_admin_defines_them(clients: Clients, workspace: Workspace) -> None:
    admin, anna = clients(workspace.admin.token), clients(workspace.anna.token)
    made = await define(admin, key="motto", type="text")
    assert [one["key"] for one in (await anna.get("/v1/custom-fields")).json()["data"]] == ["motto"]
    body = {"noun": "customer", "key": "other", "label": "X", "type": "text"}
    problem(await anna.post("/v1/custom-fields", json=body), 403, "scope_missing")
    problem(await anna.post(f"/v1/custom-fields/{made['id']}/archive"), 403, "scope_missing")


async def test_contacts_have_fields_of_their_own(client: Client, clients: Clients) -> None:
    await define(client, noun="contact", key="shoe_size", type="number", required=True)
    clients.running.app.state.door.forget()
    customer = await create(client, {"anything": 1})
    new = {"customer_id": customer["id"], "name": "Li"}
    refused = await client.post("/v1/contacts", json=new)
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/custom/shoe_size"
    made = (await client.post("/v1/contacts", json={**new, "custom": {"shoe_size": 42}})).json()
    assert made["custom"] == {"shoe_size": 42}
    path = f"/v1/contacts/{made['id']}"
    assert (await client.patch(path, json={"custom": {"shoe_size": 43}})).json()["custom"] == {"shoe_size": 43}
    problem(await client.patch(path, json={"custom": {"shoe_size": 43, "x": 1}}), 422, "unprocessable")
    for wanted, many in (("43", 1), ("42", 0)):
        page = (await client.get("/v1/contacts", params={"custom.shoe_size": wanted})).json()
        assert len(page["data"]) == many
    problem(await client.get("/v1/customers", params={"custom.shoe_size": "43"}), 422, "unprocessable")
