"""What is left to do after an import: the lines to mend and send again, and what an undo could not take back."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Integer, Select, Text, Uuid, bindparam, case, cast, func, select, true

from crm.actor import Sight
from crm.chinese import in_chinese
from crm.database import Access, statement
from crm.errors import NotFound
from crm.imports.files import BOM
from crm.imports.mapping import REASONS
from crm.imports.models import import_leftovers, import_problems, imports
from crm.imports.queries import IMPORT
from crm.imports.schemas import LeftoverFilter
from crm.nouns import this_one

AT_ONCE = 2_000


async def problems_file(access: Access, import_id: UUID, *, chinese: bool = False) -> bytes:
    """The lines with problems as they were sent, and a column of reasons, in this language. Raises ``NotFound``."""
    headings = await access.value(_headings(access.actor.sight), id=import_id)
    if headings is None:
        raise NotFound
    text = StringIO()
    writer = csv.writer(text)
    mine = [heading for heading in headings if heading != REASONS]
    writer.writerow([*mine, REASONS])
    after = 0
    while rows := await access.rows(_lines(), id=import_id, after=after, limit=AT_ONCE):
        writer.writerows([*_cells(row["content"], mine), _reasons(row["errors"], chinese=chinese)] for row in rows)
        after = rows[-1]["line"]
    return BOM + text.getvalue().encode()


async def leftovers(access: Access, import_id: UUID, wanted: LeftoverFilter) -> bytes:
    """A page of what an undo left. Raises ``NotFound`` where the import is not visible."""
    after = wanted.cursor or UUID(int=0)
    rows = await access.rows(_left(access.actor.sight), id=import_id, after=after, limit=wanted.limit + 1)
    if not rows:
        raise NotFound
    found = [row for row in rows if row["subject_id"] is not None]
    shown = found[: wanted.limit]
    cursor = orjson.dumps(str(shown[-1]["subject_id"]) if len(found) > wanted.limit else None)
    return b'{"data":[%b],"next_cursor":%b}' % (",".join([row["body"] for row in shown]).encode(), cursor)


def _cells(content: Mapping[str, str], headings: Sequence[str]) -> list[str]:
    """The cells of a line in the order of the file; of one that the headings do not fit, by their place."""
    if content.keys() <= set(headings):
        return [content.get(heading, "") for heading in headings]
    cells = [content[place] for place in sorted(content, key=int)]
    return (cells + [""] * len(headings))[: max(len(cells), len(headings))]


def _reasons(errors: Sequence[Mapping[str, Any]], *, chinese: bool) -> str:
    said = [(one["pointer"], (chinese and in_chinese(one["message"])) or one["message"]) for one in errors]
    return "; ".join(f"{column}: {message}" if column else message for column, message in said)


@statement
def _headings(sight: Sight) -> Select[Any]:
    return select(imports.c.headings).where(this_one(IMPORT, sight))


@statement
def _lines() -> Select[Any]:
    problem = import_problems.c
    return (
        select(problem.line, problem.errors, problem.content)
        .where(
            problem.workspace_id == bindparam("workspace_id", type_=Uuid),
            problem.import_id == bindparam("id", type_=Uuid),
            problem.line > bindparam("after", type_=Integer),
        )
        .order_by(problem.line)
        .limit(bindparam("limit", type_=Integer))
    )


@statement
def _left(sight: Sight) -> Select[Any]:
    """The leftovers after one, each as JSON; a row without one where there are none."""
    left = import_leftovers.c
    of = imports.alias("of_import")
    kind = select(of.c.kind).where(of.c.workspace_id == left.workspace_id, of.c.id == left.import_id).scalar_subquery()
    cut = (
        select(
            left.subject_id,
            case((kind == "customers", left.subject_id)).label("customer_id"),
            case((kind == "opportunities", left.subject_id)).label("opportunity_id"),
            left.reason,
            left.fields,
        )
        .where(
            left.workspace_id == bindparam("workspace_id", type_=Uuid),
            left.import_id == bindparam("id", type_=Uuid),
            left.subject_id > bindparam("after", type_=Uuid),
        )
        .order_by(left.subject_id)
        .limit(bindparam("limit", type_=Integer))
        .subquery("cut")
    )
    return (
        select(cut.c.subject_id, cast(func.to_jsonb(cut.table_valued()).op("-")("subject_id"), Text).label("body"))
        .select_from(imports.outerjoin(cut, true()))
        .where(this_one(IMPORT, sight))
        .order_by(cut.c.subject_id)
    )
