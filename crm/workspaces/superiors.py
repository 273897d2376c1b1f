"""Who is whose manager, as a part of statements: for sets of people or teams, without a loop."""

from sqlalchemy import CTE, ColumnElement, Integer, Uuid, and_, bindparam, literal, select
from sqlalchemy.dialects.postgresql import distinct_on

from crm.workspaces.models import teams, users

HIGHEST = 50
"""So many teams above each other are looked through for a manager, should they ever form a circle."""


def superiors(*among: ColumnElement[bool]) -> CTE:
    """The people of the actor's workspace, or those ``among`` them, as ``user_id`` with the ``manager_id`` above them.

    The nearest active manager, from the person's own team upwards, who is somebody else. Who has none is not there.
    """
    people = select(users.c.id.label("user_id"), users.c.team_id, users.c.id.label("oneself"))
    return leaders(people.where(users.c.workspace_id == bindparam("workspace_id", type_=Uuid), *among).cte("people"))


def leaders(led: CTE) -> CTE:
    """What is led, named as in the first column of ``led``, with the ``manager_id`` of the nearest active manager.

    From the team in the second column upwards; never whoever stands in one of the further columns. What has none is
    not there. Once in a statement.
    """
    home = bindparam("workspace_id", type_=Uuid)
    what, team_id, *others = led.c
    origins = select(team_id.label("team_id")).where(team_id.is_not(None)).distinct().subquery("origins")
    chain = (
        select(teams.c.id, teams.c.parent_id, teams.c.manager_id, literal(0, Integer).label("height"))
        .select_from(origins.join(teams, and_(teams.c.workspace_id == home, teams.c.id == origins.c.team_id)))
        .cte("chain_of_command", recursive=True)
    )
    upper = teams.alias("upper")
    chain = chain.union_all(
        select(chain.c.id, upper.c.parent_id, upper.c.manager_id, chain.c.height + 1)
        .select_from(chain.join(upper, and_(upper.c.workspace_id == home, upper.c.id == chain.c.parent_id)))
        .where(chain.c.height < HIGHEST)
    )
    boss = users.alias("boss")
    is_there = and_(boss.c.workspace_id == home, boss.c.id == chain.c.manager_id, boss.c.state == "active")
    return (
        select(what, chain.c.manager_id)
        .select_from(led.join(chain, chain.c.id == team_id).join(boss, is_there))
        .where(*(chain.c.manager_id.is_distinct_from(other) for other in others))
        .ext(distinct_on(what))
        .order_by(what, chain.c.height)
        .cte("leaders")
    )
