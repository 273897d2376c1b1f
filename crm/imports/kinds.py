"""The kinds of files that are brought in: what their columns may fill, and who reads their lines."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from crm.imports import lines
from crm.imports.files import Sheet
from crm.imports.lines import Reader, Reading
from crm.imports.mapping import CUSTOMERS, Columns, matched, settled, valued
from crm.imports.opportunities import lines as sales
from crm.imports.opportunities.columns import OPPORTUNITIES
from crm.imports.opportunities.lines import OpportunityReader, OpportunityReading
from crm.imports.vocabulary import DateOrder, Kind
from crm.workspaces.custom_rules import Definitions

AnyReader = Reader | OpportunityReader
AnyReading = Reading | OpportunityReading

COLUMNS: Mapping[Kind, Columns] = MappingProxyType({"customers": CUSTOMERS, "opportunities": OPPORTUNITIES})
CHECKED = MappingProxyType({"customers": lines.checked, "opportunities": sales.checked})


class Asked(Protocol):
    """How a file is to be read."""

    @property
    def mapping(self) -> Mapping[str, str]:
        """Column → field."""

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Field → what holds where a line leaves it empty."""

    @property
    def values(self) -> Mapping[str, Mapping[str, str]]:
        """Column → cell → what it stands for."""

    @property
    def match_by(self) -> str | None:
        """By what a line is known."""

    @property
    def kind(self) -> Kind:
        """What the lines are."""

    @property
    def date_order(self) -> DateOrder | None:
        """How days are written."""


class _Settled:
    """How a file is read, after what was asked for has been looked through."""

    def __init__(self, asked: Asked, sheet: Sheet) -> None:
        columns = COLUMNS[asked.kind]
        self.kind: Kind = asked.kind
        self.mapping = settled(sheet.headings, asked.mapping, columns)
        self.values = valued(self.mapping, asked.values)
        self.match_by = matched(self.mapping, asked.match_by, columns)
        self.defaults = CHECKED[asked.kind](asked.defaults)
        self.date_order = asked.date_order


def settled_reader(asked: Asked, sheet: Sheet, fields: Definitions, currency: str | None = None) -> AnyReader:
    """Who reads a file as somebody asks for it. Raises 422 for a mapping, values and defaults that do not fit."""
    return reader_of(asked.kind, sheet, _Settled(asked, sheet), fields, currency)


def reader_of(kind: Kind, sheet: Sheet, asked: Asked, fields: Definitions, currency: str | None) -> AnyReader:
    """Who reads the lines of a file of this kind; ``fields`` are those that the workspace has defined."""
    how = sheet, asked.mapping, asked.defaults, asked.values, asked.match_by
    if kind == "customers":
        return Reader(*how, fields, currency)
    return OpportunityReader(*how, currency, asked.date_order)
