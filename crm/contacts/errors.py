"""How dealing with a contact can fail."""

from crm.errors import Conflict


class ContactArchived(Conflict):
    """An archived contact is read-only until it is restored."""

    title = "An archived contact cannot be changed"
    title_zh = "已归档的联系人不可修改"
