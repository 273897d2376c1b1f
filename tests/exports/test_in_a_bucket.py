"""The files of exports lie in the bucket where there is one: who writes and who fetches share no folder."""

from pathlib import Path
from typing import Any
from uuid import UUID

from services.api.main import create_app
from services.api.openapi import document
from services.storage import export_key, shelf_of
from services.worker.exporting import export_round, sweep_exports
from services.worker.removing import remove_files
from tests.attachments.test_stores import bucket, on, s3
from tests.conftest import Client, Running, Stage, problem
from tests.exports.test_exports import export, worker
from tests.factories import Workspace

__all__ = ["bucket", "s3", "worker"]


async def keys(s3: str, bucket: str) -> list[str]:
    return [one.key async for one in on(s3, bucket, "attachments").list("exports/")]


def files_in(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


async def test_one_machine_writes_and_another_fetches_through_the_bucket(
    stage: Stage, workspace: Workspace, worker: Any, s3: str, bucket: str, tmp_path: Path
) -> None:
    keyed = {"RAPPORT_S3_ENDPOINT": s3, "RAPPORT_S3_ACCESS_KEY_ID": "a", "RAPPORT_S3_SECRET_ACCESS_KEY": "s"}
    here = stage.settings(RAPPORT_S3_BUCKET=bucket, RAPPORT_DATA_DIR=tmp_path / "api", **keyed)
    worker.settings = stage.settings(RAPPORT_S3_BUCKET=bucket, RAPPORT_DATA_DIR=tmp_path / "worker", **keyed)
    app = create_app(here)
    async with app.router.lifespan_context(app), Client(Running(app, document(app)), workspace.admin.token) as client:
        await client.post("/v1/customers", json={"name": "Acme"})
        first, content = await export(client, worker)
        assert b"Acme" in content
        assert await keys(s3, bucket) == [export_key(workspace.id, UUID(first["id"]), "csv")]
        assert files_in(tmp_path) == [], "nothing is left on a machine"
        await sweep_exports(worker)
        assert len(await keys(s3, bucket)) == 1
        assert await shelf_of(worker.settings).sweep(-60) == 1
        problem(await client.get(f"/v1/exports/{first['id']}/file"), 404, "export_expired")


async def test_what_an_erased_person_is_in_goes_from_the_bucket(
    stage: Stage, workspace: Workspace, worker: Any, s3: str, bucket: str, tmp_path: Path
) -> None:
    keyed = {"RAPPORT_S3_ENDPOINT": s3, "RAPPORT_S3_ACCESS_KEY_ID": "a", "RAPPORT_S3_SECRET_ACCESS_KEY": "s"}
    settings = stage.settings(RAPPORT_S3_BUCKET=bucket, RAPPORT_DATA_DIR=tmp_path, **keyed)
    worker.settings = settings
    app = create_app(settings)
    async with app.router.lifespan_context(app), Client(Running(app, document(app)), workspace.admin.token) as client:
        acme = (await client.post("/v1/customers", json={"name": "Acme"})).json()["id"]
        zhao = (await client.post("/v1/contacts", json={"customer_id": acme, "name": "Zhao Min"})).json()["id"]
        await export(client, worker, noun="contacts")
        erased = await client.post(f"/v1/contacts/{zhao}/erase", json={"reason": "requested"})
        assert erased.status_code == 200, erased.text
        assert len(await keys(s3, bucket)) == 1
        await remove_files(worker)
        assert await keys(s3, bucket) == []


async def test_a_store_that_is_away_fails_the_export_in_words(
    client: Client, stage: Stage, worker: Any, s3: str
) -> None:
    worker.settings = stage.settings(
        RAPPORT_S3_BUCKET="not-there", RAPPORT_S3_ENDPOINT=s3, RAPPORT_S3_ACCESS_KEY_ID="a",
        RAPPORT_S3_SECRET_ACCESS_KEY="s",
    )  # fmt: skip
    asked = (await client.post("/v1/exports", json={"noun": "customers"})).json()
    assert await export_round(worker)
    done = (await client.get(f"/v1/exports/{asked['id']}")).json()
    assert (done["state"], done["failure"]) == ("failed", "The file could not be written.")
