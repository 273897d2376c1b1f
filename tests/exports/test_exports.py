"""Lists as files: whole, as the asker may see them, and with nothing in them that a spreadsheet would run."""

import csv
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from crm.database import Database
from crm.exports import rows, writing
from crm.exports.cells import card, safe
from crm.exports.progress import LEASE
from crm.fields import FORMULA_SIGNS
from services.settings import Settings
from services.storage import export_key
from services.worker.exporting import LONGEST, export_round, sweep_exports
from services.worker.importing import import_round
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace


@dataclass
class Worker:
    """As much of the worker as an export needs."""

    database: Database
    settings: Settings


@pytest_asyncio.fixture
async def worker(stage: Stage) -> AsyncIterator[Any]:
    """The worker, logged in as itself."""
    database = Database(stage.dsn("rapport_worker"), name="test-worker", size=2)
    yield Worker(database, stage.settings())
    await database.close()


async def export(client: Client, worker: Any, **new: Any) -> tuple[dict[str, Any], bytes]:
    """An export that is over, and its file."""
    asked = await client.post("/v1/exports", json={"noun": "customers", **new})
    assert asked.status_code == 202, asked.text
    path = f"/v1/exports/{asked.json()['id']}"
    problem(await client.get(f"{path}/file"), 409, "export_not_ready")
    while await export_round(worker):
        pass
    done = (await client.get(path)).json()
    assert done["state"] == "done", done
    sent = await client.get(f"{path}/file")
    assert sent.status_code == 200
    return done, sent.content


def table(content: bytes) -> list[dict[str, str]]:
    """A CSV file as rows by heading."""
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1+1", "＋1", '=HYPERLINK("x")\nmore', "plain", "'quoted"]


async def test_every_customer_of_the_filter_is_in_the_file_and_no_other(
    client: Client, worker: Any, events: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 3)
    for number in range(8):
        region = "West" if number % 4 else "East"
        new = {"name": f"客户 {number}", "region": region, "custom": {"erp": number}, "tags": ["a", "b"]}
        await client.post("/v1/customers", json={**new, "address": {"city": "重庆", "line": "一路1号"}})
    done, content = await export(client, worker, filters={"region": ["West"]}, bom=True)
    assert content.startswith(b"\xef\xbb\xbf")
    found = table(content)
    assert sorted(row["name"] for row in found) == [f"客户 {number}" for number in (1, 2, 3, 5, 6, 7)]
    assert (done["rows"], done["rows_done"]) == (6, 6)
    assert {row["address.city"] for row in found} == {"重庆"}
    assert {row["custom.erp"] for row in found} == {"1", "2", "3", "5", "6", "7"}
    assert found[0]["tags"] == "a; b"
    assert await events.types() == [*["customer.created"] * 8, "export.created", "export.finished"]


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
async def test_no_cell_of_a_file_begins_as_a_formula_does(client: Client, worker: Any, format_: str) -> None:
    for text in HOSTILE:
        created = await client.post(
            "/v1/customers?allow_duplicates=true",
            json={"name": f"{text} x", "note": text, "custom": {"=key": text}, "phone": "13812345678", "tags": ["=t"]},
        )
        assert created.status_code == 201, created.text
    _, content = await export(client, worker, format=format_)
    if format_ == "csv":
        cells = [cell for line in csv.reader(StringIO(content.decode(), newline="")) for cell in line]
    else:
        book = openpyxl.load_workbook(BytesIO(content))
        cells = [str(cell.value or "") for row in book.worksheets[0] for cell in row]
        assert {cell.data_type for row in book.worksheets[0] for cell in row} <= {"s", "n", "inlineStr"}
    assert len(cells) > len(HOSTILE) * 20
    assert [cell for cell in cells if cell[:1] in FORMULA_SIGNS or cell.lstrip()[:1] in FORMULA_SIGNS] == []
    assert "'+8613812345678" in cells


@given(st.text(max_size=20) | st.sampled_from(HOSTILE))
def test_a_cell_written_and_parsed_begins_with_no_formula_sign(text: str) -> None:
    written = StringIO()
    csv.writer(written).writerow([safe(text), "x"])
    (parsed, _), *_ = list(csv.reader(StringIO(written.getvalue(), newline="")))
    assert parsed == safe(text) == safe(safe(text))
    assert parsed[:1] not in FORMULA_SIGNS or not parsed
    assert parsed in {text, f"'{text}"}


async def test_what_was_exported_can_be_imported_as_it_is(client: Client, worker: Any) -> None:
    new = {"name": "Acme", "phone": "13812345678", "note": "=1+1", "class": "key", "custom": {"erp": "7", "n": 7}}
    group = await client.post("/v1/customers", json={**new, "tags": ["a, b", "c"], "address": {"city": "重庆"}})
    twin = {"name": "Acme", "parent_id": None, "influence": 3, "website": "https://acme.test/"}
    await client.post("/v1/customers?allow_duplicates=true", json=twin)
    named = {"name": "Hank", "kind": "person", "email": "hank@example.com", "do_not_contact": True}
    below = {"name": "Branch", "custom": {"yes": True}, "yearly_value": {"amount": "7.50", "currency": "EUR"}}
    await client.post("/v1/customers", json=named)
    await client.post("/v1/customers", json=below)
    assert group.status_code == 201
    before = (await client.get("/v1/customers")).json()["data"]
    _, content = await export(client, worker)
    started = await client.post("/v1/imports", files={"file": ("a.csv", content, "text/csv")})
    while await import_round(worker):
        pass
    done = (await client.get(f"/v1/imports/{started.json()['id']}")).json()
    assert (done["state"], done["unchanged_count"]) == ("done", 4), done
    assert done["mapping"]["id"] == "id"
    own = {column for column, field in done["mapping"].items() if field.startswith("custom.")}
    assert own == {"custom.erp", "custom.n", "custom.yes"}
    assert (await client.get("/v1/customers")).json()["data"] == before


async def test_a_file_that_was_exported_and_mended_changes_just_that(client: Client, worker: Any) -> None:
    for region in ("East", "West"):
        await client.post("/v1/customers?allow_duplicates=true", json={"name": "Acme", "region": region})
    _, content = await export(client, worker)
    mended = content.replace(b"Acme", b"Acme Ltd", 1).replace(b"West", b"South") + b",Globex" + b"," * 37 + b"\r\n"
    started = await client.post("/v1/imports", files={"file": ("a.csv", mended, "text/csv")})
    while await import_round(worker):
        pass
    done = (await client.get(f"/v1/imports/{started.json()['id']}")).json()
    assert (done["state"], done["created_count"], done["updated_count"]) == ("done", 1, 2), done
    found = {(one["name"], one["region"]) for one in (await client.get("/v1/customers")).json()["data"]}
    assert found == {("Acme Ltd", "East"), ("Acme", "South"), ("Globex", None)}
    broken = content.replace(b"Acme", b"Gone").decode().splitlines()
    wrong = "\n".join([broken[0], "x" + broken[1]])
    preview = await client.post("/v1/imports/preview", files={"file": ("a.csv", wrong.encode(), "text/csv")})
    (problem_,) = preview.json()["problems"]
    assert (problem_["errors"][0]["pointer"], problem_["errors"][0]["code"]) == ("id", "uuid_parsing")


async def test_a_column_id_of_another_system_is_kept_as_ones_own(client: Client) -> None:
    sent = {"file": ("a.csv", b"id,name,created_at\n7,Acme,2026-01-01\n", "text/csv")}
    mapping = (await client.post("/v1/imports/preview", files=sent)).json()["mapping"]
    assert mapping == {"id": "custom.id", "name": "name", "created_at": "custom.created_at"}


async def test_an_export_shows_what_its_asker_sees_and_only_to_them(
    client: Client, clients: Clients, worker: Any, workspace: Workspace
) -> None:
    await client.post("/v1/customers", json={"name": "The admin's"})
    await clients(workspace.anna.token).post("/v1/customers", json={"name": "Anna's"})
    manager = clients(workspace.manager.token)
    seen = {one["name"] for one in (await manager.get("/v1/customers")).json()["data"]}
    done, content = await export(manager, worker)
    assert {row["name"] for row in table(content)} == seen
    anna = clients(workspace.anna.token)
    problem(await anna.get(f"/v1/exports/{done['id']}/file"), 403, "scope_missing")
    problem(await anna.post("/v1/exports", json={"noun": "customers"}), 403, "scope_missing")


def test_nobody_takes_an_export_from_whoever_is_still_at_it() -> None:
    assert LEASE.total_seconds() > LONGEST


async def test_contacts_leave_with_their_own_fields(client: Client, worker: Any) -> None:
    customer_id = (await client.post("/v1/customers", json={"name": "Acme"})).json()["id"]
    for name, custom in (("Li", {"badge": "=7"}), ("Wu", {"shoe": 43})):
        new = {"customer_id": customer_id, "name": name, "custom": custom}
        made = await client.post("/v1/contacts", json=new)
        assert made.status_code == 201, made.text
    _, content = await export(client, worker, noun="contacts")
    assert [(row["name"], row["custom.badge"], row["custom.shoe"]) for row in table(content)] == [
        ("Li", "'=7", ""),
        ("Wu", "", "43"),
    ]


async def test_contacts_leave_as_cards(client: Client, worker: Any) -> None:
    customer = (await client.post("/v1/customers", json={"name": "Acme; Ltd"})).json()
    await client.post(
        "/v1/contacts",
        json={"customer_id": customer["id"], "name": "李,雷", "title": "总经理", "phones": ["13812345678"],
              "emails": ["li@example.com"]},
    )  # fmt: skip
    _, content = await export(client, worker, noun="contacts", format="vcard")
    lines = content.decode().split("\r\n")
    assert lines[0] == "BEGIN:VCARD"
    assert {"FN:李\\,雷", "ORG:Acme\\; Ltd", "TITLE:总经理", "TEL:+8613812345678", "EMAIL:li@example.com"} <= set(lines)
    assert lines[-2:] == ["END:VCARD", ""]
    refused = await client.post("/v1/exports", json={"noun": "customers", "format": "vcard"})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/format"
    _, content = await export(client, worker, noun="contacts")
    assert table(content)[0]["customer"] == "Acme; Ltd"


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_card_keeps_its_lines_short_and_its_text_whole(name: str, title: str) -> None:
    row: dict[str, Any] = {"id": "x", "name": name, "customer": "C", "department": None, "title": title,
           "phones": [], "emails": [],
           "wechat": None, "birthday": None, "updated_at": "2026"}  # fmt: skip
    text = card(row)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    whole = [line for line in text.replace("\r\n ", "").split("\r\n") if line.startswith("FN:")]
    assert len(whole) == 1


async def test_wrong_filters_are_refused(client: Client) -> None:
    for filters, pointer in (
        ({"colour": ["red"]}, "#/filters/colour"), ({"limit": 3}, "#/filters/limit"),
        ({"kind": ["x"]}, "#/filters/kind/0"),
    ):  # fmt: skip
        refused = await client.post("/v1/exports", json={"noun": "customers", "filters": filters})
        assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == pointer


async def test_a_list_is_narrowed_by_fields_of_ones_own(client: Client, worker: Any) -> None:
    fields = ({"key": "price_list", "type": "text"}, {"key": "seats", "type": "number"})
    for field in fields:
        made = await client.post("/v1/custom-fields", json={"noun": "customer", "label": "L", **field})
        assert made.status_code == 201, made.text
    client.running.app.state.door.forget()
    for name, price_list, seats in (("Acme", "A", 3), ("Globex", "B", 3), ("Initech", "A", 5)):
        body = {"name": name, "custom": {"price_list": price_list, "seats": seats}}
        assert (await client.post("/v1/customers", json=body)).status_code == 201
    expected: list[tuple[dict[str, Any], list[str]]] = [
        ({"custom.price_list": "A"}, ["Acme", "Initech"]),
        ({"custom.price_list": ["A", "B"], "custom.seats": 3}, ["Acme", "Globex"]),
        ({"custom.price_list": "A", "custom.seats": ["5"], "kind": ["company"]}, ["Initech"]),
        ({"custom.price_list": "C"}, []),
    ]
    for narrowed, names in expected:
        _, content = await export(client, worker, filters=narrowed)
        assert sorted(row["name"] for row in table(content)) == names, narrowed
    wrong: list[dict[str, Any]] = [{"custom.nothing": "A"}, {"custom.seats": "many"}, {"custom.seats": {"a": 1}}]
    for filters in wrong:
        refused = await client.post("/v1/exports", json={"noun": "customers", "filters": filters})
        assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == f"#/filters/{next(iter(filters))}"


async def test_an_export_by_a_field_that_is_gone_meanwhile_fails_in_words(
    client: Client, worker: Any, stage: Stage
) -> None:
    field = {"noun": "customer", "label": "L", "key": "price_list", "type": "text"}
    made = (await client.post("/v1/custom-fields", json=field)).json()
    client.running.app.state.door.forget()
    body = {"noun": "customers", "filters": {"custom.price_list": "A"}}
    asked = (await client.post("/v1/exports", json=body)).json()
    await stage.owner.execute("DELETE FROM custom_fields WHERE id = $1", made["id"])
    while await export_round(worker):
        pass
    done = (await client.get(f"/v1/exports/{asked['id']}")).json()
    assert (done["state"], "field of your own" in done["failure"]) == ("failed", True)


async def test_a_file_expires_and_is_swept(client: Client, worker: Any, stage: Stage, workspace: Workspace) -> None:
    done, _ = await export(client, worker)
    path = worker.settings.data_dir / export_key(workspace.id, UUID(done["id"]), "csv")
    await stage.owner.execute("UPDATE exports SET expires_at = now() WHERE id = $1", done["id"])
    problem(await client.get(f"/v1/exports/{done['id']}/file"), 404, "export_expired")
    await sweep_exports(worker)
    assert path.is_file()
    os.utime(path, (0, 0))
    await sweep_exports(worker)
    assert not path.is_file()


async def test_an_export_killed_in_the_middle_is_written_by_the_next(
    client: Client, worker: Any, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.post("/v1/customers", json={"name": "Acme"})
    asked = (await client.post("/v1/exports", json={"noun": "customers"})).json()

    async def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(writing, "_advance", killed)
        with pytest.raises(RuntimeError):
            await export_round(worker)
    assert not await export_round(worker), "the lease holds"
    await stage.owner.execute("UPDATE exports SET leased_until = now() WHERE id = $1", asked["id"])
    assert await export_round(worker)
    done = (await client.get(f"/v1/exports/{asked['id']}")).json()
    assert (done["state"], done["rows"]) == ("done", 1)
    folder = Path(worker.settings.data_dir) / "exports"
    assert list(folder.glob("*/*.part")) == []


async def test_a_contact_is_written_as_people_write(client: Client, worker: Any) -> None:
    at = (await client.post("/v1/customers", json={"name": "Acme"})).json()["id"]
    roles = [{"role": "decider", "influence": 5, "stance": "for"}, "buyer"]
    for name, birthday in [
        ("A", {"calendar": "lunar", "month": 4, "day": 10, "leap": True}),
        ("B", {"year": 1980, "month": 8, "day": 5}),
        ("C", {"calendar": "lunar", "year": 1980, "month": 8, "day": 15}),
        ("D", {"month": 2, "day": 29}),
    ]:
        new = {"customer_id": at, "name": name, "birthday": birthday, "roles": roles}
        contact = (await client.post("/v1/contacts", json=new)).json()
    left = await client.post(f"/v1/contacts/{contact['id']}/leave", json={"on": "2026-01-31"})
    assert left.status_code == 200
    _, content = await export(client, worker, noun="contacts")
    found = {row["name"]: row for row in table(content)}
    births = ["lunar leap 04-10", "1980-08-05", "lunar 1980-08-15", "02-29"]
    assert [row["birthday"] for _, row in sorted(found.items())] == births
    assert {row["roles"] for row in found.values()} == {"decider (5, for); buyer"}
    assert (found["A"]["left_on"], found["D"]["left_on"]) == ("", "2026-01-31")


async def test_what_a_file_says_of_value_and_place_comes_back_with_an_import(client: Client, worker: Any) -> None:
    address = {"line": "1 Road", "city": "Bonn", "region": "NRW", "postal_code": "53111", "country": "DE"}
    value = {"amount": "125000.50", "currency": "EUR"}
    new = {"name": "Acme", "address": address, "yearly_value": value, "influence": 4}
    await client.post("/v1/customers", json=new)
    _, content = await export(client, worker)
    (row,) = table(content)
    assert (row["yearly_value.amount"], row["yearly_value.currency"], row["influence"]) == ("125000.50", "EUR", "4")
    preview = await client.post("/v1/imports/preview", files={"file": ("a.csv", content)})
    read = preview.json()["rows"][0]["customer"]
    assert {name: read[name] for name in new} == new
