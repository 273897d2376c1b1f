"""What stands where a name stood."""

from collections.abc import Mapping
from types import MappingProxyType

ERASED_CONTACT: Mapping[str, str] = MappingProxyType({"en": "Erased person", "zh-CN": "已删除的联系人"})
ERASED_CUSTOMER: Mapping[str, str] = MappingProxyType({"en": "Erased person", "zh-CN": "已删除的客户"})
