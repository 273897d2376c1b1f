"""Rules through the front door: what they may watch and make, what the product comes with, and dry runs."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from crm.actor import system
from crm.task_rules import shipped
from crm.workspaces.settings import DEFAULTS
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.tasks.test_tasks import customer_of

TITLE = {"en": "Call {customer}", "zh-CN": "致电{customer}"}
SILENT: dict[str, Any] = {"kind": "nightly", "condition": "long_absent", "parameters": {"days": 90}}
MOVED: dict[str, Any] = {
    "kind": "event",
    "event": "customer.updated",
    "where": [{"field": "owner_id", "operator": "changed"}],
}


def a_rule(trigger: dict[str, Any] = SILENT, **action: Any) -> dict[str, Any]:
    """The body of a new rule."""
    return {"name": "Mine", "trigger": trigger, "action": {"title": TITLE} | action}


async def rule(client: Client, trigger: dict[str, Any] = SILENT, **action: Any) -> dict[str, Any]:
    """A rule as it was created."""
    response = await client.post("/v1/task-rules", json=a_rule(trigger, **action))
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


@pytest_asyncio.fixture
async def furnished(stage: Stage, workspace: Workspace) -> None:
    """The workspace has the rules of the product."""
    actor = system(workspace.id, timezone="Asia/Shanghai", settings=DEFAULTS)
    async with stage.database.transaction(actor) as tx:
        await shipped.furnish(tx)


async def test_a_rule_is_kept_as_it_was_sent_and_leaves_its_facts(client: Client, events: Facts) -> None:
    made = await rule(client, MOVED, after={"count": 2, "unit": "working_days"}, at="09:30", kind="callback")
    assert made["trigger"] == MOVED | {"where": [{"field": "owner_id", "operator": "changed"}]}
    assert made["action"]["after"] == {"count": 2, "unit": "working_days"}
    assert (made["key"], made["enabled"], made["last_error"], made["last_run"]) == (None, True, None, None)
    assert (await client.get(f"/v1/task-rules/{made['id']}")).json() == made
    off = (await client.post(f"/v1/task-rules/{made['id']}/disable")).json()
    assert (off["enabled"], off["version"]) == (False, 2)
    assert (await client.post(f"/v1/task-rules/{made['id']}/disable")).json() == off
    on = (await client.post(f"/v1/task-rules/{made['id']}/enable")).json()
    renamed = (await client.patch(f"/v1/task-rules/{made['id']}", json={"name": "Other"})).json()
    assert (on["enabled"], renamed["name"]) == (True, "Other")
    assert await events.types() == [
        "task_rule.created", "task_rule.disabled", "task_rule.enabled", "task_rule.updated",
    ]  # fmt: skip
    listed = (await client.get("/v1/task-rules", params={"enabled": True, "event": "customer.updated"})).json()
    assert [one["name"] for one in listed["data"]] == ["Other"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (a_rule({"kind": "event", "event": "moon.risen"}), "#/trigger/event"),
        (a_rule(MOVED | {"where": [{"field": "moon", "operator": "is_set"}]}), "#/trigger/where/0/field"),
        (a_rule(MOVED | {"where": [{"field": "address.moon", "operator": "is_set"}]}), "#/trigger/where/0/field"),
        (
            a_rule(MOVED | {"where": [{"field": "lifecycle", "operator": "equals", "value": "risen"}]}),
            "#/trigger/where/0/value",
        ),
        (
            a_rule(MOVED | {"where": [{"field": "do_not_contact", "operator": "equals", "value": "yes"}]}),
            "#/trigger/where/0/value",
        ),
        (
            a_rule(MOVED | {"where": [{"field": "lifecycle", "operator": "in", "value": "lost"}]}),
            "#/trigger/where/0/value",
        ),
        (a_rule(MOVED | {"where": [{"field": "lifecycle", "operator": "like"}]}), "#/trigger/where/0/operator"),
        (a_rule(MOVED | {"event": 7}), "#/trigger/event"),
        (a_rule({"kind": "event"}), "#/trigger/event"),
        (a_rule({"kind": "nightly", "condition": "moon"}), "#/trigger/condition"),
        (a_rule(SILENT | {"parameters": {"days": 0}}), "#/trigger/parameters/days"),
        (a_rule(SILENT | {"parameters": {"moons": 1}}), "#/trigger/parameters/moons"),
        (
            a_rule({"kind": "nightly", "condition": "date_reached", "parameters": {"field": "custom.moon"}}),
            "#/trigger/parameters/field",
        ),
        (
            a_rule({"kind": "nightly", "condition": "date_reached", "parameters": {"field": "name"}}),
            "#/trigger/parameters/field",
        ),
        (a_rule(after={"count": 5, "unit": "minutes"}), "#/action/after/unit"),
        (a_rule(assignee="user", user_id=str(uuid4())), "#/action/user_id"),
        (a_rule(title={"en": "Call {moon}"}), "#/action/title/en"),
        (a_rule(title={"en": "Call {customer.__class__}"}), "#/action/title/en"),
        (a_rule(title={}), "#/action/title"),
        (a_rule(assignee="user"), "#/action"),
    ],
)
async def test_what_a_rule_cannot_be_is_named(client: Client, events: Facts, body: Any, pointer: str) -> None:
    for path in ("/v1/task-rules", "/v1/task-rules/dry-run"):
        found = problem(await client.post(path, json=body), 422, "unprocessable")
        assert [error["pointer"] for error in found["errors"]] == [pointer]
    assert await events() == []


@pytest.mark.parametrize(
    "test",
    [
        {"field": "lifecycle", "operator": "equals", "value": "lost"},
        {"field": "key_kind", "operator": "equals", "value": None},
        {"field": "key_kind", "operator": "changed_to", "value": "double"},
        {"field": "lifecycle", "operator": "not_in", "value": ["lost", "dormant"]},
        {"field": "custom.anything", "operator": "equals", "value": 3},
        {"field": "address.city", "operator": "equals", "value": "重庆"},
        {"field": "yearly_value.amount", "operator": "at_least", "value": 100000},
        {"field": "tags", "operator": "contains", "value": "vip"},
        {"field": "name", "operator": "contains", "value": "Acme"},
    ],
)
async def test_tests_of_published_fields_are_taken(client: Client, test: dict[str, Any]) -> None:
    made = await rule(client, MOVED | {"where": [test]})
    assert made["trigger"]["where"] == [{name: value for name, value in test.items() if value is not None}]


@pytest.mark.usefixtures("furnished")
async def test_the_rules_of_the_product_can_be_switched_and_adjusted_but_watch_the_same(client: Client) -> None:
    listed = (await client.get("/v1/task-rules", params={"limit": 200})).json()["data"]
    by_key = {one["key"]: one for one in listed}
    assert by_key.keys() == shipped.SHIPPED.keys()
    absent = by_key["long_absent"]
    at = f"/v1/task-rules/{absent['id']}"
    adjusted = absent["trigger"] | {"parameters": {"days": 60}}
    changed = await client.patch(at, json={"trigger": adjusted})
    assert changed.json()["trigger"]["parameters"] == {"days": 60}
    problem(await client.patch(at, json={"trigger": MOVED}), 409, "shipped_rule")
    other = {"kind": "nightly", "condition": "interrupted"}
    problem(await client.patch(at, json={"trigger": other}), 409, "shipped_rule")
    action = absent["action"] | {"assignee": "manager"}
    assert (await client.patch(at, json={"action": action})).json()["action"]["assignee"] == "manager"
    care = f"/v1/task-rules/{by_key['next_contact_due']['id']}"
    assert by_key["next_contact_due"]["action"] is None
    problem(await client.patch(care, json={"action": action}), 409, "shipped_rule")
    problem(await client.post(f"{care}/dry-run"), 409, "shipped_rule")
    assert (await client.post(f"{care}/disable")).json()["enabled"] is False


@pytest.mark.usefixtures("furnished")
async def test_every_rule_of_the_product_can_be_run_dry(client: Client) -> None:
    await customer_of(client)
    for one in (await client.get("/v1/task-rules", params={"limit": 200})).json()["data"]:
        if one["key"] != "next_contact_due":
            told = await client.post(f"/v1/task-rules/{one['id']}/dry-run", json={"show": 5})
            assert told.status_code == 200, (one["key"], told.text)
            assert told.json()["would_make"] == 0


async def test_a_dry_run_tells_what_would_be_made_and_left_out_and_writes_nothing(
    client: Client, stage: Stage, workspace: Workspace, events: Facts
) -> None:
    ago = datetime.now(UTC) - timedelta(days=100)
    ids = [await customer_of(client, name) for name in ("Acme", "Left alone", "Nobody's", "Recent", "Gone's")]
    owners = [workspace.anna.id, workspace.anna.id, None, workspace.anna.id, workspace.ben.id]
    for id_, owner in zip(ids, owners, strict=True):
        await stage.owner.execute(
            "UPDATE customers SET owner_id = $2, created_at = $3, last_contact_at = $4, do_not_contact = $5 "
            "WHERE id = $1",
            id_, owner, ago, datetime.now(UTC) if id_ == ids[3] else ago, id_ == ids[1],
        )  # fmt: skip
    await stage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.ben.id)
    before = len(await events())
    told = await client.post("/v1/task-rules/dry-run", json=a_rule(kind="revisit", at="09:30"))
    found = told.json()
    assert told.status_code == 200, told.text
    assert (found["would_make"], found["looked_at"], found["complete"]) == (1, 4, True)
    assert found["skipped"] == {"do_not_contact": 1, "no_owner": 1, "owner_gone": 1}
    (task,) = found["tasks"]
    assert (task["title"], task["subject_id"], task["assignee_id"]) == ("致电Acme", ids[0], str(workspace.anna.id))
    assert task["due_at"].endswith("T01:30:00Z")
    assert len(await events()) == before
    plain = (await client.post("/v1/task-rules/dry-run", json=a_rule())).json()
    assert (plain["would_make"], plain["skipped"]) == (2, {"no_owner": 1, "owner_gone": 1})


async def test_a_dry_run_of_an_event_looks_at_what_happened_lately(client: Client, workspace: Workspace) -> None:
    first, second = [await customer_of(client, name) for name in ("Acme", "Bolt")]
    for id_ in (first, second):
        await client.patch(f"/v1/customers/{id_}", json={"note": "x"})
    await client.patch(f"/v1/customers/{first}", json={"key_kind": "double"})
    lost = MOVED | {"where": [{"field": "note", "operator": "changed_to", "value": "x"}]}
    found = (
        await client.post(
            "/v1/task-rules/dry-run", json=a_rule(lost, assignee="user", user_id=str(workspace.manager.id))
        )
    ).json()
    assert (found["would_make"], found["complete"]) == (2, True)
    assert {task["title"] for task in found["tasks"]} == {"致电Acme", "致电Bolt"}


async def test_only_administrators_write_rules_and_everyone_reads_them(clients: Clients, workspace: Workspace) -> None:
    admin, anna = clients(workspace.admin.token), clients(workspace.anna.token)
    made = await rule(admin)
    assert (await anna.get(f"/v1/task-rules/{made['id']}")).json() == made
    assert (await anna.get(f"/v1/task-rules/{made['id']}/runs")).json()["data"] == []
    problem(await anna.post("/v1/task-rules", json=a_rule()), 403, "scope_missing")
    problem(await anna.post(f"/v1/task-rules/{made['id']}/dry-run"), 403, "scope_missing")
    problem(await admin.get(f"/v1/task-rules/{uuid4()}/runs"), 404, "not_found")


async def test_what_can_be_watched_is_listed_with_its_parameters(client: Client) -> None:
    found = (await client.get("/v1/task-rules/conditions")).json()["data"]
    names = {one["name"] for one in found}
    assert names == {
        "birthday", "long_absent", "interrupted", "stage_unchanged", "date_reached", "no_next_step", "card_review_due",
        "contract_ending",
    }  # fmt: skip
    assert all(one["parameters"]["properties"] for one in found)
