"""Who should be a key customer, over HTTP."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query

from crm.customers.errors import CustomerArchived
from crm.database import Access, Transaction
from crm.key_customers import actions, queries, ranking
from crm.key_customers.errors import ProposalDecided
from crm.key_customers.schemas import KeyProposalFilter, KeyProposalRead, ProposalsMade, RejectProposal
from crm.nouns import Answer
from crm.paging import Page
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

ProposalReads = Annotated[Access, reads("key_proposals")]
ProposalWrites = Annotated[Access, writes("key_proposals")]
ProposalChanges = Annotated[Transaction, changes("key_proposals")]

MOST = 2000
"""Proposals that one request makes: a request has seconds, a first look at many customers may need more."""

router = new_router(tags=["key_proposals"])


@router.get("/key-proposals", response_model=Page[KeyProposalRead])
async def list_key_proposals(access: ProposalReads, wanted: Annotated[KeyProposalFilter, Query()]) -> bytes:
    """Proposals about the customers you may see, newest first; `state=open` are those that wait for you."""
    return await queries.page(access, wanted)


@router.post("/key-proposals/run", response_model=ProposalsMade)
async def run_key_proposals(tx: ProposalChanges) -> bytes:
    """Look at all customers of the workspace now, as happens by itself once a month.

    The first 20 % by `yearly_value` (rounded up) are of high value, those with an `influence` of 4 or 5 influential,
    some are both. Whoever is not what they deserve to be gets a proposal; open ones that do not hold any more are
    withdrawn. Running it again changes nothing.
    """
    return orjson.dumps((await ranking.propose(tx, most=MOST))._asdict())


@router.get("/key-proposals/{proposal_id}", response_model=KeyProposalRead)
async def get_key_proposal(access: ProposalReads, proposal_id: UUID) -> Answer:
    """One proposal, with the numbers it was judged by."""
    return await queries.get(access, proposal_id)


@router.post(
    "/key-proposals/{proposal_id}/confirm",
    response_model=KeyProposalRead,
    responses=problems(ProposalDecided, CustomerArchived),
)
async def confirm_key_proposal(tx: ProposalChanges, proposal_id: UUID) -> Answer:
    """Do what is proposed: the customer becomes a key customer of that kind, or an ordinary one."""
    return await actions.confirm(tx, proposal_id)


@router.post("/key-proposals/{proposal_id}/reject", response_model=KeyProposalRead, responses=problems(ProposalDecided))
async def reject_key_proposal(access: ProposalWrites, proposal_id: UUID, why: RejectProposal) -> Answer:
    """Leave the customer what it is, and say why. The same is not proposed again for some time."""
    return await actions.reject(access, proposal_id, why.reason)
