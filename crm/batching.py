"""Many items in one request, each by itself: what cannot be taken says why, and keeps nothing else from landing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import ConfigDict, Field, ValidationError

from crm.database import Transaction
from crm.errors import FieldError, Problem, Unprocessable
from crm.fields import Shown
from crm.nouns import Answer

MOST = 500

Items = Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)]

Taking = Callable[[Transaction, Mapping[str, Any]], Awaitable[tuple[int, Answer]]]
"""How an item is read and carried out: the status a request of its own would have had, and the answer."""


class ItemProblem(Shown):
    """Why an item was not taken, as the single request would have said it; pointers are into the item."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str


class Outcome(NamedTuple):
    """What became of an item: as it is now, or why not."""

    status: int
    answer: Answer | None
    problem: Problem | None


async def carry_out(tx: Transaction, items: Sequence[Mapping[str, Any]], take: Taking) -> list[Outcome]:
    """Take each of these in their order; one that fails undoes only itself, and is seen by none after it."""
    return [await _carried_out(tx, item, take) for item in items]


async def _carried_out(tx: Transaction, item: Mapping[str, Any], take: Taking) -> Outcome:
    try:
        async with tx.attempt():
            return Outcome(*await take(tx, item), None)
    except ValidationError as error:
        problem: Problem = Unprocessable(errors=tuple(_errors(error)))
    except Problem as refused:
        problem = refused
    return Outcome(problem.status, None, problem)


def _errors(error: ValidationError) -> Sequence[FieldError]:
    return [
        FieldError(
            "#" + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in found["loc"]),
            found["msg"].removeprefix("Value error, "),
            found["type"],
        )
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]
