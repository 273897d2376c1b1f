"""What Postgres itself says of our tables: questions to its catalogue whose right answer is an empty list."""

from typing import Any

import asyncpg

HOME = "(workspace_id = ( SELECT current_workspace_id() AS current_workspace_id))"
"""The condition of every policy that keeps a row at home, as Postgres prints it."""

NOT_OURS = {"alembic_version"}

SCANNED_BY_THE_WORKER = frozenset(
    {
        "birthday_rounds", "events", "exports", "idempotency_keys", "imports", "key_rounds",
        "notification_channels", "notification_items", "notification_messages", "notifications",
        "opportunity_rounds", "owed_removals", "owed_surveys", "reactions", "reminders", "sales_rounds",
        "sign_in_attempts", "sla_clocks", "sla_recounts", "task_rule_rounds", "task_rules", "task_series",
        "warmth_rounds", "webhook_attempts", "webhook_deliveries", "webhook_endpoints", "worker_heartbeats",
        "workspaces",
    }
)  # fmt: skip
"""Queues and notes of the worker. People and what is known of customers are not among them, and must not be."""

ASKED_AT_THE_GATE = frozenset({"contacts", "customers", "users", "workspaces"})

TRUSTED_FUNCTIONS = frozenset(
    {
        "disabled_among", "ensure_event_partitions", "erase_from_log", "not_to_be_contacted", "recipients_among",
        "sign_in_candidates",
    }
)  # fmt: skip
"""Functions that run with more rights than their caller. Each was read for what it lets out."""

TABLES = """
SELECT c.oid, c.relname AS name, c.relispartition AS partition, c.relrowsecurity AS secured,
       c.relforcerowsecurity AS forced, c.relkind = 'v' OR c.relkind = 'm' AS view
FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.relname
"""

POLICIES = """
SELECT tablename AS table, policyname AS name, permissive = 'PERMISSIVE' AS permissive, cmd AS command,
       roles::text[] AS roles, qual AS sees, with_check AS writes
FROM pg_policies WHERE schemaname = 'public'
"""

KEYS = """
SELECT c.relname AS table, i.relname AS key, a.attname AS first
FROM pg_index AS x
JOIN pg_class AS c ON c.oid = x.indrelid
JOIN pg_class AS i ON i.oid = x.indexrelid
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
WHERE x.indisunique AND c.relnamespace = 'public'::regnamespace
ORDER BY 1, 2
"""

LINKS = """
SELECT conrelid::regclass::text AS table, conname AS key,
       (SELECT array_agg(a.attname::text ORDER BY k.position)
        FROM unnest(conkey) WITH ORDINALITY AS k(number, position)
        JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = k.number) AS ours,
       (SELECT array_agg(a.attname::text ORDER BY k.position)
        FROM unnest(confkey) WITH ORDINALITY AS k(number, position)
        JOIN pg_attribute AS a ON a.attrelid = confrelid AND a.attnum = k.number) AS theirs
FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""

OWNED = """
SELECT c.relname::text AS name FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner
WHERE r.rolname IN ('rapport_api', 'rapport_worker')
UNION ALL
SELECT p.proname::text FROM pg_proc AS p JOIN pg_roles AS r ON r.oid = p.proowner
WHERE r.rolname IN ('rapport_api', 'rapport_worker')
UNION ALL
SELECT n.nspname::text FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner
WHERE r.rolname IN ('rapport_api', 'rapport_worker')
"""

RANKS = """
SELECT rolname AS name, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty,
       ARRAY(SELECT m.roleid::regrole::text FROM pg_auth_members AS m WHERE m.member = r.oid) AS member_of
FROM pg_roles AS r WHERE rolname IN ('rapport_api', 'rapport_worker', 'rapport_gate', 'rapport_eraser')
"""

DEFINERS = """
SELECT p.proname AS name, p.proconfig AS settings, p.proowner::regrole::text AS owner,
       has_function_privilege('public', p.oid, 'EXECUTE') AS open
FROM pg_proc AS p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
"""

PARTITION_GRANTS = """
SELECT c.relname AS table, r.rolname AS role FROM pg_class AS c CROSS JOIN pg_roles AS r
WHERE c.relispartition AND c.relkind IN ('r', 'p') AND r.rolname IN ('rapport_api', 'rapport_worker')
  AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
"""


async def unguarded_tables(owner: asyncpg.Connection) -> list[str]:
    """Tables without forced row-level security, or whose policies let out more than a workspace's own rows."""
    found: list[str] = []
    policies: dict[str, list[asyncpg.Record]] = {}
    for policy in await owner.fetch(POLICIES):
        policies.setdefault(policy["table"], []).append(policy)
    for table in await owner.fetch(TABLES):
        name = table["name"]
        if name in NOT_OURS:
            continue
        if table["view"]:
            found.append(f"{name} is a view: views run as their owner")
            continue
        if not table["secured"]:
            found.append(f"{name} has no row-level security")
        if not table["forced"]:
            found.append(f"{name} does not force row-level security on its owner")
        mine = policies.get(name, [])
        if table["partition"]:
            found += [f"{name} is a partition with a policy of its own" for _ in mine[:1]]
            continue
        found += [f"{name} {fault}" for fault in _faults(name, mine)]
    found += [f"{row['role']} can reach {row['table']} past its parent" for row in await owner.fetch(PARTITION_GRANTS)]
    return found


def _faults(table: str, policies: list[asyncpg.Record]) -> list[str]:
    faults: list[str] = []
    home = [one for one in policies if one["permissive"] and one["sees"] == HOME and one["writes"] == HOME]
    if not any("rapport_api" in one["roles"] and one["command"] == "ALL" for one in home):
        faults.append("has no home policy")
    bound: set[str] = set()
    for one in policies:
        if not one["permissive"] and one["command"] == "ALL" and one["sees"] == one["writes"] == HOME:
            bound |= set(one["roles"])
    if "rapport_api" not in bound:
        faults.append("does not bind rapport_api to its workspace")
    if "rapport_worker" not in bound and table not in SCANNED_BY_THE_WORKER:
        faults.append("does not bind rapport_worker to its workspace")
    for one in policies:
        if one["permissive"] and one not in home and not _expected(table, one):
            faults.append(f"has a policy nobody agreed on: {one['name']}")
    return faults


def _expected(table: str, policy: Any) -> bool:
    roles = list(policy["roles"])
    if roles == ["rapport_worker"]:
        return table in SCANNED_BY_THE_WORKER
    return roles == ["rapport_gate"] and table in ASKED_AT_THE_GATE and policy["command"] == "SELECT"


async def keys_without_workspace(owner: asyncpg.Connection) -> list[str]:
    """Primary keys and unique indexes over several workspaces: a taken value would tell that it exists elsewhere."""
    found = await owner.fetch(KEYS)
    return [
        f"{row['table']}: {row['key']} begins with {row['first']}"
        for row in found
        if row["table"] not in NOT_OURS and row["first"] != "workspace_id"
    ]


async def links_without_workspace(owner: asyncpg.Connection) -> list[str]:
    """Foreign keys that could point into another workspace: constraints look past row-level security."""
    found = await owner.fetch(LINKS)
    return [
        f"{row['table']}: {row['key']}"
        for row in found
        if ("workspace_id", "workspace_id") not in set(zip(row["ours"], row["theirs"], strict=True))
    ]


async def mighty_roles(owner: asyncpg.Connection) -> list[str]:
    """Log-in roles that own something, or could become someone who is not bound by policies."""
    found = [f"{row['name']} belongs to a log-in role" for row in await owner.fetch(OWNED)]
    for row in await owner.fetch(RANKS):
        if row["mighty"]:
            found.append(f"{row['name']} has an attribute that only an owner needs")
        if row["member_of"]:
            found.append(f"{row['name']} is a member of {', '.join(row['member_of'])}")
    return found


async def loose_functions(owner: asyncpg.Connection) -> list[str]:
    """SECURITY DEFINER functions that nobody read, that anybody may call, or whose names can be caught elsewhere."""
    found: list[str] = []
    for row in await owner.fetch(DEFINERS):
        if row["name"] not in TRUSTED_FUNCTIONS:
            found.append(f"{row['name']} is on no list")
        if not any(setting.startswith("search_path=") for setting in row["settings"] or ()):
            found.append(f"{row['name']} has no search_path of its own")
        if row["open"]:
            found.append(f"{row['name']} may be called by anybody")
    return found
