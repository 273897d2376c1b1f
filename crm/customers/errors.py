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
