"""How an import looks, and everything that reads imports."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import NotFound
from crm.imports.models import import_problems, imports
from crm.imports.schemas import ImportFilter, ProblemFilter
from crm.nouns import Answer, Noun, this_one
from crm.reading import Listing, among
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(import_: FromClause) -> Select[Any]:
    """An import, once: the answer, the event."""
    i = import_.c
    return select(
        i.id,
        i.kind,
        i.file_name,
        i.mapping,
        i.defaults,
        i["values"],
        i.match_by,
        i.date_order,
        i.state,
        i.failure,
        i.lines,
        i.lines_done,
        i.created_count,
        i.updated_count,
        i.unchanged_count,
        i.refused_count,
        i.undone_count,
        i.left_count,
        func.json_build_object("kind", i.created_by_kind, "id", i.created_by).label("created_by"),
        utc(i.finished_at).label("finished_at"),
        *stamps(import_),
    )


@cache
def _visible(sight: Sight) -> ColumnElement[bool]:
    """One's own, those of the teams in sight, or everyone's."""
    if sight is Sight.ALL:
        return true()
    own: ColumnElement[bool] = imports.c.created_by == bindparam("actor_id", type_=Uuid)
    if sight is Sight.OWN:
        return own
    at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    in_sight = users.c.team_id == any_(bindparam("team_ids", type_=ARRAY(Uuid)))
    return own | imports.c.created_by.in_(select(users.c.id).where(at_home, in_sight))


IMPORT = Noun("import", imports, shape, _visible, customer=None)

LIST = Listing(IMPORT, sorts={"created_at": imports.c.created_at}, filters=among(imports, ["kind", "state"]))


async def get(access: Access, import_id: UUID) -> Answer:
    """One import. Raises ``NotFound``."""
    return await reading.one(access, IMPORT, import_id)


async def page(access: Access, wanted: ImportFilter) -> bytes:
    """A page of imports."""
    return await reading.page(access, LIST, wanted)


async def problems(access: Access, import_id: UUID, wanted: ProblemFilter) -> bytes:
    """A page of what was wrong, by line. Raises ``NotFound`` where the import is not visible."""
    rows = await access.rows(
        _problems(access.actor.sight), id=import_id, after_line=int(wanted.cursor or 0), limit=wanted.limit + 1
    )
    if not rows:
        raise NotFound
    found = [row for row in rows if row["line"] is not None]
    shown = found[: wanted.limit]
    cursor = b'"%d"' % shown[-1]["line"] if len(found) > wanted.limit else b"null"
    return b'{"data":[%b],"next_cursor":%b}' % (",".join([row["body"] for row in shown]).encode(), cursor)


@statement
def _problems(sight: Sight) -> Select[Any]:
    """The problems after a line, each as JSON; a row without one where there are none and the import is visible."""
    problem = import_problems.c
    cut = (
        select(problem.line, problem.refused, problem.errors, problem.content)
        .where(
            problem.workspace_id == bindparam("workspace_id", type_=Uuid),
            problem.import_id == bindparam("id", type_=Uuid),
            problem.line > bindparam("after_line", type_=Integer),
        )
        .order_by(problem.line)
        .limit(bindparam("limit", type_=Integer))
        .subquery("cut")
    )
    return (
        select(cut.c.line, cast(func.row_to_json(cut.table_valued()), Text).label("body"))
        .select_from(imports.outerjoin(cut, true()))
        .where(and_(this_one(IMPORT, sight)))
        .order_by(cut.c.line)
    )
