"""What can be wrong with an open sale (``domain.md`` B5), as data: when, why, and what to do about it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, and_, cast, func, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from crm.days import today
from crm.opportunities import staleness
from crm.opportunities.gates import has_role
from crm.opportunities.grades import grade_of

Flag = Literal[
    "close_date_past", "no_next_step", "silent", "stuck", "close_date_moved", "no_amount", "no_decider",
    "grade_contradicts",
]  # fmt: skip

MOVED_OFTEN = 3

WORDS: Mapping[Flag, tuple[str, str, str, str]] = MappingProxyType(
    {
        "close_date_past": (
            "The day it was expected to close is past.",
            "预计成交日期已过。",
            "Close it as won or lost, or ask the customer for a new date.",
            "请结案，或与客户确认新的成交日期。",
        ),
        "no_next_step": (
            "No next step is planned, or its day is past.",
            "未安排下一步行动，或其日期已过。",
            "Agree on the next step with the customer, with a date.",
            "与客户约定下一步行动及日期。",
        ),
        "silent": (
            "Nothing was done about it for too long.",
            "长时间没有任何跟进。",
            "Call or visit the customer, or close it as lost.",
            "联系或拜访客户，否则按输单结案。",
        ),
        "stuck": (
            "It has been in its stage for more than twice as long as sales that were won.",
            "停留在当前阶段的时间超过赢单商机的两倍。",
            "Find out what is missing for the next stage, step back, or let it rest.",
            "查明进入下一阶段所缺条件，或退回、搁置。",
        ),
        "close_date_moved": (
            "The expected close was moved three times or more.",
            "预计成交日期已推迟三次以上。",
            "Ask what must happen before the customer buys; set the date by it.",
            "了解客户采购前的必要步骤，据此重定日期。",
        ),
        "no_amount": (
            "No amount is known.",
            "未填写金额。",
            "Estimate the amount or add the items.",
            "估算金额或添加产品明细。",
        ),
        "no_decider": (
            "Nobody is known who decides or approves.",
            "尚无决策人或审批人。",
            "Find out who decides, and add them to the sale.",
            "了解谁有决定权，并加入商机联系人。",
        ),
        "grade_contradicts": (
            "Its grade or category does not agree with its expected close.",
            "意向级别或预测类别与预计成交日期不符。",
            "Correct the expected close, the intention or the category.",
            "更正预计成交日期、意向或预测类别。",
        ),
    }
)
"""Reason and remedy of each, in English and in Chinese, in turn."""


def conditions(c: Any, stage: Any) -> Mapping[Flag, ColumnElement[bool]]:
    """When each flag is up, over the columns of an open opportunity and of its stage."""
    decides = cast(literal("{decider,approver}"), ARRAY(Text))
    category = func.coalesce(c.forecast_category, stage.forecast_category)
    contradicts = or_(
        c.grade != grade_of(c.expected_close_on, today()),
        and_(category == "commit", c.grade == "C"),
        and_(c.grade.in_(("H", "A")), func.coalesce(c.intention, "unclear") == "poor"),
    )
    return {
        "close_date_past": c.expected_close_on < today(),
        "no_next_step": or_(c.next_step.is_(None), c.next_step_on < today()),
        "silent": staleness.is_silent(c, stage, today()),
        "stuck": staleness.is_stuck(c, stage, today()),
        "close_date_moved": c.close_date_moves >= MOVED_OFTEN,
        "no_amount": func.coalesce(c.amount, 0) == 0,
        "no_decider": ~has_role(c, decides),
        "grade_contradicts": contradicts,
    }


FLAGS: tuple[Flag, ...] = get_args(Flag)
