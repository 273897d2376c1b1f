"""The public form, its receipt and how a complaint stands, as pages for people: no script, nothing from elsewhere.

For those who have no page of their own yet: they draw what ``/v1/public/…`` says, with the same links and limits. What
people wrote is escaped wherever it is shown; a browser would run nothing on these pages anyway.
"""

import hmac
from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from crm.complaint_doors import submitting
from crm.complaint_doors.errors import SubmissionReused
from crm.complaint_doors.public_schemas import (
    LONGEST_WORDS,
    Labelled,
    PublicComplaint,
    PublicComplaintForm,
    PublicReceipt,
)
from services.api.strangers import UNSEEN, Stranger, Visiting

HEADERS = {
    **UNSEEN,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Vary": "Accept-Language",
}
PAGE = Template("""<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>
body { font: 16px/1.6 system-ui, sans-serif; max-width: 36em; margin: 2em auto; padding: 0 1em; color: #222 }
label { display: block; margin: 1em 0 0 } small { color: #666 }
input, select, textarea { font: inherit; width: 100%; box-sizing: border-box; padding: .5em }
button { font: inherit; margin: 1.5em 0; padding: .6em 2em } .wrong { color: #a00 } .away { position: absolute;
left: -100em }
</style>
</head>
<body>
<p><small>$workspace</small></p>
$content
</body>
</html>
""")

WORDS: Mapping[str, tuple[str, str]] = {
    "description": ("What happened?", "发生了什么？"),
    "category": ("What is it about?", "投诉类别"),
    "remedy_sought": ("What would you like us to do?", "您希望如何处理？"),
    "lot": ("Serial, batch or order number", "序列号、批号或订单号"),
    "name": ("Your name", "您的姓名"),
    "phone": ("Phone", "电话"),
    "email": ("E-mail", "邮箱"),
    "optional": ("optional", "选填"),
    "contact": (
        "Only if you tell us how to reach you can we answer you. We use it for this complaint alone.",
        "只有留下联系方式，我们才能回复您。这些信息仅用于处理本次投诉。",
    ),
    "send": ("Send", "提交"),
    "wrong": ("Please check this.", "请检查此项。"),
    "again": (
        "This was sent already. Send it once more if it is another complaint.",
        "该内容已提交。如需提交新的投诉，请再次点击提交。",
    ),
    "link": ("See how it stands", "查看处理进度"),
}
FIELDS = tuple(PublicComplaint.model_fields)

router = APIRouter(include_in_schema=False)


@router.get("/complain/{token}")
async def read_form(stranger: Visiting, token: str) -> Response:
    """The form."""
    form = await stranger.finding(submitting.show(stranger.database, token, chinese=stranger.chinese))
    return _form(stranger, form, {})


@router.post("/complain/{token}")
async def submit_form(request: Request, stranger: Visiting, token: str) -> Response:
    """Its receipt, or the form again with what is wrong."""
    form = await stranger.finding(submitting.show(stranger.database, token, chinese=stranger.chinese))
    sent = await request.form(max_fields=len(FIELDS), max_files=0)
    values = {name: text for name, text in sent.items() if isinstance(text, str) and name in FIELDS and text.strip()}
    try:
        complaint = PublicComplaint.model_validate(values)
    except ValidationError as error:
        return _form(stranger, form, values, wrong=[str(one["loc"][0]) for one in error.errors() if one["loc"]])
    content = complaint.model_dump_json(exclude_none=True).encode()
    try:
        receipt = await stranger.finding(
            submitting.submit(
                stranger.database,
                stranger.links,
                token,
                complaint,
                fingerprint=hmac.digest(request.app.state.fingerprint_key, content, "sha256"),
                address=stranger.address,
                base_url=str(request.base_url),
                chinese=stranger.chinese,
            )
        )
    except SubmissionReused:
        return _form(stranger, form, {**values, "submission_id": ""}, note="again")
    return _receipt(stranger, form, receipt)


@router.get("/complaint/{token}")
async def read_status(stranger: Visiting, token: str) -> Response:
    """How a complaint stands."""
    found = await stranger.finding(submitting.status(stranger.database, token, chinese=stranger.chinese))
    content = (
        f"<h1>{escape(found.title)}</h1><p>{escape(found.message)}</p><p><small>{escape(found.reference)}</small></p>"
    )
    return _page(stranger, found.reference, "", content)


def _receipt(stranger: Stranger, form: PublicComplaintForm, receipt: PublicReceipt) -> Response:
    content = (
        f"<h1>{escape(receipt.reference)}</h1><p>{escape(receipt.message)}</p>"
        f'<p><a href="{escape(receipt.status_page_url)}">{_word(stranger, "link")}</a></p>'
    )
    return _page(stranger, form.name, form.workspace, content, status=201)


def _form(
    stranger: Stranger,
    form: PublicComplaintForm,
    values: Mapping[str, str],
    *,
    wrong: Sequence[str] = (),
    note: str | None = None,
) -> Response:
    def put(name: str, control: str, *, optional: bool = True) -> str:
        extra = f" <small>({_word(stranger, 'optional')})</small>" if optional else ""
        said = f' <span class="wrong">{_word(stranger, "wrong")}</span>' if name in wrong else ""
        return f"<label>{_word(stranger, name)}{extra}{said}\n{control}</label>"

    def line(name: str, kind: str = "text") -> str:
        return put(name, f'<input name="{name}" type="{kind}" maxlength="200" value="{escape(values.get(name, ""))}">')

    def choice(name: str, options: Sequence[Labelled], *, first: str) -> str:
        chosen = values.get(name, first)
        marks = {chosen: " selected"}
        listed = "".join(
            f'<option value="{escape(one.code)}"{marks.get(one.code, "")}>{escape(one.label)}</option>'
            for one in options
        )
        empty = "" if first else '<option value=""></option>'
        return put(name, f'<select name="{name}">{empty}{listed}</select>')

    words = f'<textarea name="description" rows="8" maxlength="{LONGEST_WORDS}" required>'
    content = "\n".join(
        [
            f"<h1>{escape(form.name)}</h1>",
            f"<p>{escape(form.greeting)}</p>",
            f'<p class="wrong">{_word(stranger, note)}</p>' if note else "",
            '<form method="post" accept-charset="utf-8">',
            f'<input type="hidden" name="submission_id" value="{escape(values.get("submission_id") or str(uuid4()))}">',
            put("description", f"{words}{escape(values.get('description', ''))}</textarea>", optional=False),
            choice("category", form.categories, first="other"),
            choice("remedy_sought", form.remedies, first=""),
            line("lot"),
            f"<p>{_word(stranger, 'contact')}</p>",
            line("name"),
            line("phone", "tel"),
            line("email", "email"),
            '<div class="away" aria-hidden="true"><input name="website" tabindex="-1" autocomplete="off"></div>',
            f"<button>{_word(stranger, 'send')}</button>",
            "</form>",
        ]
    )
    return _page(stranger, form.name, form.workspace, content, status=422 if wrong or note else 200)


def _page(stranger: Stranger, title: str, workspace: str, content: str, *, status: int = 200) -> Response:
    language = "zh-CN" if stranger.chinese else "en"
    page = PAGE.substitute(language=language, title=escape(title), workspace=escape(workspace), content=content)
    return Response(page, status, HEADERS, media_type="text/html")


def _word(stranger: Stranger, name: str) -> str:
    return escape(WORDS[name][stranger.chinese])
