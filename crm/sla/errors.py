"""How dealing with promises can fail."""

from crm.errors import Conflict


class PolicyTaken(Conflict):
    """There is a policy in use for just these cases."""

    title = "There is a policy for these cases already"
    title_zh = "此类投诉已有时限策略"


class PolicyArchived(Conflict):
    """An archived policy is read-only until it is restored."""

    title = "An archived policy cannot be changed"
    title_zh = "已归档的时限策略不可修改"
