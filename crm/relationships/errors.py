"""How moving a customer along can fail."""

from crm.errors import Conflict, Forbidden


class LifecycleMoveNotAllowed(Conflict):
    """The lifecycle has no such move from the present state: the answer says ``state`` and what is ``allowed``."""

    title = "The customer's lifecycle does not allow this now"
    title_zh = "客户当前的生命周期状态不允许此操作"


class StageMoveNotAllowed(Conflict):
    """A relationship comes closer one step at a time: the answer says the present ``stage`` and what is ``allowed``."""

    title = "The relationship does not go there from its present stage"
    title_zh = "客户关系不能从当前阶段直接到达该阶段"


class RequirementsMissing(Conflict):
    """Something that this move needs is not there: ``missing`` names all of it at once."""

    title = "Something that this needs is missing"
    title_zh = "缺少此操作所需的条件"


class ManagerNeeded(Forbidden):
    """Only a manager or an administrator may decide this."""

    title = "A manager has to decide this"
    title_zh = "此操作须由主管决定"
