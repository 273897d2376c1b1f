"""What must be known before a sale goes further (``domain.md`` B4, B5, C2): facts, never feelings.

Each stage names its requirements (``crm.pipelines.requirements``). Whoever goes further passes the gates of every stage
on the way; whoever wins, those of all that are left.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    any_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.opportunities.models import opportunity_contacts
from crm.opportunities.qualification import is_known
from crm.pipelines.models import pipeline_stages

IN_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "customer": ("Whose sale it is must be known.", "须确定所属客户。"),
        "amount": ("An amount over zero is needed.", "须填写大于零的金额。"),
        "expected_close_on": ("The day it is expected to close is needed.", "须填写预计成交日期。"),
        "next_step": ("The next step is needed.", "须填写下一步行动。"),
        "contact_reached": ("The customer must have been reached once.", "须与客户成功联系过一次。"),
        "man_known": ("Money, authority and need must be known.", "须明确资金、决定权与需求。"),
        "man_promising": ("Money, authority and need must not all be missing.", "资金、决定权与需求不能全部为否。"),
        "authority_found": (
            "The one you talk to does not decide: a contact who does is needed.",
            "对方无决定权，须找到决策人或审批人。",
        ),
    }
)
"""What each requirement asks for, in English and in Chinese."""

ROLES_ZH: Mapping[str, str] = MappingProxyType(
    {
        "user": "使用者",
        "influencer": "影响者",
        "decider": "决策者",
        "approver": "审批者",
        "buyer": "采购者",
        "gatekeeper": "把关者",
        "champion": "支持者",
    }
)

CONTACT: Final = "contact:"
CHECK: Final = "check:"
CLEAR: Final = 2
"""The score of an element of a checklist that is clear."""


def in_words(name: str) -> dict[str, str]:
    """A missing requirement for people: its code, and what to do about it in both languages."""
    if name.startswith(CONTACT):
        roles = name.removeprefix(CONTACT).split("/")
        said = f"A contact is needed who is {' or '.join(roles)}."
        said_zh = f"须有角色为{'或'.join(ROLES_ZH[role] for role in roles)}的联系人。"
    elif name.startswith(CHECK):
        checklist, _, element = name.removeprefix(CHECK).partition(".")
        said, said_zh = f"{element} of {checklist} must be clear (2).", f"{checklist} 的 {element} 须明确（2 分）。"
    else:
        said, said_zh = IN_WORDS[name]
    return {"code": name, "message": said, "message_zh": said_zh}


def missing(c: Any, *, after: ColumnElement[Any], until: ColumnElement[Any] | None) -> Select[Any]:
    """The names of what is missing to pass from the stage in the place ``after`` to the one in the place ``until``.

    Each once. ``c`` are the columns of the opportunity as it would be; ``until`` None: to the end.
    """
    stage = pipeline_stages.alias("gate")
    asked = func.unnest(stage.c.requires).table_valued(Column("name", Text), name="asked").render_derived()
    on_the_way = [
        stage.c.workspace_id == c.workspace_id,
        stage.c.pipeline_id == c.pipeline_id,
        stage.c.place > after,
    ]
    if until is not None:
        on_the_way.append(stage.c.place <= until)
    unmet = not_(func.coalesce(_met(c, asked.c.name), False))
    return select(asked.c.name).select_from(stage.join(asked, true())).where(*on_the_way, unmet).distinct()


def has_role(c: Any, roles: ColumnElement[Any]) -> ColumnElement[bool]:
    """Somebody plays one of these roles, in this sale or at its customer."""
    stake, contact = opportunity_contacts.alias("stake"), contacts.alias("contact")
    in_this_sale = exists().where(
        stake.c.workspace_id == c.workspace_id, stake.c.opportunity_id == c.id, stake.c.role == any_(roles)
    )
    held = func.jsonb_array_elements(contact.c.roles).table_valued(Column("value", JSONB), name="held").render_derived()
    at_the_customer = (
        exists()
        .where(
            contact.c.workspace_id == c.workspace_id,
            contact.c.customer_id == c.customer_id,
            contact.c.archived_at.is_(None),
            contact.c.left_on.is_(None),
            held.c.value["role"].astext == any_(roles),
        )
        .select_from(contact.join(held, true()))
    )
    return or_(in_this_sale, at_the_customer)


def _met(c: Any, name: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the requirement of this name is met."""
    customer = customers.alias("reached")
    reached = exists().where(
        customer.c.workspace_id == c.workspace_id,
        customer.c.id == c.customer_id,
        customer.c.last_contact_at.is_not(None),
    )
    roles = cast(func.string_to_array(func.substr(name, len(CONTACT) + 1), "/"), ARRAY(Text))
    path = [func.split_part(func.substr(name, len(CHECK) + 1), ".", place) for place in (1, 2)]
    score = cast(func.jsonb_extract_path_text(c.checks, *path), Integer)
    decides = cast(literal("{decider,approver}"), ARRAY(Text))
    simple = {
        "customer": c.customer_id.is_not(None),
        "amount": c.amount > 0,
        "expected_close_on": c.expected_close_on.is_not(None),
        "next_step": c.next_step.is_not(None),
        "contact_reached": reached,
        "man_known": is_known(c),
        "man_promising": or_(c.money != "no", c.authority != "no", c.need != "no"),
        "authority_found": or_(c.authority != "no", has_role(c, decides)),
    }
    return case(
        *((name == literal(word), met) for word, met in simple.items()),
        (func.starts_with(name, CONTACT), has_role(c, roles)),
        else_=and_(func.starts_with(name, CHECK), score == CLEAR),
    )
