"""What each figure means: its formula in English and in Chinese (``domain.md`` B5, D6). Every answer carries them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

FORMULAS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "open_pipeline": (
            "Pipeline + best case + commit: open sales due in the period.",
            "期内进行中商机金额合计（储备＋最佳＋承诺）。",
        ),
        "weighted": ("Sum of amount × probability over the open sales.", "进行中商机：金额 × 赢率 之和。"),
        "pipeline": ("Open sales of the category pipeline.", "“储备”类进行中商机金额。"),
        "best_case": ("Open sales of the category best case.", "“最佳情况”类进行中商机金额。"),
        "commit": ("Open sales of the category commit.", "“承诺”类进行中商机金额。"),
        "closed": ("Sales won in the period.", "期内赢单金额。"),
        "omitted": ("Sales lost in the period, at rest, or left out on purpose.", "期内输单、搁置或有意排除的金额。"),
        "commit_forecast": ("Commit + closed.", "承诺 ＋ 已成交。"),
        "best_case_forecast": ("Best case + commit + closed.", "最佳情况 ＋ 承诺 ＋ 已成交。"),
        "expected_total": ("Weighted + closed.", "加权预测 ＋ 已成交。"),
        "target": ("What is to be sold in the period.", "期内销售目标。"),
        "attainment": ("Closed / target.", "已成交 ÷ 目标。"),
        "expected_attainment": ("(Weighted + closed) / target.", "（加权预测 ＋ 已成交）÷ 目标。"),
        "coverage": (
            "Open pipeline / (target − closed); none once the target is reached.",
            "进行中金额 ÷（目标 − 已成交）；达成后无意义。",
        ),
        "won": ("Sales won in the period.", "期内赢单金额。"),
        "lost": ("Sales lost in the period, without duplicates.", "期内输单金额（不含重复）。"),
        "win_rate_by_count": (
            "Won / (won + lost), by number; duplicates count for neither.",
            "赢单数 ÷（赢单数 ＋ 输单数），重复不计。",
        ),
        "win_rate_by_value": (
            "Won / (won + lost), by amount; duplicates count for neither.",
            "赢单金额 ÷（赢单金额 ＋ 输单金额），重复不计。",
        ),
        "average_deal": ("Amount won / number won.", "赢单金额 ÷ 赢单数。"),
        "mean_cycle_days": (
            "Mean of closing day − opening day over the sales won.",
            "赢单：成交日 − 开始日 的平均天数。",
        ),
        "median_cycle_days": (
            "Median of closing day − opening day over the sales won.",
            "赢单：成交日 − 开始日 的中位天数。",
        ),
        "qualified": (
            "Open sales in a qualified stage or beyond (progress 3 to 5), today.",
            "今日处于“已确认”及以后阶段的进行中商机数。",
        ),
        "velocity": (
            "Qualified sales × average deal × win rate by count / mean cycle: money per day.",
            "合格商机数 × 平均单额 × 赢率（按数）÷ 平均周期，即每日金额。",
        ),
        "open": ("All sales that are open now.", "当前所有进行中商机金额。"),
        "mean_days_in_stage": ("Mean of the days since the stage was entered.", "进入当前阶段以来的平均天数。"),
        "median_days_in_stage": ("Median of the days since the stage was entered.", "进入当前阶段以来的中位天数。"),
        "actual": ("Sales won in the period.", "期内实际赢单金额。"),
        "weighted_then": ("Weighted + closed, as it stood on that day.", "当日快照：加权预测 ＋ 已成交。"),
        "commit_then": ("Commit + closed, as it stood on that day.", "当日快照：承诺 ＋ 已成交。"),
        "best_case_then": (
            "Best case + commit + closed, as it stood on that day.",
            "当日快照：最佳 ＋ 承诺 ＋ 已成交。",
        ),
        "weighted_accuracy": ("1 − |weighted forecast − actual| / actual.", "1 − |加权预测 − 实际| ÷ 实际。"),
        "commit_accuracy": ("1 − |commit forecast − actual| / actual.", "1 − |承诺预测 − 实际| ÷ 实际。"),
        "best_case_accuracy": ("1 − |best case forecast − actual| / actual.", "1 − |最佳预测 − 实际| ÷ 实际。"),
    }
)


def in_words(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """The formulas of these figures."""
    return {name: dict(zip(("text", "text_zh"), FORMULAS[name], strict=True)) for name in names}
