"""Reminders by the clock on the wall; which moment that is: ``tests/clock``."""

from datetime import UTC, datetime

import pytest

from crm.reminders.local_time import parsed, resolve, written


def test_what_a_clock_shows_is_written_without_an_offset_and_read_again() -> None:
    local = datetime(2027, 1, 5, 9)  # noqa: DTZ001  # the clock on the wall
    assert written(local) == "2027-01-05T09:00:00"
    assert parsed(written(local)) == local
    with pytest.raises(ValueError, match="offset"):
        resolve(local.replace(tzinfo=UTC), "UTC")
