"""How somebody likes to talk, and the advice for it."""

from typing import get_args

from crm.contacts.styles import ADVICE
from crm.contacts.vocabulary import Style
from tests.conftest import Client, Facts
from tests.contacts.test_contacts import create, customer_of, names


def test_there_is_advice_for_every_style_in_both_languages() -> None:
    assert set(ADVICE) == set(get_args(Style))
    assert all(set(advice) == {"en", "zh-CN"} and all(advice.values()) for advice in ADVICE.values())


async def test_a_style_comes_with_its_advice_in_the_answer_the_list_and_the_fact(client: Client, events: Facts) -> None:
    created = await create(client, await customer_of(client), communication_style="analytical")
    style = created["communication_style"]
    assert style == {"code": "analytical", "advice": ADVICE["analytical"]}
    assert (await client.get("/v1/contacts")).json()["data"] == [created]
    (fact,) = await events("contact.created")
    assert fact["payload"]["communication_style"] == style
    path = f"/v1/contacts/{created['id']}"
    changed = (await client.patch(path, json={"communication_style": None, "preferences": "Green tea"})).json()
    assert (changed["communication_style"], changed["preferences"]) == (None, "Green tea")
    (fact,) = await events("contact.updated")
    assert fact["changes"] == {"communication_style": ["analytical", None], "preferences": [None, "Green tea"]}


async def test_contacts_are_found_by_their_style(client: Client) -> None:
    customer_id = await customer_of(client)
    for name, style in (("Ann", "amiable"), ("Ben", "controlling"), ("Cat", None)):
        await create(client, customer_id, name=name, communication_style=style)
    assert await names(client, sort="name", communication_style=["amiable", "controlling"]) == ["Ann", "Ben"]
