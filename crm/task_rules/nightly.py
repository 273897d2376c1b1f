"""The night of a workspace: what is overdue is told, then every nightly rule is carried out, one after the other.

Each batch is a transaction of its own and remembers how far it has come, so the work can end anywhere and go on from
there; a second run makes nothing. A rule that does not work ends its own night only.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date as Day
from sqlalchemy import Insert, Select, Update, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from crm import clock
from crm.database import Transaction, statement
from crm.errors import Unprocessable
from crm.tables import at_home
from crm.task_rules import carrying, faults, finding, keeping, making, overdue
from crm.task_rules.errors import BrokenRule
from crm.tasks.origins import task_rule_rounds
from crm.workspaces.models import workspaces


async def waiting(tx: Transaction) -> Sequence[UUID]:
    """The workspaces whose night has come and is not done. For a transaction over all workspaces."""
    return [
        row["workspace_id"]
        for row in await tx.rows(_rounds())
        if clock.is_zone(row["timezone"]) and row["done_for"] != clock.night(row["now"], row["timezone"])
    ]


async def work(tx: Transaction, *, most: int) -> bool:
    """Do a batch of what is waiting in this workspace; whether there is more. A colleague at it is left to it."""
    await tx.row(_begin())
    found = await tx.row(_take())
    if found is None:
        return False
    today = clock.night(found["now"], tx.actor.timezone)
    if await overdue.tell(tx, today, most=most) == most:
        return True
    run = await keeping.next_run(tx, today)
    if run is not None:
        await _go_on(tx, run, today, most=most)
        return True
    await tx.row(_done(), done_for=today)
    return False


async def _go_on(tx: Transaction, run: keeping.Run, today: date, *, most: int) -> None:
    rule = run.rule
    try:
        async with tx.attempt():
            await _batch(tx, run, today, most=most)
    except Exception as error:  # Whatever it is, it is this rule's own: those after it have their night too.
        fault = faults.fault_of(_cause(error))
        await keeping.broke_off(tx, rule.id, today, fault)
        await faults.tell(tx, rule, fault)


async def _batch(tx: Transaction, run: keeping.Run, today: date, *, most: int) -> None:
    rule = run.rule
    await carrying.must_be_there(tx, rule.action)
    look = await carrying.look_for(tx, rule.id, rule.trigger, rule.action, today)
    found = await finding.candidates(tx, look, after=run.after, most=most)
    planned = carrying.plan(tx, look, rule.action, found)
    made = await making.make(tx, rule.id, rule.action, planned)
    _, skipped = keeping.tally([one.skipped for one in found])
    after = found[-1].id if len(found) == most else None
    await keeping.go_on(tx, rule.id, today, made=made, skipped=skipped, after=after)
    if after is None:
        await faults.clear(tx, rule)


def _cause(error: Exception) -> Exception:
    """What was acceptable when the rule was written and is not any more."""
    if isinstance(error, Unprocessable):
        return BrokenRule("unknown_condition" if error.errors[0].code == "unknown_condition" else "unknown_field")
    return error


@statement
def _rounds() -> Select[Any]:
    w, r = workspaces.c, task_rule_rounds.c
    mine = r.workspace_id == w.workspace_id
    return select(w.workspace_id, w.timezone, r.done_for, func.now().label("now")).select_from(
        workspaces.outerjoin(task_rule_rounds, mine)
    )


@statement
def _begin() -> Insert:
    return insert(task_rule_rounds).values(workspace_id=bindparam("workspace_id", type_=Uuid)).on_conflict_do_nothing()


@statement
def _take() -> Select[Any]:
    return (
        select(func.now().label("now"))
        .where(at_home(task_rule_rounds))
        .with_for_update(skip_locked=True, of=task_rule_rounds)
    )


@statement
def _done() -> Update:
    done = {"done_for": bindparam("done_for", type_=Day), "done_at": func.now()}
    return update(task_rule_rounds).where(at_home(task_rule_rounds)).values(done)
