"""How dealing with a chain can fail."""

from crm.errors import Conflict


class ChainArchived(Conflict):
    """A chain that was put aside starts no tasks and does not change."""

    title = "This chain of tasks is archived"
    title_zh = "该任务链已归档"
