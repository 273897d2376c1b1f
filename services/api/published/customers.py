"""Customers, the people there, and what is known of them: what of it is told."""

from crm.attachments.schemas import AttachmentRead
from crm.consents.schemas import ConsentRead
from crm.contacts.beside import TaboosKept
from crm.contacts.schemas import ContactRead
from crm.customers.schemas import CustomerRead
from crm.groups.schemas import LinkRead
from crm.interactions.schemas import InteractionRead
from crm.key_customers.schemas import KeyProposalRead
from crm.notes.schemas import NoteRead
from crm.trust.schemas import TrustRatingRead
from services.api.documentation import Events

CUSTOMERS: Events = {
    "customer.created": ("A customer was added.", CustomerRead),
    "customer.updated": ("A customer was changed.", CustomerRead),
    "customer.archived": ("A customer was put aside.", CustomerRead),
    "customer.restored": ("An archived customer was brought back.", CustomerRead),
    "customer.erased": ("What was known of a customer who is a person was erased.", CustomerRead),
    "customer.qualified": (
        "A prospect is interested: there is somebody to talk to, and somebody who does.",
        CustomerRead,
    ),
    "customer.converted": ("Someone interested became a customer.", CustomerRead),
    "customer.dormant": ("Nobody was in touch with a customer for too long.", CustomerRead),
    "customer.reactivated": ("A dormant customer was contacted again.", CustomerRead),
    "customer.lost": ("A customer was lost; `loss` says why.", CustomerRead),
    "customer.won_back": ("A lost customer is interested again.", CustomerRead),
    "customer.relationship_stage_changed": ("A relationship came closer, cooled or ended.", CustomerRead),
    "customer.trust_changed": ("How much a customer trusts you was judged anew.", CustomerRead),
    "customer.class_changed": ("A customer's class was decided.", CustomerRead),
    "customer.key_status_changed": ("What kind of key customer this is was decided.", CustomerRead),
    "customer.merged": ("Two customers became one; there is one of these for each of them.", CustomerRead),
    "customer.unmerged": ("A merge was undone; there is one of these for each customer.", CustomerRead),
    "customer.contacted": ("You were in touch with a customer.", CustomerRead),
    "customer.warmth_changed": ("A relationship became warmer or cooler.", CustomerRead),
    "customer.owner_changed": ("A customer was handed over to someone else.", CustomerRead),
    "customer.verified": ("Somebody made sure that a customer's file is true.", CustomerRead),
    "trust_rating.created": ("Someone judged how much a customer trusts you, part by part.", TrustRatingRead),
    "key_proposal.made": ("A customer was proposed as a key customer, another kind of one, or none.", KeyProposalRead),
    "key_proposal.withdrawn": ("The numbers do not support a proposal any more.", KeyProposalRead),
    "key_proposal.confirmed": ("A proposal was confirmed.", KeyProposalRead),
    "key_proposal.rejected": ("A proposal was rejected.", KeyProposalRead),
    "customer_link.created": ("A person was linked to a company.", LinkRead),
    "customer_link.updated": ("What a person is at a company was changed.", LinkRead),
    "customer_link.ended": ("A person is no longer linked to a company.", LinkRead),
    "contact.created": ("A contact was added.", ContactRead),
    "contact.updated": ("A contact was changed.", ContactRead),
    "contact.archived": ("A contact was put aside.", ContactRead),
    "contact.restored": ("An archived contact was brought back.", ContactRead),
    "contact.erased": ("What was known of a person was erased.", ContactRead),
    "contact.left": ("A contact no longer works there.", ContactRead),
    "contact.rejoined": ("A contact works there again.", ContactRead),
    "contact.contacted": ("You were in touch with this person.", ContactRead),
    "contact.sensitive_read": ("Someone read what is restricted about a contact.", ContactRead),
    "contact.taboos_changed": ("The taboos of a contact were written or forgotten; the text is not told.", TaboosKept),
    "contact.birthday_passed": ("The day of a contact's birthday is over; the next one is set.", ContactRead),
    "consent.given": ("Someone agreed to a purpose.", ConsentRead),
    "consent.withdrawn": ("Someone took back what they had agreed to.", ConsentRead),
    "interaction.logged": ("A call, a message, a meeting or a visit took place.", InteractionRead),
    "interaction.updated": ("The note of an interaction was changed.", InteractionRead),
    "note.added": ("A note was written.", NoteRead),
    "note.updated": ("A note was changed.", NoteRead),
    "note.archived": ("A note was put aside.", NoteRead),
    "note.restored": ("A note was brought back.", NoteRead),
    "attachment.added": ("A file was attached.", AttachmentRead),
    "attachment.updated": (
        "An attached file went along with its sale or complaint to the customer they belong to.",
        AttachmentRead,
    ),
    "attachment.archived": ("An attached file was put aside.", AttachmentRead),
    "attachment.restored": ("An attached file was brought back.", AttachmentRead),
}
