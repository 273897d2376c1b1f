"""Round: each workspace's nightly rules, and what is overdue there, on its own clock."""

from functools import partial

from crm.task_rules import nightly
from services.worker.rounds import Worker
from services.worker.workspaces import in_each

MOST = 2000
"""Tasks in a batch. Each batch looks at all that is left, so small ones cost more than they spare."""
SECONDS = (20.0, 40.0)
"""How often to look whether a night has come somewhere."""


async def rule(worker: Worker) -> bool:
    """A batch for each workspace that waits. One that goes wrong leaves the others alone."""
    return await in_each(worker, nightly.waiting, partial(nightly.work, most=MOST), "nightly rules failed")
