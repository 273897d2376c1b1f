"""The guide for partners (docs/webhooks.md) tells the truth: its snippets, its vector, its examples, its schedule."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from crm.webhooks.rules import WAITS, is_deliverable
from crm.webhooks.signing import headers, new_secret
from services.api.published import EVENTS

GUIDE = (Path(__file__).parents[2] / "docs/webhooks.md").read_text(encoding="utf-8")
BODY = '{"type":"visit.completed","data":{"result":"满意"}}'.encode()
SECRET, OLD_SECRET = new_secret(), new_secret()

Verify: TypeAlias = Callable[[str, Mapping[str, str], bytes], bool]


def snippet(language: str) -> str:
    """The guide's one block in this language."""
    (found,) = re.findall(rf"(?ms)^```{language}\n(.*?)^```", GUIDE)
    return str(found)


def in_python(secret: str, sent: Mapping[str, str], body: bytes) -> bool:
    space: dict[str, Any] = {}
    exec(snippet("python"), space)
    try:
        space["verify"](secret, sent, body)
    except ValueError:
        return False
    return True


def in_node(secret: str, sent: Mapping[str, str], body: bytes) -> bool:
    if (node := shutil.which("node")) is None:
        pytest.skip("Node.js is not installed")
    arguments = f"{json.dumps(secret)}, {json.dumps(dict(sent))}, Buffer.from('{body.hex()}', 'hex')"
    trial = f"\ntry {{ verify({arguments}); console.log('yes'); }} catch (error) {{ console.log(error.name); }}"
    command = [node, "--input-type=module", "-e", snippet("js") + trial]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert said in {"yes", "Error"}, said
    return said == "yes"


def signed(*secrets: str, at: datetime | None = None) -> dict[str, str]:
    return headers(secrets, "01a200db-2c14-7c3b-9d0e-51eef8f54f42", at or datetime.now(UTC), BODY)


@pytest.mark.parametrize("verify", [in_python, in_node])
def test_the_snippets_accept_what_we_sign_and_nothing_else(verify: Verify) -> None:
    sent = signed(SECRET)
    assert verify(SECRET, sent, BODY)
    assert verify(OLD_SECRET, signed(SECRET, OLD_SECRET), BODY)
    assert not verify(OLD_SECRET, sent, BODY)
    assert not verify(SECRET, sent, BODY + b" ")
    assert not verify(SECRET, sent | {"webhook-id": "another"}, BODY)
    assert not verify(SECRET, sent | {"webhook-signature": "v1,ä"}, BODY)
    assert not verify(SECRET, sent | {"webhook-timestamp": "now"}, BODY)
    assert not verify(SECRET, {}, BODY)
    assert not verify(SECRET, signed(SECRET, at=datetime.now(UTC) - timedelta(minutes=6)), BODY)


def test_the_vector_is_what_we_send() -> None:
    row = dict(re.findall(r"(?m)^\| (secret|body|`webhook-[a-z]+`) \| `(.+)` \|$", GUIDE))
    at = datetime.fromtimestamp(int(row["`webhook-timestamp`"]), UTC)
    sent = headers([row["secret"]], row["`webhook-id`"], at, row["body"].encode())
    assert sent["webhook-signature"] == row["`webhook-signature`"]


EXAMPLES = [json.loads(found) for found in re.findall(r"(?ms)^```json\n(.*?)^```", GUIDE)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example["type"]))
def test_an_example_has_the_members_that_are_sent(example: dict[str, Any]) -> None:
    shape = EVENTS[example["type"]][1]
    members = {field.alias or name for name, field in shape.model_fields.items()}
    assert example["data"].keys() == members
    shape.model_validate(example["data"])
    assert example["sequence"] == example["data"]["version"]
    described = set(re.findall(r"(?m)^\| `([a-z_]+)` \|", GUIDE.partition("## Verify")[0]))
    assert example.keys() == described


def test_every_kind_has_an_example_and_every_event_is_named() -> None:
    families = {event.partition(".")[0] for event in EVENTS}
    assert {example["type"].partition(".")[0] for example in EXAMPLES} == families
    named = set(re.findall(r"(?m)^\| `([a-z_]+\.[a-z_]+)` \|", GUIDE))
    assert named == {event for event in EVENTS if is_deliverable(event)}


def test_the_schedule_is_the_one_we_keep() -> None:
    told = re.search(r"then after (.+?), each", GUIDE, re.DOTALL)
    assert told is not None
    units = {"s": "seconds", "min": "minutes", "h": "hours"}
    waits = re.findall(r"(\d+) (s|min|h)\b", told[1])
    assert tuple(timedelta(**{units[unit]: int(count)}) for count, unit in waits) == WAITS
