"""What the API consists of: its routers, the sections of its documentation, and the events it tells partners of."""

from fastapi import APIRouter

from crm.contacts.beside import TaboosKept
from crm.contacts.schemas import ContactRead
from crm.customers.schemas import CustomerRead
from crm.groups.schemas import LinkRead
from crm.imports.schemas import ImportRead
from crm.interactions.schemas import InteractionRead
from crm.reminders.schemas import ReminderRead
from crm.tasks.schemas import TaskRead
from crm.visits.schemas import VisitRead
from crm.webhooks.schemas import WebhookEndpointRead
from crm.workspaces.credentials import ApiKeyRead, SessionRead
from crm.workspaces.custom_schemas import CustomFieldRead
from crm.workspaces.schemas import TeamRead, UserRead, WorkspaceRead
from services.api.documentation import Events
from services.api.routes import (
    api_keys,
    auth,
    contacts,
    custom_fields,
    customers,
    deliveries,
    events,
    groups,
    health,
    imports,
    interactions,
    me,
    notifications,
    reminders,
    stakeholders,
    taboos,
    tasks,
    teams,
    users,
    visits,
    webhook_endpoints,
    workspace,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    customers.router,
    groups.router,
    contacts.router,
    taboos.router,
    stakeholders.router,
    interactions.router,
    visits.router,
    imports.router,
    events.router,
    tasks.router,
    reminders.router,
    notifications.router,
    auth.router,
    me.router,
    workspace.router,
    custom_fields.router,
    users.router,
    teams.router,
    api_keys.router,
    webhook_endpoints.router,
    deliveries.router,
    # The nouns follow here, one line each, in the order of the documentation.
)

TAGS: dict[str, str] = {
    "customers": "Whom you look after.",
    "contacts": "The people there.",
    "interactions": "Calls, messages and meetings: what keeps a relationship warm.",
    "visits": "Planned, started, completed with a result and a next step.",
    "imports": "Bring in what you have, from files.",
    "events": "Everything that happened, as facts.",
    "tasks": "Follow-ups: what was promised, by whom, until when.",
    "reminders": "What is said to whom at what moment, and why it was or was not.",
    "notifications": "Your inbox.",
    "auth": "Sign in, continue, sign out.",
    "me": "Who you are, and where you are signed in.",
    "workspace": "Your company's settings.",
    "custom_fields": "What you want to know beyond what everyone does.",
    "users": "Your colleagues, and what each may do.",
    "teams": "Who works together, and who sees whose records.",
    "api_keys": "For programs that act in your name.",
    "webhooks": "Who is told of what happens, and whether it arrived.",
    "operations": "For those who run Rapport: health, readiness and metrics.",
}

EVENTS: Events = {
    "customer.created": ("A customer was added.", CustomerRead),
    "customer.updated": ("A customer was changed.", CustomerRead),
    "customer.archived": ("A customer was put aside.", CustomerRead),
    "customer.restored": ("An archived customer was brought back.", CustomerRead),
    "customer.verified": ("Somebody made sure that a customer's file is true.", CustomerRead),
    "customer.contacted": ("You were in touch with a customer.", CustomerRead),
    "customer.warmth_changed": ("A relationship became warmer or cooler.", CustomerRead),
    "customer_link.created": ("A person was linked to a company.", LinkRead),
    "customer_link.ended": ("A person is no longer linked to a company.", LinkRead),
    "workspace.created": ("A workspace was founded.", WorkspaceRead),
    "workspace.updated": ("The workspace's name, currency, language or settings were changed.", WorkspaceRead),
    "workspace.timezone_changed": ("The workspace lives by another time zone.", WorkspaceRead),
    "custom_field.created": ("A field of your own was defined.", CustomFieldRead),
    "custom_field.updated": ("A field of your own was changed.", CustomFieldRead),
    "custom_field.archived": ("A field of your own was put aside.", CustomFieldRead),
    "custom_field.restored": ("An archived field was brought back.", CustomFieldRead),
    "user.created": ("Someone joined.", UserRead),
    "user.updated": ("A person, their role or their team was changed.", UserRead),
    "user.disabled": ("Someone can no longer sign in.", UserRead),
    "user.enabled": ("Someone can sign in again.", UserRead),
    "user.sensitive_granted": ("Someone may read what is restricted about contacts.", UserRead),
    "user.sensitive_revoked": ("Someone may no longer read what is restricted about contacts.", UserRead),
    "user.password_changed": ("Someone took a new password.", UserRead),
    "team.created": ("A team was added.", TeamRead),
    "team.updated": ("A team, its place or its manager was changed.", TeamRead),
    "api_key.created": ("An API key was made.", ApiKeyRead),
    "api_key.revoked": ("An API key was ended.", ApiKeyRead),
    "session.revoked": ("Someone signed out, or was, because a used refresh token was shown.", SessionRead),
    "contact.created": ("A contact was added.", ContactRead),
    "contact.updated": ("A contact was changed.", ContactRead),
    "contact.archived": ("A contact was put aside.", ContactRead),
    "contact.restored": ("An archived contact was brought back.", ContactRead),
    "contact.left": ("A contact no longer works there.", ContactRead),
    "contact.rejoined": ("A contact works there again.", ContactRead),
    "contact.contacted": ("You were in touch with this person.", ContactRead),
    "contact.sensitive_read": ("Someone read what is restricted about a contact.", ContactRead),
    "contact.taboos_changed": ("The taboos of a contact were written or forgotten; the text is not told.", TaboosKept),
    "contact.birthday_passed": ("The day of a contact's birthday is over; the next one is set.", ContactRead),
    "interaction.logged": ("A call, a message, a meeting or a visit took place.", InteractionRead),
    "interaction.updated": ("The note of an interaction was changed.", InteractionRead),
    "visit.planned": ("A visit was planned.", VisitRead),
    "visit.updated": ("A planned visit was changed.", VisitRead),
    "visit.rescheduled": ("A visit was moved to another time.", VisitRead),
    "visit.started": ("A visit began.", VisitRead),
    "visit.completed": ("A visit was completed with its result.", VisitRead),
    "visit.cancelled": ("A visit does not take place.", VisitRead),
    "task.created": ("A task was added, by a person or by a rule.", TaskRead),
    "task.updated": ("A task was changed.", TaskRead),
    "task.completed": ("A task was done.", TaskRead),
    "task.cancelled": ("A task will not be done.", TaskRead),
    "task.snoozed": ("A task was put off.", TaskRead),
    "task.reassigned": ("A task was given to someone else.", TaskRead),
    "import.started": ("Someone asked for a file to be brought in.", ImportRead),
    "import.finished": ("A file was brought in, or given up.", ImportRead),
    "reminder.fired": ("The moment of a reminder came, and it was said.", ReminderRead),
    "webhook.test": ("A test you asked for; only the endpoint it is for is told.", WebhookEndpointRead),
}
