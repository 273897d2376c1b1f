"""Where a person's data stands by structure, beside their own record and people's words, and how it goes there."""

from itertools import pairwise
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    LargeBinary,
    Select,
    Text,
    Update,
    Uuid,
    any_,
    bindparam,
    cast,
    column,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.dml import ReturningDelete

from crm.actor import Sight
from crm.contacts.models import contact_taboos, contacts
from crm.customers.models import customer_merges, customers
from crm.database import Transaction, statement
from crm.facts import events
from crm.finding import parted
from crm.groups.models import customer_links
from crm.imports.models import import_problems
from crm.nouns import this_one
from crm.privacy.people import A_CONTACT, Person
from crm.privacy.places import told_texts
from crm.privacy.rows import HOMES, PERSONS
from crm.tables import at_home
from crm.webhooks.models import webhook_attempts, webhook_deliveries, webhook_endpoints
from crm.workspaces.models import idempotency_keys

ID = bindparam("id", type_=Uuid)
ABOUT = bindparam("about", type_=ARRAY(Uuid))
CALLED = bindparam("called", type_=Text)
PATTERN = bindparam("pattern", type_=Text)
KEPT = bindparam("kept", type_=ARRAY(Text))


@statement
def known_by(person: Person, sight: Sight) -> CompoundSelect[Any]:
    """What identifies the person, in their record first, then in each of their facts. Locks the record."""
    noun, table = person.noun, person.noun.table
    names = sorted(person.identifying)
    row = select(table).where(this_one(noun, sight)).with_for_update().cte("row")
    now = select(*(func.to_jsonb(row.c[name], type_=JSONB).label(name) for name in names))
    place = row.c.id if noun.customer == "id" else None
    mine = [at_home(events), events.c.subject_type == noun.name, events.c.subject_id == row.c.id]
    if place is not None:
        mine.append(events.c.customer_id == place)
    payload = cast(events.c.payload, JSONB)
    then = select(*(payload[name].label(name) for name in names)).select_from(events.join(row, mine[0])).where(*mine)
    return now.union_all(then)


@statement
def records(person: Person) -> Select[Any]:
    """The records of the person: this one, and of a customer those that it was merged with, if they are people."""
    if person is A_CONTACT:
        return select(ID.label("id"))
    start = select(ID.label("id")).cte("family", recursive=True)
    family = _merged_with(start)
    c = customers.c
    mine = or_(c.id == ID, person.erasable)
    return select(c.id).where(at_home(customers), c.id.in_(select(family.c.id)), mine)


@statement
def homes(person: Person) -> Select[Any]:
    """The customers where the person stands or stood; with those that these were merged with."""
    if person is A_CONTACT:
        own = events.c
        told = (own.subject_type == person.noun.name, own.subject_id == any_(PERSONS))
        first = select(contacts.c.customer_id.label("id")).where(at_home(contacts), contacts.c.id == any_(PERSONS))
        found = first.union(select(own.customer_id).where(at_home(events), *told, own.customer_id.is_not(None)))
    else:
        c, links = customers.c, customer_links.c
        first = select(func.unnest(PERSONS).label("id"))
        below = select(c.id).where(at_home(customers), c.parent_id == any_(PERSONS))
        linked = select(links.organization_id).where(at_home(customer_links), links.person_id == any_(PERSONS))
        found = first.union(below, linked)
    start = select(found.subquery("start").c.id).cte("family", recursive=True)
    return select(_merged_with(start).c.id)


def _merged_with(family: CTE) -> CTE:
    me, other = customers.alias("me"), customers.alias("other")
    joined = family.join(me, at_home(me) & (me.c.id == family.c.id)).join(
        other, at_home(other) & or_(other.c.merged_into_id == me.c.id, other.c.id == me.c.merged_into_id)
    )
    return family.union(select(other.c.id).select_from(joined))


AT_ONCE = 5000

FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)


async def forget_facts(tx: Transaction, **who: Any) -> list[UUID]:
    """The facts of the person lose what they say of them; the ids of the facts that were touched.

    So many are looked through at once, so that no statement takes too long.
    """
    bounds = [FIRST, *(row[0] for row in await tx.rows(_bounds(), **who)), LAST]
    touched: list[UUID] = []
    for after, upto in pairwise(bounds):
        touched += [row[0] for row in await tx.rows(_forget_facts(), after=after, upto=upto, **who)]
    return touched


@statement
def _bounds() -> Select[Any]:
    mine = or_(events.c.customer_id == any_(HOMES), events.c.customer_id.is_(None))
    number = func.row_number().over(order_by=events.c.id).label("number")
    each = select(events.c.id, number).where(at_home(events), mine).subquery("each")
    return select(each.c.id).where(each.c.number % AT_ONCE == 0).order_by(each.c.id)


@statement
def _forget_facts() -> Select[Any]:
    texts = cast(literal(orjson.dumps(told_texts()).decode(), Text), JSONB)
    between = (bindparam("after", type_=Uuid), bindparam("upto", type_=Uuid))
    erase = func.erase_from_log(PERSONS, HOMES, ABOUT, texts, KEPT, CALLED, PATTERN, *between)
    touched = erase.table_valued("event_id", name="touched").render_derived()
    return select(touched.c.event_id)


@statement
def tokens(person: Person) -> ReturningDelete[Any]:
    """Nobody finds the person any more; by the names of a customer that was merged into another neither."""
    found = person.found
    table = found.held
    mine = table.c[f"{person.noun.name}_id"] == any_(PERSONS)
    if person is not A_CONTACT:
        merged = func.unnest(PERSONS).table_valued("id", name="merged").render_derived()
        lent = func.starts_with(table.c.field, func.concat(merged.c.id, "/"))
        mine = or_(mine, (table.c.customer_id == any_(HOMES)) & exists().select_from(merged).where(lent))
    held = delete(table).where(at_home(table), mine).returning(*table.c).cte("held")
    line = func.unnest(parted(held.c.tokens)).table_valued("token", name="line").render_derived().lateral()
    gone = select(held, line.c.token).select_from(held.join(line, true())).subquery("gone")
    same = (found.tokens.c[name] == gone.c[name] for name in ("workspace_id", "token", found.key, "field"))
    return delete(found.tokens).where(at_home(found.tokens), *same).returning(found.tokens.c.token)


@statement
def taboos() -> Update:
    """What is restricted about a contact, sealed as it is."""
    t = contact_taboos.c
    mine = update(contact_taboos).where(at_home(contact_taboos), t.id == any_(PERSONS), t.sealed.is_not(None))
    return mine.values(sealed=None, version=t.version + 1, updated_at=func.now()).returning(t.id)


@statement
def merges() -> Update:
    """What merges keep of customers, so that they can be undone: nothing of a person, no names at their companies."""
    c = customer_merges.c
    own = or_(c.winner_id == any_(PERSONS), c.loser_id == any_(PERSONS))
    near = or_(c.winner_id == any_(HOMES), c.loser_id == any_(HOMES))
    names = {}
    for name in ("winner_before", "winner_after"):
        empty = cast(literal("{}", Text), JSONB)
        names[name] = func.coalesce(
            select(empty).where(own).correlate(customer_merges).scalar_subquery(), _unnamed(c[name])
        )
    differs = or_(*(c[name].is_distinct_from(new) for name, new in names.items()))
    changed = update(customer_merges).where(at_home(customer_merges), or_(own, near), differs)
    return changed.values(**names, version=c.version + 1, updated_at=func.now()).returning(c.id)


def _unnamed(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.unnamed(value, PATTERN, CALLED, type_=value.type)


@statement
def kept_answers() -> Update:
    """Answers kept for repeated requests say what the records say now."""
    k = idempotency_keys
    text = func.convert_from(k.c.body, "UTF8")
    person = func.unnest(PERSONS).table_valued("id", name="person").render_derived()
    by_id = exists().select_from(person).where(func.strpos(text, cast(person.c.id, Text)) > 0)
    is_json = func.strpos(func.coalesce(k.c.headers["content-type"].astext, ""), "json") > 0
    chosen = (
        select(k.c.workspace_id, k.c.actor_id, k.c.key, text.label("body"))
        .where(at_home(k), is_json)
        .cte("json_answers")
        .prefix_with("MATERIALIZED")
    )
    by_id = exists().select_from(person).where(func.strpos(chosen.c.body, cast(person.c.id, Text)) > 0)
    about = func.unnest(ABOUT).table_valued("id", name="about_id").render_derived()
    by_row = exists().select_from(about).where(func.strpos(chosen.c.body, cast(about.c.id, Text)) > 0)
    texts = sorted({member for members in told_texts().values() for member in members})
    anew = func.retold_answer(
        cast(chosen.c.body, JSONB), cast(PERSONS, ARRAY(Text)), KEPT, CALLED, PATTERN, cast(ABOUT, ARRAY(Text)),
        cast(literal(texts, ARRAY(Text)), ARRAY(Text)),
    )  # fmt: skip
    same = (k.c.workspace_id == chosen.c.workspace_id, k.c.actor_id == chosen.c.actor_id, k.c.key == chosen.c.key)
    named = or_(by_id, by_row, func.coalesce(chosen.c.body.op("~*")(PATTERN), False))
    body = func.convert_to(cast(anew, Text), "UTF8", type_=LargeBinary)
    return update(k).where(*same, named).values(body=body).returning(k.c.key)


@statement
def import_problems_with() -> Update:
    """Lines of files that could not be brought in and name the person in a cell: the whole line is emptied."""
    line = import_problems
    cell = func.jsonb_each_text(line.c.content).table_valued("key", "value", name="cell")
    digits = func.regexp_replace(cell.c.value, "\\D", "", "g")
    ending = func.unnest(bindparam("digits", type_=ARRAY(Text))).table_valued("ending", name="ending").render_derived()
    same = func.btrim(cell.c.value) == any_(bindparam("words", type_=ARRAY(Text)))
    phone = exists().select_from(ending).where(digits.op("LIKE")(func.concat("%", ending.c.ending)))
    said = func.coalesce(cell.c.value.op("~*")(PATTERN), False)
    names_them = exists().select_from(cell).where(or_(same, phone, said)).correlate(line)
    told = func.coalesce(cast(line.c.errors, Text).op("~*")(PATTERN), False)
    every = func.jsonb_object_keys(line.c.content).table_valued("key", name="every").render_derived()
    heading = func.unnamed(column("key", Text), PATTERN, CALLED)
    emptied = select(func.jsonb_object_agg(heading, literal("", Text))).select_from(every).correlate(line)
    return (
        update(line)
        .where(at_home(line), or_(names_them, told))
        .values(content=emptied.scalar_subquery(), errors=_unnamed(line.c.errors))
        .returning(line.c.import_id)
    )


@statement
def webhook_answers() -> Update:
    """What receivers answered may repeat what they were told: it goes, for the facts that named the person."""
    a, d, e = webhook_attempts.c, webhook_deliveries.c, webhook_endpoints.c
    told = func.unnest(bindparam("facts", type_=ARRAY(Uuid))).table_valued("event_id", name="told").render_derived()
    deliveries = (
        select(d.id)
        .select_from(told)
        .join(webhook_endpoints, at_home(webhook_endpoints))
        .join(
            webhook_deliveries,
            (d.workspace_id == e.workspace_id) & (d.endpoint_id == e.id) & (d.event_id == told.c.event_id),
        )
    )
    return (
        update(webhook_attempts)
        .where(at_home(webhook_attempts), a.response_start.is_not(None), a.delivery_id.in_(deliveries))
        .values(response_start=None)
        .returning(a.delivery_id)
    )
