"""What travels through the queue, and how its worker is set."""

from collections.abc import Mapping
from uuid import uuid4

import orjson
from arq.worker import get_kwargs

from services.worker.main import WorkerSettings
from services.worker.rounds import Worker


async def test_a_message_is_json_and_never_runs_code(worker: Worker) -> None:
    await worker.queue.flushall()
    delivery_id = str(uuid4())
    job = await worker.queue.enqueue_job("deliver", str(uuid4()), delivery_id)
    assert job is not None
    message = await worker.queue.get(f"arq:job:{job.job_id}")
    assert message is not None
    assert orjson.loads(message)["a"][1] == delivery_id
    await worker.queue.flushall()


def test_the_queue_keeps_no_results_and_tries_nothing_again() -> None:
    settings: Mapping[str, object] = get_kwargs(WorkerSettings)  # type: ignore[arg-type]  # arq asks for more than it uses
    assert settings["max_tries"] == 1
    assert settings["keep_result"] == 0
    assert settings["retry_jobs"] is False
    assert settings["allow_abort_jobs"] is False
    assert not [name for name in settings if name.startswith(("on_", "after_", "cron"))]
