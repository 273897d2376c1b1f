"""What crosses the boundary: a person's day, and the way through it."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crm.care.call_schemas import Day
from crm.customers.schemas import CustomerReference
from crm.customers.vocabulary import Band
from crm.fields import Shown
from crm.sla.vocabulary import Severity

Count = Annotated[int, Field(ge=0)]
Metres = Annotated[int, Field(ge=0)]


class DayQuery(BaseModel):
    """Whose day, and which."""

    model_config = ConfigDict(extra="forbid")

    user_id: UUID | None = Field(default=None, description="Whose; yours, when not given.")
    date: Day | None = Field(default=None, description="The next working day by their calendar, when not given.")


class DayVisit(Shown):
    """A visit of the day."""

    id: UUID
    customer: CustomerReference
    owner_id: UUID = Field(description="Another's where you go along, as their supervisor or beside them.")
    purpose: str
    state: str
    planned_start: datetime
    planned_end: datetime


class DayTask(Shown):
    """An open task."""

    id: UUID
    title: str
    kind: str
    due_at: datetime
    customer_id: UUID | None


class DayCall(Shown):
    """A customer to be called that day, as was set after the last call."""

    customer: CustomerReference
    phone: str | None
    next_call_on: date


class DayComplaint(Shown):
    """A complaint that the person looks into."""

    id: UUID
    number: str
    subject: str
    severity: Severity
    state: str
    due_at: datetime | None
    waits: bool = Field(description="It is the customer's turn: ask whether they need anything.")
    customer: CustomerReference | None


class DayRead(Shown):
    """What a day holds. The lists of tasks have 200 lines at most; `counts` has them all."""

    user_id: UUID
    date: date
    visits: list[DayVisit]
    tasks: list[DayTask] = Field(description="Due that day.")
    overdue: list[DayTask] = Field(description="Due before, and still open.")
    key_follow_ups: list[DayTask] = Field(description="Those of both about key customers.")
    calls: list[DayCall]
    complaints: list[DayComplaint] = Field(description="Those they look into that are due by its end, or wait.")
    counts: dict[str, int]


class RouteQuery(DayQuery):
    """Whose way through which day, from where, and how far beside it to look."""

    start: Annotated[str, StringConstraints(pattern=r"^-?\d{1,2}(\.\d{1,8})?,-?\d{1,3}(\.\d{1,8})?$")] | None = Field(
        default=None, description="Latitude and longitude; the first visit, when not given.", examples=["29.56,106.55"]
    )
    radius_km: Annotated[float, Field(gt=0, le=200)] = 10.0
    most: Annotated[int, Field(ge=1, le=50, description="How many customers to suggest at most.")] = 10


class Position(Shown):
    """A place on the globe."""

    latitude: float
    longitude: float


class RouteStop(Shown):
    """A planned visit, in the order of the day."""

    visit_id: UUID
    customer: CustomerReference
    planned_start: datetime
    position: Position | None = Field(description="Null where nobody knows where the customer is.")
    metres_from_previous: Metres | None = Field(description="As the crow flies, from the last known position.")


class RouteSuggestion(Shown):
    """A customer close by who is due, and why."""

    customer: CustomerReference
    position: Position
    metres_away: Metres = Field(description="From the nearest stop, or the start, as the crow flies.")
    due_on: date
    days_over: Count
    reasons: list[Literal["due", "overdue", "key", "cooling", "cold", "never"]]
    warmth_band: Band
    place: Annotated[int, Field(ge=1, description="Where it stands on a short way through all suggestions.")]


class RouteRead(Shown):
    """The planned visits of a day, and whom to see beside them. Distances are as the crow flies."""

    user_id: UUID
    date: date
    stops: list[RouteStop]
    suggestions: list[RouteSuggestion] = Field(description="The nearest first.")
    stops_without_position: Count
    due_without_position: Count = Field(description="Due customers of whom nobody knows where they are.")
    suggested_metres: Metres = Field(
        description="How long the way through the suggestions is, in the order of `place`."
    )
