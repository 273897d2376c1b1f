"""How dealing with products can fail."""

from crm.errors import Conflict


class ProductCodeTaken(Conflict):
    """Another product in use has this code."""

    title = "There is a product with this code already"
    title_zh = "已存在相同编码的产品"


class ProductArchived(Conflict):
    """An archived product is read-only until it is restored."""

    title = "An archived product cannot be changed"
    title_zh = "已归档的产品不可修改"
