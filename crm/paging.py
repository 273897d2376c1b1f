"""What every list takes: how many, from where, in what order."""

from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Item = TypeVar("Item")

MAX_PAGE = 200
CUSTOM = "custom."
FRAME = frozenset({"limit", "cursor", "sort", "include_total"})


class Filter(BaseModel):
    """The query of a list. A feature adds its filters and narrows ``sort`` to what its listing can do.

    Unknown parameters are refused: a typo must not become an unfiltered list.
    """

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="How many items at most.")] = 50
    cursor: Annotated[
        str | None, Field(max_length=1000, description="Where the page before ended (`next_cursor`).")
    ] = None
    sort: str = "-created_at"
    include_total: Annotated[bool, Field(description="Count all matches too; costs time on long lists.")] = False

    def given(self) -> dict[str, Any]:
        """The filters that were given, by name."""
        return {
            type(self).model_fields[name].alias or name: value
            for name in self.model_fields_set - FRAME
            if name in type(self).model_fields and (value := getattr(self, name)) is not None
        }


class CustomFilter(Filter):
    """A filter that also takes the fields of a workspace's own.

    ``custom.<key>``, repeated for any of several; of numbers and dates ``custom.<key>_gte`` and ``custom.<key>_lte``.
    """

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="after")
    def _only_custom(self) -> Self:
        for name in self.model_extra or {}:
            if not name.startswith(CUSTOM):
                raise PydanticCustomError("extra_forbidden", "There is no such parameter here.")
        return self

    def custom(self) -> dict[str, list[str]]:
        """The values asked for, by the field's key."""
        sent = {name.removeprefix(CUSTOM): value for name, value in (self.model_extra or {}).items()}
        return {key: value if isinstance(value, list) else [value] for key, value in sent.items()}


class Page(BaseModel, Generic[Item]):
    """A page of a list. `next_cursor` is null on the last one; `total` stands there only when it was asked for."""

    model_config = ConfigDict(extra="forbid")

    data: list[Item]
    next_cursor: str | None
    total: int = Field(default_factory=int, ge=0)
