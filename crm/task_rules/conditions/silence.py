"""Nobody was in touch: for so long at all, or for longer than is usual with such a customer (``domain.md`` A220)."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, Date, Integer, Select, Uuid, bindparam, case, cast, func, null, select

from crm.customers.models import customers
from crm.days import local_date
from crm.fields import Sent
from crm.task_rules.conditions.kinds import TODAY, Condition, Variant, is_there


class LongAbsentParameters(Sent):
    """Calendar days since the last contact, or since the customer was added where there was none."""

    days: Annotated[int, Field(ge=1, le=3650)] = 90


class InterruptedParameters(Sent):
    """So many times the days that the workspace allows between two contacts with such a customer (B1)."""

    times: Annotated[int, Field(ge=1, le=20)] = 2


def _cadence() -> ColumnElement[Any]:
    """``customers.rules.contact_every`` in SQL."""
    c = customers.c
    return case(
        (c.key_kind == "double", bindparam("cadence_double", type_=Integer)),
        (c.key_kind.is_not(None) | (c["class"] == "key"), bindparam("cadence_key", type_=Integer)),
        (c["class"] == "potential", bindparam("cadence_potential", type_=Integer)),
        else_=bindparam("cadence_ordinary", type_=Integer),
    )


def _silent(since: ColumnElement[Any], days: ColumnElement[Any]) -> Select[Any]:
    c = customers.c
    day = cast(local_date(since) + days, Date)
    return select(
        c.id, c.id.label("customer_id"), c.owner_id, c.name, c.name.label("customer_name"),
        c.do_not_contact.label("left_alone"), day.label("day"), cast(null(), Date).label("until"),
    ).where(c.workspace_id == bindparam("workspace_id", type_=Uuid), is_there(customers), day <= TODAY)  # fmt: skip


def _long_absent(_: Variant) -> Select[Any]:
    since = func.coalesce(customers.c.last_contact_at, customers.c.created_at)
    return _silent(since, bindparam("rule_days", type_=Integer))


def _interrupted(_: Variant) -> Select[Any]:
    days = bindparam("rule_times", type_=Integer) * _cadence()
    return _silent(customers.c.last_contact_at, days).where(customers.c.last_contact_at.is_not(None))


LONG_ABSENT = Condition(
    "long_absent", "Nobody was in touch with a customer for so many days.", "customer",
    LongAbsentParameters, _long_absent,
)  # fmt: skip

INTERRUPTED = Condition(
    "interrupted",
    "The last contact is so many times longer ago than the cadence of such a customer allows.",
    "customer",
    InterruptedParameters,
    _interrupted,
)
