"""The statements by which an import is claimed, fenced, moved on and finished."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Delete,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from crm.database import statement
from crm.facts import this_transaction
from crm.imports.actions import LEASE
from crm.imports.models import import_batches, import_files, import_problems, imports
from crm.imports.queries import IMPORT
from crm.recording import recorded

_CLAIM = tuple(
    imports.c[name]
    for name in (
        "workspace_id", "id", "lease_id", "state", "position", "lines", "mapping", "defaults", "values", "match_by",
        "kind", "date_order", "created_by", "created_by_kind", "undo_by", "undo_by_kind", "undo_upto",
    )
)  # fmt: skip


def _this(*more: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    at_home = imports.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return at_home, imports.c.id == bindparam("import_id", type_=Uuid), *more


def _mine() -> tuple[ColumnElement[bool], ...]:
    return _this(imports.c.lease_id == bindparam("lease_id", type_=Uuid), imports.c.state.in_(["running", "undoing"]))


@statement
def claim() -> Update:
    """Over all workspaces: the one whose lease ended first, or that came first."""
    waiting = (
        select(imports.c.workspace_id, imports.c.id)
        .where(_nobody_has())
        .order_by(func.coalesce(imports.c.leased_until, imports.c.created_at))
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("next_import")
        .prefix_with("MATERIALIZED")
    )
    return (
        update(imports)
        .where(imports.c.workspace_id == waiting.c.workspace_id, imports.c.id == waiting.c.id)
        .values(
            state=case((imports.c.state == "undoing", "undoing"), else_="running"),
            lease_id=func.uuidv7(),
            leased_until=func.now() + LEASE,
            **_moved(),
        )
        .returning(*_CLAIM)
    )


def _nobody_has() -> ColumnElement[bool]:
    return and_(
        imports.c.state.in_(["waiting", "running", "undoing"]),
        or_(imports.c.leased_until.is_(None), imports.c.leased_until <= func.now()),
    )


@statement
def waiting() -> Select[Any]:
    """Over all workspaces: whether there is an import that nobody works on."""
    return select(exists().where(_nobody_has()))


@statement
def landed() -> Insert:
    """This transaction is one of the import's: by that its facts are known."""
    now = bindparam("workspace_id", type_=Uuid), bindparam("import_id", type_=Uuid), this_transaction(), func.now()
    return insert(import_batches).from_select(["workspace_id", "import_id", "transaction_id", "at"], select(*now))


@statement
def taken_back() -> Update:
    """A batch of customers has been taken back."""
    return (
        update(imports)
        .where(*_mine())
        .values(
            undo_upto=bindparam("upto", type_=Uuid),
            undone_count=imports.c.undone_count + bindparam("undone", type_=Integer),
            left_count=imports.c.left_count + bindparam("left", type_=Integer),
            leased_until=func.now() + LEASE,
            **_moved(),
        )
    )


@statement
def claimed() -> Select[Any]:
    """What the holder of a lease needs to know."""
    return select(*_CLAIM).where(*_this(imports.c.state == "running"))


@statement
def fence() -> Select[Any]:
    """Lock the import, if it is still ours and just where we believe it to be."""
    position = bindparam("position", type_=BigInteger)
    there = or_(position.is_(None), imports.c.position == position)
    return select(imports.c.id).where(*_mine(), there).with_for_update()


@statement
def advance() -> Update:
    """The batch has landed: what came of it, and the lease anew."""
    upto = bindparam("upto", type_=BigInteger)
    counts = {
        f"{name}_count": imports.c[f"{name}_count"] + bindparam(name, type_=Integer)
        for name in ("created", "updated", "unchanged", "refused")
    }
    return (
        update(imports)
        .where(*_mine())
        .values(
            position=upto,
            lines_done=func.least(imports.c.lines, upto),
            leased_until=func.now() + LEASE,
            **counts,
            **_moved(),
        )
    )


@statement
def release() -> Update:
    """The lease ends now."""
    return update(imports).where(*_mine()).values(leased_until=func.now())


@statement
def finish() -> Insert:
    """It is over, with its fact."""
    change = update(imports).where(*_this())
    over = {
        "state": bindparam("state", type_=Text),
        "failure": bindparam("failure", type_=Text),
        "finished_at": func.now(),
        "lease_id": None,
        "leased_until": None,
    }
    return recorded(IMPORT, change.values(over))


@statement
def content() -> Select[Any]:
    """The file."""
    return select(import_files.c.content).where(*_of_this(import_files))


@statement
def forget() -> Delete:
    """The file has served; its bad lines stand among the problems."""
    return delete(import_files).where(*_of_this(import_files))


@statement
def refused() -> Select[Any]:
    """The numbers of the lines that were refused, from the first to the last."""
    number = import_problems.c.line
    first, last = bindparam("first", type_=Integer), bindparam("last", type_=Integer)
    return select(number).where(*_of_this(import_problems), number.between(first, last), import_problems.c.refused)


@statement
def keep() -> Insert:
    """What was wrong with lines; a line that was noted before has one thing more."""
    columns: list[Any] = [
        Column("line", Integer), Column("refused", Boolean), Column("errors", JSONB), Column("content", JSONB)
    ]  # fmt: skip
    problem = func.jsonb_to_recordset(bindparam("problems", type_=JSONB)).table_valued(*columns, name="problem")
    problem = problem.render_derived(with_types=True)
    names = ["workspace_id", "import_id", "line", "refused", "errors", "content"]
    home, whose = bindparam("workspace_id", type_=Uuid), bindparam("import_id", type_=Uuid)
    told = insert(import_problems).from_select(names, select(home, whose, *(problem.c[name] for name in names[2:])))
    return told.on_conflict_do_update(
        index_elements=names[:3], set_={"errors": import_problems.c.errors.op("||")(told.excluded.errors)}
    )


def _of_this(table: Any) -> tuple[ColumnElement[bool], ...]:
    at_home = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return at_home, table.c.import_id == bindparam("import_id", type_=Uuid)


def _moved() -> dict[str, Any]:
    return {"version": imports.c.version + 1, "updated_at": func.now()}
