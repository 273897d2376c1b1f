"""The workspace itself, its people, and what goes in and out of it: what of it is told."""

from crm.absences.schemas import AbsenceRead
from crm.calendars.schemas import CalendarRead
from crm.exports.schemas import ExportRead
from crm.imports.schemas import ImportRead
from crm.privacy.schemas import DisclosureRead
from crm.privacy_requests.schemas import PrivacyRequestRead
from crm.webhooks.schemas import WebhookEndpointRead
from crm.workspaces.credentials import ApiKeyRead, SessionRead
from crm.workspaces.custom_schemas import CustomFieldRead
from crm.workspaces.schemas import TeamRead, UserRead, WorkspaceRead
from services.api.documentation import Events

HOUSE: Events = {
    "workspace.created": ("A workspace was founded.", WorkspaceRead),
    "workspace.updated": ("The workspace's name, currency, language or settings were changed.", WorkspaceRead),
    "workspace.timezone_changed": ("The workspace lives by another time zone.", WorkspaceRead),
    "calendar.created": ("A calendar was added.", CalendarRead),
    "calendar.updated": ("A calendar's name, zone or week was changed.", CalendarRead),
    "calendar.days_changed": (
        "Days of a calendar changed, by hand or by an import; `changes` says the first and the last.",
        CalendarRead,
    ),
    "calendar.archived": ("A calendar was put aside.", CalendarRead),
    "calendar.restored": ("An archived calendar was brought back.", CalendarRead),
    "absence.planned": ("Somebody will be away.", AbsenceRead),
    "absence.cancelled": ("An absence was cancelled.", AbsenceRead),
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
    "import.started": ("Someone asked for a file to be brought in.", ImportRead),
    "import.finished": ("A file was brought in, or given up.", ImportRead),
    "import.drafted": ("A file was sent, to be brought in later.", ImportRead),
    "import.undoing": ("Someone asked for an import to be taken back.", ImportRead),
    "import.undone": ("An import was taken back.", ImportRead),
    "export.created": ("Someone asked for a list as a file.", ExportRead),
    "export.finished": ("A list was written to a file, or given up.", ExportRead),
    "privacy_request.received": ("Someone asked about their data.", PrivacyRequestRead),
    "privacy_request.verified": ("Whoever asked has shown who they are.", PrivacyRequestRead),
    "privacy_request.fulfilled": ("What was asked about personal data was done.", PrivacyRequestRead),
    "privacy_request.refused": ("What was asked about personal data was refused, with a reason.", PrivacyRequestRead),
    "personal_data.disclosed": ("Everything about a person was taken out.", DisclosureRead),
    "webhook.test": ("A test you asked for; only the endpoint it is for is told.", WebhookEndpointRead),
}
