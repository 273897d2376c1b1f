"""Where people write of others: every table with words in it that may say something of a person.

This list is what erasure works by. Whoever adds a table or a column with words adds a line here, or says in
``tests/guards/test_personal_data.py`` why nothing personal can stand in it; that guard reads the database's catalogue
and fails until one of the two is done.

A row either is about a person alone (a note on them, a task about them, and everything of a customer who is a person):
then its words are emptied. Or the person may be spoken of in it (the reports of their company): then their names,
numbers and addresses are taken out of the words, and the answer lists what is left for somebody to read.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, Text, any_, case, literal, null, or_, text, true

from crm.attachments.models import attachments
from crm.comments.models import opportunity_comments
from crm.complaints.models import complaint_steps, complaints
from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.exports.models import exports
from crm.groups.models import customer_links
from crm.imports.models import imports
from crm.interactions.models import interactions
from crm.key_customers.models import key_proposals
from crm.notes.models import notes
from crm.notifications.models import notifications
from crm.opportunities.models import opportunities, opportunity_moves
from crm.privacy.rows import HOMES, PERSONS, Place, belonging, hung, ids, not_of_a_contact, under
from crm.privacy_requests.models import privacy_requests
from crm.reminders.models import reminders
from crm.surveys.models import surveys
from crm.tasks.models import tasks
from crm.tasks.origins import task_series
from crm.trust.models import trust_ratings
from crm.visits.models import visits

_TASKS_OF_CONTACT = ids(tasks, hung(tasks))
_TASKS_OF_CUSTOMER = ids(tasks, not_of_a_contact(tasks))
_VISITS_OF_CUSTOMER = ids(visits, belonging(visits))


def _saying(table: Table, told_as: str) -> Place:
    """Titles of reminders and notifications stand under what they are about."""
    subject = table.c.subject_id
    return Place(
        table,
        ("title",),
        told_as=told_as,
        near=under(table),
        of_contact=or_(hung(table), subject.in_(_TASKS_OF_CONTACT)),
        of_customer=or_(hung(table), subject.in_(_TASKS_OF_CUSTOMER), subject.in_(_VISITS_OF_CUSTOMER)),
    )


_FORGOTTEN: Mapping[str, Any] = MappingProxyType(
    {
        f"{at}_position_state": case((visits.c[f"{at}_position"].is_not(None), "forgotten"), else_=state)
        for at, state in (("start", visits.c.start_position_state), ("completion", visits.c.completion_position_state))
    }
)

PLACES: tuple[Place, ...] = (
    Place(
        notes,
        ("text",),
        told_as="note",
        near=under(notes),
        of_contact=hung(notes),
        of_customer=not_of_a_contact(notes),
    ),
    Place(
        attachments,
        ("name",),
        told_as="attachment",
        near=under(attachments),
        of_contact=hung(attachments),
        of_customer=not_of_a_contact(attachments),
        told=("sha256",),
        file="attachment",
        gone=MappingProxyType({"sha256": literal("", Text)}),
        stamp="erased_at",
    ),
    Place(
        tasks,
        ("title", "note", "outcome", "cancel_reason"),
        told_as="task",
        near=under(tasks),
        of_contact=hung(tasks),
        of_customer=not_of_a_contact(tasks),
    ),
    Place(
        task_series,
        ("title", "note"),
        told_as="task_series",
        near=under(task_series),
        of_contact=hung(task_series),
        of_customer=not_of_a_contact(task_series),
    ),
    _saying(reminders, "reminder"),
    _saying(notifications, "notification"),
    Place(
        visits,
        (
            "subject", "preparation", "result", "customer_feedback", "own_needs", "next_step", "reschedule_reason",
            "cancel_reason", "review", "start_out_of_range_reason", "completion_out_of_range_reason",
        ),
        told_as="visit",
        near=under(visits),
        of_customer=belonging(visits),
        told=("check_in", "check_out"),
        gone=MappingProxyType({"start_position": null(), "completion_position": null(), **_FORGOTTEN}),
        with_contact=or_(
            visits.c.contact_ids.op("&&")(PERSONS),
            visits.c.met_contact_ids.op("&&")(PERSONS),
        ),
    ),
    Place(
        interactions,
        ("note",),
        told_as="interaction",
        near=under(interactions),
        of_customer=belonging(interactions),
        with_contact=interactions.c.contact_id == any_(PERSONS),
    ),
    Place(
        trust_ratings,
        ("note",),
        told_as="trust_rating",
        near=under(trust_ratings),
        of_customer=belonging(trust_ratings),
    ),
    Place(
        key_proposals,
        ("reject_reason",),
        told_as="key_proposal",
        near=under(key_proposals),
        of_customer=belonging(key_proposals),
    ),
    Place(
        opportunities,
        ("name", "competitor", "next_step", "source", "note", "tags", "lost_note"),
        told_as="opportunity",
        near=under(opportunities),
        of_customer=belonging(opportunities),
    ),
    Place(
        opportunity_moves,
        ("reason",),
        near=opportunity_moves.c.opportunity_id.in_(ids(opportunities, under(opportunities))),
        of_customer=opportunity_moves.c.opportunity_id.in_(ids(opportunities, belonging(opportunities))),
    ),
    Place(
        opportunity_comments,
        ("text",),
        told_as="comment",
        near=opportunity_comments.c.opportunity_id.in_(ids(opportunities, under(opportunities))),
        of_customer=opportunity_comments.c.opportunity_id.in_(ids(opportunities, belonging(opportunities))),
    ),
    Place(
        complaints,
        (
            "complainer", "subject", "description", "remedy_note", "lot", "root_cause", "corrective_action", "eight_d",
            "solution", "remedy_answer", "close_attempts", "rejection_reason", "alternatives_told",
            "withdrawn_reason", "tags",
        ),
        told_as="complaint",
        # Of whom nobody knew who complained, it can be anybody.
        near=or_(under(complaints), complaints.c.customer_id.is_(None)),
        of_customer=belonging(complaints),
        with_contact=complaints.c.contact_id == any_(PERSONS),
        told=("return_visits",),
        gone=MappingProxyType({"complainer": null(), "eight_d": null(), "close_attempts": text("'[]'::jsonb")}),
    ),
    Place(
        complaint_steps,
        ("note",),
        near=complaint_steps.c.complaint_id.in_(
            ids(complaints, or_(under(complaints), complaints.c.customer_id.is_(None)))
        ),
        of_customer=complaint_steps.c.complaint_id.in_(ids(complaints, belonging(complaints))),
    ),
    Place(
        surveys,
        ("comment",),
        told_as="survey",
        # Of whom nobody knew who complained, it can be anybody.
        near=or_(under(surveys), surveys.c.customer_id.is_(None)),
        of_contact=surveys.c.contact_id == any_(PERSONS),
        of_customer=belonging(surveys),
    ),
    Place(
        customer_links,
        ("position",),
        told_as="customer_link",
        near=customer_links.c.organization_id == any_(HOMES),
        of_customer=customer_links.c.person_id == any_(PERSONS),
    ),
    Place(
        customers,
        (
            "lifecycle_reason", "lost_evidence", "stage_reason", "stage_evidence", "source", "note", "address", "tags",
            "custom",
        ),
        told_as="customer",
        near=customers.c.id == any_(HOMES),
        told=("reason",),
    ),
    Place(
        contacts,
        ("title", "department", "preferences", "left_note", "custom"),
        told_as="contact",
        near=under(contacts),
        told=("reason",),
    ),
    Place(privacy_requests, ("person", "refusal_reason"), told_as="privacy_request", near=true()),
    Place(exports, ("filters",), told_as="export", near=true()),
    Place(imports, ("file_name", "mapping", "defaults", "values", "headings"), told_as="import", near=true()),
)  # fmt: skip
"""The person's own record is no place: whatever is not kept of it is emptied (``people``)."""

OTHERWISE: Mapping[str, str] = MappingProxyType(
    {
        "contact_found_by.field": "traces.tokens",
        "contact_found_by.tokens": "traces.tokens",
        "contact_tokens.token": "traces.tokens",
        "contact_tokens.field": "traces.tokens",
        "customer_found_by.field": "traces.tokens",
        "customer_found_by.tokens": "traces.tokens",
        "customer_tokens.token": "traces.tokens",
        "customer_tokens.field": "traces.tokens",
        "contact_taboos.sealed": "traces.taboos",
        "customer_merges.winner_before": "traces.merges",
        "customer_merges.winner_after": "traces.merges",
        "events.payload": "traces.forget_facts",
        "events.changes": "traces.forget_facts",
        "idempotency_keys.body": "traces.kept_answers",
        "import_files.content": "files.waiting_imports",
        "import_problems.content": "traces.import_problems_with",
        "import_problems.errors": "traces.import_problems_with",
        "webhook_attempts.response_start": "traces.webhook_answers",
    }
)
"""Columns of another make, and what reaches them."""


def told_texts() -> dict[str, list[str]]:
    """The members with words in the facts about each noun."""
    return {place.told_as: [*place.texts, *place.told] for place in PLACES if place.told_as}
