"""The product against the table of moves: whatever people and the worker try, it does what the table says."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import orjson
import pytest

from crm.customers.queries import CUSTOMER
from crm.errors import Problem
from crm.reminders import actions, queries
from crm.reminders.rules import MOST_SNOOZES, MOVES, Move
from crm.reminders.schemas import ReminderCreate, ReminderSubjectSent, ReminderUpdate
from crm.reminders.vocabulary import State
from tests.notifications.conftest import Round

TRIED: tuple[Move, ...] = ("update", "cancel", "snooze", "acknowledge", "fire")


@pytest.mark.parametrize("seed", range(6))
async def test_a_reminder_goes_as_the_table_says(rounds: Round, seed: int) -> None:
    home = await rounds.workspace()
    access = rounds.stage.database.writing(home.anna.actor)
    customer_id = await rounds.stage.owner.fetchval(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id) "
        "VALUES ($1, 'company', 'A', 'a', $2) RETURNING id",
        home.id,
        home.anna.id,
    )
    subject = ReminderSubjectSent(type="customer", id=customer_id)
    chance, clock = random.Random(seed), datetime.now(UTC)
    new = ReminderCreate(title="Ask", subject=subject, fire_at=clock + timedelta(hours=1))
    reminder_id = (await actions.create(access, new, CUSTOMER)).id
    state: State = "scheduled"
    said = snoozed = 0

    def later() -> datetime:
        return clock + timedelta(hours=chance.randint(2, 5))

    for number in range(30):
        move = chance.choice(TRIED)
        clock += timedelta(hours=6)
        tries: dict[Move, Callable[[], Awaitable[Any]]] = {
            "update": lambda: actions.update(access, reminder_id, ReminderUpdate(title=f"Ask {number}")),  # noqa: B023  # called before the loop goes on
            "cancel": lambda: actions.cancel(access, reminder_id),
            "snooze": lambda: actions.snooze(access, reminder_id, later()),
            "acknowledge": lambda: actions.acknowledge(access, reminder_id),
            "fire": lambda: rounds.fire(now=clock),  # noqa: B023  # called before the loop goes on
        }
        following = MOVES.get((state, move))
        if move == "snooze" and snoozed == MOST_SNOOZES:
            following = None
        again = (state, move) == ("acknowledged", "acknowledge")
        if following is None and move != "fire" and not again:
            with pytest.raises(Problem):
                await tries[move]()
        else:
            done = await tries[move]()
            assert move != "fire" or done == (following is not None)
        state = following or state
        said += move == "fire" and following is not None
        snoozed += move == "snooze" and following is not None
        kept = orjson.loads((await queries.get(access, reminder_id)).body)
        assert (kept["state"], kept["snooze_count"]) == (state, snoozed), (number, move)
        assert kept["state"] in get_args(State)
        assert await rounds.count("notifications") == said
    facts = await rounds.stage.owner.fetch("SELECT sequence FROM events WHERE subject_id = $1 ORDER BY id", reminder_id)
    assert [fact["sequence"] for fact in facts] == list(range(1, len(facts) + 1))
