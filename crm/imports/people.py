"""The people of a workspace as a file names them: by e-mail address or by name, each with their team."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, cast, select

from crm.database import Transaction, statement
from crm.search import normalized
from crm.tables import at_home
from crm.workspaces.models import users


class Person(NamedTuple):
    """Somebody who may own what a file brings. Ids are texts."""

    id: str
    team_id: str | None
    is_active: bool


@dataclass(frozen=True)
class People:
    """All people of a workspace."""

    by_id: Mapping[str, Person]
    by_name: Mapping[str, Sequence[Person]]

    def known_as(self, said: str) -> Sequence[Person]:
        """Who has this e-mail address, else all who have this name."""
        return self.by_name.get(said.strip().lower()) or self.by_name.get(normalized(said), ())

    def team_of(self, id: str | None) -> str | None:
        """The team of a person; None for nobody and for one who is in none."""
        person = self.by_id.get(id or "")
        return person.team_id if person else None


async def people(tx: Transaction) -> People:
    """Who is here now, those who have left too."""
    by_id, by_name = {}, defaultdict(list)
    for row in await tx.rows(_people()):
        person = by_id[row["id"]] = Person(row["id"], row["team_id"], row["state"] == "active")
        for called in {row["email"].lower(), normalized(row["name"])} - {""}:
            by_name[called].append(person)
    return People(by_id, by_name)


@statement
def _people() -> Select[Any]:
    c = users.c
    id_, team_id = (cast(column, Text).label(column.name) for column in (c.id, c.team_id))
    return select(id_, team_id, c.email, c.name, c.state).where(at_home(users))
