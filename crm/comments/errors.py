"""How dealing with a comment can fail."""

from crm.errors import Conflict


class CommentIsNotYours(Conflict):
    """Nobody puts words into another's mouth."""

    title = "Only whoever wrote a comment may change it"
    title_zh = "只有评论作者可以修改评论"


class CommentTooOld(Conflict):
    """What others have read and answered stays as it was said."""

    title = "A comment can be changed for a day only"
    title_zh = "评论发布一天后不可再修改"


class CommentRemoved(Conflict):
    """It was taken back."""

    title = "This comment was removed"
    title_zh = "该评论已删除"
