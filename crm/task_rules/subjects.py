"""What a task can be about: the one place to extend, beside ``SubjectType`` in ``crm.tasks.vocabulary``."""

from collections.abc import Mapping
from types import MappingProxyType

from crm.complaints.queries import COMPLAINT
from crm.contacts.queries import CONTACT
from crm.customers.queries import CUSTOMER
from crm.interactions.queries import INTERACTION
from crm.nouns import Noun
from crm.opportunities.queries import OPPORTUNITY
from crm.privacy_requests.queries import PRIVACY_REQUEST
from crm.tasks.vocabulary import SubjectType
from crm.visits.queries import VISIT

SUBJECTS: Mapping[SubjectType, Noun] = MappingProxyType(
    {
        "customer": CUSTOMER,
        "contact": CONTACT,
        "visit": VISIT,
        "interaction": INTERACTION,
        "opportunity": OPPORTUNITY,
        "complaint": COMPLAINT,
        "privacy_request": PRIVACY_REQUEST,
    }
)
"""Each with its noun, whose sight says who may hang a task on it. Tasks stand below these and do not know them."""
