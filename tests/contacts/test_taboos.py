"""What must not be said or done with somebody: who may know, that each read is a fact, and that nothing leaks."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from crm.contacts.models import contact_taboos
from crm.sealing import Place, SealBroken, Sealer
from tests.conftest import SECRET_KEY, Client, Clients, Facts, Stage, problem
from tests.contacts.test_contacts import create, customer_of
from tests.factories import Workspace

TEXT = "从不谈论他的前任公司"


@pytest.fixture
async def granted(client: Client, clients: Clients, workspace: Workspace) -> Client:
    """Anna, whom an administrator gave the right."""
    answered = await client.post(f"/v1/users/{workspace.anna.id}/grant-sensitive")
    assert answered.json()["may_read_sensitive"] is True
    return clients(workspace.anna.token)


async def contact_of(client: Client, text: str | None = TEXT, **more: Any) -> str:
    """The path of the taboos of a new contact."""
    path = f"/v1/contacts/{(await create(client, await customer_of(client), **more))['id']}/taboos"
    if text is not None:
        kept = await client.put(path, json={"taboos": text})
        assert kept.status_code == 200, kept.text
    return path


async def test_what_is_kept_is_read_by_whoever_has_the_right(granted: Client) -> None:
    path = await contact_of(granted)
    read = await granted.get(path)
    assert (read.json()["taboos"], read.json()["version"], read.headers["etag"]) == (TEXT, 1, '"1"')
    assert read.headers["cache-control"] == "no-store"
    kept = (await granted.put(path, json={"taboos": None})).json()
    assert (kept["known"], kept["version"]) == (False, 2)
    assert (await granted.get(path)).json()["taboos"] is None
    nothing = await granted.get(await contact_of(granted, None))
    assert (nothing.json()["taboos"], nothing.json()["updated_at"], nothing.json()["version"]) == (None, None, 0)
    assert "etag" not in nothing.headers


async def test_each_read_is_a_fact_that_says_who_and_of_whom_but_not_what(
    granted: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    path = await contact_of(granted)
    program = clients(await workspace.key("contacts:read", "sensitive:read"))
    for reader in (granted, granted, program):
        assert (await reader.get(path, headers={"Idempotency-Key": "k"})).json()["taboos"] == TEXT
    reads = await events("contact.sensitive_read")
    assert [(fact["actor_kind"], str(fact["subject_id"])) for fact in reads] == [
        (kind, path.split("/")[3]) for kind in ("user", "user", "key")
    ]
    assert reads[0]["actor_id"] == workspace.anna.id


async def test_no_role_may_read_and_a_refused_read_is_no_fact(
    granted: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    path = await contact_of(granted)
    before = await events.types()
    for who in (workspace.admin, workspace.manager, workspace.service, workspace.auditor):
        client = clients(who.token)
        assert problem(await client.get(path), 403, "scope_missing")["required_scope"] == "sensitive:read"
        problem(await client.put(path, json={"taboos": "x"}), 403, "scope_missing")
    only_half = clients(await workspace.key("sensitive:read"))
    assert problem(await only_half.get(path), 403, "scope_missing")["required_scope"] == "contacts:read"
    assert await events.types() == before


async def test_the_right_does_not_widen_whom_one_sees(
    granted: Client, client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    await client.post(f"/v1/users/{workspace.ben.id}/grant-sensitive")
    path, ben = await contact_of(granted), clients(workspace.ben.token)
    for where in (path, f"/v1/contacts/{uuid4()}/taboos"):
        problem(await ben.get(where), 404, "not_found")
        problem(await ben.put(where, json={"taboos": "x"}), 404, "not_found")
    assert await events("contact.sensitive_read") == []
    assert len(await events("contact.taboos_changed")) == 1


async def test_the_text_is_nowhere_else(granted: Client, clients: Clients, workspace: Workspace, stage: Stage) -> None:
    path = await contact_of(granted)
    await granted.put(path, json={"taboos": TEXT}, headers={"Idempotency-Key": "kept"})
    await granted.get(path)
    contact = await granted.get(path.removesuffix("/taboos"))
    listed = await granted.get("/v1/contacts", params={"q": TEXT})
    everybodys = await clients(workspace.admin.token).get("/v1/events")
    assert listed.json()["data"] == []
    for answered in (contact, everybodys):
        assert TEXT not in answered.text
    tables = await stage.owner.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns JOIN pg_class ON relname = table_name "
        "AND NOT relispartition WHERE table_schema = 'public' AND column_name = 'workspace_id'"
    )
    for (table,) in tables:
        found = await stage.owner.fetchval(
            f"SELECT count(*) FROM {table} AS t WHERE workspace_id = $1 AND (t::text LIKE $2 OR t::text LIKE $3)",
            workspace.id,
            f"%{TEXT}%",
            f"%{TEXT.encode().hex()}%",
        )
        assert found == 0, table


async def test_the_sealed_text_opens_for_its_own_contact_only(
    granted: Client, workspace: Workspace, stage: Stage
) -> None:
    contact_id = (await contact_of(granted)).split("/")[3]
    sealed = await stage.owner.fetchval("SELECT sealed FROM contact_taboos WHERE id = $1::uuid", contact_id)
    sealer, table = Sealer(SECRET_KEY), contact_taboos.name
    assert sealer.open(sealed, Place(table, "sealed", workspace.id, UUID(contact_id))).decode() == TEXT
    with pytest.raises(SealBroken):
        sealer.open(sealed, Place(table, "sealed", workspace.id, uuid4()))


async def test_a_stale_copy_is_refused_with_the_version_that_holds(granted: Client, events: Facts) -> None:
    path = await contact_of(granted)
    assert (await granted.put(path, json={"taboos": "y"}, headers={"If-Match": '"1"'})).json()["version"] == 2
    stale = await granted.put(path, json={"taboos": "z"}, headers={"If-Match": '"1"'})
    assert problem(stale, 412, "stale")["current_version"] == 2
    nothing_yet = await contact_of(granted, None)
    problem(await granted.put(nothing_yet, json={"taboos": "z"}, headers={"If-Match": '"1"'}), 412, "stale")
    assert len(await events("contact.taboos_changed")) == 2


async def test_nothing_is_written_about_archived_people(granted: Client) -> None:
    path = await contact_of(granted)
    contact = path.removesuffix("/taboos")
    await granted.post(f"{contact}/archive")
    problem(await granted.put(path, json={"taboos": "x"}), 409, "contact_archived")
    customer_id = (await granted.get(contact)).json()["customer_id"]
    await granted.post(f"/v1/customers/{customer_id}/archive")
    problem(await granted.put(path, json={"taboos": "x"}), 409, "customer_archived")
    assert (await granted.get(path)).json()["taboos"] == TEXT


async def test_the_right_is_given_and_taken_by_an_administrator_in_person(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    path = f"/v1/users/{workspace.ben.id}"
    program = clients(await workspace.key("users:read", "users:write"))
    problem(await program.post(f"{path}/grant-sensitive"), 403, "beyond_your_scopes")
    problem(await program.post(f"{path}/revoke-sensitive"), 403, "beyond_your_scopes")
    given = [(await client.post(f"{path}/grant-sensitive")).json() for _ in range(2)]
    assert given[0] == given[1]
    taken = (await client.post(f"{path}/revoke-sensitive")).json()
    assert (given[0]["may_read_sensitive"], taken["may_read_sensitive"]) == (True, False)
    problem(await client.post(f"/v1/users/{uuid4()}/grant-sensitive"), 404, "not_found")
    assert await events.types() == ["user.sensitive_granted", "user.sensitive_revoked"]


async def test_a_right_taken_away_is_gone_with_the_next_request(
    granted: Client, client: Client, workspace: Workspace
) -> None:
    path = await contact_of(granted)
    await client.post(f"/v1/users/{workspace.anna.id}/revoke-sensitive")
    for _ in range(100):
        answered = await granted.get(path)
        if answered.status_code == 403:
            return
        await asyncio.sleep(0.02)
    pytest.fail("still let in")


async def test_an_auditor_with_the_right_reads_and_does_not_write(
    granted: Client, client: Client, clients: Clients, workspace: Workspace
) -> None:
    await client.post(f"/v1/users/{workspace.auditor.id}/grant-sensitive")
    path, auditor = await contact_of(granted), clients(workspace.auditor.token)
    assert (await auditor.get(path)).json()["taboos"] == TEXT
    problem(await auditor.put(path, json={"taboos": "x"}), 403, "scope_missing")


async def test_an_administrator_makes_no_key_that_may_what_they_may_not(client: Client) -> None:
    new = {"name": "Spy", "scopes": ["contacts:read", "sensitive:read"]}
    refused = problem(await client.post("/v1/api-keys", json=new), 403, "beyond_your_scopes")
    assert refused["missing_scopes"] == ["sensitive:read"]
