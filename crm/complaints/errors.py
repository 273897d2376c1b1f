"""How dealing with a complaint can fail. Each refused step carries the present ``state`` and what is ``missing``."""

from crm.errors import Conflict, Forbidden


class StepNotPossible(Conflict):
    """The state of the complaint does not allow this step: `possible` names those it does."""

    title = "The complaint is not in a state for this step"
    title_zh = "投诉当前状态不允许此步骤"


class StepIsForOthers(Forbidden):
    """Somebody else must take this step: `missing` names why, and whatever else is not there yet."""

    title = "Somebody else must take this step"
    title_zh = "此步骤须由他人执行"


class StepNeedsMore(Conflict):
    """Something must be there first: `missing` names all of it at once, each with a code and in words."""

    title = "Something is needed before this step"
    title_zh = "执行此步骤尚缺必要条件"


class ComplaintOver(Conflict):
    """What is closed or withdrawn stays as it is, but for what is learnt later: cost, effect, tags, the checklist."""

    title = "A complaint that is over cannot be changed like this"
    title_zh = "已结束的投诉不可执行此操作"


class AssigneeIsResponsible(Conflict):
    """Whoever looks into a complaint is never whom it is about."""

    title = "Whom the complaint is about cannot be its assignee"
    title_zh = "被投诉人不得担任负责人"


class CustomerStays(Conflict):
    """A complaint whose customer is known stays with that customer; what came in by itself is identified anew."""

    title = "The complaint has its customer already"
    title_zh = "投诉已关联客户"


class NoEightD(Conflict):
    """The 8D checklist is for severe complaints about quality."""

    title = "8D is for severe complaints about quality"
    title_zh = "8D 仅用于严重的质量投诉"
