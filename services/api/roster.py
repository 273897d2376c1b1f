"""What the API consists of: its routers, the sections of its documentation, and the events it tells partners of."""

from fastapi import APIRouter

from services.api.documentation import Events
from services.api.routes import customers, health

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    customers.router,
    # The nouns follow here, one line each, in the order of the documentation.
)

TAGS: dict[str, str] = {
    "customers": "Whom you look after.",
    "operations": "For those who run Rapport: health, readiness and metrics.",
}

EVENTS: Events = {}
