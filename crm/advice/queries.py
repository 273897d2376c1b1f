"""How advice looks, and everything that reads it: what the workspace says, else what was shipped."""

from collections.abc import Iterable
from typing import Any, get_args

import orjson
from sqlalchemy import ColumnElement, FromClause, Select, Text, Uuid, bindparam, case, literal, select, true

from crm.actor import Sight
from crm.advice.defaults import DEFAULTS
from crm.advice.models import complaint_advice
from crm.advice.saying import Said
from crm.complaints.vocabulary import Step
from crm.database import Access, statement
from crm.nouns import Noun
from crm.tables import utc

STEPS: tuple[Step, ...] = get_args(Step)


def shape(advice: FromClause) -> Select[Any]:
    """The advice for a step, once: the answer and the event."""
    c = advice.c
    return select(
        c.step,
        _title(c.step, 0).label("title"),
        _title(c.step, 1).label("title_zh"),
        c.checklist,
        c.avoid,
        c.is_default,
        utc(c.updated_at).label("updated_at"),
        c.version,
    )


def visible(_: Sight) -> ColumnElement[bool]:
    """Advice is for everyone who handles complaints."""
    return true()


ADVICE = Noun("complaint_advice", complaint_advice, shape, visible, customer=None)


async def every(access: Access) -> bytes:
    """The advice for all steps."""
    return orjson.dumps({"data": await of(access, STEPS)})


async def one(access: Access, step: Step) -> bytes:
    """The advice for a step."""
    (found,) = await of(access, [step])
    return orjson.dumps(found)


async def of(access: Access, steps: Iterable[Step]) -> list[dict[str, Any]]:
    """The advice for these steps, in their order. One statement."""
    kept = {row["step"]: row for row in await access.rows(_kept())}
    return [shown(step, kept.get(step)) for step in steps]


def default(step: Step) -> dict[str, Any]:
    """What was shipped for a step, as the columns that keep advice."""
    advice = DEFAULTS[step]
    return {"checklist": _said(advice.checklist), "avoid": _said(advice.avoid)}


def shown(step: Step, kept: Any) -> dict[str, Any]:
    """The advice for a step, given the row that the workspace keeps of it, if it does."""
    title, title_zh = DEFAULTS[step].title
    own = kept is not None and not kept["is_default"]
    said = {"checklist": kept["checklist"], "avoid": kept["avoid"]} if own else default(step)
    return {
        "step": step,
        "title": title,
        "title_zh": title_zh,
        **said,
        "is_default": not own,
        "updated_at": None if kept is None else kept["updated"],
        "version": 0 if kept is None else kept["version"],
    }


def _said(sentences: Iterable[Said]) -> list[dict[str, str]]:
    return [{"text": text, "text_zh": text_zh} for text, text_zh in sentences]


def _title(step: ColumnElement[Any], language: int) -> ColumnElement[str]:
    return case({name: literal(advice.title[language], Text) for name, advice in DEFAULTS.items()}, value=step)


@statement
def _kept() -> Select[Any]:
    c = complaint_advice.c
    columns = [c.step, c.checklist, c.avoid, c.is_default, utc(c.updated_at).label("updated"), c.version]
    return select(*columns).where(c.workspace_id == bindparam("workspace_id", type_=Uuid))
