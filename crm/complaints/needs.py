"""What each need of a step means: whether it is met, and what people are told where it is not, in both languages.

Pure functions over what was loaded of a complaint (``Case``, with what is sent along already in it) and over who asks
(``Who``).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from crm.actor import Role
from crm.complaints.cases import HANDLERS, SUPERVISORS, Case, Who
from crm.complaints.rules import ASKED_FOR, SEVERE, STEPS
from crm.complaints.vocabulary import Need, Step

Kind = Literal["who", "what", "sent"]
"""Of whoever asks; of the complaint; or of the complaint, and it can be sent along with the step."""


@dataclass(frozen=True)
class Meaning:
    """When a need is met, and what to say where it is not."""

    kind: Kind
    met: Callable[[Case, Who], bool]
    message: str
    message_zh: str


def _handles(case: Case, who: Who) -> bool:
    return who.handles_by_role or case.assignee_id in {None, who.user_id}


def _within_limit(case: Case, who: Who) -> bool:
    return who.limit is None or (case.own_cost is not None and case.own_cost <= who.limit)


def _answered(case: Case, _: Who) -> bool:
    return case.solution_answers_remedy is True or (case.solution_answers_remedy is False and bool(case.remedy_answer))


MEANINGS: Mapping[Need, Meaning] = MappingProxyType(
    {
        "human": Meaning("who", lambda _, who: who.user_id is not None, "A person must do this.", "须由人工执行。"),
        "not_responsible": Meaning(
            "who",
            lambda case, who: case.responsible_id is None or case.responsible_id != who.user_id,
            "Whom the complaint is about takes no part in handling it.",
            "被投诉人不得参与处理。",
        ),
        "handles": Meaning(
            "who",
            _handles,
            "Only the assignee, service or a supervisor may do this.",
            "仅负责人、客服或主管可执行。",
        ),
        "supervises": Meaning(
            "who",
            lambda _, who: who.role in SUPERVISORS or (who.role is Role.SERVICE and who.limit != 0),
            "A supervisor must decide this.",
            "须由主管决定。",
        ),
        "may_return": Meaning(
            "who",
            lambda case, who: who.role in HANDLERS or case.proposed_by == who.user_id,
            "Only a supervisor, service or whoever proposed it may do this.",
            "仅主管、客服或提出人可执行。",
        ),
        "not_proposer": Meaning(
            "who",
            lambda case, who: case.proposed_by is None or case.proposed_by != who.user_id,
            "Whoever proposed it cannot approve it: somebody else must.",
            "提出人不得自行批准，须由他人批准。",
        ),
        "within_limit": Meaning(
            "who",
            _within_limit,
            "The cost is above what you may approve, or not known in the workspace's currency.",
            "费用超出您的审批限额，或无法换算为本位币。",
        ),
        "assigned": Meaning(
            "what", lambda case, _: case.assignee_id is not None, "Somebody must be assigned first.", "须先指派负责人。"
        ),
        "assignee_not_responsible": Meaning(
            "sent",
            lambda case, _: case.assignee_id is None or case.assignee_id != case.responsible_id,
            "Whom the complaint is about cannot look into it.",
            "被投诉人不得担任负责人。",
        ),
        "solution": Meaning("sent", lambda case, _: bool(case.solution), "A solution is needed.", "须填写解决方案。"),
        "remedy_known": Meaning(
            "sent",
            lambda case, _: case.remedy_sought is not None,
            "What the customer wants must be known: ask first.",
            "须先了解客户的诉求。",
        ),
        "remedy_answered": Meaning(
            "sent",
            _answered,
            "Say whether the solution gives what the customer wants and, if not, what you answer.",
            "须说明方案是否满足客户诉求；不满足的，须说明如何答复。",
        ),
        "validity_set": Meaning(
            "sent",
            lambda case, _: case.validity in {"upheld", "partly"},
            "Say whether the complaint is upheld, wholly or partly; what is not is rejected.",
            "须判定投诉成立或部分成立；不成立的应予驳回。",
        ),
        "customer_reached": Meaning(
            "sent", lambda case, _: case.reached, "The customer must have been reached.", "须已联系上客户。"
        ),
        "not_approved_yet": Meaning(
            "what", lambda case, _: case.approved_by is None, "The rejection is approved already.", "驳回已获批准。"
        ),
        "approved": Meaning(
            "what",
            lambda case, _: case.approved_by is not None,
            "Somebody else must approve the rejection first.",
            "驳回须先由他人批准。",
        ),
        "actions_done": Meaning(
            "what",
            lambda case, _: case.open_actions == 0,
            "All corrective actions must be done or cancelled.",
            "所有纠正措施须已完成或取消。",
        ),
        "root_cause": Meaning(
            "sent",
            lambda case, _: case.severity not in SEVERE or bool(case.root_cause),
            "The root cause of a severe complaint must be known.",
            "严重投诉须查明根本原因。",
        ),
        "corrective_action": Meaning(
            "sent",
            lambda case, _: case.severity not in SEVERE or bool(case.corrective_action),
            "What was done against the cause of a severe complaint must be said.",
            "严重投诉须说明纠正措施。",
        ),
        "return_visit": Meaning(
            "sent",
            lambda case, _: case.confirmed or case.tries >= case.tries_needed,
            "The customer must have confirmed it, or have been tried often enough within a few working days.",
            "须经客户确认，或在规定工作日内已多次回访未果。",
        ),
        "from_outside": Meaning(
            "what",
            lambda case, _: case.from_outside,
            "Only what came in by mail or a public form can be found to be somebody else's.",
            "仅通过邮件或公开表单收到的投诉可更正客户。",
        ),
        "in_time": Meaning(
            "what",
            lambda case, _: case.days_over is not None and case.days_over <= case.reopen_days,
            "It was over too long ago to be reopened: receive a new complaint.",
            "已超过可重新打开的期限，请登记新的投诉。",
        ),
    }
)


@dataclass(frozen=True)
class Unmet:
    """What keeps a step from being taken: whether the state does, and which needs are not met."""

    by_state: bool
    needs: tuple[Need, ...]

    def of(self, *kinds: Kind) -> tuple[Need, ...]:
        """The unmet needs of these kinds."""
        return tuple(need for need in self.needs if MEANINGS[need].kind in kinds)


def unmet(step: Step, case: Case, who: Who, will_be: Case | None = None) -> Unmet:
    """What keeps this actor from taking this step of this complaint.

    Who may is judged by the complaint as it is; what must be there by what it ``will_be`` with what is sent.
    """
    row = STEPS.get((case.state, step))
    if row is None:
        return Unmet(by_state=True, needs=())
    judged = {"who": case, "what": will_be or case, "sent": will_be or case}
    meanings = ((need, MEANINGS[need]) for need in row.needs)
    return Unmet(by_state=False, needs=tuple(n for n, means in meanings if not means.met(judged[means.kind], who)))


def in_words(needs: Iterable[Need]) -> list[dict[str, str]]:
    """Needs for people: a code each, and what to do about it in both languages."""
    return [
        {"code": need, "message": MEANINGS[need].message, "message_zh": MEANINGS[need].message_zh} for need in needs
    ]


SCOPE = {
    "code": "scope",
    "message": "You may read complaints and not change them.",
    "message_zh": "您只能查看投诉，不能修改。",
}
STATE = {
    "code": "state",
    "message": "Its present state does not allow this.",
    "message_zh": "当前状态不允许此操作。",
}


def listed(case: Case, who: Who, *, may_write: bool) -> list[dict[str, Any]]:
    """Every step: whether this actor can take it now, why not, and what must be sent along (``asks``)."""
    found: list[dict[str, Any]] = []
    for step in ASKED_FOR:
        held = unmet(step, case, who)
        why_not = [STATE] if held.by_state else in_words(held.of("who", "what"))
        if not may_write:
            why_not = [SCOPE, *why_not]
        asks = in_words(held.of("sent"))
        found.append({"step": step, "possible": not why_not, "why_not": why_not, "asks": asks})
    return found
