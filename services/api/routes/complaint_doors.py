"""Forms and mailboxes that complaints come in through, over HTTP, for those who keep them."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from crm import reading
from crm.complaint_doors import actions
from crm.complaint_doors.errors import TooManyDoors
from crm.complaint_doors.queries import FORM, FORMS, INBOX, INBOXES
from crm.complaint_doors.schemas import (
    ComplaintFormCreate,
    ComplaintFormRead,
    ComplaintFormUpdate,
    ComplaintFormWithLink,
    ComplaintInboxCreate,
    ComplaintInboxRead,
    ComplaintInboxUpdate,
    ComplaintInboxWithSecret,
    DoorFilter,
)
from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.sealing import Sealer
from crm.strangers.links import Links
from services.api.answers import ShownOnce
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

DoorReads = Annotated[Access, reads("complaint_doors")]
DoorWrites = Annotated[Access, writes("complaint_doors")]


@dataclass(frozen=True, slots=True)
class Premises:
    """What secrets are sealed with and links made with, and where we are reached."""

    sealer: Sealer
    links: Links
    base_url: str


async def _premises(request: Request) -> Premises:
    return Premises(request.app.state.sealer, request.app.state.links, str(request.base_url))


Here = Annotated[Premises, Depends(_premises)]

router = new_router(tags=["complaint_doors"])


@router.get("/complaint-forms", response_model=Page[ComplaintFormRead])
async def list_complaint_forms(access: DoorReads, wanted: Annotated[DoorFilter, Query()]) -> bytes:
    """The public forms, newest first."""
    return await reading.page(access, FORMS, wanted)


@router.post(
    "/complaint-forms",
    status_code=201,
    response_model=ComplaintFormWithLink,
    responses=problems(TooManyDoors, AlreadyExists),
)
async def create_complaint_form(access: DoorWrites, here: Here, new: ComplaintFormCreate) -> ShownOnce:
    """Open a public form. The answer shows its link: keep it, it is shown once.

    Whoever has the link can send a complaint without signing in. What comes in has the channel `web_form`, and is known
    by what people say of themselves; link it to its customer when you know whose it is.
    """
    made = await actions.create_form(access, new)
    return _with_link(here, made, "/v1/complaint-forms")


@router.get("/complaint-forms/{form_id}", response_model=ComplaintFormRead)
async def get_complaint_form(access: DoorReads, form_id: UUID) -> Answer:
    """One form. Its link is not shown."""
    return await reading.one(access, FORM, form_id)


@router.patch("/complaint-forms/{form_id}", response_model=ComplaintFormRead)
async def update_complaint_form(access: DoorWrites, form_id: UUID, change: ComplaintFormUpdate) -> Answer:
    """Change its name, its greeting, or the team that what comes in goes to."""
    return await actions.update(access, actions.FORMS, form_id, change)


@router.post("/complaint-forms/{form_id}/rotate", response_model=ComplaintFormWithLink)
async def rotate_complaint_form(access: DoorWrites, here: Here, form_id: UUID) -> ShownOnce:
    """Give it another link, shown once; the one before ends at once. Links to see how a complaint stands go on."""
    made = await actions.rotate_link(access, form_id)
    return _with_link(here, made)


@router.post("/complaint-forms/{form_id}/disable", response_model=ComplaintFormRead)
async def disable_complaint_form(access: DoorWrites, form_id: UUID) -> Answer:
    """Let nothing in through it any more. Its link is kept for when it is enabled again."""
    return await actions.disable(access, actions.FORMS, form_id)


@router.post("/complaint-forms/{form_id}/enable", response_model=ComplaintFormRead, responses=problems(TooManyDoors))
async def enable_complaint_form(access: DoorWrites, form_id: UUID) -> Answer:
    """Open it again, with the link it had."""
    return await actions.enable(access, actions.FORMS, form_id)


@router.get("/complaint-inboxes", response_model=Page[ComplaintInboxRead])
async def list_complaint_inboxes(access: DoorReads, wanted: Annotated[DoorFilter, Query()]) -> bytes:
    """The mailboxes whose mails are complaints, newest first."""
    return await reading.page(access, INBOXES, wanted)


@router.post(
    "/complaint-inboxes",
    status_code=201,
    response_model=ComplaintInboxWithSecret,
    responses=problems(TooManyDoors, AlreadyExists),
)
async def create_complaint_inbox(access: DoorWrites, here: Here, new: ComplaintInboxCreate) -> ShownOnce:
    """Make complaints of the mails to a mailbox. The answer shows where to hand them over and what to sign them with.

    Have your mail server or provider send each mail, as it came (`message/rfc822`), to `url`, signed as Standard
    Webhooks say. Keep the secret, it is shown once.
    """
    made = await actions.create_inbox(access, new, here.sealer, here.links)
    return ShownOnce(made.answer, made.secret, "/v1/complaint-inboxes", url=_inbox(here, made.token))


@router.get("/complaint-inboxes/{inbox_id}", response_model=ComplaintInboxRead)
async def get_complaint_inbox(access: DoorReads, inbox_id: UUID) -> Answer:
    """One mailbox. Its secret is not shown."""
    return await reading.one(access, INBOX, inbox_id)


@router.patch("/complaint-inboxes/{inbox_id}", response_model=ComplaintInboxRead)
async def update_complaint_inbox(access: DoorWrites, inbox_id: UUID, change: ComplaintInboxUpdate) -> Answer:
    """Change its name, its mailbox, its team, or whether senders are matched with customers."""
    return await actions.update(access, actions.INBOXES, inbox_id, change)


@router.post("/complaint-inboxes/{inbox_id}/rotate-secret", response_model=ComplaintInboxWithSecret)
async def rotate_complaint_inbox_secret(access: DoorWrites, here: Here, inbox_id: UUID) -> ShownOnce:
    """Give it a new secret, shown once. For 24 hours mails signed with the old one are taken too."""
    made = await actions.rotate_secret(access, inbox_id, here.sealer, here.links)
    return ShownOnce(made.answer, made.secret, url=_inbox(here, made.token))


@router.post("/complaint-inboxes/{inbox_id}/disable", response_model=ComplaintInboxRead)
async def disable_complaint_inbox(access: DoorWrites, inbox_id: UUID) -> Answer:
    """Take no mails from it any more: they are answered 404, so your gateway keeps them."""
    return await actions.disable(access, actions.INBOXES, inbox_id)


@router.post(
    "/complaint-inboxes/{inbox_id}/enable", response_model=ComplaintInboxRead, responses=problems(TooManyDoors)
)
async def enable_complaint_inbox(access: DoorWrites, inbox_id: UUID) -> Answer:
    """Take mails from it again."""
    return await actions.enable(access, actions.INBOXES, inbox_id)


def _with_link(here: Premises, made: actions.NewForm, path: str | None = None) -> ShownOnce:
    url = f"{here.base_url}v1/public/complaint-forms/{made.token}"
    return ShownOnce(made.answer, url, path, member="url", page_url=f"{here.base_url}complain/{made.token}")


def _inbox(here: Premises, token: str) -> str:
    return f"{here.base_url}v1/public/complaint-inboxes/{token}"
