"""How dealing with an opportunity can fail. Each conflict carries the present ``state`` and ``stage``."""

from crm.errors import Conflict, Forbidden


class OpportunityClosed(Conflict):
    """It is won or lost by now."""

    title = "A closed opportunity cannot be changed like this"
    title_zh = "已关闭的商机不可执行此操作"


class OpportunityNotOpen(Conflict):
    """It is on hold, won or lost by now."""

    title = "Only an open opportunity can be moved like this"
    title_zh = "仅可对进行中的商机执行此操作"


class OpportunityNotOnHold(Conflict):
    """It does not rest."""

    title = "Only an opportunity on hold can be resumed"
    title_zh = "仅可恢复已搁置的商机"


class OpportunityNotLost(Conflict):
    """Only what was lost can be reopened; what was won is final."""

    title = "Only a lost opportunity can be reopened"
    title_zh = "仅可重新打开已丢失的商机"


class LostTooLongAgo(Conflict):
    """The days in which a lost opportunity can be reopened are over: make a new one."""

    title = "The opportunity was lost too long ago to be reopened"
    title_zh = "商机丢失时间过长，不可重新打开"


class OpportunityArchived(Conflict):
    """An archived opportunity is read-only until it is restored."""

    title = "An archived opportunity cannot be changed"
    title_zh = "已归档的商机不可修改"


class GatesUnmet(Conflict):
    """What must be known first is not: `missing` names all of it at once, each with a code and in words."""

    title = "Something must be known first"
    title_zh = "尚缺必要信息"


class MovedMeanwhile(Conflict):
    """Somebody else moved it at the same moment: look at it again."""

    title = "Somebody else has just moved this opportunity"
    title_zh = "该商机刚刚被他人移动"


class NoSuchStage(Conflict):
    """There is no stage further on, or further back."""

    title = "There is no stage to move to"
    title_zh = "没有可移动到的阶段"


class StagesInUse(Conflict):
    """There are opportunities in these `stages`: say in `moves` where they go."""

    title = "There are opportunities in stages that would vanish"
    title_zh = "将被移除的阶段中仍有商机"


class AmountComesFromItems(Conflict):
    """Where there are items their sum is the amount: change the items."""

    title = "The amount is the sum of the items"
    title_zh = "金额由明细合计得出"


class ReferenceTaken(Conflict):
    """Another opportunity has this reference."""

    title = "There is an opportunity with this reference already"
    title_zh = "已存在相同外部编号的商机"


class ReopeningIsForSupervisors(Forbidden):
    """Whoever may not hand over (scope ``handovers:write``) may not reopen."""

    title = "Only supervisors reopen what was lost"
    title_zh = "仅主管可重新打开已丢失的商机"


class SaleStaysWithItsCustomer(Conflict):
    """Contacts of the present customer play a role in it, or visits to that customer are for it."""

    title = "The opportunity stays with its customer"
    title_zh = "商机已关联当前客户的联系人或拜访"


class SaleStaysWithItsOwner(Forbidden):
    """Whoever may not hand over (scope ``handovers:write``) cannot give an opportunity another owner."""

    title = "Only supervisors hand opportunities over"
    title_zh = "仅主管可移交商机"
