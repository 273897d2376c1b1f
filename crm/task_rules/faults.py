"""What becomes of a rule that does not work: it says so, administrators are told once, and nothing else stops."""

from typing import Any

from sqlalchemy import Text, Update, Uuid, and_, bindparam, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import Insert, insert

from crm.actor import Role
from crm.database import Transaction, statement
from crm.notifications.models import notifications
from crm.task_rules.queries import Rule
from crm.task_rules.vocabulary import Fault
from crm.tasks.origins import task_rules
from crm.workspaces.models import users

WORDS = {"en": "The rule “{name}” does not work", "zh-CN": "规则“{name}”无法执行"}


async def tell(tx: Transaction, rule: Rule, fault: Fault) -> None:
    """Keep what is wrong with the rule, and tell every administrator: once for each version of the rule."""
    await tx.row(_fail(), rule_id=rule.id, fault=fault)
    title = WORDS.get(tx.actor.language, WORDS["en"]).format(name=rule.name)
    await tx.rows(_notify(), rule_id=rule.id, title=title, told=f"task_rule:{rule.id}:{rule.version}")


async def clear(tx: Transaction, rule: Rule) -> None:
    """It works again."""
    if rule.last_error is not None:
        await tx.row(_clear(), rule_id=rule.id)


def _this() -> Any:
    r = task_rules.c
    return and_(
        r.workspace_id == bindparam("workspace_id", type_=Uuid), r.id == bindparam("rule_id", type_=Uuid)
    )  # fmt: skip


@statement
def _fail() -> Update:
    return update(task_rules).where(_this()).values(last_error=bindparam("fault", type_=Text), failed_at=func.now())


@statement
def _clear() -> Update:
    return update(task_rules).where(_this()).values(last_error=None, failed_at=None)


@statement
def _notify() -> Insert:
    u, rule_id = users.c, bindparam("rule_id", type_=Uuid)
    admins = select(
        u.workspace_id,
        u.id,
        literal("task_rule", Text),
        bindparam("title", type_=Text),
        literal("task_rule", Text),
        rule_id,
        func.concat(bindparam("told", type_=Text), ":", cast(u.id, Text)),
    ).where(u.workspace_id == bindparam("workspace_id", type_=Uuid), u.role == Role.ADMIN.value, u.state == "active")
    names = ["workspace_id", "user_id", "kind", "title", "subject_type", "subject_id", "dedupe_key"]
    return insert(notifications).from_select(names, admins).on_conflict_do_nothing()


def fault_of(error: Exception) -> Fault:
    """The word for what went wrong."""
    word: Any = str(error)
    return word if word in {"user_gone", "chain_gone", "unknown_condition", "unknown_field"} else "failed"
