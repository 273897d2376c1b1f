"""Endpoints are told how to reach people only where they are allowed to."""

from datetime import timedelta

from pydantic import BaseModel

from crm.contacts.schemas import ContactRead
from crm.customers.schemas import CustomerRead
from crm.webhooks.personal import PERSONAL
from crm.workspaces.schemas import UserRead
from tests.webhooks.conftest import Post


async def contact_changed(post: Post) -> dict[str, object]:
    """A contact is added and gets another phone."""
    customer = (await post.client.post("/v1/customers", json={"name": "Acme", "phone": "13812345678"})).json()
    about = {"customer_id": customer["id"], "name": "Li Lei", "phones": ["13912345678"], "wechat": "lilei-1"}
    contact = (await post.client.post("/v1/contacts", json=about)).json()
    change = {"phones": ["13712345678"], "title": "Buyer"}
    changed: dict[str, object] = (await post.client.patch(f"/v1/contacts/{contact['id']}", json=change)).json()
    await post.publish()
    return changed


async def everything_delivered(post: Post) -> None:
    """An endpoint takes two at a time."""
    while len(post.receiver.got) < 3:
        await post.later(timedelta(minutes=2))
        await post.deliver()


async def test_without_leave_an_endpoint_is_not_told_how_to_reach_people(post: Post) -> None:
    await post.endpoint(personal_data=False)
    contact = await contact_changed(post)
    await everything_delivered(post)
    bodies = "".join(got.body.decode() for got in post.receiver.got)
    for secret in ("13812345678", "13912345678", "13712345678", "lilei-1"):
        assert secret not in bodies
    (told,) = [got.told for got in post.receiver.got if got.told["type"] == "contact.updated"]
    assert told["data"] == {name: value for name, value in contact.items() if name not in PERSONAL["contact"]}
    assert told["changes"] == {"phones": [None, None], "title": [None, "Buyer"]}
    (fact,) = [one for one in (await post.client.get("/v1/events")).json()["data"] if one["type"] == "contact.updated"]
    assert fact["data"] == contact


async def test_with_leave_it_is_told_everything(post: Post) -> None:
    endpoint = await post.endpoint(personal_data=False)
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    assert (await post.client.patch(path, json={"personal_data": True})).json()["personal_data"] is True
    contact = await contact_changed(post)
    await everything_delivered(post)
    (told,) = [got.told for got in post.receiver.got if got.told["type"] == "contact.updated"]
    assert told["data"] == contact
    assert told["changes"]["phones"] == [["+8613912345678"], ["+8613712345678"]]


def test_what_is_personal_is_a_member_of_what_is_told() -> None:
    shown: dict[str, type[BaseModel]] = {"contact": ContactRead, "customer": CustomerRead, "user": UserRead}
    assert shown.keys() == PERSONAL.keys()
    for kind, names in PERSONAL.items():
        assert set(names) <= shown[kind].model_fields.keys(), kind
