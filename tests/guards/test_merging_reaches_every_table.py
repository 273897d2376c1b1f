"""Whoever adds a table that names customers or their people decides what becomes of its rows when customers merge."""

import subprocess
import sys
from collections.abc import Iterator

from sqlalchemy import Column, Index, Table, Text, UniqueConstraint, Uuid

from crm.customers.references import CLOSING, STAYING_COLUMNS, STAYS, references
from crm.models import metadata
from crm.tables import link, noun
from tests.conftest import Stage

WHERE = "crm/customers/references.py"


def faults() -> list[str]:
    """What the declarations leave open, each with what to add."""
    return [*_unmoved(), *_without_a_way_back(), *_twice(), *_torn_apart(), *_gone()]


def _unmoved() -> Iterator[str]:
    moving = {reference.name for columns in references().values() for reference in columns}
    for table in metadata.tables.values():
        if table.name in STAYS:
            continue
        for column in table.c:
            name = f"{table.name}.{column.name}"
            to_customers = any(
                key.column.table.name == "customers" and column.name != "workspace_id" for key in column.foreign_keys
            )
            called = "customer" in column.name and isinstance(getattr(column.type, "item_type", column.type), Uuid)
            if (to_customers or called) and name not in moving | STAYING_COLUMNS:
                yield (
                    f"{name} names a customer and is not moved by a merge: call it customer_id, link it to customers, "
                    f"or name {table.name} in STAYS of {WHERE} with the reason"
                )


def _without_a_way_back() -> Iterator[str]:
    for table in references():
        if "id" not in table.primary_key.columns:
            yield f"{table.name} has no id to undo a merge by: give it one, or name it in STAYS of {WHERE}"


def _twice() -> Iterator[str]:
    for table, columns in references().items():
        named = {reference.column.name for reference in columns}
        unique = [index.columns for index in table.indexes if index.unique]
        unique += [key.columns for key in table.constraints if isinstance(key, UniqueConstraint)]
        closing = table.info.get(CLOSING)
        for key in unique:
            names = {column.name for column in key}
            closed = closing is not None and (not closing.once or set(closing.once) == names - {"workspace_id"})
            if names & named and "id" not in names and not closed:
                yield (
                    f"{table.name} {sorted(names)}: winner and loser may both have one. Say which row is closed by "
                    f"table.info[CLOSING] = Closing(...) of {WHERE}, as crm/groups/models.py does"
                )


def _torn_apart() -> Iterator[str]:
    """A row that stays with the loser while a person it names goes to the winner."""
    for name in STAYS:
        for key in metadata.tables[name].foreign_key_constraints:
            if key.referred_table.name == "contacts" and "customer_id" in key.column_keys:
                yield f"{name} names a person with the customer: it cannot stay when the person goes ({WHERE})"


def _gone() -> Iterator[str]:
    for name in STAYS:
        if name not in metadata.tables:
            yield f"{name} is named in STAYS of {WHERE} and is no table"


def test_every_table_says_what_a_merge_does_to_it() -> None:
    assert faults() == []


def test_the_guard_finds_each_planted_gap() -> None:
    planted = {
        "planted_names": noun("planted_names", Column("buyer_customer_id", Uuid)),
        "planted_links": noun("planted_links", Column("debtor_id", Uuid), link("debtor_id", "customers")),
        "planted_pairs": Table(
            "planted_pairs", metadata, Column("workspace_id", Uuid, primary_key=True), Column("customer_id", Uuid)
        ),
        "planted_ones": noun("planted_ones", Column("customer_id", Uuid), Column("period", Text)),
    }
    ones = planted["planted_ones"]
    Index("one_per_period", ones.c.workspace_id, ones.c.customer_id, ones.c.period, unique=True)
    try:
        found = [fault.split()[0] for fault in faults()]
    finally:
        for table in planted.values():
            metadata.remove(table)
    # A column that is linked to customers moves, whatever it is called.
    assert found == ["planted_names.buyer_customer_id", "planted_pairs", "planted_ones"]


def test_the_api_knows_every_table() -> None:
    """By itself: in this process the tests have imported them all."""
    names = "import services.api.main; from crm.tables import metadata; print(*metadata.tables)"
    told = subprocess.run([sys.executable, "-c", names], check=True, capture_output=True, text=True)
    assert set(told.stdout.split()) == set(metadata.tables)


async def test_the_api_may_say_anew_whose_a_row_is(stage: Stage) -> None:
    for table, columns in references().items():
        touched = [name for name in ("version", "updated_at") if name in table.c]
        for name in [*(reference.column.name for reference in columns), *touched]:
            may = "SELECT has_column_privilege('rapport_api', $1, $2, 'UPDATE')"
            assert await stage.owner.fetchval(may, table.name, name), (
                f"a merge moves {table.name}: GRANT UPDATE ({name}) ON {table.name} TO rapport_api in its migration, "
                f"or name it in STAYS of {WHERE}"
            )
