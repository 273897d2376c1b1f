"""Everything that changes customers."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.calendars.whose import calendar_for
from crm.customers import events, rules
from crm.customers.errors import (
    CustomerAboveItself,
    CustomerErased,
    CustomerMerged,
    CustomerStillInUse,
    GroupsAreOfCompanies,
    RegistrationCodeTaken,
    StillLinked,
)
from crm.customers.explaining import MAY_HAND_OVER, as_it_is, only_abroad
from crm.customers.models import (
    GROUPS_ARE_OF_COMPANIES,
    LINKS_KEEP_THEIR_KINDS,
    NO_CUSTOMER_ABOVE_ITSELF,
    ONE_CUSTOMER_PER_REGISTRATION_CODE,
    customer_tokens,
    customers,
)
from crm.customers.parents import fits_in_groups, of_companies, parent_is_seen, unfit
from crm.customers.queries import CUSTOMER, FINDING, out_of_reach
from crm.customers.rhythm import on_a_working_day
from crm.customers.schemas import CustomerCreate, CustomerUpdate
from crm.database import Access, statement
from crm.days import local_date
from crm.errors import Unavailable, invalid
from crm.finding import indexed, indexed_anew, left_by
from crm.nouns import Answer, this_one
from crm.patching import amended, amendments, within_bounds
from crm.recording import changing, creating, explain, record, renamed
from crm.search import normalized
from crm.workspaces.colleagues import team_of
from crm.workspaces.custom_fields import settled

TAKEN = {ONE_CUSTOMER_PER_REGISTRATION_CODE: RegistrationCodeTaken}
UNFIT = {**TAKEN, GROUPS_ARE_OF_COMPANIES: GroupsAreOfCompanies}
REFUSALS = {**UNFIT, NO_CUSTOMER_ABOVE_ITSELF: CustomerAboveItself, LINKS_KEEP_THEIR_KINDS: StillLinked}
MERGED = ("address", "custom")


async def create(access: Access, new: CustomerCreate) -> Answer:
    """Add a customer, and say when to be in touch first.

    Raises ``RegistrationCodeTaken``, ``AlreadyExists`` for an id that is taken, 422 for a parent that is no company.
    """
    created = await _create(access, new)
    if created is None:
        raise await unfit(access, new.parent_id) or Unavailable()
    return created


async def create_unless_found(access: Access, new: CustomerCreate, tokens: Sequence[str]) -> Answer | None:
    """Add a customer unless another is found by one of these tokens; None then, and where the parent is not there."""
    return await _create(access, new, tokens)


async def _create(access: Access, new: CustomerCreate, unless: Sequence[str] = ()) -> Answer | None:
    values = _columns(new.model_dump(by_alias=True, exclude_none=True))
    if new.lifecycle == "lost":
        raise invalid("lifecycle", "Add the customer, then `lose` it: a loss has a cause.", "loss_without_cause")
    if new.parent_id is not None and new.kind != "company":
        raise of_companies()
    if access.actor.user_id is not None:
        values.setdefault("owner_id", access.actor.user_id)
    values["name_key"] = normalized(values["name"])
    values["custom"] = await settled(access, "customer", values["custom"])
    return await record(
        access,
        events.CREATED,
        _insert(access.actor.sight, frozenset(values), unless_found=bool(unless)),
        refusals=UNFIT,
        unless=unless,
        contact_every=rules.contact_every(values.get("key_kind"), values.get("class"), access.actor.settings),
        **renamed(values),
        **left_by(FINDING, values),
    )


async def update(access: Access, customer_id: UUID, change: CustomerUpdate) -> Answer:
    """Change what was sent; the address and the fields of one's own take it in, key by key.

    Raises ``NotFound``, ``Stale``, ``CustomerArchived``, ``RegistrationCodeTaken``, ``HandingOverIsForSupervisors``,
    ``CustomerAboveItself``, ``StillLinked``.
    """
    values = _columns(change.model_dump(by_alias=True, exclude_unset=True))
    if "name" in values:
        values["name_key"] = normalized(values["name"])
    if "custom" in values:
        await settled(access, "customer", values["custom"], partial(_custom_of, access, customer_id))
    merged = {name: values[name] for name in MERGED if values.get(name) is not None}
    may_give = "owner_id" not in values or MAY_HAND_OVER in access.actor.scopes
    changed = await record(
        access,
        events.UPDATED,
        _update(
            access.actor.sight,
            frozenset(values.keys() - merged.keys()),
            frozenset(merged),
            may_give=may_give,
            only_abroad=only_abroad(values),
        ),
        refusals=REFUSALS,
        id=customer_id,
        **renamed(values),
        **amendments(merged),
        **left_by(FINDING, values),
    )
    return changed or await as_it_is(access, customer_id, values)


async def archive(access: Access, customer_id: UUID, *, unless: ColumnElement[bool]) -> Answer:
    """Put a customer aside; it can be restored. Archiving twice is archiving once.

    ``unless`` something is not over: a condition on the table of customers, always the same one. Raises ``NotFound``,
    ``Stale``, ``CustomerStillInUse``.
    """
    archived = await record(access, events.ARCHIVED, _archive(access.actor.sight, unless), id=customer_id)
    if archived is not None:
        return archived
    answer = await explain(access, CUSTOMER, customer_id)
    if orjson.loads(answer.body)["archived_at"] is None:
        raise CustomerStillInUse
    return answer


async def restore(access: Access, customer_id: UUID) -> Answer:
    """Bring an archived customer back.

    Raises ``CustomerErased``, ``RegistrationCodeTaken`` where another has its code by now.
    """
    restored = await record(access, events.RESTORED, _restore(access.actor.sight), refusals=TAKEN, id=customer_id)
    if restored is None:
        restored = await explain(access, CUSTOMER, customer_id)
        if orjson.loads(restored.body)["erased_at"] is not None:
            raise CustomerErased
        if isinstance(problem := await out_of_reach(access, customer_id), CustomerMerged):
            raise problem
    return restored


async def verify(access: Access, customer_id: UUID) -> Answer:
    """Somebody made sure, today, that the file is true. Raises ``NotFound``, ``Stale``, ``CustomerArchived``."""
    verified = await record(access, events.VERIFIED, _verify(access.actor.sight), id=customer_id)
    return verified or await as_it_is(access, customer_id, {})


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """What was sent, as the columns that keep it: money takes two."""
    if "yearly_value" in values:
        money = values["yearly_value"] or {"amount": None, "currency": None}
        values["yearly_value"] = None if money["amount"] is None else Decimal(money["amount"])
        values["yearly_value_currency"] = money["currency"]
    return values


async def _custom_of(access: Access, customer_id: UUID) -> dict[str, Any]:
    return await access.value(_custom(access.actor.sight), id=customer_id) or {}


@statement
def _insert(sight: Sight, columns: frozenset[str], *, unless_found: bool) -> Insert:
    """A new customer with these columns; the team is the owner's where none is given.

    The first contact is due on a working day of the owner's calendar, else of the workspace's.
    """
    today = local_date(func.now())
    calendar_id = calendar_for(bindparam("new_owner_id", type_=Uuid)) if "owner_id" in columns else calendar_for(null())
    due = on_a_working_day(today, today + bindparam("contact_every", type_=Integer), calendar_id)
    values = {"next_contact_due_on": due}
    if "team_id" not in columns and "owner_id" in columns:
        values["team_id"] = team_of(bindparam("new_owner_id", type_=Uuid))
    only_if: list[ColumnElement[bool]] = [parent_is_seen(sight)] if "parent_id" in columns else []
    if unless_found:
        at_home = customer_tokens.c.workspace_id == bindparam("workspace_id", type_=Uuid)
        its = customer_tokens.c.token == any_(bindparam("unless", type_=ARRAY(Text)))
        only_if.append(~exists().where(at_home, its))
    return creating(
        CUSTOMER,
        columns,
        values=values,
        only_if=and_(*only_if) if only_if else None,
        also=partial(indexed, FINDING),
    )


@statement
def _update(
    sight: Sight, columns: frozenset[str], merged: frozenset[str], *, may_give: bool, only_abroad: bool
) -> Insert:
    """A customer with these columns changed, and those of objects merged, and found by their new values.

    A new owner only where one may give; ``only_abroad``: only one of another country.
    """
    also = partial(indexed_anew, FINDING) if columns & FINDING.fields.keys() else None
    seen = fits_in_groups(sight, columns)
    if not may_give:
        seen.append(or_(customers.c.owner_id.is_(None), customers.c.owner_id == bindparam("new_owner_id", type_=Uuid)))
    as_before = customers.c.registration_code == bindparam("new_registration_code", type_=Text)
    abroad = [as_before | (customers.c.address["country"].astext != "CN")] if only_abroad else []
    bounds = [within_bounds(customers.c.custom)] if "custom" in merged else []
    return changing(
        CUSTOMER,
        sight,
        columns,
        customers.c.archived_at.is_(None),
        *seen,
        *abroad,
        *bounds,
        values=amended(customers, merged),
        also=also,
    )


@statement
def _archive(sight: Sight, unless: ColumnElement[bool]) -> Insert:
    now = {"archived_at": func.now()}
    return changing(CUSTOMER, sight, (), customers.c.archived_at.is_(None), ~unless, values=now)


@statement
def _restore(sight: Sight) -> Insert:
    return changing(
        CUSTOMER,
        sight,
        (),
        customers.c.archived_at.is_not(None),
        customers.c.erased_at.is_(None),
        customers.c.merged_into_id.is_(None),
        values={"archived_at": None},
    )


@statement
def _custom(sight: Sight) -> Select[Any]:
    return select(customers.c.custom).where(this_one(CUSTOMER, sight))


@statement
def _verify(sight: Sight) -> Insert:
    today = {"verified_on": local_date(func.now())}
    return changing(CUSTOMER, sight, (), customers.c.archived_at.is_(None), values=today)
