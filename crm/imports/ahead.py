"""Reading ahead: while one batch of lines lands in Postgres, a thread reads the next one."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, NamedTuple, Protocol, TypeVar

from crm.imports.files import Line, Sheet

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Reads(Protocol[R_co]):
    """Reads lines of a sheet."""

    @property
    def sheet(self) -> Sheet:
        """Where they stand."""

    def read(self, line: Line) -> R_co:
        """One line. Never raises."""

    def names_parent(self, line: Line) -> bool:
        """Whether the line has its turn when parents are found."""


class Batch(NamedTuple, Generic[R]):
    """Lines as they were read, from a position to another."""

    position: int
    upto: int
    readings: Sequence[R]


@dataclass
class Ahead(Generic[R]):
    """The lines of a file in batches of ``size``, at most two of which are in memory.

    Positions count lines, from 0 to ``lines`` once, and from there on again, for those that name a parent.
    """

    reader: Reads[R]
    lines: int
    end: int
    size: int
    _now: Batch[R] | None = None
    _next: tuple[int, asyncio.Future[Batch[R]]] | None = None
    _rest: Iterator[Line] = field(default_factory=lambda: iter(()))
    _rest_at: int = -1

    async def batch(self, position: int) -> Batch[R]:
        """The batch at a position; the same one when it is asked for again."""
        if self._now is not None and self._now.position == position:
            return self._now
        if self._next is None or self._next[0] != position:
            self._next = self._begun(position)
        self._now, self._next = await self._next[1], None
        return self._now

    def read_on(self) -> None:
        """Begin with the next batch, once this one is worked out: else both threads would share one core."""
        if self._next is None and self._now is not None and self._now.upto < self.end:
            self._next = self._begun(self._now.upto)

    def _begun(self, position: int) -> tuple[int, asyncio.Future[Batch[R]]]:
        return position, asyncio.get_running_loop().run_in_executor(None, self._read, position)

    def _read(self, position: int) -> Batch[R]:
        first = position % self.lines
        if self._rest_at != first:
            self._rest = islice(self.reader.sheet.lines(), first, None)
        found = list(islice(self._rest, self.size))
        self._rest_at = first + len(found)
        wanted = filter(self.reader.names_parent, found) if position >= self.lines else found
        return Batch(position, position + len(found), [self.reader.read(line) for line in wanted])
