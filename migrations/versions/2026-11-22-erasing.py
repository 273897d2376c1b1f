"""Erasure reaches words, files, merges and exports.

Revision: erasing, after calendars.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guard import ERASER, protect, unprotect

revision = "erasing"
down_revision = "calendars"
branch_labels = None
depends_on = None

SAFE = "IMMUTABLE PARALLEL SAFE"
# Without a search_path of their own they can be inlined; whoever calls them with more rights sets one.

WORDS = (
    f"""
CREATE FUNCTION unnamed(words text, pattern text, called text) RETURNS text LANGUAGE sql {SAFE} AS $$
-- Words without what the pattern finds, in whatever case.
    SELECT coalesce(regexp_replace(words, pattern, called, 'gi'), words)
$$
""",
    f"""
CREATE FUNCTION unnamed(words text[], pattern text, called text) RETURNS text[] LANGUAGE sql {SAFE} AS $$
    SELECT coalesce(array_agg(unnamed(word, pattern, called) ORDER BY place), words)
    FROM unnest(words) WITH ORDINALITY AS each (word, place)
$$
""",
    f"""
CREATE FUNCTION unnamed(value jsonb, pattern text, called text) RETURNS jsonb LANGUAGE plpgsql {SAFE} AS $$
-- Every word in it, however deep, names of members too.
BEGIN
    IF value IS NULL OR pattern IS NULL THEN
        RETURN value;
    END IF;
    CASE jsonb_typeof(value)
        WHEN 'string' THEN RETURN to_jsonb(unnamed(value #>> '{{}}', pattern, called));
        WHEN 'array' THEN RETURN coalesce(
            (SELECT jsonb_agg(unnamed(item, pattern, called) ORDER BY place)
             FROM jsonb_array_elements(value) WITH ORDINALITY AS each (item, place)), value);
        WHEN 'object' THEN RETURN coalesce(
            (SELECT jsonb_object_agg(unnamed(key, pattern, called), unnamed(item, pattern, called))
             FROM jsonb_each(value) AS each (key, item)), value);
        ELSE RETURN value;
    END CASE;
END $$
""",
    f"""
CREATE FUNCTION hushed(value jsonb, called text) RETURNS jsonb LANGUAGE plpgsql {SAFE} AS $$
-- That something was said stays known, and what was said does not.
BEGIN
    IF value IS NULL THEN
        RETURN value;
    END IF;
    CASE jsonb_typeof(value)
        WHEN 'string' THEN RETURN to_jsonb(called);
        WHEN 'array' THEN RETURN coalesce(
            (SELECT jsonb_agg(hushed(item, called) ORDER BY place)
             FROM jsonb_array_elements(value) WITH ORDINALITY AS each (item, place)), value);
        WHEN 'object' THEN RETURN CASE WHEN jsonb_typeof(value -> 'title') = 'string'
            THEN jsonb_set(value, '{{title}}', to_jsonb(called)) ELSE 'null'::jsonb END;
        ELSE RETURN value;
    END CASE;
END $$
""",
    f"""
CREATE FUNCTION without_persons(value jsonb, persons uuid[], called text) RETURNS jsonb LANGUAGE plpgsql {SAFE} AS $$
DECLARE
    person uuid;
BEGIN
    FOREACH person IN ARRAY persons LOOP
        value := without_person(value, person, called);
    END LOOP;
    RETURN value;
END $$
""",
    f"""
CREATE FUNCTION retold(
    value jsonb, persons uuid[], called text, pattern text, texts text[], alone boolean
) RETURNS jsonb LANGUAGE sql {SAFE} AS $$
-- What a fact says of a row: its words emptied where the row is about the person alone, else without their names.
    SELECT without_persons(coalesce(jsonb_object_agg(key, CASE
        WHEN key <> ALL (texts) THEN item
        WHEN alone THEN hushed(item, called)
        ELSE unnamed(item, pattern, called) END), value), persons, called)
    FROM jsonb_each(value) AS each (key, item)
$$
""",
    f"""
CREATE FUNCTION retold_answer(
    value jsonb, persons text[], kept text[], called text, pattern text, about text[], texts text[]
) RETURNS jsonb LANGUAGE plpgsql {SAFE} AS $$
-- A kept answer, whatever its shape. Unlike the log it is soon forgotten, so names go wherever they stand.
DECLARE
    result jsonb;
BEGIN
    IF jsonb_typeof(value) = 'object' THEN
        IF value ->> 'id' = ANY (persons) AND value ? 'version' THEN
            RETURN emptied(value, kept, (value ->> 'id')::uuid, called);
        END IF;
        SELECT coalesce(jsonb_object_agg(unnamed(key, pattern, called), CASE
            WHEN value ->> 'id' = ANY (about) AND key = ANY (texts) THEN hushed(item, called)
            ELSE retold_answer(item, persons, kept, called, pattern, about, texts) END), value) INTO result
        FROM jsonb_each(value) AS each (key, item);
        IF result ->> 'id' = ANY (persons) AND result ? 'name' THEN
            result := jsonb_set(result, '{{name}}', to_jsonb(called));
        END IF;
        RETURN result;
    ELSIF jsonb_typeof(value) = 'array' THEN
        RETURN coalesce(
            (SELECT jsonb_agg(retold_answer(item, persons, kept, called, pattern, about, texts) ORDER BY place)
             FROM jsonb_array_elements(value) WITH ORDINALITY AS each (item, place)), value);
    END IF;
    RETURN unnamed(value, pattern, called);
END $$
""",
)

SIGNATURE = "erase_from_log(uuid[], uuid[], uuid[], jsonb, text[], text, text, uuid, uuid)"

# The function of the release before stays for processes that still run it.
LOG = (
    """
CREATE FUNCTION erase_from_log(
    persons uuid[], homes uuid[], about uuid[], texts jsonb, kept text[], called text, pattern text,
    after uuid, upto uuid
) RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The log is append-only for everybody else. Here the facts of one workspace lose what they say of a person whose
-- records all say that they were erased: those under the customers where the person stood, and those under none.
-- Ids, types, moments, order and sequence stay. Gives the facts that were touched, of those after an id up to another.
DECLARE
    home uuid := current_workspace_id();
BEGIN
    IF cardinality(persons) IS NOT DISTINCT FROM 0 OR EXISTS (
        SELECT FROM unnest(persons) AS person
        WHERE NOT EXISTS (SELECT FROM contacts AS c
                          WHERE c.workspace_id = home AND c.id = person AND c.erased_at IS NOT NULL)
          AND NOT EXISTS (SELECT FROM customers AS c
                          WHERE c.workspace_id = home AND c.id = person AND c.erased_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'this person was not erased' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT e.workspace_id, e.id,
               e.subject_id = ANY (persons) AND e.subject_type IN ('contact', 'customer') AS own,
               ARRAY(SELECT jsonb_array_elements_text(texts -> e.subject_type)) AS members
        FROM events AS e
        WHERE e.workspace_id = home AND (e.customer_id = ANY (homes) OR e.customer_id IS NULL)
          AND e.id > after AND e.id <= upto
          AND (e.subject_id = ANY (about)
               OR EXISTS (SELECT FROM unnest(persons) AS person
                          WHERE strpos(e.payload::text, person::text) > 0 OR strpos(e.changes::text, person::text) > 0)
               OR e.payload::text ~* pattern OR e.changes::text ~* pattern)
    )
    UPDATE events AS e
    SET payload = CASE WHEN found.own THEN emptied(e.payload::jsonb, kept, e.subject_id, called)
            ELSE retold(e.payload::jsonb, persons, called, pattern, found.members, e.subject_id = ANY (about))
            END::json,
        changes = CASE WHEN found.own THEN changes_emptied(e.changes, kept, e.subject_id, called)
            ELSE retold(e.changes, persons, called, pattern, found.members, e.subject_id = ANY (about)) END
    FROM found
    WHERE e.workspace_id = found.workspace_id AND e.id = found.id
    RETURNING e.id;
END $$
""",
    f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO rapport_api, rapport_worker",
    f"GRANT CREATE ON SCHEMA public TO {ERASER}",
    f"ALTER FUNCTION {SIGNATURE} OWNER TO {ERASER}",
    f"REVOKE CREATE ON SCHEMA public FROM {ERASER}",
)

FUNCTIONS = (
    SIGNATURE,
    "retold_answer(jsonb, text[], text[], text, text, text[], text[])",
    "retold(jsonb, uuid[], text, text, text[], boolean)",
    "without_persons(jsonb, uuid[], text)",
    "hushed(jsonb, text)",
    "unnamed(jsonb, text, text)",
    "unnamed(text[], text, text)",
    "unnamed(text, text, text)",
)

STAMPS = "version, updated_at"
GRANTS = (
    ("UPDATE (content)", "import_files", "rapport_api"),
    (f"UPDATE (note, {STAMPS})", "trust_ratings", "rapport_api, rapport_worker"),
    (f"UPDATE (position, {STAMPS})", "customer_links", "rapport_worker"),
    ("SELECT", "notes", "rapport_worker"),
    (f"UPDATE (text, {STAMPS})", "notes", "rapport_worker"),
    ("SELECT", "attachments", "rapport_worker"),
    (f"UPDATE (name, sha256, erased_at, {STAMPS})", "attachments", "rapport_worker"),
)
"""What the reaction to an erasure needs, which looks a second time."""


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("attachments", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("exports", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "owed_removals",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('attachment', 'export')", name=op.f("ck_owed_removals_kind")),
        sa.PrimaryKeyConstraint("workspace_id", "kind", "file_id", name=op.f("pk_owed_removals")),
    )
    protect("owed_removals", api="SELECT, INSERT", worker="SELECT, INSERT, DELETE", scanned=True)
    op.create_index(
        "ix_events_of_no_customer", "events", ["workspace_id", "id"], postgresql_where=sa.text("customer_id IS NULL")
    )
    for grant, table, roles in GRANTS:
        op.execute(f"GRANT {grant} ON {table} TO {roles}")
    for step in (*WORDS, *LOG):
        op.execute(step)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for grant, table, roles in reversed(GRANTS):
        op.execute(f"REVOKE {grant} ON {table} FROM {roles}")
    op.drop_index("ix_events_of_no_customer", table_name="events")
    unprotect("owed_removals")
    op.drop_table("owed_removals")
    op.drop_column("exports", "withdrawn_at")
    op.drop_column("attachments", "erased_at")
