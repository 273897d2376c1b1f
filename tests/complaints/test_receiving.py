"""How complaints come in: numbers, channels, moments in the past, repeats, and who sees them."""

from tests.complaints.steps import at, history, receive
from tests.conftest import Client, Facts
from tests.factories import Workspace


async def test_a_complaint_gets_the_next_number_of_its_year_and_begins_its_path(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    first = await receive(client)
    second = await receive(client, first["customer_id"], received_at=at(days=2), channel="wechat" and "chat")
    year = first["received_at"][:4]
    assert first["number"] == f"{year}-000001"
    assert second["number"].endswith("-000002")
    assert (first["state"], first["severity"], first["received_by"]["name"]) == ("received", "medium", "Ada Admin")
    assert [one["step"] for one in await history(client, first)] == ["receive"]
    facts = await events("complaint.received")
    assert facts[0]["payload"]["number"] == first["number"]
    assert "repeats" not in facts[0]["payload"]
