"""Money, authority, need: what a sale's three answers ask of us (``domain.md`` B4, D9), as data and in SQL."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, case, cast, func, literal, null
from sqlalchemy.types import Text

from crm.opportunities.vocabulary import Known

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "MAN": "pursue",
        "MAn": "develop_need",
        "MaN": "find_authority",
        "mAN": "check_credit_offer_finance",
        "maN": "nurture",
        "mAn": "nurture",
        "Man": "nurture",
        "man": "stop",
    }
)
"""What to do, by the three letters: a capital says yes."""

IN_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "pursue": ("The ideal target: pursue it.", "理想目标，全力推进。"),
        "develop_need": ("Approach, and awaken the need by skilled selling.", "接触客户，以销售技巧唤起需求。"),
        "find_authority": ("Approach, and find the person who decides.", "接触客户，找到有决定权的人。"),
        "check_credit_offer_finance": ("Check business and credit, offer financing.", "核查经营与信用，提供融资方案。"),
        "nurture": ("Observe for long and stay in touch.", "长期观察，保持联系。"),
        "stop": ("This is no customer.", "不是客户。"),
        "find_out:money": ("Find out whether there is money.", "了解对方是否有资金。"),
        "find_out:authority": ("Find out who has the authority.", "了解谁有决定权。"),
        "find_out:need": ("Find out whether there is a need.", "了解对方是否有需求。"),
    }
)
"""Each action in English and in Chinese."""

QUESTIONS = ("money", "authority", "need")


def code(money: Known, authority: Known, need: Known) -> str | None:
    """The three letters, a capital for yes; None as long as one of the three is unknown, for unknown is not no."""
    answers = (money, authority, need)
    if "unknown" in answers:
        return None
    return "".join(letter if answer == "yes" else letter.lower() for letter, answer in zip("MAN", answers, strict=True))


def action(money: Known, authority: Known, need: Known) -> str:
    """What to do next: by the three answers, or to find out the first that is unknown."""
    letters = code(money, authority, need)
    if letters is not None:
        return ACTIONS[letters]
    answers = zip(QUESTIONS, (money, authority, need), strict=True)
    return next(f"find_out:{question}" for question, answer in answers if answer == "unknown")


def qualification(c: Any) -> ColumnElement[Any]:
    """The same in SQL, over the columns of an opportunity: code, action, and the action in both languages."""
    letters = _code(c)
    doing = case(
        *((c[question] == "unknown", f"find_out:{question}") for question in QUESTIONS),
        else_=case(dict(ACTIONS), value=letters),
    )
    said, said_zh = (case({name: words[place] for name, words in IN_WORDS.items()}, value=doing) for place in (0, 1))
    return func.json_build_object("code", letters, "action", doing, "text", said, "text_zh", said_zh)


def _code(c: Any) -> ColumnElement[Any]:
    letters = [
        case((c[question] == "yes", letter), else_=letter.lower())
        for question, letter in zip(QUESTIONS, "MAN", strict=True)
    ]
    known = and_(*(c[question] != "unknown" for question in QUESTIONS))
    return case((known, func.concat(*letters)), else_=cast(null(), Text))


def is_known(c: Any) -> ColumnElement[bool]:
    """All three are answered."""
    return and_(*(getattr(c, question) != literal("unknown") for question in QUESTIONS))
