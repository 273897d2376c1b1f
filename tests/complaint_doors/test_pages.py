"""The pages for people: the form, its receipt, how a complaint stands; whatever somebody wrote, nothing runs there."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import httpx
import pytest_asyncio

from tests.complaint_doors.conftest import new_form
from tests.complaint_doors.test_forms import complaint_of
from tests.conftest import Client, Facts, Running
from tests.factories import an_address

ATTACK = "\"><script>alert(1)</script><img src=x onerror='alert(1)'>"


@pytest_asyncio.fixture
async def browser(api: Running) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a browser; pages are none of the API's description."""
    transport = httpx.ASGITransport(api.app, raise_app_exceptions=False, client=(an_address(), 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def page_of(form: dict[str, Any]) -> str:
    return httpx.URL(form["page_url"]).path


def hidden(page: str) -> str:
    (found,) = re.findall(r'name="submission_id" value="([^"]+)"', page)
    return str(found)


async def test_somebody_fills_in_the_page_and_sees_how_it_stands(client: Client, browser: httpx.AsyncClient) -> None:
    form = await new_form(client, greeting="We are sorry.")
    shown = await browser.get(page_of(form))
    assert shown.status_code == 200
    assert shown.headers["content-type"].startswith("text/html")
    assert "We are sorry." in shown.text
    fields = {
        "submission_id": hidden(shown.text), "description": "It broke.", "category": "quality", "remedy_sought": "",
        "lot": "", "name": "Wang Fang", "phone": "138 0013 8000", "email": "", "website": "",
    }  # fmt: skip
    sent = await browser.post(page_of(form), data=fields)
    assert sent.status_code == 201
    (link,) = re.findall(r'href="([^"]+)"', sent.text)
    (number,) = re.findall(r"<h1>(\d{4}-\d{6})</h1>", sent.text)
    whole = await complaint_of(client, number)
    assert (whole["description"], whole["category"], whole["remedy_sought"]) == ("It broke.", "quality", None)
    assert whole["complainer"] == {"name": "Wang Fang", "phone": "+8613800138000"}
    assert whole["tags"] == []
    status = await browser.get(unescape(link))
    assert "Received" in status.text
    assert number in status.text
    again = await browser.post(page_of(form), data=fields)
    assert again.text == sent.text


async def test_the_page_speaks_chinese(client: Client, browser: httpx.AsyncClient) -> None:
    form = await new_form(client)
    shown = await browser.get(page_of(form), headers={"Accept-Language": "zh-CN"})
    assert '<html lang="zh-CN">' in shown.text
    assert "发生了什么" in shown.text


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost_or_kept(
    client: Client, browser: httpx.AsyncClient, events: Facts
) -> None:
    form = await new_form(client)
    sent = await browser.post(page_of(form), data={"description": "It broke.", "phone": "call my wife"})
    assert sent.status_code == 422
    assert re.search(r'Phone <small>\(optional\)</small> <span class="wrong">', sent.text)
    assert 'value="call my wife"' in sent.text
    assert ">It broke.</textarea>" in sent.text
    assert await events("complaint.received") == []


async def test_other_words_under_a_number_that_was_sent_are_asked_about(
    client: Client, browser: httpx.AsyncClient
) -> None:
    form = await new_form(client)
    fields = {"submission_id": hidden((await browser.get(page_of(form))).text), "description": "It broke."}
    await browser.post(page_of(form), data=fields)
    asked = await browser.post(page_of(form), data={**fields, "description": "It broke again."})
    assert asked.status_code == 422
    assert "sent already" in asked.text
    assert hidden(asked.text) != fields["submission_id"]
    sent = await browser.post(
        page_of(form), data={"submission_id": hidden(asked.text), "description": "It broke again."}
    )
    assert sent.status_code == 201


async def test_whatever_somebody_wrote_is_shown_as_text(client: Client, browser: httpx.AsyncClient) -> None:
    form = await new_form(client, name=ATTACK, greeting=ATTACK)
    pages = [await browser.get(page_of(form))]
    fields = dict.fromkeys(("description", "lot", "name", "phone", "email", "category", "submission_id"), ATTACK)
    pages.append(await browser.post(page_of(form), data=fields))
    pages.append(await browser.post(page_of(form), data={"description": ATTACK, "name": ATTACK}))
    assert [page.status_code for page in pages] == [200, 422, 201]
    for page in pages:
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["x-frame-options"] == "DENY"
        assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")


async def test_forms_that_are_none_are_refused(client: Client, browser: httpx.AsyncClient, events: Facts) -> None:
    form = await new_form(client)
    for content, kind in (
        (b"", "application/x-www-form-urlencoded"),
        (b"description=%00", "application/x-www-form-urlencoded"),
        (b"description=%ff%fe", "application/x-www-form-urlencoded"),
        (b"&" * 10_000, "application/x-www-form-urlencoded"),
        (b"x=1&" * 10_000, "application/x-www-form-urlencoded"),
        (b"garbage", "multipart/form-data; boundary=b"),
        (b"garbage", "multipart/form-data"),
        (b"{}", "application/json"),
    ):
        answer = await browser.post(page_of(form), content=content, headers={"Content-Type": kind})
        assert answer.status_code in {201, 400, 415, 422}, (content[:20], answer.text)
    assert all("\x00" not in str(fact["payload"]) for fact in await events("complaint.received"))


async def test_a_page_that_is_none_is_not_there(client: Client, browser: httpx.AsyncClient) -> None:
    form = await new_form(client)
    token = page_of(form).rpartition("/")[2]
    assert (await browser.get(f"/complaint/{token}")).status_code == 404
    assert (await browser.get(f"/complain/{token[:-1]}")).status_code == 404
    await client.post(f"/v1/complaint-forms/{form['id']}/disable")
    assert (await browser.get(page_of(form))).status_code == 404
