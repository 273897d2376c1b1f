"""What every table gets in its migration: row-level security forced, policies, and no more grants than needed."""

from alembic import op

HOME = "workspace_id = (SELECT current_workspace_id())"

ROLES = {
    "rapport_api": "statement_timeout = '5s', lock_timeout = '2s', idle_in_transaction_session_timeout = '10s', "
    "transaction_timeout = '15s'",
    "rapport_worker": "statement_timeout = '30s', lock_timeout = '5s', idle_in_transaction_session_timeout = '30s', "
    "transaction_timeout = '60s'",
}
"""The two log-in roles. They own nothing, bypass nothing, and give up before a request does."""

GATE = "rapport_gate"
"""Owns the functions that look over all workspaces, one narrow question each. Nobody logs in as it."""


ERASER = "rapport_eraser"
"""Owns the function that takes a person out of the log of facts, at home only. Nobody logs in as it."""


def create_eraser() -> None:
    """Make the role that may rewrite what facts say of a person who was erased, where the cluster has none yet."""
    op.execute(
        f"DO $$ BEGIN CREATE ROLE {ERASER} NOLOGIN; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute(f"GRANT {ERASER} TO current_user WITH SET TRUE")
    op.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {ERASER}")
    for table, grants in ERASER_MAY.items():
        op.execute(f"CREATE POLICY eraser ON {table} TO {ERASER} USING ({HOME}) WITH CHECK ({HOME})")
        op.execute(f"GRANT {grants} ON {table} TO {ERASER}")


def drop_eraser() -> None:
    """Take its rights away; the role belongs to the cluster and stays."""
    for table in ERASER_MAY:
        op.execute(f"DROP POLICY eraser ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM {ERASER}")


ERASER_MAY = {
    "events": "SELECT, UPDATE (payload, changes)",
    "contacts": "SELECT (workspace_id, id, customer_id, erased_at)",
    "customers": "SELECT (workspace_id, id, parent_id, erased_at)",
}
"""Of people it may know no more than whether they were erased."""


def create_roles() -> None:
    """Make the log-in roles where the cluster does not have them yet; passwords are set by ``rapport migrate``."""
    for role, limits in ROLES.items():
        op.execute(
            f"DO $$ BEGIN CREATE ROLE {role} LOGIN NOINHERIT; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        for limit in limits.split(", "):
            op.execute(f"ALTER ROLE {role} SET {limit}")
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    op.execute(
        f"DO $$ BEGIN CREATE ROLE {GATE} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute(f"GRANT {GATE} TO current_user WITH SET TRUE")
    op.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {GATE}")


def protect(
    table: str,
    *,
    api: str = "SELECT, INSERT, UPDATE",
    worker: str = "SELECT, INSERT, UPDATE",
    scanned: bool = False,
) -> None:
    """Force row-level security on a table and grant what is needed.

    ``scanned``: the worker looks for due rows over all workspaces at once. The restrictive policy is there so that a
    policy added later can never widen what an actor sees.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    bound = "rapport_api" if scanned else "rapport_api, rapport_worker"
    op.execute(f"CREATE POLICY home ON {table} TO rapport_api, rapport_worker USING ({HOME}) WITH CHECK ({HOME})")
    op.execute(f"CREATE POLICY only_home ON {table} AS RESTRICTIVE TO {bound} USING ({HOME}) WITH CHECK ({HOME})")
    if scanned:
        op.execute(f"CREATE POLICY scan ON {table} TO rapport_worker USING (true) WITH CHECK (true)")
    if api:
        op.execute(f"GRANT {api} ON {table} TO rapport_api")
    if worker:
        op.execute(f"GRANT {worker} ON {table} TO rapport_worker")


def unprotect(table: str) -> None:
    """Take the policies off again, so that nothing holds on to what a downgrade drops."""
    op.execute(
        f"DO $$ DECLARE p record; BEGIN FOR p IN SELECT policyname FROM pg_policies WHERE tablename = '{table}' "
        f"LOOP EXECUTE format('DROP POLICY %I ON {table}', p.policyname); END LOOP; END $$"
    )
