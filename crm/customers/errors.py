"""How dealing with a customer can fail."""

from crm.errors import Conflict


class RegistrationCodeTaken(Conflict):
    """Another customer of the workspace has this registration code (统一社会信用代码)."""

    title = "A customer with this registration code exists"
    title_zh = "该统一社会信用代码的客户已存在"


class CustomerArchived(Conflict):
    """An archived customer is read-only until it is restored."""

    title = "An archived customer cannot be changed"
    title_zh = "已归档的客户不可修改"


class CustomerAboveItself(Conflict):
    """Groups are trees: no customer stands anywhere above itself."""

    title = "A customer cannot belong to itself or to one of its own"
    title_zh = "客户不能隶属于自身或其下级客户"


class StillLinked(Conflict):
    """A link goes from a company to a person; while there is one, neither becomes the other."""

    title = "A linked customer cannot change between company and person"
    title_zh = "存在关联关系的客户不可在公司与个人之间变更"
