"""A calendar as RFC 5545 wants it, from what was read. Pure: the same rows give the same bytes.

Tasks are events without duration that take no time: most programs that subscribe to calendars show no to-dos.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import icalendar
import orjson

from crm.timeline.labels import value

PRODUCT = "-//Rapport//Visits and tasks//EN"
REFRESH = timedelta(minutes=15)

STATUS: Mapping[str, str] = MappingProxyType(
    {
        "planned": "TENTATIVE",
        "confirmed": "CONFIRMED",
        "in_progress": "CONFIRMED",
        "completed": "CONFIRMED",
        "reviewed": "CONFIRMED",
        "cancelled": "CANCELLED",
        "missed": "CANCELLED",
        "open": "CONFIRMED",
        "done": "CONFIRMED",
    }
)
"""What a state of a visit or of a task is called in a calendar."""


@dataclass(frozen=True)
class Calendar:
    """What a feed shows: ``visits`` and ``tasks`` are JSON, as Postgres wrote it."""

    owner: str
    workspace: str
    language: str
    visits: Any
    tasks: Any


def written(calendar: Calendar) -> bytes:
    """The calendar as a file."""
    chinese = calendar.language.startswith("zh")
    made = icalendar.Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    name = _line(f"{calendar.owner} · {calendar.workspace}")
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT15M")
    for visit in _items(calendar.visits):
        made.add_component(_visit(visit, chinese=chinese))
    for task in _items(calendar.tasks):
        made.add_component(_task(task))
    text: bytes = made.to_ical()
    return text


def _items(found: Any) -> Sequence[Mapping[str, Any]]:
    items: Sequence[Mapping[str, Any]] = orjson.loads(found) if isinstance(found, str | bytes) else found
    return items


def _event(item: Mapping[str, Any], kind: str) -> icalendar.Event:
    """What every entry says of itself. The stamp is that of the last change, so that an unchanged feed is the same."""
    event = icalendar.Event()
    changed = _moment(item["updated_at"])
    event.add("uid", f"{item['id']}@{kind}.rapport")
    event.add("dtstamp", changed)
    event.add("created", _moment(item["created_at"]))
    event.add("last-modified", changed)
    event.add("sequence", item["version"])
    event.add("status", STATUS[item["state"]])
    return event


def _visit(visit: Mapping[str, Any], *, chinese: bool) -> icalendar.Event:
    event = _event(visit, "visits")
    event.add("dtstart", _moment(visit["begins_at"]))
    event.add("dtend", _moment(visit["ends_at"]))
    purpose = value("purpose", visit["purpose"], chinese=chinese)
    event.add("summary", _line(f"{visit['customer']['name']} · {purpose}"))
    if visit["subject"]:
        event.add("description", _line(visit["subject"]))
    event.add("categories", [visit["purpose"]])
    event.add("transp", "OPAQUE")
    address = visit["address"] or {}
    place = [address[part] for part in ("line", "city", "region") if address.get(part)]
    if place:
        event.add("location", _line(", ".join(place)))
    if address.get("latitude") is not None and address.get("longitude") is not None:
        event.add("geo", (address["latitude"], address["longitude"]))
    return event


def _task(task: Mapping[str, Any]) -> icalendar.Event:
    event = _event(task, "tasks")
    event.add("dtstart", _moment(task["due_at"]))
    done = "☑" if task["state"] == "done" else "☐"
    event.add("summary", _line(f"{done} {task['title']}"))
    if task["customer"]:
        event.add("description", _line(task["customer"]["name"]))
    event.add("transp", "TRANSPARENT")
    return event


def _moment(text: str) -> datetime:
    """A moment in UTC, to the second: that is all a calendar knows."""
    return datetime.fromisoformat(text).replace(microsecond=0)


def _line(text: str) -> str:
    """Text without control characters, which a calendar must not hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
