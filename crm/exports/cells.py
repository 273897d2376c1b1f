"""From values to cells and cards. No cell begins as a formula does, whatever people have written in it.

A spreadsheet runs what begins with one of ``FORMULA_SIGNS``, and what a stranger wrote may bring its own commands
along (CWE-1236). Such a cell gets an apostrophe in front, which shows that it is text; imports take it off again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from crm.exports.rows import COMPLAINT, CONTACT, CUSTOMER, OPPORTUNITY
from crm.fields import FORMULA_SIGNS as SIGNS

ADDRESS = ("line", "city", "region", "postal_code", "country")


def safe(text: str) -> str:
    """The text as a cell that nothing runs. Doing it twice is doing it once."""
    return f"'{text}" if text[:1] in SIGNS or text.lstrip()[:1] in SIGNS else text


def columns_of(noun: str, custom: Sequence[str]) -> list[str]:
    """The headings, as an import understands them."""
    if noun == "contacts":
        return [*CONTACT, "customer", "created_at", "updated_at", *(f"custom.{key}" for key in custom)]
    if noun == "complaints":
        return [*COMPLAINT, "created_at", "updated_at"]
    if noun == "opportunities":
        return [*OPPORTUNITY, "created_at", "updated_at"]
    plain = [name for name in CUSTOMER if name != "address"]
    address = [f"address.{name}" for name in ADDRESS]
    rest = [
        "yearly_value.amount",
        "yearly_value.currency",
        "owner",
        "parent",
        "last_contact_at",
        "created_at",
        "updated_at",
    ]
    return [*plain, *address, *rest, *(f"custom.{key}" for key in custom)]


def cells_of(noun: str, custom: Sequence[str]) -> Callable[[Any], list[str]]:
    """What makes a row's cells, in the order of the headings."""
    columns = [name for name in columns_of(noun, ()) if not name.startswith("address.")]
    if noun in {"opportunities", "complaints"}:
        return lambda row: [_cell(row[name]) for name in columns]
    if noun == "contacts":
        return lambda row: [
            *[_cell(_said(name, row[name])) for name in columns],
            *[_cell(row["custom"].get(key)) for key in custom],
        ]
    plain = itemgetter(*(name for name in CUSTOMER if name != "address"))
    rest = itemgetter(*columns[len(CUSTOMER) - 1 :])

    def cells(row: Any) -> list[str]:
        address, own = row["address"] or {}, row["custom"]
        return [
            *map(_cell, plain(row)),
            *[_cell(address.get(name)) for name in ADDRESS],
            *map(_cell, rest(row)),
            *[_cell(own.get(key)) for key in custom],
        ]

    return cells


def _said(name: str, value: Any) -> Any:
    """What a contact's field says, as people write it."""
    if not value or name not in {"birthday", "roles"}:
        return value
    return _birthday(value) if name == "birthday" else _roles(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        # Most begin with a letter or a digit, so that there is nothing to look for.
        return value if value[:1].isalnum() else safe(value)
    return safe(_written(value))


def _written(value: Any) -> str:
    """A value that is no text, as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_written(one)}" for key, one in value.items() if one is not None)
    if isinstance(value, list | tuple):
        return "; ".join(map(_written, value))
    return str(value)


def _roles(held: Sequence[Mapping[str, Any]]) -> str:
    """The roles of a contact: ``decider (5, for); buyer``."""
    more = [", ".join(str(one[name]) for name in ("influence", "stance") if one.get(name)) for one in held]
    return "; ".join(f"{one['role']} ({said})" if said else one["role"] for one, said in zip(held, more, strict=True))


def _birthday(kept: Mapping[str, Any]) -> str:
    """A birthday as people write it: ``1980-08-15``, ``08-15`` without the year, ``lunar leap 04-10``."""
    calendar = "" if kept["calendar"] == "solar" else "lunar leap " if kept.get("leap") else "lunar "
    year = f"{kept['year']:04}-" if kept.get("year") else ""
    return f"{calendar}{year}{kept['month']:02}-{kept['day']:02}"


def card(row: Any) -> str:
    """A contact as a vCard 3.0 (RFC 2426), which every address book reads; lines folded at 75 octets."""
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"UID:{row['id']}", f"FN:{_escaped(row['name'])}"]
    lines += [f"N:{_escaped(row['name'])};;;;", f"ORG:{_escaped(row['customer'])}{_more(row['department'])}"]
    if row["title"]:
        lines.append(f"TITLE:{_escaped(row['title'])}")
    lines += [f"TEL:{_escaped(_main(one))}" for one in row["phones"] or ()]
    lines += [f"EMAIL:{_escaped(_main(one))}" for one in row["emails"] or ()]
    if row["wechat"]:
        lines.append(f"X-WECHAT:{_escaped(row['wechat'])}")
    birthday = row["birthday"]
    # A lunar birthday has no place in a vCard: another day each year.
    if birthday and birthday.get("calendar") == "solar" and birthday.get("year"):
        lines.append(f"BDAY:{birthday['year']:04}-{birthday['month']:02}-{birthday['day']:02}")
    lines += [f"REV:{row['updated_at']}", "END:VCARD"]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _main(one: Any) -> str:
    """The number or address itself, where more is known of it."""
    if isinstance(one, Mapping):
        return str(next((one[name] for name in ("number", "address", "value") if one.get(name)), ""))
    return str(one)


def _more(department: str | None) -> str:
    return f";{_escaped(department)}" if department else ""


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> str:
    parts, now, size = [], "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > 75:
            parts.append(now)
            now, size = " ", 1
        now, size = now + character, size + octets
    return "\r\n".join([*parts, now])
