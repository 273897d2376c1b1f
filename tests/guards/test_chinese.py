"""Whatever a problem answer says, it says in Chinese too."""

import re
from collections.abc import Iterator

from pydantic_core._pydantic_core import list_all_errors

from crm.chinese import in_chinese, written
from crm.errors import Problem
from services.api.main import create_app
from services.api.translation import MESSAGES
from tests.guards.messages import sentences

PLACE = re.compile(r"\{[^{}]*\}")

NEVER_SENT = re.compile(
    r"python|instance of|subclass|callable|argument|Fraction|complex|'MISSING'|'Ellipsis'|JsonOrPython|Counter|"
    r"OrderedDict|frozendict|deque|fraction"
)
"""Templates of pydantic for what JSON and queries cannot hold, or no model of ours has."""


def _skeleton(text: str) -> str:
    return PLACE.sub("{}", text.replace("{{{", "{").replace("}}}", "}"))


def _known() -> set[str]:
    return {_skeleton(english) for name, section in written().items() if name != "words" for english in section}


def _classes(kind: type[Problem]) -> Iterator[str]:
    yield kind.__name__
    for one in kind.__subclasses__():
        yield from _classes(one)


def test_every_sentence_of_the_code_has_its_chinese() -> None:
    assert create_app is not None, "all the problems there are have been imported by it"
    known = _known()
    missing = {
        text: where
        for where, text in sentences(set(_classes(Problem)))
        if _skeleton(text) not in known and in_chinese(text) is None
    }
    lines = "\n".join(f'"{text}" = ""  # {where}' for text, where in missing.items())
    assert not missing, f"say these in Chinese in crm/chinese.toml:\n{lines}"


def test_every_message_of_pydantic_has_its_chinese() -> None:
    known = _known()
    missing = []
    for error in list_all_errors():
        for said in dict.fromkeys(
            (error["message_template_python"], error.get("message_template_json") or "Field required")
        ):
            if error["type"] in MESSAGES or error["type"] == "value_error" or NEVER_SENT.search(said):
                continue
            if _skeleton(said) not in known:
                missing.append(said)
    missing += [said for said in MESSAGES.values() if in_chinese(said) is None]
    assert not missing


def test_each_sentence_stands_once_and_leaves_no_place_open() -> None:
    english = [(one, said) for name, section in written().items() if name != "words" for one, said in section.items()]
    skeletons = [_skeleton(one) for one, _ in english]
    assert len(set(skeletons)) == len(skeletons)
    for one, said in english:
        assert set(PLACE.findall(said)) <= set(PLACE.findall(one)), one
        assert not re.search(r"[.?!]$", said) or said.endswith(("ETag", ".5")), said


def test_nothing_stands_in_the_catalogue_that_nobody_says() -> None:
    said = {_skeleton(text) for _, text in sentences(set(_classes(Problem)))}
    said |= {_skeleton(one) for one in MESSAGES.values()}
    ours = [
        one
        for name, section in written().items()
        if name not in {"words", "shapes"}
        for one in section
        if _skeleton(one) not in said and not any(_matches(one, text) for text in said)
    ]
    assert not ours, "nobody says these any more"


def _matches(template: str, text: str) -> bool:
    pieces = [re.escape(piece) for piece in PLACE.split(template)]
    return re.fullmatch(".*".join(pieces), text) is not None
