"""Sets of lines become customers: one statement finds who is there already, one adds the new ones, one updates.

A line is an existing customer when it has its registration code, or else exactly its name (``name_key``) while the
two have no different codes. So a file that is sent twice makes no doubles.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    FromClause,
    Insert,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    collate,
    func,
    insert,
    null,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.selectable import CTE

from crm.actor import Sight
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER, FINDING
from crm.database import Statement, Transaction, statement
from crm.finding import found_anew
from crm.imports.lines import Reading
from crm.imports.mapping import ID
from crm.planning import BY_KEY, FOR_THESE_ROWS
from crm.recording import recorded

PLAIN = (
    "kind", "name", "name_key", "registration_code", "type", "intermediate_kind", "industry", "region", "size",
    "purchasing_power", "class", "key_kind", "lifecycle", "parent_id", "source", "phone", "email", "website", "note",
    "do_not_contact", "yearly_value", "yearly_value_currency", "influence",
)  # fmt: skip
"""What a line replaces in a customer where it says something; address, tags and custom fields are added to."""

ADDED_TO = ("address", "tags", "custom")

NEW = ("id", *PLAIN, "owner_id", "team_id", *ADDED_TO, "next_contact_due_on")
CHANGED = ("id", *PLAIN, *ADDED_TO)


class Match(NamedTuple):
    """Whom a line is about, and its parents; ``taken``: its code is somebody else's. Ids are texts.

    Parents are companies. ``is_person``: whoever it is about, and is there already, is one.
    """

    new_id: str
    found: list[str]
    taken: bool
    parents: list[str]
    is_person: bool

    @property
    def existing(self) -> str | None:
        """The customer who is there already."""
        return self.found[0] if len(self.found) == 1 else None


async def matches(tx: Transaction, readings: Sequence[Reading], match_by: str | None = None) -> list[Match]:
    """For each line, in order, whom it is about as things stand now."""
    await tx.row(FOR_THESE_ROWS)
    asked = {one.key for one in readings} | {one.parent_key for one in readings}
    rows = await tx.rows(
        _known(tx.actor.sight),
        keys=[key for key in asked if key],
        codes=[one.code for one in readings if one.code],
        new=len(readings),
    )
    new = [row["id"] for row in rows if row["key"] is None and row["code"] is None]
    by_code = {row["code"]: row["id"] if row["seen"] else None for row in rows if row["key"] is None}
    by_key: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    persons = {row["id"] for row in rows if row["kind"] == "person"}
    for row in rows:
        if row["key"] is not None:
            by_key[row["key"]].append((row["id"], row["code"]))
    by_mark: dict[str, list[str]] = {}
    if match_by is not None or any(one.mark for one in readings):
        by_mark, marked = await _by_mark(tx, readings, match_by or ID)
        persons |= marked
    found = []
    for one, new_id in zip(readings, new, strict=True):
        holder = by_code.get(one.code, "") if one.code else ""
        who = by_mark.get(one.mark or "", [])
        if match_by is None and not who:
            who = [holder] if holder else [who for who, code in by_key.get(one.key, ()) if not (one.code and code)]
        parents = [who for who, _ in by_key.get(one.parent_key or "", ()) if who not in persons]
        is_person = not persons.isdisjoint(who)
        found.append(Match(new_id, who, holder != "" and holder not in who, parents, is_person))
    return found


async def _by_mark(
    tx: Transaction, readings: Sequence[Reading], match_by: str
) -> tuple[dict[str, list[str]], set[str]]:
    """Who is known by each of the marks, and who of them is a person."""
    found, persons = defaultdict(list), set()
    marks = list({one.mark for one in readings if one.mark})
    kind, _, key = match_by.partition(".")
    for row in await tx.rows(_marked(tx.actor.sight, kind), marks=marks, custom_key=key):
        found[row["mark"]].append(row["id"])
        if row["kind"] == "person":
            persons.add(row["id"])
    return found, persons


class Landing(NamedTuple):
    """A customer's values, and what it is found by: of each field its tokens in a row."""

    values: Mapping[str, Any]
    tokens: Mapping[str, str] | None = None


async def add(tx: Transaction, event_type: str, rows: Sequence[Landing], *, published: bool = False) -> int:
    """Add customers with their facts, found by their tokens; how many. ``published`` as ``recorded`` has it."""
    return await landed(tx, event_type, _add(published=published), rows, plan=BY_KEY)


async def change(tx: Transaction, event_type: str, rows: Sequence[Landing]) -> int:
    """Bring what these rows say into customers that are there; how many differed."""
    return await landed(tx, event_type, _change(tx.actor.sight), rows)


async def landed(
    tx: Transaction, event_type: str, wanted: Statement, rows: Sequence[Landing], plan: Statement | None = None
) -> int:
    """Run a statement over these rows, planned so; how many facts it wrote."""
    if not rows:
        return 0
    await tx.row(plan or FOR_THESE_ROWS)
    given = [{**row.values, "found_by": row.tokens} for row in rows]
    return int(await tx.value(wanted, event_type=event_type, lines=given))


@statement
def _known(sight: Sight) -> Select[Any]:
    """Who has one of these names or codes, and as many new ids as there are lines.

    One look for all: a look per line would have no end where the planner knows nothing of the table yet, as in the
    first minute of a new installation, which is when people import.
    """
    here = and_(customers.c.workspace_id == bindparam("workspace_id", type_=Uuid), customers.c.archived_at.is_(None))
    key, code = customers.c.name_key, customers.c.registration_code
    seen = CUSTOMER.visible(sight)
    id_ = cast(customers.c.id, Text).label("id")
    nothing = cast(null(), Text)
    kind = customers.c.kind
    by_name = select(id_, key.label("key"), code.label("code"), true().label("seen"), kind.label("kind")).where(
        here, seen, key == any_(bindparam("keys", type_=ARRAY(Text)))
    )
    by_code = select(id_, nothing, code, seen, kind).where(here, code == any_(bindparam("codes", type_=ARRAY(Text))))
    new = func.generate_series(1, bindparam("new", type_=Integer)).table_valued("number", name="new")
    new_ids = select(cast(func.uuidv7(type_=Uuid), Text), nothing, nothing, true(), nothing).select_from(new)
    return select(union_all(by_name, by_code, new_ids).subquery("known"))


@statement
def _marked(sight: Sight, kind: str) -> Select[Any]:
    """Who is known by one of these marks: one look for a batch, where no index serves it."""
    marks = bindparam("marks", type_=ARRAY(Text))
    here = and_(customers.c.workspace_id == bindparam("workspace_id", type_=Uuid), customers.c.archived_at.is_(None))
    mark: ColumnElement[str]
    if kind == ID:
        id_ = customers.c.id
        wanted = id_ == any_(cast(marks, ARRAY(Uuid)))
        return select(cast(id_, Text).label("id"), cast(id_, Text).label("mark"), customers.c.kind).where(
            here, CUSTOMER.visible(sight), wanted
        )
    if kind == "custom":
        mark = customers.c.custom.op("->>")(bindparam("custom_key", type_=Text))
    else:
        mark = {"name": customers.c.name_key, "email": func.lower(customers.c.email)}.get(kind, customers.c[kind])
    columns: list[ColumnElement[Any]] = [cast(customers.c.id, Text).label("id"), mark.label("mark"), customers.c.kind]
    return select(*columns).where(here, CUSTOMER.visible(sight), mark == any_(marks))


@statement
def _add(*, published: bool) -> Select[Any]:
    line = lines({name: customers.c[name].type for name in NEW})
    rows = select(bindparam("workspace_id", type_=Uuid), *(line.c[name] for name in NEW))
    new = insert(customers).from_select(["workspace_id", *NEW], rows)
    return counted(recorded(CUSTOMER, new, also=lambda _: _found(), published=published))


@statement
def _change(sight: Sight) -> Select[Any]:
    line = lines({name: customers.c[name].type for name in CHANGED})
    kept = [name for name in PLAIN if name != "lifecycle"]  # It has moves of its own: a file says where one begins.
    values: dict[str, ColumnElement[Any]] = {name: func.coalesce(line.c[name], customers.c[name]) for name in kept}
    values["custom"] = customers.c.custom.op("||")(func.coalesce(_said_anew(line.c.custom), text("'{}'::jsonb")))
    address = func.coalesce(customers.c.address, text("'{}'::jsonb")).op("||")(line.c.address)
    values["address"] = case((line.c.address.is_(None), customers.c.address), else_=address)
    tag = func.unnest(line.c.tags).column_valued("tag")
    further = func.array(select(tag).where(tag != func.all(customers.c.tags)).scalar_subquery())
    values["tags"] = case((line.c.tags.is_(None), customers.c.tags), else_=customers.c.tags.op("||")(further))
    differs = or_(*(customers.c[name].is_distinct_from(value) for name, value in values.items()))
    change = (
        update(customers)
        .where(
            customers.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            customers.c.id == line.c.id,
            customers.c.archived_at.is_(None),
            CUSTOMER.visible(sight),
            differs,
        )
        .values(values)
    )
    return counted(recorded(CUSTOMER, change, also=_found_again))


def _said_anew(custom: ColumnElement[Any]) -> ColumnElement[Any]:
    """Of a line's own fields those that read otherwise by now: 7 in a file is the number that is there already."""
    new = func.jsonb_each(custom).table_valued("key", Column("value", JSONB), name="new_field").render_derived()
    there = customers.c.custom.op("->>")(new.c.key)
    said = func.jsonb_object_agg(new.c.key, new.c.value)
    read = new.c.value.op("#>>")(text("'{}'"))
    return select(said).select_from(new).where(there.is_distinct_from(read)).scalar_subquery()


def lines(columns: Mapping[str, Any]) -> Any:
    """The rows of the parameter ``lines``, as a table of these columns."""
    typed: list[ColumnElement[Any]] = [Column(name, type_) for name, type_ in columns.items()]
    rows = func.jsonb_to_recordset(bindparam("lines", type_=JSONB))
    return rows.table_valued(*typed, name="line").render_derived(with_types=True)


def counted(fact: Insert) -> Select[Any]:
    """How many facts a statement writes, without sending them back.

    Foreign keys are looked up when it ends, by plans that may be kept: made anew, they took a sixth of the time.
    """
    kept = func.set_config("plan_cache_mode", "auto", true())
    return select(func.count(), kept).select_from(fact.cte("written"))


def new_fields() -> Any:
    """What these rows are found by, as a table: id, field, tokens as they are held."""
    # The tokens of a field are one text within the line: asyncpg looks at every element of an array, and each line
    # has twenty tokens.
    line = lines({"id": Uuid(), "found_by": JSONB()})
    left = func.jsonb_each_text(line.c.found_by).table_valued("field", "tokens", name="left_by").render_derived()
    return select(line.c.id, left.c.field, left.c.tokens).select_from(line.join(left, true())).subquery("new_field")


def new_tokens() -> Any:
    """The same token by token: id, field, token."""
    new = new_fields()
    each = func.string_to_table(func.btrim(new.c.tokens, "\n"), "\n")
    token = each.table_valued("token", name="token").render_derived().lateral()
    return select(new.c.id, new.c.field, token.c.token).select_from(new.join(token, true())).subquery("new_token")


def _found() -> list[Insert]:
    """The tokens of new customers, who have none yet, so that nothing can be in the way."""
    new, held, home = new_tokens(), new_fields(), bindparam("workspace_id", type_=Uuid)
    # In the order of the index, so that each of its pages is visited once.
    ordered = select(home, new.c.token, new.c.id, new.c.field).order_by(collate(new.c.token, "C"), new.c.id)
    return [
        insert(FINDING.tokens).from_select(["workspace_id", "token", FINDING.key, "field"], ordered),
        insert(FINDING.held).from_select(["workspace_id", FINDING.key, "field", "tokens"], select(home, *held.c)),
    ]


def found_again(changed: CTE, covered: FromClause) -> list[Insert | Delete]:
    """The tokens of those that have just changed: what the covered fields left goes, the new come.

    ``covered``: ``id, field, tokens``, as ``found_anew`` has it.
    """
    here, new = (
        select(*one.c).select_from(changed.join(one, changed.c.id == one.c.id)) for one in (covered, new_tokens())
    )
    return found_anew(FINDING, here.subquery("covered"), new.subquery("new"))


def _found_again(changed: CTE) -> list[Insert | Delete]:
    return found_again(changed, new_fields())
