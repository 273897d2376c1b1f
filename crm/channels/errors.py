"""How dealing with channels can fail."""

from crm.errors import Conflict, Forbidden


class ChannelTaken(Conflict):
    """This address or robot is registered already: twice would say everything twice, and share one limit."""

    title = "There is a channel to this address already"
    title_zh = "该地址已有通知渠道"


class TooManyChannels(Conflict):
    """A person, or the workspace for all, has as many channels as may be; remove one first."""

    title = "There are as many notification channels as there may be"
    title_zh = "通知渠道数量已达上限"


class ChannelDisabled(Conflict):
    """Nothing is sent over a disabled channel; enable it first."""

    title = "The notification channel is disabled"
    title_zh = "该通知渠道已停用"


class ChannelUnverified(Conflict):
    """The address has not been proven to be yours: hand in the code that was sent to it."""

    title = "The address is not verified yet"
    title_zh = "该地址尚未验证"


class CodeJustSent(Conflict):
    """A code was sent less than a minute ago."""

    title = "A code was sent a moment ago"
    title_zh = "验证码刚刚已发送"


class CodeWrong(Conflict):
    """Not the code that was sent, or one that is half an hour old, or one that was guessed at too often."""

    title = "The code is not valid"
    title_zh = "验证码无效"


class EmailNotSetUp(Conflict):
    """This installation has no mail server (``RAPPORT_SMTP_URL``)."""

    title = "This installation does not send e-mail"
    title_zh = "本系统未配置邮件发送"


class MessageNotDead(Conflict):
    """Only what was given up can be sent once more."""

    title = "Only a dead message can be retried"
    title_zh = "只有投递失败的消息才能重试"


class OnlyManagersShare(Forbidden):
    """Channels that are told of other people's affairs are made and changed by managers and administrators."""

    title = "Only managers and administrators may do this with a shared channel"
    title_zh = "只有主管和管理员可以管理共享渠道"
