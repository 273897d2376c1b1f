"""Who and what the lines of a file name: customers, people, products, stages, and sales that are there already."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Integer, Select, Text, Uuid, any_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Transaction, statement
from crm.days import today
from crm.imports.opportunities.lines import OpportunityReading
from crm.imports.people import People, people
from crm.opportunities.models import opportunities, opportunity_items
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.reviews import on_a_working_day
from crm.pipelines.models import pipeline_stages, pipelines
from crm.planning import FOR_THESE_ROWS
from crm.products.models import products
from crm.search import normalized

HOME = bindparam("workspace_id", type_=Uuid)
T = TypeVar("T")


class Product(NamedTuple):
    """A product that can be sold."""

    id: str
    name: str
    price: Decimal | None
    currency: str | None


class Stage(NamedTuple):
    """A stage of a pipeline."""

    id: str
    place: int


@dataclass
class Pipeline:
    """A pipeline in use: its stages by what people call them, in order."""

    id: str
    stages: dict[str, Stage] = field(default_factory=dict)
    in_order: list[Stage] = field(default_factory=list)


class Sale(NamedTuple):
    """An opportunity that is there already."""

    id: str
    seen: bool
    is_archived: bool
    state: str
    pipeline_id: str
    stage: Stage
    amount: Decimal | None
    currency: str | None
    items: int


@dataclass
class Known:
    """What the lines of a batch may name, each by how it is compared."""

    customers: Mapping[str, Sequence[str]]
    people: People
    products: Mapping[str, Sequence[Product]]
    pipelines: Mapping[str, Sequence[Pipeline]]
    default_pipeline: Pipeline | None
    sales: Mapping[str, Sale]
    new_ids: Sequence[str]


async def known(tx: Transaction, readings: Sequence[OpportunityReading]) -> Known:
    """What these lines name, as things stand now."""
    await tx.row(FOR_THESE_ROWS)
    said = [one.said or {} for one in readings]
    pipelines_by_name, default = await _pipelines(tx)
    return Known(
        customers=_grouped(
            (row["key"], row["id"])
            for row in await tx.rows(_customers(tx.actor.sight), keys=_distinct(said, "customer", normalized))
        ),
        people=await people(tx),
        products=await _products(tx) if any("product" in one for one in said) else {},
        pipelines=pipelines_by_name,
        default_pipeline=default,
        sales=await _sales(tx, _distinct(said, "reference", str)),
        new_ids=[row["id"] for row in await tx.rows(_new_ids(), count=len(readings))],
    )


async def review_days(tx: Transaction, days: Iterable[int]) -> dict[int, str]:
    """The day on which a card is looked at that many days from now, on a working day."""
    return {row["days"]: row["day"] for row in await tx.rows(_review_days(), days=list(days))}


def _distinct(said: Sequence[Mapping[str, Any]], name: str, key: Any) -> list[str]:
    return list({key(one[name]) for one in said if name in one} - {""})


def _grouped(rows: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for key, value in rows:
        if key and value not in found[key]:
            found[key].append(value)
    return found


async def _products(tx: Transaction) -> dict[str, list[Product]]:
    rows = await tx.rows(_sold())
    return _grouped(
        (normalized(called), Product(row["id"], row["name"], row["price"], row["currency"]))
        for row in rows
        for called in (row["name"], row["code"] or "", *row["aliases"])
    )


async def _pipelines(tx: Transaction) -> tuple[dict[str, list[Pipeline]], Pipeline | None]:
    found: dict[str, Pipeline] = {}
    named: list[tuple[str, Pipeline]] = []
    default = None
    for row in await tx.rows(_stages()):
        pipeline = found.setdefault(row["pipeline_id"], Pipeline(row["pipeline_id"]))
        stage = Stage(row["id"], row["place"])
        pipeline.in_order.append(stage)
        for called in (row["key"], row["name"], row["name_zh"]):
            if called:
                pipeline.stages.setdefault(normalized(called.replace("_", " ")), stage)
        named += [(normalized(called), pipeline) for called in (row["pipeline"], row["pipeline_zh"]) if called]
        if row["is_default"]:
            default = pipeline
    return _grouped(named), default


async def _sales(tx: Transaction, references: Sequence[str]) -> dict[str, Sale]:
    if not references:
        return {}
    rows = await tx.rows(_there(tx.actor.sight), references=references)
    return {
        row["reference"]: Sale(
            row["id"], row["seen"], row["is_archived"], row["state"], row["pipeline_id"],
            Stage(row["stage_id"], row["place"]), row["amount"], row["currency"], row["items"],
        )
        for row in rows
    }  # fmt: skip


@statement
def _customers(sight: Sight) -> Select[Any]:
    key = customers.c.name_key
    return select(cast(customers.c.id, Text).label("id"), key.label("key")).where(
        customers.c.workspace_id == HOME,
        customers.c.archived_at.is_(None),
        CUSTOMER.visible(sight),
        key == any_(bindparam("keys", type_=ARRAY(Text))),
    )


@statement
def _sold() -> Select[Any]:
    c = products.c
    return select(cast(c.id, Text).label("id"), c.name, c.code, c.aliases, c.price, c.currency).where(
        c.workspace_id == HOME, c.archived_at.is_(None)
    )


@statement
def _stages() -> Select[Any]:
    stage, pipeline = pipeline_stages.c, pipelines.c
    return (
        select(
            cast(pipeline.id, Text).label("pipeline_id"),
            pipeline.name.label("pipeline"),
            pipeline.name_zh.label("pipeline_zh"),
            pipeline.is_default,
            cast(stage.id, Text).label("id"),
            stage.key,
            stage.name,
            stage.name_zh,
            stage.place,
        )
        .where(
            pipeline.workspace_id == HOME,
            pipeline.archived_at.is_(None),
            stage.workspace_id == HOME,
            stage.pipeline_id == pipeline.id,
        )
        .order_by(pipeline.id, stage.place)
    )


@statement
def _there(sight: Sight) -> Select[Any]:
    c, stage, item = opportunities.c, pipeline_stages.c, opportunity_items.c
    items = select(func.count()).where(item.workspace_id == HOME, item.opportunity_id == c.id).scalar_subquery()
    return select(
        c.reference,
        cast(c.id, Text).label("id"),
        OPPORTUNITY.visible(sight).label("seen"),
        c.archived_at.is_not(None).label("is_archived"),
        c.state,
        cast(c.pipeline_id, Text).label("pipeline_id"),
        cast(c.stage_id, Text).label("stage_id"),
        stage.place,
        c.amount,
        c.currency,
        items.label("items"),
    ).where(
        c.workspace_id == HOME,
        c.reference == any_(bindparam("references", type_=ARRAY(Text))),
        stage.workspace_id == HOME,
        stage.id == c.stage_id,
    )


@statement
def _new_ids() -> Select[Any]:
    new = func.generate_series(1, bindparam("count", type_=Integer)).table_valued("number", name="new")
    return select(cast(func.uuidv7(type_=Uuid), Text).label("id")).select_from(new)


@statement
def _review_days() -> Select[Any]:
    days = func.unnest(bindparam("days", type_=ARRAY(Integer))).column_valued("days")
    return select(days.label("days"), cast(on_a_working_day(today() + days), Text).label("day"))
