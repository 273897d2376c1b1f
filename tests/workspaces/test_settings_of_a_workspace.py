"""What a workspace may set for itself."""

from typing import Any

import pytest

from crm.errors import Unprocessable
from crm.workspaces.settings import DEFAULTS, effective


def test_without_overrides_the_defaults_of_the_domain_hold() -> None:
    assert effective({}) == DEFAULTS
    assert DEFAULTS["warmth"] == {"hot_until": 15, "warm_until": 60, "cold_from": 120, "zero_at": 240}
    assert DEFAULTS["cadence"] == {"double": 15, "key": 30, "potential": 60, "ordinary": 90}
    assert (DEFAULTS["reminder_time"], DEFAULTS["visibility"]) == ("09:00", "team")


def test_an_override_changes_its_field_and_leaves_the_others() -> None:
    found = effective({"warmth": {"hot_until": 10}, "visibility": "own"})
    assert found["warmth"] == {"hot_until": 10, "warm_until": 60, "cold_from": 120, "zero_at": 240}
    assert found["visibility"] == "own"
    assert found["cadence"] == DEFAULTS["cadence"]


@pytest.mark.parametrize(
    ("overrides", "pointer"),
    [
        ({"warmth": {"hot_until": "15"}}, "#/settings/warmth/hot_until"),
        ({"warmth": {"hot_until": True}}, "#/settings/warmth/hot_until"),
        ({"warmth": {"hot_until": 1.5}}, "#/settings/warmth/hot_until"),
        ({"warmth": {"hot_until": -1}}, "#/settings/warmth/hot_until"),
        ({"warmth": {"hot_until": None}}, "#/settings/warmth/hot_until"),
        ({"warmth": {"hot_untill": 1}}, "#/settings/warmth/hot_untill"),
        ({"warmth": 15}, "#/settings/warmth"),
        ({"warmth": {"hot_until": 60}}, "#/settings/warmth"),
        ({"cadence": {"key": 0}}, "#/settings/cadence/key"),
        ({"reminder_time": "9:00"}, "#/settings/reminder_time"),
        ({"reminder_time": "24:00"}, "#/settings/reminder_time"),
        ({"reminder_time": "09:00\n"}, "#/settings/reminder_time"),
        ({"visibility": "everyone"}, "#/settings/visibility"),
        ({"visibility": ["team"]}, "#/settings/visibility"),
        ({"colour": "red"}, "#/settings/colour"),
    ],
)
def test_a_bad_setting_is_refused_by_name(overrides: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        effective(overrides)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_all_bad_settings_are_named_at_once() -> None:
    with pytest.raises(Unprocessable) as refused:
        effective({"visibility": 1, "cadence": {"key": 0, "double": "x"}}, at="body")
    assert {error.pointer for error in refused.value.errors} == {
        "#/body/visibility",
        "#/body/cadence/key",
        "#/body/cadence/double",
    }


def test_the_settings_cannot_be_changed_in_passing() -> None:
    with pytest.raises(TypeError):
        DEFAULTS["warmth"]["hot_until"] = 3
