"""How dealing with a target can fail."""

from crm.errors import Conflict, Forbidden


class TargetTaken(Conflict):
    """There is a target of this holder for this period already."""

    title = "There is a target for this period already"
    title_zh = "该期间已有销售目标"


class TargetArchived(Conflict):
    """An archived target is read-only until it is restored."""

    title = "An archived target cannot be changed"
    title_zh = "已归档的目标不可修改"


class TargetOfTheWorkspace(Forbidden):
    """What all together are to sell is changed by who sees all."""

    title = "Only who sees the whole workspace changes its target"
    title_zh = "仅可查看全部数据者可修改整体目标"
