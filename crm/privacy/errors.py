"""How a person's wish can fail."""

from crm.errors import Conflict


class CompanyNotErasable(Conflict):
    """A company has no personal data; its people are its contacts."""

    title = "Only a customer who is a person can be erased"
    title_zh = "只有个人客户可以删除个人信息"


class CompanyHasNoPersonalData(Conflict):
    """A company has no personal data; its people are its contacts."""

    title = "Only a customer who is a person has personal data"
    title_zh = "只有个人客户才有个人信息"
