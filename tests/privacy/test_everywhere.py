"""Nothing of an erased person is left: not in any column of any table, and not in any file."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from crm.database import Database
from crm.privacy.places import PLACES
from services.settings import Settings
from services.worker.exporting import export_round
from services.worker.removing import remove_files
from tests.conftest import Client, Stage
from tests.factories import Workspace
from tests.privacy.dump import found_in
from tests.privacy.people import post
from tests.privacy.planting import person_of


@dataclass
class Worker:
    """As much of the worker as files need."""

    database: Database
    settings: Settings


@pytest_asyncio.fixture
async def worker(stage: Stage) -> AsyncIterator[Any]:
    """The worker, logged in as itself."""
    database = Database(stage.dsn("rapport_worker"), name="test-worker", size=2)
    yield Worker(database, stage.settings())
    await database.close()


def files_with(folder: Path, workspace: Workspace, strings: list[str]) -> set[str]:
    """The kinds of files of the workspace in which one of these strings stands."""
    mine = [file for file in folder.rglob("*") if file.is_file() and str(workspace.id) in str(file)]
    return {
        file.relative_to(folder).parts[0]
        for file in mine
        if any(string.encode() in file.read_bytes() for string in strings)
    }


@pytest.mark.parametrize("kind", ["contact", "customer"])
async def test_nothing_is_left_of_an_erased_person(
    client: Client, stage: Stage, workspace: Workspace, worker: Any, kind: str
) -> None:
    planted = await person_of(client, workspace, kind)
    while await export_round(worker):
        pass
    for place in PLACES:
        alone = place.of_contact if kind == "contact" else place.of_customer
        advice = f"make a row of {place.table.name} in tests/privacy/planting.py"
        assert place.table.name in planted.near or place.table.name in planted.alone, advice
        assert alone is None or place.table.name in planted.alone, f"{advice}, about the person alone"
    everything = [*planted.strings, *planted.said_near]
    before = await found_in(stage.owner, everything)
    reached = {place.table.name for place in PLACES} | {"events", "idempotency_keys", "import_files", f"{kind}_tokens"}
    reached |= {"customer_merges"} if kind == "customer" else set()
    assert reached - before.keys() == set(), "the control finds the person in each place"
    assert before["events"] >= set(everything) - {planted.strings[2], planted.strings[3]}
    assert files_with(stage.folder, workspace, everything) == {"attachments", "exports"}

    path = f"/v1/{kind}s/{planted.id}/erase"
    answer = await post(client, path, {"reason": "requested"})
    assert await found_in(stage.owner, everything) == {}
    assert {place.table.name for place in PLACES if not answer["erased"][place.table.name]} == set()
    while await remove_files(worker):
        pass
    assert files_with(stage.folder, workspace, everything) == set()
