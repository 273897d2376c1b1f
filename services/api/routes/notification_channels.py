"""Notification channels and the messages on their way over them, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from crm.channels import actions, proving, queries, retrying, settling
from crm.channels.actions import Means
from crm.channels.errors import (
    ChannelDisabled,
    ChannelTaken,
    ChannelUnverified,
    CodeJustSent,
    CodeWrong,
    EmailNotSetUp,
    MessageNotDead,
    OnlyManagersShare,
    TooManyChannels,
)
from crm.channels.schemas import (
    ChannelCode,
    NotificationChannelCreate,
    NotificationChannelFilter,
    NotificationChannelMade,
    NotificationChannelRead,
    NotificationChannelUpdate,
    NotificationMessageFilter,
    NotificationMessageRead,
)
from crm.database import Access, Transaction
from crm.errors import NotFound
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.workspaces.acting import acting_in
from crm.workspaces.errors import OnlyForPeople
from services.api.answers import ShownOnce
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

ChannelReads = Annotated[Access, reads("notifications")]
ChannelWrites = Annotated[Access, writes("notifications")]
ChannelChanges = Annotated[Transaction, changes("notifications")]


async def _means(request: Request) -> Means:
    state = request.app.state
    settings = state.settings
    return Means(state.sealer, state.proofs, settings.webhooks_allow_loopback, settings.mail is not None)


Here = Annotated[Means, Depends(_means)]
UnsubscribeToken = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{64}$")]

router = new_router(tags=["channels"])


@router.get("/notification-channels", response_model=Page[NotificationChannelRead])
async def list_notification_channels(
    access: ChannelReads, wanted: Annotated[NotificationChannelFilter, Query()]
) -> bytes:
    """Your own channels, and the shared ones of the teams you see."""
    return await queries.page(access, wanted)


@router.post(
    "/notification-channels",
    status_code=201,
    response_model=NotificationChannelMade,
    responses=problems(ChannelTaken, TooManyChannels, EmailNotSetUp, AlreadyExists, OnlyManagersShare, OnlyForPeople),
)
async def create_notification_channel(tx: ChannelChanges, here: Here, new: NotificationChannelCreate) -> ShownOnce:
    """Be told by e-mail, by a group robot (WeCom, DingTalk, Feishu) or by a webhook of your own.

    An e-mail address other than the one you sign in with has to be verified by the code that is sent to it. A robot's
    address and secret are sealed and never shown again. Managers and administrators make shared channels, which are
    told what the members of a team, or all colleagues, are told. What comes within ten seconds, in quiet hours or
    between two digests arrives as one message.
    """
    return ShownOnce(*await actions.create(tx, new, here), "/v1/notification-channels")


@router.get("/notification-channels/{channel_id}", response_model=NotificationChannelRead)
async def get_notification_channel(access: ChannelReads, channel_id: UUID) -> Answer:
    """One channel, and how well it works."""
    return await queries.get(access, channel_id)


@router.patch(
    "/notification-channels/{channel_id}",
    response_model=NotificationChannelRead,
    responses=problems(OnlyManagersShare),
)
async def update_notification_channel(
    tx: ChannelChanges, channel_id: UUID, change: NotificationChannelUpdate
) -> Answer:
    """Change quiet hours, digest, kinds or name. What waits already is told when the new ways say so."""
    return await actions.update(tx, channel_id, change)


@router.post(
    "/notification-channels/{channel_id}/verify",
    response_model=NotificationChannelRead,
    responses=problems(CodeWrong, OnlyManagersShare),
)
async def verify_notification_channel(
    access: ChannelWrites, request: Request, channel_id: UUID, sent: ChannelCode
) -> Answer:
    """Hand in the code that was sent to the address. It is good for half an hour and five guesses."""
    state = request.app.state
    return await proving.verify(access, state.database, channel_id, sent.code, state.proofs)


@router.post(
    "/notification-channels/{channel_id}/enable",
    response_model=NotificationChannelRead,
    responses=problems(ChannelUnverified, OnlyManagersShare),
)
async def enable_notification_channel(tx: ChannelChanges, channel_id: UUID) -> Answer:
    """Be told over it again, beginning with what waited when it was disabled."""
    return await actions.enable(tx, channel_id)


@router.post(
    "/notification-channels/{channel_id}/disable",
    response_model=NotificationChannelRead,
    responses=problems(OnlyManagersShare),
)
async def disable_notification_channel(access: ChannelWrites, channel_id: UUID) -> Answer:
    """Be told nothing over it, until it is enabled."""
    return await actions.disable(access, channel_id)


@router.post(
    "/notification-channels/{channel_id}/remove",
    status_code=204,
    response_class=Response,
    responses=problems(OnlyManagersShare),
)
async def remove_notification_channel(access: ChannelWrites, channel_id: UUID) -> None:
    """Forget it for good: its address and secrets are erased, and what waited is not told."""
    await actions.remove(access, channel_id)


@router.post(
    "/notification-channels/{channel_id}/test",
    response_model=NotificationMessageRead,
    responses=problems(ChannelDisabled, CodeJustSent, OnlyManagersShare),
)
async def test_notification_channel(tx: ChannelChanges, channel_id: UUID) -> Answer:
    """Send a test at once, quiet hours or not; before an address is verified, send its code anew."""
    return await proving.test(tx, channel_id)


@router.get("/notification-messages", response_model=Page[NotificationMessageRead])
async def list_notification_messages(
    access: ChannelReads, wanted: Annotated[NotificationMessageFilter, Query()]
) -> bytes:
    """What was sent over the channels you see, what is on its way, and what never arrived (`state=dead`)."""
    return await queries.page_of_messages(access, wanted)


@router.get("/notification-messages/{message_id}", response_model=NotificationMessageRead)
async def get_notification_message(access: ChannelReads, message_id: UUID) -> Answer:
    """One message."""
    return await queries.get_message(access, message_id)


@router.post(
    "/notification-messages/{message_id}/retry",
    response_model=NotificationMessageRead,
    responses=problems(MessageNotDead, ChannelDisabled, OnlyManagersShare),
)
async def retry_notification_message(tx: ChannelChanges, message_id: UUID) -> Answer:
    """Send a dead message once more, with a whole schedule of attempts before it."""
    return await retrying.retry(tx, message_id)


@router.post("/unsubscribe/{token}", status_code=204, response_class=Response)
async def unsubscribe(request: Request, token: UnsubscribeToken) -> None:
    """Turn the channel off that an e-mail came over: what a mail program's *unsubscribe* does (RFC 8058).

    Needs no sign-in: whoever has the link got the message. The channel's owner can enable it again.
    """
    named = request.app.state.proofs.unsubscribed(token)
    if named is None:
        raise NotFound
    workspace_id, channel_id = named
    database = request.app.state.database
    actor = await acting_in(database, workspace_id)
    async with database.transaction(actor) as tx:
        await settling.turn_off(tx, channel_id, "unsubscribed")
