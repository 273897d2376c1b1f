"""Signing in with e-mail and password."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, Update, Uuid, bindparam, column, func, select, update

from crm.database import statement
from crm.workspaces import throttle
from crm.workspaces.access import outsider
from crm.workspaces.errors import SignInRefused, WorkspaceNeeded
from crm.workspaces.mint import Granted, Mint
from crm.workspaces.models import users
from crm.workspaces.passwords import hash_password, verify_password
from crm.workspaces.refreshing import begin
from crm.workspaces.rules import email_key


class _Candidate(NamedTuple):
    """Someone with this e-mail address, in one workspace."""

    workspace_id: UUID
    user_id: UUID
    password_hash: str
    workspace_name: str

    @property
    def subject(self) -> str:
        return throttle.of_user(self.workspace_id, self.user_id)


async def sign_in(
    mint: Mint, email: str, password: str, *, workspace_id: UUID | None, device: str | None, address: str
) -> Granted:
    """Begin a session. ``address`` is where the caller comes from.

    Raises ``SignInRefused``, ``TooManyGuesses``, ``Unavailable`` when too many sign in at once, and ``WorkspaceNeeded``
    where the password is right in several workspaces and none is named.
    """
    counters, key = throttle.counters(mint.database), email_key(email)
    found = [_Candidate(*row) for row in await counters.rows(_candidates(), email_key=key)]
    candidates = {one.subject: one for one in found if workspace_id in {None, one.workspace_id}}
    place = throttle.of_address(address)
    if place:
        await throttle.count(counters, [place], throttle.PER_ADDRESS)
    subjects = candidates or [throttle.of_nobody(key, workspace_id)]
    allowed = await throttle.count(counters, subjects, throttle.PER_ACCOUNT)
    right = [one for subject, one in candidates.items() if subject in allowed and await _is_theirs(mint, one, password)]
    if not right:
        if not candidates:
            await verify_password(None, password)
        raise SignInRefused(error="invalid_grant")
    await throttle.clear(counters, [one.subject for one in right])
    if place:
        await throttle.take_back(counters, place)
    if len(right) > 1:
        choices = [{"id": one.workspace_id, "name": one.workspace_name} for one in right]
        raise WorkspaceNeeded(error="invalid_request", workspaces=choices)
    return await begin(mint, right[0].workspace_id, right[0].user_id, device)


async def _is_theirs(mint: Mint, candidate: _Candidate, password: str) -> bool:
    """Whether the password is the candidate's; its hash is made anew where it was made with older settings."""
    verdict = await verify_password(candidate.password_hash, password)
    if verdict.needs_rehash:
        access = mint.database.writing(outsider(candidate.workspace_id))
        new = await hash_password(password)
        await access.row(_rehash(), id=candidate.user_id, old_hash=candidate.password_hash, new_hash=new)
    return verdict.ok


@statement
def _candidates() -> Select[Any]:
    names = _Candidate._fields
    function = func.sign_in_candidates(bindparam("email_key", type_=Text))
    columns: list[ColumnElement[Any]] = [column(name) for name in names]
    return select(*columns).select_from(function.table_valued(*names, name="candidate"))


@statement
def _rehash() -> Update:
    c = users.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return (
        update(users)
        .where(at_home, c.id == bindparam("id", type_=Uuid), c.password_hash == bindparam("old_hash", type_=Text))
        .values(password_hash=bindparam("new_hash", type_=Text))
    )
