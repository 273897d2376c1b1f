"""What a workspace promises from its first day (``domain.md`` B7). A migration gave the same to those there before."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from crm.database import Transaction
from crm.sla import actions
from crm.sla.schemas import SlaPolicyCreate


def _told(*levels: tuple[int, tuple[Mapping[str, str], ...]]) -> dict[str, Any]:
    escalation = [{"percent": percent, **whom} for percent, people in levels for whom in people]
    return {"thresholds": sorted({percent for percent, _ in levels} | {100}), "escalation": escalation}


_ASSIGNEE, _MANAGER, _ADMINS = {"to": "assignee"}, {"to": "manager"}, {"to": "role", "role": "admin"}

DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "critical": {
            "name": {"en": "Critical", "zh-CN": "危急"},
            "acknowledge_minutes": 15,
            "response_minutes": 60,
            "update_minutes": 120,
            "resolution_minutes": 480,
            "around_the_clock": True,
            **_told((50, (_ASSIGNEE,)), (80, (_ASSIGNEE, _MANAGER)), (100, (_ASSIGNEE, _MANAGER, _ADMINS))),
        },
        "high": {
            "name": {"en": "High", "zh-CN": "高"},
            "acknowledge_minutes": 30,
            "response_minutes": 120,
            "update_minutes": 450,
            "resolution_minutes": 960,
            **_told((75, (_ASSIGNEE,)), (100, (_ASSIGNEE, _MANAGER))),
        },
        "medium": {
            "name": {"en": "Medium", "zh-CN": "中"},
            "acknowledge_minutes": 120,
            "response_minutes": 480,
            "update_minutes": 900,
            "resolution_minutes": 1440,
            **_told((80, (_ASSIGNEE,)), (100, (_ASSIGNEE, _MANAGER))),
        },
        "low": {
            "name": {"en": "Low", "zh-CN": "低"},
            "acknowledge_same_day": True,
            "response_minutes": 960,
            "resolution_minutes": 2400,
            **_told((100, (_ASSIGNEE, _MANAGER))),
        },
    }
)
"""By severity. B7 has no times for updates: two hours around the clock, one working day and two are ours."""


async def promise(tx: Transaction) -> None:
    """Add the policies of a new workspace, named in its language."""
    language = "en" if tx.actor.language == "en" else "zh-CN"
    for severity, kept in DEFAULTS.items():
        policy = SlaPolicyCreate.model_validate({**kept, "severity": severity, "name": kept["name"][language]})
        await actions.create(tx, policy)
