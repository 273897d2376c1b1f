"""The documents agree with the code, with each other, and point to what is there."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from services.settings import MigrationSettings, Settings

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

FIELDS: dict[str, FieldInfo] = {
    str(field.validation_alias): field for kind in (Settings, MigrationSettings) for field in kind.model_fields.values()
}
OF_THE_COMMAND_LINE = {"RAPPORT_ADMIN_PASSWORD"}


def defaults(readme: str) -> dict[str, str]:
    """The table of the configuration: what each variable is when it is not set."""
    return dict(re.findall(r"(?m)^\| `([A-Z0-9_]+)` \| ([^|]+) \|", readme))


def as_written(field: FieldInfo, required: str, none: str) -> str:
    """How the table says a default."""
    if field.is_required():
        return required
    value: Any = field.default
    if value is None or value == ():
        return none
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


@pytest.mark.parametrize(
    ("readme", "required", "none"), [(ENGLISH, "required", "none"), (CHINESE, "必填", "无")], ids=["en", "zh"]
)
def test_the_table_names_every_setting_with_its_default(readme: str, required: str, none: str) -> None:
    expected = {name: as_written(field, required, none) for name, field in FIELDS.items()}
    assert defaults(readme) == expected | dict.fromkeys(OF_THE_COMMAND_LINE, none)


def test_both_readmes_have_the_same_commands_and_answers() -> None:
    blocks = [re.findall(r"(?ms)^```.*?^```", readme) for readme in (ENGLISH, CHINESE)]
    assert blocks[0]
    assert blocks[0] == blocks[1]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), target
