"""How the doors can fail."""

from crm.errors import Conflict, Unprocessable


class TooManyDoors(Conflict):
    """A workspace has at most twenty forms and twenty inboxes that are open."""

    title = "There are too many of these; disable one first"
    title_zh = "数量已达上限，请先停用一个"


class SubmissionReused(Unprocessable):
    """A `submission_id` stands for one complaint; this one came with other words."""

    title = "This submission_id was used for other words"
    title_zh = "该提交编号已用于其他内容"


class MailUnreadable(Unprocessable):
    """What was sent is no message by RFC 5322, or one made to be hard to read."""

    title = "This is not a message that can be read"
    title_zh = "无法读取该邮件"
