"""Every operation, asked by everyone who must not: refused as the conventions say, alike for what is not there.

What another workspace holds must look like what does not exist, and must not change by being asked for.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from crm.actor import Role
from crm.workspaces.rules import SCOPES, SCOPES_OF
from crm.workspaces.tokens import Tokens
from services.api.documentation import operations
from services.api.openapi import published
from tests.conftest import Client, Clients, problem
from tests.factories import Workspace, an_address
from tests.guards.cases import CASES, ENDLESS, PUBLIC, SCOPELESS, Asked
from tests.guards.scene import Scene

READS = {"get", "head"}
OPEN_TO_COLLEAGUES = {"owner_id", "user_id", "assignee_id", "team_id"}
"""People and teams are no secret inside a workspace."""


@dataclass(frozen=True)
class Operation:
    """One line of the description."""

    id: str
    method: str
    path: str
    described: dict[str, Any]

    @property
    def scopes(self) -> list[str]:
        """What a key must have."""
        return [scope for scheme in self.described.get("security", []) for named in scheme.values() for scope in named]

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method not in READS

    async def ask(self, client: Client, asked: Asked, **headers: str) -> httpx.Response:
        """Send it."""
        return await client.request(
            self.method.upper(),
            self.path.format_map(asked.path),
            headers={**asked.headers, **headers},
            **asked.sending(),
        )


DOCUMENT = published()
OPERATIONS = {
    described["operationId"]: Operation(described["operationId"], method, path, described)
    for path, method, described in operations(DOCUMENT)
}
KNOWN = [operation for name, operation in OPERATIONS.items() if name in CASES]
GUARDED = [operation for operation in KNOWN if operation.id not in PUBLIC]

HASH = """
SELECT string_agg(format(
    'SELECT %L AS name, md5(coalesce(string_agg(r, $a$,$a$ ORDER BY r), $a$$a$)) AS hash '
    'FROM (SELECT (to_jsonb(t) - $a$last_used_at$a$)::text AS r FROM %I AS t WHERE workspace_id = $1) AS rows',
    table_name, table_name), ' UNION ALL ')
FROM information_schema.columns JOIN pg_class ON relname = table_name AND NOT relispartition AND relkind IN ('r', 'p')
WHERE table_schema = 'public' AND column_name = 'workspace_id'
"""


QUESTIONS: list[str] = []
"""The question over all tables, once it is made: every database of a run has the same."""


async def everything_of(workspace: Workspace) -> dict[str, str]:
    """A hash over all rows of a workspace, table by table."""
    if not QUESTIONS:
        QUESTIONS.append(await workspace.owner.fetchval(HASH))
    return {row["name"]: row["hash"] for row in await workspace.owner.fetch(QUESTIONS[0], workspace.id)}


def test_every_operation_has_a_case_and_every_case_an_operation() -> None:
    assert sorted(OPERATIONS.keys() - CASES.keys()) == sorted(ENDLESS)
    assert sorted(CASES.keys() - OPERATIONS.keys()) == []


def test_only_what_is_meant_to_be_is_public_or_without_scope() -> None:
    assert {name for name, one in OPERATIONS.items() if not one.described.get("security")} == PUBLIC & OPERATIONS.keys()
    assert {name for name, one in OPERATIONS.items() if one.described.get("security") and not one.scopes} == (
        SCOPELESS & OPERATIONS.keys()
    )
    assert {scope for one in OPERATIONS.values() for scope in one.scopes} <= SCOPES


def test_a_change_needs_a_scope_to_write_and_a_look_one_to_read() -> None:
    for one in OPERATIONS.values():
        assert all(scope.endswith(":write" if one.changes else ":read") for scope in one.scopes), one.id


@pytest.mark.parametrize("operation", KNOWN, ids=lambda one: one.id)
async def test_whoever_may_is_answered(operation: Operation, clients: Clients, workspace: Workspace) -> None:
    case = CASES[operation.id]
    scene = Scene(workspace, clients)
    asked = await case.make(scene)
    client = clients(None, an_address()) if operation.id in PUBLIC else scene.client(case.by)
    answered = await operation.ask(client, asked)
    assert answered.is_success, answered.text
    if not operation.changes:
        assert all(mark in answered.text for mark in asked.marks) or "{" in operation.path, answered.text


@pytest.mark.parametrize("operation", GUARDED, ids=lambda one: one.id)
async def test_whoever_may_not_is_refused_and_changes_nothing(
    operation: Operation, clients: Clients, workspace: Workspace
) -> None:
    case = CASES[operation.id]
    asked = await case.make(Scene(workspace, clients))
    key = clients(await workspace.key(*(SCOPES - set(operation.scopes))))
    before = await everything_of(workspace)
    for token in (None, "garbage", _expired(workspace), _forged(workspace)):
        unknown = problem(await operation.ask(clients(token), asked), 401, "unauthenticated")
        assert not _mentions(json.dumps(unknown), workspace)
    if operation.scopes:
        refused = problem(await operation.ask(key, asked), 403, "scope_missing")
        assert refused["required_scope"] in operation.scopes
    if operation.changes and not set(operation.scopes) <= SCOPES_OF[Role.AUDITOR]:
        problem(await operation.ask(clients(workspace.auditor.token), asked), 403, "scope_missing")
    if not case.shared:
        await _nothing_to_see(operation, asked, clients(workspace.ben.token))
    assert await everything_of(workspace) == before


async def _nothing_to_see(operation: Operation, asked: Asked, colleague: Client) -> None:
    """Someone of the same workspace, without sight of what this is about."""
    answered = await operation.ask(colleague, asked)
    if not set(operation.scopes) <= SCOPES_OF[Role.SALES]:
        problem(answered, 403, "scope_missing")
    elif asked.path:
        problem(answered, 404, "not_found")
        nowhere = replace(asked, path={name: elsewhere_of(value) for name, value in asked.path.items()})
        _look_alike(answered, await operation.ask(colleague, nowhere), asked, nowhere)
    elif operation.changes or "user_id" in asked.query:
        # Whoever names somebody whose records they do not see is told that there is nobody.
        assert problem(answered, 422, "unprocessable")["errors"][0]["code"] == "not_found"
    else:
        assert answered.status_code == 200
        assert "Marked" not in answered.text
        assert not any(mark in answered.text for mark in asked.marks)


def elsewhere_of(value: str) -> str:
    """Another id for an id; what is none stays."""
    try:
        UUID(value)
    except ValueError:
        return value
    return str(uuid4())


def test_an_auditor_may_change_nothing_but_their_own() -> None:
    may = {one.id for one in GUARDED if one.changes and set(one.scopes) <= SCOPES_OF[Role.AUDITOR]}
    personal = {one.id for one in GUARDED if "notification" in one.id}
    assert may <= SCOPELESS | personal


@pytest.mark.parametrize(
    "operation", [one for one in GUARDED if CASES[one.id].by == "anna" and one.changes], ids=lambda one: one.id
)
async def test_a_colleague_cannot_name_what_they_do_not_see(
    operation: Operation, clients: Clients, workspace: Workspace
) -> None:
    # Foreign keys look past sight inside a workspace too: each id in a body has to be asked for as its reader.
    theirs = await CASES[operation.id].make(Scene(workspace, clients))
    mine = await CASES[operation.id].make(Scene(workspace, clients, seller="ben"))
    ids = await _ids_of(workspace, theirs, workspace.anna.id)
    ben = clients(workspace.ben.token)
    for where, hidden in swaps(operation, mine, ids):
        if where[0] == "path" or where[-1] in OPEN_TO_COLLEAGUES:
            continue
        nowhere = str(uuid4())
        asked, unknown = put(mine, where, hidden), put(mine, where, nowhere)
        answered = await operation.ask(ben, asked)
        assert answered.status_code == 422, (where, answered.text)
        _look_alike(answered, await operation.ask(ben, unknown), asked, unknown, hidden, nowhere)


@pytest.mark.parametrize("operation", GUARDED, ids=lambda one: one.id)
async def test_another_workspace_looks_like_nothing_at_all(
    operation: Operation, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    case = CASES[operation.id]
    theirs = await case.make(Scene(workspace, clients))
    mine = await case.make(Scene(elsewhere, clients))
    ids = await _ids_of(workspace, theirs)
    stranger = clients(elsewhere.admin.token)
    before = await everything_of(workspace)
    for where, foreign in swaps(operation, mine, ids):
        nowhere = str(uuid4())
        pair = [
            (put(mine, where, one), await operation.ask(stranger, put(mine, where, one))) for one in (foreign, nowhere)
        ]
        (asked, answered), (elsewhere_asked, unknown) = pair
        _look_alike(answered, unknown, asked, elsewhere_asked, foreign, nowhere)
        if where[0] == "path":
            problem(answered, 404, "not_found")
        elif where[0] == "body":
            assert answered.status_code == 422, (where, answered.text)
        assert not _mentions(answered.text.replace(foreign, ""), workspace, *theirs.marks), (where, answered.text)
    own = put(mine, ("body", "id"), str(ids["id"])) if "id" in _uuids_of_body(operation) else mine
    controlled = await operation.ask(clients(elsewhere.admin.token), own)
    if not (case.by == "anna" and "notification" in operation.id):
        assert controlled.is_success, controlled.text
    assert not _mentions(controlled.text.replace(str(ids["id"]), ""), workspace, *theirs.marks)
    assert await everything_of(workspace) == before


@pytest.mark.parametrize(
    "operation",
    [one for one in GUARDED if one.method in {"post", "patch"} and CASES[one.id].by in {"anna", "admin"}],
    ids=lambda one: one.id,
)
async def test_an_idempotency_key_of_someone_else_replays_nothing(
    operation: Operation, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    case = CASES[operation.id]
    asked = await case.make(Scene(workspace, clients))
    key = str(uuid4())
    answered = await operation.ask(Scene(workspace, clients).client(case.by), asked, **{"Idempotency-Key": key})
    assert answered.is_success, answered.text
    kept = await workspace.owner.fetchval("SELECT count(*) FROM idempotency_keys WHERE workspace_id = $1", workspace.id)
    assert kept == 1
    before = await everything_of(workspace)
    for other in (elsewhere.admin, *([] if case.shared else [workspace.ben])):
        again = await operation.ask(clients(other.token), asked, **{"Idempotency-Key": key})
        assert "idempotency-replayed" not in again.headers
        assert not any(mark in again.text.replace(f"/{mark}", "") for mark in asked.marks)
    assert await everything_of(workspace) == before


@pytest.mark.parametrize(
    "operation",
    [one for one in GUARDED if any(each["name"] == "cursor" for each in one.described.get("parameters", []))],
    ids=lambda one: one.id,
)
async def test_a_cursor_of_another_workspace_leads_nowhere_there(
    operation: Operation, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    case = CASES[operation.id]
    scene = Scene(workspace, clients)
    asked = await case.make(scene)
    more = await case.make(scene)
    mine = await case.make(Scene(elsewhere, clients))
    page = await operation.ask(scene.client(case.by), replace(asked, query={"limit": 1}))
    cursor = page.json()["next_cursor"]
    if cursor is None:
        assert "{" in operation.path, "two were made, so a page of one has a next"
        return
    answered = await operation.ask(clients(elsewhere.admin.token), replace(mine, query={"limit": 50, "cursor": cursor}))
    assert answered.status_code in {200, 422}, answered.text
    assert not _mentions(answered.text, workspace, *asked.marks, *more.marks)


Where = tuple[str, ...]


def swaps(operation: Operation, mine: Asked, ids: dict[str, UUID | str]) -> Iterator[tuple[Where, str]]:
    """Each place in a request where an id stands or could stand, with an id of the other workspace for it."""
    no_ids = {
        parameter["name"]
        for parameter in operation.described.get("parameters", [])
        if parameter["in"] == "path" and "uuid" not in json.dumps(parameter["schema"])
    }
    for name in mine.path.keys() - no_ids:
        yield ("path", name), str(ids[name])
    for parameter in operation.described.get("parameters", []):
        if parameter["in"] == "query" and "uuid" in json.dumps(parameter):
            yield ("query", parameter["name"]), str(ids.get(parameter["name"], ids["id"]))
    for name in _uuids_of_body(operation):
        if name != "id":  # Made by the client: the same one may stand in many workspaces.
            yield ("body", *name.split("/")), str(ids.get(name.split("/")[-1], ids["id"]))


def put(asked: Asked, where: Where, id: str) -> Asked:
    """The same request with this id there."""
    kind, *steps = where
    if kind == "path":
        return replace(asked, path={**asked.path, steps[0]: id})
    if kind == "query":
        return replace(asked, query={**asked.query, steps[0]: id})
    body = json.loads(json.dumps(asked.body or {}))
    node = body
    for step in steps[:-1]:
        inner = node.setdefault(step, {})
        node = inner[0] if isinstance(inner, list) else inner
    node[steps[-1]] = [id] if steps[-1].endswith("_ids") else id
    return replace(asked, body=body)


def _uuids_of_body(operation: Operation) -> list[str]:
    content = operation.described.get("requestBody", {}).get("content", {})
    return sorted(set(_uuids(content.get("application/json", {}).get("schema", {}), ())))


def _uuids(schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if schema.get("format") == "uuid":
        yield "/".join(path)
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _uuids(each, path)
    if isinstance(schema.get("items"), dict):
        yield from _uuids(schema["items"], path)
    for name, each in schema.get("properties", {}).items():
        yield from _uuids(each, (*path, name))


async def _ids_of(workspace: Workspace, theirs: Asked, owner_id: UUID | None = None) -> dict[str, UUID | str]:
    """Something of theirs for each name that an id can go by."""
    whose = "WHERE workspace_id = $1 AND ($2::uuid IS NULL OR owner_id = $2) ORDER BY id LIMIT 1"
    customer_id = await workspace.owner.fetchval(f"SELECT id FROM customers {whose}", workspace.id, owner_id)
    contact_id = await workspace.owner.fetchval(
        f"SELECT id FROM contacts WHERE customer_id IN (SELECT id FROM customers {whose})", workspace.id, owner_id
    )
    people = dict.fromkeys(("owner_id", "user_id", "assignee_id", "manager_id"), workspace.anna.id)
    found: dict[str, UUID | str] = {**people, "team_id": workspace.north, "id": customer_id or workspace.anna.id}
    found |= {"customer_id": found["id"], "parent_id": customer_id or workspace.north, "subject_id": found["id"]}
    contact = contact_id or uuid4()
    found |= {"contact_id": contact, "contact_ids": contact, "met_contact_ids": contact, "actor_id": workspace.anna.id}
    return found | dict(theirs.path)


def _look_alike(one: httpx.Response, other: httpx.Response, a: Asked, b: Asked, *ids: str) -> None:
    """Two refusals that differ only in what was asked for; or two successes."""
    assert one.status_code == other.status_code, (one.text, other.text)
    if one.is_success:
        return
    shown = []
    for response, asked, sent in zip((one, other), (a, b), ids or ("-", "-"), strict=True):
        members = {key: value for key, value in response.json().items() if key not in {"request_id", "instance"}}
        text = json.dumps(members, sort_keys=True).replace(sent, "<id>")
        for given in asked.path.values():
            text = text.replace(given, "<id>")
        headers = {
            name: value for name, value in response.headers.items() if name not in {"x-request-id", "content-length"}
        }
        shown.append((text, headers))
    assert shown[0] == shown[1]


def _mentions(text: str, workspace: Workspace, *marks: str) -> bool:
    known = (workspace.id, workspace.north, workspace.south, workspace.admin.id, workspace.anna.id, workspace.ben.id)
    return any(str(each) in text for each in (*known, *marks))


def _claims(workspace: Workspace) -> dict[str, Any]:
    """What the admin's own live token says."""
    claims = workspace.tokens.read_access(workspace.admin.token)
    return {
        "user_id": claims.user_id,
        "workspace_id": claims.workspace_id,
        "session_id": claims.session_id,
        "permission_version": claims.permission_version,
    }


def _expired(workspace: Workspace) -> str:
    return workspace.tokens.issue_access(**_claims(workspace), now=datetime.now(UTC) - timedelta(minutes=11))


def _forged(workspace: Workspace) -> str:
    return Tokens("a secret key that is not the one of the tests").issue_access(**_claims(workspace))
