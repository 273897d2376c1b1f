"""The page on which whoever complained says how it went: one form, no script, nothing from elsewhere."""

import html
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from crm.surveys.schemas import LONGEST_COMMENT
from crm.surveys.words import PAGE, QUESTIONS, Question

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
"""The address is a secret: nobody is told of it, keeps it, or shows the page inside another."""

WHOLE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 17px/1.6 system-ui; max-width: 34em; margin: 2em auto; padding: 0 1em }}
fieldset {{ border: 0; padding: 0; margin: 0 0 1.5em }}
label.mark {{ display: inline-block; padding: .4em .6em }}
textarea {{ width: 100%; box-sizing: border-box; font: inherit }}
button {{ font: inherit; padding: .5em 2em }}
</style>
<h1>{company}</h1>
<p>{title}</p>
{body}
</html>
"""


def page(survey: Mapping[str, Any], *, chinese: bool, just_answered: bool = False) -> Response:
    """The form while an answer is taken, else one sentence; the words of whoever reads it."""
    title = PAGE["title"][chinese].format(number=survey["number"])
    if survey["state"] == "open":
        body = _form(chinese=chinese)
    else:
        body = f"<p>{html.escape(PAGE['thanks' if just_answered else survey['state']][chinese])}</p>"
    shown = {
        "language": "zh-CN" if chinese else "en",
        "title": html.escape(title),
        "company": html.escape(survey["company"]),
        "body": body,
    }
    return Response(WHOLE.format(**shown), headers=HEADERS, media_type="text/html")


def _form(*, chinese: bool) -> str:
    fields = "\n".join(_field(question, chinese=chinese) for question in QUESTIONS)
    # Posted to the address it was read at: the link is the only thing that says whose it is.
    return f'<form method="post">\n{fields}\n<button>{html.escape(PAGE["send"][chinese])}</button>\n</form>'


def _field(question: Question, *, chinese: bool) -> str:
    optional = "" if question.required else f" ({PAGE['optional'][chinese]})"
    said = html.escape(question.said[chinese] + optional)
    if question.least is None or question.most is None:
        # Browsers send a line's end as two characters.
        return (
            f'<fieldset><label for="{question.name}">{said}</label>'
            f'<textarea id="{question.name}" name="{question.name}" rows="5" maxlength="{LONGEST_COMMENT // 2}">'
            "</textarea></fieldset>"
        )
    return f"<fieldset><legend>{said}</legend>{''.join(_marks(question))}</fieldset>"


def _marks(question: Question) -> Iterator[str]:
    required = " required" if question.required else ""
    for mark in range(question.least or 0, (question.most or 0) + 1):
        yield (
            f'<label class="mark"><input type="radio" name="{question.name}" value="{mark}"{required}> {mark}</label>'
        )
