"""Every day, the birthdays that have passed get their next day: what a list sorts and filters by is never in the past.

Which day was done is remembered with the workspace, and each batch is a transaction of its own: the work can end
anywhere and go on from there. Birthdays that have no day yet get theirs here too.
"""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Date as Day
from sqlalchemy import Insert, Integer, Select, Update, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm import clock
from crm.contacts import events
from crm.contacts.birthdays import upcoming_birthday
from crm.contacts.models import birthday_rounds, contacts, next_birthday_key
from crm.contacts.queries import CONTACT
from crm.database import Transaction, statement
from crm.recording import recorded
from crm.workspaces.models import workspaces

Which = Literal["passed", "undated"]


async def waiting(tx: Transaction) -> Sequence[UUID]:
    """The workspaces where a new day has begun that is not done. For a transaction over all workspaces."""
    return [
        row["workspace_id"]
        for row in await tx.rows(_rounds())
        if clock.is_zone(row["timezone"]) and row["done_for"] != clock.local_date(row["now"], row["timezone"])
    ]


async def work(tx: Transaction, *, most: int) -> bool:
    """Do a batch of what is waiting in this workspace; whether there is more. A colleague at it is left to it."""
    await tx.row(_begin())
    taken = await tx.row(_take())
    if taken is None:
        return False
    today = clock.local_date(taken["now"], tx.actor.timezone)
    due = await tx.rows(_due("passed"), today=today, most=most)
    if len(due) < most:
        due += await tx.rows(_due("undated"), most=most - len(due))
    next_days = {row["id"]: upcoming_birthday(row["birthday"], today=today) for row in due}
    if next_days:
        new = {"ids": list(next_days), "days": list(next_days.values())}
        await tx.rows(_turn(), event_type=events.BIRTHDAY_PASSED, **new)
    if len(due) < most:
        await tx.row(_done(), done_for=today)
    return len(due) == most


@statement
def _rounds() -> Select[Any]:
    w, r = workspaces.c, birthday_rounds.c
    mine = r.workspace_id == w.workspace_id
    return select(w.workspace_id, w.timezone, r.done_for, func.now().label("now")).select_from(
        workspaces.outerjoin(birthday_rounds, mine)
    )


@statement
def _begin() -> Insert:
    return insert(birthday_rounds).values(workspace_id=bindparam("workspace_id", type_=Uuid)).on_conflict_do_nothing()


@statement
def _take() -> Select[Any]:
    at_home = birthday_rounds.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(func.now().label("now")).where(at_home).with_for_update(skip_locked=True, of=birthday_rounds)


@statement
def _done() -> Update:
    at_home = birthday_rounds.c.workspace_id == bindparam("workspace_id", type_=Uuid)

    return update(birthday_rounds).where(at_home).values(done_for=bindparam("done_for", type_=Day), done_at=func.now())


@statement
def _due(which: Which) -> Select[Any]:
    c = contacts.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    found = select(c.id, c.birthday).where(at_home).limit(bindparam("most", type_=Integer))
    found = found.with_for_update(key_share=True)
    if which == "undated":
        return found.where(c.birthday.is_not(None), c.next_birthday_on.is_(None)).order_by(c.id)
    return found.where(next_birthday_key < bindparam("today", type_=Day)).order_by(next_birthday_key, c.id)


@statement
def _turn() -> Insert:
    """The next day of each of these contacts, each with its fact."""
    given = func.unnest(bindparam("ids", type_=ARRAY(Uuid)), bindparam("days", type_=ARRAY(Day)))
    turned = given.table_valued("id", "day", name="turned").render_derived()
    at_home = contacts.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    change = update(contacts).where(at_home, contacts.c.id == turned.c.id).values(next_birthday_on=turned.c.day)
    return recorded(CONTACT, change)
