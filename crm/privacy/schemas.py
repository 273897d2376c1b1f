"""What crosses the boundary: everything about a person, and that somebody looked."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from crm.consents.schemas import ConsentRead
from crm.contacts.schemas import ContactRead
from crm.customers.vocabulary import ErasedBecause
from crm.events.schemas import EventRead
from crm.fields import Sent, Shown, like
from crm.interactions.schemas import InteractionRead
from crm.privacy_requests.schemas import PrivacyRequestRead
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
    privacy_requests: list[PrivacyRequestRead] = Field(description="What they asked about their data.")
    events: list[EventRead] = Field(description="Every fact that names them, oldest first.")


class DisclosureRead(Shown):
    """Somebody took out everything about a person. The fact says who and when."""

    id: UUID
    contact_id: UUID
    customer_id: UUID
    created_at: datetime
    version: int


class Erasure(Sent):
    """Why a person's data is erased."""

    model_config = like(reason="requested")

    reason: ErasedBecause


class FreeText(Shown):
    """Something that people wrote in their own words, where the person may be spoken of."""

    type: str = Field(description="The noun of the record, as in events.")
    id: UUID
    field: str
    names_the_person: bool = Field(description="It had one of the person's names in it.")


class ErasureRead(Shown):
    """A person's data was erased. The record stays, emptied: its id, its moments and its place in the history."""

    id: UUID
    erased_at: datetime
    reason: ErasedBecause
    version: int
    erased: dict[str, int] = Field(
        description="Where data of the person was overwritten or withdrawn, and how often: by table, and `facts`, "
        "`search_tokens`, `taboos`, `merges`, `kept_answers`, `import_problems`, `waiting_imports`, `export_files` and "
        "`webhook_attempts`."
    )
    to_review: list[FreeText] = Field(
        description="Words on records in which the person takes part or was named, up to 1000. Their names, "
        "numbers and addresses are taken out; please read whether the rest still tells who is meant."
    )
