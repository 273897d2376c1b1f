"""What crosses the boundary: everything about a person, and that somebody looked."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from crm.attachments.schemas import AttachmentRead
from crm.complaints.detail_schemas import ComplaintHeld
from crm.consents.schemas import ConsentRead
from crm.contacts.schemas import ContactRead
from crm.customers.schemas import CustomerRead
from crm.customers.vocabulary import ErasedBecause
from crm.events.schemas import EventRead
from crm.fields import Sent, Shown, like
from crm.groups.schemas import LinkRead
from crm.interactions.schemas import InteractionRead
from crm.key_customers.schemas import KeyProposalRead
from crm.notes.schemas import NoteRead
from crm.privacy_requests.schemas import PrivacyRequestRead
from crm.tasks.schemas import TaskRead
from crm.trust.schemas import TrustRatingRead
from crm.visits.schemas import VisitRead


class TaboosHeld(Shown):
    """What must not be said or done with a person. The text is for those who were given the right to read it."""

    known: bool = Field(description="Whether there is a text.")
    text: str | None = Field(description="Null where there is none, and for whoever may not read it.")


class PersonalData(Shown):
    """Everything that is held about a person, in one document that can be handed to them."""

    contact: ContactRead
    taboos: TaboosHeld
    consents: list[ConsentRead] = Field(description="What they agreed to and took back.")
    interactions: list[InteractionRead]
    visits_planned: list[VisitRead] = Field(description="Visits that were to meet them, and did not or not yet.")
    visits_met: list[VisitRead] = Field(description="Visits that met them.")
    complaints: list[ComplaintHeld] = Field(description="What they complained of.")
    tasks: list[TaskRead] = Field(description="Tasks about them.")
    notes: list[NoteRead] = Field(description="Notes on them.")
    attachments: list[AttachmentRead] = Field(description="Files hung on them; fetch each by its id.")
    privacy_requests: list[PrivacyRequestRead] = Field(description="What they asked about their data.")
    events: list[EventRead] = Field(description="Every fact that names them, oldest first.")


class CustomerPersonalData(Shown):
    """Everything that is held about a customer who is a person, in one document that can be handed to them."""

    customer: CustomerRead
    merged: list[CustomerRead] = Field(description="Other records of them, which were merged with this one.")
    links: list[LinkRead] = Field(description="The companies they belong to.")
    interactions: list[InteractionRead]
    visits: list[VisitRead]
    complaints: list[ComplaintHeld]
    tasks: list[TaskRead]
    notes: list[NoteRead]
    attachments: list[AttachmentRead] = Field(description="Fetch each by its id.")
    trust_ratings: list[TrustRatingRead]
    key_proposals: list[KeyProposalRead]
    privacy_requests: list[PrivacyRequestRead] = Field(description="What they asked about their data.")
    events: list[EventRead] = Field(description="Every fact under their records or naming them, oldest first.")


class DisclosureRead(Shown):
    """Somebody took out everything about a person. The fact says who and when."""

    id: UUID
    contact_id: UUID | None = Field(description="Null where the person is the customer.")
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
