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


class CustomerErased(Conflict):
    """What was known of this person was erased for good; the customer stays as a place in the history."""

    title = "This person's data was erased"
    title_zh = "该客户的个人信息已删除"
