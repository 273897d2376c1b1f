"""Sets of lines become opportunities: one statement adds the new ones, one brings others up to date, one moves them.

What an import brings has begun and ended elsewhere: no gate is asked, and the history says when it was, not now.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Insert,
    Integer,
    Numeric,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    extract,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.sql.selectable import CTE

from crm.actor import Sight
from crm.database import Statement, Transaction, statement
from crm.imports.landing import counted, lines
from crm.opportunities.models import new_place, opportunities, opportunity_items, opportunity_moves
from crm.opportunities.queries import OPPORTUNITY
from crm.planning import BY_KEY, FOR_THESE_ROWS
from crm.recording import recorded

HOME = bindparam("workspace_id", type_=Uuid)

PLAIN = (
    "name", "amount", "currency", "probability", "forecast_category", "expected_close_on", "grade", "review_due_on",
    "money", "authority", "need", "intention", "competitor", "next_step", "next_step_on", "source", "note", "opened_on",
    "contract_starts_on", "contract_ends_on",
)  # fmt: skip
"""What a line replaces in an opportunity where it says something."""

NEW = (
    "id", "customer_id", "reference", "pipeline_id", "stage_id", "state", *PLAIN, "tags", "owner_id", "team_id",
    "resume_on", "closed_on", "lost_reason", "lost_note",
)  # fmt: skip
DEFAULTED = {"money": "unknown", "authority": "unknown", "need": "unknown"}
ITEM: Mapping[str, Any] = {
    "item_name": Text, "product_id": Uuid, "quantity": Numeric(18, 4), "price": Numeric(18, 2),
    "item_amount": Numeric(18, 2),
}  # fmt: skip

Row = Mapping[str, Any]


async def add(tx: Transaction, event_type: str, rows: Sequence[Row], *, published: bool) -> int:
    """Add opportunities with their items, their history and their facts; how many."""
    if not rows:
        return 0
    await tx.row(BY_KEY)
    return int(await tx.value(_add(published=published), event_type=event_type, lines=list(rows)))


async def change(tx: Transaction, event_type: str, rows: Sequence[Row]) -> set[UUID]:
    """Bring what these rows say into opportunities that are there and not closed; which ones differed."""
    return await _run(tx, event_type, _change(tx.actor.sight), rows)


async def move(tx: Transaction, event_type: str, rows: Sequence[Row]) -> set[UUID]:
    """Put opportunities in the state and stage of these rows, each with the row of its history; which ones."""
    return await _run(tx, event_type, _move(tx.actor.sight), rows)


async def _run(tx: Transaction, event_type: str, wanted: Statement, rows: Sequence[Row]) -> set[UUID]:
    if not rows:
        return set()
    await tx.row(FOR_THESE_ROWS)
    return {row["subject_id"] for row in await tx.rows(wanted, event_type=event_type, lines=list(rows))}


def _line(*names: str, **more: Any) -> Any:
    return lines({**{name: opportunities.c[name].type for name in names}, **more})


@statement
def _add(*, published: bool) -> Select[Any]:
    line = _line(*NEW, stage_entered_on=Date())
    values: dict[str, ColumnElement[Any]] = {name: line.c[name] for name in NEW}
    values["tags"] = func.coalesce(line.c.tags, text("'{}'::text[]"))
    for name, default in DEFAULTED.items():
        values[name] = func.coalesce(line.c[name], literal(default, Text))
    values["closed_at"] = _moment(line.c.closed_on, NOON)
    values["stage_entered_at"] = _moment(func.coalesce(line.c.stage_entered_on, line.c.opened_on))
    values["last_activity_at"] = func.coalesce(values["closed_at"], values["stage_entered_at"])
    new = insert(opportunities).from_select(["workspace_id", *values], select(HOME, *values.values()))
    return counted(recorded(OPPORTUNITY, new, also=_with_items_and_history, published=published))


NOON = "12 hours"


def _moment(day: ColumnElement[Any], later: str = "0 hours") -> ColumnElement[Any]:
    """A day as a moment, in the workspace's zone; never after now. What ends ends at noon, after what begins."""
    local = cast(day, DateTime) + text(f"interval '{later}'")
    moment = func.timezone(bindparam("timezone", type_=Text), local)
    return case((day.is_not(None), func.least(func.now(), moment)))


def _with_items_and_history(changed: CTE) -> Iterable[Insert]:
    c = changed.c
    ended = {"won": "win", "lost": "lose", "on_hold": "hold"}
    ends = func.coalesce(c.closed_at, func.now())
    nothing = cast(null(), Text)
    begun = _history(
        changed,
        move=literal("create", Text),
        from_state=nothing,
        from_stage_id=cast(null(), Uuid),
        to_state=literal("open", Text),
        moved_at=c.stage_entered_at,
        seconds_in_stage=cast(null(), BigInteger),
    )
    then = _history(
        changed,
        c.state != "open",
        move=case(*((c.state == state, literal(name, Text)) for state, name in ended.items())),
        from_state=literal("open", Text),
        from_stage_id=c.stage_id,
        to_state=c.state,
        moved_at=ends,
        seconds_in_stage=_seconds(ends - c.stage_entered_at),
    )
    return [begun, then, _items(changed)]


def _history(changed: CTE, *where: ColumnElement[bool], **said: ColumnElement[Any]) -> Insert:
    row: dict[str, ColumnElement[Any]] = {
        "workspace_id": changed.c.workspace_id,
        "opportunity_id": changed.c.id,
        "to_stage_id": changed.c.stage_id,
        "actor_kind": bindparam("actor_kind", type_=Text),
        "actor_id": bindparam("actor_id", type_=Uuid),
        "reason": literal("import", Text),
        **said,
    }
    return insert(opportunity_moves).from_select(list(row), select(*row.values()).select_from(changed).where(*where))


def _seconds(time: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.greatest(func.floor(extract("epoch", time)), 0), BigInteger)


def _items(changed: CTE) -> Insert:
    """The product of each line as the item of its opportunity, where it has none."""
    line = lines({"id": Uuid(), **ITEM}).alias("sold")
    item = opportunity_items.alias("there")
    there = select(item.c.id).where(
        item.c.workspace_id == changed.c.workspace_id, item.c.opportunity_id == changed.c.id
    )
    row: dict[str, ColumnElement[Any]] = {
        "workspace_id": changed.c.workspace_id,
        "opportunity_id": changed.c.id,
        "place": literal(1, Integer),
        "product_id": line.c.product_id,
        "name": line.c.item_name,
        "quantity": line.c.quantity,
        "price": line.c.price,
        "amount": line.c.item_amount,
    }
    source = changed.join(line, line.c.id == changed.c.id)
    wanted = select(*row.values()).select_from(source).where(line.c.item_name.is_not(None), ~there.exists())
    return insert(opportunity_items).from_select(list(row), wanted)


@statement
def _change(sight: Sight) -> Insert:
    line = _line("id", "customer_id", *PLAIN, "tags")
    c = opportunities.c
    values: dict[str, ColumnElement[Any]] = {name: func.coalesce(line.c[name], c[name]) for name in PLAIN}
    # An import finds out whose a sale is; it does not take it from one customer to another.
    values["customer_id"] = func.coalesce(c.customer_id, line.c.customer_id)
    tag = func.unnest(line.c.tags).column_valued("tag")
    further = func.array(select(tag).where(tag != func.all(c.tags)).scalar_subquery())
    values["tags"] = case((line.c.tags.is_(None), c.tags), else_=c.tags.op("||")(further))
    differs = or_(*(c[name].is_distinct_from(value) for name, value in values.items() if name != "review_due_on"))
    moves = and_(c.expected_close_on.is_not(None), line.c.expected_close_on != c.expected_close_on)
    values["close_date_moves"] = case((moves, c.close_date_moves + 1), else_=c.close_date_moves)
    values["review_due_on"] = case(
        (line.c.expected_close_on != c.expected_close_on, values["review_due_on"]), else_=c.review_due_on
    )
    change = _these(sight, line).where(c.state.in_(("open", "on_hold")), differs).values(values)
    return recorded(OPPORTUNITY, change, also=_item_anew)


def _item_anew(changed: CTE) -> Iterable[Insert | Update]:
    """The product and the amount of each line in the one item of its opportunity."""
    line = lines({"id": Uuid(), **ITEM}).alias("sold_anew")
    item = opportunity_items.c
    anew = (
        update(opportunity_items)
        .where(
            item.workspace_id == changed.c.workspace_id,
            item.opportunity_id == changed.c.id,
            line.c.id == changed.c.id,
            line.c.item_name.is_not(None),
        )
        .values(
            product_id=line.c.product_id,
            name=line.c.item_name,
            quantity=line.c.quantity,
            price=line.c.price,
            discount=0,
            amount=line.c.item_amount,
            version=item.version + 1,
            updated_at=func.now(),
        )
    )
    return [anew, _items(changed)]


@statement
def _move(sight: Sight) -> Insert:
    line = _line("id", "state", "stage_id", "closed_on", "resume_on", "lost_reason", "lost_note")
    c = opportunities.c
    enters = line.c.stage_id != c.stage_id
    values = {
        "state": line.c.state,
        "stage_id": line.c.stage_id,
        "stage_entered_at": case((enters, func.now()), else_=c.stage_entered_at),
        "board_place": case((enters, new_place), else_=c.board_place),
        "closed_on": line.c.closed_on,
        "closed_at": _moment(line.c.closed_on, NOON),
        "resume_on": line.c.resume_on,
        "lost_reason": line.c.lost_reason,
        "lost_note": line.c.lost_note,
        "last_activity_at": func.now(),
    }
    change = _these(sight, line).where(c.state.in_(("open", "on_hold"))).values(values)
    return recorded(OPPORTUNITY, change, also=_moved)


def _moved(changed: CTE) -> Iterable[Insert]:
    line = lines({"id": Uuid(), "move": Text}).alias("asked")
    old = changed.c.old_row
    which = select(line.c.move).where(line.c.id == changed.c.id).scalar_subquery()
    entered = cast(old["stage_entered_at"].astext, opportunities.c.stage_entered_at.type)
    # Never before the move that came before it, which may have been made here and today.
    at = func.greatest(func.coalesce(changed.c.closed_at, func.now()), entered)
    return [
        _history(
            changed,
            move=which,
            from_state=old["state"].astext,
            from_stage_id=cast(old["stage_id"].astext, Uuid),
            to_state=changed.c.state,
            moved_at=at,
            seconds_in_stage=_seconds(at - entered),
        )
    ]


def _these(sight: Sight, line: Any) -> Update:
    return update(opportunities).where(
        opportunities.c.workspace_id == HOME,
        opportunities.c.id == line.c.id,
        opportunities.c.archived_at.is_(None),
        OPPORTUNITY.visible(sight),
    )
