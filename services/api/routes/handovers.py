"""Handing customers over, over HTTP."""

from typing import Annotated
from uuid import UUID

from crm.customers.errors import CustomerArchived
from crm.customers.schemas import CustomerRead
from crm.database import Access, Transaction
from crm.handovers import actions, queries
from crm.handovers.schemas import CustomersTransfer, CustomerTransfer, HoldingsRead, OwnersRead, TransferRead
from crm.nouns import Answer
from services.api.deps import CustomerReads, changes, reads
from services.api.problems import problems
from services.api.routing import router as new_router

router = new_router(tags=["handovers"])

HandoverReads = Annotated[Access, reads("handovers")]
HandoverChanges = Annotated[Transaction, changes("handovers")]


@router.post("/customers/{customer_id}/transfer", response_model=CustomerRead, responses=problems(CustomerArchived))
async def transfer_customer(tx: HandoverChanges, customer_id: UUID, wanted: CustomerTransfer) -> Answer:
    """Hand a customer over to a colleague, with the former owner's tasks to get in touch and planned visits.

    The team follows the owner. The answer is the customer as it is after that, whoever sees it from then on.
    """
    return await actions.transfer(tx, customer_id, wanted)


@router.post("/customers/transfer", response_model=TransferRead, responses=problems(CustomerArchived))
async def transfer_customers(tx: HandoverChanges, wanted: CustomersTransfer) -> bytes:
    """Hand over several customers, or all that a person has and that you see: all in one go, or none.

    At most 500 a call. `remaining` says how many of the person's are left: call again until it is 0. Archived
    customers stay where they are.
    """
    return await actions.transfer_many(tx, wanted)


@router.get("/customers/{customer_id}/owners", response_model=OwnersRead)
async def list_customer_owners(access: CustomerReads, customer_id: UUID) -> bytes:
    """Who has had this customer from when on, why it came to them, and who decided that; the present owner first."""
    return await queries.owners(access, customer_id)


@router.get("/users/{user_id}/holdings", response_model=HoldingsRead)
async def get_user_holdings(access: HandoverReads, user_id: UUID) -> bytes:
    """What a person still holds: look here when somebody leaves, and hand it over."""
    return await queries.holdings(access, user_id)
