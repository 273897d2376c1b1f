"""How dealing with groups and their people can fail."""

from crm.errors import Conflict


class CompanyNeeded(Conflict):
    """People are linked to companies only."""

    title = "Only a company has people linked to it"
    title_zh = "只有公司客户才能关联个人客户"


class AlreadyLinked(Conflict):
    """This person is linked to this company already."""

    title = "This person is linked to this company already"
    title_zh = "该个人客户已与该公司关联"


class LinkEnded(Conflict):
    """What has ended stays as it was; link the two anew."""

    title = "This link has ended"
    title_zh = "该关联已结束"
