"""How the doors look, and everything that reads them."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select, true

from crm.actor import Sight
from crm.complaint_doors.models import complaint_forms, complaint_inboxes
from crm.nouns import Noun
from crm.reading import Listing, among
from crm.tables import stamps, utc


def form_shape(form: FromClause) -> Select[Any]:
    """A form, never with its link."""
    c = form.c
    return select(
        c.id, c.name, c.greeting, c.greeting_zh, c.team_id, c.state, utc(c.link_made_at).label("link_made_at"),
        *stamps(form),
    )  # fmt: skip


def inbox_shape(inbox: FromClause) -> Select[Any]:
    """An inbox, never with its secrets."""
    c = inbox.c
    until = case((c.previous_secret_until > func.now(), utc(c.previous_secret_until)))
    return select(
        c.id, c.name, c.address, c.team_id, c.match_senders, c.authserv_id, c.state,
        until.label("previous_secret_until"),
        *stamps(inbox),
    )  # fmt: skip


def _everyone(_sight: Sight) -> ColumnElement[bool]:
    return true()


FORM = Noun("complaint_form", complaint_forms, form_shape, _everyone, customer=None)
INBOX = Noun("complaint_inbox", complaint_inboxes, inbox_shape, _everyone, customer=None)

FORMS = Listing(FORM, {"created_at": complaint_forms.c.created_at}, among(complaint_forms, ["state"]))
INBOXES = Listing(INBOX, {"created_at": complaint_inboxes.c.created_at}, among(complaint_inboxes, ["state"]))
