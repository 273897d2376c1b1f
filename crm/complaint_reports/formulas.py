"""What each figure means: its formula in English and in Chinese (``domain.md`` B7, B9). Every answer carries them."""

from collections.abc import Mapping
from types import MappingProxyType

FORMULAS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "volume": ("Complaints received in the period.", "期内收到的投诉数。"),
        "per_1000_customers": (
            "Complaints x 1,000 / customers added by the end of the period and not archived; of a team its own.",
            "投诉数 × 1000 ÷ 客户数（期末前新增且未归档；按团队统计时为该团队客户，其余为全部客户）。",
        ),
        "acknowledged_on_time": (
            "Promises to acknowledge that were kept / those kept, kept late or broken by now.",
            "按时确认数 ÷（按时 ＋ 超时完成 ＋ 已超时）。",
        ),
        "resolved_on_time": (
            "Promises to resolve that were kept / those kept, kept late or broken by now.",
            "按时解决数 ÷（按时 ＋ 超时完成 ＋ 已超时）。",
        ),
        "reopened": (
            "Opened again at least once / those that were resolved at least once.",
            "曾重新打开的投诉数 ÷ 曾解决的投诉数。",
        ),
        "repeat": (
            "Repeats of an earlier complaint of the same customer / complaints received.",
            "同一客户的重复投诉数 ÷ 收到的投诉数。",
        ),
        "upheld": ("(Upheld + partly upheld) / those whose validity was decided.", "（成立 ＋ 部分成立）÷ 已判定数。"),
        "first_contact_resolution": (
            "Resolved with one answer (nothing asked, told or refused in between, not opened again) / resolved ever.",
            "一次答复即解决（未再向客户索取、中途未再联系、未被拒绝、未重新打开）÷ 曾解决的投诉数。",
        ),
        "cost": (
            "Sum of what they cost, in the workspace's currency by the rate of the day they were received.",
            "费用合计（按收到当日汇率折算为本位币）。",
        ),
        "average_cost": ("Cost / complaints that cost something.", "费用 ÷ 有费用的投诉数。"),
        "csat": (
            "Answers of 4 or 5 / all answers on the scale of 1 to 5 (CSAT).",
            "4 分和 5 分 ÷ 全部评分（CSAT，1–5 分）。",
        ),
        "csat_trend": (
            "CSAT less that of as many days before (of the month before); none below 30 answers in either.",
            "本期 CSAT 减上一同等时段（按月统计时为上月）；任一期少于 30 份答复时不显示。",
        ),
        "nps": (
            "Share of 9 and 10 less share of 0 to 6 on the scale of 0 to 10, from -100 to +100 (NPS).",
            "9–10 分占比减 0–6 分占比（NPS，-100 至 +100）。",
        ),
        "nps_trend": (
            "NPS less that of as many days before (of the month before); none below 30 answers in either.",
            "本期 NPS 减上一同等时段（按月统计时为上月）；任一期少于 30 份答复时不显示。",
        ),
        "unhappy": ("Complaints / share of the unhappy who complain.", "投诉数 ÷ 不满客户中会投诉的比例。"),
        "silent": ("Unhappy less complaints.", "不满客户数 − 投诉数。"),
        "told_at_least": ("Silent × people each of them tells, at least.", "沉默客户数 × 每人至少告诉的人数。"),
    }
)

ICEBERG = ("unhappy", "silent", "told_at_least")

CAUTION = (
    "An indicator, no measurement: sources differ on how many of the unhappy complain. Set the rates under `iceberg`."
)
CAUTION_ZH = "仅为示意指标，并非测量值：关于不满客户的投诉比例，资料说法不一。可在设置 `iceberg` 中调整。"


def in_words() -> dict[str, dict[str, str]]:
    """All formulas."""
    return {name: {"text": text, "text_zh": text_zh} for name, (text, text_zh) in FORMULAS.items()}
