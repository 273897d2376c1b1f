"""How dealing with a customer can fail."""

from crm.errors import Conflict, Forbidden


class RegistrationCodeTaken(Conflict):
    """Another customer of the workspace has this registration code (统一社会信用代码)."""

    title = "A customer with this registration code exists"
    title_zh = "该统一社会信用代码的客户已存在"


class HandingOverIsForSupervisors(Forbidden):
    """Whoever may not hand customers over (scope ``handovers:write``) cannot give them another owner."""

    title = "Only supervisors hand customers over"
    title_zh = "仅主管可移交客户"


class CustomerArchived(Conflict):
    """An archived customer is read-only until it is restored."""

    title = "An archived customer cannot be changed"
    title_zh = "已归档的客户不可修改"


class CustomerStillInUse(Conflict):
    """Something about this customer is not over: a sale in the making, or one that rests, or a complaint."""

    title = "There is still an open opportunity or complaint"
    title_zh = "该客户仍有进行中的商机或投诉"


class CustomerErased(Conflict):
    """What was known of this person was erased for good; the customer stays as a place in the history."""

    title = "This person's data was erased"
    title_zh = "该客户的个人信息已删除"


class PossibleDuplicates(Conflict):
    """This may be a customer you have already: see `duplicates`. Send it with `?allow_duplicates=true` if it is not."""

    title = "This customer may exist already"
    title_zh = "该客户可能已存在"


class CustomerMerged(Conflict):
    """This customer was merged into another, `merged_into_id`, and is read-only until that is undone."""

    title = "This customer was merged into another"
    title_zh = "该客户已合并到另一客户"


class NotMerged(Conflict):
    """There is no merge to undo: this customer was not merged into another."""

    title = "This customer is not merged"
    title_zh = "该客户未被合并"


class MergingNeedsManager(Forbidden):
    """Merging moves what others recorded: it takes a manager or an administrator."""

    title = "Merging customers takes a manager"
    title_zh = "合并客户需要经理权限"


class CustomerAboveItself(Conflict):
    """Groups are trees: no customer stands anywhere above itself."""

    title = "A customer cannot belong to itself or to one of its own"
    title_zh = "客户不能隶属于自身或其下级客户"


class StillLinked(Conflict):
    """A link goes from a company to a person; while there is one, neither becomes the other."""

    title = "A linked customer cannot change between company and person"
    title_zh = "存在关联关系的客户不可在公司与个人之间变更"


class GroupsAreOfCompanies(Conflict):
    """A group is a company, and so is everyone in it; somebody else has just changed one of the two."""

    title = "Groups are of companies: a person has none and is none"
    title_zh = "集团由公司组成：个人客户没有上级，也不能作为上级"
