"""Consent and privacy: the ledger of consent, and what erasure leaves behind."""

import sqlalchemy as sa
from alembic import op

from migrations.guard import create_eraser, drop_eraser, protect, unprotect

revision = "privacy"
down_revision = "people"
branch_labels = None
depends_on = None

LEGAL_BASIS = (
    "legal_basis IN ('consent', 'contract', 'legal_duty', 'emergency', 'public_interest', 'disclosed', 'other_law')"
)

ERASED_BECAUSE = (
    "erased_because IN ('requested', 'purpose_fulfilled', 'service_ended', 'consent_withdrawn', 'unlawful', "
    "'required_by_law')"
)

ERASURE = (
    """
CREATE FUNCTION without_person(value jsonb, person uuid, called text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE
SET search_path = public, pg_temp AS $$
-- Wherever the person is mentioned by id and name, however deep, the id stays and the name goes.
DECLARE
    result jsonb;
BEGIN
    IF strpos(value::text, person::text) = 0 THEN
        RETURN value;
    ELSIF jsonb_typeof(value) = 'array' THEN
        RETURN (SELECT jsonb_agg(without_person(item, person, called) ORDER BY place)
                FROM jsonb_array_elements(value) WITH ORDINALITY AS each (item, place));
    ELSIF jsonb_typeof(value) = 'object' THEN
        SELECT jsonb_object_agg(key, without_person(item, person, called)) INTO result
        FROM jsonb_each(value) AS each (key, item);
        IF result ->> 'id' = person::text AND result ? 'name' THEN
            result := jsonb_set(result, '{name}', to_jsonb(called));
        END IF;
        RETURN result;
    END IF;
    RETURN value;
END $$
""",
    """
CREATE FUNCTION emptied(record jsonb, kept text[], person uuid, called text) RETURNS jsonb LANGUAGE sql IMMUTABLE
SET search_path = public, pg_temp AS $$
-- The person's own record: what is not among the kept members is emptied, so that a member added later is as well.
    SELECT jsonb_object_agg(key, CASE
        WHEN key = 'name' THEN to_jsonb(called)
        WHEN key = ANY (kept) THEN without_person(item, person, called)
        WHEN jsonb_typeof(item) = 'array' THEN '[]'::jsonb
        WHEN jsonb_typeof(item) = 'boolean' THEN 'false'::jsonb
        WHEN key = 'custom' THEN '{}'::jsonb
        ELSE 'null'::jsonb END)
    FROM jsonb_each(record) AS each (key, item)
$$
""",
    """
CREATE FUNCTION changes_emptied(changes jsonb, kept text[], person uuid, called text) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
-- That a member was changed stays known; from what to what does not.
    SELECT jsonb_object_agg(key, CASE
        WHEN key = 'name' THEN jsonb_build_array(called, called)
        WHEN key = ANY (kept) THEN without_person(item, person, called)
        ELSE '[null, null]'::jsonb END)
    FROM jsonb_each(changes) AS each (key, item)
$$
""",
    """
CREATE FUNCTION without_names(words text, names text[], called text) RETURNS text LANGUAGE plpgsql IMMUTABLE
SET search_path = public, pg_temp AS $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY names LOOP
        words := replace(words, one, called);
    END LOOP;
    RETURN words;
END $$
""",
    """
CREATE FUNCTION retitled(record jsonb, names text[], called text) RETURNS jsonb LANGUAGE sql IMMUTABLE
SET search_path = public, pg_temp AS $$
-- A title, or its values before and after, without these names.
    SELECT CASE WHEN record ? 'title' THEN jsonb_set(record, '{title}', without_names(
        (record -> 'title')::text,
        ARRAY(SELECT btrim(to_jsonb(one)::text, '"') FROM unnest(names) AS one),
        btrim(to_jsonb(called)::text, '"'))::jsonb)
    ELSE record END
$$
""",
    """
CREATE FUNCTION erase_from_log(person uuid, kept text[], called text, names text[], titled uuid[]) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The log is append-only for everybody else. Here the facts of one workspace lose what they say of one person who
-- was erased; ids, types, moments, order and sequence stay. Gives the facts that named the person.
DECLARE
    home uuid := current_workspace_id();
BEGIN
    IF NOT EXISTS (SELECT FROM contacts AS c
                   WHERE c.workspace_id = home AND c.id = person AND c.erased_at IS NOT NULL)
       AND NOT EXISTS (SELECT FROM customers AS c
                       WHERE c.workspace_id = home AND c.id = person AND c.erased_at IS NOT NULL) THEN
        RAISE EXCEPTION 'this person was not erased' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
    UPDATE events AS e
    SET payload = CASE
            WHEN e.subject_id = person AND e.subject_type IN ('contact', 'customer')
            THEN emptied(e.payload::jsonb, kept, person, called)
            WHEN e.subject_id = ANY (titled)
            THEN retitled(without_person(e.payload::jsonb, person, called), names, called)
            ELSE without_person(e.payload::jsonb, person, called) END::json,
        changes = CASE
            WHEN e.subject_id = person AND e.subject_type IN ('contact', 'customer')
            THEN changes_emptied(e.changes, kept, person, called)
            WHEN e.subject_id = ANY (titled)
            THEN retitled(without_person(e.changes, person, called), names, called)
            ELSE without_person(e.changes, person, called) END
    WHERE e.workspace_id = home
      AND e.customer_id IN (
          SELECT own.customer_id FROM events AS own
          WHERE own.workspace_id = home AND own.subject_type = 'contact' AND own.subject_id = person
          UNION SELECT c.customer_id FROM contacts AS c WHERE c.workspace_id = home AND c.id = person
          UNION SELECT c.id FROM customers AS c WHERE c.workspace_id = home AND person IN (c.id, c.parent_id))
      AND (e.subject_id = ANY (titled) OR strpos(e.payload::text, person::text) > 0
           OR strpos(e.changes::text, person::text) > 0)
    RETURNING e.id;
END $$
""",
    "REVOKE ALL ON FUNCTION erase_from_log(uuid, text[], text, text[], uuid[]) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION erase_from_log(uuid, text[], text, text[], uuid[]) TO rapport_api, rapport_worker",
    "ALTER FUNCTION erase_from_log(uuid, text[], text, text[], uuid[]) OWNER TO rapport_eraser",
    "REVOKE CREATE ON SCHEMA public FROM rapport_eraser",
)

FUNCTIONS = (
    "erase_from_log(uuid, text[], text, text[], uuid[])",
    "retitled(jsonb, text[], text)",
    "without_names(text, text[], text)",
    "changes_emptied(jsonb, text[], uuid, text)",
    "emptied(jsonb, text[], uuid, text)",
    "without_person(jsonb, uuid, text)",
)


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "consents",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("notice_version", sa.Text(), nullable=True),
        sa.Column("separate", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "channel IN ('form', 'paper', 'email', 'message', 'wechat', 'call', 'in_person', 'other')",
            name=op.f("ck_consents_channel"),
        ),
        sa.CheckConstraint(
            "purpose IN ('service', 'care', 'greetings', 'marketing', 'surveys', 'profiling', 'sensitive', 'location', 'sharing', 'abroad')",
            name=op.f("ck_consents_purpose"),
        ),
        sa.CheckConstraint(
            "status = 'withdrawn' OR notice_version IS NOT NULL", name=op.f("ck_consents_given_to_a_notice")
        ),
        sa.CheckConstraint("status IN ('given', 'withdrawn')", name=op.f("ck_consents_status")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contacts.workspace_id", "contacts.id"],
            name=op.f("fk_consents_workspace_id_contact_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_consents")),
    )
    op.create_index(
        op.f("ix_consents_workspace_id_contact_id_created_at_id"),
        "consents",
        ["workspace_id", "contact_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    protect("consents", api="SELECT, INSERT", worker="SELECT")
    op.create_index(
        "ix_events_of_contact",
        "events",
        ["workspace_id", "subject_id"],
        unique=False,
        postgresql_where=sa.text("subject_type = 'contact'"),
    )
    op.add_column("contacts", sa.Column("legal_basis", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_contacts_legal_basis"), "contacts", LEGAL_BASIS)
    op.add_column("contacts", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contacts", sa.Column("erased_because", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_contacts_erased_because"), "contacts", ERASED_BECAUSE)
    op.add_column("customers", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("customers", sa.Column("erased_because", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_customers_erased_because"), "customers", ERASED_BECAUSE)
    op.create_table(
        "privacy_requests",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('access', 'correct', 'delete', 'export', 'withdraw')", name=op.f("ck_privacy_requests_kind")
        ),
        sa.CheckConstraint(
            "state IN ('received', 'verified', 'fulfilled', 'refused')", name=op.f("ck_privacy_requests_state")
        ),
        sa.CheckConstraint(
            "num_nonnulls(contact_id, customer_id, person) = 1", name=op.f("ck_privacy_requests_about_one_person")
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (refusal_reason IS NOT NULL)",
            name=op.f("ck_privacy_requests_refused_with_a_reason"),
        ),
        sa.CheckConstraint(
            "(state IN ('fulfilled', 'refused')) = (closed_at IS NOT NULL)",
            name=op.f("ck_privacy_requests_closed_at_a_moment"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contacts.workspace_id", "contacts.id"],
            name=op.f("fk_privacy_requests_workspace_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_privacy_requests_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "verified_by"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_privacy_requests_workspace_id_verified_by"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_privacy_requests")),
    )
    for columns in (["due_on", "id"], ["received_at", "id"]):
        op.create_index(
            op.f(f"ix_privacy_requests_workspace_id_{'_'.join(columns)}"),
            "privacy_requests",
            ["workspace_id", *columns],
            unique=False,
        )
    op.create_index(
        op.f("ix_privacy_requests_workspace_id_created_at_id"),
        "privacy_requests",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    protect("privacy_requests", worker="SELECT")
    op.drop_constraint(op.f("ck_tasks_subject_type"), "tasks", type_="check")
    op.create_check_constraint(
        op.f("ck_tasks_subject_type"), "tasks", "subject_type IN ('customer', 'contact', 'visit', 'privacy_request')"
    )
    create_eraser()
    for step in ERASURE:
        op.execute(step)


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    drop_eraser()
    op.drop_constraint(op.f("ck_tasks_subject_type"), "tasks", type_="check")
    op.create_check_constraint(
        op.f("ck_tasks_subject_type"), "tasks", "subject_type IN ('customer', 'contact', 'visit')"
    )
    unprotect("privacy_requests")
    op.drop_table("privacy_requests")
    unprotect("consents")
    op.drop_index("ix_events_of_contact", table_name="events")
    op.drop_column("customers", "erased_because")
    op.drop_column("customers", "erased_at")
    op.drop_column("contacts", "erased_because")
    op.drop_column("contacts", "erased_at")
    op.drop_column("contacts", "legal_basis")
    op.drop_index(op.f("ix_consents_workspace_id_contact_id_created_at_id"), table_name="consents")
    op.drop_table("consents")
