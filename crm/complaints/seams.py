"""What complaints mean for others: conditions on the tables of those below, for those above."""

from sqlalchemy import or_, select

from crm.complaints.models import complaints
from crm.complaints.rules import OPEN
from crm.customers.models import customers
from crm.opportunities.seams import has_open_opportunity

has_open_complaint = (
    select(complaints.c.id)
    .where(
        complaints.c.workspace_id == customers.c.workspace_id,
        complaints.c.customer_id == customers.c.id,
        complaints.c.state.in_(OPEN),
    )
    .correlate(customers)
    .exists()
)
"""Somebody of this customer still waits to have something put right: the customer is not put aside (C2)."""

is_in_use = or_(has_open_opportunity, has_open_complaint)
"""What keeps a customer from being put aside."""
