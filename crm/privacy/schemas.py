"""What crosses the boundary: everything about a person, and that somebody looked."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from crm.consents.schemas import ConsentRead
from crm.contacts.schemas import ContactRead
from crm.events.schemas import EventRead
from crm.fields import Shown
from crm.interactions.schemas import InteractionRead
from crm.tasks.schemas import TaskRead
from crm.visits.schemas import VisitRead


class PersonalData(Shown):
    """Everything that is held about a person, in one document that can be handed to them."""

    contact: ContactRead
    consents: list[ConsentRead] = Field(description="What they agreed to and took back.")
    interactions: list[InteractionRead]
    visits_planned: list[VisitRead] = Field(description="Visits that were to meet them, and did not or not yet.")
    visits_met: list[VisitRead] = Field(description="Visits that met them.")
    tasks: list[TaskRead] = Field(description="Tasks about them.")
    events: list[EventRead] = Field(description="Every fact that names them, oldest first.")


class DisclosureRead(Shown):
    """Somebody took out everything about a person. The fact says who and when."""

    id: UUID
    contact_id: UUID
    customer_id: UUID
    created_at: datetime
