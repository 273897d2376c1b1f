"""What hangs on a sale goes with it to the customer it finds."""

from crm.pipelines.defaults import open_first_pipeline
from services.api.main import create_app
from services.api.openapi import document
from services.worker.rounds import Worker
from tests.attachments.test_attachments import send
from tests.conftest import Client, Running
from tests.contacts.test_contacts import customer_of
from tests.notes.test_notes import ids, note, post
from tests.worker.conftest import Backstage, settle


async def test_notes_and_files_follow_their_sale_to_its_customer(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    async with backstage.stage.database.transaction(home.admin.actor) as tx:
        await open_first_pipeline(tx)
    app = create_app(backstage.stage.settings())
    async with app.router.lifespan_context(app), Client(Running(app, document(app)), home.admin.token) as client:
        sale = await post(client, "/v1/opportunities", {"name": "Somebody asked"})
        other = await post(client, "/v1/opportunities", {"name": "Somebody else"})
        written = await post(client, "/v1/notes", note("opportunity", sale["id"]))
        elsewhere = await post(client, "/v1/notes", note("opportunity", other["id"]))
        file = (await send(client, sale["id"], subject_type="opportunity")).json()
        at = await customer_of(client)
        for change in ({"name": "They asked"}, {"customer_id": at}):
            assert (await client.patch(f"/v1/opportunities/{sale['id']}", json=change)).is_success
            await settle(worker)
        assert await ids(client, customer_id=at) == [written["id"]]
        found = (await client.get(f"/v1/attachments/{file['id']}")).json()
        assert (found["customer_id"], found["version"]) == (at, 2)
        assert (await client.get(f"/v1/notes/{elsewhere['id']}")).json()["customer_id"] is None
        # Two reactions to one fact come in no order.
        types = [kind for kind in await backstage.types() if kind in {"note.updated", "attachment.updated"}]
        assert sorted(types) == ["attachment.updated", "note.updated"]
