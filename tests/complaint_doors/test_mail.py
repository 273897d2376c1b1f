"""Reading mails of strangers: what honest programs write, and what others make up. Pure, without the rest."""

from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.complaint_doors.errors import MailUnreadable
from crm.complaint_doors.mail import LONGEST_TEXT, hash_of, parse
from crm.complaint_doors.texts import plain
from tests.complaint_doors.conftest import a_mail


def written(**more: str) -> EmailMessage:
    """A message as a mail program makes it."""
    message = EmailMessage()
    for name, value in {
        "From": "Wang Fang <wang@example.org>",
        "Subject": "Pump",
        "Message-ID": "<1@x>",
        **more,
    }.items():
        message[name.replace("_", "-")] = value
    message["Date"] = format_datetime(datetime(2026, 11, 22, tzinfo=UTC))
    return message


def test_a_plain_mail_says_who_what_and_by_which_name() -> None:
    read = parse(a_mail("It failed.\r\n\r\nAgain.", sender='"Fang, Wang" <Wang@example.org>', Message_ID="<abc@x.org>"))
    assert (read.sender, read.name, read.subject) == ("Wang@example.org", "Fang, Wang", "Pump failed")
    assert read.text == "It failed.\n\nAgain."
    assert read.message_hash == hash_of("<abc@x.org>")
    assert (read.files, read.answers, read.automatic) == ([], [], False)


def test_chinese_in_every_spelling_is_read() -> None:
    message = written(Subject="水泵又坏了")
    message.replace_header("From", "王芳 <wang@example.org>")
    message.set_content("第三次了。", charset="gb18030", cte="base64")
    read = parse(message.as_bytes())
    assert (read.name, read.subject, read.text) == ("王芳", "水泵又坏了", "第三次了。")
    raw = "From: wang@example.org\nSubject: 水泵\nContent-Type: text/plain; charset=gb2312\n\n".encode()
    assert parse(raw + "镕基".encode("gb18030")).text == "镕基"
    assert parse(raw).subject == "水泵"
    odd = b"From: a@example.org\nSubject: =?gb2312?B?y666wQ==?= =?utf-8?q?_=E5=9D=8F?=\n\nx"
    assert parse(odd).subject.endswith("坏")


def test_text_is_taken_before_html_and_html_is_read_as_text() -> None:
    message = written()
    message.set_content("In words.")
    message.add_alternative("<p>In <b>HTML</b>.</p>", subtype="html")
    assert parse(message.as_bytes()).text == "In words."
    only = written()
    only.set_content(
        "<html><head><style>p {}</style></head><body><p>One &amp; two</p>x<br>y<script>z()</script>", subtype="html"
    )
    assert parse(only.as_bytes()).text == "One & two\nx\ny"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("a<br>b", "a\nb"),
        ("<div>a</div><div>b</div>", "\na\n\nb\n"),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("&lt;script&gt;", "<script>"),
        ("<script>x</script>y", "y"),
        ("<SCRIPT>x</ScRiPt>y", "y"),
        ("<script>x", ""),
        ("<!-- a > b -->c", "c"),
        ("<!DOCTYPE html>c", "c"),
        ("a<b", "a"),
        ("&#99999999999999999999;x", "x"),
        ("&nbsp;x", " x"),
    ],
)
def test_html_as_somebody_would_read_it(page: str, text: str) -> None:
    assert plain(page) == text


def test_attached_files_are_named_and_not_read() -> None:
    message = written()
    message.set_content("See the picture.")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="泵.png")
    message.add_attachment("SECRET", subtype="plain", filename="../../etc/passwd")
    read = parse(message.as_bytes())
    assert read.text == "See the picture."
    assert read.files == ["泵.png", "../../etc/passwd"]


def test_many_files_are_named_up_to_a_point() -> None:
    message = written()
    message.set_content("x")
    for number in range(30):
        message.add_attachment(b"x", maintype="image", subtype="png", filename=f"{number}.png")
    files = parse(message.as_bytes()).files
    assert (len(files), files[-1]) == (21, "…")


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; x"},
        {"Return_Path": "<>"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
    ],
    ids="-".join,
)
def test_what_a_machine_wrote_is_known_as_such(header: dict[str, str]) -> None:
    assert parse(a_mail(**header)).automatic


def test_what_says_that_a_person_wrote_it_is_believed() -> None:
    assert not parse(a_mail(Auto_Submitted="no", Return_Path="<wang@example.org>")).automatic


def test_the_same_mail_has_the_same_fingerprint_whatever_was_written_on_the_way() -> None:
    mail = a_mail(Message_ID="<1@x>")
    assert parse(mail).fingerprint == parse(b"Received: from mx2\r\n" + mail).fingerprint
    assert parse(mail).fingerprint != parse(a_mail("Other.", Message_ID="<1@x>")).fingerprint
    assert parse(mail).fingerprint != parse(a_mail(Message_ID="<2@x>")).fingerprint


def test_a_sender_that_is_none_is_left_out() -> None:
    for sender in ("", "nobody", "<>", "a@b", "x" * 400 + "@example.org", "a@example.org\u202e"):
        assert parse(a_mail(sender=sender)).sender is None


def test_a_long_mail_is_cut_and_marks_that_hide_are_left_out() -> None:
    assert len(parse(a_mail("long " * 10_000)).text) <= LONGEST_TEXT
    assert parse(a_mail("\u202eabc\u200b\x07d")).text == "abcd"


def nested(depth: int) -> bytes:
    """Bodies in bodies."""
    parts = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(depth))
    return b"From: a@example.org\n" + b"".join(parts) + b"\nhello"


MADE_UP = {
    "empty": b"",
    "no header": b"hello",
    "zeros": b"\0" * 1000,
    "deep": nested(1000),
    "deeper": nested(20_000),
    "messages in messages": b"From: a@example.org\n" + b"Content-Type: message/rfc822\n\n" * 30_000,
    "parts": b"From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 300_000,
    "headers": b"X-A: b\n" * 1_000_000 + b"\nx",
    "folded": b"Subject: a\n" + b" b\n" * 1_000_000 + b"\nx",
    "parameters": b"From: a@example.org\nContent-Type: text/plain; " + b"a=b; " * 500_000 + b"\n\nx",
    "parameters of a part": b"From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
    b"text/plain; " + b"a=b; " * 500_000 + b"\n\nx\n--b--",
    "boundary of a whole": b"Content-Type: multipart/mixed; " + b"a=b; " * 300_000 + b"boundary=b\n\n--b\n\nx",
    "encoded words": b"From: a@example.org\nSubject: " + b"=?utf-8?q?a?= " * 200_000 + b"\n\nx",
    "brackets": b"From: " + b"(" * 1_000_000 + b"\n\nx",
    "addresses": b"From: " + b"<a@b.c>," * 500_000 + b"\n\nx",
    "returns": b"From: a@example.org\n\n" + b"\r" * 3_000_000,
    "one line": b"From: a@example.org\n\n" + b"x" * 9_000_000,
    "html": b"From: a@example.org\nContent-Type: text/html\n\n" + b"<div>" * 1_000_000,
    "open tags": b"From: a@example.org\nContent-Type: text/html\n\n" + b"<a" * 1_000_000,
    "open comments": b"From: a@example.org\nContent-Type: text/html\n\n" + b"<!--" * 1_000_000,
    "open scripts": b"From: a@example.org\nContent-Type: text/html\n\n" + b"<script>" * 500_000,
    "entities": b"From: a@example.org\nContent-Type: text/html\n\n" + b"&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" * 100_000,
    "numbers": b"From: a@example.org\nContent-Type: text/html\n\n&#" + b"9" * 1_000_000 + b";",
    "punycode": b"From: a@example.org\nContent-Type: text/plain; charset=punycode\n\n" + b"a-" * 500_000,
    "no charset": b"From: a@example.org\nContent-Type: text/plain; charset=zlib_codec\n\nx",
    "uuencoded": b"From: a@example.org\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n",
    "broken base64": b"From: a@example.org\nContent-Transfer-Encoding: base64\n\n!!!!====",
    "quoted printable": b"From: a@example.org\nContent-Transfer-Encoding: quoted-printable\n\n" + b"=" * 3_000_000,
    "blanks": b"From: a@example.org\n\n" + b"\n" + b" " * 5_000_000 + b"x",
    "blank lines": b"From: a@example.org\n\n" + b" \n" * 190_000 + b"x",
}


@pytest.mark.parametrize("name", MADE_UP)
def test_what_was_made_up_to_do_harm_is_read_or_refused(name: str) -> None:
    # Without the measuring before, some of these take minutes, and some the stack.
    with suppress(MailUnreadable):
        assert parse(MADE_UP[name]).text is not None


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"From: a@example.org\n", b"Content-Type: multipart/mixed; boundary=b\n"]),
)
def test_whatever_bytes_come_nothing_breaks(noise: bytes, head: bytes) -> None:
    try:
        read = parse(head + noise)
    except MailUnreadable:
        return
    assert "\x00" not in read.text + read.subject + (read.name or "") + "".join(read.files)
    (read.text + read.subject + (read.name or "") + "".join(read.files)).encode()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_whatever_html_comes_nothing_breaks(page: str) -> None:
    assert isinstance(plain(page), str)
