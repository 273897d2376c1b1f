"""How asking somebody how it went can fail."""

from crm.errors import Conflict


class ComplaintNotClosed(Conflict):
    """Nobody is asked how it went before it is over."""

    title = "Only a closed complaint has a survey"
    title_zh = "投诉关闭后方可发送满意度调查"


class AskedLately(Conflict):
    """The same person was asked within the period that the workspace set (settings `surveys`)."""

    title = "This person was asked lately"
    title_zh = "近期已向该联系人发送过调查"


class SurveyUnwanted(Conflict):
    """They are not to be contacted, or took back that they may be asked: `because` says which."""

    title = "This person does not want to be asked"
    title_zh = "该联系人不希望接受调查"


class SurveyAnswered(Conflict):
    """A link takes one answer."""

    title = "This survey was answered already"
    title_zh = "该调查已经填写"


class SurveyOver(Conflict):
    """A link takes an answer until it expires, and while nobody has opened the complaint again."""

    title = "This survey is over"
    title_zh = "该调查已结束"
