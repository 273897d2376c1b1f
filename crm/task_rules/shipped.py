"""The rules that the product comes with: every workspace is furnished with them, and may change and switch each.

``migrations/versions`` gives the same to workspaces that were there before; a further rule needs a line here and one
in a migration of its own. Names are those of the workspace's language. What would hold of everybody at once in a
workspace that has been there for long is off until somebody has run it dry.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Insert

from crm.complaints import events as complaints
from crm.database import Transaction, statement
from crm.recording import creating, record, renamed
from crm.task_rules import events
from crm.task_rules.queries import TASK_RULE
from crm.tasks.origins import NEXT_CONTACT_DUE


def _rule(
    name: tuple[str, str],
    trigger: Mapping[str, Any],
    title: tuple[str, str],
    *,
    enabled: bool = True,
    **action: Any,
) -> Mapping[str, Any]:
    return {
        "name": {"en": name[0], "zh-CN": name[1]},
        "enabled": enabled,
        "trigger": trigger,
        "action": {
            "title": {"en": title[0], "zh-CN": title[1]},
            "kind": "follow_up",
            "after": {"count": 0, "unit": "days"},
            "assignee": "owner",
            "remind_before": [0],
            **action,
        },
    }


def _nightly(condition: str, **parameters: Any) -> Mapping[str, Any]:
    return {"kind": "nightly", "condition": condition, "parameters": parameters}


def _event(event: str, *where: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"kind": "event", "event": event, "where": list(where)}


VISIT_MISSED = "visit.missed"

SHIPPED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        NEXT_CONTACT_DUE: {
            "name": {"en": "Next contact due", "zh-CN": "到期联系"},
            "enabled": True,
            "trigger": {"kind": "care"},
            "action": {},
        },
        "birthday_soon": _rule(
            ("Birthday in three working days", "生日提前三个工作日提醒"),
            _nightly("birthday", days_before=3, working_days=True),
            ("The birthday of {name} ({customer}) is on {date}", "{customer}{name}的生日是{date}"),
            kind="birthday",
            at="09:00",
        ),
        "birthday_today": _rule(
            ("Birthday today", "生日当天问候"),
            _nightly("birthday", days_before=0, working_days=False),
            ("Congratulate {name} ({customer}): today is the birthday", "今天是{customer}{name}的生日，请送上祝福"),
            kind="birthday",
            at="09:00",
        ),
        "visit_missed": _rule(
            ("Visit missed", "错过拜访"),
            _event(VISIT_MISSED),
            ("Agree on another day with {customer}: the visit was missed", "与{customer}另约时间：原定拜访未完成"),
            kind="callback",
            after={"count": 1, "unit": "working_days"},
        ),
        "complaint_answered": _rule(
            ("Complaint answered: call back", "投诉答复后回访"),
            _event(complaints.COMMUNICATED),
            ("Call {customer}: is the answer to the complaint what they need?", "回访{customer}：对投诉答复是否满意"),
            after={"count": 3, "unit": "working_days"},
        ),
        "long_absent": _rule(
            ("Customer long absent", "客户长期未联系"),
            _nightly("long_absent", days=120),
            ("Nobody was in touch with {customer} since long: visit or call", "{customer}已长期未联系，请回访"),
            kind="revisit",
            after={"count": 2, "unit": "working_days"},
            again_after_days=60,
        ),
        "interrupted": _rule(
            ("Customer interrupted", "客户联系中断"),
            _nightly("interrupted", times=2),
            ("Contact with {customer} was interrupted: ask why", "与{customer}的联系已中断，请了解原因"),
            enabled=False,
            kind="revisit",
            after={"count": 2, "unit": "working_days"},
        ),
        "stage_unchanged": _rule(
            ("Relationship stage unchanged", "客户关系停滞"),
            _nightly("stage_unchanged", days=180),
            (
                "The relationship with {customer} stands still: what is the next step?",
                "与{customer}的关系长期未推进，请计划下一步",
            ),
            enabled=False,
            after={"count": 3, "unit": "working_days"},
            again_after_days=180,
        ),
        "verification_due": _rule(
            ("File to be verified", "客户档案待核实"),
            _nightly("date_reached", field="verified_on", days=365, when="after"),
            ("Verify the file of {customer}", "核实{customer}的客户档案"),
            enabled=False,
            after={"count": 5, "unit": "working_days"},
        ),
        "no_next_step": _rule(
            ("Sale without a next step", "商机没有下一步"),
            _nightly("no_next_step", working_days=2),
            ("What comes next with {name} ({customer})?", "{customer}的商机{name}没有下一步计划，请安排"),
            after={"count": 1, "unit": "working_days"},
        ),
        "card_review_due": _rule(
            ("Card review due", "商机卡片待复核"),
            _nightly("card_review_due", days=0),
            ("Review the card of {name} ({customer})", "请复核{customer}的商机{name}的卡片"),
            kind="card_review",
        ),
        "contract_ending": _rule(
            ("Contract ending", "合同即将到期"),
            _nightly("contract_ending", days=30),
            ("The contract of {customer} ({name}) ends on {date}", "{customer}的合同（{name}）将于{date}到期"),
            after={"count": 1, "unit": "working_days"},
        ),
    }
)


def values_of(key: str, language: str) -> dict[str, Any]:
    """A shipped rule as the columns of its row."""
    rule = SHIPPED[key]
    return {
        "key": key,
        "name": rule["name"].get(language, rule["name"]["en"]),
        "enabled": rule["enabled"],
        "trigger": dict(rule["trigger"]),
        "action": dict(rule["action"]),
        "event_type": rule["trigger"].get("event"),
    }


async def furnish(tx: Transaction) -> None:
    """Give a new workspace the rules of the product."""
    for key in SHIPPED:
        values = values_of(key, tx.actor.language)
        await record(tx, events.CREATED, _create(frozenset(values)), **renamed(values))


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(TASK_RULE, columns)
