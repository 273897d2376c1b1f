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


class PossibleDuplicates(Conflict):
    """This may be a customer you have already: see `duplicates`. Send it with `?allow_duplicates=true` if it is not."""

    title = "This customer may exist already"
    title_zh = "该客户可能已存在"
