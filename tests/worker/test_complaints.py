"""What follows from a complaint by itself, through the worker: a call back once the customer knows the decision."""

from crm.task_rules import shipped
from services.api.main import create_app
from services.api.openapi import document
from services.worker.rounds import Worker
from tests.complaints.steps import Path, receive
from tests.conftest import Client, Running
from tests.worker.conftest import Backstage, settle


async def test_whoever_answered_a_complaint_is_to_call_back(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    async with backstage.stage.database.transaction(home.admin.actor) as tx:
        await shipped.furnish(tx)
    app = create_app(backstage.stage.settings())
    running = Running(app, document(app))
    async with (
        app.router.lifespan_context(app),
        Client(running, home.admin.token) as admin,
        Client(running, home.service.token) as service,
    ):
        customer = (await admin.post("/v1/customers", json={"name": "Acme"})).json()["id"]
        complaint = await Path(service, admin, home).to("communicated", await receive(admin, customer))
        await settle(worker)
        await settle(worker)
        tasks = (await service.get(f"/v1/tasks?subject_id={complaint['id']}")).json()["data"]
        assert [(task["subject"]["type"], task["assignee"]["name"]) for task in tasks] == [("complaint", "Sue Service")]
        assert tasks[0]["rule"] is not None
        assert "Acme" in tasks[0]["title"]
