"""What crosses the boundary: the moves of a customer as they are asked for, and their histories."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.actor import ActorKind
from crm.customers.derived import LossShown
from crm.customers.schemas import PersonShown
from crm.customers.vocabulary import Lifecycle, LossCause, Stage
from crm.fields import Line, Sent, Shown, like
from crm.paging import Filter

Evidence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Sort = Literal["occurred_at", "-occurred_at"]


class ConvertCustomer(Sent):
    """Why someone interested counts as a customer from now on."""

    model_config = like(reason="Signed the frame agreement on paper.")

    reason: Line | None = Field(default=None, description="Needed where no won opportunity says it.")


class LoseCustomer(Sent):
    """Why a customer was lost (流失), and how we know."""

    model_config = like(cause="competitor", evidence="Their buyer showed us the other offer, 12 % below ours.")

    cause: LossCause = Field(description="`pushed_intended` (we ended it on purpose) needs a manager.")
    evidence: Evidence


class WinBackCustomer(Sent):
    """Why a lost customer is interested again."""

    model_config = like(reason="The other supplier could not deliver.")

    reason: Line | None = None


class MoveStage(Sent):
    """Where the relationship is now, and what shows it."""

    model_config = like(to="exploration", evidence="First trial order of 20 pieces, number 4711.")

    to: Stage
    reason: Line | None = Field(default=None, description="Needed for a step back, and for ending it.")
    evidence: Evidence | None = Field(
        default=None,
        description="What shows that it came closer: a first order (`exploration`, unless a visit was completed), "
        "repeat orders (`expansion`), the agreement (`commitment`).",
    )


class ActorShown(Shown):
    """Who did it: a person, a program with a key, or the product itself."""

    kind: ActorKind
    id: UUID


class _Change(Shown):
    id: UUID = Field(description="The fact's id: the same as in the journal and in webhooks.")
    occurred_at: datetime
    type: str = Field(description="The fact's type, such as `customer.qualified`.")
    actor: ActorShown
    by: PersonShown | None


class LifecycleChange(_Change):
    """A move of a customer's lifecycle. The first has no `from`: it says where the customer began."""

    from_: Lifecycle | None = Field(alias="from")
    to: Lifecycle
    reason: str | None
    loss: LossShown | None


class StageChange(_Change):
    """A step of a relationship. The first has no `from`: it says where the relationship began."""

    from_: Stage | None = Field(alias="from")
    to: Stage
    reason: str | None
    evidence: str | None


class HistoryFilter(Filter):
    """In what order, and how many."""

    sort: Sort = "-occurred_at"
