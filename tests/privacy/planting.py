"""Rows of every place where a person may stand, each with words by which they would be found.

Whoever adds a place to ``crm/privacy/places.py`` makes a row of it here: among ``alone`` where it is about the person
and nobody else, among ``near`` where they are spoken of.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.exports.models import exports
from crm.privacy.places import PLACES
from crm.privacy.rows import Place
from tests.conftest import Client
from tests.factories import Workspace
from tests.guards.scene import TRUST, at, hours
from tests.privacy.people import post

ALLOW = "?allow_duplicates=true"
NOTICE = {"purpose": "care", "status": "given", "notice_version": "1"}
A_STEP = {"due_at": "2027-01-04T01:00:00Z", "due_on": None, "assignee_id": None}
SO_THAT = {
    "contacts": ", left_on = current_date",
    "privacy_requests": ", state = 'refused', closed_at = now()",
}
"""What else a row must say to hold words in all its columns."""


@dataclass
class Planted:
    """A person of whom something is said everywhere. ``strings`` are what must be gone."""

    id: str
    names: list[str]
    customer_id: str
    alone: dict[str, list[str]] = field(default_factory=dict)
    near: dict[str, list[str]] = field(default_factory=dict)
    strings: list[str] = field(default_factory=list)
    said_near: list[str] = field(default_factory=list)

    def keep(self, how: str, **rows: str | None) -> None:
        """Remember rows by their table."""
        for table, row_id in rows.items():
            if row_id is not None:
                getattr(self, how).setdefault(table, []).append(row_id)


async def person_of(client: Client, workspace: Workspace, kind: str) -> Planted:
    """A contact of a company into which the company where they began was merged; or a customer who is a person, into
    whom another record of theirs was merged. With a row in every place, and words in every column."""
    mark = uuid4().hex[:10]
    names = [f"Old{mark}", f"New{mark}"]
    digits = f"139{int(mark, 16) % 10**8:08}"
    planted = await (_contact if kind == "contact" else _customer)(client, workspace, names, digits)
    planted.strings += [*names, digits, f"{mark}@example.com"]
    await _around(client, workspace, planted, kind)
    await _say(client, workspace, planted, mark)
    return planted


async def _contact(client: Client, _: Workspace, names: list[str], digits: str) -> Planted:
    loser = (await post(client, f"/v1/customers{ALLOW}", {"name": "Acme Works"}))["id"]
    winner = (await post(client, f"/v1/customers{ALLOW}", {"name": "Acme", "influence": 5}))["id"]
    about = {"customer_id": loser, "name": names[0], "phones": [digits], "emails": [f"{names[0][3:]}@example.com"]}
    contact = (await post(client, "/v1/contacts", about, **{"Idempotency-Key": "made"}))["id"]
    await client.patch(f"/v1/contacts/{contact}", json={"name": names[1]}, headers={"Idempotency-Key": "renamed"})
    noted = {"subject": {"type": "customer", "id": loser}, "text": f"{names[0]} is nice"}
    note = (await post(client, "/v1/notes", noted, **{"Idempotency-Key": "noted"}))["id"]
    await post(client, "/v1/customers/merge", {"winner_id": winner, "loser_id": loser})
    planted = Planted(contact, names, winner)
    planted.keep("near", notes=note, customers=winner)
    planted.keep("near", customers=loser)
    return planted


def _json(table: str, column: str, words: str) -> Any:
    """The words in the shape that a column of JSON has."""
    if table == exports.name:
        return {"q": words}
    shaped: dict[str, Any] = {
        "complainer": {"name": words},
        "close_attempts": [{"at": A_STEP["due_at"], "by_id": None, "note": words}],
        "eight_d": {"d3": {"by_id": None, "done_on": None, "note": words}},
    }
    return shaped.get(column, {**A_STEP, "title": words})


async def put_below(client: Client, owner: asyncpg.Connection, child: str, person: str) -> None:
    """A company below a person, as there are some from before groups were of companies, and a fact that tells of it."""
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute("UPDATE customers SET parent_id = $2 WHERE id = $1", UUID(child), UUID(person))
    assert (await client.patch(f"/v1/customers/{child}", json={"region": "West"})).status_code == 200


async def _customer(client: Client, workspace: Workspace, names: list[str], digits: str) -> Planted:
    person = {"kind": "person", "email": f"{names[0][3:]}@example.com", "note": f"{names[0]} and {names[1]}"}
    loser = await post(client, f"/v1/customers{ALLOW}", {**person, "name": names[0], "phone": digits})
    await post(client, f"/v1/customers/{loser['id']}/archive")
    await post(client, f"/v1/customers/{loser['id']}/restore")
    winner = await post(
        client, f"/v1/customers{ALLOW}", {**person, "name": names[1], "influence": 5}, **{"Idempotency-Key": "made"}
    )
    await post(client, "/v1/customers/merge", {"winner_id": winner["id"], "loser_id": loser["id"]})
    company = (await post(client, f"/v1/customers{ALLOW}", {"name": "Their company"}))["id"]
    child = (await post(client, f"/v1/customers{ALLOW}", {"name": "Below"}))["id"]
    await put_below(client, workspace.owner, child, winner["id"])
    planted = Planted(winner["id"], names, winner["id"])
    planted.keep("near", customers=company)
    planted.keep("near", customers=child)
    return planted


async def _around(client: Client, workspace: Workspace, planted: Planted, kind: str) -> None:
    """Whatever can hang on the person, and on the company beside them."""
    company = planted.customer_id
    is_contact = kind == "contact"
    how, customers_how = ("near", "near") if is_contact else ("near", "alone")
    beside = (await post(client, "/v1/contacts", {"customer_id": company, "name": "Li Lei"}))["id"]
    planted.keep("near", contacts=beside)
    met = [planted.id, beside] if is_contact else [beside]
    visit = {"customer_id": company, "contact_ids": met, "purpose": "care", **hours(1)}
    visit_id = (await post(client, "/v1/visits", visit))["id"]
    call = {"customer_id": company, "channel": "call", "outcome": "reached"}
    call |= {"contact_id": planted.id} if is_contact else {}
    planted.keep(customers_how, visits=visit_id, interactions=(await post(client, "/v1/interactions", call))["id"])
    stages = [{"key": "only", "name": "Only", "probability": "0.5"}]
    pipeline = (await post(client, "/v1/pipelines", {"name": str(uuid4()), "stages": stages}))["id"]
    sale = (await post(client, "/v1/opportunities", {"customer_id": company, "name": "x", "pipeline_id": pipeline}))[
        "id"
    ]
    move = await workspace.owner.fetchval(
        "SELECT id FROM opportunity_moves WHERE workspace_id = $1 AND opportunity_id = $2", workspace.id, UUID(sale)
    )
    said = (await post(client, "/v1/comments", {"opportunity_id": sale, "text": "x"}))["id"]
    planted.keep(customers_how, opportunities=sale, opportunity_moves=str(move), opportunity_comments=said)
    body = {"customer_id": company, "channel": "phone", "subject": "x"}
    body |= {"contact_id": planted.id} if is_contact else {}
    complaint = (await post(client, "/v1/complaints", body))["id"]
    step = await workspace.owner.fetchval(
        "SELECT id FROM complaint_steps WHERE workspace_id = $1 AND complaint_id = $2", workspace.id, UUID(complaint)
    )
    planted.keep(customers_how, complaints=complaint, complaint_steps=str(step))
    survey = await workspace.owner.fetchval(
        "INSERT INTO surveys (workspace_id, complaint_id, closing, customer_id, contact_id, state, answered_at, csat) "
        "VALUES ($1, $2, 0, $3, $4, 'answered', now(), 5) RETURNING id",
        workspace.id, UUID(complaint), UUID(company), UUID(planted.id) if is_contact else None,
    )  # fmt: skip
    planted.keep("alone", surveys=str(survey))
    rating = (await post(client, f"/v1/customers/{company}/trust-ratings", TRUST))["id"]
    await post(client, "/v1/key-proposals/run")
    proposal = await workspace.owner.fetchval(
        "SELECT id FROM key_proposals WHERE workspace_id = $1 AND customer_id = $2", workspace.id, UUID(company)
    )
    planted.keep(customers_how, trust_ratings=rating, key_proposals=str(proposal))
    if is_contact:
        boss = (await post(client, "/v1/customers", {"name": "The boss", "kind": "person"}))["id"]
        link = await post(client, f"/v1/customers/{company}/links", {"person_id": boss})
    else:
        link = await post(
            client, f"/v1/customers/{planted.near['customers'][0]}/links", {"person_id": company, "position": "Head"}
        )
        second = await post(client, "/v1/customers", {"name": "The wife", "kind": "person"})
        of_hers = await post(client, f"/v1/customers/{planted.near['customers'][0]}/links", {"person_id": second["id"]})
        planted.keep("near", customer_links=of_hers["id"])
    planted.keep(customers_how, customer_links=link["id"])
    subjects = [({"type": kind, "id": planted.id}, "alone")]
    subjects += (
        [({"type": "customer", "id": company}, "near")] if is_contact else [({"type": "contact", "id": beside}, "near")]
    )
    for subject, where in subjects:
        await _hang(client, workspace, planted, subject, where)
    for about in ({"contact_id" if is_contact else "customer_id": planted.id}, {"person": f"{planted.names[1]} "}):
        asked = (await post(client, "/v1/privacy-requests", {"kind": "access", **about}))["id"]
        planted.keep("near", privacy_requests=asked if "person" in about else None)
    wanted = {"noun": f"{kind}s", "filters": {"q": planted.names[1]}}
    export = await client.post("/v1/exports", json=wanted, headers={"Idempotency-Key": "export"})
    assert export.status_code == 202, export.text
    cells = f"name,phone\n{planted.names[0]},{planted.strings[2]}\nSomebody else,\n".encode("gb18030")
    draft = await client.post(
        "/v1/imports", data={"commit": "false"}, files={"file": (f"{planted.names[0]}.csv", cells, "text/csv")}
    )
    assert draft.status_code in {201, 202}, draft.text
    planted.keep(how, exports=export.json()["id"], imports=draft.json()["id"])
    if is_contact:
        await post(client, f"/v1/contacts/{planted.id}/consents", NOTICE)
        await client.get(f"/v1/contacts/{planted.id}/personal-data")


async def _hang(client: Client, workspace: Workspace, planted: Planted, subject: dict[str, str], how: str) -> None:
    """A note, a file, and a task with its reminder and what somebody was told of it."""
    owner, home = workspace.owner, workspace.id
    note = (await post(client, "/v1/notes", {"subject": subject, "text": "x"}, **{"Idempotency-Key": f"n{how}"}))["id"]
    form = {"subject_type": subject["type"], "subject_id": subject["id"]}
    words = f"{how} {planted.names[1]}" if how == "alone" else "The price list"
    file = {"file": (f"{planted.names[0]}.txt", words.encode(), "text/plain")}
    sent = await client.post("/v1/attachments", data=form, files=file, headers={"Idempotency-Key": f"a{how}"})
    assert sent.status_code == 201, sent.text
    about = {
        "title": f"Call {planted.names[1]}",
        "subject": subject,
        "due_at": at(24),
        "reminders": [{"minutes_before": 5}],
    }
    task = (await post(client, "/v1/tasks", about, **{"Idempotency-Key": f"t{how}"}))["id"]
    again = {"title": f"Call {planted.names[1]}", "subject": subject, "rrule": "FREQ=DAILY"}
    again |= {"first_at": "2027-01-04T09:00"}
    series = (await post(client, "/v1/task-series", again, **{"Idempotency-Key": f"s{how}"}))["id"]
    reminder = await owner.fetchval(
        "SELECT id FROM reminders WHERE workspace_id = $1 AND subject_id = $2", home, UUID(task)
    )
    told = await owner.fetchval(
        "INSERT INTO notifications (workspace_id, user_id, kind, title, subject_type, subject_id, customer_id, "
        "dedupe_key) VALUES ($1, $2, 'reminder', 'x', 'task', $3, $4, $5) RETURNING id",
        home, workspace.admin.id, UUID(task), UUID(planted.customer_id), str(uuid4()),
    )  # fmt: skip
    planted.keep(
        how,
        notes=note,
        attachments=sent.json()["id"],
        tasks=task,
        task_series=series,
        reminders=str(reminder),
        notifications=str(told),
    )


async def _say(client: Client, workspace: Workspace, planted: Planted, mark: str) -> None:
    """Words in every column of every row, in facts about them, and in a kept answer: a secret where a row is about the
    person alone, else a name."""
    answer = []
    for place in PLACES:
        for how, rows in (("alone", planted.alone), ("near", planted.near)):
            for number, row_id in enumerate(rows.get(place.table.name, [])):
                said = {}
                for column in place.texts:
                    secret = f"{column}{number}{place.table.name}{mark}secret"
                    said[column] = secret if how == "alone" else f"{secret[:-16]}: {planted.names[number % 2]}!"
                    if place.table is exports:
                        said[column] = planted.names[1]  # It is looked for, and found.
                    planted.strings += [secret] if how == "alone" else []
                    planted.said_near += [said[column]] if how == "near" else []
                await _say_in(workspace, planted, place, row_id, said)
                answer.append({"id": row_id, **said})
    await workspace.owner.execute(
        "INSERT INTO idempotency_keys (workspace_id, actor_id, key, fingerprint, status, headers, body) "
        "VALUES ($1, $2, 'all', 'x', 200, $3, $4)",
        workspace.id, workspace.admin.id, {"content-type": "application/json"}, orjson.dumps({"data": answer}),
    )  # fmt: skip


async def _say_in(workspace: Workspace, planted: Planted, place: Place, row_id: str, said: dict[str, str]) -> None:
    table, owner = place.table, workspace.owner
    values: list[Any] = []
    for column, words in said.items():
        if isinstance(table.c[column].type, JSONB):
            values.append(_json(table.name, column, words))
        else:
            values.append([words] if isinstance(table.c[column].type, ARRAY) else words)
    names = ", ".join(f'"{column}" = ${place_}' for place_, column in enumerate(said, 3))
    done = await owner.execute(
        f"UPDATE {table.name} SET {names}{SO_THAT.get(table.name, '')} WHERE workspace_id = $1 AND id = $2",
        workspace.id, UUID(row_id), *values,
    )  # fmt: skip
    assert done == "UPDATE 1", (table.name, done)
    if place.told_as is None:
        return
    told = dict(zip(said, values, strict=True)) | dict.fromkeys(place.told, values[0])
    at_all = "customer_id" in table.c or table.name in {"customers", "customer_links"}
    await owner.execute(
        "INSERT INTO events (workspace_id, type, subject_type, subject_id, sequence, customer_id, actor_kind, "
        "actor_id, payload, changes) VALUES ($1, 'test.said', $2, $3, 99, $4, 'system', $1, $5, $6)",
        workspace.id, place.told_as, UUID(row_id), UUID(planted.customer_id) if at_all else None,
        {"id": row_id, **told}, {name: [value, value] for name, value in told.items()},
    )  # fmt: skip
