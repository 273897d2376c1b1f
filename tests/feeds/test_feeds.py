"""Private calendars: made, read without sign-in, parsed back, rotated, revoked."""

from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest

from crm.feeds.writing import STATUS
from crm.visits.rules import MOVES
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.visits.steps import HERE, act, at, place, plan, report


async def feed(client: Client) -> str:
    """The path of a new calendar of this person's."""
    response = await client.post("/v1/me/feed")
    assert response.status_code == 201, response.text
    return str(response.json()["url"]).removeprefix("http://test")


async def entries(clients: Clients, path: str) -> dict[str, Any]:
    """What stands in the calendar, by uid, read by nobody in particular."""
    response = await clients(None).get(path)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = icalendar.Calendar.from_ical(response.content)
    assert (calendar["version"], calendar["method"]) == ("2.0", "PUBLISH")
    assert not calendar.errors
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


async def test_visits_and_tasks_are_read_back_as_they_are(client: Client, clients: Clients) -> None:
    there = HERE | {"line": "1 Main Road; gate, two", "city": "上海"}
    customer_id, _ = await place(client, address=there, name="重庆长安, 华东; 厂")
    times = {"planned_start": "2027-01-04T09:00:00+08:00", "planned_end": "2027-01-04T10:30:00+08:00"}
    visit = await plan(client, customer_id, subject="Line\\one, 二; three" * 10, **times)
    about = {"type": "customer", "id": customer_id}
    task = (
        await client.post("/v1/tasks", json={"title": "Call; back", "subject": about, "due_at": "2027-01-05T01:00:00Z"})
    ).json()
    found = await entries(clients, await feed(client))
    assert set(found) == {f"{visit['id']}@visits.rapport", f"{task['id']}@tasks.rapport"}
    event = found[f"{visit['id']}@visits.rapport"]
    assert event.decoded("dtstart") == datetime(2027, 1, 4, 1, tzinfo=UTC)
    assert event.decoded("dtend") == datetime(2027, 1, 4, 2, 30, tzinfo=UTC)
    assert str(event["summary"]) == "重庆长安, 华东; 厂 · 关怀"
    assert str(event["description"]) == "Line\\one, 二; three" * 10
    assert str(event["location"]) == "1 Main Road; gate, two, 上海"
    assert (event["geo"].latitude, event["geo"].longitude) == (HERE["latitude"], HERE["longitude"])
    assert (event["status"], event["sequence"], event["transp"]) == ("TENTATIVE", 1, "OPAQUE")
    assert event.decoded("last-modified") == datetime.fromisoformat(visit["updated_at"]).replace(microsecond=0)
    due = found[f"{task['id']}@tasks.rapport"]
    assert due.decoded("dtstart") == datetime(2027, 1, 5, 1, tzinfo=UTC)
    assert (str(due["summary"]), due["transp"], "dtend" in due) == ("☐ Call; back", "TRANSPARENT", False)


async def test_what_becomes_of_a_visit_shows_under_the_same_uid(client: Client, clients: Clients) -> None:
    customer_id, lei = await place(client)
    path = await feed(client)
    visit = await plan(client, customer_id)
    uid = f"{visit['id']}@visits.rapport"
    moved = {"planned_start": "2027-01-06T01:00:00Z", "planned_end": "2027-01-06T02:00:00Z"}
    seen = []
    for verb, body in (("confirm", None), ("reschedule", moved), ("start", None), ("complete", report(lei))):
        await act(client, visit, verb, body)
        event = (await entries(clients, path))[uid]
        seen.append((str(event["status"]), event["sequence"]))
    assert seen == [("CONFIRMED", 2), ("TENTATIVE", 3), ("CONFIRMED", 4), ("CONFIRMED", 5)]
    assert event.decoded("dtstart") == datetime(2027, 1, 6, 1, tzinfo=UTC)
    other = await plan(client, customer_id)
    await act(client, other, "cancel", {"reason": "Ill"})
    assert str((await entries(clients, path))[f"{other['id']}@visits.rapport"]["status"]) == "CANCELLED"


def test_every_state_of_a_visit_has_its_status() -> None:
    assert {state for state, _ in MOVES} | {row.target for row in MOVES.values()} <= STATUS.keys()


async def test_a_feed_shows_what_is_ones_own_and_what_one_goes_along_to(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    w = workspace
    customer_id, _ = await place(client)
    mine = await plan(client, customer_id, supervisor_id=str(w.manager.id), participant_ids=[str(w.ben.id)])
    annas = await plan(client, customer_id, owner_id=str(w.anna.id))
    await plan(clients(elsewhere.admin.token), (await place(clients(elsewhere.admin.token)))[0])
    for person, expected in ((w.admin, [mine]), (w.ben, [mine]), (w.manager, [mine]), (w.anna, [annas])):
        found = await entries(clients, await feed(clients(person.token)))
        assert set(found) == {f"{one['id']}@visits.rapport" for one in expected}, person.email


async def test_an_unchanged_feed_is_not_sent_again(client: Client, clients: Clients, queries: list[str]) -> None:
    customer_id, _ = await place(client)
    path = await feed(client)
    await plan(client, customer_id)
    queries.clear()
    first = await clients(None).get(path)
    assert len(queries) == 1
    again = await clients(None).get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await plan(client, customer_id)
    changed = await clients(None).get(path, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["cache-control"] == "private, no-cache"


async def test_a_new_feed_ends_the_one_before_and_a_revoked_one_is_gone(
    client: Client, clients: Clients, events: Facts, workspace: Workspace
) -> None:
    problem(await client.get("/v1/me/feed"), 404, "not_found")
    problem(await client.post("/v1/me/feed/revoke"), 404, "not_found")
    first = await feed(client)
    second = await feed(client)
    assert first != second
    problem(await clients(None).get(first), 404, "not_found")
    assert (await clients(None).get(second)).status_code == 200
    shown = (await client.get("/v1/me/feed")).json()
    assert (shown["revoked_at"], "url" in shown) == (None, False)
    revoked = (await client.post("/v1/me/feed/revoke")).json()
    assert (revoked["id"], revoked["revoked_at"] is not None) == (shown["id"], True)
    problem(await clients(None).get(second), 404, "not_found")
    assert await events.types() == ["feed.created", "feed.revoked", "feed.created", "feed.revoked"]
    secret = second.rsplit("/", 1)[1].removesuffix(".ics")
    kept = await workspace.owner.fetch("SELECT * FROM calendar_feeds WHERE workspace_id = $1", workspace.id)
    assert secret not in str([dict(row) for row in kept])
    assert secret not in str([dict(fact) for fact in await events()])


async def test_the_address_is_shown_once(client: Client) -> None:
    key = {"Idempotency-Key": "feed"}
    first = (await client.post("/v1/me/feed", headers=key)).json()
    again = (await client.post("/v1/me/feed", headers=key)).json()
    assert (again["id"], again["url"]) == (first["id"], None)


async def test_whoever_can_no_longer_sign_in_has_no_feed(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    path = await feed(clients(workspace.anna.token))
    await client.post(f"/v1/users/{workspace.anna.id}/disable")
    problem(await clients(None).get(path), 404, "not_found")
    key = clients(await workspace.key("visits:read"))
    problem(await key.post("/v1/me/feed"), 403, "only_for_people")


@pytest.mark.parametrize(
    "change", [lambda s: s[:-1], lambda s: "x" + s[1:], lambda s: s + "A", lambda _: "x", str.swapcase]
)
async def test_an_address_that_was_never_given_out_is_not_there(client: Client, clients: Clients, change: Any) -> None:
    secret = (await feed(client)).rsplit("/", 1)[1].removesuffix(".ics")
    problem(await clients(None).get(f"/v1/feeds/{change(secret)}.ics"), 404, "not_found")


async def test_a_feed_that_is_read_too_often_is_told_to_wait(client: Client, clients: Clients) -> None:
    path = await feed(client)
    reader = clients(None, "203.0.113.9")
    answers = [await reader.get(path) for _ in range(31)]
    assert [answer.status_code for answer in answers[:30]] == [200] * 30
    problem(answers[30], 429, "too_many_requests")
    assert 1 <= int(answers[30].headers["retry-after"]) <= 60


async def test_what_is_long_past_is_left_out(client: Client, clients: Clients) -> None:
    customer_id, _ = await place(client)
    old = {"planned_start": at(days=91), "planned_end": at(days=91, hours=-1)}
    new = {"planned_start": at(days=89), "planned_end": at(days=89, hours=-1)}
    await plan(client, customer_id, **old)
    kept = await plan(client, customer_id, **new)
    assert set(await entries(clients, await feed(client))) == {f"{kept['id']}@visits.rapport"}


async def test_however_much_is_behind_what_is_next_is_in_it(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    await workspace.owner.execute(
        "INSERT INTO tasks (workspace_id, title, subject_type, subject_id, assignee_id, due_at) "
        "SELECT $1, 'Call ' || n, 'visit', $2, $2, now() - interval '60 days' FROM generate_series(1, 1001) AS n",
        workspace.id, workspace.admin.id,
    )  # fmt: skip
    customer_id, _ = await place(client)
    about = {"type": "customer", "id": customer_id}
    near = [at(days=-1), at(days=-9)]
    for due_at in near:
        await client.post("/v1/tasks", json={"title": "Next", "subject": about, "due_at": due_at})
    found = list((await entries(clients, await feed(client))).values())
    assert len(found) == 1000
    assert [str(one["summary"]) for one in found[-2:]] == ["☐ Next", "☐ Next"]
