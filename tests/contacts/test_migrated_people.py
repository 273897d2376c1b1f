"""What was known of people before their roles had an influence is known afterwards, and the way back keeps it."""

import asyncio
from datetime import UTC, datetime, timedelta

from alembic import command

from services.local.servers import SUPERUSER
from tests.conftest import SECRET_KEY, Stage
from tests.factories import found_workspace
from tests.templates import alembic_config

AT = datetime(2026, 11, 1, 9, tzinfo=UTC)

CONTACT = """
INSERT INTO contacts (workspace_id, customer_id, name, name_key, roles) VALUES ($1, $2, $3, $3, $4) RETURNING id
"""
CALL = """
INSERT INTO interactions
    (workspace_id, customer_id, contact_id, channel, direction, outcome, occurred_at, counts_as_contact)
VALUES ($1, $2, $3, 'call', 'outbound', 'reached', $4, $5)
"""
VISIT = """
INSERT INTO visits (workspace_id, customer_id, owner_id, purpose, state, planned_start, planned_end, started_at,
    completed_at, result, met_contact_ids)
VALUES ($1, $2, $3, 'care', 'completed', $4, $4::timestamptz + interval '1 hour', $4, $4, 'x', $5)
"""


async def test_roles_and_last_contacts_come_along(own_stage: Stage) -> None:
    owner, config = own_stage.owner, alembic_config(own_stage.dsn_of(SUPERUSER, own_stage.name))
    home = await found_workspace(owner, SECRET_KEY)
    await asyncio.to_thread(command.downgrade, config, "people-1")
    customer_id = await owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key) VALUES ($1, 'company', 'A', 'a') RETURNING id",
        home.id,
    )
    li, han = [
        await owner.fetchval(CONTACT, home.id, customer_id, name, roles)
        for name, roles in (("Li", ["decider", "buyer"]), ("Han", []))
    ]
    await owner.execute(CALL, home.id, customer_id, li, AT, True)
    await owner.execute(CALL, home.id, customer_id, li, AT + timedelta(days=3), False)
    await owner.execute(VISIT, home.id, customer_id, home.anna.id, AT - timedelta(days=1), [li, han])

    await asyncio.to_thread(command.upgrade, config, "head")
    found = await owner.fetch("SELECT roles, last_contact_at FROM contacts ORDER BY name DESC")
    unknown = {"influence": None, "stance": None}
    assert [tuple(row) for row in found] == [
        ([{"role": "decider"} | unknown, {"role": "buyer"} | unknown], AT),
        ([], AT - timedelta(days=1)),
    ]
    await asyncio.to_thread(command.downgrade, config, "people-1")
    roles = await owner.fetch("SELECT roles FROM contacts ORDER BY name DESC")
    assert [row["roles"] for row in roles] == [["decider", "buyer"], []]
