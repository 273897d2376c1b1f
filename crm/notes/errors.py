"""How dealing with a note can fail."""

from crm.errors import Conflict


class NoteArchived(Conflict):
    """An archived note is read-only."""

    title = "An archived note cannot be changed"
    title_zh = "已归档的备注不可修改"
