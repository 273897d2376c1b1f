"""How much customers trust us, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from crm.customers.errors import CustomerArchived
from crm.database import Transaction
from crm.nouns import Answer
from crm.paging import Page
from crm.trust import actions, queries
from crm.trust.schemas import TrustRate, TrustRatingFilter, TrustRatingRead
from services.api.answers import respond
from services.api.deps import CustomerReads, changes
from services.api.problems import problems
from services.api.routing import router as new_router

CustomerChanges = Annotated[Transaction, changes("customers")]

router = new_router(tags=["customers"])


@router.post(
    "/customers/{customer_id}/trust-ratings",
    status_code=201,
    response_model=TrustRatingRead,
    responses=problems(CustomerArchived),
)
async def rate_trust(tx: CustomerChanges, customer_id: UUID, new: TrustRate) -> Response:
    """Judge how much a customer trusts you, by the four parts of the trust equation (信任方程式), each 1 to 10.

    It becomes the customer's present `trust`; those before it stay as they were given.
    """
    return respond(await actions.rate(tx, customer_id, new), 201, "/v1/trust-ratings")


@router.get("/customers/{customer_id}/trust-ratings", response_model=Page[TrustRatingRead])
async def list_trust_ratings(
    access: CustomerReads, customer_id: UUID, wanted: Annotated[TrustRatingFilter, Query()]
) -> bytes:
    """How trust was judged over time, latest first."""
    return await queries.page(access, customer_id, wanted)


@router.get("/trust-ratings/{rating_id}", response_model=TrustRatingRead)
async def get_trust_rating(access: CustomerReads, rating_id: UUID) -> Answer:
    """One judgement of trust."""
    return await queries.get(access, rating_id)
