"""Which column fills which field of an opportunity, and the words of people's files for those of the product."""

from collections.abc import Mapping
from typing import Any

from crm.imports.mapping import Columns

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "reference": ("opportunity id", "deal id", "external id", "external reference", "id", "number", "编号", "商机编号"),
    "name": ("opportunity", "opportunity name", "deal", "deal name", "title", "商机", "商机名称", "项目名称", "名称"),
    "customer": ("account", "account name", "company", "customer name", "客户", "客户名称", "公司名称"),
    "owner": (
        "sales agent", "agent", "rep", "sales rep", "salesperson", "owner name", "owner email", "assigned to",
        "负责人", "销售", "销售员", "业务员",
    ),
    "product": ("product name", "item", "产品", "产品名称", "商品"),
    "quantity": ("qty", "units", "数量"),
    "pipeline": ("pipeline name", "sales process", "销售流程"),
    "stage": ("deal stage", "sales stage", "stage name", "阶段", "销售阶段", "商机阶段"),
    "state": ("status", "状态"),
    "amount.amount": (
        "amount", "value", "deal value", "close value", "expected revenue", "金额", "预计金额",
        "成交金额",
    ),
    "amount.currency": ("currency", "币种"),
    "opened_on": (
        "engage date", "open date", "opened", "created", "created at", "create date", "start date", "创建日期",
        "创建时间", "开始日期",
    ),
    "stage_entered_on": ("stage date", "stage since", "阶段日期"),
    "expected_close_on": ("expected close date", "expected close", "close by", "预计成交日期", "预计签约日期"),
    "closed_on": ("close date", "closed", "won date", "closed at", "成交日期", "关闭日期", "结单日期"),
    "resume_on": ("resume date", "hold until", "恢复日期"),
    "probability": ("win probability", "概率", "赢单率"),
    "forecast_category": ("forecast", "预测类别"),
    "money": ("budget", "资金"),
    "authority": ("决定权",),
    "need": ("需求",),
    "intention": ("购买意向",),
    "competitor": ("competition", "竞争对手"),
    "next_step": ("next action", "下一步", "下一步行动"),
    "next_step_on": ("next step date", "下一步日期"),
    "source": ("lead source", "来源"),
    "note": ("notes", "remark", "remarks", "comment", "comments", "description", "备注", "说明", "描述"),
    "tags": ("tag", "labels", "标签"),
    "lost_reason": ("loss reason", "reason lost", "输单原因", "丢单原因"),
    "lost_note": ("loss note", "输单说明"),
    "contract_starts_on": ("contract start", "合同开始日期"),
    "contract_ends_on": ("contract end", "合同结束日期"),
}  # fmt: skip
"""Fields, and the headings that name them; a heading that is the field's own name does too."""

OPPORTUNITIES = Columns(HEADINGS, needs=("name", "reference"), matched_by=("reference",))

DAYS = frozenset(
    {
        "opened_on", "stage_entered_on", "expected_close_on", "closed_on", "resume_on", "next_step_on",
        "contract_starts_on", "contract_ends_on",
    }
)  # fmt: skip

STATES: Mapping[str, str] = {
    "open": "open", "进行中": "open", "won": "won", "closed won": "won", "赢单": "won", "成交": "won", "已成交": "won",
    "lost": "lost", "closed lost": "lost", "输单": "lost", "丢单": "lost", "失败": "lost", "on hold": "on_hold",
    "暂停": "on_hold", "搁置": "on_hold",
}  # fmt: skip
"""How files call the states; many have them among the stages."""

_KNOWN = {"是": "yes", "有": "yes", "y": "yes", "否": "no", "无": "no", "n": "no", "未知": "unknown", "?": "unknown"}

WORDS: Mapping[str, Mapping[str, Any]] = {
    "state": STATES,
    "money": _KNOWN,
    "authority": _KNOWN,
    "need": _KNOWN,
    "lost_reason": {
        "竞争对手": "competitor", "价格": "price", "无预算": "no_budget", "无需求": "no_need", "时机": "timing",
        "服务": "service", "关系": "relationship", "重复": "duplicate", "其他": "other",
    },
    "forecast_category": {},
    "intention": {},
}  # fmt: skip
