"""What a run of chaos is to be, and what became of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Plan:
    """What is to happen: so many reminders falling due within so many seconds, and so many faults meanwhile."""

    reminders: int
    seconds: float
    faults: int
    workspaces: int = 20
    workers: int = 2
    worker: str = "services.worker.main:main"
    seed: int = 7
    first: str | None = None
    """What is changed in the database before."""
    outage: float = 0.0
    """Seconds that the queue is away, as the one fault there is."""
    waits_for_leases: bool = True
    """Otherwise what a dead worker or queue holds is set free when the faults are over, as if its time was up."""
    has_api: bool = True
    """Otherwise nobody is asked for anything, and nothing is delivered: it is about firing alone."""


@dataclass(frozen=True)
class Late:
    """Seconds."""

    p50: float = 0.0
    p99: float = 0.0
    most: float = 0.0

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Late":
        """The figures of many."""
        found = sorted(seconds)
        return cls(found[len(found) // 2], found[len(found) * 99 // 100], found[-1]) if found else cls()

    def __str__(self) -> str:
        """As it stands in a table."""
        return f"{self.p50:.2f} / {self.p99:.2f} / {self.most:.2f}"


@dataclass
class Outcome:
    """What became of it. ``lost`` and ``twice`` are over notifications, facts, arrivals and what the API was asked."""

    plan: Plan
    faults: Counter[str] = field(default_factory=Counter)
    found: dict[str, Any] = field(default_factory=dict)
    arrived: int = 0
    arrivals: int = 0
    asked: int = 0
    refusals: Counter[int] = field(default_factory=Counter)
    settled_after: float = 0.0
    outages: list[tuple[float, float]] = field(default_factory=list)
    late: Late = field(default_factory=Late)
    """How late reminders were said."""
    able: Late = field(default_factory=Late)
    """The same without the time in which there was no worker or no Postgres."""
    arriving: Late = field(default_factory=Late)
    """How late deliveries arrived, without that time too."""

    @property
    def lost(self) -> int:
        """What did not happen and should have."""
        number, found = self.plan.reminders, self.found
        short = [number - found[name] for name in ("fired", "told_of", "facts_of")]
        short += [number - self.arrived] if self.plan.has_api else []
        unmade: int = max(0, self.asked - found["customers"])
        return sum(max(0, int(each)) for each in short) + unmade

    @property
    def twice(self) -> int:
        """What happened once more than it should have."""
        found = self.found
        extra: int = (found["told"] - found["told_of"]) + (found["facts"] - found["facts_of"])
        return extra + max(0, int(found["customers_told"]) - self.asked)
