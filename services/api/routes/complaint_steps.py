"""The path of complaints, over HTTP: one operation a step."""

from uuid import UUID

from crm.complaints import actions, identifying
from crm.complaints.errors import AssigneeIsResponsible, StepIsForOthers, StepNeedsMore, StepNotPossible
from crm.complaints.schemas import ComplaintRead
from crm.complaints.step_schemas import (
    ComplaintAssess,
    ComplaintAssign,
    ComplaintAttempt,
    ComplaintClose,
    ComplaintCommunicate,
    ComplaintIdentify,
    ComplaintInform,
    ComplaintNoted,
    ComplaintPropose,
    ComplaintRefuse,
    ComplaintReject,
    ComplaintReopen,
    ComplaintSendBack,
    ComplaintWait,
    ComplaintWithdraw,
)
from crm.customers.errors import CustomerArchived
from crm.nouns import Answer
from services.api.problems import problems
from services.api.routes.complaints import ComplaintChanges
from services.api.routing import router as new_router

router = new_router(tags=["complaints"])

REFUSED = problems(StepNotPossible, StepIsForOthers, StepNeedsMore)


@router.post("/complaints/{complaint_id}/acknowledge", response_model=ComplaintRead, responses=REFUSED)
async def acknowledge_complaint(tx: ComplaintChanges, complaint_id: UUID, said: ComplaintNoted | None = None) -> Answer:
    """Tell whoever complains that it has arrived, as a person: no program can."""
    return await actions.simply(tx, "acknowledge", complaint_id, said)


@router.post(
    "/complaints/{complaint_id}/identify",
    response_model=ComplaintRead,
    responses=problems(StepNotPossible, StepIsForOthers, StepNeedsMore, CustomerArchived),
)
async def identify_complainer(tx: ComplaintChanges, complaint_id: UUID, found: ComplaintIdentify) -> Answer:
    """Say whose a complaint is that came in by mail or a public form, where it was taken for somebody else's: anybody
    can write any address as theirs. Until somebody begins to look into it; visit and sale of the other one are let go.
    """
    return await identifying.identify(tx, complaint_id, found)


@router.post("/complaints/{complaint_id}/assess", response_model=ComplaintRead, responses=REFUSED)
async def assess_complaint(tx: ComplaintChanges, complaint_id: UUID, judged: ComplaintAssess) -> Answer:
    """Judge how bad it is and what it is about. Another severity is told of by itself and sets the clocks anew."""
    return await actions.assess(tx, complaint_id, judged)


@router.post(
    "/complaints/{complaint_id}/assign",
    response_model=ComplaintRead,
    responses=problems(StepNotPossible, StepIsForOthers, StepNeedsMore, AssigneeIsResponsible),
)
async def assign_complaint(tx: ComplaintChanges, complaint_id: UUID, wanted: ComplaintAssign) -> Answer:
    """Say who looks into it, never whom it is about. They are told."""
    return await actions.assign(tx, complaint_id, wanted)


@router.post("/complaints/{complaint_id}/investigate", response_model=ComplaintRead, responses=REFUSED)
async def investigate_complaint(tx: ComplaintChanges, complaint_id: UUID, said: ComplaintNoted | None = None) -> Answer:
    """Begin to look for what happened and why. Somebody must be assigned."""
    return await actions.simply(tx, "investigate", complaint_id, said)


@router.post("/complaints/{complaint_id}/wait-customer", response_model=ComplaintRead, responses=REFUSED)
async def wait_for_customer(tx: ComplaintChanges, complaint_id: UUID, why: ComplaintWait) -> Answer:
    """It is the customer's turn: the clock of the resolution stands still until you resume."""
    return await actions.wait_customer(tx, complaint_id, why)


@router.post("/complaints/{complaint_id}/resume", response_model=ComplaintRead, responses=REFUSED)
async def resume_complaint(tx: ComplaintChanges, complaint_id: UUID, said: ComplaintNoted | None = None) -> Answer:
    """The customer has answered: go on where it was. The time waited counts for nobody."""
    return await actions.simply(tx, "resume", complaint_id, said)


@router.post("/complaints/{complaint_id}/inform", response_model=ComplaintRead, responses=REFUSED)
async def inform_complainer(tx: ComplaintChanges, complaint_id: UUID, told: ComplaintInform) -> Answer:
    """Write down that you told the customer how far it is. The clock of the next such word begins anew."""
    return await actions.inform(tx, complaint_id, told)


@router.post("/complaints/{complaint_id}/propose", response_model=ComplaintRead, responses=REFUSED)
async def propose_solution(tx: ComplaintChanges, complaint_id: UUID, wanted: ComplaintPropose) -> Answer:
    """Propose a solution that answers what the customer wants. Somebody else approves it."""
    return await actions.propose(tx, complaint_id, wanted)


@router.post("/complaints/{complaint_id}/approve", response_model=ComplaintRead, responses=REFUSED)
async def approve_solution(tx: ComplaintChanges, complaint_id: UUID, said: ComplaintNoted | None = None) -> Answer:
    """Approve what somebody else proposed, a solution or a rejection, up to the cost that your role may
    (`complaints.manager_limit`, `complaints.service_limit`; administrators without limit).
    """
    return await actions.simply(tx, "approve", complaint_id, said)


@router.post("/complaints/{complaint_id}/send-back", response_model=ComplaintRead, responses=REFUSED)
async def send_solution_back(tx: ComplaintChanges, complaint_id: UUID, why: ComplaintSendBack) -> Answer:
    """Do not approve what was proposed, and say why; whoever proposed it can take it back like this too."""
    return await actions.send_back(tx, complaint_id, why)


@router.post("/complaints/{complaint_id}/communicate", response_model=ComplaintRead, responses=REFUSED)
async def communicate_decision(tx: ComplaintChanges, complaint_id: UUID, told: ComplaintCommunicate) -> Answer:
    """Tell the customer what was decided. It counts once they were reached, and is logged as an interaction with them:
    `GET /v1/interactions?complaint_id=…`.
    """
    return await actions.communicate(tx, complaint_id, told)


@router.post("/complaints/{complaint_id}/accept", response_model=ComplaintRead, responses=REFUSED)
async def accept_solution(tx: ComplaintChanges, complaint_id: UUID, said: ComplaintNoted | None = None) -> Answer:
    """The customer accepts the solution: carry it out."""
    return await actions.simply(tx, "accept", complaint_id, said)


@router.post("/complaints/{complaint_id}/refuse", response_model=ComplaintRead, responses=REFUSED)
async def refuse_solution(tx: ComplaintChanges, complaint_id: UUID, why: ComplaintRefuse) -> Answer:
    """The customer refuses the solution and says what they want: it is investigated again."""
    return await actions.refuse(tx, complaint_id, why)


@router.post("/complaints/{complaint_id}/implement", response_model=ComplaintRead, responses=REFUSED)
async def implement_solution(tx: ComplaintChanges, complaint_id: UUID, said: ComplaintNoted | None = None) -> Answer:
    """Say that the solution was carried out."""
    return await actions.simply(tx, "implement", complaint_id, said)


@router.post("/complaints/{complaint_id}/resolve", response_model=ComplaintRead, responses=REFUSED)
async def resolve_complaint(tx: ComplaintChanges, complaint_id: UUID, said: ComplaintNoted | None = None) -> Answer:
    """Say that it is put right: the solution was carried out and all corrective actions are done."""
    return await actions.simply(tx, "resolve", complaint_id, said)


@router.post("/complaints/{complaint_id}/attempt", response_model=ComplaintRead, responses=REFUSED)
async def attempt_return_visit(
    tx: ComplaintChanges, complaint_id: UUID, made: ComplaintAttempt | None = None
) -> Answer:
    """Write down that you tried to hear from the customer whether it is put right, and did not reach them. After
    `complaints.attempts` within `complaints.attempt_days` working days it can be closed without.
    """
    return await actions.attempt(tx, complaint_id, made or ComplaintAttempt())


@router.post("/complaints/{complaint_id}/close", response_model=ComplaintRead, responses=REFUSED)
async def close_complaint(tx: ComplaintChanges, complaint_id: UUID, ended: ComplaintClose) -> Answer:
    """End it: the customer confirmed that it is put right, or was tried often enough, or its rejection was approved.

    A complaint of severity high or critical needs its root cause and what was done against it. Days later somebody is
    to look whether that works (`complaints.effect_check_days`).
    """
    return await actions.close(tx, complaint_id, ended)


@router.post("/complaints/{complaint_id}/reject", response_model=ComplaintRead, responses=REFUSED)
async def reject_complaint(tx: ComplaintChanges, complaint_id: UUID, why: ComplaintReject) -> Answer:
    """Find that a complaint is not justified: why, and which other ways the customer was told of. Somebody else
    approves it before it is closed.
    """
    return await actions.reject(tx, complaint_id, why)


@router.post("/complaints/{complaint_id}/withdraw", response_model=ComplaintRead, responses=REFUSED)
async def withdraw_complaint(tx: ComplaintChanges, complaint_id: UUID, why: ComplaintWithdraw) -> Answer:
    """The customer takes the complaint back. It is over."""
    return await actions.withdraw(tx, complaint_id, why)


@router.post("/complaints/{complaint_id}/reopen", response_model=ComplaintRead, responses=REFUSED)
async def reopen_complaint(tx: ComplaintChanges, complaint_id: UUID, why: ComplaintReopen) -> Answer:
    """It is not put right after all: investigate again, within `complaints.reopen_days`. Its clocks go on, or begin a
    new round where it was over for more than `complaints.continue_days`.
    """
    return await actions.reopen(tx, complaint_id, why)
