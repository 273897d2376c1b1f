"""How dealing with a contact can fail."""

from crm.errors import Conflict


class ContactArchived(Conflict):
    """An archived contact is read-only until it is restored."""

    title = "An archived contact cannot be changed"
    title_zh = "已归档的联系人不可修改"


class ContactErased(Conflict):
    """What was known of this person was erased for good; the contact stays as a place in the history."""

    title = "This person's data was erased"
    title_zh = "该联系人的个人信息已删除"
