"""How dealing with an import can fail."""

from crm.errors import Conflict


class ImportIsNoDraft(Conflict):
    """Only a draft can be committed, and only once."""

    title = "This import is not a draft"
    title_zh = "该导入不是草稿"


class ImportNotOver(Conflict):
    """What has not been brought in, or is not over yet, cannot be undone."""

    title = "This import is not over yet"
    title_zh = "该导入尚未完成"
