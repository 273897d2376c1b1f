"""The first pipeline of a workspace: the way a sale goes in the handbooks (``domain.md`` A120, C2, D6)."""

from decimal import Decimal

from crm.database import Transaction
from crm.nouns import Answer
from crm.pipelines import actions
from crm.pipelines.schemas import ChecklistSent, ElementSent, PipelineCreate, StageSent

STAGES = [
    StageSent(key="new", name="New", name_zh="新增", probability=Decimal("0.05"), progress_code=1, expected_days=7),
    StageSent(
        key="contacted", name="Contacted", name_zh="已联系", probability=Decimal("0.10"), progress_code=2,
        expected_days=14, requires=["contact_reached"],
    ),
    StageSent(
        key="qualified", name="Qualified", name_zh="已确认", probability=Decimal("0.30"), progress_code=3,
        expected_days=30, requires=["man_known", "man_promising", "authority_found"],
    ),
    StageSent(
        key="proposal", name="Proposal", name_zh="方案报价", probability=Decimal("0.60"), progress_code=4,
        forecast_category="best_case", expected_days=30, late=True,
        requires=["amount", "expected_close_on", "next_step"],
    ),
    StageSent(
        key="contract_sent", name="Contract sent", name_zh="合同已发", probability=Decimal("0.90"), progress_code=5,
        forecast_category="commit", expected_days=14, late=True, requires=["contact:decider/approver"],
    ),
]  # fmt: skip

CHECKLISTS = [
    ChecklistSent(key=key, name=name, elements=[ElementSent(key=k, name=n, name_zh=zh) for k, n, zh in elements])
    for key, name, elements in (
        (
            "bant",
            "BANT",
            [
                ("budget", "Budget", "预算"),
                ("authority", "Authority", "决定权"),
                ("need", "Need", "需求"),
                ("timeline", "Timeline", "时间表"),
            ],
        ),
        (
            "meddic",
            "MEDDIC",
            [
                ("metrics", "Metrics", "量化指标"),
                ("economic_buyer", "Economic buyer", "经济决策人"),
                ("decision_criteria", "Decision criteria", "决策标准"),
                ("decision_process", "Decision process", "决策流程"),
                ("pain", "Identified pain", "痛点"),
                ("champion", "Champion", "支持者"),
            ],
        ),
    )
]
"""BANT suits short sales, MEDDIC complex ones (``domain.md`` B4): there to be answered, asked for by no stage."""

FIRST = PipelineCreate(name="Sales", name_zh="销售流程", stages=STAGES, checklists=CHECKLISTS)


async def open_first_pipeline(tx: Transaction) -> Answer:
    """Add the pipeline that a new workspace sells by."""
    return await actions.create(tx, FIRST, is_default=True)
