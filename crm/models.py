"""The roster: importing this module imports every table, for Alembic, the worker and the tests."""

from crm.care.models import warmth_rounds
from crm.contacts.models import birthday_rounds, contact_taboos, contact_tokens, contacts
from crm.customers.models import customer_tokens, customers
from crm.events.models import events, reactions, worker_heartbeats
from crm.groups.models import customer_links
from crm.imports.models import import_files, import_problems, imports
from crm.interactions.models import interactions
from crm.notifications.models import notifications
from crm.reminders.models import reminders
from crm.tables import metadata
from crm.tasks.models import tasks
from crm.visits.models import visits
from crm.webhooks.models import webhook_attempts, webhook_deliveries, webhook_endpoints
from crm.workspaces.models import (
    api_keys,
    custom_fields,
    idempotency_keys,
    sessions,
    sign_in_attempts,
    teams,
    users,
    workspaces,
)

__all__ = [
    "api_keys",
    "birthday_rounds",
    "contact_taboos",
    "contact_tokens",
    "contacts",
    "custom_fields",
    "customer_links",
    "customer_tokens",
    "customers",
    "events",
    "idempotency_keys",
    "import_files",
    "import_problems",
    "imports",
    "interactions",
    "metadata",
    "notifications",
    "reactions",
    "reminders",
    "sessions",
    "sign_in_attempts",
    "tasks",
    "teams",
    "users",
    "visits",
    "warmth_rounds",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_endpoints",
    "worker_heartbeats",
    "workspaces",
]
