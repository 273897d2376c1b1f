"""How care can fail."""

from crm.errors import Conflict, Forbidden


class PlanExists(Conflict):
    """A person has one plan a month."""

    title = "There is a plan for this month already"
    title_zh = "该月的拜访计划已存在"


class PlanApproved(Conflict):
    """What was approved is adjusted, which asks for approval again, not made anew."""

    title = "The plan was approved; adjust it instead"
    title_zh = "计划已批准，请改为调整"


class ApprovalNeedsManager(Forbidden):
    """A manager approves plans."""

    title = "Only managers approve visit plans"
    title_zh = "仅主管可批准拜访计划"


class OwnPlan(Conflict):
    """Four eyes see more than two. ``visit_plans.own_approval`` of the workspace's settings allows it."""

    title = "Somebody else approves your own visit plan"
    title_zh = "本人的拜访计划须由他人批准"
