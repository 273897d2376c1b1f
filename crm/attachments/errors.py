"""How dealing with attachments can fail."""

from crm.errors import Conflict


class QuotaReached(Conflict):
    """The workspace's files take up what they may (setting ``attachments.quota_mib``)."""

    title = "There is no room for this file"
    title_zh = "附件空间不足"
