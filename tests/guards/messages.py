"""Every sentence that a problem answer may carry, as it stands in the code: the guard of the Chinese catalogue."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACES = ("crm", "services/api")

SAYS = {"invalid", "FieldError", "ValueError", "PydanticCustomError", "Refused"}
"""What is called with a message, beside the problems themselves: their class names."""

TELLS = {"Field", "Query", "Path", "Header", "Body", "Form", "File", "like", "Example", "CheckConstraint", "text"}
"""What is called with words for the documentation or for Postgres."""

ELSEWHERE = (
    "crm/advice/",
    "crm/care/digest.py",
    "crm/channels/schemas.py",
    "crm/complaint_doors/schemas.py",
    "crm/complaint_reports/formulas.py",
    "crm/contacts/styles.py",
    "crm/forecasts/change_schemas.py",
    "crm/forecasts/formulas.py",
    "crm/hygiene/flags.py",
    "crm/opportunities/qualification.py",
    "crm/reminders/queries.py",
    "crm/task_chains/schemas.py",
    "crm/task_rules/conditions/",
    "crm/task_rules/shipped.py",
    "crm/timeline/",
    "crm/workspaces/schemas.py",
    "services/api/complaint_pages.py",
    "services/api/conventions.py",
    "services/api/documentation.py",
    "services/api/metrics.py",
    "services/api/openapi.py",
    "services/api/pages.py",
    "services/api/published/",
    "services/api/roster.py",
    "services/api/routes/",
)
"""Sentences of answers that are no problems, in both languages where they are for people; only calls count there."""


def sentences(problems: set[str]) -> Iterator[tuple[str, str]]:
    """Where a message stands, and its template; ``problems`` are the class names of problems."""
    for place in PLACES:
        for path in sorted((ROOT / place).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            whole = path.name != "words.py" and not name.startswith(ELSEWHERE)
            for line, text in _of(ast.parse(path.read_text()), SAYS | problems, whole=whole):
                yield f"{name}:{line}", text


def _of(tree: ast.Module, says: set[str], *, whole: bool) -> Iterator[tuple[int, str]]:
    said: dict[ast.AST, str] = {}
    quiet: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            inner = [one for argument in node.args for one in ast.walk(argument)]
            if called in says:
                said |= dict.fromkeys(inner, called)
            elif called in TELLS:
                quiet |= set(ast.walk(node))
        if isinstance(node, ast.Dict):
            described = [value for key, value in zip(node.keys, node.values, strict=True) if _is_description(key)]
            quiet |= {one for value in described for one in ast.walk(value)}
        if isinstance(node, ast.keyword) and node.arg in {"description", "summary", "response_description"}:
            quiet |= set(ast.walk(node))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quiet.add(node.value)
        if isinstance(node, ast.JoinedStr):
            quiet |= set(ast.walk(node)) - {node}
    for node in ast.walk(tree):
        text = None if node in quiet else _template(node)
        if text is None or " " not in text.strip() or text == "Value error, ":
            continue
        sentence = text[0].isupper() or text[0] in "{`" or text[0].isdigit()
        # What we tell each other of a mistake of ours begins small: it never leaves the house.
        told = node in said and (sentence or said[node] != "ValueError")
        if told or (sentence and whole and text.endswith((".", "?"))):
            yield getattr(node, "lineno", 0), text


def _is_description(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value == "description"


def _template(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{{_name(part.value)}}}"
            for part in node.values
            if isinstance(part, (ast.Constant, ast.FormattedValue))
        )
    return None


def _name(node: ast.expr) -> str:
    names = [
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in ast.walk(node)
        if isinstance(one, (ast.Attribute, ast.Name))
    ]
    return names[0].lower() if names else "value"
