"""Every type of event that partners, feeds and front ends are told: what it says, and the shape of its noun."""

from services.api.documentation import Events
from services.api.published.complaints import COMPLAINTS
from services.api.published.customers import CUSTOMERS
from services.api.published.house import HOUSE
from services.api.published.sales import SALES
from services.api.published.tasks import TASKS
from services.api.published.visits import VISITS

EVENTS: Events = {**CUSTOMERS, **VISITS, **SALES, **COMPLAINTS, **TASKS, **HOUSE}
