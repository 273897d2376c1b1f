"""The roster: importing this module imports every table, for Alembic, the worker and the tests."""

from crm.absences.models import absences
from crm.advice.models import complaint_advice
from crm.attachments.models import attachments
from crm.calendars.models import calendar_days, calendars, working_days
from crm.care.models import customer_calls, visit_plan_lines, visit_plans, warmth_rounds
from crm.channels.models import notification_channels, notification_items, notification_messages
from crm.comments.models import opportunity_comments
from crm.complaint_doors.models import complaint_arrivals, complaint_forms, complaint_inboxes
from crm.complaints.models import clock_pauses, complaint_numbers, complaint_steps, complaints, sla_clocks
from crm.consents.models import consents
from crm.contacts.models import birthday_rounds, contact_found_by, contact_taboos, contact_tokens, contacts
from crm.customers.models import customer_found_by, customer_merges, customer_tokens, customers
from crm.events.models import events, reactions, worker_heartbeats
from crm.exchange_rates.models import exchange_rates
from crm.exports.models import exports
from crm.feeds.models import calendar_feeds
from crm.forecasts.models import opportunity_days, sales_rounds
from crm.groups.models import customer_links
from crm.imports.models import import_batches, import_files, import_leftovers, import_problems, imports
from crm.interactions.models import interactions
from crm.key_customers.models import key_proposals, key_rounds
from crm.notes.models import notes
from crm.notifications.models import notifications
from crm.opportunities.models import (
    opportunities,
    opportunity_collaborators,
    opportunity_contacts,
    opportunity_items,
    opportunity_moves,
    opportunity_rounds,
    stage_paces,
)
from crm.pipelines.models import pipeline_stages, pipelines
from crm.privacy_requests.models import privacy_requests
from crm.products.models import products
from crm.reminders.models import reminders
from crm.removals.models import owed_removals
from crm.sla.models import sla_policies, sla_recounts
from crm.strangers.models import stranger_counters
from crm.surveys.models import owed_surveys, surveys
from crm.tables import metadata
from crm.targets.models import targets
from crm.tasks.models import tasks
from crm.tasks.origins import task_chains, task_rule_rounds, task_rule_runs, task_rules, task_series
from crm.trust.models import trust_ratings
from crm.visits.models import location_consents, visits
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
    "absences",
    "api_keys",
    "attachments",
    "birthday_rounds",
    "calendar_days",
    "calendar_feeds",
    "calendars",
    "clock_pauses",
    "complaint_advice",
    "complaint_arrivals",
    "complaint_forms",
    "complaint_inboxes",
    "complaint_numbers",
    "complaint_steps",
    "complaints",
    "consents",
    "contact_found_by",
    "contact_taboos",
    "contact_tokens",
    "contacts",
    "custom_fields",
    "customer_calls",
    "customer_found_by",
    "customer_links",
    "customer_merges",
    "customer_tokens",
    "customers",
    "events",
    "exchange_rates",
    "exports",
    "idempotency_keys",
    "import_batches",
    "import_files",
    "import_leftovers",
    "import_problems",
    "imports",
    "interactions",
    "key_proposals",
    "key_rounds",
    "location_consents",
    "metadata",
    "notes",
    "notification_channels",
    "notification_items",
    "notification_messages",
    "notifications",
    "opportunities",
    "opportunity_collaborators",
    "opportunity_comments",
    "opportunity_contacts",
    "opportunity_days",
    "opportunity_items",
    "opportunity_moves",
    "opportunity_rounds",
    "owed_removals",
    "owed_surveys",
    "pipeline_stages",
    "pipelines",
    "privacy_requests",
    "products",
    "reactions",
    "reminders",
    "sales_rounds",
    "sessions",
    "sign_in_attempts",
    "sla_clocks",
    "sla_policies",
    "sla_recounts",
    "stage_paces",
    "stranger_counters",
    "surveys",
    "targets",
    "task_chains",
    "task_rule_rounds",
    "task_rule_runs",
    "task_rules",
    "task_series",
    "tasks",
    "teams",
    "trust_ratings",
    "users",
    "visit_plan_lines",
    "visit_plans",
    "visits",
    "warmth_rounds",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_endpoints",
    "worker_heartbeats",
    "working_days",
    "workspaces",
]
