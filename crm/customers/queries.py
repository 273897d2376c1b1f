"""How a customer looks, and everything that reads customers."""

from typing import Any, get_args
from uuid import UUID

from sqlalchemy import (
    TIMESTAMP,
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.customers.models import customer_tokens, customers, last_contact_key, next_contact_key
from crm.customers.schemas import CustomerFilter
from crm.customers.vocabulary import Band
from crm.database import Access
from crm.nouns import Answer, Noun, held_by
from crm.reading import Listing, among, between
from crm.search import prefix_ranges
from crm.tables import stamps, utc
from crm.workspaces.models import users

MOST_WORDS = 5


def shape(customer: FromClause) -> Select[Any]:
    """A customer, once: the answer, the event, the export."""
    owner = users.alias("owner")
    parent = customers.alias("parent")
    age = _age(customer)
    c = customer.c
    return select(
        c.id,
        c.kind,
        c.name,
        c.registration_code,
        c.type,
        c.intermediate_kind,
        c.industry,
        c.region,
        c.size,
        c.purchasing_power,
        c["class"],
        c.key_kind,
        c.lifecycle,
        c.relationship_stage,
        c.owner_id,
        case((owner.c.id.is_not(None), func.json_build_object("id", owner.c.id, "name", owner.c.name))).label("owner"),
        c.team_id,
        c.parent_id,
        case((parent.c.id.is_not(None), func.json_build_object("id", parent.c.id, "name", parent.c.name))).label(
            "parent"
        ),
        c.source,
        c.phone,
        c.email,
        c.website,
        c.address,
        c.tags,
        c.custom,
        c.note,
        c.do_not_contact,
        _warmth(age.c.days, c.last_contact_at).label("warmth"),
        c.next_contact_due_on,
        utc(c.archived_at).label("archived_at"),
        *stamps(customer),
    ).select_from(
        customer.outerjoin(owner, and_(owner.c.workspace_id == c.workspace_id, owner.c.id == c.owner_id))
        .outerjoin(parent, and_(parent.c.workspace_id == c.workspace_id, parent.c.id == c.parent_id))
        .join(age, true())
    )


CUSTOMER = Noun("customer", customers, shape, held_by(customers), customer="id")


def local_date(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """The calendar date of a moment in the workspace's zone."""
    return cast(func.timezone(bindparam("timezone", type_=Text), moment), Date)


def band_of(last_contact_at: ColumnElement[Any]) -> ColumnElement[str]:
    """The band of warmth, ``rules.warmth`` in SQL."""
    return case(
        (last_contact_at.is_(None), "never"),
        (last_contact_at >= _days_ago("warmth_hot_until"), "hot"),
        (last_contact_at >= _days_ago("warmth_warm_until"), "warm"),
        (last_contact_at >= _days_ago("warmth_cold_from", -1), "cooling"),
        else_="cold",
    )


def _days_ago(setting: str, less: int = 0) -> ColumnElement[Any]:
    """The first moment of the local day so many days ago, worked out once per statement."""
    zone = bindparam("timezone", type_=Text)
    day = local_date(func.now()) - (bindparam(setting, type_=Integer) + less)
    return select(func.timezone(zone, cast(day, TIMESTAMP))).scalar_subquery()


def _age(customer: FromClause) -> FromClause:
    """Calendar days since the last contact, worked out once per row."""
    today = select(local_date(func.now())).scalar_subquery()
    days = today - local_date(customer.c.last_contact_at)
    return select(days.label("days")).correlate(customer).offset(0).lateral("age")


def _warmth(days: ColumnElement[int], last_contact_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """``rules.warmth`` in SQL: the same whole numbers, rounded half up once."""
    hot, warm, cold, zero = (
        bindparam(f"warmth_{name}", type_=Integer) for name in ("hot_until", "warm_until", "cold_from", "zero_at")
    )

    def line(left: Any, high: int, right: Any, low: int) -> ColumnElement[int]:
        span = right - left
        score: ColumnElement[int] = (2 * (high * span - (high - low) * (days - left)) + span) // (2 * span)
        return score

    band = case(
        (days.is_(None), "never"), (days <= hot, "hot"), (days <= warm, "warm"), (days < cold, "cooling"), else_="cold"
    )
    score = case(
        (days.is_(None), 0),
        (days <= hot, 100),
        (days <= warm, line(hot, 100, warm, 60)),
        (days < cold, line(warm, 60, cold, 20)),
        (days < zero, line(cold, 20, zero, 0)),
        else_=0,
    )
    return func.json_build_object("band", band, "score", score, "days", days, "last_contact_at", utc(last_contact_at))


def _in_band(band: str) -> ColumnElement[bool]:
    """A band as a range of moments, which an index can answer."""
    at = customers.c.last_contact_at
    ranges: dict[str, ColumnElement[bool]] = {
        "never": at.is_(None),
        "hot": at >= _days_ago("warmth_hot_until"),
        "warm": and_(at >= _days_ago("warmth_warm_until"), at < _days_ago("warmth_hot_until")),
        "cooling": and_(at >= _days_ago("warmth_cold_from", -1), at < _days_ago("warmth_warm_until")),
        "cold": at < _days_ago("warmth_cold_from", -1),
    }
    return and_(literal(band) == any_(bindparam("warmth", type_=ARRAY(Text))), ranges[band])


def _found_by(word: int) -> ColumnElement[bool]:
    """The n-th word of a query matches: one of its ranges holds a token of the customer."""
    ranges = (
        func.unnest(bindparam(f"q{word}_from", type_=ARRAY(Text)), bindparam(f"q{word}_to", type_=ARRAY(Text)))
        .table_valued("low", "high", name=f"range{word}")
        .render_derived()
    )
    token = customer_tokens.alias(f"token{word}")
    return customers.c.id.in_(
        select(token.c.customer_id)
        .select_from(ranges.join(token, and_(token.c.token >= ranges.c.low, token.c.token < ranges.c.high)))
        .where(token.c.workspace_id == bindparam("workspace_id"))
    )


LIST = Listing(
    CUSTOMER,
    sorts={
        "created_at": customers.c.created_at,
        "name": customers.c.name_key,
        "last_contact_at": last_contact_key,
        "next_contact_due_on": next_contact_key,
    },
    filters={
        **among(
            customers,
            ["kind", "type", "class", "key_kind", "lifecycle", "relationship_stage", "industry", "region", "size"],
        ),
        **among(customers, ["source", "owner_id", "team_id", "parent_id"]),
        **between(customers, ["created_at", "updated_at", "last_contact_at", "next_contact_due_on"]),
        **{f"q{word}": _found_by(word) for word in range(MOST_WORDS)},
        "tag": customers.c.tags.overlap(bindparam("tag", type_=ARRAY(Text))),
        "warmth": or_(*(_in_band(band) for band in get_args(Band))),
        "archived": customers.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
    },
)


async def get(access: Access, customer_id: UUID) -> Answer:
    """One customer. Raises ``NotFound``."""
    return await reading.one(access, CUSTOMER, customer_id)


async def page(access: Access, wanted: CustomerFilter) -> bytes:
    """A page of customers, without the archived ones unless they are asked for."""
    given = wanted.given() | {"archived": wanted.archived}
    present = set(given)
    if text := given.pop("q", None):
        present.remove("q")
        for word, ranges in enumerate(prefix_ranges(text)[:MOST_WORDS]):
            present.add(f"q{word}")
            given |= {f"q{word}_from": [low for low, _ in ranges], f"q{word}_to": [high for _, high in ranges]}
    return await reading.page(access, LIST, wanted, given, frozenset(present))
