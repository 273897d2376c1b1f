"""With whom a new customer of a file begins, and when to be in touch first."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from crm import clock
from crm.actor import Actor
from crm.calendars.prepared import calendars_of, workspace_calendar
from crm.customers import rules
from crm.database import Transaction
from crm.imports.people import People

NOBODY = ("There is no owner of this name.", "owner_unknown")
MANY = ("Several owners have this name.", "owner_ambiguous")


@dataclass(frozen=True)
class Beginning:
    """Whose new customers are: of whom the line names, else of whom the import does, else of whoever imports."""

    actor: Actor
    people: People

    def set_owner(self, values: dict[str, Any], named: str | None) -> tuple[str, str] | None:
        """Give a new customer its owner, and the owner's team where it has none of its own.

        Where the line names nobody who works here, or several, that is told, and the owner is as if it named none: no
        customer is left without somebody.
        """
        meant = self._active(named) if named else []
        if len(meant) == 1:
            values["owner_id"] = meant[0]
        elif self._importing is not None:
            values.setdefault("owner_id", self._importing)
        if "team_id" not in values:
            values["team_id"] = self.people.team_of(values.get("owner_id"))
        if named is None or len(meant) == 1:
            return None
        return MANY if meant else NOBODY

    async def set_days(self, tx: Transaction, new: Sequence[dict[str, Any]]) -> None:
        """Set by when each wants to hear from us: a working day of its owner, else of the workspace (B1)."""
        owners = {owner for values in new if (owner := values.get("owner_id"))}
        calendars = await calendars_of(tx, [UUID(owner) for owner in sorted(owners)]) if owners else {}
        of_owner = {str(owner): calendar for owner, calendar in calendars.items()}
        of_nobody = await workspace_calendar(tx) if any("owner_id" not in values for values in new) else None
        today = clock.today(self.actor.timezone)
        days: dict[tuple[str | None, ...], str] = {}
        for values in new:
            which = owner, key_kind, class_ = values.get("owner_id"), values.get("key_kind"), values.get("class")
            if which not in days:
                calendar = of_owner[owner] if owner else of_nobody
                every = rules.contact_every(key_kind, class_, self.actor.settings)
                is_working_day = calendar.is_working_day if calendar else clock.is_weekday
                days[which] = rules.next_contact_due(None, today, every, is_working_day=is_working_day).isoformat()
            values["next_contact_due_on"] = days[which]

    def _active(self, named: str) -> list[str]:
        return [person.id for person in self.people.known_as(named) if person.is_active]

    @cached_property
    def _importing(self) -> str | None:
        return None if self.actor.user_id is None else str(self.actor.user_id)
