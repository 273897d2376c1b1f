"""Workspaces, and relationships, that were there before rules were."""

import asyncio

from alembic import command

from crm.task_rules.shipped import SHIPPED
from services.local.servers import SUPERUSER
from tests.conftest import Stage
from tests.templates import alembic_config

FACT = (
    "INSERT INTO events (workspace_id, type, subject_type, subject_id, sequence, customer_id, actor_kind, actor_id, "
    "payload) VALUES ($1, 'customer.relationship_stage_changed', 'customer', $2, 2, $2, 'system', $1, '{}')"
)


async def test_every_workspace_that_is_there_gets_the_rules_and_no_flood_of_tasks(own_stage: Stage) -> None:
    config, owner = alembic_config(own_stage.dsn_of(SUPERUSER, own_stage.name)), own_stage.owner
    await asyncio.to_thread(command.downgrade, config, "taskrules")
    await asyncio.to_thread(command.downgrade, config, "-1")
    home = await owner.fetchval(
        "INSERT INTO workspaces (name, language) VALUES ('There', 'zh-CN') RETURNING workspace_id"
    )
    await owner.execute("INSERT INTO workspaces (name, language) VALUES ('Abroad', 'en')")
    new = "INSERT INTO customers (workspace_id, kind, name, name_key) VALUES ($1, 'company', 'A', 'a') RETURNING id"
    moved, _ = [await owner.fetchval(new, home) for _ in range(2)]
    await owner.execute(FACT, home, moved)
    await asyncio.to_thread(command.upgrade, config, "head")
    rows = await owner.fetch(
        "SELECT w.name AS home, r.* FROM task_rules AS r JOIN workspaces AS w USING (workspace_id)"
    )
    for place, language in (("There", "zh-CN"), ("Abroad", "en")):
        mine = {row["key"]: row for row in rows if row["home"] == place}
        assert mine.keys() == SHIPPED.keys()
        assert {key: row["name"] for key, row in mine.items()} == {
            key: rule["name"][language] for key, rule in SHIPPED.items()
        }
        for key, row in mine.items():
            assert (row["trigger"], row["action"]) == (SHIPPED[key]["trigger"], SHIPPED[key]["action"])
            assert row["event_type"] == SHIPPED[key]["trigger"].get("event")
        on = {key for key, row in mine.items() if row["enabled"]}
        assert on == {key for key, rule in SHIPPED.items() if rule["enabled"]} - {
            "long_absent",
            "no_next_step",
            "card_review_due",
            "contract_ending",
        }
    entered = await owner.fetch("SELECT id FROM customers WHERE stage_entered_at IS NOT NULL")
    assert [row["id"] for row in entered] == [moved]
