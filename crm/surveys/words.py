"""What a survey says: the letter, the page, and the task that a bad mark makes, in English and Chinese."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

Pair = tuple[str, str]
"""In English, and in Chinese."""


class Question(NamedTuple):
    """What is asked, and from where to where the answer goes."""

    name: str
    said: Pair
    least: int | None
    most: int | None
    required: bool


QUESTIONS: tuple[Question, ...] = (
    Question(
        "csat",
        ("How content are you with the way your complaint was handled? (1 not at all, 5 very)",
         "您对本次投诉处理是否满意？（1 非常不满意，5 非常满意）"),
        1, 5, True,
    ),
    Question(
        "nps",
        ("How likely is it that you would recommend us to others? (0 not at all, 10 very)",
         "您有多大可能向他人推荐我们？（0 完全不可能，10 非常可能）"),
        0, 10, False,
    ),
    Question("comment", ("What should we have done better?", "您希望我们在哪些方面改进？"), None, None, False),
)  # fmt: skip

SUBJECT: Pair = ("How did it go? Your complaint {number}", "您的投诉 {number} 处理得如何？")
_LETTER = """Hello {name},

your complaint {number} was closed. Please tell {company} how it went: two questions, one minute.

{url}

The link is yours alone, takes one answer, and ends on {until}. If the matter is not solved, please call us
instead.
"""
_LETTER_ZH = """{name}，您好：

您的投诉 {number} 已处理完毕。请告诉{company}您的感受：两个问题，约一分钟。

{url}

此链接仅供您本人使用，只能填写一次，{until} 前有效。如问题尚未解决，请直接致电我们。
"""
LETTER: Pair = (_LETTER, _LETTER_ZH)
"""Plain words and one link: whatever people wrote stands in them on one line."""

PAGE: Mapping[str, Pair] = MappingProxyType(
    {
        "title": ("Your complaint {number}", "您的投诉 {number}"),
        "optional": ("optional", "选填"),
        "send": ("Send", "提交"),
        "thanks": ("Thank you. Your answer has arrived.", "感谢您的反馈，我们已经收到。"),
        "answered": ("This survey was answered already. Thank you.", "您已填写过本调查，谢谢。"),
        "over": ("This survey is over.", "本调查已结束。"),
    }
)

LOW_MARK: Mapping[str, str] = MappingProxyType(
    {
        "en": "Call about complaint {number}: {mark}",
        "zh-CN": "致电跟进投诉 {number}：{mark}",
    }
)
BETWEEN: Mapping[str, str] = MappingProxyType({"en": ", ", "zh-CN": "，"})
CSAT_MARK: Mapping[str, str] = MappingProxyType({"en": "satisfaction {csat} of 5", "zh-CN": "满意度 {csat}/5"})
NPS_MARK: Mapping[str, str] = MappingProxyType({"en": "recommendation {nps} of 10", "zh-CN": "推荐度 {nps}/10"})

LONGEST_TITLE = 500


def in_language(words: Mapping[str, str], language: str, **values: object) -> str:
    """The words in this language, in English where they are not known in it."""
    return words.get(language, words["en"]).format(**values)[:LONGEST_TITLE]
