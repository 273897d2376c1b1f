"""The write door: a change and its fact are one statement, and the fact is the answer.

    WITH changed AS (UPDATE … RETURNING …) INSERT INTO events … SELECT … FROM changed RETURNING payload

A guarded change that touches nothing returns nothing; only then do we ask why (``explain``).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Delete,
    Insert,
    Select,
    Table,
    Text,
    Update,
    Uuid,
    bindparam,
    cast,
    false,
    func,
    insert,
    literal,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.selectable import CTE

from crm.actor import Sight
from crm.database import Access, Statement, statement
from crm.errors import Conflict, NotFound, Problem, Stale, invalid
from crm.facts import events
from crm.nouns import Answer, Noun, as_answer, as_json, this_one
from crm.tables import UNRECORDED, Moment, metadata, utc

Also = Callable[[CTE], Iterable[Insert | Update | Delete]]
"""Further changes that belong to the same fact, given what has changed."""


class AlreadyExists(Conflict):
    """A row with this id, or another unique value, is there already."""

    title = "There is one already"
    title_zh = "记录已存在"


def creating(
    noun: Noun,
    columns: Iterable[str],
    *,
    values: Mapping[str, ColumnElement[Any]] | None = None,
    only_if: ColumnElement[bool] | None = None,
    also: Also | None = None,
) -> Insert:
    """Insert one row, and its fact: ``columns`` as parameters ``new_<column>``, ``values`` as expressions.

    Where ``only_if`` does not hold, nothing happens.
    """
    table = noun.table
    new: dict[str, ColumnElement[Any]] = {"workspace_id": bindparam("workspace_id", type_=Uuid)}
    new |= {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in sorted(columns)} | dict(values or {})
    names = list(new)
    wanted = select(*new.values())
    if only_if is not None:
        wanted = wanted.where(only_if)
    return recorded(noun, insert(table).from_select(names, wanted), also=also)


def changing(
    noun: Noun,
    sight: Sight,
    columns: Iterable[str],
    *where: ColumnElement[bool],
    values: Mapping[str, Any] | None = None,
    also: Also | None = None,
) -> Insert:
    """Change the current row: ``columns`` as parameters ``new_<column>``, ``values`` as expressions, and its fact.

    A change that would alter nothing alters nothing: no fact, no new version.
    """
    table = noun.table
    new = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in sorted(columns)} | dict(values or {})
    expected = bindparam("if_match", type_=BigInteger)
    unchanged_since = or_(expected.is_(None), table.c.version == expected)
    differs = or_(false(), *(table.c[name].is_distinct_from(value) for name, value in new.items()))
    return recorded(
        noun, update(table).where(this_one(noun, sight), unchanged_since, differs, *where).values(new), also=also
    )


def recorded(
    noun: Noun,
    change: Insert | Update,
    *,
    also: Also | None = None,
    noting: Mapping[str, ColumnElement[str]] | None = None,
    published: bool = False,
) -> Insert:
    """Any insert or update of a noun's table, of one row or of many, as a statement that also writes the facts.

    ``also`` gives further changes that belong to the same fact and are part of the same statement. ``noting`` is what
    an update's fact says beside its changes and no column keeps: a reason, as if it had been null before.
    ``published``: whoever runs it writes down what the facts owe in the same transaction, so nobody else has to.
    """
    table = noun.table
    returned: list[ColumnElement[Any]] = list(table.c)
    if isinstance(change, Update):
        change = change.values(version=table.c.version + 1, updated_at=func.now())
        returned += [_whole(table, row).label(f"{row}_row") for row in ("old", "new")]
    changed = change.returning(*returned).cte("changed")
    difference = _difference(changed, noting or {}) if isinstance(change, Update) else None
    known = {"published_at": func.now()} if published else {}
    return _answering(_fact(noun, changed, difference, also, **known))


def noted(noun: Noun, sight: Sight) -> Insert:
    """The fact that somebody looked at a row: the row as it is, unchanged. Where it is not to be seen, nothing."""
    return _answering(_fact(noun, noun.table.select().where(this_one(noun, sight)).cte("seen_row"), None, None))


def told(
    noun: Noun,
    rows: CTE,
    *,
    event_type: ColumnElement[str],
    changes: ColumnElement[Any],
    published_at: ColumnElement[Any],
    also: Also,
) -> Insert:
    """Facts of rows that a statement has changed by itself and whose changes it knows: for thousands at a time.

    It gives the type of each fact and nothing of its payload. ``published_at`` is null, or now where nobody waits to
    be told.
    """
    fact = _fact(noun, rows, changes, also, event_type=event_type, published_at=published_at)
    return fact.returning(events.c.type)


def _fact(
    noun: Noun, rows: CTE, changes: ColumnElement[Any] | None, also: Also | None, **known: ColumnElement[Any]
) -> Insert:
    """A fact for each of these rows; ``known`` are further columns of it."""
    facts: dict[str, ColumnElement[Any]] = {
        "workspace_id": rows.c.workspace_id,
        "type": known.pop("event_type", bindparam("event_type", type_=Text)),
        "subject_type": literal(noun.name, Text),
        "subject_id": rows.c.id,
        "sequence": rows.c.version,
        "customer_id": rows.c[noun.customer] if noun.customer else cast(null(), Uuid),
        "actor_kind": bindparam("actor_kind", type_=Text),
        "actor_id": bindparam("actor_id", type_=Uuid),
        "changes": cast(null(), JSONB) if changes is None else changes,
        **known,
    }
    source = as_json(noun, rows, **{f"fact_{name}": value for name, value in facts.items()})
    names = [*facts, "payload"]
    fact = insert(events).from_select(names, source)
    for further in also(rows) if also else ():
        fact = fact.add_cte(further.cte())
    return fact


def _answering(fact: Insert) -> Insert:
    """Give each fact's payload: the item as it now is."""
    return fact.returning(events.c.subject_id, events.c.sequence, cast(events.c.payload, Text))


def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    """New values under the names that ``creating`` and ``changing`` give to their parameters."""
    return {f"new_{name}": value for name, value in values.items()}


async def record(
    access: Access,
    event_type: str,
    change: Statement,
    *,
    refusals: Mapping[str, type[Problem]] | None = None,
    **values: Any,
) -> Answer | None:
    """Run a recorded statement and give the item as it now is; None when the change touched nothing.

    A violated constraint raises the problem that ``refusals`` has for its name, else ``AlreadyExists`` for a
    unique one and 422 naming the field for any other.
    """
    try:
        row = await access.row(change, event_type=event_type, **values)
    except asyncpg.IntegrityConstraintViolationError as error:
        known = (refusals or {}).get(error.constraint_name or "")
        raise (known() if known else refusal(error)) from error
    return None if row is None else Answer(*row)


def refusal(error: asyncpg.IntegrityConstraintViolationError) -> Problem:
    """The problem a violated constraint stands for, by the constraint's name."""
    name = error.constraint_name or ""
    if isinstance(error, asyncpg.UniqueViolationError):
        return AlreadyExists(constraint=name)
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return invalid(_columns().get(name, name), "There is no such record.", "not_found")
    if isinstance(error, asyncpg.NotNullViolationError):
        return invalid(error.column_name or "", "A value is required.", "required")
    return invalid(name.removeprefix(f"ck_{error.table_name}_"), "This value is not acceptable.", "invalid")


async def explain(access: Access, noun: Noun, id: UUID) -> Answer:
    """Why a guarded change touched nothing: raises ``NotFound`` or ``Stale``; else gives the row as it is."""
    row = await access.row(_as_it_is(noun, access.actor.sight), id=id)
    if row is None:
        raise NotFound
    answer = Answer(*row)
    if access.if_match is not None and access.if_match != answer.version:
        raise Stale(current_version=answer.version, headers={"ETag": f'"{answer.version}"'})
    return answer


@statement
def _as_it_is(noun: Noun, sight: Sight) -> Select[Any]:
    return as_answer(noun, noun.table.select().where(this_one(noun, sight)).subquery(noun.table.name))


def _whole(table: Table, row: str) -> ColumnElement[Any]:
    """The old or the new row as JSON, without what is not recorded, and with moments as the API writes them."""
    unrecorded = [column.name for column in table.c if column.info.get(UNRECORDED)]
    moments = [c.name for c in table.c if isinstance(c.type, DateTime) and c.name not in unrecorded]
    written = [part for name in moments for part in (literal(name, Text), utc(literal_column(f"{row}.{name}", Moment)))]
    whole = func.to_jsonb(literal_column(row), type_=JSONB)
    recorded_ = whole.op("-")(cast(literal(unrecorded, ARRAY(Text)), ARRAY(Text)))
    return recorded_.op("||")(func.jsonb_build_object(*written, type_=JSONB))


def _difference(changed: CTE, noting: Mapping[str, ColumnElement[str]]) -> ColumnElement[Any]:
    after = func.jsonb_each(changed.c.new_row).table_valued(Column("key", Text), Column("value", JSONB), name="after")
    before = changed.c.old_row.op("->")(after.c.key)
    found = (
        select(func.jsonb_object_agg(after.c.key, func.jsonb_build_array(before, after.c.value), type_=JSONB))
        .where(before.is_distinct_from(after.c.value))
        .scalar_subquery()
    )
    if not noting:
        return found
    noted = [part for name, value in noting.items() for part in (name, func.jsonb_build_array(null(), value))]
    none = cast(literal_column("'{}'"), JSONB)
    return func.coalesce(found, none, type_=JSONB).op("||")(func.jsonb_build_object(*noted, type_=JSONB))


def _columns() -> Mapping[str, str]:
    """Constraint name → the field it is about."""
    return {
        str(constraint.name): columns[-1].name
        for table in metadata.tables.values()
        for constraint in table.constraints
        if (columns := list(getattr(constraint, "columns", ()))) and constraint.name
    }
