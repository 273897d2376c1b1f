"""From a notification to a person's eye: one message for what comes together, and to nobody who may not know."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tests.channels.conftest import Office
from tests.conftest import problem
from tests.factories import found_workspace


async def test_three_hundred_reminders_are_one_message(office: Office) -> None:
    await office.channel()
    task_id = await office.task()
    await office.remind(*(f"Reminder {n}" for n in range(300)), task_id=task_id)
    await office.work()
    (said,) = office.robot.got
    assert said.text.startswith("Rapport: 300 reminders\n")
    assert said.text.splitlines()[-1].startswith("… and ")
    assert len(said.text.encode()) <= 2048
    row = await office.message()
    assert (row["state"], row["notification_count"], row["attempts"], row["last_code"]) == ("sent", 300, 1, "0")
    await office.remind("One more", task_id=task_id)
    await office.work()
    assert office.robot.got[-1].text.startswith("Rapport: One more")


SHANGHAI = ZoneInfo("Asia/Shanghai")
WHOSE: dict[str, dict[str, Any]] = {"own": {}, "team": {"shared": True}, "everybody": {"shared": True}}


async def calendar(office: Office, *, off: bool) -> str:
    """One by which these days are off though the week has them, or worked though it has them off."""
    admin, today = office.client(office.home.admin), datetime.now(SHANGHAI).date()
    near = [today + timedelta(days=days) for days in (-1, 0, 1)]
    worked = range(1, 8) if off else sorted(set(range(1, 8)) - {day.isoweekday() for day in near})
    week = [{"weekday": weekday, "opens": "09:00", "closes": "17:00"} for weekday in worked]
    made = await admin.post("/v1/calendars", json={"name": "Mine", "timezone": "Asia/Shanghai", "week": week})
    path = f"/v1/calendars/{made.json()['id']}"
    for day in near:
        put = await admin.put(f"{path}/days/{day}", json={"kind": "holiday" if off else "workday"})
        assert put.status_code == 200, put.text
    return str(made.json()["id"])


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("off", [True, False], ids=["holiday", "made-up"])
async def test_days_off_are_those_of_the_calendar_of_whoever_is_told(office: Office, whose: str, off: bool) -> None:
    calendar_id = await calendar(office, off=off)
    table = {"own": "users", "team": "teams", "everybody": "workspaces"}[whose]
    await office.owner.execute(f"UPDATE {table} SET calendar_id = $1", UUID(calendar_id))
    more = {"team_id": str(office.home.north)} if whose == "team" else {}
    channel = await office.channel(office.home.manager, quiet_weekends=True, **WHOSE[whose], **more)
    await office.remind("Call Acme", who=office.home.manager)
    await office.work()
    assert len(office.robot.got) == (0 if off else 1)
    next_at = await office.owner.fetchval(
        "SELECT next_at FROM notification_channels WHERE id = $1", UUID(channel["id"])
    )
    if not off:
        assert next_at is None
        return
    ends = datetime.combine(datetime.now(SHANGHAI).date() + timedelta(days=2), time(), SHANGHAI)
    assert next_at == ends


async def test_nothing_is_told_before_it_is_due_and_nothing_twice(office: Office) -> None:
    channel = await office.channel()
    await office.remind("Call Acme")
    await office.owe()
    await office.owe()
    await office.tell()
    assert office.robot.got == []
    await office.pass_time()
    await office.tell()
    await office.tell(await office.hire())
    assert len(office.robot.got) == 1
    assert (await office.state(channel))["next_at"] is None


async def test_an_email_speaks_both_languages_and_says_who_it_is_from(office: Office) -> None:
    await office.channel(kind="email", address=office.home.anna.email)
    await office.channel(office.home.ben, kind="email", address=office.home.ben.email, language="zh-CN")
    await office.remind("Call Acme", "Write to Müller")
    await office.remind("发送会议纪要", "回访", who=office.home.ben)
    await office.work()
    to_anna, to_ben = sorted(office.mail.got, key=lambda message: message["To"])
    assert (to_anna["To"], to_ben["To"]) == (office.home.anna.email, office.home.ben.email)
    assert (to_anna["Subject"], to_ben["Subject"]) == ("Rapport: 2 reminders", "Rapport: 2 条提醒")
    assert to_anna["From"] == "Rapport <crm@rapport.example>"
    assert (to_anna["Content-Language"], to_anna["Auto-Submitted"]) == ("en", "auto-generated")
    assert to_anna["Date"].datetime.tzinfo is not None
    sent = {str(row["id"]) for row in await office.messages()}
    assert {message["Message-ID"] for message in office.mail.got} == {f"<{one}@rapport.example>" for one in sent}
    text, html = (part.get_content() for part in to_ben.iter_parts())
    assert "发送会议纪要" in text
    assert "发送会议纪要" in html
    assert [part.get_content_type() for part in to_ben.iter_parts()] == ["text/plain", "text/html"]


async def test_whoever_got_an_email_turns_it_off_with_one_click_and_no_sign_in(office: Office) -> None:
    channel = await office.channel(kind="email", address=office.home.anna.email)
    await office.remind("Call Acme")
    await office.work()
    (message,) = office.mail.got
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = message["List-Unsubscribe"].strip("<>").removeprefix("https://rapport.example")
    stranger = office.client(office.home.ben)
    stranger.headers.pop("authorization")
    for _ in range(2):
        response = await stranger.post(link, content=b"List-Unsubscribe=One-Click")
        assert response.status_code == 204, response.text
    seen = await office.state(channel)
    assert (seen["state"], seen["disabled_because"]) == ("disabled", "unsubscribed")
    problem(await stranger.post(link[:-8] + "AAAAAAAA"), 404, "not_found")
    problem(await stranger.post("/v1/unsubscribe/nonsense"), 422, "unprocessable")
    await office.remind("Not over this")
    await office.work()
    assert len(office.mail.got) == 1


async def test_whatever_people_write_is_harmless_where_it_is_shown(office: Office) -> None:
    nasty = 'A <at user_id="all">all</at> <script>x</script> @13800138000 \u202egnp.exe\r\nBcc: x@example.com'
    for kind in ("wecom", "dingtalk", "feishu"):
        await office.channel(kind=kind)
    await office.channel(kind="email", address=office.home.anna.email)
    await office.remind(nasty)
    await office.work()
    texts = [said.text for said in office.robot.got]
    assert len(texts) == 3
    for text in texts:
        assert "\u202e" not in text
        assert "\r" not in text
    by_kind = {"msgtype" in said.told and "＠" in said.text: said.text for said in office.robot.got}
    assert "@" not in by_kind[True]
    (feishu,) = [said.text for said in office.robot.got if "msg_type" in said.told]
    assert "<" not in feishu
    (message,) = office.mail.got
    assert message["Bcc"] is None
    _, html = (part.get_content() for part in message.iter_parts())
    assert "<script" not in html
    assert "&lt;script&gt;" in html


async def test_who_is_gone_has_read_it_or_sees_it_no_more_is_not_told(office: Office) -> None:
    await office.channel()
    read, hidden, left = await office.task(), await office.task(), await office.task()
    (read_id,) = await office.remind("Read", task_id=read)
    await office.remind("Hidden", task_id=hidden)
    await office.remind("Left", task_id=left)
    await office.owe()
    await office.anna.post(f"/v1/notifications/{read_id}/read")
    await office.owner.execute(
        "UPDATE tasks SET assignee_id = $2, team_id = NULL WHERE id = $1", UUID(hidden), office.home.ben.id
    )
    await office.pass_time()
    await office.tell()
    (said,) = office.robot.got
    assert said.text.startswith("Rapport: Left\n")
    whys = await office.owner.fetch("SELECT dropped_because FROM notification_items ORDER BY 1")
    assert [row[0] for row in whys] == ["not_visible", "read", None]
    await office.remind("Too late", task_id=left)
    await office.owe()
    await office.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", office.home.anna.id)
    await office.pass_time()
    await office.tell()
    assert len(office.robot.got) == 1
    assert [row["state"] for row in await office.messages()] == ["sent", "dropped"]
    await office.remind("Owed to nobody", task_id=left)
    await office.owe()
    assert await office.owner.fetchval("SELECT count(*) FROM notification_items") == 4


async def test_a_teams_robot_hears_of_its_members_and_says_whom_it_concerns(office: Office) -> None:
    await office.channel(office.home.manager, shared=True, team_id=str(office.home.north))
    await office.remind("Call Acme", who=office.home.anna)
    await office.remind("Elsewhere", who=office.home.ben)
    await office.work()
    (said,) = office.robot.got
    assert "Anna Sales: Call Acme" in said.text
    assert "Elsewhere" not in said.text


async def test_only_the_kinds_asked_for_are_told(office: Office) -> None:
    await office.channel(notification_kinds=["channel_disabled"])
    await office.remind("Call Acme")
    await office.work()
    assert office.robot.got == []


async def test_another_workspaces_channels_hear_nothing(office: Office) -> None:
    other = await found_workspace(office.owner, "a secret key for tests that is long enough")
    await office.channel(office.home.manager, shared=True)
    await office.remind("Elsewhere", who=other.anna, home=other)
    await office.work()
    assert office.robot.got == []
