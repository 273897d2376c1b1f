"""Who is whose manager, as a part of statements: for sets of people, without a loop."""

from sqlalchemy import CTE, Integer, Uuid, and_, bindparam, literal, select
from sqlalchemy.dialects.postgresql import distinct_on

from crm.workspaces.models import teams, users

HIGHEST = 50
"""So many teams above each other are looked through for a manager, should they ever form a circle."""


def superiors() -> CTE:
    """Every person of the actor's workspace as ``user_id``, with the ``manager_id`` who answers for them.

    The nearest active manager, from the person's own team upwards, who is somebody else. Who has none is not there.
    """
    home = bindparam("workspace_id", type_=Uuid)
    chain = (
        select(users.c.id.label("user_id"), teams.c.parent_id, teams.c.manager_id, literal(0, Integer).label("height"))
        .select_from(users.join(teams, and_(teams.c.workspace_id == home, teams.c.id == users.c.team_id)))
        .where(users.c.workspace_id == home)
        .cte("chain_of_command", recursive=True)
    )
    upper = teams.alias("upper")
    chain = chain.union_all(
        select(chain.c.user_id, upper.c.parent_id, upper.c.manager_id, chain.c.height + 1)
        .select_from(chain.join(upper, and_(upper.c.workspace_id == home, upper.c.id == chain.c.parent_id)))
        .where(chain.c.height < HIGHEST)
    )
    boss = users.alias("boss")
    is_there = and_(boss.c.workspace_id == home, boss.c.id == chain.c.manager_id, boss.c.state == "active")
    return (
        select(chain.c.user_id, chain.c.manager_id)
        .select_from(chain.join(boss, is_there))
        .where(chain.c.manager_id != chain.c.user_id)
        .ext(distinct_on(chain.c.user_id))
        .order_by(chain.c.user_id, chain.c.height)
        .cte("superiors")
    )
