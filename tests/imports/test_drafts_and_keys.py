"""Drafts, values that stand for others, keys of one's choice, workbooks, and files of problems to mend."""

import csv
import zipfile
from datetime import date
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest

from services.worker.importing import import_round
from tests.conftest import Client, Facts, problem
from tests.imports.steps import Worker, counts, customers, form, run, start, told

ACCOUNTS = "account,sector,subsidiary_of\nAcme,technolgy,\nGlobex,technolgy,Acme\nHooli,retail,\n"


async def test_a_draft_waits_until_it_is_committed(client: Client, worker: Worker, events: Facts) -> None:
    draft = await start(client, ACCOUNTS, commit="false")
    assert draft["state"] == "draft"
    while await import_round(worker):
        pass
    assert (await client.get(f"/v1/imports/{draft['id']}")).json()["state"] == "draft"
    committed = await client.post(f"/v1/imports/{draft['id']}/commit")
    assert (committed.status_code, committed.json()["state"]) == (200, "waiting")
    problem(await client.post(f"/v1/imports/{draft['id']}/commit"), 409, "import_is_no_draft")
    while await import_round(worker):
        pass
    assert set(await customers(client)) == {"Acme", "Globex", "Hooli"}
    assert [kind for kind in await events.types() if kind.startswith("import.")] == [
        "import.drafted", "import.started", "import.finished",
    ]  # fmt: skip


async def test_a_misspelt_value_is_mapped_in_its_column_only(client: Client, worker: Worker) -> None:
    values = {"sector": {"technolgy": "technology", "retail": ""}}
    content = ACCOUNTS + "technolgy,it,\n"
    seen = (await client.post("/v1/imports/preview", **form(content, values=values))).json()
    assert [row["customer"]["industry"] for row in seen["rows"][:2]] == ["technology", "technology"]
    assert seen["found"]["sector"] == {"technolgy": 2, "retail": 1, "it": 1}
    done = await run(client, worker, content, values=values)
    assert done["values"] == values
    made = await customers(client)
    assert {name: one["industry"] for name, one in made.items()} == {
        "Acme": "technology", "Globex": "technology", "Hooli": None, "technolgy": "it",
    }  # fmt: skip
    wrong = await client.post("/v1/imports/preview", **form(content, values={"colour": {}}))
    assert problem(wrong, 422, "unprocessable")["errors"][0]["pointer"] == "#/values/colour"


@pytest.mark.parametrize(
    ("match_by", "column", "mark", "other"),
    [
        ("phone", "phone", "138 1234 5678", "13912345678"),
        ("email", "email", "Info@example.com", "sales@example.com"),
        ("custom.erp_no", "erp_no", "4711", "4712"),
        ("name", "name", "Acme", "Hooli"),
        ("registration_code", "registration_code", "AAAAAAAA", "BBBBBBBB"),
    ],
)
async def test_customers_are_known_by_what_one_chooses(
    client: Client, worker: Worker, match_by: str, column: str, mark: str, other: str
) -> None:
    def content(name: str, region: str) -> str:
        if column == "name":
            return f"name,region\n{mark},{region}\n{other},{region}\n"
        return f"name,{column},region\n{name},{mark},{region}\nHooli,{other},{region}\n"

    assert counts(await run(client, worker, content("Acme", "West"), match_by=match_by)) == ("done", 2, 0, 0, 0)
    assert counts(await run(client, worker, content("Acme", "West"), match_by=match_by)) == ("done", 0, 0, 2, 0)
    assert counts(await run(client, worker, content("Globex", "East"), match_by=match_by)) == ("done", 0, 2, 0, 0)
    assert set(await customers(client)) == ({"Acme", "Hooli"} if column == "name" else {"Globex", "Hooli"})


async def test_a_line_without_the_key_is_refused_and_a_key_without_a_column_too(client: Client, worker: Worker) -> None:
    done = await run(client, worker, "name,phone\nAcme,\nGlobex,13812345678\n", match_by="phone")
    assert counts(done) == ("done", 1, 0, 0, 1)
    assert await told(client, done) == [(2, True, "phone", "key_missing")]
    refused = await client.post("/v1/imports", **form("name\nAcme\n", match_by="phone"))
    assert problem(refused, 422, "unprocessable")["errors"][0]["code"] == "column_missing"
    refused = await client.post("/v1/imports", **form("name,region\nAcme,\n", match_by="region"))
    assert problem(refused, 422, "unprocessable")["errors"][0]["code"] == "field_unknown"


async def test_bad_lines_come_back_as_a_file_are_mended_and_sent_again(client: Client, worker: Worker) -> None:
    content = "name,note,email\nGood,,good@example.com\nBad,=1+1,nobody\nShort,x\n"
    done = await run(client, worker, content)
    assert counts(done) == ("done", 1, 0, 0, 2)
    sent = await client.get(f"/v1/imports/{done['id']}/problems.csv", headers={"Accept-Language": "en"})
    assert sent.headers["content-type"].startswith("text/csv")
    assert sent.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(StringIO(sent.content.decode("utf-8-sig"))))
    assert rows[0] == ["name", "note", "email", "rapport_problems"]
    assert rows[1][:3] == ["Bad", "=1+1", "nobody"]
    assert rows[1][3].startswith("email: ")
    assert rows[2] == ["Short", "x", "", "This line has 2 cells, the heading has 3."]
    mended = sent.content.replace(b"nobody", b"bad@example.com").replace(b"Short,x,,", b"Short,x,s@example.com,")
    again = await run(client, worker, mended)
    assert counts(again) == ("done", 2, 0, 0, 0)
    assert again["mapping"]["rapport_problems"] == "skip"
    assert (await customers(client))["Bad"]["custom"] == {}


async def test_what_is_wrong_with_a_line_is_said_in_the_language_of_whoever_looks(
    client: Client, worker: Worker
) -> None:
    chinese = {"Accept-Language": "zh-CN"}
    content = "name,email\nBad,nobody\nShort\n"
    done = await run(client, worker, content)
    page = (await client.get(f"/v1/imports/{done['id']}/problems", headers=chinese)).json()["data"]
    said = ["这不是有效的电子邮箱地址", "该行有 1 个单元格，标题行有 2 个。"]
    assert [line["errors"][0]["message"] for line in page] == said
    file = await client.get(f"/v1/imports/{done['id']}/problems.csv", headers=chinese)
    rows = list(csv.reader(StringIO(file.content.decode("utf-8-sig"))))
    assert [row[2] for row in rows[1:]] == [f"email: {said[0]}", said[1]]
    preview = await client.post("/v1/imports/preview", **form(content), headers=chinese)
    assert [line["errors"][0]["message"] for line in preview.json()["problems"]] == said
    assert preview.headers["content-language"] == "zh-CN"


def a_book(rows: list[list[Any]]) -> bytes:
    """A workbook with a hidden sheet in front."""
    book = openpyxl.Workbook()
    book.worksheets[0].sheet_state = "hidden"
    sheet = book.create_sheet("客户")
    for row in rows:
        sheet.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


async def test_a_workbook_is_read_as_its_table_would_be(client: Client, worker: Worker) -> None:
    rows: list[list[Any]] = [
        ["客户名称", "手机", "员工", "成立", "邮箱"],
        ["重庆长安", 13812345678, 2822.0, date(1996, 1, 2), None],
        [None] * 5,
        ["Acme\nLtd", None, 12.5, None, "nobody"],
    ]
    content = a_book(rows)
    seen = (await client.post("/v1/imports/preview", **form(content))).json()
    assert (seen["encoding"], seen["lines"], seen["problems"][0]["line"]) == (None, 2, 4)
    assert counts(await run(client, worker, content)) == ("done", 1, 0, 0, 1)
    made = (await customers(client))["重庆长安"]
    assert (made["phone"], made["custom"]) == ("+8613812345678", {"员工": "2822", "成立": "1996-01-02"})


def rewritten(content: bytes, name: str, change: Any) -> bytes:
    """The workbook with one part changed."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part.endswith(name) else old.read(part))
    return out.getvalue()


async def test_hostile_workbooks_are_refused_before_they_cost_much(
    client: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = a_book([["name"], ["Acme"]])
    bomb = rewritten(plain, "sheet2.xml", lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b" " * 210_000_000))
    far = rewritten(plain, "sheet2.xml", lambda xml: xml.replace(b'r="2"', b'r="999999999999"'))
    entities = rewritten(
        plain, "sheet2.xml",
        lambda xml: b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + xml.partition(b"?>")[2].lstrip() if b"?>" in xml
        else b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + xml,
    )  # fmt: skip
    for content, code in (
        (bomb, "too_large"), (far, "too_large"), (entities, "not_a_workbook"), (plain[:300], "not_a_workbook"),
    ):  # fmt: skip
        refused = await client.post("/v1/imports/preview", **form(content))
        assert problem(refused, 422, "unprocessable")["errors"][0]["code"] == code
    wide = rewritten(plain, "sheet2.xml", lambda xml: xml.replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"'))
    assert (await client.post("/v1/imports/preview", **form(wide))).json()["lines"] == 1
