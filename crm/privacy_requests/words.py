"""What is said of requests, in the language of the workspace."""

from collections.abc import Mapping
from types import MappingProxyType

OVERDUE: Mapping[str, str] = MappingProxyType(
    {
        "en": "Answer the privacy request that was due on {day}",
        "zh-CN": "个人信息请求已逾期（应于{day}前答复），请处理",
    }
)
