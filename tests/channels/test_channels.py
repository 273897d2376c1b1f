"""Channels through the front door: what is one's own, what is shared, and what is proven first."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.channels.conftest import Office
from tests.conftest import problem

ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


async def create(office: Office, who: str = "anna", **body: Any) -> Any:
    """Ask for a channel, as somebody."""
    return await office.client(getattr(office.home, who)).post("/v1/notification-channels", json=body)


async def test_a_robots_address_is_never_shown_again(office: Office) -> None:
    made = await create(office, kind="wecom", url=ROBOT)
    assert made.status_code == 201, made.text
    seen = made.json()
    assert (seen["hint"], seen["secret"], seen["address"]) == ("qyapi.weixin.qq.com …5aaa", None, None)
    assert (seen["state"], seen["per_minute"], seen["timezone"]) == ("active", 20, "Asia/Shanghai")
    assert "693a91f6" not in made.text
    listed = await office.anna.get("/v1/notification-channels", params={"kind": "wecom", "shared": False})
    assert [one["id"] for one in listed.json()["data"]] == [seen["id"]]
    problem(await create(office, "ben", kind="wecom", url=ROBOT), 409, "channel_taken")


async def test_a_webhooks_secret_is_shown_once(office: Office) -> None:
    made = await create(office, kind="webhook", url="https://example.com/hook")
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in (await office.anna.get(f"/v1/notification-channels/{made.json()['id']}")).json()


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"kind": "email"}, "#/address", "required"),
        ({"kind": "wecom"}, "#/url", "required"),
        ({"kind": "wecom", "url": "https://evil.example/robot?key=12345678"}, "#/url", "not_a_robot"),
        ({"kind": "wecom", "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"}, "#/url", "not_a_robot"),
        ({"kind": "wecom", "url": "https://169.254.169.254/x?key=12345678"}, "#/url", "url_refused"),
        ({"kind": "wecom", "url": ROBOT, "secret": "x"}, "#/secret", "not_of_this_kind"),
        ({"kind": "wecom", "url": ROBOT, "address": "a@b.com"}, "#/address", "not_of_this_kind"),
        ({"kind": "webhook", "url": "http://example.com/"}, "#/url", "url_refused"),
        ({"kind": "wecom", "url": ROBOT, "quiet_from": "22:00"}, "#/quiet_until", "required"),
        ({"kind": "wecom", "url": ROBOT, "quiet_from": "22:00", "quiet_until": "22:00"}, "#/quiet_until", "invalid"),
        ({"kind": "wecom", "url": ROBOT, "digest": "daily"}, "#/digest_times", "required"),
        ({"kind": "wecom", "url": ROBOT, "team_id": "01900000-0000-7000-8000-000000000000"}, "#/team_id", None),
    ],
)
async def test_what_makes_no_sense_is_refused_by_field(
    office: Office, body: dict[str, Any], pointer: str, code: str | None
) -> None:
    (error,) = problem(await create(office, **body), 422, "unprocessable")["errors"]
    assert error["pointer"] == pointer
    assert code in {None, error["code"]}
    assert await office.owner.fetchval("SELECT count(*) FROM notification_channels") == 0


async def test_another_address_is_proven_by_the_code_that_is_sent_there(office: Office) -> None:
    made = (await create(office, kind="email", address="private@example.net")).json()
    assert made["state"] == "unverified"
    await office.remind("Not there yet")
    await office.work()
    (message,) = office.mail.got
    assert message["To"] == "private@example.net"
    assert message["List-Unsubscribe"] is None
    code = message["Subject"].rpartition(" ")[2]
    path = f"/v1/notification-channels/{made['id']}"
    problem(await office.anna.post(f"{path}/enable"), 409, "channel_unverified")
    wrong = "000000" if code != "000000" else "111111"
    problem(await office.anna.post(f"{path}/verify", json={"code": wrong}), 409, "code_wrong")
    problem(await office.client(office.home.ben).post(f"{path}/verify", json={"code": code}), 404, "not_found")
    verified = await office.anna.post(f"{path}/verify", json={"code": code})
    assert (verified.status_code, verified.json()["state"]) == (200, "active")
    await office.remind("Now")
    await office.work()
    assert office.mail.got[-1]["Subject"] == "Rapport: Now"


async def test_a_code_is_good_for_five_guesses_whatever_key_they_come_under(office: Office) -> None:
    made = (await create(office, kind="email", address="private@example.net")).json()
    path = f"/v1/notification-channels/{made['id']}/verify"
    row = await office.owner.fetchrow("SELECT * FROM notification_channels")
    assert row is not None
    right = office.worker.proofs.code(row["id"], "private@example.net", row["code_sent_at"])
    for guess in range(5):
        wrong = f"{(int(right) + 1 + guess) % 1_000_000:06}"
        headers = {"Idempotency-Key": f"guess-{guess}"}
        problem(await office.anna.post(path, json={"code": wrong}, headers=headers), 409, "code_wrong")
    problem(await office.anna.post(path, json={"code": right}), 409, "code_wrong")
    test = f"/v1/notification-channels/{made['id']}/test"
    problem(await office.anna.post(test), 409, "code_just_sent")
    await office.pass_time(timedelta(seconds=61))
    anew = await office.anna.post(test)
    assert (anew.status_code, anew.json()["occasion"]) == (200, "code")
    row = await office.owner.fetchrow("SELECT * FROM notification_channels")
    assert row is not None
    assert row["code_failures"] == 0
    await office.pass_time(timedelta(minutes=31))
    row = await office.owner.fetchrow("SELECT * FROM notification_channels")
    assert row is not None
    late = office.worker.proofs.code(row["id"], "private@example.net", row["code_sent_at"])
    problem(await office.anna.post(path, json={"code": late}), 409, "code_wrong")


async def test_managers_share_and_others_do_not(office: Office) -> None:
    problem(await create(office, "anna", kind="wecom", url=ROBOT, shared=True), 403, "only_managers_share")
    north = str(office.home.north)
    made = await create(office, "manager", kind="wecom", url=ROBOT, shared=True, team_id=north)
    assert made.status_code == 201, made.text
    channel = made.json()
    assert (channel["user_id"], channel["team_id"], channel["shared"]) == (None, north, True)
    path = f"/v1/notification-channels/{channel['id']}"
    service = office.client(office.home.service)
    assert (await service.get(path)).status_code == 200
    for verb in ("disable", "remove", "test"):
        problem(await service.post(f"{path}/{verb}"), 403, "only_managers_share")
    problem(await service.patch(path, json={"name": "x"}), 403, "only_managers_share")
    problem(await office.anna.get(path), 404, "not_found")
    elsewhere = "01900000-0000-7000-8000-000000000000"
    lost = await create(office, "manager", kind="wecom", url=ROBOT + "b", shared=True, team_id=elsewhere)
    assert problem(lost, 422, "unprocessable")["errors"][0]["pointer"] == "#/team_id"
    far = await office.owner.fetchval(
        "INSERT INTO teams (workspace_id, name) VALUES ($1, 'Far') RETURNING id::text", office.home.id
    )
    foreign = await create(office, "manager", kind="wecom", url=ROBOT + "c", shared=True, team_id=far)
    problem(foreign, 422, "unprocessable")


async def test_a_key_has_no_channel_of_its_own(office: Office) -> None:
    key = await office.home.key("notifications:read", "notifications:write")
    client = office.client(office.home.anna)
    client.headers["authorization"] = f"Bearer {key}"
    response = await client.post("/v1/notification-channels", json={"kind": "wecom", "url": ROBOT})
    problem(response, 403, "only_for_people")


async def test_a_removed_channel_leaves_no_address_and_its_place_is_free(office: Office) -> None:
    made = (await create(office, kind="email", address=office.home.anna.email)).json()
    path = f"/v1/notification-channels/{made['id']}"
    await office.anna.post(f"{path}/test")
    assert (await office.anna.post(f"{path}/remove")).status_code == 204
    problem(await office.anna.get(path), 404, "not_found")
    row = await office.owner.fetchrow("SELECT * FROM notification_channels")
    assert row is not None
    assert (row["address"], row["sealed"], row["name"], row["hint"]) == (None, None, "", "")
    await office.tell()
    assert office.mail.got == []
    assert (await create(office, kind="email", address=office.home.anna.email)).status_code == 201


async def test_there_are_only_so_many(office: Office) -> None:
    for number in range(10):
        assert (await create(office, kind="wecom", url=f"{ROBOT}{number}")).status_code == 201
    problem(await create(office, kind="wecom", url=f"{ROBOT}x"), 409, "too_many_channels")
    assert (await create(office, "ben", kind="wecom", url=f"{ROBOT}x")).status_code == 201


async def test_what_waits_follows_new_ways(office: Office) -> None:
    channel = await office.channel(digest="daily", digest_times=["09:00"], timezone="UTC")
    await office.remind("Call Acme")
    await office.owe()
    waits = (await office.state(channel))["next_at"]
    assert waits.endswith("T09:00:00.000000Z")
    path = f"/v1/notification-channels/{channel['id']}"
    changed = await office.anna.patch(path, json={"digest": "immediately"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["version"], changed.json()["digest_times"]) == (2, ["09:00"])
    await office.pass_time()
    await office.tell()
    assert len(office.robot.got) == 1
    problem(await office.anna.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'}), 412, "stale")
    problem(await office.anna.patch(path, json={"quiet_from": "10:00"}), 422, "unprocessable")
    stranger = office.client(office.home.ben)
    problem(await stranger.patch(path, json={"quiet_from": "10:00"}), 404, "not_found")


async def test_nobody_is_disturbed_in_quiet_hours_but_a_test_is_sent(office: Office) -> None:
    channel = await office.channel(quiet_weekends=True)
    await office.remind("Call Acme")
    await office.owe()
    # From now on it is always quiet.
    await office.owner.execute(
        "UPDATE notification_channels SET quiet_from = '00:00', quiet_until = '23:59', next_at = now()"
    )
    await office.pass_time(timedelta(days=4))
    await office.anna.post(f"/v1/notification-channels/{channel['id']}/test")
    await office.tell()
    assert [said.text.splitlines()[0] for said in office.robot.got] == ["A test from Rapport"]
    assert await office.owner.fetchval("SELECT next_at > now() FROM notification_channels")


async def test_a_disabled_channel_keeps_what_waits_until_it_is_enabled(office: Office) -> None:
    channel = await office.channel()
    path = f"/v1/notification-channels/{channel['id']}"
    await office.remind("Call Acme")
    await office.owe()
    assert (await office.anna.post(f"{path}/disable")).json()["disabled_because"] == "by_hand"
    problem(await office.anna.post(f"{path}/test"), 409, "channel_disabled")
    await office.pass_time()
    await office.tell()
    assert office.robot.got == []
    assert (await office.anna.post(f"{path}/enable")).json()["state"] == "active"
    await office.tell()
    assert len(office.robot.got) == 1


async def test_a_list_of_channels_or_messages_is_one_statement(office: Office, queries: list[str]) -> None:
    channel = await office.channel()
    await office.anna.post(f"/v1/notification-channels/{channel['id']}/test")
    queries.clear()
    for path in ("/v1/notification-channels", "/v1/notification-messages"):
        found = (await office.anna.get(path, params={"include_total": True})).json()
        assert found["total"] == 1
    told = [sent for sent in queries if "FROM notification_" in sent]
    assert len(told) == 2


async def test_what_was_said_before_the_update_is_not_said_again(office: Office) -> None:
    await office.channel()
    (old,) = await office.remind("Long ago")
    await office.owner.execute("UPDATE notifications SET dispatched_at = now() WHERE id = $1", UUID(str(old)))
    await office.work()
    assert office.robot.got == []


async def test_nobody_has_strangers_written_to_by_adding_and_removing(office: Office) -> None:
    for number in range(10):
        made = await create(office, kind="email", address=f"stranger{number}@example.net")
        assert made.status_code == 201, made.text
        await office.anna.post(f"/v1/notification-channels/{made.json()['id']}/remove")
    problem(await create(office, kind="email", address="stranger@example.net"), 409, "too_many_channels")
    assert (await create(office, kind="email", address=office.home.anna.email)).status_code == 201
