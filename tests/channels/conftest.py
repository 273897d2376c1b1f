"""A stage of one's own with everything between a notification and an eye: API, worker, robots, a mail server."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from functools import cache
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest_asyncio
from aiosmtpd.smtp import SMTP, Envelope, Session

from crm.database import Database
from services.api.main import create_app
from services.api.openapi import published
from services.worker.dispatching import owe_messages, send_messages
from services.worker.messages import open_queue
from services.worker.outbound import Outbound
from services.worker.rounds import Worker
from tests.conftest import SECRET_KEY, Client, Running, Stage
from tests.factories import Person, Workspace, found_workspace

DEADLINE = 0.4
"""Seconds that the other side gets in these tests."""


@dataclass
class Said:
    """One call a robot or a webhook got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        """The body, read."""
        return orjson.loads(self.body)

    @property
    def text(self) -> str:
        """What the group reads."""
        told = self.told
        return str((told.get("text") or told["content"]).get("content") or told["content"]["text"])


@dataclass
class Robot:
    """A platform that robots live on. It answers well, in the manner of its kind, unless the test says otherwise."""

    port: int = 0
    got: list[Said] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    """What it says next, in order; then it is well again."""
    before: Callable[[Said], Awaitable[None]] | None = None

    def url(self, key: str = "a-key-that-nobody-knows") -> str:
        """The address of one of its robots."""
        return f"http://127.0.0.1:{self.port}/robot/send?key={key}"

    def says(self, *codes: int, member: str = "errcode", status: int = 200) -> None:
        """Answer with these codes first."""
        self.answers += [(status, orjson.dumps({member: code, "errmsg": "no"})) for code in codes]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One call."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers["content-length"]))
            said = Said(first.split(" ")[1], headers, body)
            self.got.append(said)
            if self.before:
                await self.before(said)
            status, answer = self.answers.pop(0) if self.answers else (200, b'{"errcode":0,"code":0,"errmsg":"ok"}')
            writer.write(f"HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {len(answer)}\r\n\r\n".encode())
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass
class MailServer:
    """A mail server that speaks SMTP, well or badly."""

    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)
    rcpt: list[str] = field(default_factory=list)
    """What it answers to RCPT next; then it is well again."""
    data: list[str] = field(default_factory=list)
    """What it answers after DATA next: a reply, ``hang``, ``drop`` (unseen) or ``keep and drop``."""

    async def handle_RCPT(  # noqa: N802  the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Who it is for."""
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's own name
        """The message itself."""
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer == "hang":
            await asyncio.sleep(DEADLINE * 3)
            return "250 too late"
        if answer in {"250 OK", "keep and drop"}:
            content = cast(bytes, envelope.content)
            self.got.append(email.message_from_bytes(content, policy=email.policy.default))
        if answer.endswith("drop"):
            server.transport.abort()  # type: ignore[union-attr]  # there is one while it talks
        return answer


@dataclass
class Office:
    """Everything between a notification and a person's eye."""

    stage: Stage
    home: Workspace
    running: Running
    worker: Worker
    robot: Robot
    mail: MailServer
    stack: AsyncExitStack

    @property
    def owner(self) -> asyncpg.Connection:
        """Sees everything."""
        return self.stage.owner

    def client(self, who: Person) -> Client:
        """Somebody at the keyboard."""
        return Client(self.running, who.token)

    @property
    def anna(self) -> Client:
        """The one who is mostly told."""
        return self.client(self.home.anna)

    async def channel(self, who: Person | None = None, **body: Any) -> dict[str, Any]:
        """A new channel; a WeCom robot of Anna's unless said otherwise."""
        new = {"kind": "wecom", **body}
        if new["kind"] != "email" and "url" not in new:
            new["url"] = self.robot.url(uuid4().hex)
        response = await self.client(who or self.home.anna).post("/v1/notification-channels", json=new)
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        return found

    async def task(self, who: Person | None = None) -> str:
        """A task that somebody has, and sees."""
        client = self.client(who or self.home.anna)
        customer = await client.post("/v1/customers", json={"name": f"Customer {uuid4().hex}"})
        subject = {"type": "customer", "id": customer.json()["id"]}
        made = await client.post(
            "/v1/tasks", json={"title": "x", "subject": subject, "due_at": "2030-01-01T00:00:00Z", "reminders": []}
        )
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def remind(
        self, *titles: str, who: Person | None = None, task_id: str | None = None, home: Workspace | None = None
    ) -> list[UUID]:
        """Notifications as firing writes them, about a task of that person's."""
        person = who or self.home.anna
        about = task_id or await self.task(person)
        return [
            await self.owner.fetchval(
                "INSERT INTO notifications (workspace_id, user_id, kind, title, subject_type, subject_id, dedupe_key) "
                "VALUES ($1, $2, 'reminder', $3, 'task', $4, $5) RETURNING id",
                (home or self.home).id,
                person.id,
                title,
                UUID(about),
                uuid4().hex,
            )
            for title in titles
        ]

    async def owe(self) -> None:
        """Write down what is owed."""
        while await owe_messages(self.worker):
            pass

    async def tell(self, worker: Worker | None = None) -> None:
        """Tell every channel whose turn it is, until nobody waits."""
        at = worker or self.worker
        while True:
            more = await send_messages(at)
            under_way = list(at.messages)
            if under_way:
                await asyncio.gather(*under_way)
            if not more and not under_way:
                return

    async def pass_time(self, by: timedelta = timedelta(seconds=11)) -> None:
        """Wind the clock on: every moment that channels and messages keep is so much longer ago."""
        for table, columns in {
            "notification_channels": ["next_at", "leased_until", "failing_since", "code_sent_at"],
            "notification_items": ["due_at"],
            "notification_messages": ["next_attempt_at", "last_attempt_at"],
        }.items():
            shifted = ", ".join(f"{column} = {column} - $1::interval" for column in columns)
            await self.owner.execute(f"UPDATE {table} SET {shifted}", by)

    async def work(self) -> None:
        """What is said now is told, as it would be some seconds later."""
        await self.owe()
        await self.pass_time()
        await self.tell()

    async def messages(self) -> list[asyncpg.Record]:
        """All messages, in order."""
        found: list[asyncpg.Record] = await self.owner.fetch("SELECT * FROM notification_messages ORDER BY id")
        return found

    async def message(self) -> asyncpg.Record:
        """The only message."""
        (row,) = await self.messages()
        return row

    async def state(self, channel: dict[str, Any]) -> dict[str, Any]:
        """A channel as its owner sees it now."""
        who = self.home.manager if channel["shared"] else self.home.anna
        found: dict[str, Any] = (await self.client(who).get(f"/v1/notification-channels/{channel['id']}")).json()
        return found

    async def hire(self) -> Worker:
        """Another worker."""
        return await _hire(self.stage, self.stack, self.mail.port)


async def _hire(stage: Stage, stack: AsyncExitStack, mail_port: int) -> Worker:
    database = Database(stage.dsn("rapport_worker"), name="test-worker", size=12)
    stack.push_async_callback(database.close)
    queue = open_queue(stage.redis_url)
    stack.push_async_callback(queue.aclose, close_connection_pool=True)
    worker = Worker(_settings(stage, mail_port, DATABASE_URL=stage.dsn("rapport_worker")), database, queue)
    await worker.outbound.aclose()
    worker.outbound = Outbound(allow_loopback=True, deadline_seconds=DEADLINE)
    stack.push_async_callback(worker.outbound.aclose)
    return worker


def _settings(stage: Stage, mail_port: int, **more: Any) -> Any:
    return stage.settings(
        RAPPORT_SMTP_URL=f"smtp+plain://127.0.0.1:{mail_port}",
        RAPPORT_MAIL_FROM="Rapport <crm@rapport.example>",
        RAPPORT_PUBLIC_URL="https://rapport.example",
        **more,
    )


@cache
def _schema() -> dict[str, Any]:
    return published()


@pytest_asyncio.fixture
async def office(own_stage: Stage) -> AsyncIterator[Office]:
    """A workspace with its API, a worker, a platform of robots and a mail server, alone on a stage."""
    async with AsyncExitStack() as stack:
        robot, mail = Robot(), MailServer()
        loop = asyncio.get_running_loop()
        robots = await asyncio.start_server(robot.serve, "127.0.0.1", 0)
        stack.callback(robots.close)
        robot.port = robots.sockets[0].getsockname()[1]
        mails = await loop.create_server(lambda: SMTP(mail, enable_SMTPUTF8=False, loop=loop), "127.0.0.1", 0)
        stack.callback(mails.close)
        mail.port = mails.sockets[0].getsockname()[1]
        app = create_app(_settings(own_stage, mail.port))
        await stack.enter_async_context(app.router.lifespan_context(app))
        home = await found_workspace(own_stage.owner, SECRET_KEY)
        await own_stage.owner.execute("UPDATE workspaces SET language = 'en'")
        worker = await _hire(own_stage, stack, mail.port)
        yield Office(own_stage, home, Running(app, _schema()), worker, robot, mail, stack)
