"""Complaints as a file: what the list says of them, and not who complained where that is no contact."""

import csv
from io import StringIO
from typing import Any

from tests.complaints.steps import receive
from tests.conftest import Client, problem
from tests.contacts.test_contacts import customer_of
from tests.exports.test_exports import export, worker

__all__ = ["worker"]


async def test_complaints_are_taken_out_as_a_file(client: Client, worker: Any) -> None:
    customer_id = await customer_of(client, name="=Acme")
    await receive(client, customer_id, severity="low")
    said: dict[str, Any] = {"complainer": {"name": "Wang Xiaoer"}, "product_id": None, "tags": ["urgent"]}
    severe = await receive(client, customer_id, severity="high", subject="泵漏水", **said)
    done, content = await export(client, worker, noun="complaints", filters={"severity": ["high"], "open": True})
    assert done["state"] == "done", done
    text = content.decode("utf-8-sig")
    (row,) = csv.DictReader(StringIO(text))
    assert (row["number"], row["customer"], row["subject"]) == (severe["number"], "'=Acme", "泵漏水")
    assert row["received_at"] == severe["received_at"]
    assert "Wang" not in text


async def test_a_filter_that_complaints_do_not_have_is_refused(client: Client) -> None:
    wrong = {"noun": "complaints", "format": "csv", "filters": {"archived": True}}
    problem(await client.post("/v1/exports", json=wrong), 422, "unprocessable")
