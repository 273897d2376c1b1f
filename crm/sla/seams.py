"""What others need to know of promises."""

from crm.calendars.used import Goes
from crm.sla.models import sla_policies

PROMISES = Goes("sla_policy", sla_policies, sla_policies.c.archived_at.is_(None))
"""A promise counts in the working time of its calendar: as long as it holds, the calendar is not put aside."""
