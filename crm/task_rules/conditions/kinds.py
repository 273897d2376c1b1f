"""What a nightly condition consists of."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, FromClause, Select, bindparam

from crm.database import Access
from crm.fields import Sent
from crm.tasks.vocabulary import SubjectType

Variant = tuple[Any, ...]
"""Those of a rule's parameters that shape its statement; all others travel as ``rule_<parameter>``."""

TODAY = bindparam("today", type_=Date)
"""The workspace's local day whose night it is."""


def _itself(_: Variant, __: ColumnElement[Any], day: ColumnElement[date]) -> ColumnElement[date]:
    return day


async def _no_more_to_check(_: Access, __: Any) -> None:
    return None


@dataclass(frozen=True, eq=False)
class Condition:
    """Something that holds of rows tonight, as a statement over all of them.

    ``rows`` selects ``id``, ``customer_id``, ``owner_id``, ``name``, ``customer_name``, ``left_alone`` (they are not to
    be contacted) and ``day``, the day that the condition is about; ``until``, where it is not null, is the last day on
    which it is still worth a task. It may give too many: a row counts when ``begins(day) <= today <= until``.
    ``begins`` says from which day on it holds, by the calendar of whoever is to act. The day it begins is also the
    cycle: one task for each rule, subject and such day. What began more than ``late`` days ago is let go.
    ``check`` raises 422 for parameters that this workspace cannot have, when a rule is written and at night.
    """

    name: str
    summary: str
    subject: SubjectType
    parameters: type[Sent]
    rows: Callable[[Variant], Select[Any]]
    begins: Callable[[Variant, ColumnElement[Any], ColumnElement[date]], ColumnElement[date]] = _itself
    late: int | None = None
    shaped_by: tuple[str, ...] = ()
    check: Callable[[Access, Any], Awaitable[None]] = _no_more_to_check

    def variant(self, parameters: Sent) -> Variant:
        """What of these parameters shapes the statement."""
        return tuple(getattr(parameters, name) for name in self.shaped_by)

    def values(self, parameters: Sent) -> Mapping[str, Any]:
        """The rest, as the statement names them."""
        given = parameters.model_dump()
        return {f"rule_{name}": value for name, value in given.items() if name not in self.shaped_by}


def is_there(customer: FromClause) -> ColumnElement[bool]:
    """Customers that rules are about: neither archived nor lost."""
    return customer.c.archived_at.is_(None) & (customer.c.lifecycle != "lost")
