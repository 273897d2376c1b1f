"""What the rules of care say to people, in the language of their workspace."""

from collections.abc import Mapping
from types import MappingProxyType

CONTACT_DUE: Mapping[str, str] = MappingProxyType({"en": "Get in touch with {customer}", "zh-CN": "联系{customer}"})
CONTACTED: Mapping[str, str] = MappingProxyType({"en": "There was a contact.", "zh-CN": "已有联系。"})
NO_LONGER_DUE: Mapping[str, str] = MappingProxyType(
    {"en": "This customer is not to be contacted for now.", "zh-CN": "该客户目前无需联系。"}
)

LONGEST_TITLE = 500


def in_language(words: Mapping[str, str], language: str, **values: str) -> str:
    """The words in this language, in English where they are not known in it."""
    return words.get(language, words["en"]).format(**values)[:LONGEST_TITLE]
