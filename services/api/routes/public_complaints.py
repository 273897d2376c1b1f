"""Complaints of people who do not sign in, and of programs that hand their mails over, over HTTP."""

import hmac
from typing import Any

from fastapi import Request
from starlette.responses import Response

from crm.attachments import mails
from crm.complaint_doors import arriving, opening, submitting
from crm.complaint_doors.errors import MailUnreadable, SubmissionReused
from crm.complaint_doors.mail import LARGEST
from crm.complaint_doors.public_schemas import (
    PublicComplaint,
    PublicComplaintForm,
    PublicComplaintStatus,
    PublicReceipt,
)
from crm.complaint_doors.schemas import MailTaken
from crm.errors import TooLarge
from crm.webhooks.signing import SignatureInvalid
from services.api.layers.deadlines import patient
from services.api.problems import problems
from services.api.routing import router as new_router
from services.api.strangers import Gateway, Visiting, shown

router = new_router(tags=["public"])

MAIL: dict[str, Any] = {
    "parameters": [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": text,
            "schema": {"type": "string"},
        }
        for name, text in (
            ("webhook-id", "What you call this mail: the same whenever you hand it over again. Never taken twice."),
            ("webhook-timestamp", "Seconds since 1970 of this attempt, within five minutes of now."),
            ("webhook-signature", "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` with the secret."),
        )
    ],
    "requestBody": {
        "required": True,
        "description": "The mail as it came, headers and all (RFC 5322), at most 10 MiB.",
        "content": {"message/rfc822": {"schema": {"type": "string", "format": "binary"}}},
    },
}


@router.get("/public/complaint-forms/{token}", response_model=PublicComplaintForm)
async def get_public_complaint_form(stranger: Visiting, token: str) -> Response:
    """What a public form shows, for a page of yours to draw it. Needs no sign-in, just the form's link."""
    return shown(await stranger.finding(submitting.show(stranger.database, token, chinese=stranger.chinese)))


@router.post(
    "/public/complaint-forms/{token}",
    status_code=201,
    response_model=PublicReceipt,
    responses=problems(SubmissionReused),
)
async def submit_public_complaint(request: Request, stranger: Visiting, token: str, sent: PublicComplaint) -> Response:
    """Complain. Needs no sign-in, just the form's link. The answer has a number, and a link to see how it stands.

    Markup is kept as the text it is. At most ten complaints in ten minutes from one address, and three hundred an hour
    through one form. Send `submission_id`, and it is safe to send it again.
    """
    content = sent.model_dump_json(exclude_none=True).encode()
    fingerprint = hmac.digest(request.app.state.fingerprint_key, content, "sha256")
    receipt = submitting.submit(
        stranger.database,
        stranger.links,
        token,
        sent,
        fingerprint=fingerprint,
        address=stranger.address,
        base_url=str(request.base_url),
        chinese=stranger.chinese,
    )
    return shown(await stranger.finding(receipt), 201)


@router.get("/public/complaints/{token}", response_model=PublicComplaintStatus)
async def get_public_complaint(stranger: Visiting, token: str) -> Response:
    """How a complaint stands, for whoever has the link: where it is, in plain words, and nothing said among you.

    404 ninety days after it was over.
    """
    return shown(await stranger.finding(submitting.status(stranger.database, token, chinese=stranger.chinese)))


@router.post(
    "/public/complaint-inboxes/{token}",
    status_code=202,
    response_model=MailTaken,
    responses=problems(SignatureInvalid, MailUnreadable, TooLarge),
    openapi_extra=MAIL,
    max_body_size=LARGEST,
)
@patient(30)
async def hand_over_mail(request: Request, stranger: Gateway, token: str) -> Response:
    """Hand over a mail that came to a mailbox of complaints, signed as Standard Webhooks say.

    It becomes a complaint. An answer to a mail of a complaint, or one with its number in the subject from whoever
    complained, is a word more to that one. What machines write (RFC 3834) is not taken for a complaint. Attached files
    hang on the complaint where they are of a kind that is taken; the others are named. 503 while they cannot be kept:
    hand the mail over again, and nothing else happens twice. 401 for whatever is not proven; 404 for an inbox that is
    closed.
    """
    opened = await stranger.finding(opening.inbox(stranger.database, token))
    body = await request.body()
    sealer, headers = request.app.state.sealer, request.headers
    key = await arriving.proven(stranger.database, opened, sealer, headers, body, stranger.address)
    store = request.app.state.attachments
    return shown(await mails.take_in(stranger.database, store, opened, key, body), 202)
