"""Visits, the plans for them, and whom to call: what of it is told."""

from crm.care.call_schemas import CallRead
from crm.care.plan_schemas import PlanRead
from crm.feeds.schemas import FeedRead
from crm.visits.consents import LocationConsentKept
from crm.visits.schemas import VisitRead
from services.api.documentation import Events

VISITS: Events = {
    "visit.planned": ("A visit was planned.", VisitRead),
    "visit.updated": ("A planned visit was changed.", VisitRead),
    "visit.rescheduled": ("A visit was moved to another time.", VisitRead),
    "visit.started": ("A visit began.", VisitRead),
    "visit.confirmed": ("The customer expects a visit.", VisitRead),
    "visit.completed": ("A visit was completed with its result.", VisitRead),
    "visit.reviewed": ("The supervisor reviewed a joint visit.", VisitRead),
    "visit.missed": ("Nobody made a visit that was planned.", VisitRead),
    "visit.cancelled": ("A visit does not take place.", VisitRead),
    "visit.location_read": ("Someone read where a visit was made; the position is not told.", VisitRead),
    "location_consent.changed": ("Someone agreed that their positions are kept, or took it back.", LocationConsentKept),
    "visit_plan.proposed": ("A monthly visit plan was made, or made anew.", PlanRead),
    "visit_plan.adjusted": ("A visit plan was changed by hand.", PlanRead),
    "visit_plan.approved": ("A manager approved a visit plan.", PlanRead),
    "customer_call.kept": ("Someone set when a customer is to be called next, or how far things are.", CallRead),
    "feed.created": ("Someone made a private calendar of their visits and tasks.", FeedRead),
    "feed.revoked": ("A private calendar ended.", FeedRead),
}
