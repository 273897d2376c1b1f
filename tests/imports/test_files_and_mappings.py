"""Reading files as people's programs write them, and guessing what their columns mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.errors import Unprocessable
from crm.imports.files import counted, opened
from crm.imports.lines import Reader
from crm.imports.mapping import guess, settled


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends_are_recognised(delimiter: str, encoding: str, end: str) -> None:
    rows = [["名称", "地址", "备注"], ["长安", "重庆, 江北; 1\t号", f"两{end}行"], ["乙", "", "x"]]
    text = "".join(delimiter.join(f'"{cell}"' for cell in row) + end for row in rows)
    sheet = opened(text.encode(encoding))
    assert (sheet.delimiter, sheet.encoding) == (delimiter, "gb18030" if encoding == "gb18030" else "utf-8")
    assert [line.cells for line in sheet.lines()] == [tuple(row) for row in rows[1:]]
    assert [line.number for line in sheet.lines()] == [2, 4]


cell = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@given(st.lists(st.tuples(cell, cell, cell).filter(any), min_size=1, max_size=6))
def test_what_is_written_as_csv_is_read_as_it_was(rows: list[tuple[str, str, str]]) -> None:
    quoted = "".join(",".join('"' + one.replace('"', '""') + '"' for one in row) + "\n" for row in rows)
    sheet = opened(f"a,b,c\n{quoted}".encode())
    assert [line.cells for line in sheet.lines()] == rows
    assert counted(sheet) == len(rows)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        sheet = opened(b"name,b\n" + content)
    except Unprocessable:
        return
    for line in sheet.lines():
        assert line.wrong is not None or len(line.cells) == len(sheet.headings)


def test_an_open_quotation_mark_costs_one_line_and_not_the_rest() -> None:
    sheet = opened(b'name,b\nA,1\n"B,2\nC,3\nD,"4"x\nE,5\n')
    assert [(line.number, line.wrong is None) for line in sheet.lines()] == [
        (2, True), (3, False), (4, True), (5, False), (6, True),
    ]  # fmt: skip


def test_a_single_column_needs_no_delimiter_and_trailing_ones_do_no_harm() -> None:
    assert [line.cells for line in opened(b"name\nA B\n\nC;D\n").lines()] == [("A B",), ("C;D",)]
    assert [line.cells for line in opened(b"\n\nname,b,,\nA,1,,\nB,2\n").lines()] == [("A", "1"), ("B", "2")]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Account", "name"), ("company_name", "name"), ("客户名称", "name"), ("SECTOR", "industry"),
        ("行业", "industry"),
        ("office_location", "region"), ("Country", "region"), ("subsidiary_of", "parent"), ("上级客户", "parent"),
        ("手机", "phone"), ("E-Mail", "email"), ("统一社会信用代码", "registration_code"), ("Website", "website"),
        ("标签", "tags"), ("key_kind", "key_kind"), ("revenue", "custom.revenue"),
    ],
)  # fmt: skip
def test_headings_are_recognised(heading: str, field: str) -> None:
    assert guess([heading]) == {heading: field}


def test_the_first_of_two_columns_for_a_field_wins_and_the_caller_wins_over_both() -> None:
    assert guess(["Company", "Name"]) == {"Company": "name", "Name": "custom.Name"}
    assert settled(["Company", "Name"], {"Name": "name"}) == {"Company": "custom.Company", "Name": "name"}


def test_words_of_peoples_files_are_understood() -> None:
    content = "名称,客户等级,规模,标签,请勿联系,网址,地址,城市,类型\n"
    content += "甲,重点客户,大型,甲、乙，丙,是,a.cn,一路1号,重庆,中间商\n"
    sheet = opened(content.encode())
    mapping = settled(sheet.headings, {"类型": "type"})
    (line,) = sheet.lines()
    read = Reader(sheet, mapping, {}).read(line)
    assert read.errors == ()
    assert read.own == {
        "name": "甲",
        "name_key": "甲",
        "class": "key",
        "size": "large",
        "tags": ["甲", "乙", "丙"],
        "do_not_contact": True,
        "website": "https://a.cn",
        "address": {"line": "一路1号", "city": "重庆"},
        "type": "intermediate",
    }
