"""What is shown of a complaint beside its shape: what depends on who asks, and the way it has gone."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from crm.complaints.schemas import ComplaintRead, ComplaintReference
from crm.complaints.vocabulary import State, Step
from crm.customers.schemas import PersonShown
from crm.fields import Shown


class ComplainerShown(Shown):
    """Whoever complained, as they said."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


class NeedShown(Shown):
    """Something that is needed for a step."""

    code: str
    message: str
    message_zh: str


class StepShown(Shown):
    """A step of the path: whether you can take it now, why not, and what must be sent along with it."""

    step: Step
    possible: bool
    why_not: list[NeedShown]
    asks: list[NeedShown] = Field(description="What is not there yet and must be sent with the step.")


class ComplaintReceived(ComplaintRead):
    """A complaint as it was taken down, with the earlier ones that it repeats."""

    repeats: list[ComplaintReference] = Field(
        description="The complaints of this customer about the same product or cause within `complaints.repeat_days` "
        "before it, that you may see; the latest first."
    )


class ComplaintDetail(ComplaintReceived):
    """A complaint, with what you can do about it now."""

    open_actions: int = Field(description="Corrective actions that are not done yet.")
    complainer: ComplainerShown | None = Field(description="Null too for who does not handle the case.")
    steps: list[StepShown]


class ComplaintHeld(ComplaintRead):
    """A complaint as it is handed to the person whom it comes from."""

    complainer: ComplainerShown | None


class TakenStep(Shown):
    """A step that was taken."""

    id: UUID
    step: Step
    from_state: State | None
    to_state: State
    at: datetime
    actor: PersonShown | None = Field(description="Null for a program or the product itself.")
    actor_kind: str
    note: str | None


class ComplaintHistoryRead(Shown):
    """The way a complaint has gone, in order."""

    data: list[TakenStep]
