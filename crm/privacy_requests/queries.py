"""How a request looks, and everything that reads requests."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, false, func, literal, null, select, true

from crm import reading
from crm.actor import Sight
from crm.database import Access
from crm.days import local_date
from crm.nouns import Answer, Noun
from crm.privacy_requests.models import privacy_requests
from crm.privacy_requests.rules import OPEN
from crm.privacy_requests.schemas import PrivacyRequestFilter
from crm.reading import Listing, among, between
from crm.tables import stamps, utc

CONTACT_ACTIONS = {
    "access": ("GET", "personal-data"),
    "export": ("GET", "personal-data"),
    "delete": ("POST", "erase"),
    "correct": ("PATCH", ""),
    "withdraw": ("POST", "consents"),
}
CUSTOMER_ACTIONS = {"access": ("GET", ""), "export": ("GET", ""), "delete": ("POST", "erase"), "correct": ("PATCH", "")}


def shape(request: FromClause) -> Select[Any]:
    """A request, once: the answer, the event, the export."""
    c = request.c
    return select(
        c.id,
        c.contact_id,
        c.customer_id,
        c.person,
        c.kind,
        c.state,
        utc(c.received_at).label("received_at"),
        c.due_on,
        _overdue(request).label("overdue"),
        utc(c.verified_at).label("verified_at"),
        c.verified_by,
        utc(c.closed_at).label("closed_at"),
        c.refusal_reason,
        case(
            (c.contact_id.is_not(None), _action(c.kind, "contacts", c.contact_id, CONTACT_ACTIONS)),
            (c.customer_id.is_not(None), _action(c.kind, "customers", c.customer_id, CUSTOMER_ACTIONS)),
        ).label("action"),
        *stamps(request),
    )


def _overdue(request: FromClause) -> ColumnElement[bool]:
    return and_(request.c.state.in_(OPEN), request.c.due_on < local_date(func.now()))


def _action(
    kind: ColumnElement[str], nouns: str, id: ColumnElement[Any], actions: dict[str, tuple[str, str]]
) -> ColumnElement[Any]:
    return case(
        *(
            (kind == name, func.json_build_object("method", method, "path", _path(nouns, id, verb)))
            for name, (method, verb) in actions.items()
        ),
        else_=null(),
    )


def _path(nouns: str, id: ColumnElement[Any], verb: str) -> ColumnElement[str]:
    return func.concat(literal(f"/v1/{nouns}/"), id, literal(f"/{verb}" if verb else ""))


def _whoever_sees_all(sight: Sight) -> ColumnElement[bool]:
    return true() if sight is Sight.ALL else false()


PRIVACY_REQUEST = Noun("privacy_request", privacy_requests, shape, _whoever_sees_all)

LIST = Listing(
    PRIVACY_REQUEST,
    sorts={name: privacy_requests.c[name] for name in ("due_on", "received_at", "created_at")},
    filters={
        **among(privacy_requests, ["state", "kind", "contact_id", "customer_id"]),
        **between(privacy_requests, ["due_on"]),
        "overdue": _overdue(privacy_requests),
        "not_overdue": ~_overdue(privacy_requests),
    },
)


async def get(access: Access, request_id: UUID) -> Answer:
    """One request. Raises ``NotFound``."""
    return await reading.one(access, PRIVACY_REQUEST, request_id)


async def page(access: Access, wanted: PrivacyRequestFilter) -> bytes:
    """A page of requests, what is due first."""
    given = wanted.given()
    overdue = given.pop("overdue", None)
    which = set() if overdue is None else {"overdue" if overdue else "not_overdue"}
    return await reading.page(access, LIST, wanted, given, frozenset(given) | which)
