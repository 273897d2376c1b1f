"""What two customers say as one, and what the winner says when they are two again: pure rules, field by field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crm.customers.schemas import CustomerUpdate

Row = dict[str, Any]

NEVER_CHOSEN = frozenset({"parent_id"})
"""The group of a customer follows from the tree, not from a choice."""

ONLY_CHOSEN = frozenset({"owner_id", "team_id", "key_kind"})
"""What is not filled in from the loser where the winner has none: nobody gets a customer by the way."""

OF_CONTACT = ("last_contact_at", "next_contact_due_on", "warmth_band")
OF_TRUST = ("trust_rated_at", "trust_score", "trust_index")
"""What goes together: whoever was in touch, or was judged, later says all of it."""


def choosable() -> frozenset[str]:
    """The fields of which a merge may say whose it keeps: what a change can set."""
    fields = CustomerUpdate.model_fields.items()
    return frozenset(field.alias or name for name, field in fields) - NEVER_CHOSEN


def merged(winner: Row, loser: Row, choose: Mapping[str, str]) -> Row:
    """What the winner says after a merge: its own, as chosen, and from the loser what it has not.

    Tags and custom fields of both; do-not-contact if either; in touch when either was last.
    """
    after: Row = {}
    for field in choosable():
        mine, theirs = winner[field], loser[field]
        if field in choose:
            after[field] = theirs if choose[field] == "loser" else mine
        elif field == "tags":
            after[field] = [*mine, *(tag for tag in theirs if tag not in mine)]
        elif field == "custom":
            after[field] = {**theirs, **mine}
        elif field == "do_not_contact":
            after[field] = mine or theirs
        else:
            after[field] = theirs if mine is None and field not in ONLY_CHOSEN else mine
    after["name_key"] = loser["name_key"] if choose.get("name") == "loser" else winner["name_key"]
    for together in (OF_CONTACT, OF_TRUST):
        if _moment(loser[together[0]]) > _moment(winner[together[0]]):
            after |= {name: loser[name] for name in together}
    return after


def parted(now: Row, before: Row, after: Row) -> Row:
    """What the winner says when the merge is undone: what it said before, except where it was changed since.

    Of contacts always what it said before: whose those since then were is known by the facts, and told again.
    """
    new: Row = {}
    for field, was in before.items():
        became, says = after[field], now[field]
        if says == became or field in OF_CONTACT:
            new[field] = was
        elif field == "tags":
            new[field] = [tag for tag in says if tag in was or tag not in became]
        elif field == "custom":
            new[field] = {
                key: value for key, value in says.items() if key in was or key not in became or became[key] != value
            }
    if now["trust_rated_at"] != after.get("trust_rated_at", now["trust_rated_at"]):
        new = {name: value for name, value in new.items() if name not in OF_TRUST}
    if "name" not in new:
        new.pop("name_key", None)
    return new


def _moment(text: str | None) -> float:
    return float("-inf") if text is None else datetime.fromisoformat(text).timestamp()
