"""What the rule about leaders says to people, in the language of their workspace."""

from collections.abc import Mapping
from types import MappingProxyType

LEADER_WITHOUT_FILE: Mapping[str, str] = MappingProxyType(
    {
        "en": "Make a customer file for {leader}, who leads {company}, and link the two",
        "zh-CN": "为{company}的负责人{leader}建立个人客户档案并关联",
    }
)
LEADER_UNKNOWN: Mapping[str, str] = MappingProxyType(
    {
        "en": "Find out who leads {company}, and keep a customer file for that person",
        "zh-CN": "了解{company}的主要负责人并建立个人客户档案",
    }
)
KEPT: Mapping[str, str] = MappingProxyType({"en": "The leader has a file by now.", "zh-CN": "该负责人已有个人档案。"})
FOUND: Mapping[str, str] = MappingProxyType({"en": "The leader is known by now.", "zh-CN": "已了解到负责人。"})
NO_LONGER_ASKED: Mapping[str, str] = MappingProxyType({"en": "This is no longer asked for.", "zh-CN": "目前不再需要。"})

LONGEST_TITLE = 500


def in_language(words: Mapping[str, str], language: str, **values: str) -> str:
    """The words in this language, in English where they are not known in it."""
    return words.get(language, words["en"]).format(**values)[:LONGEST_TITLE]
