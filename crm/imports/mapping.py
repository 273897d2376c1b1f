"""Which column fills which field: a good first guess, and what the caller says over it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from crm.errors import FieldError, Unprocessable, invalid
from crm.search import normalized

SKIP = "skip"
CUSTOM = "custom."
MOST_CUSTOM = 100
MOST_VALUES = 2_000
REASONS = "rapport_problems"
"""The column that a file of problems has more than what was sent; it is skipped when the file comes back."""

ID = "id"
OURS = frozenset({ID, "name", "relationship_stage", "warmth_band", "next_contact_due_on", "updated_at"})
"""The columns by which an export of ours is known when it comes back."""
FOUND_OUT = frozenset({"owner", "relationship_stage", "warmth_band", "next_contact_due_on", "last_contact_at"}) | {
    "created_at",
    "updated_at",
}
"""What such a file says that no import sets."""

MATCHED_BY = ("registration_code", "name", "phone", "email")
"""By what a customer may be known, besides ``custom.<key>``."""

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "account", "account name", "company", "company name", "customer", "customer name", "name", "organisation",
        "organization", "客户", "客户名称", "公司", "公司名称", "企业名称", "单位名称", "客户全称", "名称", "姓名",
    ),
    "registration_code": (
        "registration code", "registration number", "company number", "unified social credit code", "uscc", "tax id",
        "vat number", "统一社会信用代码", "社会信用代码", "信用代码", "税号", "纳税人识别号",
    ),
    "kind": ("kind", "客户性质"),
    "type": ("type", "customer type", "客户类型"),
    "intermediate_kind": ("intermediate kind", "中间商类型"),
    "industry": ("industry", "sector", "branch", "行业", "所属行业", "客户行业"),
    "region": (
        "region", "office location", "location", "country", "state", "province", "territory", "area", "地区", "区域",
        "所在地区", "省份", "国家", "所在地",
    ),
    "size": ("size", "company size", "规模", "企业规模", "客户规模"),
    "purchasing_power": ("purchasing power", "购买力"),
    "class": ("class", "customer class", "tier", "客户等级", "客户级别", "客户分类"),
    "key_kind": ("key kind", "大客户类型"),
    "lifecycle": ("lifecycle", "lifecycle stage", "生命周期", "客户状态"),
    "yearly_value.amount": ("yearly value", "annual value", "年采购额", "年度价值"),
    "yearly_value.currency": ("yearly value currency", "currency", "币种"),
    "influence": ("influence", "影响力"),
    "parent": (
        "parent", "parent company", "parent account", "subsidiary of", "group", "belongs to", "上级客户", "母公司",
        "上级公司", "所属集团", "集团",
    ),
    "owner": (
        "owner", "account owner", "customer owner", "account manager", "sales rep", "sales agent", "负责人",
        "客户负责人", "客户经理", "业务员", "所有人", "归属人",
    ),
    "source": ("source", "lead source", "来源", "客户来源"),
    "phone": (
        "phone", "phone number", "telephone", "tel", "mobile", "mobile phone", "电话", "电话号码", "联系电话", "手机",
        "手机号", "手机号码", "公司电话",
    ),
    "email": ("email", "e mail", "mail", "email address", "邮箱", "电子邮箱", "电子邮件", "邮件"),
    "website": ("website", "web", "url", "homepage", "web site", "网站", "网址", "官网", "公司网址"),
    "address.line": ("address", "street", "street address", "地址", "详细地址", "公司地址", "联系地址"),
    "address.city": ("city", "town", "城市", "所在城市"),
    "address.region": (),
    "address.country": ("country code", "国家代码"),
    "address.latitude": ("latitude", "纬度"),
    "address.longitude": ("longitude", "经度"),
    "address.postal_code": ("postal code", "postcode", "zip", "zip code", "邮编", "邮政编码"),
    "tags": ("tags", "tag", "labels", "标签", "客户标签"),
    "note": ("note", "notes", "remark", "remarks", "comment", "comments", "description", "备注", "说明", "描述"),
    "do_not_contact": ("do not contact", "勿扰", "请勿联系"),
}  # fmt: skip
"""Fields, and the headings that name them; a heading that is the field's own name does too."""


@dataclass(frozen=True)
class Columns:
    """What the columns of a kind of file may fill.

    ``headings``: field → the headings that name it. ``needs``: one of these fields at least. ``custom``: whether what
    names no field is kept as a field of one's own; else it is skipped. ``matched_by``: by what a line may be known.
    """

    headings: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...]
    matched_by: tuple[str, ...]
    custom: bool = False

    @cached_property
    def field_of(self) -> Mapping[str, str]:
        """The field that a heading names."""
        return {
            normalized(heading.replace("_", " ")): field
            for field, headings in self.headings.items()
            for heading in (field, *headings)
        }


CUSTOMERS = Columns(HEADINGS, needs=("name",), matched_by=MATCHED_BY, custom=True)


def guess(headings: Sequence[str], columns: Columns = CUSTOMERS) -> dict[str, str]:
    """The field each column seems to hold; the first of several wins."""
    taken: set[str] = set()
    found: dict[str, str] = {}
    ours = columns.custom and is_ours(headings)
    for heading in headings:
        if ours and (heading == ID or heading in FOUND_OUT):
            found[heading] = ID if heading == ID else SKIP
            continue
        field = columns.field_of.get(normalized(heading.replace("_", " ")))
        if heading == REASONS:
            found[heading] = SKIP
            continue
        if field is None or field in taken:
            field = _beyond(heading, columns)
        taken.add(field)
        found[heading] = field
    return found


def is_ours(headings: Collection[str]) -> bool:
    """Whether these are the columns of an export of customers: ids are ours, and tags stand as we write them."""
    return set(headings) >= OURS


def _beyond(heading: str, columns: Columns) -> str:
    """Where a column goes that fills no field."""
    if not columns.custom:
        return SKIP
    return heading if heading.startswith(CUSTOM) and heading != CUSTOM else CUSTOM + heading


def settled(headings: Sequence[str], wanted: Mapping[str, str], columns: Columns = CUSTOMERS) -> dict[str, str]:
    """The mapping that holds: what the caller wants, and the guess for the columns of which they say nothing.

    Raises 422, with every mistake: a column that is not there, a field that is not, one field twice, no name at all.
    """
    errors = [
        FieldError(f"#/mapping/{_escaped(column)}", message, code)
        for column, field in wanted.items()
        for message, code in _mistakes(headings, column, field, columns)
    ]
    named = [field for field in wanted.values() if field != SKIP]
    errors += [
        FieldError(f"#/mapping/{_escaped(column)}", "Another column fills this field already.", "duplicate")
        for place, (column, field) in enumerate(wanted.items())
        if field != SKIP and field in list(wanted.values())[:place]
    ]
    found = {
        heading: wanted.get(heading) or (_beyond(heading, columns) if field in named else field)
        for heading, field in guess(headings, columns).items()
    }
    if not set(columns.needs) & set(found.values()):
        needs = " or ".join(columns.needs)
        errors.append(FieldError("#/mapping", f"No column gives the {needs}.", f"{columns.needs[0]}_missing"))
    if sum(field.startswith(CUSTOM) for field in found.values()) > MOST_CUSTOM:
        errors.append(FieldError("#/mapping", f"At most {MOST_CUSTOM} columns of your own.", "too_many_custom"))
    if errors:
        raise Unprocessable(errors=tuple(errors))
    return found


def valued(mapping: Mapping[str, str], values: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Which cells stand for which, by column. Raises 422 for a column that is not there, and for too many."""
    errors = [
        FieldError(f"#/values/{_escaped(column)}", "There is no such column.", "column_unknown")
        for column in values
        if column not in mapping
    ]
    if sum(map(len, values.values())) > MOST_VALUES:
        errors.append(FieldError("#/values", f"At most {MOST_VALUES} values are mapped.", "too_many_values"))
    if errors:
        raise Unprocessable(errors=tuple(errors))
    return {column: {was.strip(): now.strip() for was, now in of.items()} for column, of in values.items()}


def matched(mapping: Mapping[str, str], match_by: str | None, columns: Columns = CUSTOMERS) -> str | None:
    """By what lines are known. Raises 422 for what nothing is known by, and for what no column gives."""
    if match_by is None or match_by in mapping.values():
        is_custom = columns.custom and (match_by or "").startswith(CUSTOM)
        if match_by is None or match_by in columns.matched_by or is_custom:
            return match_by
        raise invalid("match_by", "They cannot be told apart by this.", "field_unknown")
    raise invalid("match_by", "No column gives this.", "column_missing")


def _mistakes(headings: Sequence[str], column: str, field: str, columns: Columns) -> list[tuple[str, str]]:
    mistakes = []
    if column not in headings:
        mistakes.append(("There is no such column.", "column_unknown"))
    own = columns.custom and field.startswith(CUSTOM) and len(field) > len(CUSTOM)
    if field != SKIP and field not in columns.headings and not own:
        mistakes.append(("There is no such field.", "field_unknown"))
    return mistakes


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
