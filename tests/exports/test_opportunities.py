"""Sales leave as a file that an import of sales takes again."""

from typing import Any

from tests.conftest import Client
from tests.exports.test_exports import export, worker
from tests.imports.steps import Worker, counts, run, told
from tests.imports.test_opportunities import AS_OF_OLD, FILE, sales, surroundings

__all__ = ["surroundings", "worker"]


async def test_what_is_exported_comes_in_again_as_nothing_new(client: Client, worker: Any) -> None:
    importing = Worker(worker.database)
    await run(client, importing, FILE, **AS_OF_OLD)
    before = await sales(client)
    done, content = await export(client, worker, noun="opportunities", filters={"state": ["won", "open"]})
    assert (done["state"], done["rows"]) == ("done", 3)
    text = content.decode()
    assert text.startswith("id,reference,name,customer,owner,product,quantity,items,pipeline,stage,state,amount.amount")
    assert "1 × GTX Pro: 4500.00" in text
    again = await run(client, importing, text, kind="opportunities", mapping={"id": "skip", "reference": "reference"})
    assert (counts(again), await told(client, again)) == (("done", 0, 0, 3, 0), [])
    assert await sales(client) == before
