"""How a judgement of trust looks, and everything that reads them."""

from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Select, Uuid, and_, bindparam, select

from crm import reading
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER, with_its_customer
from crm.database import Access
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing
from crm.tables import utc
from crm.trust.models import PARTS, trust_ratings
from crm.trust.schemas import TrustRatingFilter
from crm.workspaces.models import users


def shape(rating: FromClause) -> Select[Any]:
    """A judgement of trust, once: the answer and the event."""
    customer, user = customers.alias("customer"), users.alias("person")
    c = rating.c
    return select(
        c.id,
        c.customer_id,
        mention(customer).label("customer"),
        c.user_id,
        mention(user).label("user"),
        *(c[part] for part in PARTS),
        c.score,
        c.index,
        c.note,
        utc(c.created_at).label("created_at"),
        c.version,
    ).select_from(
        rating.join(
            customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id)
        ).outerjoin(user, and_(user.c.workspace_id == c.workspace_id, user.c.id == c.user_id))
    )


TRUST_RATING = Noun("trust_rating", trust_ratings, shape, with_its_customer(trust_ratings))

LIST = Listing(
    TRUST_RATING,
    sorts={"created_at": trust_ratings.c.created_at},
    filters={"customer_id": trust_ratings.c.customer_id == bindparam("customer_id", type_=Uuid)},
)


async def get(access: Access, rating_id: UUID) -> Answer:
    """One judgement. Raises ``NotFound``."""
    return await reading.one(access, TRUST_RATING, rating_id)


async def page(access: Access, customer_id: UUID, wanted: TrustRatingFilter) -> bytes:
    """A page of the judgements about this customer. Raises ``NotFound``."""
    await reading.one(access, CUSTOMER, customer_id)
    return await reading.page(access, LIST, wanted, {"customer_id": customer_id})
