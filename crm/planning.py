"""How Postgres plans the statements of a transaction that handles many rows.

A plan that a connection keeps from when a table was small reads all of it later, until statistics are made anew: a
minute in which an import adds a hundred thousand rows.
"""

from sqlalchemy import func, select, true

from crm.database import Statement


def _planned(**settings: str) -> Statement:
    settings["plan_cache_mode"] = "force_custom_plan"
    return Statement(select(*(func.set_config(name, value, true()) for name, value in settings.items())))


_WHOLE = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan")
"""Ways that read all of a table."""

FOR_THESE_ROWS = _planned(**dict.fromkeys(_WHOLE, "on"))
"""Plan each statement for the rows it has: a plan kept from when the table was empty would read all customers."""

BY_KEY = _planned(**dict.fromkeys(_WHOLE, "off"), enable_memoize="off", work_mem="32MB")
"""And look rows up by their keys, where statistics of a smaller table would have all of them read. Thousands of new
rows are sorted in memory, and nothing is remembered of them, since no two are the same."""
