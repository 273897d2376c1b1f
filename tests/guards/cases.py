"""How to ask for each operation: what it needs to exist first, and a request that is answered with success.

One line an operation. ``test_who_may_see_what`` fails for an operation that has no line, and for a line without one.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from crm.clock import local_date
from crm.webhooks.signing import headers as signatures
from tests.guards.scene import CHAIN, PASSWORD, RULE, SERIES, TRUST, Scene, a_file, at, hours, numbers

PUBLIC = frozenset(
    {
        "answer_survey", "check_liveness", "check_readiness", "create_token", "get_public_complaint",
        "get_public_complaint_form", "hand_over_mail", "read_feed", "read_metrics", "read_survey", "revoke_token",
        "send_survey_page", "show_survey", "submit_public_complaint", "unsubscribe",
    }
)  # fmt: skip
"""What needs no credential."""

ENDLESS = frozenset({"stream_unread_count"})
"""What answers for as long as somebody listens; tried over a real connection (``tests/notifications``)."""

SCOPELESS = frozenset(
    {
        "change_password", "create_my_feed", "get_location_consent", "get_me", "get_my_feed", "list_my_sessions",
        "put_location_consent",
        "revoke_my_feed", "revoke_my_session", "update_me",
    }
)  # fmt: skip
"""What everyone signed in may ask: about themselves."""


@dataclass(frozen=True)
class Asked:
    """A request: ids for its path, its query, and its body in one of four forms. ``marks`` are what it is about."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    files: Mapping[str, Any] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()

    def sending(self) -> dict[str, Any]:
        """What httpx wants to know beside the address."""
        given: dict[str, Any] = {
            "params": self.query or None,
            "json": self.body,
            "data": self.form,
            "files": self.files,
        }
        given["content"] = self.content
        return {name: value for name, value in given.items() if value is not None}


Make = Callable[[Scene], Awaitable[Asked]]


@dataclass(frozen=True)
class Case:
    """``by``: who may, and does so in the control. ``shared``: every colleague with the scope may as well."""

    make: Make
    by: str = "anna"
    shared: bool = False


def listing(thing: str, **query: Any) -> Make:
    """A list that has one such thing in it."""

    async def make(scene: Scene) -> Asked:
        return Asked(query=query, marks=(await getattr(scene, thing)(),))

    return make


def item(name: str, thing: str, body: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None) -> Make:
    """One such thing, named in the path."""

    async def make(scene: Scene) -> Asked:
        made = await getattr(scene, thing)()
        return Asked(path={name: made}, body=body() if callable(body) else body, marks=(made,))

    return make


async def _new_visit_plan(scene: Scene) -> Asked:
    return Asked(body={"owner_id": scene.seller_id, "month": f"{2027 + next(numbers) % 900}-01-01"})


async def _new_absence(scene: Scene) -> Asked:
    day = str(date(2040, 1, 1) + timedelta(days=next(numbers)))
    return Asked(body={"user_id": scene.seller_id, "first_day": day, "last_day": day})


async def _adjust_visit_plan(scene: Scene) -> Asked:
    plan = await scene.visit_plan()
    body = {"planned": {await scene.customer(): 1}}
    return Asked(path={"plan_id": plan}, body=body, marks=(plan,))


async def _day(scene: Scene) -> Asked:
    """The seller's own, with a visit in it."""
    visit = await scene.visit()
    planned = (await scene.client(scene.seller).get(f"/v1/visits/{visit}")).json()["planned_start"]
    day = local_date(datetime.fromisoformat(planned), "Asia/Shanghai")
    return Asked(query={"user_id": scene.seller_id, "date": day.isoformat()}, marks=(visit,))


async def _call_list(scene: Scene) -> Asked:
    """The seller's own list, with a customer in it."""
    return Asked(query={"user_id": scene.seller_id}, marks=(await scene.customer(),))


def after(name: str, thing: str, path: str, body: Mapping[str, Any] | None = None, *, by: str = "") -> Make:
    """One such thing with which something was done already."""

    async def make(scene: Scene) -> Asked:
        made = await getattr(scene, thing)()
        await scene.post(path.format(made), body, by=by)
        return Asked(path={name: made}, marks=(made,))

    return make


def plain(**asked: Any) -> Make:
    """A request that needs nothing to be there."""

    async def make(_: Scene) -> Asked:
        return Asked(**asked)

    return make


async def _new_customer(scene: Scene) -> Asked:
    w = scene.workspace
    body = {"name": "Marked", "parent_id": await scene.customer(), "owner_id": scene.seller_id, "team_id": str(w.north)}
    return Asked(body=body)


async def _merge(scene: Scene) -> Asked:
    return Asked(body={"winner_id": await scene.customer(), "loser_id": await scene.customer()})


async def _merged(scene: Scene) -> Asked:
    pair = {"winner_id": await scene.customer(), "loser_id": await scene.customer()}
    await scene.post("/v1/customers/merge", pair, by="manager")
    return Asked(path={"customer_id": pair["loser_id"]}, marks=(pair["loser_id"],))


async def _update_customer(scene: Scene) -> Asked:
    made, w = await scene.customer(), scene.workspace
    body = {"parent_id": await scene.customer(), "owner_id": scene.seller_id, "team_id": str(w.north), "note": "x"}
    return Asked(path={"customer_id": made}, body=body, marks=(made,))


async def _reachable_customer(scene: Scene) -> Asked:
    made = await scene.customer()
    await scene.post("/v1/contacts", {"customer_id": made, "name": "Marked", "phones": ["13812345678"]})
    return Asked(path={"customer_id": made}, marks=(made,))


def customer_who_is(lifecycle: str, body: Mapping[str, Any]) -> Make:
    """A customer of Anna's in this state of its lifecycle."""

    async def make(scene: Scene) -> Asked:
        lost = lifecycle == "lost"
        new = {"name": f"Marked {next(numbers)}", "lifecycle": "customer" if lost else lifecycle}
        made = str((await scene.post("/v1/customers", new))["id"])
        if lost:
            await scene.post(f"/v1/customers/{made}/lose", {"cause": "moved", "evidence": "x"})
        return Asked(path={"customer_id": made}, body=body, marks=(made,))

    return make


async def _new_link(scene: Scene) -> Asked:
    return Asked(path={"customer_id": await scene.customer()}, body={"person_id": await scene.person_customer()})


async def _ended_link(scene: Scene, body: dict[str, Any] | None = None) -> Asked:
    customer_id = await scene.customer()
    made = await scene.post(f"/v1/customers/{customer_id}/links", {"person_id": await scene.person_customer()})
    return Asked(path={"customer_id": customer_id, "link_id": str(made["id"])}, body=body, marks=(str(made["id"]),))


async def _new_contact(scene: Scene) -> Asked:
    return Asked(body={"customer_id": await scene.customer(), "name": "Marked"})


CONSENT = {"purpose": "marketing", "status": "given", "notice_version": "1"}


async def _consents_of(scene: Scene) -> Asked:
    made = await scene.contact()
    said = await scene.post(f"/v1/contacts/{made}/consents", CONSENT)
    return Asked(path={"contact_id": made}, marks=(str(said["id"]),))


async def _new_privacy_request(scene: Scene) -> Asked:
    return Asked(body={"contact_id": await scene.contact(), "kind": "access"})


async def _erase_customer(scene: Scene) -> Asked:
    made = await scene.post("/v1/customers", {"name": "Marked", "kind": "person"})
    return Asked(path={"customer_id": made["id"]}, body={"reason": "requested"}, marks=(made["id"],))


async def _personal_data_of_customer(scene: Scene) -> Asked:
    made = await scene.post("/v1/customers", {"name": "Marked", "kind": "person"})
    return Asked(path={"customer_id": made["id"]}, marks=(made["id"],))


async def _taboos(scene: Scene, body: Mapping[str, Any] | None = None) -> Asked:
    # Nobody may by their role; whoever asks in these cases was given the right.
    await scene.give_sensitive_right(scene.seller, "admin")
    made = await scene.contact()
    return Asked(path={"contact_id": made}, body=body, marks=(made,))


async def _new_interaction(scene: Scene) -> Asked:
    customer_id = await scene.customer()
    with_whom = {"contact_id": await scene.contact(customer_id), "user_id": scene.seller_id}
    return Asked(body={"customer_id": customer_id, "channel": "call", "outcome": "reached", **with_whom})


async def _new_visit(scene: Scene) -> Asked:
    customer_id, w = await scene.customer(), scene.workspace
    body = {"customer_id": customer_id, "contact_ids": [await scene.contact(customer_id)], "purpose": "care"}
    return Asked(body={**body, "owner_id": scene.seller_id, "team_id": str(w.north), **hours(24)})


async def _update_visit(scene: Scene) -> Asked:
    customer_id = await scene.customer()
    made = await scene.visit(customer_id)
    body = {"subject": "x", "contact_ids": [await scene.contact(customer_id)]}
    return Asked(path={"visit_id": made}, body=body, marks=(made,))


async def _complete_visit(scene: Scene) -> Asked:
    customer_id = await scene.customer()
    contact_id = await scene.contact(customer_id)
    made = await scene.visit_today(customer_id)
    step = {"title": "Marked", "due_at": at(48), "assignee_id": scene.seller_id}
    body = {"result": "signed", "met_contact_ids": [contact_id], "next_step": step}
    return Asked(path={"visit_id": made}, body=body, marks=(made,))


async def _start_unplanned(scene: Scene) -> Asked:
    customer_id, w = await scene.customer(), scene.workspace
    body = {"customer_id": customer_id, "contact_ids": [await scene.contact(customer_id)], "purpose": "care"}
    return Asked(body={**body, "owner_id": scene.seller_id, "team_id": str(w.north)})


async def _log_visit(scene: Scene) -> Asked:
    customer_id, w = await scene.customer(), scene.workspace
    met = {"met_contact_ids": [await scene.contact(customer_id)], "result": "signed", "none_needed": True}
    times = {"started_at": at(-2), "ended_at": at(-1)}
    body = {"customer_id": customer_id, "purpose": "care", "owner_id": scene.seller_id, "team_id": str(w.north)}
    return Asked(body={**body, **met, **times})


async def _review_visit(scene: Scene) -> Asked:
    customer_id = await scene.customer()
    body = {"result": "signed", "met_contact_ids": [await scene.contact(customer_id)], "none_needed": True}
    made = await scene.visit_today(customer_id, supervisor_id=str(scene.workspace.manager.id))
    await scene.post(f"/v1/visits/{made}/complete", body)
    return Asked(path={"visit_id": made}, body={"review": "x"}, marks=(made,))


async def _with_feed(scene: Scene) -> Asked:
    for name in ("admin", "manager", "anna", "ben", "service", "auditor"):
        await scene.post("/v1/me/feed", by=name)
    return Asked()


async def _feed_of_anna(scene: Scene) -> Asked:
    made = await scene.post("/v1/me/feed")
    return Asked(path={"secret": made["url"].rsplit("/", 1)[1].removesuffix(".ics")})


async def _public_form(scene: Scene) -> Asked:
    made = await scene.post("/v1/complaint-forms", {"name": "Marked"}, by="admin")
    return Asked(path={"token": made["url"].rsplit("/", 1)[1]}, body={"description": "x"})


async def _public_complaint(scene: Scene) -> Asked:
    form = (await _public_form(scene)).path["token"]
    made = await scene.post(f"/v1/public/complaint-forms/{form}", {"description": "x"}, by="")
    return Asked(path={"token": made["status_token"]})


async def _a_mail(scene: Scene) -> Asked:
    made = await scene.post("/v1/complaint-inboxes", {"name": "Marked"}, by="admin")
    raw = f"From: a@example.org\r\nSubject: Marked {next(numbers)}\r\n\r\nx".encode()
    signed = signatures([made["secret"]], f"msg_{next(numbers)}", datetime.now(UTC), raw)
    path = {"token": made["url"].rsplit("/", 1)[1]}
    return Asked(path=path, content=raw, headers={"Content-Type": "message/rfc822", **signed})


async def _located_visit(scene: Scene) -> Asked:
    # Nobody may by their role; whoever asks in these cases was given the right.
    await scene.give_sensitive_right(scene.seller, "admin")
    made = await scene.visit()
    return Asked(path={"visit_id": made}, marks=(made,))


async def _new_task(scene: Scene) -> Asked:
    subject = {"type": "customer", "id": await scene.customer()}
    body = {"title": "Marked", "subject": subject, "due_at": at(24), "assignee_id": scene.seller_id}
    return Asked(body=body)


async def _new_series(scene: Scene) -> Asked:
    return Asked(body=SERIES | {"subject": {"type": "customer", "id": await scene.customer()}})


async def _start_chain(scene: Scene) -> Asked:
    subject = {"type": "customer", "id": await scene.customer()}
    return Asked(body={"chain_id": await scene.task_chain(), "subject": subject})


async def _update_task(scene: Scene) -> Asked:
    made = await scene.task()
    body = {"title": "Other", "assignee_id": scene.seller_id}
    return Asked(path={"task_id": made}, body=body, marks=(made,))


async def _new_reminder(scene: Scene) -> Asked:
    subject = {"type": "customer", "id": await scene.customer()}
    return Asked(body={"title": "Marked", "subject": subject, "fire_at": at(24), "user_id": scene.seller_id})


async def _reassign_task(scene: Scene) -> Asked:
    made = await scene.task()
    return Asked(path={"task_id": made}, body={"assignee_id": str(scene.workspace.manager.id)}, marks=(made,))


async def _new_user(scene: Scene) -> Asked:
    body = {"email": f"marked{next(numbers)}@example.com", "name": "Marked", "role": "sales"}
    return Asked(body={**body, "team_id": str(scene.workspace.north)})


async def _update_user(scene: Scene) -> Asked:
    made = await scene.user()
    return Asked(path={"user_id": made}, body={"team_id": str(scene.workspace.north)}, marks=(made,))


async def _new_field(_: Scene) -> Asked:
    return Asked(body={"noun": "customer", "key": f"marked_{next(numbers)}", "label": "Marked", "type": "text"})


def _day_of(body: Mapping[str, Any] | None = None, *, put: bool = False) -> Make:
    """A day of a calendar, which somebody has said something of."""

    async def make(scene: Scene) -> Asked:
        made, day = await scene.calendar(), "2026-11-23"
        if put:
            path = f"/v1/calendars/{made}/days/{day}"
            assert (await scene.client("admin").put(path, json={"kind": "holiday"})).status_code == 200
        return Asked(path={"calendar_id": made, "day": day}, body=body, marks=(made,))

    return make


async def _days_of(scene: Scene) -> Asked:
    asked = await _day_of(put=True)(scene)
    return Asked(path={"calendar_id": asked.path["calendar_id"]}, marks=asked.marks)


async def _deadline(scene: Scene) -> Asked:
    made = await scene.calendar()
    return Asked(path={"calendar_id": made}, query={"start": at(0), "minutes": 60}, marks=(made,))


_WEEK = [{"weekday": 2, "opens": "09:00", "closes": "12:00"}]


async def _new_team(scene: Scene) -> Asked:
    w = scene.workspace
    return Asked(body={"name": "Marked", "parent_id": str(w.north), "manager_id": str(w.manager.id)})


async def _update_team(scene: Scene) -> Asked:
    made, w = await scene.team(), scene.workspace
    body = {"name": "Other", "parent_id": str(w.north), "manager_id": str(w.manager.id)}
    return Asked(path={"team_id": made}, body=body, marks=(made,))


async def _change_password(scene: Scene) -> Asked:
    await scene.give_password("admin")
    return Asked(body={"old_password": PASSWORD, "new_password": "another horse battery"})


async def _sign_in(scene: Scene) -> Asked:
    await scene.give_password("anna")
    sent = {"grant_type": "password", "username": scene.workspace.anna.email, "password": PASSWORD}
    return Asked(form=sent)


async def _new_note(scene: Scene) -> Asked:
    return Asked(body={"subject": {"type": "customer", "id": await scene.customer()}, "text": "Marked"})


async def _new_attachment(scene: Scene) -> Asked:
    form = {"subject_type": "customer", "subject_id": await scene.customer()}
    return Asked(form=form, files={"file": ("marked.txt", b"Marked", "text/plain")})


async def _transfer(scene: Scene) -> Asked:
    made, to = await scene.customer(), str(scene.workspace.manager.id)
    return Asked(path={"customer_id": made}, body={"owner_id": to, "reason": "x"}, marks=(made,))


async def _transfer_many(scene: Scene) -> Asked:
    to = str(scene.workspace.manager.id)
    return Asked(body={"customer_ids": [await scene.customer()], "to": to, "reason": "x"})


async def _new_channel(_: Scene) -> Asked:
    return Asked(body={"kind": "webhook", "url": f"https://example.com/marked/{next(numbers)}"})


async def _unverified_channel(scene: Scene) -> Asked:
    made = await scene.channel()
    await scene.workspace.owner.execute(
        "UPDATE notification_channels SET state = 'unverified', address = 'x', code_sent_at = now() WHERE id = $1", made
    )
    row = await scene.workspace.owner.fetchrow("SELECT id, code_sent_at FROM notification_channels WHERE id = $1", made)
    assert row is not None
    code = scene.clients.running.app.state.proofs.code(row["id"], "x", row["code_sent_at"])
    return Asked(path={"channel_id": made}, body={"code": code}, marks=(made,))


async def _got_a_mail(scene: Scene) -> Asked:
    made = await scene.channel()
    proofs = scene.clients.running.app.state.proofs
    return Asked(path={"token": proofs.unsubscribing(scene.workspace.id, UUID(made))})


async def _new_opportunity(scene: Scene) -> Asked:
    body = {"customer_id": await scene.customer(), "name": "Marked", "pipeline_id": await scene.pipeline()}
    return Asked(body={**body, "owner_id": scene.seller_id, "team_id": str(scene.workspace.north)})


async def _update_opportunity(scene: Scene) -> Asked:
    made = await scene.opportunity()
    body = {"customer_id": await scene.customer(), "owner_id": scene.seller_id, "team_id": str(scene.workspace.north)}
    return Asked(path={"opportunity_id": made}, body=body, marks=(made,))


def _stake(body: Mapping[str, Any] | None = None, *, put: bool = False) -> Make:
    """A person in a sale of Anna's."""

    async def make(scene: Scene) -> Asked:
        customer_id = await scene.customer()
        contact_id, made = await scene.contact(customer_id), await scene.opportunity(customer_id)
        if put:
            path = f"/v1/opportunities/{made}/stakeholders/{contact_id}/decider"
            assert (await scene.client(scene.seller).put(path, json={})).status_code == 200
        named = {"opportunity_id": made, "contact_id": contact_id, "role": "decider"}
        return Asked(path=named, body=body, marks=(made,))

    return make


async def _new_items(scene: Scene) -> Asked:
    made = await scene.opportunity()
    item = {"product_id": await scene.product(), "price": "5.00"}
    return Asked(path={"opportunity_id": made}, body={"currency": "CNY", "items": [item]}, marks=(made,))


async def _checks(scene: Scene) -> Asked:
    made = await scene.opportunity()
    path = {"opportunity_id": made, "checklist": "meddic"}
    return Asked(path=path, body={"scores": {"pain": 2}}, marks=(made,))


async def _rate(scene: Scene) -> Asked:
    path = "/v1/exchange-rates/USD/2026-11-22"
    assert (await scene.client("admin").put(path, json={"rate": "7"})).status_code == 200
    return Asked(path={"currency": "USD", "day": "2026-11-22"})


async def _card(scene: Scene) -> Asked:
    made = await scene.opportunity()
    found = await scene.client(scene.seller).get(f"/v1/opportunities/{made}")
    return Asked(path={"opportunity_id": made}, body={"stage_id": found.json()["stage_id"]}, marks=(made,))


def _kept_days(query: Mapping[str, str]) -> Make:
    """Days of which snapshots are kept."""

    async def make(scene: Scene) -> Asked:
        await scene.workspace.owner.execute(
            "INSERT INTO sales_rounds (workspace_id, first_day, done_for) VALUES ($1, '2026-01-01', '2026-01-09')",
            scene.workspace.id,
        )
        return Asked(query=query)

    return make


async def _customer_batch(scene: Scene) -> Asked:
    made = await scene.customer()
    return Asked(body={"items": [{"id": made, "change": {"note": "x"}}]}, marks=(made,))


async def _opportunity_batch(scene: Scene) -> Asked:
    made = await scene.opportunity()
    return Asked(body={"items": [{"id": made, "change": {"note": "x"}}]}, marks=(made,))


def _collaborator(body: Mapping[str, Any] | None = None, *, put: bool = False) -> Make:
    async def make(scene: Scene) -> Asked:
        made = await scene.opportunity()
        named = {"opportunity_id": made, "user_id": await scene.user()}
        if put:
            path = f"/v1/opportunities/{made}/collaborators/{named['user_id']}"
            assert (await scene.client(scene.seller).put(path, json={})).status_code == 200
        return Asked(path=named, body=body, marks=(made,))

    return make


async def _new_comment(scene: Scene) -> Asked:
    return Asked(body={"opportunity_id": await scene.opportunity(), "text": "x"})


async def _lost_opportunity(scene: Scene) -> Asked:
    made = await scene.opportunity()
    await scene.post(f"/v1/opportunities/{made}/lose", {"reason": "price"})
    return Asked(path={"opportunity_id": made}, body={"reason": "x"}, marks=(made,))


SOLVED = {"solution": "x", "remedy_sought": "repair", "solution_answers_remedy": True, "validity": "upheld"}
WALK: tuple[tuple[str, dict[str, Any]], ...] = (
    ("acknowledge", {}), ("assess", {"severity": "low", "category": "quality"}), ("investigate", {}),
    ("propose", SOLVED), ("approve", {}), ("communicate", {"reached": True}), ("accept", {}), ("resolve", {}),
    ("close", {"confirmed": True}),
)  # fmt: skip


def step(upto: str, body: Mapping[str, Any] | None = None) -> Make:
    """A complaint that has come this far along its path; an empty name: it has just come in."""

    async def make(scene: Scene) -> Asked:
        names = [name for name, _ in WALK]
        taken = WALK[: names.index(upto) + 1] if upto else ()
        made = await scene.complaint(*taken)
        return Asked(path={"complaint_id": made}, body=body, marks=(made,))

    return make


async def _preview(scene: Scene) -> Asked:
    path = {"policy_id": await scene.sla_policy()}
    return Asked(path=path, query={"received_at": "2026-11-20T01:00:00Z"})


async def _new_complaint(scene: Scene) -> Asked:
    return Asked(body={"customer_id": await scene.customer(), "channel": "phone", "subject": "x"})


async def _mailed_complaint(scene: Scene) -> Asked:
    made = await scene.complaint()
    await scene.workspace.owner.execute("UPDATE complaints SET sender = 'claimed' WHERE id = $1", made)
    return Asked(path={"complaint_id": made}, body={"customer_id": None, "reason": "x"}, marks=(made,))


async def _waiting_complaint(scene: Scene) -> Asked:
    made = await scene.complaint(*WALK[:2], ("wait-customer", {"reason": "x"}))
    return Asked(path={"complaint_id": made}, body={}, marks=(made,))


async def _assigned_complaint(scene: Scene) -> Asked:
    made = await scene.complaint()
    body = {"assignee_id": str(scene.person("manager").id)}
    return Asked(path={"complaint_id": made}, body=body, marks=(made,))


def opened_link(body: Mapping[str, Any] | None = None, form: Mapping[str, str] | None = None) -> Make:
    """What whoever has the link to a survey asks."""

    async def make(scene: Scene) -> Asked:
        _, token = await scene.survey_and_link()
        return Asked(path={"token": token}, body=body, form=form)

    return make


_SAID = {"checklist": [{"text": "x", "text_zh": "x"}]}
_STAGES = [{"key": "first", "name": "First", "probability": "0.5"}]

admins = partial(Case, by="admin")
everybodys = partial(Case, by="admin", shared=True)
own = partial(Case, by="admin", shared=True)

CASES: Mapping[str, Case] = {
    "check_liveness": Case(plain()),
    "check_readiness": Case(plain()),
    "read_metrics": Case(plain()),
    "create_token": Case(_sign_in),
    "revoke_token": Case(plain(form={"token": "unknown"})),
    "get_me": own(plain()),
    "update_me": own(plain(body={"language": "en"})),
    "change_password": own(_change_password),
    "list_my_sessions": own(listing("session")),
    "revoke_my_session": Case(item("session_id", "session"), by="admin"),
    "get_workspace": everybodys(plain()),
    "update_workspace": admins(plain(body={"name": "Other"})),
    "list_custom_fields": everybodys(listing("custom_field")),
    "create_custom_field": admins(_new_field),
    "get_custom_field": everybodys(item("field_id", "custom_field")),
    "update_custom_field": admins(item("field_id", "custom_field", {"label": "Other"})),
    "archive_custom_field": admins(item("field_id", "custom_field")),
    "restore_custom_field": admins(after("field_id", "custom_field", "/v1/custom-fields/{}/archive", by="admin")),
    "list_calendars": everybodys(listing("calendar")),
    "create_calendar": admins(plain(body={"name": "Marked", "timezone": "Asia/Shanghai", "week": _WEEK})),
    "get_calendar": everybodys(item("calendar_id", "calendar")),
    "update_calendar": admins(item("calendar_id", "calendar", {"week": _WEEK})),
    "archive_calendar": admins(item("calendar_id", "calendar")),
    "restore_calendar": admins(after("calendar_id", "calendar", "/v1/calendars/{}/archive", by="admin")),
    "list_calendar_days": everybodys(_days_of),
    "put_calendar_day": admins(_day_of({"kind": "holiday"})),
    "remove_calendar_day": admins(_day_of(put=True)),
    "import_holidays": admins(item("calendar_id", "calendar", {"country": "CN", "year": 2026})),
    "import_notice": admins(item("calendar_id", "calendar", {"year": 2027, "csv": "2027-01-01,休"})),
    "get_deadline": everybodys(_deadline),
    "list_users": everybodys(listing("user")),
    "create_user": admins(_new_user),
    "get_user": everybodys(item("user_id", "user")),
    "update_user": admins(_update_user),
    "disable_user": admins(item("user_id", "user")),
    "enable_user": admins(after("user_id", "user", "/v1/users/{}/disable", by="admin")),
    "grant_sensitive": admins(item("user_id", "user")),
    "revoke_sensitive": admins(after("user_id", "user", "/v1/users/{}/grant-sensitive", by="admin")),
    "list_teams": everybodys(listing("team")),
    "create_team": admins(_new_team),
    "get_team": everybodys(item("team_id", "team")),
    "update_team": admins(_update_team),
    "list_api_keys": admins(listing("key")),
    "create_api_key": admins(plain(body={"name": "Marked", "scopes": ["customers:read"]})),
    "get_api_key": admins(item("key_id", "key")),
    "revoke_api_key": admins(item("key_id", "key")),
    "list_customers": Case(listing("customer")),
    "create_customer": Case(_new_customer),
    "merge_customers": Case(_merge, by="manager"),
    "unmerge_customer": Case(_merged, by="manager"),
    "list_customer_duplicates": Case(item("customer_id", "customer")),
    "search_duplicates": Case(plain(body={"name": "Marked"}), shared=True),
    "get_customer": Case(item("customer_id", "customer")),
    "write_customers": Case(_customer_batch, shared=True),
    "update_customer": Case(_update_customer),
    "archive_customer": Case(item("customer_id", "customer")),
    "restore_customer": Case(after("customer_id", "customer", "/v1/customers/{}/archive")),
    "qualify_customer": Case(_reachable_customer),
    "convert_customer": Case(customer_who_is("interested", {"reason": "x"})),
    "lose_customer": Case(item("customer_id", "customer", {"cause": "moved", "evidence": "x"})),
    "win_back_customer": Case(customer_who_is("lost", {"reason": "x"})),
    "list_lifecycle_changes": Case(item("customer_id", "customer")),
    "move_relationship_stage": Case(item("customer_id", "customer", {"to": "exploration", "evidence": "x"})),
    "list_stage_changes": Case(item("customer_id", "customer")),
    "rate_trust": Case(item("customer_id", "customer", TRUST)),
    "list_trust_ratings": Case(item("customer_id", "customer")),
    "get_trust_rating": Case(item("rating_id", "trust_rating")),
    "list_key_proposals": admins(listing("key_proposal")),
    "run_key_proposals": admins(plain()),
    "get_key_proposal": admins(item("proposal_id", "key_proposal")),
    "confirm_key_proposal": admins(item("proposal_id", "key_proposal")),
    "reject_key_proposal": admins(item("proposal_id", "key_proposal", {"reason": "x"})),
    "list_customer_timeline": Case(item("customer_id", "customer")),
    "list_customer_owners": Case(item("customer_id", "customer")),
    "transfer_customer": admins(_transfer),
    "transfer_customers": admins(_transfer_many),
    "get_user_holdings": admins(item("user_id", "user")),
    "list_tags": Case(plain(), shared=True),
    "verify_customer": Case(item("customer_id", "customer")),
    "list_children": Case(item("customer_id", "customer")),
    "get_group": Case(item("customer_id", "customer")),
    "list_links": Case(item("customer_id", "customer")),
    "link_person": Case(_new_link),
    "update_link": Case(partial(_ended_link, body={"position": "x"})),
    "unlink_person": Case(_ended_link),
    "list_contacts": Case(listing("contact")),
    "create_contact": Case(_new_contact),
    "get_contact": Case(item("contact_id", "contact")),
    "update_contact": Case(item("contact_id", "contact", {"title": "x"})),
    "archive_contact": Case(item("contact_id", "contact")),
    "restore_contact": Case(after("contact_id", "contact", "/v1/contacts/{}/archive")),
    "list_consents": Case(_consents_of),
    "record_consent": Case(item("contact_id", "contact", CONSENT)),
    "get_consent_state": Case(item("contact_id", "contact")),
    "erase_contact": admins(item("contact_id", "contact", {"reason": "requested"})),
    "erase_customer": admins(_erase_customer),
    "list_privacy_requests": admins(listing("privacy_request")),
    "receive_privacy_request": admins(_new_privacy_request),
    "get_privacy_request": admins(item("request_id", "privacy_request")),
    "verify_privacy_request": admins(item("request_id", "privacy_request")),
    "fulfill_privacy_request": admins(
        after("request_id", "privacy_request", "/v1/privacy-requests/{}/verify", by="admin")
    ),
    "refuse_privacy_request": admins(item("request_id", "privacy_request", {"reason": "x"})),
    "get_personal_data": admins(item("contact_id", "contact")),
    "get_personal_data_of_customer": admins(_personal_data_of_customer),
    "leave_contact": Case(item("contact_id", "contact")),
    "rejoin_contact": Case(after("contact_id", "contact", "/v1/contacts/{}/leave")),
    "get_stakeholders": Case(item("customer_id", "customer")),
    "get_taboos": Case(_taboos),
    "put_taboos": Case(partial(_taboos, body={"taboos": "x"})),
    "list_interactions": Case(listing("interaction")),
    "log_interaction": Case(_new_interaction),
    "get_interaction": Case(item("interaction_id", "interaction")),
    "update_interaction": Case(item("interaction_id", "interaction", {"note": "x"})),
    "list_notes": Case(listing("note")),
    "create_note": Case(_new_note),
    "get_note": Case(item("note_id", "note")),
    "update_note": Case(item("note_id", "note", {"text": "x"})),
    "archive_note": Case(item("note_id", "note")),
    "restore_note": Case(after("note_id", "note", "/v1/notes/{}/archive")),
    "list_attachments": Case(listing("attachment")),
    "add_attachment": Case(_new_attachment),
    "get_attachment": Case(item("attachment_id", "attachment")),
    "download_attachment": Case(item("attachment_id", "attachment")),
    "archive_attachment": Case(item("attachment_id", "attachment")),
    "restore_attachment": Case(after("attachment_id", "attachment", "/v1/attachments/{}/archive")),
    "list_visits": Case(listing("visit")),
    "plan_visit": Case(_new_visit),
    "get_visit": Case(item("visit_id", "visit")),
    "update_visit": Case(_update_visit),
    "reschedule_visit": Case(item("visit_id", "visit", lambda: hours(5000 + 2 * next(numbers)))),
    "start_unplanned_visit": Case(_start_unplanned),
    "log_visit": Case(_log_visit),
    "list_visit_moves": Case(item("visit_id", "visit")),
    "get_visit_locations": Case(_located_visit),
    "confirm_visit": Case(item("visit_id", "visit")),
    "review_visit": Case(_review_visit, by="manager"),
    "get_location_consent": own(plain()),
    "create_my_feed": own(plain()),
    "get_my_feed": own(_with_feed),
    "revoke_my_feed": own(_with_feed),
    "read_feed": Case(_feed_of_anna),
    "put_location_consent": own(plain(body={"status": "given", "notice_version": "1"})),
    "start_visit": Case(item("visit_id", "visit_today")),
    "complete_visit": Case(_complete_visit),
    "cancel_visit": Case(item("visit_id", "visit", {"reason": "x"})),
    "list_pipelines": everybodys(listing("pipeline")),
    "create_pipeline": admins(plain(body={"name": "Marked", "stages": _STAGES})),
    "get_pipeline": everybodys(item("pipeline_id", "pipeline")),
    "update_pipeline": admins(item("pipeline_id", "pipeline", {"name": "Other"})),
    "put_pipeline_stages": admins(item("pipeline_id", "pipeline", {"stages": _STAGES})),
    "make_default_pipeline": admins(item("pipeline_id", "pipeline")),
    "archive_pipeline": admins(item("pipeline_id", "pipeline")),
    "restore_pipeline": admins(after("pipeline_id", "pipeline", "/v1/pipelines/{}/archive", by="admin")),
    "list_products": everybodys(listing("product")),
    "create_product": admins(plain(body={"name": "Marked"})),
    "get_product": everybodys(item("product_id", "product")),
    "update_product": admins(item("product_id", "product", {"note": "x"})),
    "archive_product": admins(item("product_id", "product")),
    "restore_product": admins(after("product_id", "product", "/v1/products/{}/archive", by="admin")),
    "list_exchange_rates": everybodys(listing("rate")),
    "get_exchange_rate": everybodys(_rate),
    "put_exchange_rate": admins(plain(path={"currency": "USD", "day": "2026-11-22"}, body={"rate": "7"})),
    "list_sla_policies": everybodys(listing("sla_policy")),
    "create_sla_policy": admins(plain(body={"name": "Marked", "severity": "low", "category": "integrity"})),
    "get_sla_policy": everybodys(item("policy_id", "sla_policy")),
    "update_sla_policy": admins(item("policy_id", "sla_policy", {"resolution_minutes": 90})),
    "archive_sla_policy": admins(item("policy_id", "sla_policy")),
    "restore_sla_policy": admins(after("policy_id", "sla_policy", "/v1/sla-policies/{}/archive", by="admin")),
    "preview_sla_policy": everybodys(_preview),
    "list_sla_recounts": everybodys(listing("sla_recount")),
    "get_complaint_clocks": Case(item("complaint_id", "complaint")),
    "explain_complaint_clocks": Case(item("complaint_id", "complaint")),
    "list_complaints": Case(listing("complaint")),
    "receive_complaint": Case(_new_complaint),
    "get_complaint": Case(item("complaint_id", "complaint")),
    "get_complaint_history": Case(item("complaint_id", "complaint")),
    "update_complaint": Case(item("complaint_id", "complaint", {"lot": "x"})),
    "add_corrective_action": Case(item("complaint_id", "complaint", {"title": "x", "due_at": "2090-01-01T00:00:00Z"})),
    "acknowledge_complaint": Case(step("", {})),
    "identify_complainer": Case(_mailed_complaint),
    "assess_complaint": Case(step("acknowledge", {"severity": "high", "category": "quality"})),
    "assign_complaint": Case(_assigned_complaint, by="manager"),
    "investigate_complaint": Case(step("assess", {})),
    "wait_for_customer": Case(step("assess", {"reason": "x"})),
    "resume_complaint": Case(_waiting_complaint),
    "inform_complainer": Case(step("acknowledge", {"note": "x"})),
    "propose_solution": Case(step("investigate", SOLVED)),
    "approve_solution": Case(step("propose", {}), by="manager"),
    "send_solution_back": Case(step("propose", {"reason": "x"})),
    "communicate_decision": Case(step("approve", {"reached": True})),
    "accept_solution": Case(step("communicate", {})),
    "refuse_solution": Case(step("communicate", {"reason": "x"})),
    "implement_solution": Case(step("accept", {})),
    "resolve_complaint": Case(step("accept", {})),
    "attempt_return_visit": Case(step("resolve", {})),
    "close_complaint": Case(step("resolve", {"confirmed": True})),
    "reject_complaint": Case(step("investigate", {"reason": "x", "alternatives_told": "x"})),
    "withdraw_complaint": Case(step("acknowledge", {"reason": "x"})),
    "reopen_complaint": Case(step("close", {"reason": "x"})),
    "list_complaint_advice": everybodys(plain()),
    "get_complaint_advice": everybodys(plain(path={"step": "receive"})),
    "put_complaint_advice": admins(plain(path={"step": "receive"}, body=_SAID)),
    "reset_complaint_advice": admins(plain(path={"step": "receive"})),
    "get_advice_at_hand": Case(item("complaint_id", "complaint")),
    "get_complaint_report": everybodys(plain(query={"group_by": "person"})),
    "list_surveys": Case(listing("survey")),
    "get_survey": Case(item("survey_id", "survey")),
    "hand_over_survey": Case(step("close")),
    "read_survey": Case(opened_link()),
    "answer_survey": Case(opened_link({"csat": 5})),
    "show_survey": Case(opened_link()),
    "send_survey_page": Case(opened_link(form={"csat": "5"})),
    "list_complaint_forms": admins(listing("complaint_form")),
    "create_complaint_form": admins(plain(body={"name": "Marked"})),
    "get_complaint_form": admins(item("form_id", "complaint_form")),
    "update_complaint_form": admins(item("form_id", "complaint_form", {"name": "Other"})),
    "rotate_complaint_form": admins(item("form_id", "complaint_form")),
    "disable_complaint_form": admins(item("form_id", "complaint_form")),
    "enable_complaint_form": admins(after("form_id", "complaint_form", "/v1/complaint-forms/{}/disable", by="admin")),
    "list_complaint_inboxes": admins(listing("complaint_inbox")),
    "create_complaint_inbox": admins(plain(body={"name": "Marked"})),
    "get_complaint_inbox": admins(item("inbox_id", "complaint_inbox")),
    "update_complaint_inbox": admins(item("inbox_id", "complaint_inbox", {"name": "Other"})),
    "rotate_complaint_inbox_secret": admins(item("inbox_id", "complaint_inbox")),
    "disable_complaint_inbox": admins(item("inbox_id", "complaint_inbox")),
    "enable_complaint_inbox": admins(
        after("inbox_id", "complaint_inbox", "/v1/complaint-inboxes/{}/disable", by="admin")
    ),
    "get_public_complaint_form": Case(_public_form),
    "submit_public_complaint": Case(_public_form),
    "get_public_complaint": Case(_public_complaint),
    "hand_over_mail": Case(_a_mail),
    "list_opportunities": Case(listing("opportunity")),
    "create_opportunity": Case(_new_opportunity),
    "write_opportunities": Case(_opportunity_batch, shared=True),
    "list_collaborators": Case(item("opportunity_id", "opportunity")),
    "put_collaborator": Case(_collaborator({"role": "x"})),
    "remove_collaborator": Case(_collaborator(put=True)),
    "list_comments": Case(listing("comment")),
    "create_comment": Case(_new_comment),
    "get_comment": Case(item("comment_id", "comment")),
    "update_comment": Case(item("comment_id", "admins_comment", {"text": "x"}), by="admin"),
    "remove_comment": Case(item("comment_id", "comment")),
    "get_opportunity": Case(item("opportunity_id", "opportunity")),
    "update_opportunity": Case(_update_opportunity),
    "archive_opportunity": Case(item("opportunity_id", "opportunity")),
    "restore_opportunity": Case(after("opportunity_id", "opportunity", "/v1/opportunities/{}/archive")),
    "advance_opportunity": Case(item("opportunity_id", "opportunity", {"to": "second"})),
    "step_opportunity_back": Case(item("opportunity_id", "advanced_opportunity", {"reason": "x"})),
    "win_opportunity": Case(item("opportunity_id", "opportunity", {})),
    "lose_opportunity": Case(item("opportunity_id", "opportunity", {"reason": "price"})),
    "hold_opportunity": Case(item("opportunity_id", "opportunity", {"resume_on": "2090-01-01"})),
    "resume_opportunity": Case(
        after("opportunity_id", "opportunity", "/v1/opportunities/{}/hold", {"resume_on": "2090-01-01"})
    ),
    "reopen_opportunity": Case(_lost_opportunity, by="manager"),
    "get_stage_history": Case(item("opportunity_id", "opportunity")),
    "put_opportunity_items": Case(_new_items),
    "list_opportunity_stakeholders": Case(item("opportunity_id", "opportunity")),
    "put_opportunity_stakeholder": Case(_stake({"influence": 5})),
    "remove_opportunity_stakeholder": Case(_stake(put=True)),
    "review_opportunity": Case(item("opportunity_id", "opportunity")),
    "put_opportunity_checks": Case(_checks),
    "get_board": everybodys(item("pipeline_id", "pipeline")),
    "move_card": Case(_card),
    "list_flagged_opportunities": Case(listing("opportunity")),
    "get_hygiene": Case(item("opportunity_id", "opportunity")),
    "get_forecast": everybodys(plain(query={"by": "owner"})),
    "get_forecast_changes": everybodys(_kept_days({"from": "2026-01-02", "to": "2026-01-03"})),
    "get_sales_report": everybodys(plain(query={"by": "owner"})),
    "get_pipeline_report": everybodys(plain(query={"by": "owner"})),
    "get_forecast_accuracy": everybodys(_kept_days({"as_of": "2026-01-02", "period": "2026-01"})),
    "list_targets": Case(listing("target")),
    "create_target": admins(plain(body={"kind": "month", "starts_on": "2026-12-01", "amount": "5"})),
    "get_target": Case(item("target_id", "target")),
    "update_target": admins(item("target_id", "target", {"amount": "6"})),
    "archive_target": admins(item("target_id", "target")),
    "restore_target": admins(after("target_id", "target", "/v1/targets/{}/archive", by="admin")),
    "list_task_series": Case(listing("task_series")),
    "create_task_series": Case(_new_series),
    "get_task_series": Case(item("series_id", "task_series")),
    "update_task_series": Case(item("series_id", "task_series", {"title": "Other"})),
    "end_task_series": Case(item("series_id", "task_series")),
    "list_task_chains": everybodys(listing("task_chain")),
    "create_task_chain": admins(plain(body=CHAIN)),
    "get_task_chain": everybodys(item("chain_id", "task_chain")),
    "update_task_chain": admins(item("chain_id", "task_chain", {"name": "Other"})),
    "archive_task_chain": admins(item("chain_id", "task_chain")),
    "restore_task_chain": admins(after("chain_id", "task_chain", "/v1/task-chains/{}/archive", by="admin")),
    "start_task_chain": Case(_start_chain),
    "list_task_rules": everybodys(listing("task_rule")),
    "list_task_rule_conditions": everybodys(plain()),
    "create_task_rule": admins(plain(body=RULE)),
    "dry_run_new_task_rule": admins(plain(body=RULE)),
    "get_task_rule": everybodys(item("rule_id", "task_rule")),
    "update_task_rule": admins(item("rule_id", "task_rule", {"name": "Other"})),
    "enable_task_rule": admins(after("rule_id", "task_rule", "/v1/task-rules/{}/disable", by="admin")),
    "disable_task_rule": admins(item("rule_id", "task_rule")),
    "dry_run_task_rule": admins(item("rule_id", "task_rule")),
    "list_task_rule_runs": everybodys(item("rule_id", "task_rule")),
    "list_absences": Case(listing("absence")),
    "plan_absence": Case(_new_absence),
    "get_absence": Case(item("absence_id", "absence")),
    "cancel_absence": Case(item("absence_id", "absence")),
    "list_visit_plans": Case(listing("visit_plan")),
    "propose_visit_plan": Case(_new_visit_plan),
    "get_visit_plan": Case(item("plan_id", "visit_plan")),
    "list_visit_plan_lines": Case(item("plan_id", "visit_plan")),
    "regenerate_visit_plan": Case(item("plan_id", "visit_plan")),
    "adjust_visit_plan": Case(_adjust_visit_plan),
    "approve_visit_plan": Case(item("plan_id", "visit_plan"), by="manager"),
    "get_day": Case(_day),
    "get_route": Case(_day),
    "get_coverage": Case(plain(query={"from": "2026-11-01", "to": "2026-11-30"}), shared=True),
    "get_call_list": Case(_call_list),
    "keep_call": Case(item("customer_id", "customer", {"next_call_on": "2027-01-04"})),
    "get_pressure": Case(item("customer_id", "customer")),
    "list_tasks": Case(listing("task")),
    "create_task": Case(_new_task),
    "get_task": Case(item("task_id", "task")),
    "update_task": Case(_update_task),
    "complete_task": Case(item("task_id", "task")),
    "cancel_task": Case(item("task_id", "task", {"reason": "x"})),
    "snooze_task": Case(item("task_id", "task", lambda: {"until": at(72)})),
    "reassign_task": Case(_reassign_task),
    "list_reminders": Case(listing("reminder")),
    "get_reminder": Case(item("reminder_id", "reminder")),
    "create_reminder": Case(_new_reminder),
    "update_reminder": Case(item("reminder_id", "personal_reminder", {"title": "x"})),
    "cancel_reminder": Case(item("reminder_id", "personal_reminder")),
    "snooze_reminder": Case(item("reminder_id", "personal_reminder", lambda: {"until": at(72)})),
    "acknowledge_reminder": Case(item("reminder_id", "fired_reminder")),
    "explain_reminder": Case(item("reminder_id", "reminder")),
    "list_notifications": Case(listing("notification")),
    "count_unread_notifications": Case(plain(), shared=True),
    "read_all_notifications": Case(plain(), shared=True),
    "read_notification": Case(item("notification_id", "notification")),
    "list_notification_channels": Case(listing("channel")),
    "create_notification_channel": Case(_new_channel, shared=True),
    "get_notification_channel": Case(item("channel_id", "channel")),
    "update_notification_channel": Case(item("channel_id", "channel", {"name": "Other"})),
    "verify_notification_channel": Case(_unverified_channel),
    "enable_notification_channel": Case(after("channel_id", "channel", "/v1/notification-channels/{}/disable")),
    "disable_notification_channel": Case(item("channel_id", "channel")),
    "remove_notification_channel": Case(item("channel_id", "channel")),
    "test_notification_channel": Case(item("channel_id", "channel")),
    "list_notification_messages": Case(listing("message")),
    "get_notification_message": Case(item("message_id", "message")),
    "retry_notification_message": Case(item("message_id", "dead_message")),
    "unsubscribe": Case(_got_a_mail),
    "list_events": admins(listing("event")),
    "get_event": admins(item("event_id", "event")),
    "list_imports": Case(listing("file_import")),
    "start_import": Case(plain(files=a_file()), shared=True),
    "preview_import": Case(plain(files=a_file()), shared=True),
    "get_import": Case(item("import_id", "file_import")),
    "list_import_problems": Case(item("import_id", "file_import")),
    "download_import_problems": Case(item("import_id", "file_import")),
    "list_import_leftovers": Case(item("import_id", "file_import")),
    "commit_import": Case(item("import_id", "draft_import")),
    "undo_import": Case(item("import_id", "finished_import")),
    "list_exports": admins(listing("export")),
    "create_export": admins(plain(body={"noun": "customers"})),
    "get_export": admins(item("export_id", "export")),
    "download_export": admins(item("export_id", "finished_export")),
    "list_webhook_endpoints": admins(listing("endpoint")),
    "create_webhook_endpoint": admins(plain(body={"url": "https://example.com/marked", "types": ["*"]})),
    "get_webhook_endpoint": admins(item("endpoint_id", "endpoint")),
    "update_webhook_endpoint": admins(item("endpoint_id", "endpoint", {"description": "x"})),
    "enable_webhook_endpoint": admins(after("endpoint_id", "endpoint", "/v1/webhook-endpoints/{}/disable", by="admin")),
    "disable_webhook_endpoint": admins(item("endpoint_id", "endpoint")),
    "rotate_webhook_secret": admins(item("endpoint_id", "endpoint")),
    "test_webhook_endpoint": admins(item("endpoint_id", "endpoint")),
    "recover_webhook_deliveries": admins(item("endpoint_id", "endpoint", lambda: {"since": at(-1)})),
    "list_webhook_deliveries": admins(item("endpoint_id", "endpoint")),
    "get_webhook_delivery": admins(item("delivery_id", "delivery")),
    "retry_webhook_delivery": admins(item("delivery_id", "delivery")),
}
