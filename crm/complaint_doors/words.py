"""What strangers read, in English and in Simplified Chinese."""

from collections.abc import Mapping
from types import MappingProxyType

from crm.complaint_doors.vocabulary import PublicState
from crm.complaints.vocabulary import Category, Remedy, State

Pair = tuple[str, str]

GREETING: Pair = (
    "We are sorry that something went wrong. Tell us what happened and what you would like us to do.",
    "很抱歉给您带来了不便。请告诉我们发生了什么，以及您希望我们如何处理。",
)
THANKS: Pair = (
    "Thank you. Your complaint has arrived and has the number {number}. Keep the link: with it you see how it stands.",
    "感谢您的反馈。我们已收到您的投诉，编号 {number}。请保存该链接，您可以通过它查看处理进度。",
)

CATEGORIES: Mapping[Category, Pair] = MappingProxyType(
    {
        "quality": ("Quality of the product", "产品质量"),
        "service": ("Service", "服务"),
        "price": ("Price or invoice", "价格或账单"),
        "delivery": ("Delivery", "交付"),
        "integrity": ("Somebody's conduct", "人员行为"),
        "other": ("Something else", "其他"),
    }
)
REMEDIES: Mapping[Remedy, Pair] = MappingProxyType(
    {
        "repair": ("Repair", "维修"),
        "replace": ("Replacement", "更换"),
        "refund": ("Refund", "退款"),
        "discount": ("Discount", "折让"),
        "redo": ("Do it again", "重新提供服务"),
        "apology": ("An apology", "道歉"),
        "explanation": ("An explanation", "解释说明"),
        "other": ("Something else", "其他"),
    }
)

PUBLIC: Mapping[State, PublicState] = MappingProxyType(
    {
        "received": "received",
        "acknowledged": "in_progress",
        "assessing": "in_progress",
        "investigating": "in_progress",
        "solution_proposed": "in_progress",
        "approved": "in_progress",
        "waiting_customer": "waiting_for_you",
        "communicated": "answered",
        "implementing": "being_put_right",
        "resolved": "resolved",
        # Until it is told and over, a rejection is a proposal among ourselves.
        "rejected": "in_progress",
        "closed": "closed",
        "withdrawn": "closed",
    }
)
"""What of the inner path shows outside: not who proposed what, nor that it waits for approval."""

STATES: Mapping[PublicState, tuple[Pair, Pair]] = MappingProxyType(
    {
        "received": (
            ("Received", "已收到"),
            ("Your complaint has arrived. Somebody will look at it.", "我们已收到您的投诉，将尽快安排专人处理。"),
        ),
        "in_progress": (
            ("In progress", "处理中"),
            ("We are looking into it.", "我们正在调查处理。"),
        ),
        "waiting_for_you": (
            ("Waiting for you", "等待您的回复"),
            ("We need something from you to go on, and have asked you for it.", "我们需要您提供更多信息，已与您联系。"),
        ),
        "answered": (
            ("Answered", "已答复"),
            (
                "We have told you what we propose. Tell us whether you agree.",
                "我们已向您说明处理方案，请告知您是否同意。",
            ),
        ),
        "being_put_right": (
            ("Being put right", "方案执行中"),
            ("We are carrying out what we agreed with you.", "我们正在落实与您商定的方案。"),
        ),
        "resolved": (
            ("Resolved", "已解决"),
            ("For us it is put right. If it is not for you, tell us.", "我们已完成处理。如仍有问题，请告诉我们。"),
        ),
        "closed": (
            ("Closed", "已结案"),
            ("This complaint is over.", "本次投诉已结案。"),
        ),
    }
)


def in_language(pair: Pair, *, chinese: bool) -> str:
    """The one of the two."""
    return pair[1] if chinese else pair[0]
