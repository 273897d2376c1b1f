"""A workspace with people who can make things in it: one of each kind, through the front door."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from crm.workspaces.passwords import hash_password
from services.storage import export_key
from tests.conftest import Client, Clients
from tests.factories import Person, Workspace

numbers = count(1)

SERIES = {"title": "Marked", "rrule": "FREQ=DAILY", "first_at": "2027-01-04T09:00"}
CHAIN = {"name": "Marked", "steps": [{"title": "Call {customer}", "count": 1}]}
RULE = {
    "name": "Marked",
    "trigger": {"kind": "nightly", "condition": "long_absent", "parameters": {"days": 90}},
    "action": {"title": {"en": "Call {customer}"}},
}

TRUST = {"credibility": 8, "reliability": 7, "intimacy": 6, "self_orientation": 3}

PASSWORD = "correct horse battery"


def at(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def hours(start: float) -> dict[str, str]:
    return {"planned_start": at(start), "planned_end": at(start + 1)}


def a_file() -> dict[str, Any]:
    return {"file": ("customers.csv", b"name\nMarked\n", "text/csv")}


@dataclass
class Scene:
    """A workspace with people who can make things in it."""

    workspace: Workspace
    clients: Clients
    seller: str = "anna"
    """Whose the customers are and all that belongs to them."""

    @property
    def seller_id(self) -> str:
        """Their id."""
        return str(self.person(self.seller).id)

    def person(self, name: str) -> Person:
        """One of the six people."""
        found: Person = getattr(self.workspace, name)
        return found

    def client(self, name: str) -> Client:
        """One of the six people, at the keyboard."""
        return self.clients(self.person(name).token)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, *, by: str = "") -> dict[str, Any]:
        """Make something, or do something with it."""
        response = await self.client(by or self.seller).post(path, json=body)
        assert response.status_code in {200, 201}, (path, response.text)
        made: dict[str, Any] = response.json()
        return made

    async def customer(self) -> str:
        """A customer of Anna's."""
        return str((await self.post("/v1/customers", {"name": f"Marked {next(numbers)}"}))["id"])

    async def key_proposal(self) -> str:
        """A customer of Anna's whom the numbers want to be a key customer."""
        made = (await self.post("/v1/customers", {"name": f"Marked {next(numbers)}", "influence": 5}))["id"]
        await self.post("/v1/key-proposals/run", by="admin")
        return str(await self._id_in("key_proposals", "customer_id", made))

    async def trust_rating(self) -> str:
        """How much a customer of Anna's trusts us."""
        return str((await self.post(f"/v1/customers/{await self.customer()}/trust-ratings", TRUST))["id"])

    async def person_customer(self) -> str:
        """A customer of Anna's who is a person."""
        return str((await self.post("/v1/customers", {"name": f"Marked {next(numbers)}", "kind": "person"}))["id"])

    async def contact(self, customer_id: str | None = None) -> str:
        """A person at a customer of Anna's."""
        at = customer_id or await self.customer()
        return str((await self.post("/v1/contacts", {"customer_id": at, "name": "Marked"}))["id"])

    async def interaction(self) -> str:
        """A call of Anna's."""
        body = {"customer_id": await self.customer(), "channel": "call", "outcome": "reached"}
        return str((await self.post("/v1/interactions", body))["id"])

    async def visit(self, customer_id: str | None = None, contacts: tuple[str, ...] = ()) -> str:
        """A visit that Anna plans, at an hour of its own."""
        at = customer_id or await self.customer()
        body = {"customer_id": at, "contact_ids": list(contacts), "purpose": "care", **hours(24 + 2 * next(numbers))}
        return str((await self.post("/v1/visits", body))["id"])

    async def visit_today(self, customer_id: str | None = None, **more: str) -> str:
        """A visit that Anna can make now."""
        at = customer_id or await self.customer()
        body = {"customer_id": at, "purpose": "care", "allow_overlap": True, **hours(0), **more}
        return str((await self.post("/v1/visits", body))["id"])

    async def visit_plan(self) -> str:
        """Anna's plan of some month."""
        return str((await self.post("/v1/visit-plans", {"month": f"{2027 + next(numbers) % 900}-01-01"}))["id"])

    async def absence(self) -> str:
        """A day that Anna is away."""
        day = date(2030, 1, 1) + timedelta(days=next(numbers))
        return str((await self.post("/v1/absences", {"first_day": str(day), "last_day": str(day)}))["id"])

    async def task(self) -> str:
        """A task of Anna's, due tomorrow."""
        subject = {"type": "customer", "id": await self.customer()}
        return str((await self.post("/v1/tasks", {"title": "Marked", "subject": subject, "due_at": at(24)}))["id"])

    async def task_series(self) -> str:
        """A task of Anna's that repeats."""
        subject = {"type": "customer", "id": await self.customer()}
        return str((await self.post("/v1/task-series", SERIES | {"subject": subject}))["id"])

    async def task_chain(self) -> str:
        """A chain of tasks."""
        return str((await self.post("/v1/task-chains", CHAIN, by="admin"))["id"])

    async def task_rule(self) -> str:
        """A rule that makes tasks."""
        return str((await self.post("/v1/task-rules", RULE, by="admin"))["id"])

    async def note(self) -> str:
        """A note of Anna's about a customer."""
        subject = {"type": "customer", "id": await self.customer()}
        return str((await self.post("/v1/notes", {"subject": subject, "text": "Marked"}))["id"])

    async def attachment(self) -> str:
        """A file of Anna's on a customer."""
        form = {"subject_type": "customer", "subject_id": await self.customer()}
        file = {"file": ("marked.txt", b"Marked", "text/plain")}
        response = await self.client(self.seller).post("/v1/attachments", data=form, files=file)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    async def user(self) -> str:
        """A colleague."""
        body = {"email": f"marked{next(numbers)}@example.com", "name": "Marked", "role": "sales"}
        return str((await self.post("/v1/users", body, by="admin"))["id"])

    async def custom_field(self) -> str:
        """A field of the workspace's own."""
        body = {"noun": "customer", "key": f"marked_{next(numbers)}", "label": "Marked", "type": "text"}
        return str((await self.post("/v1/custom-fields", body, by="admin"))["id"])

    async def calendar(self) -> str:
        """A calendar."""
        week = [{"weekday": 1, "opens": "09:00", "closes": "12:00"}]
        body = {"name": f"Marked {next(numbers)}", "timezone": "Asia/Shanghai", "week": week}
        return str((await self.post("/v1/calendars", body, by="admin"))["id"])

    async def pipeline(self) -> str:
        """A pipeline, which asks nothing."""
        stages = [{"key": key, "name": key, "probability": "0.5"} for key in ("first", "second")]
        element = {"key": "pain", "name": "Pain"}
        checklists = [{"key": "meddic", "name": "MEDDIC", "elements": [element]}]
        body = {"name": f"Marked {next(numbers)}", "stages": stages, "checklists": checklists}
        return str((await self.post("/v1/pipelines", body, by="admin"))["id"])

    async def opportunity(self, customer_id: str | None = None, stage: str = "first") -> str:
        """A sale of Anna's."""
        at = customer_id or await self.customer()
        worth = {"amount": "100.00", "currency": "CNY"}
        body = {"customer_id": at, "name": "Marked", "pipeline_id": await self.pipeline(), "amount": worth}
        return str((await self.post("/v1/opportunities", {**body, "stage": stage}))["id"])

    async def comment(self) -> str:
        """What Anna says of a sale of hers."""
        body = {"opportunity_id": await self.opportunity(), "text": "Marked"}
        return str((await self.post("/v1/comments", body))["id"])

    async def admins_comment(self) -> str:
        """What the administrator says of a sale of Anna's."""
        body = {"opportunity_id": await self.opportunity(), "text": "Marked"}
        return str((await self.post("/v1/comments", body, by="admin"))["id"])

    async def advanced_opportunity(self) -> str:
        """A sale of Anna's that has come further."""
        return await self.opportunity(stage="second")

    async def target(self) -> str:
        """What Anna is to sell in a month."""
        number = next(numbers)
        month = f"{2000 + number // 12 % 90}-{number % 12 + 1:02}-01"
        body = {"kind": "month", "starts_on": month, "amount": "5", "owner_id": str(self.person(self.seller).id)}
        return str((await self.post("/v1/targets", body, by="admin"))["id"])

    async def sla_policy(self) -> str:
        """What is promised for some cases; each time for others."""
        n = next(numbers)
        classes, categories = ("key", "potential", "ordinary"), ("quality", "service", "price", "delivery", "other")
        cases = {"customer_class": classes[n // 4 % 3], "category": categories[n // 12 % 5]}
        severity = ("critical", "high", "medium", "low")[n % 4]
        body = {"name": "Marked", "severity": severity, "resolution_minutes": 60, **cases}
        return str((await self.post("/v1/sla-policies", body, by="admin"))["id"])

    async def sla_recount(self) -> str:
        """Clocks that are to be worked out anew."""
        await self.sla_policy()
        listed = await self.client("admin").get("/v1/sla-recounts")
        return str(listed.json()["data"][0]["id"])

    async def complaint(self, *verbs: tuple[str, dict[str, Any]]) -> str:
        """A complaint of a customer of Anna's, who looks into it; with these steps taken."""
        body = {"customer_id": await self.customer(), "channel": "phone", "subject": "Marked", "category": "quality"}
        made = str((await self.post("/v1/complaints", {**body, "assignee_id": self.seller_id}))["id"])
        for verb, sent in verbs:
            await self.post(f"/v1/complaints/{made}/{verb}", sent, by="admin" if verb == "approve" else "")
        return made

    async def survey(self) -> str:
        """How it went, asked of whoever complained to Anna."""
        return (await self.survey_and_link())[0]

    async def survey_and_link(self) -> tuple[str, str]:
        """The same, with the token of its link."""
        made = await self.complaint()
        await self.workspace.owner.execute(
            "UPDATE complaints SET state = 'closed', closed_at = now(), closed_because = 'confirmed' WHERE id = $1",
            made,
        )
        survey = await self.post(f"/v1/complaints/{made}/survey")
        return survey["id"], survey["url"].rsplit("/", 2)[1]

    async def product(self) -> str:
        """A product."""
        return str((await self.post("/v1/products", {"name": f"Marked {next(numbers)}"}, by="admin"))["id"])

    async def rate(self) -> str:
        """What a dollar was worth on a day."""
        path = f"/v1/exchange-rates/USD/{date(2026, 1, 1) + timedelta(days=next(numbers))}"
        return str((await self.client("admin").put(path, json={"rate": "7"})).json()["id"])

    async def team(self) -> str:
        """A team."""
        return str((await self.post("/v1/teams", {"name": "Marked"}, by="admin"))["id"])

    async def key(self) -> str:
        """An API key."""
        body = {"name": "Marked", "scopes": ["customers:read"]}
        return str((await self.post("/v1/api-keys", body, by="admin"))["id"])

    async def complaint_form(self) -> str:
        """A public form for complaints."""
        return str((await self.post("/v1/complaint-forms", {"name": "Marked"}, by="admin"))["id"])

    async def complaint_inbox(self) -> str:
        """A mailbox for complaints."""
        return str((await self.post("/v1/complaint-inboxes", {"name": "Marked"}, by="admin"))["id"])

    async def endpoint(self) -> str:
        """A webhook endpoint."""
        body = {"url": "https://example.com/marked", "types": ["*"]}
        return str((await self.post("/v1/webhook-endpoints", body, by="admin"))["id"])

    async def delivery(self) -> str:
        """Something on its way to a webhook endpoint."""
        return str((await self.post(f"/v1/webhook-endpoints/{await self.endpoint()}/test", by="admin"))["id"])

    async def file_import(self) -> str:
        """An import of Anna's."""
        response = await self.client(self.seller).post("/v1/imports", files=a_file())
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    async def privacy_request(self) -> str:
        """What a person asked about their data."""
        body = {"contact_id": await self.contact(), "kind": "access"}
        return str((await self.post("/v1/privacy-requests", body, by="admin"))["id"])

    async def draft_import(self) -> str:
        """An import of Anna's that waits for her."""
        response = await self.client(self.seller).post("/v1/imports", files=a_file(), data={"commit": "false"})
        return str(response.json()["id"])

    async def finished_import(self) -> str:
        """An import of Anna's that is over."""
        made = await self.file_import()
        await self.workspace.owner.execute("UPDATE imports SET state = 'done' WHERE id = $1", made)
        return made

    async def export(self) -> str:
        """An export of the administrator's."""
        response = await self.client("admin").post("/v1/exports", json={"noun": "customers"})
        return str(response.json()["id"])

    async def finished_export(self) -> str:
        """An export with its file."""
        made = await self.export()
        await self.workspace.owner.execute(
            "UPDATE exports SET state = 'done', expires_at = now() + interval '1 hour' WHERE id = $1", made
        )
        path = self.clients.running.app.state.settings.data_dir / export_key(self.workspace.id, UUID(made), "csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"id\n{made}\n")
        return made

    async def reminder(self) -> str:
        """The reminder of a task of Anna's."""
        return str(await self._id_in("reminders", "subject_id", await self.task()))

    async def personal_reminder(self) -> str:
        """A reminder of Anna's about a customer."""
        subject = {"type": "customer", "id": await self.customer()}
        body = {"title": "Marked", "subject": subject, "fire_at": at(24)}
        return str((await self.post("/v1/reminders", body))["id"])

    async def fired_reminder(self) -> str:
        """A reminder of Anna's that was said."""
        made = await self.personal_reminder()
        fired = "UPDATE reminders SET state = 'fired', fired_at = now() WHERE id = $1"
        await self.workspace.owner.execute(fired, made)
        return made

    async def event(self) -> str:
        """The fact that a customer of Anna's was created."""
        return str(await self._id_in("events", "subject_id", await self.customer()))

    async def notification(self) -> str:
        """Something that Anna was told."""
        made = await self.workspace.owner.fetchval(
            "INSERT INTO notifications (workspace_id, user_id, kind, title, subject_type, subject_id, dedupe_key) "
            "VALUES ($1, $2, 'reminder', 'Marked', 'task', $3, $4) RETURNING id",
            self.workspace.id,
            self.person(self.seller).id,
            uuid4(),
            str(uuid4()),
        )
        return str(made)

    async def channel(self) -> str:
        """A channel of Anna's."""
        body = {"kind": "webhook", "url": f"https://example.com/marked/{uuid4()}"}
        return str((await self.post("/v1/notification-channels", body))["id"])

    async def message(self) -> str:
        """A message on its way over a channel of Anna's."""
        return str((await self.post(f"/v1/notification-channels/{await self.channel()}/test"))["id"])

    async def dead_message(self) -> str:
        """A message that was given up."""
        made = await self.message()
        await self.workspace.owner.execute("UPDATE notification_messages SET state = 'dead' WHERE id = $1", made)
        return made

    async def session(self) -> str:
        """Another place where the admin is signed in."""
        made = await self.workspace.owner.fetchval(
            "INSERT INTO sessions (workspace_id, user_id, refresh_hash, idle_until, valid_until) "
            "VALUES ($1, $2, $3, now() + interval '1 day', now() + interval '1 day') RETURNING id",
            self.workspace.id,
            self.workspace.admin.id,
            uuid4().bytes,
        )
        return str(made)

    async def give_password(self, name: str) -> None:
        """Let someone sign in by ``PASSWORD``."""
        await self.workspace.owner.execute(
            "UPDATE users SET password_hash = $3 WHERE workspace_id = $1 AND id = $2",
            self.workspace.id,
            self.person(name).id,
            await hash_password(PASSWORD),
        )

    async def give_sensitive_right(self, *names: str) -> None:
        """Let people read what is sensitive."""
        await self.workspace.owner.execute(
            "UPDATE users SET may_read_sensitive = true, permission_version = permission_version + 1 "
            "WHERE workspace_id = $1 AND id = ANY($2)",
            self.workspace.id,
            [self.person(name).id for name in names],
        )

    async def _id_in(self, table: str, column: str, value: str) -> Any:
        return await self.workspace.owner.fetchval(
            f"SELECT id FROM {table} WHERE workspace_id = $1 AND {column} = $2", self.workspace.id, value
        )
