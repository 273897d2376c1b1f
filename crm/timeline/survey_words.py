"""How each kind of fact about surveys and advice is told; what people said stands in the survey alone."""

from collections.abc import Mapping
from types import MappingProxyType

SURVEYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "complaint.rated": (
            "The customer said how the complaint {number} went.",
            "客户对投诉 {number} 的处理作出评价。",
        ),
        "survey.planned": ("The customer is to be asked how it went.", "将向客户发送满意度调查。"),
        "survey.sent": ("The customer was asked how it went.", "已向客户发送满意度调查。"),
        "survey.not_mailed": ("A survey could not be mailed.", "满意度调查未能以邮件发送。"),
        "survey.skipped": ("The customer is not asked how it went.", "未向客户发送满意度调查。"),
        "survey.answered": ("The customer answered a survey.", "客户已填写满意度调查。"),
        "complaint_advice.changed": ("{actor} changed the advice on complaints.", "{actor}修改了投诉应对建议。"),
        "complaint_advice.reset": ("{actor} reset the advice on complaints.", "{actor}恢复了默认的投诉应对建议。"),
    }
)
