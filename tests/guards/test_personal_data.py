"""No column with words escapes erasure: each is declared as reached by it, or as never saying anything of a person."""

from collections.abc import Mapping

import asyncpg

from crm import models
from crm.privacy.people import A_CONTACT, A_CUSTOMER
from crm.privacy.places import OTHERWISE, PLACES
from tests.conftest import Stage

NEVER: Mapping[str, str] = {
    "*.dedupe_key": "made of ids and moments",
    "*.subject_type": "a noun of ours",
    "alembic_version.*": "not ours",
    "api_keys.*": "of the workspace's programs",
    "attachments.media_type": "one of a few kinds",
    "calendar_feeds.*": "of a member of the workspace",
    "calendar_days.*": "days of the workspace",
    "calendars.*": "of the workspace",
    "complaint_steps.actor_kind": "a word of ours",
    "complaint_steps.from_state": "a word of ours",
    "complaint_steps.to_state": "a word of ours",
    "complaints.cost_currency": "a code",
    "complaints.number": "made of a year and a number",
    "complaints.resume_to": "a word of ours",
    "consents.notice_version": "the workspace's own text",
    "custom_fields.*": "what the workspace calls its fields",
    "custom_values.*": "an index of the columns called custom, which triggers keep: what is erased there is gone here",
    "events.actor_kind": "a word of ours",
    "events.type": "a word of ours",
    "exports.failure": "a sentence of ours",
    "idempotency_keys.fingerprint": "a keyed hash",
    "idempotency_keys.headers": "of the answer: its type, version and address",
    "idempotency_keys.key": "made up by a program",
    "import_leftovers.fields": "names of columns",
    "imports.failure": "a sentence of ours",
    "imports.match_by": "the name of a column",
    "imports.undo_by_kind": "a word of ours",
    "key_proposals.currency": "a code",
    "customer_merges.moved": "ids",
    "notification_channels.*": "where a member of the workspace wants to be told",
    "notification_messages.last_code": "of the provider: a number",
    "notification_messages.last_error": "the name of an error",
    "location_consents.*": "of a member of the workspace",
    "notifications.caution": "a word of ours",
    "notifications.kind": "a word of ours",
    "exchange_rates.*": "of the workspace",
    "opportunities.board_place": "made of letters that sort",
    "opportunities.checks": "keys of questions, and numbers",
    "opportunities.currency": "a code",
    "opportunities.reference": "made up by another system",
    "opportunity_days.currency": "a code",
    "opportunity_collaborators.role": "what a member of the workspace does",
    "opportunity_items.name": "what is sold",
    "opportunity_moves.actor_kind": "a word of ours",
    "opportunity_moves.from_state": "a word of ours",
    "opportunity_moves.move": "a word of ours",
    "opportunity_moves.to_state": "a word of ours",
    "pipeline_stages.*": "of the workspace",
    "pipelines.*": "of the workspace",
    "products.*": "what is sold",
    "reactions.*": "names of our functions, and of kinds of errors",
    "reminders.local_time": "a time of day",
    "reminders.timezone": "the name of a zone",
    "sessions.*": "of a member of the workspace",
    "sign_in_attempts.*": "of a member of the workspace",
    "sla_clocks.thresholds": "numbers and moments",
    "sla_policies.*": "of the workspace",
    "task_chains.*": "of the workspace: templates, written before there is anybody they are about",
    "task_rule_runs.*": "numbers, and words of ours",
    "task_series.ended_because": "a word of ours",
    "task_series.first_at": "a time of day and a date",
    "task_series.last_at": "a time of day and a date",
    "task_series.rrule": "a rule of RFC 5545",
    "task_series.timezone": "the name of a zone",
    "task_rules.*": "of the workspace: templates, written before there is anybody they are about",
    "teams.name": "of the workspace",
    "users.*": "a member of the workspace, who is no contact",
    "webhook_attempts.error": "the name of an error",
    "webhook_deliveries.event_type": "a word of ours",
    "webhook_deliveries.last_error": "the name of an error",
    "webhook_endpoints.*": "of the workspace's programs",
    "worker_heartbeats.name": "the name of a machine",
    "workspaces.*": "of the workspace",
}
"""Columns in which nothing personal can stand, and why; ``*`` stands for any table or any column.

What a CHECK bounds to a list of words is known without a line here.
"""

WORDS = """
SELECT c.relname::text AS table, a.attname::text AS column
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_type AS element ON element.oid = t.typelem AND t.typcategory = 'A'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND coalesce(element.typname, t.typname) IN ('text', 'varchar', 'bpchar', 'name', 'json', 'jsonb', 'bytea', 'xml')
  AND NOT EXISTS (
      SELECT FROM pg_constraint AS k
      WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]
        AND pg_get_constraintdef(k.oid) ~ '^CHECK \\(\\(\\w+ = (ANY \\(ARRAY\\[|''\\w+''::text\\)\\)$)')
ORDER BY 1, 2
"""

ADVICE = """{missing}

hold words, and nobody said whether they can be about a person. For each, either
- add a line to PLACES in crm/privacy/places.py (the table, its columns with words, which rows are about a contact or a
  customer alone, in which rows they may be spoken of, and the noun under which facts tell of it), grant
  rapport_worker SELECT and UPDATE of those columns, and plant a row of it in tests/privacy/planting.py; or
- where the data is of another make (sealed, bytes, an index), write a statement in crm/privacy/traces.py, call it in
  erasing.py and name it in OTHERWISE; or
- say in NEVER, here, why nothing personal can stand there."""


def reached() -> set[str]:
    """The columns that erasure declares to reach."""
    own = {
        f"{person.noun.table.name}.{column.name}"
        for person in (A_CONTACT, A_CUSTOMER)
        for column in person.noun.table.c
        if column.name not in person.kept
    }
    places = {f"{place.table.name}.{name}" for place in PLACES for name in (*place.texts, *place.gone)}
    return own | places | OTHERWISE.keys()


def never(table: str, column: str) -> bool:
    """Whether it is said that nothing personal stands there."""
    return not NEVER.keys().isdisjoint({f"{table}.{column}", f"{table}.*", f"*.{column}"})


async def undeclared(owner: asyncpg.Connection) -> list[str]:
    """The columns with words of which nobody said anything."""
    found = [(row["table"], row["column"]) for row in await owner.fetch(WORDS)]
    known = reached()
    return [
        f"{table}.{column}" for table, column in found if f"{table}.{column}" not in known and not never(table, column)
    ]


async def test_every_column_with_words_is_reached_by_erasure_or_never_personal(stage: Stage) -> None:
    missing = await undeclared(stage.owner)
    assert missing == [], ADVICE.format(missing=", ".join(missing))


async def test_nothing_is_said_twice_or_of_what_is_not_there(stage: Stage) -> None:
    columns = {(row["table"], row["column"]) for row in await stage.owner.fetch(WORDS)}
    open_ = {each for each in columns if f"{each[0]}.{each[1]}" not in reached()}
    said = [[f"{table}.{column}", f"{table}.*", f"*.{column}"] for table, column in open_]
    assert sorted(NEVER.keys() - {key for keys in said for key in keys}) == []


async def test_the_guard_finds_a_column_that_was_forgotten(own_stage: Stage) -> None:
    before = await undeclared(own_stage.owner)
    await own_stage.owner.execute(
        "CREATE TABLE planted (id uuid, state text CHECK (state IN ('a', 'b')), said jsonb[])"
    )
    await own_stage.owner.execute("ALTER TABLE visits ADD COLUMN mood text")
    assert set(await undeclared(own_stage.owner)) - set(before) == {"planted.said", "visits.mood"}


def test_what_is_declared_is_there() -> None:
    columns = {f"{table.name}.{column.name}" for table in models.metadata.sorted_tables for column in table.c}
    assert OTHERWISE.keys() - columns == set()
    assert reached() - columns == set()
