"""The statements of an undo: whom an import touched, and giving them back what they were."""

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by
from sqlalchemy.sql.selectable import CTE

from crm.actor import Sight
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER, FINDING
from crm.database import statement
from crm.facts import events
from crm.imports.landing import ADDED_TO, PLAIN, counted, found_again, lines, new_fields
from crm.imports.models import import_batches, import_leftovers
from crm.recording import recorded

HOME = bindparam("workspace_id", type_=Uuid)


@statement
def touched(sight: Sight) -> Select[Any]:
    """The next customers whom the import touched: whether it made them, its changes in order, and how they are now.

    ``used``: a person has done something with them since; what the product's own rules do does not count.
    """
    fact, later, batch = events.alias("fact"), events.alias("later"), import_batches.alias("batch")
    own = (
        select(fact.c.subject_id, fact.c.type, fact.c.changes, fact.c.sequence)
        .select_from(batch.join(fact, landed_in(fact, batch)))
        .where(
            batch.c.workspace_id == HOME,
            batch.c.import_id == bindparam("import_id", type_=Uuid),
            fact.c.type.in_(["customer.created", "customer.updated"]),
            fact.c.subject_id > bindparam("after", type_=Uuid),
        )
        .cte("own")
    )
    per_customer = (
        select(
            own.c.subject_id.label("id"),
            func.bool_or(own.c.type == "customer.created").label("created"),
            func.jsonb_agg(aggregate_order_by(own.c.changes, own.c.sequence)).label("changes"),
        )
        .group_by(own.c.subject_id)
        .order_by(own.c.subject_id)
        .limit(bindparam("limit", type_=Integer))
        .subquery("touched")
    )
    of_the_import = exists().where(
        batch.c.workspace_id == HOME, batch.c.import_id == bindparam("import_id", type_=Uuid), landed_in(later, batch)
    )
    used = exists().where(
        later.c.workspace_id == HOME,
        later.c.customer_id == per_customer.c.id,
        later.c.actor_kind != "system",
        ~of_the_import,
    )
    return (
        select(
            per_customer.c.id,
            per_customer.c.created,
            per_customer.c.changes,
            used.label("used"),
            CUSTOMER.visible(sight).label("visible"),
            func.to_jsonb(customers.table_valued(), type_=JSONB).label("now"),
        )
        .select_from(
            per_customer.join(customers, and_(customers.c.workspace_id == HOME, customers.c.id == per_customer.c.id))
        )
        .order_by(per_customer.c.id)
    )


def landed_in(fact: Any, batch: Any) -> ColumnElement[bool]:
    """A fact is of a batch that landed: of the same transaction at the same moment."""
    return and_(
        fact.c.workspace_id == batch.c.workspace_id,
        fact.c.transaction_id == batch.c.transaction_id,
        fact.c.occurred_at == batch.c.at,
    )


@statement
def holders() -> Select[Any]:
    """Who has these registration codes."""
    code = customers.c.registration_code
    return select(code, customers.c.id).where(
        customers.c.workspace_id == HOME,
        customers.c.archived_at.is_(None),
        code == any_(bindparam("codes", type_=ARRAY(Text))),
    )


@statement
def archive(sight: Sight) -> Insert:
    """Put customers aside, with their facts."""
    change = update(customers).where(
        customers.c.workspace_id == HOME,
        customers.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        customers.c.archived_at.is_(None),
        CUSTOMER.visible(sight),
    )
    return recorded(CUSTOMER, change.values(archived_at=func.now()))


@statement
def revert(sight: Sight) -> Select[Any]:
    """Give fields back what they were, null too: those that each line names."""
    names = (*PLAIN, *ADDED_TO)
    line = lines({"id": Uuid(), **{name: customers.c[name].type for name in names}, "fields": ARRAY(Text)})
    named = {name: literal(name, Text) == any_(line.c.fields) for name in names}
    values = {name: case((given, line.c[name]), else_=customers.c[name]) for name, given in named.items()}
    change: Update = (
        update(customers)
        .where(
            customers.c.workspace_id == HOME,
            customers.c.id == line.c.id,
            customers.c.archived_at.is_(None),
            CUSTOMER.visible(sight),
        )
        .values(values)
    )
    return counted(recorded(CUSTOMER, change, also=_found_as_before))


def _found_as_before(changed: CTE) -> list[Insert | Delete]:
    line = lines({"id": Uuid(), "fields": ARRAY(Text)}).alias("named")
    field = func.unnest(line.c.fields).table_valued("field", name="named_field").render_derived().lateral()
    new = new_fields()
    given = line.join(field, true()).outerjoin(new, and_(new.c.id == line.c.id, new.c.field == field.c.field))
    covered = select(line.c.id, field.c.field, new.c.tokens).select_from(given)
    return found_again(changed, covered.where(field.c.field.in_(list(FINDING.fields))).subquery("given_back"))


@statement
def leave() -> Insert:
    """Report what was left as it is."""
    columns: list[Any] = [Column("subject_id", Uuid), Column("reason", Text), Column("fields", ARRAY(Text))]
    left = func.jsonb_to_recordset(bindparam("left", type_=JSONB)).table_valued(*columns, name="left_over")
    left = left.render_derived(with_types=True)
    whose = bindparam("import_id", type_=Uuid)
    return insert(import_leftovers).from_select(
        ["workspace_id", "import_id", "subject_id", "reason", "fields"],
        select(HOME, whose, left.c.subject_id, left.c.reason, left.c.fields),
    )
