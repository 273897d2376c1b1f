"""From the closed complaint to the letter: when it goes, to whom it does not, and what becomes of it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.channels.conftest import DEADLINE
from tests.surveys.conftest import House


async def test_a_day_after_closing_whoever_complained_is_asked(house: House) -> None:
    complaint = await house.closed(await house.person())
    await house.mail()
    assert house.office.mail.got == []
    assert (await house.survey(complaint))["state"] == "planned"
    await house.pass_time(timedelta(hours=23, minutes=59))
    await house.mail()
    assert house.office.mail.got == []
    await house.pass_time(timedelta(minutes=1))
    await house.mail()
    (letter,) = house.office.mail.got
    survey = await house.survey(complaint)
    assert letter["To"] == "li@customer.example"
    assert survey["complaint"]["number"] in letter["Subject"]
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "Hello Li Lei" in letter.get_content()
    assert "Li Lei，您好" in letter.get_content()
    assert (survey["state"], survey["via"], survey["is_open"]) == ("sent", "email", True)
    asked, expires = (datetime.fromisoformat(survey[name]) for name in ("asked_at", "expires_at"))
    assert expires - asked == timedelta(days=14)
    assert await house.types() == ["survey.planned", "survey.sent"]
    assert await house.owner.fetchval("SELECT count(*) FROM owed_surveys") == 0


async def test_the_link_is_kept_as_a_hash_and_never_shown_to_those_who_handle_it(house: House) -> None:
    complaint, token = await house.asked()
    kept = await house.owner.fetchval("SELECT token_hash FROM surveys")
    assert token.encode() not in kept
    assert len(kept) == 32
    shown = [str(await house.survey(complaint)), str(await house.owner.fetch("SELECT payload, changes FROM events"))]
    assert not any(token in text or "token" in text for text in shown)


async def test_whoever_reacts_twice_asks_once(house: House) -> None:
    complaint = await house.closed(await house.person())
    await house.owner.execute("UPDATE reactions SET state = 'pending', next_attempt_at = now(), attempts = 0")
    await house.settle()
    assert len(await house.surveys(complaint)) == 1


async def test_two_workers_at_once_send_one_letter(house: House) -> None:
    other = await house.office.hire()
    for _ in range(6):
        await house.closed(await house.person())
    await house.pass_time()
    rival = House(house.office)
    rival.office = type(house.office)(**{**house.office.__dict__, "worker": other})
    await asyncio.gather(house.mail(), rival.mail())
    assert len(house.office.mail.got) == 6
    assert len({letter["Message-ID"] for letter in house.office.mail.got}) == 6


async def test_opened_again_before_the_letter_went_nobody_is_asked(house: House) -> None:
    complaint = await house.closed(await house.person())
    reopened = await house.service.post(f"/v1/complaints/{complaint}/reopen", json={"reason": "It leaks again."})
    assert reopened.status_code == 200, reopened.text
    await house.pass_time()
    await house.settle()
    await house.mail()
    assert house.office.mail.got == []
    survey = await house.survey(complaint)
    assert (survey["state"], survey["skipped_because"]) == ("skipped", "reopened")


async def test_opened_again_at_the_last_moment_nobody_is_asked_either(house: House) -> None:
    complaint = await house.closed(await house.person())
    await house.service.post(f"/v1/complaints/{complaint}/reopen", json={"reason": "It leaks again."})
    await house.pass_time()
    await house.mail()
    assert house.office.mail.got == []
    assert (await house.survey(complaint))["skipped_because"] == "reopened"


async def test_each_closing_is_asked_about_once(house: House) -> None:
    person = await house.person()
    complaint = await house.closed(person)
    await house.service.post(f"/v1/complaints/{complaint}/reopen", json={"reason": "It leaks again."})
    await house.owner.execute("UPDATE complaints SET state = 'resolved', resolved_at = now() WHERE id = $1", complaint)
    await house.close(complaint)
    await house.settle()
    await house.pass_time()
    await house.mail()
    assert [survey["state"] for survey in await house.surveys(complaint)] == ["sent", "skipped"]
    assert len(house.office.mail.got) == 1


async def test_a_person_is_asked_once_in_thirty_days(house: House) -> None:
    person = await house.person()
    await house.asked(person)
    second = await house.closed(person)
    await house.pass_time()
    await house.mail()
    assert (await house.survey(second))["skipped_because"] == "asked_lately"
    await house.owner.execute("UPDATE surveys SET asked_at = asked_at - interval '30 days 1 second'")
    third = await house.closed(person)
    await house.pass_time()
    await house.mail()
    assert (await house.survey(third))["state"] == "sent"
    assert len(house.office.mail.got) == 2


async def test_two_complaints_of_one_person_due_at_once_are_one_letter(house: House) -> None:
    person = await house.person()
    complaints = [await house.closed(person) for _ in range(3)]
    await house.pass_time()
    await house.mail()
    assert len(house.office.mail.got) == 1
    assert sorted([(await house.survey(one))["state"] for one in complaints]) == ["sent", "skipped", "skipped"]


@pytest.mark.parametrize(
    ("undone", "because"),
    [
        ("UPDATE contacts SET do_not_contact = true", "do_not_contact"),
        ("UPDATE customers SET do_not_contact = true", "do_not_contact"),
        ("UPDATE contacts SET archived_at = now()", "archived"),
        ("DELETE FROM consents", "no_consent"),
    ],
)
async def test_whoever_may_not_be_written_to_when_it_goes_is_not(house: House, undone: str, because: str) -> None:
    complaint = await house.closed(await house.person())
    await house.pass_time()
    await house.owner.execute(undone)
    await house.mail()
    assert house.office.mail.got == []
    survey = await house.survey(complaint)
    assert (survey["state"], survey["skipped_because"]) == ("skipped", because)
    assert await house.types() == ["survey.planned", "survey.skipped"]


async def test_a_consent_taken_back_after_planning_counts(house: House) -> None:
    person = await house.person()
    complaint = await house.closed(person)
    await house.consent(person, "withdrawn")
    await house.pass_time()
    await house.mail()
    assert (await house.survey(complaint))["skipped_because"] == "withdrawn"


@pytest.mark.parametrize("has_contact", [True, False])
async def test_without_an_address_somebody_hands_the_link_over(house: House, has_contact: bool) -> None:
    complaint = await house.closed(await house.person(email=None) if has_contact else None)
    await house.pass_time()
    await house.mail()
    survey = await house.survey(complaint)
    assert (survey["state"], survey["error"], survey["is_open"]) == ("to_hand_over", "NoAddress", False)
    assert await house.types() == ["survey.planned", "survey.not_mailed"]


async def test_without_a_mail_server_somebody_hands_the_link_over(house: House) -> None:
    complaint = await house.closed(await house.person())
    await house.pass_time()
    house.office.worker.settings = house.office.stage.settings()
    await house.mail()
    assert (await house.survey(complaint))["error"] == "MailNotSetUp"


async def test_a_mail_server_that_is_busy_gets_the_same_letter_again(house: House) -> None:
    complaint = await house.closed(await house.person())
    await house.pass_time()
    house.office.mail.rcpt = ["451 busy"]
    await house.mail()
    assert (await house.survey(complaint))["state"] == "sending"
    await house.mail()
    assert house.office.mail.got == []
    await house.pass_time(timedelta(minutes=2))
    await house.mail()
    assert len(house.office.mail.got) == 1
    assert (await house.survey(complaint))["state"] == "sent"


async def test_an_address_that_is_none_is_not_tried_again(house: House) -> None:
    complaint = await house.closed(await house.person())
    await house.pass_time()
    house.office.mail.rcpt = ["550 nobody here"]
    await house.mail()
    survey = await house.survey(complaint)
    assert (survey["state"], survey["error"]) == ("to_hand_over", "SMTPRecipientsRefused")
    await house.pass_time(timedelta(days=10))
    await house.mail()
    assert house.office.mail.got == []


async def test_after_the_last_attempt_somebody_hands_the_link_over(house: House) -> None:
    complaint = await house.closed(await house.person())
    house.office.mail.rcpt = ["451 busy"] * 9
    for _ in range(9):
        assert (await house.survey(complaint))["state"] in {"planned", "sending"}
        await house.pass_time()
        await house.mail()
    assert (await house.survey(complaint))["state"] == "to_hand_over"
    assert house.office.mail.rcpt == []


async def test_a_worker_that_died_with_a_letter_loses_it_to_another(house: House) -> None:
    complaint = await house.closed(await house.person())
    await house.pass_time()
    house.office.mail.data = ["keep and drop"]
    await house.mail()
    assert (await house.survey(complaint))["state"] == "sending"
    token = house.link_in(house.office.mail.got[0])
    answered = await house.stranger().post(f"/v1/public/surveys/{token}", json={"csat": 5})
    assert answered.status_code == 204, answered.text
    await house.pass_time()
    await house.mail()
    survey = await house.survey(complaint)
    assert (survey["state"], survey["csat"]) == ("answered", 5)
    assert len(house.office.mail.got) == 1


async def test_a_workspace_may_do_without_letters(house: House) -> None:
    settings: dict[str, Any] = {"surveys": {"after_closing": "off"}, "visibility": "own"}
    await house.owner.execute("UPDATE workspaces SET settings = $1", settings)
    complaint = await house.closed(await house.person())
    assert await house.surveys(complaint) == []


async def test_what_people_are_called_cannot_break_the_letter(house: House) -> None:
    person = await house.person()
    await house.owner.execute(
        "UPDATE contacts SET name = $1", "Li\r\nBcc: all@example.com\u202e {url} https://evil.example"
    )
    await house.closed(person)
    await house.pass_time()
    await house.mail()
    (letter,) = house.office.mail.got
    assert letter["Bcc"] is None
    assert "\u202e" not in letter.get_content()
    assert "{url}" in letter.get_content()
    house.link_in(letter)


async def test_a_letter_to_a_chinese_house_is_in_chinese_first(house: House) -> None:
    await house.owner.execute("UPDATE workspaces SET language = 'zh-CN'")
    await house.asked()
    (letter,) = house.office.mail.got
    assert "您的投诉" in letter["Subject"]
    assert letter.get_content().index("您好") < letter.get_content().index("Hello")


async def test_what_cannot_be_written_is_put_off_and_holds_up_no_other(house: House) -> None:
    # An address that was good enough once and is none by today's rules.
    odd = await house.closed(await house.person())
    await house.owner.execute("UPDATE contacts SET emails = ARRAY['two words@customer.example']")
    good = await house.closed(await house.person())
    await house.pass_time()
    await house.mail()
    assert (await house.survey(good))["state"] == "sent"
    assert (await house.survey(odd))["state"] == "sending"
    assert await house.owner.fetchval("SELECT attempts FROM owed_surveys") == 1
    for _ in range(9):
        await house.pass_time()
        await house.mail()
    assert (await house.survey(odd))["state"] == "to_hand_over"
    assert len(house.office.mail.got) == 1


async def test_a_server_that_hangs_is_left_and_tried_again(house: House) -> None:
    mail = house.office.worker.settings.mail
    assert mail is not None
    house.office.worker.settings.__dict__["mail"] = replace(mail, deadline_seconds=DEADLINE)
    complaint = await house.closed(await house.person())
    await house.pass_time()
    house.office.mail.data = ["hang"]
    await house.mail()
    assert (await house.survey(complaint))["state"] == "sending"
    await house.pass_time()
    await house.mail()
    assert (await house.survey(complaint))["state"] == "sent"
