"""Why a change of a customer changed nothing: it was so already, or something stands against it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from crm.customers import registration
from crm.customers.errors import (
    HandingOverIsForSupervisors,
)
from crm.customers.parents import of_companies, unfit
from crm.customers.queries import CUSTOMER, out_of_reach
from crm.database import Access
from crm.errors import invalid
from crm.nouns import Answer
from crm.patching import too_many
from crm.recording import explain

MAY_HAND_OVER = "handovers:write"


async def as_it_is(access: Access, customer_id: UUID, values: dict[str, Any]) -> Answer:
    """The customer, when a change had nothing to change; else the reason why it could not."""
    answer = await explain(access, CUSTOMER, customer_id)
    if problem := await out_of_reach(access, customer_id):
        raise problem
    now = orjson.loads(answer.body)
    if only_abroad(values) and now["registration_code"] != values["registration_code"]:
        raise invalid("registration_code", registration.fault(values["registration_code"]) or "", registration.INVALID)
    if "custom" in values and (problem := too_many("custom", now["custom"], values["custom"])):
        raise problem
    parent_id = values.get("parent_id")
    if parent_id is not None and str(parent_id) != now["parent_id"]:
        if values.get("kind", now["kind"]) != "company":
            raise of_companies()
        if problem := await unfit(access, parent_id):
            raise problem
    given_away = "owner_id" in values and now["owner_id"] not in {None, str(values["owner_id"])}
    if given_away and MAY_HAND_OVER not in access.actor.scopes:
        raise HandingOverIsForSupervisors
    if values.get("kind", now["kind"]) == "person" != now["kind"]:
        raise invalid("kind", "This company belongs to a group, or is one; a person cannot.", "in_a_group")
    return answer


def only_abroad(values: Mapping[str, Any]) -> bool:
    """Whether the code among these values needs an address abroad that is there already.

    Raises 422 where the address will be in China by what was sent.
    """
    wrong = registration.fault(values.get("registration_code") or "")
    if wrong is None:
        return False
    if "address" not in values or "country" not in (values["address"] or {"country": None}):
        return True
    if registration.is_chinese(values["address"]):
        raise invalid("registration_code", wrong, registration.INVALID)
    return False
