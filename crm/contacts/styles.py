"""The four communication styles, and how to talk with each (``domain.md`` A149-A152)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Text, case, cast, literal
from sqlalchemy.dialects.postgresql import JSON

from crm.contacts.vocabulary import Style

ADVICE: Mapping[Style, Mapping[str, str]] = MappingProxyType(
    {
        "controlling": {
            "en": "Keep it simple and short; company material counts for little. Ask closed questions, not casual open "
            "ones. Show a quick effect.",
            "zh-CN": "简明扼要，公司资料作用不大。多用封闭式问题，避免随意的开放式提问。强调见效快。",
        },
        "expressive": {
            "en": "Expect this person to take the material and lead the talk; any kind of question is welcome. Bring "
            "new ideas and new products.",
            "zh-CN": "对方会接过资料并主导谈话，各种提问方式皆可。多介绍新观点、新产品。",
        },
        "amiable": {
            "en": "Work with material; it helps most here. Ask open questions, not closed ones. Speak of what works, "
            "is safe and does good to those this person cares for.",
            "zh-CN": "善用资料，效果最好。多用开放式问题，避免封闭式提问。强调有效、安全，以及给其服务对象带来的好处。",
        },
        "analytical": {
            "en": "Leave papers to be read alone. Ask open questions, not imaginative ones. Be exact; stress what is "
            "safe and reliable.",
            "zh-CN": "提供文献资料，让对方自行阅读。多用开放式问题，避免天马行空的提问。表述准确，强调安全可靠。",
        },
    }
)


def advised(style: ColumnElement[Any]) -> ColumnElement[Any]:
    """A style as it is shown: its code and the advice for it, in both languages; null where none is known."""
    shown = (
        (style == code, cast(literal(orjson.dumps({"code": code, "advice": advice}).decode(), Text), JSON))
        for code, advice in ADVICE.items()
    )
    return case(*shown)
