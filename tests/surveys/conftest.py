"""A house that closes complaints, asks how it went, and has a mail server to ask over."""

import re
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.worker.publishing import publish_facts
from services.worker.reacting import react
from services.worker.surveying import send_surveys
from tests.channels.conftest import Office, office
from tests.complaint_reports.complaining import put
from tests.conftest import Client

__all__ = ["office"]

LINK = re.compile(r"https://rapport\.example/v1/public/surveys/([A-Za-z0-9_-]{66})/page")


@dataclass
class House:
    """An office, and those who complain to it."""

    office: Office

    @property
    def owner(self) -> asyncpg.Connection:
        """Sees everything."""
        return self.office.owner

    @property
    def service(self) -> Client:
        """Who handles complaints."""
        return self.office.client(self.office.home.service)

    def stranger(self, address: str = "192.0.2.7", language: str = "en") -> Client:
        """Whoever has the link."""
        client = Client(self.office.running, None, address)
        client.headers["accept-language"] = language
        return client

    async def person(self, *, email: str | None = "li@customer.example", consent: bool = True) -> UUID:
        """Somebody at a customer of Anna's, who may be asked unless said otherwise."""
        anna = self.office.anna
        customer = (await anna.post("/v1/customers", json={"name": f"Customer {uuid4().hex}"})).json()["id"]
        new = {"customer_id": customer, "name": "Li Lei", "emails": [email] if email else []}
        made = await anna.post("/v1/contacts", json=new)
        assert made.status_code == 201, made.text
        contact = made.json()["id"]
        if consent:
            await self.consent(contact, "given")
        return UUID(contact)

    async def consent(self, contact_id: Any, status: str) -> None:
        """What they said to being asked."""
        said = {"purpose": "surveys", "status": status, "channel": "call", "notice_version": "1"}
        response = await self.office.anna.post(f"/v1/contacts/{contact_id}/consents", json=said)
        assert response.status_code == 201, response.text

    async def resolved(self, contact_id: UUID | None = None, **more: Any) -> UUID:
        """A complaint that only waits to be closed."""
        home = self.office.home
        customer = await self.owner.fetchval("SELECT customer_id FROM contacts WHERE id = $1", contact_id)
        known = {"customer_id": customer, "contact_id": contact_id, "assignee_id": home.service.id, "severity": "low"}
        return await put(home, state="resolved", **{**known, **more})

    async def close(self, complaint_id: UUID) -> None:
        """The return visit was made."""
        response = await self.service.post(f"/v1/complaints/{complaint_id}/close", json={"confirmed": True})
        assert response.status_code == 200, response.text

    async def closed(self, contact_id: UUID | None = None, **more: Any) -> UUID:
        """A complaint that is over, with all that follows from that."""
        complaint = await self.resolved(contact_id, **more)
        await self.close(complaint)
        await self.settle()
        return complaint

    async def settle(self) -> None:
        """What follows from what happened."""
        while await publish_facts(self.office.worker) or await react(self.office.worker):
            pass

    async def pass_time(self, by: timedelta = timedelta(days=1)) -> None:
        """Wind the clock on for what is to be mailed."""
        await self.owner.execute(
            "UPDATE owed_surveys SET next_at = next_at - $1::interval, leased_until = leased_until - $1::interval", by
        )

    async def mail(self) -> None:
        """Mail what is due, as the worker's round does."""
        while await send_surveys(self.office.worker):
            pass

    async def asked(self, contact_id: UUID | None = None) -> tuple[UUID, str]:
        """A closed complaint, and the link that came by mail."""
        complaint = await self.closed(contact_id or await self.person())
        await self.pass_time()
        await self.mail()
        return complaint, self.link_in(self.office.mail.got[-1])

    def link_in(self, letter: EmailMessage) -> str:
        """The token of the link in a letter."""
        found = set(LINK.findall(letter.get_content()))
        assert len(found) == 1, letter
        return str(found.pop())

    async def surveys(self, complaint_id: UUID) -> list[dict[str, Any]]:
        """The surveys of a complaint, as those see them who handle it."""
        response = await self.service.get("/v1/surveys", params={"complaint_id": str(complaint_id)})
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["data"]
        return found

    async def survey(self, complaint_id: UUID) -> dict[str, Any]:
        """The only survey of a complaint."""
        (found,) = await self.surveys(complaint_id)
        return found

    async def types(self, noun: str = "survey") -> list[str]:
        """What happened to surveys, in order."""
        rows = await self.owner.fetch("SELECT type FROM events WHERE subject_type = $1 ORDER BY id", noun)
        return [row["type"] for row in rows]


@pytest.fixture(name="house")
def _house(office: Office) -> House:
    return House(office)
