"""How dealing with attachments can fail."""

from crm.errors import Conflict, NotFound


class QuotaReached(Conflict):
    """The workspace's files take up what they may (setting ``attachments.quota_mib``)."""

    title = "There is no room for this file"
    title_zh = "附件空间不足"


class AttachmentErased(NotFound):
    """The file was about a person who was erased."""

    title = "The content of this file was erased"
    title_zh = "附件内容已删除"
