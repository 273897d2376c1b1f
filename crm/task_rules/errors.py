"""How dealing with a rule can fail."""

from crm.errors import Conflict


class ShippedRule(Conflict):
    """What a rule of the product watches stays; what it makes of it can be changed, and it can be switched off."""

    title = "The trigger of this rule belongs to the product"
    title_zh = "系统内置规则的触发条件不可修改"


class BrokenRule(Exception):
    """A rule that cannot be carried out as it stands; the text is a word of ``vocabulary.Fault``."""
