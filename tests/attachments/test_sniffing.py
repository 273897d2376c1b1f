"""What a file is, by its content."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.attachments.sniffing import MEDIA_TYPES, media_type_of


def kind_of(content: bytes) -> str | None:
    """As the product asks, of a file."""
    return media_type_of(BytesIO(content))


def packed(*parts: str) -> bytes:
    """A zip file with these parts."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for part in parts:
            archive.writestr(part, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4 ...", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
        (b"GIF89a....", "image/gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic....", "image/heic"),
        (b"\x00\x00\x00\x18ftypM4A ....", "audio/mp4"),
        (b"\x00\x00\x00\x18ftypisom....", "video/mp4"),
        (b"ID3\x03....", "audio/mpeg"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"#!AMR\n....", "audio/amr"),
        ("客户,电话\r\n重庆长安,023".encode(), "text/plain"),
        (b"a < b and c > d", "text/plain"),
        (packed("[Content_Types].xml", "word/document.xml"), "docx"),
        (packed("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (packed("[Content_Types].xml", "ppt/presentation.xml"), "pptx"),
    ],
)
def test_what_is_taken_is_known_by_its_content(content: bytes, kind: str) -> None:
    long = {"docx": "wordprocessingml.document", "xlsx": "spreadsheetml.sheet", "pptx": "presentationml.presentation"}
    found = kind_of(content)
    assert found in MEDIA_TYPES
    assert found == kind or (kind in long and found.endswith(long[kind]))


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00",
        b"\x7fELF\x02",
        b"#!/bin/sh\nrm -rf /",
        b"<!DOCTYPE html><p>hello",
        b"  <svg xmlns='http://www.w3.org/2000/svg'>",
        b"\xef\xbb\xbf<?xml version='1.0'?>",
        b"text, and then <SCRIPT>alert(1)</SCRIPT>",
        "中文".encode("gb18030") + b"\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"PK\x03\x04 but no zip file",
        packed("readme.txt"),
        packed("[Content_Types].xml", "something.xml"),
        packed("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"),
        packed("[Content_Types].xml", "word/document.xml", "word/activeX/activeX1.bin"),
    ],
)
def test_what_could_run_or_is_not_known_is_not_taken(content: bytes) -> None:
    assert kind_of(content) is None


@given(st.binary(max_size=2000))
def test_any_content_at_all_is_a_kind_on_the_list_or_none(content: bytes) -> None:
    assert kind_of(content) in {*MEDIA_TYPES, None}
    assert kind_of(b"PK\x03\x04" + content) in {*MEDIA_TYPES, None}
