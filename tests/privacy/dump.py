"""Every table of the database as text, to look for what should not be there any more."""

from collections.abc import Iterable

import asyncpg

TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
"""


async def found_in(owner: asyncpg.Connection, strings: Iterable[str]) -> dict[str, set[str]]:
    """Which of these strings stand in which tables, in whatever case; columns of bytes are looked into as well."""
    found: dict[str, set[str]] = {}
    wanted = [(string, (string.casefold(), string.encode().hex())) for string in strings]
    for row in await owner.fetch(TABLES):
        table = row["relname"]
        text = "\n".join(each[0] for each in await owner.fetch(f"SELECT t::text FROM {table} AS t")).casefold()
        for string, spellings in wanted:
            if any(spelling in text for spelling in spellings):
                found.setdefault(table, set()).add(string)
    return found
