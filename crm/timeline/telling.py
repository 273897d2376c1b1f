"""From a fact to its sentence: which words of the fact stand in which place of the sentence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from crm.timeline.labels import label, value
from crm.timeline.words import SENTENCES

PRODUCT = "Rapport"
LONGEST_QUOTE = 80


@dataclass(frozen=True)
class Told:
    """A fact that is to be told: ``data`` and ``changes`` as it has them, people by name, in this language and zone."""

    type: str
    actor: str | None
    data: Mapping[str, Any]
    changes: Mapping[str, Any]
    former_owner: str | None
    chinese: bool
    zone: str

    def either(self, english: str, chinese: str) -> str:
        """The one in the reader's language."""
        return chinese if self.chinese else english

    def name_in(self, field: str) -> str:
        """The name of a thing that the fact mentions; nobody, where it mentions none."""
        found = self.data.get(field)
        return str(found["name"]) if isinstance(found, Mapping) and found.get("name") else self.either("nobody", "无人")

    def moment_in(self, field: str) -> str:
        """A moment on the workspace's clock, to the minute."""
        found = self.data.get(field)
        if not found:
            return "?"
        return f"{datetime.fromisoformat(str(found)).astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"

    def aside(self, text: object) -> str:
        """A remark that ends the sentence, whose own full stop would be a second one; nothing where there is none."""
        said = _short(text).rstrip("。.") if text else ""
        return self.either(": ", "：") + said if said else ""


def _fields(told: Told) -> str:
    names = dict.fromkeys(label(field, chinese=told.chinese) for field in told.changes)
    return told.either(", ", "、").join(names) or told.either("nothing", "无")


def _name(told: Told) -> str:
    return _short(told.data.get("name") or told.data.get("file_name") or told.either("without a name", "未命名"))


def _subject(told: Told) -> str:
    """What a complaint is about; of other facts the subject is what they are about, and no text."""
    said = told.data.get("subject")
    return _short(said).rstrip("。.！!？?") if isinstance(said, str) else "?"


def _new(told: Told, field: str) -> Any:
    """What a fact says that something is now."""
    changed = told.changes.get(field)
    return changed[1] if changed else None


REASONS = ("reason", "stage_reason", "stage_evidence", "lost_evidence", "lifecycle_reason")
"""Changes in which a fact says why, the most telling first."""


def _reason(told: Told) -> str:
    noted = (told.changes[name][1] for name in REASONS if name in told.changes)
    given = next((why for why in noted if why), None)
    return told.aside(given or told.data.get("cancel_reason") or told.data.get("reschedule_reason"))


def _cause(told: Told) -> str:
    found = told.data.get("loss")
    if not isinstance(found, Mapping) or not found.get("cause"):
        return ""
    cause = value("lost_cause", found["cause"], chinese=told.chinese)
    return told.either(f" ({cause})", f"（{cause}）")


def _score(told: Told) -> str:
    found = told.data.get("score")
    return "" if found is None else told.either(f", {found:g}", f"：{found:g}")


def _stage(told: Told, *, at: int) -> str:
    changed = told.changes.get("relationship_stage")
    return value("stage", changed[at] if changed else None, chinese=told.chinese) or "?"


def _outcome(told: Told) -> str:
    found = told.data.get("outcome")
    return told.aside(value("outcome", found, chinese=told.chinese)) if found else ""


def _with_contact(told: Told) -> str:
    found = told.data.get("contact")
    return told.either(" with ", "，对方：") + str(found["name"]) if isinstance(found, Mapping) else ""


def _of_contact(told: Told) -> str:
    found = told.data.get("contact")
    name = found["name"] if isinstance(found, Mapping) else told.either("a contact", "联系人")
    return told.either(f" of {name}", f"{name}的")


def _band(told: Told) -> str:
    changed = told.changes.get("warmth_band")
    band = changed[1] if changed else (told.data.get("warmth") or {}).get("band")
    return value("band", band, chinese=told.chinese)


def _short(text: object) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"


def _present_stage(told: Told) -> str:
    """Of a sale the name of its stage, of a customer the word for how close they are."""
    return told.name_in("stage") if "stage" in told.data else _stage(told, at=1)


PLACES: Mapping[str, Callable[[Told], str]] = MappingProxyType(
    {
        "actor": lambda told: told.actor or PRODUCT,
        "name": _name,
        "number": lambda told: str(told.data.get("number") or "?"),
        "subject": _subject,
        "severity": lambda told: value("severity", told.data.get("severity"), chinese=told.chinese),
        "promise": lambda told: value("promise", _new(told, "clock"), chinese=told.chinese),
        "percent": lambda told: str(_new(told, "percent") or "?"),
        "level": lambda told: str(_new(told, "level") or "?"),
        "title": lambda told: _short(told.data.get("title") or ""),
        "text": lambda told: _short(told.data.get("text") or ""),
        "fields": _fields,
        "former": lambda told: told.former_owner or told.either("nobody", "无人"),
        "owner": lambda told: told.name_in("owner"),
        "assignee": lambda told: told.name_in("assignee"),
        "reason": _reason,
        "result": lambda told: told.aside(told.data.get("result") or told.data.get("outcome")),
        "outcome": _outcome,
        "review": lambda told: told.aside(_short((told.data.get("review") or {}).get("review") or "")),
        "with_contact": _with_contact,
        "of_contact": _of_contact,
        "band": _band,
        "cause": _cause,
        "score": _score,
        "former_stage": lambda told: _stage(told, at=0),
        "stage": _present_stage,
        "purpose": lambda told: value("purpose", told.data.get("purpose"), chinese=told.chinese),
        "channel": lambda told: value("channel", told.data.get("channel"), chinese=told.chinese),
        "when": lambda told: told.moment_in("planned_start"),
        "due": lambda told: told.moment_in("due_at"),
    }
)
"""What may stand in a sentence, and where in the fact it is found."""


def places_of(template: str) -> tuple[str, ...]:
    """The places a sentence has."""
    return tuple(name for _, name, _, _ in Formatter().parse(template) if name)


_PLACES_OF = {kind: tuple(map(places_of, pair)) for kind, pair in SENTENCES.items()}


def sentence(told: Told) -> str:
    """The fact in words. A fact of a kind that nobody gave words is told by the name of its kind."""
    if told.type not in SENTENCES:
        return f"{told.actor or PRODUCT}: {told.type.replace('.', ' ').replace('_', ' ')}"
    places = _PLACES_OF[told.type][told.chinese]
    return SENTENCES[told.type][told.chinese].format_map({name: PLACES[name](told) for name in places})
