"""From a line of a file to a customer: what its cells say, by the same rules as a customer that is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from crm.customers.queries import FINDING
from crm.customers.schemas import CustomerCreate
from crm.errors import FieldError, Unprocessable
from crm.fields import FORMULA_SIGNS
from crm.finding import in_a_row
from crm.imports.files import Line, Sheet
from crm.imports.mapping import CUSTOM, ID, SKIP, is_ours
from crm.search import normalized
from crm.workspaces.custom_rules import Definitions, read_all

FIXED = frozenset({"id", "name", "registration_code", "parent_id"})
"""What each line must say for itself, so that no default can."""

WORDS: Mapping[str, Mapping[str, Any]] = {
    "kind": {"公司": "company", "企业": "company", "单位": "company", "个人": "person"},
    "type": {
        "消费者": "consumer", "产业用户": "business_user", "中间商": "intermediate", "公利用户": "public_interest",
    },
    "class": {
        "重点": "key", "重点客户": "key", "潜在": "potential", "潜在客户": "potential", "普通": "ordinary",
        "普通客户": "ordinary",
    },
    "size": {"大": "large", "大型": "large", "中": "medium", "中型": "medium", "小": "small", "小型": "small"},
    "purchasing_power": {"高": "high", "中": "middle", "低": "low"},
    "do_not_contact": {"是": True, "y": True, "x": True, "否": False, "n": False},
}  # fmt: skip
"""Words of people's files for the words of the product."""

_CHOICES = frozenset({*WORDS, "intermediate_kind", "key_kind", "lifecycle"})
_READ = frozenset({"tags", "influence", "website"})
_THOUSANDS = re.compile(r"(?<=[0-9])[,，](?=[0-9]{3})")
_BETWEEN_TAGS = re.compile(r"[,;|、，；]")
_OUR_TAGS = re.compile("; ")
_MESSAGES = {"missing": "A value is required."}


@dataclass(frozen=True, slots=True)
class Reading:
    """A line as it was read.

    ``customer`` is what it makes, None where it was refused; ``own`` what it says itself. ``parent`` and ``owner`` are
    named as people call them.

    ``tokens`` are what its customer is found by, field by field, as they are held (``crm.finding``). ``mark`` is what
    it is known by, where the import says by what; else its id, where the file is an export of ours.
    """

    number: int
    content: Mapping[str, str]
    customer: Mapping[str, Any] | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    owner: str | None = None
    errors: tuple[FieldError, ...] = ()
    tokens: Mapping[str, str] = field(default_factory=dict)
    mark: str | None = None

    @property
    def key(self) -> str:
        """The name for comparing; empty for one that has neither letter nor digit."""
        key: str = self.own["name_key"]
        return key

    @property
    def code(self) -> str | None:
        """The registration code, where the line has one."""
        return self.own.get("registration_code")

    @property
    def parent_key(self) -> str | None:
        """The parent's name for comparing."""
        return (normalized(self.parent) or None) if self.parent else None


class Cell(NamedTuple):
    """A place in each line: the field that it fills, the part of it, which texts stand for which.

    ``is_read``: the text is taken for what people mean by it, not as it stands.
    """

    place: int
    whole: str
    part: str | None
    values: Mapping[str, str]
    is_read: bool

    @classmethod
    def of(cls, place: int, to: str, values: Mapping[str, str]) -> "Cell":
        """The place that fills this field."""
        if to.startswith(CUSTOM):
            return cls(place, "custom", to.removeprefix(CUSTOM), values, is_read=False)
        whole, _, part = to.partition(".")
        return cls(place, whole, part or None, values, to in _CHOICES or to in _READ)


@dataclass(frozen=True)
class Reader:
    """Reads the lines of a sheet by a mapping.

    ``defaults`` fill in what a line leaves empty; ``values`` say, by column, which cells stand for which; ``match_by``
    is by what customers are known: a registration code or else a name where it says nothing. ``fields`` are those
    that the workspace has defined: a column of theirs is read by its type, others stay text. ``currency`` is that of
    amounts beside which none stands.
    """

    sheet: Sheet
    mapping: Mapping[str, str]
    defaults: Mapping[str, Any]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    match_by: str | None = None
    fields: Definitions = field(default_factory=dict)
    currency: str | None = None

    @cached_property
    def columns(self) -> dict[str, str]:
        """The column that fills each field."""
        return {to: heading for heading, to in self.mapping.items()}

    def names_parent(self, line: Line) -> bool:
        """Whether a line names a parent; quicker than reading it."""
        return line.wrong is None and bool(line.cells[self.sheet.headings.index(self.columns["parent"])].strip())

    def read(self, line: Line) -> Reading:
        """One line. Never raises: what is wrong is in ``errors``, each with the column it is about."""
        if line.wrong is not None:
            return Reading(line.number, numbered(line.cells), errors=(line.wrong,))
        content = dict(zip(self.sheet.headings, line.cells, strict=True))
        sent = self._sent(line.cells)
        id_, parent, owner = sent.pop(ID, None), sent.pop("parent", None), sent.pop("owner", None)
        try:
            id_ = id_ and str(UUID(id_))
        except ValueError:
            no_id = FieldError(self.columns[ID], "Input should be a valid UUID", "uuid_parsing")
            return Reading(line.number, content, errors=(no_id,))
        try:
            new = CustomerCreate.model_validate({**self.defaults, **sent})
        except ValidationError as error:
            return Reading(line.number, content, errors=tuple(self._errors(error)))
        values = new.model_dump(mode="json", by_alias=True, exclude_none=True)
        values["name_key"] = normalized(values["name"])
        if money := values.pop("yearly_value", None):
            values |= {"yearly_value": money["amount"], "yearly_value_currency": money["currency"]}
        more = ("yearly_value_currency",) if "yearly_value" in sent else ()
        values["custom"], unread = read_all(self.fields, values["custom"])
        if unread:
            told = (FieldError(self._column(CUSTOM + key), why, "custom_invalid") for key, why in unread.items())
            return Reading(line.number, content, errors=tuple(told))
        own = {name: values[name] for name in (*sent, *more, "name_key")}
        if "custom" in self.defaults:
            values["custom"] = {**self.defaults["custom"], **values["custom"]}
        mark = self._mark(own, id_)
        if self.match_by is not None and not mark:
            wrong = "This line does not say by what its customer is known."
            return Reading(
                line.number, content, errors=(FieldError(self.columns[self.match_by], wrong, "key_missing"),)
            )
        return Reading(line.number, content, values, own, parent, owner, tokens=tokens_of(values), mark=mark)

    @cached_property
    def _between_tags(self) -> re.Pattern[str]:
        return _OUR_TAGS if is_ours(self.sheet.headings) else _BETWEEN_TAGS

    def _mark(self, own: Mapping[str, Any], id_: str | None) -> str | None:
        by = self.match_by
        if by is None:
            return id_
        if by == "name":
            return str(own["name_key"])
        if by.startswith(CUSTOM):
            custom = own.get("custom", {}).get(by.removeprefix(CUSTOM))
            return None if custom is None else str(custom)
        mark = own.get(by)
        return mark.lower() if mark and by == "email" else mark

    @cached_property
    def _cells(self) -> list[Cell]:
        """Where the cells that say something stand, and what becomes of each."""
        named = enumerate(self.sheet.headings)
        cells = [Cell.of(place, self.mapping[heading], self.values.get(heading, {})) for place, heading in named]
        return [cell for cell in cells if cell.whole != SKIP]

    def _sent(self, cells: tuple[str, ...]) -> dict[str, Any]:
        sent: dict[str, Any] = {}
        for place, whole, part, values, is_read in self._cells:
            text = cells[place].strip()
            if text[:1] == "'" and text[1:].lstrip()[:1] in FORMULA_SIGNS:
                # So that no spreadsheet ran it, when it was exported.
                text = text[1:]
            text = values.get(text, text)
            if not text:
                continue
            if part is not None:
                sent.setdefault(whole, {})[part] = _THOUSANDS.sub("", text) if part == "amount" else text
            else:
                sent[whole] = _understood(whole, text, self._between_tags) if is_read else text
        if self.currency and "amount" in (money := sent.get("yearly_value", {})):
            money.setdefault("currency", self.currency)
        return sent

    def _errors(self, error: ValidationError) -> list[FieldError]:
        return [
            FieldError(
                self._column(".".join(str(step) for step in found["loc"][:2])),
                _MESSAGES.get(found["type"]) or found["msg"].removeprefix("Value error, "),
                found["type"],
            )
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        ]

    def _column(self, place: str) -> str:
        """The column that fills a field, or the field where a default does."""
        return self.columns.get(place) or self.columns.get(place.split(".", maxsplit=1)[0]) or place


def tokens_of(values: Mapping[str, Any]) -> dict[str, str]:
    """What a customer of these values is found by: of each field that leaves any, its tokens in a row."""
    return {
        name: in_a_row(tokens)
        for name, leaves in FINDING.fields.items()
        if (value := values.get(name)) and (tokens := leaves(value))
    }


def checked(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults that a customer may have. Raises 422 naming each that may not."""
    errors = [
        FieldError(f"#/defaults/{name}", "Each line says this for itself.", "not_a_default")
        for name in sorted(FIXED & defaults.keys())
    ]
    try:
        CustomerCreate.model_validate({**defaults, "name": "A"})
    except ValidationError as error:
        errors += [
            FieldError("#/defaults/" + "/".join(map(str, found["loc"])), found["msg"], found["type"])
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    if errors:
        raise Unprocessable(errors=tuple(errors))
    return dict(defaults)


def _understood(field_name: str, text: str, between_tags: re.Pattern[str]) -> Any:
    if field_name == "tags":
        return [tag.strip() for tag in between_tags.split(text) if tag.strip()]
    if field_name == "influence" and text.isascii() and text.isdigit():
        return int(text)
    if field_name == "website" and "://" not in text:
        return f"https://{text}"
    if field_name in _CHOICES:
        word = text.lower()
        return WORDS.get(field_name, {}).get(word, word.replace(" ", "_"))
    return text


def numbered(cells: tuple[str, ...]) -> dict[str, str]:
    """The cells of a line that the headings do not fit, by their place."""
    return {str(place): cell for place, cell in enumerate(cells, 1)}
