"""Robots that answer 200 and mean no, mail servers that hang or drop the line, workers that die: what becomes of it."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crm.actor import NOBODY
from crm.channels import leases, letters, settling
from crm.channels.leases import Lease
from crm.channels.rules import MOST_ATTEMPTS, Verdict
from crm.channels.seeing import not_to_be_told
from crm.channels.settling import Report
from services.worker.dispatching import PLACES, send, send_messages
from services.worker.main import NOISY
from tests.channels.conftest import Office, Said
from tests.conftest import problem
from tests.factories import found_workspace

RETRY, DEAD = "pending", "dead"

CODES = [
    ("wecom", "errcode", 45009, RETRY, "active"),
    ("wecom", "errcode", -1, RETRY, "active"),
    ("wecom", "errcode", 93000, DEAD, "disabled"),
    ("wecom", "errcode", 40058, DEAD, "active"),
    ("dingtalk", "errcode", 130101, RETRY, "active"),
    ("dingtalk", "errcode", 310000, DEAD, "active"),
    ("dingtalk", "errcode", 300001, DEAD, "disabled"),
    ("feishu", "code", 11232, RETRY, "active"),
    ("feishu", "code", 19021, DEAD, "active"),
    ("feishu", "code", 19001, DEAD, "disabled"),
    ("feishu", "code", 99999, RETRY, "active"),
]


@pytest.mark.parametrize(("kind", "member", "code", "state", "channel_state"), CODES)
async def test_a_robots_200_with_a_code_is_not_taken_for_success(
    office: Office, kind: str, member: str, code: int, state: str, channel_state: str
) -> None:
    channel = await office.channel(kind=kind)
    office.robot.says(code, member=member)
    await office.remind("Call Acme")
    await office.owe()
    await office.pass_time(timedelta(minutes=10))
    await office.tell()
    row = await office.message()
    assert (row["state"], row["last_status"], row["last_code"]) == (state, 200, str(code))
    assert (await office.state(channel))["state"] == channel_state


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, b"", "AnswerNotUnderstood"),
        (502, b"<html>bad gateway</html>", "AnswerNotUnderstood"),
        (200, b"\xff\xfe garbage", "AnswerNotUnderstood"),
        (200, b'["errcode"]', "AnswerNotUnderstood"),
        (200, b'{"errcode":"0"}', "AnswerNotUnderstood"),
    ],
)
async def test_what_is_no_robots_answer_is_tried_again(office: Office, status: int, body: bytes, error: str) -> None:
    await office.channel()
    office.robot.answers.append((status, body))
    await office.remind("Call Acme")
    await office.work()
    row = await office.message()
    assert (row["state"], row["last_status"], row["last_code"], row["last_error"]) == ("pending", status, None, error)
    await office.pass_time(timedelta(minutes=2))
    await office.tell()
    assert (await office.message())["state"] == "sent"
    assert [said.text for said in office.robot.got] == [office.robot.got[0].text] * 2


async def test_a_robot_that_does_not_answer_holds_up_nobody_else(office: Office) -> None:
    slow = await office.channel(kind="dingtalk")
    await office.channel(kind="webhook", url=f"http://127.0.0.1:{office.robot.port}/hook")
    hang = asyncio.Event()

    async def hanging(said: Said) -> None:
        if "robot" in said.path:
            await hang.wait()

    office.robot.before = hanging
    await office.remind("Call Acme")
    await office.work()
    hang.set()
    states = {row["channel_id"].hex: (row["state"], row["last_error"]) for row in await office.messages()}
    assert states.pop(slow["id"].replace("-", "")) == ("pending", "DeadlineExceeded")
    assert list(states.values()) == [("sent", None)]


async def test_dingtalk_shuts_out_for_ten_minutes_and_is_left_alone_so_long(office: Office) -> None:
    channel = await office.channel(kind="dingtalk")
    office.robot.says(130101)
    await office.remind("Call Acme")
    await office.work()
    wait = await office.owner.fetchval("SELECT next_at - now() FROM notification_channels")
    assert timedelta(minutes=9, seconds=50) < wait < timedelta(minutes=12)
    assert (await office.state(channel))["failures"] == 1


async def test_the_secret_of_a_robot_stands_in_no_log_and_no_answer(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "rapport")
    key = "5a3b-secret-key-of-a-robot"
    channel = await office.channel(kind="dingtalk", url=office.robot.url(key), secret="SECwhatever")
    office.robot.says(300001)
    await office.remind("Call the Smiths")
    await office.work()
    told = str(await office.state(channel)) + str(await office.messages()) + str(channel)
    told += str([dict(row) for row in await office.owner.fetch("SELECT payload, changes FROM events")])
    # httpx tells its own log each address; the worker has it keep that to itself.
    assert "httpx" in NOISY
    told += str([vars(record) for record in caplog.records if record.name.startswith("rapport")])
    for secret in (key, "SECwhatever", "Smiths"):
        assert secret not in told
    stored = await office.owner.fetchval("SELECT sealed FROM notification_channels")
    assert key.encode() not in stored


@pytest.mark.parametrize(
    ("rcpt", "data", "state", "status", "error"),
    [
        ("451 4.7.1 greylisted", "", "pending", 451, "SMTPRecipientsRefused"),
        ("550 5.1.1 no such user", "", "dead", 550, "SMTPRecipientsRefused"),
        ("", "554 5.7.1 this is spam", "dead", 554, "SMTPDataError"),
        ("", "452 4.3.1 disk full", "pending", 452, "SMTPDataError"),
    ],
)
async def test_a_mail_server_says_now_or_never(
    office: Office, rcpt: str, data: str, state: str, status: int, error: str
) -> None:
    await office.channel(kind="email", address=office.home.anna.email)
    office.mail.rcpt += [rcpt] if rcpt else []
    office.mail.data += [data] if data else []
    await office.remind("Call Acme")
    await office.work()
    row = await office.message()
    assert (row["state"], row["last_status"], row["last_error"]) == (state, status, error)
    assert office.mail.got == []
    if state == "pending":
        await office.pass_time(timedelta(minutes=2))
        await office.tell()
        assert (await office.message())["state"] == "sent"


async def test_a_mail_server_that_hangs_or_drops_the_line_is_tried_again_with_the_same_id(office: Office) -> None:
    await office.channel(kind="email", address=office.home.anna.email)
    mail = office.worker.settings.mail
    assert mail is not None
    object.__setattr__(mail, "deadline_seconds", 0.4)
    office.mail.data += ["hang", "drop", "keep and drop"]
    await office.remind("Call Acme")
    await office.work()
    errors = [(await office.message())["last_error"]]
    for minutes in (2, 7, 20):
        await office.pass_time(timedelta(minutes=minutes))
        await office.tell()
        errors.append((await office.message())["last_error"])
    assert errors[0] in {"TimeoutError", "SMTPReadTimeoutError"}
    assert errors[1:] == ["SMTPServerDisconnected", "SMTPServerDisconnected", None]
    # What the server had kept before it dropped the line came twice, and a mail program can see that by the id.
    first, second = office.mail.got
    assert first["Message-ID"] == second["Message-ID"]
    assert ((await office.message())["state"], (await office.message())["attempts"]) == ("sent", 4)


async def lease_of(office: Office) -> Lease:
    """What a worker leases when it is its turn."""
    worker = office.worker
    async with worker.database.scanning() as tx:
        (lease,) = await leases.claim(tx, kinds=["wecom"], after=NOBODY, share=5, most=5)
    return lease


async def test_a_worker_killed_between_sending_and_settling_sends_it_twice_and_no_more(office: Office) -> None:
    await office.channel()
    await office.remind("Call Acme")
    await office.owe()
    await office.pass_time()
    dead, lease = office.worker, await lease_of(office)
    actor = await dead.actor(office.home.id)
    async with dead.database.transaction(actor) as tx:
        draft = await letters.draft(tx, lease)
    assert draft is not None
    async with dead.database.transaction(actor) as tx:
        assert await letters.begin(tx, draft, await not_to_be_told(dead.database, office.home.id, draft.items))
    assert (await send(dead, draft)).verdict is Verdict.SENT
    # Here it dies. Nobody touches the channel while its lease lasts; then somebody does.
    other = await office.hire()
    await office.tell(other)
    assert len(office.robot.got) == 1
    await office.pass_time(timedelta(seconds=91))
    await office.tell(other)
    assert len(office.robot.got) == 2
    row = await office.message()
    assert (row["state"], row["attempts"]) == ("sent", 2)
    # And the one that was only asleep comes back too late to write anything.
    async with dead.database.transaction(actor) as tx:
        assert await settling.settle(tx, draft, Report(Verdict.RETRY, 500), _even()) is None
    assert await office.message() == row
    await office.pass_time(timedelta(hours=1))
    await office.tell()
    assert len(office.robot.got) == 2


async def test_without_the_fence_a_late_worker_would_overwrite_the_other(office: Office) -> None:
    await office.channel()
    await office.remind("Call Acme")
    await office.owe()
    await office.pass_time()
    slow, lease = office.worker, await lease_of(office)
    actor = await slow.actor(office.home.id)
    async with slow.database.transaction(actor) as tx:
        draft = await letters.draft(tx, lease)
        assert draft is not None
    async with slow.database.transaction(actor) as tx:
        assert await letters.begin(tx, draft, {})
    await office.pass_time(timedelta(seconds=91))
    async with office.worker.database.scanning() as tx:
        (other,) = await leases.claim(tx, kinds=["wecom"], after=NOBODY, share=5, most=5)
    # The other is sending; the slow one comes back and, fenced, changes nothing.
    async with slow.database.transaction(actor) as tx:
        assert await settling.settle(tx, draft, Report(Verdict.REFUSED), _even()) is None
    assert (await office.message())["state"] == "pending"
    # Were the lease not asked for, it would bury what the other is about to deliver.
    stolen = replace(draft, lease=draft.lease._replace(lease_id=other.lease_id))
    async with slow.database.transaction(actor) as tx:
        assert await settling.settle(tx, stolen, Report(Verdict.REFUSED), _even()) == "dead"


def _even() -> Any:
    class Even:
        def uniform(self, low: float, high: float) -> float:
            return low

    return Even()


async def test_a_message_dies_after_its_attempts_and_is_brought_back_by_hand(office: Office) -> None:
    channel = await office.channel()
    office.robot.answers += [(500, b"")] * MOST_ATTEMPTS
    await office.remind("Call Acme")
    await office.work()
    for _ in range(MOST_ATTEMPTS):
        await office.pass_time(timedelta(hours=10))
        await office.tell()
    listed = (await office.anna.get("/v1/notification-messages", params={"state": "dead"})).json()["data"]
    (dead,) = listed
    assert (dead["attempt_count"], dead["last_status"], dead["channel_id"]) == (MOST_ATTEMPTS, 500, channel["id"])
    assert len(office.robot.got) == MOST_ATTEMPTS
    path = f"/v1/notification-messages/{dead['id']}/retry"
    problem(await office.client(office.home.ben).post(path), 404, "not_found")
    again = await office.anna.post(path)
    assert (again.status_code, again.json()["state"]) == (200, "pending")
    problem(await office.anna.post(path), 409, "message_not_dead")
    await office.tell()
    assert (await office.message())["state"] == "sent"
    assert office.robot.got[-1].text == office.robot.got[0].text


async def test_a_channel_that_only_fails_is_probed_and_what_waits_goes_out_together(office: Office) -> None:
    channel = await office.channel()
    office.robot.answers += [(500, b"")] * 3
    task_id = await office.task()
    await office.remind("First", task_id=task_id)
    await office.work()
    for minutes in (2, 7):
        await office.pass_time(timedelta(minutes=minutes))
        await office.tell()
    assert (await office.state(channel))["failures"] == 3
    for number in range(3):
        await office.remind(f"Later {number}", task_id=task_id)
        await office.work()
    assert len(office.robot.got) == 3
    await office.pass_time(timedelta(minutes=20))
    await office.tell()
    assert [said.text.splitlines()[0] for said in office.robot.got[3:]] == ["Rapport: First", "Rapport: 3 reminders"]


async def test_a_channel_that_is_gone_is_said_in_the_inbox_and_over_the_others(office: Office) -> None:
    await office.channel(kind="email", address=office.home.anna.email)
    robot = await office.channel(name="Our group")
    office.robot.says(93000)
    await office.anna.post(f"/v1/notification-channels/{robot['id']}/test")
    await office.tell()
    assert (await office.state(robot))["disabled_because"] == "gone"
    inbox = (await office.anna.get("/v1/notifications")).json()["data"]
    assert [(one["kind"], one["subject"]["id"]) for one in inbox] == [("channel_disabled", robot["id"])]
    await office.work()
    (message,) = office.mail.got
    assert "Our group" in message["Subject"]


async def test_after_five_days_of_failures_a_channel_is_turned_off(office: Office) -> None:
    channel = await office.channel()
    office.robot.answers += [(500, b"")] * 2
    await office.remind("Call Acme")
    await office.work()
    await office.pass_time(timedelta(hours=121))
    await office.tell()
    assert ((await office.state(channel))["state"], (await office.state(channel))["disabled_because"]) == (
        "disabled",
        "failing",
    )
    await office.anna.post(f"/v1/notification-channels/{channel['id']}/enable")
    await office.pass_time(timedelta(hours=10))
    await office.tell()
    assert {row["state"] for row in await office.messages()} == {"sent"}


async def test_no_more_than_the_limit_in_a_minute_whatever_is_asked(office: Office) -> None:
    channel = await office.channel(per_minute=3)
    for _ in range(5):
        await office.anna.post(f"/v1/notification-channels/{channel['id']}/test")
    await office.tell()
    assert len(office.robot.got) == 3
    await office.worker.queue.flushall()
    await office.tell(await office.hire())
    assert len(office.robot.got) == 3
    await office.pass_time(timedelta(seconds=61))
    await office.tell()
    assert len(office.robot.got) == 5


async def test_a_workspace_with_many_channels_does_not_keep_another_waiting(office: Office) -> None:
    rich, poor = office.home, await found_workspace(office.owner, "a secret key for tests that is long enough")
    for home, many in ((rich, 10), (poor, 1)):
        for _ in range(many):
            body = {"kind": "wecom", "url": office.robot.url(f"key-of-{home.id.hex}-{_}")}
            made = await office.client(home.anna).post("/v1/notification-channels", json=body)
            await office.client(home.anna).post(f"/v1/notification-channels/{made.json()['id']}/test")
    await send_messages(office.worker)
    await send_messages(office.worker)
    await asyncio.gather(*office.worker.messages)
    assert len(office.robot.got) <= PLACES
    assert sum(poor.id.hex in said.path for said in office.robot.got) == 1
