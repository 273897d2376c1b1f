"""From a line of a file to an opportunity: what its cells say, by the same rules as one that is sent."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, ValidationError

from crm.customers.schemas import Money
from crm.errors import FieldError, Unprocessable
from crm.fields import FORMULA_SIGNS, Name, Sent, Tags, Text
from crm.fields import Line as LineOfText
from crm.imports.days import as_day
from crm.imports.files import Line, Sheet
from crm.imports.lines import numbered
from crm.imports.mapping import SKIP
from crm.imports.opportunities.columns import DAYS, STATES, WORDS
from crm.imports.vocabulary import DateOrder
from crm.opportunities.schemas import Day, OwnProbability, Reference
from crm.opportunities.vocabulary import Intention, Known, LostReason, State
from crm.pipelines.vocabulary import ForecastCategory

FIXED = frozenset({"reference", "name"})
"""What each line must say for itself, so that no default can."""

_THOUSANDS = re.compile(r"(?<=[0-9])[,，](?=[0-9]{3})")
_BETWEEN_TAGS = re.compile(r"[,;|、，；]")
_ENDED = ("won", "lost")


class OpportunityLine(Sent):
    """What a line may say of an opportunity; customer, owner, product, pipeline and stage by what people call them."""

    reference: Reference | None = None
    name: Name | None = None
    customer: Name | None = None
    owner: Name | None = None
    product: Name | None = None
    quantity: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=4)] | None = None
    pipeline: Name | None = None
    stage: Name | None = None
    state: State = "open"
    amount: Money | None = None
    opened_on: Day | None = None
    stage_entered_on: Day | None = None
    expected_close_on: Day | None = None
    closed_on: Day | None = None
    resume_on: Day | None = None
    probability: OwnProbability | None = None
    forecast_category: ForecastCategory | None = None
    money: Known | None = None
    authority: Known | None = None
    need: Known | None = None
    intention: Intention | None = None
    competitor: Name | None = None
    next_step: LineOfText | None = None
    next_step_on: Day | None = None
    source: Name | None = None
    note: Text | None = None
    tags: Tags | None = None
    lost_reason: LostReason | None = None
    lost_note: Text | None = None
    contract_starts_on: Day | None = None
    contract_ends_on: Day | None = None


@dataclass(frozen=True, slots=True)
class OpportunityReading:
    """A line as it was read. ``said`` is what it and the defaults say, None where it was refused; ``own`` the fields
    that it says itself.
    """

    number: int
    content: Mapping[str, str]
    said: Mapping[str, Any] | None = None
    own: frozenset[str] = frozenset()
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True)
class OpportunityReader:
    """Reads the lines of a sheet by a mapping.

    ``defaults`` fill in what a line leaves empty; ``values`` say, by column, which cells stand for which; ``currency``
    is that of amounts beside which none stands; ``date_order`` how days are written that can be read in several ways.
    """

    sheet: Sheet
    mapping: Mapping[str, str]
    defaults: Mapping[str, Any]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    match_by: str | None = None
    currency: str | None = None
    date_order: DateOrder | None = None

    @cached_property
    def columns(self) -> dict[str, str]:
        """The column that fills each field."""
        return {to: heading for heading, to in self.mapping.items()}

    def names_parent(self, line: Line) -> bool:  # noqa: ARG002 - as readers of customers have it
        """Sales have no parents."""
        return False

    def read(self, line: Line) -> OpportunityReading:
        """One line. Never raises: what is wrong is in ``errors``, each with the column it is about."""
        if line.wrong is not None:
            return OpportunityReading(line.number, numbered(line.cells), errors=(line.wrong,))
        content = dict(zip(self.sheet.headings, line.cells, strict=True))
        sent = self._sent(line.cells)
        try:
            read = OpportunityLine.model_validate({**self.defaults, **sent})
        except ValidationError as error:
            return OpportunityReading(line.number, content, errors=tuple(self._errors(error)))
        said = read.model_dump(mode="json", exclude_none=True)
        if wrong := tuple(self._unfit(said)):
            return OpportunityReading(line.number, content, errors=wrong)
        return OpportunityReading(line.number, content, said, frozenset(sent))

    def column(self, name: str) -> str:
        """The column that fills a field, or the field where a default does."""
        instead = "stage" if name == "state" else f"{name}.amount"
        return self.columns.get(name) or self.columns.get(instead) or name

    @cached_property
    def _cells(self) -> list[tuple[int, str, Mapping[str, str]]]:
        named = enumerate(self.sheet.headings)
        cells = [(place, self.mapping[heading], self.values.get(heading, {})) for place, heading in named]
        return [cell for cell in cells if cell[1] != SKIP]

    def _sent(self, cells: tuple[str, ...]) -> dict[str, Any]:
        sent: dict[str, Any] = {}
        for place, to, values in self._cells:
            text = cells[place].strip()
            if text[:1] == "'" and text[1:].lstrip()[:1] in FORMULA_SIGNS:
                # So that no spreadsheet ran it, when it was exported.
                text = text[1:]
            text = values.get(text, text)
            if not text:
                continue
            if to.startswith("amount."):
                part = to.removeprefix("amount.")
                sent.setdefault("amount", {})[part] = _THOUSANDS.sub("", text) if part == "amount" else text.upper()
            elif to == "stage" and (state := STATES.get(text.lower())):
                # Many systems have winning and losing among the stages.
                sent.setdefault("state", state)
            else:
                sent[to] = self._understood(to, text)
        money = sent.get("amount", {})
        if "amount" in money and self.currency:
            money.setdefault("currency", self.currency)
        elif "amount" not in money:
            sent.pop("amount", None)
        return sent

    def _understood(self, name: str, text: str) -> Any:
        if name in DAYS:
            return as_day(text, self.date_order)
        if name == "tags":
            return [tag.strip() for tag in _BETWEEN_TAGS.split(text) if tag.strip()]
        if name == "quantity":
            return _THOUSANDS.sub("", text)
        if name == "probability":
            return _share(text)
        if name in WORDS:
            word = text.lower()
            return WORDS[name].get(word, word.replace(" ", "_"))
        return text

    def _unfit(self, said: Mapping[str, Any]) -> Iterable[FieldError]:
        """What does not go together in a line whose cells are each right."""
        state = said["state"]
        if state in _ENDED and "closed_on" not in said:
            yield FieldError(self.column("closed_on"), "The day on which it ended is needed.", "missing")
        if state not in _ENDED and "closed_on" in said and self.columns.get("closed_on"):
            yield FieldError(self.column("closed_on"), "What is not won or lost has no day of its end.", "not_closed")
        if state == "lost" and "lost_reason" not in said:
            wrong = "Why it was lost is needed; a default can say it for all."
            yield FieldError(self.column("lost_reason"), wrong, "missing")
        if state == "on_hold" and "resume_on" not in said:
            yield FieldError(self.column("resume_on"), "The day until which it rests is needed.", "missing")
        began = said.get("opened_on")
        for later in ("closed_on", "stage_entered_on"):
            # Days in ISO 8601 sort as texts.
            if began and said.get(later, began) < began:
                yield FieldError(self.column(later), "This is before the day on which it began.", "before_it_began")
        if said.get("contract_ends_on", "9") < said.get("contract_starts_on", "0"):
            wrong = "A contract cannot end before it starts."
            yield FieldError(self.column("contract_ends_on"), wrong, "before_it_began")
        if not {"name", "reference", "product", "customer"} & said.keys():
            yield FieldError(self.column("name"), "A value is required.", "missing")

    def _errors(self, error: ValidationError) -> Iterable[FieldError]:
        for found in error.errors(include_url=False, include_context=False, include_input=False):
            place = ".".join(str(step) for step in found["loc"][:2])
            name = place.split(".", maxsplit=1)[0]
            message, code = found["msg"].removeprefix("Value error, "), found["type"]
            if name in DAYS and code.startswith("date"):
                message = "This is no day, or may be read in several ways: write 2026-11-22, or name the `date_order`."
                code = "day_unclear"
            yield FieldError(self.columns.get(place) or self.column(name), message, code)


def checked(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults that an opportunity may have. Raises 422 naming each that may not."""
    errors = [
        FieldError(f"#/defaults/{name}", "Each line says this for itself.", "not_a_default")
        for name in sorted(FIXED & defaults.keys())
    ]
    try:
        OpportunityLine.model_validate({name: value for name, value in defaults.items() if name not in FIXED})
    except ValidationError as error:
        errors += [
            FieldError("#/defaults/" + "/".join(map(str, found["loc"])), found["msg"], found["type"])
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    if errors:
        raise Unprocessable(errors=tuple(errors))
    return dict(defaults)


def _share(text: str) -> str:
    """30% is 0.3."""
    number = text.removesuffix("%").strip()
    if number == text or not number.replace(".", "", 1).isdigit():
        return text
    return str(Decimal(number) / 100)
