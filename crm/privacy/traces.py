"""Where a person's data stands beside their own record, and how it is overwritten there."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    LargeBinary,
    Select,
    Table,
    Text,
    Update,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    column,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.dml import ReturningDelete

from crm.actor import Sight
from crm.contacts.models import contact_taboos
from crm.database import statement
from crm.facts import events
from crm.imports.models import import_problems
from crm.notifications.models import notifications
from crm.nouns import this_one
from crm.privacy.people import Person
from crm.reminders.models import reminders
from crm.tasks.models import tasks
from crm.webhooks.models import webhook_attempts, webhook_deliveries, webhook_endpoints
from crm.workspaces.models import idempotency_keys

PERSON = bindparam("id", type_=Uuid)
CALLED = bindparam("called", type_=Text)
NAMES = bindparam("names", type_=ARRAY(Text))
KEPT = bindparam("kept", type_=ARRAY(Text))
TITLED = bindparam("titled", type_=ARRAY(Uuid))


def at_home(table: FromClause) -> ColumnElement[bool]:
    """In this workspace."""
    home: ColumnElement[bool] = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return home


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
def titled() -> CompoundSelect[Any]:
    """The tasks about the person, and the reminders of those: what has a title with a name in it."""
    about = select(tasks.c.id).where(at_home(tasks), tasks.c.subject_id == PERSON)
    of_them = select(reminders.c.id).where(at_home(reminders), reminders.c.subject_id.in_(about))
    return about.union_all(of_them)


@statement
def facts() -> Select[Any]:
    """The facts of the person lose what they say of them; the ids of the facts that were touched."""
    touched = func.erase_from_log(PERSON, KEPT, CALLED, NAMES, TITLED).table_valued("event_id", name="touched")
    touched = touched.render_derived()
    return select(touched.c.event_id)


@statement
def tokens(person: Person) -> ReturningDelete[Any]:
    """Nobody finds the person any more."""
    table = person.tokens
    return delete(table).where(at_home(table), table.c[f"{person.noun.name}_id"] == PERSON).returning(table.c.token)


@statement
def taboos() -> Update:
    """What is restricted about a contact, sealed as it is."""
    t = contact_taboos.c
    mine = update(contact_taboos).where(at_home(contact_taboos), t.id == PERSON, t.sealed.is_not(None))
    return mine.values(sealed=None, version=t.version + 1, updated_at=func.now()).returning(t.id)


@statement
def titles_of_tasks() -> Update:
    """Titles of tasks about the person, without the name."""
    return _retitled(tasks, tasks.c.subject_id == PERSON)


@statement
def titles_of_reminders() -> Update:
    """Titles of reminders of those tasks."""
    return _retitled(reminders, reminders.c.id == any_(TITLED))


@statement
def titles_of_notifications() -> Update:
    """Titles of what people were told about those tasks."""
    return _retitled(notifications, notifications.c.subject_id == any_(TITLED))


def _retitled(table: Table, *which: ColumnElement[bool]) -> Update:
    # No fact: that the person was erased is the fact. A new version, so that no cache shows the old title.
    title = func.without_names(table.c.title, NAMES, CALLED)
    return (
        update(table)
        .where(at_home(table), *which, table.c.title != title)
        .values(title=title, version=table.c.version + 1, updated_at=func.now())
        .returning(table.c.id)
    )


@statement
def kept_answers() -> Update:
    """Answers kept for repeated requests say what the records say now."""
    k = idempotency_keys
    named = func.strpos(func.encode(k.c.body, "escape"), cast(PERSON, Text)) > 0
    is_json = func.strpos(func.coalesce(k.c.headers["content-type"].astext, ""), "json") > 0
    chosen = (
        select(k.c.workspace_id, k.c.actor_id, k.c.key, k.c.body)
        .where(at_home(k), named, is_json)
        .cte("chosen")
        .prefix_with("MATERIALIZED")
    )
    told = cast(func.convert_from(chosen.c.body, "UTF8"), JSONB)
    own = told["id"].astext == cast(PERSON, Text)
    anew = case(
        (own, func.emptied(told, KEPT, PERSON, CALLED)),
        else_=func.retitled(func.without_person(told, PERSON, CALLED), NAMES, CALLED),
    )
    same = (k.c.workspace_id == chosen.c.workspace_id, k.c.actor_id == chosen.c.actor_id, k.c.key == chosen.c.key)
    body = func.convert_to(cast(anew, Text), "UTF8", type_=LargeBinary)
    return update(k).where(*same).values(body=body).returning(k.c.key)


@statement
def import_problems_with() -> Update:
    """Lines of files that could not be brought in and name the person in a cell: the whole line is emptied."""
    line = import_problems
    cell = func.jsonb_each_text(line.c.content).table_valued("key", "value", name="cell")
    digits = func.regexp_replace(cell.c.value, "\\D", "", "g")
    ending = func.unnest(bindparam("digits", type_=ARRAY(Text))).table_valued("ending", name="ending").render_derived()
    same = func.btrim(cell.c.value) == any_(bindparam("words", type_=ARRAY(Text)))
    phone = exists().select_from(ending).where(digits.op("LIKE")(func.concat("%", ending.c.ending)))
    names_them = exists().select_from(cell).where(or_(same, phone)).correlate(line)
    every = func.jsonb_object_keys(line.c.content).table_valued("key", name="every").render_derived()
    emptied = select(func.jsonb_object_agg(column("key"), literal("", Text))).select_from(every).correlate(line)
    return (
        update(line)
        .where(at_home(line), names_them)
        .values(content=emptied.scalar_subquery())
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
