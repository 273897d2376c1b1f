"""Where content is kept: a folder and a bucket keep the same promises, the bucket on a real server of the protocol."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from moto.server import ThreadedMotoServer

from crm.attachments import sweeping
from crm.attachments.bucket import Bucket
from crm.attachments.local import Folder
from crm.attachments.store import Store, StoreFailed, key_of, prefix_of
from services.api.main import create_app
from services.api.openapi import document
from services.storage import store_of
from tests.attachments.test_attachments import PDF, customer, send, sent
from tests.conftest import Client, Running, Stage, problem
from tests.factories import Workspace

LARGE = bytes(range(256)) * 4 * 1024 * 12
"""Larger than what goes up in one part."""


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a store that speaks the protocol."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str) -> str:
    """The name of a new bucket."""
    name = f"files-{uuid4().hex}"
    assert httpx.put(f"{s3}/{name}").is_success
    return name


def on(s3: str, bucket: str, prefix: str = "") -> Bucket:
    return Bucket(bucket, endpoint=s3, region="us-east-1", access_key_id="a", secret_access_key="s", prefix=prefix)


@pytest.fixture(params=["folder", "bucket", "bucket below a prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Each kind of store, empty."""
    if request.param == "folder":
        return Folder(tmp_path / "attachments")
    address, name = request.getfixturevalue("s3"), request.getfixturevalue("bucket")
    return on(address, name, "some/where" if "prefix" in request.param else "")


async def whole(pieces: AsyncIterator[bytes]) -> list[bytes]:
    return [piece async for piece in pieces]


async def test_what_is_put_is_given_back_piece_by_piece(store: Store) -> None:
    key = key_of(uuid4(), uuid4())
    with SpooledTemporaryFile(max_size=1024) as file:
        file.write(LARGE)
        await store.put(key, file)  # type: ignore[arg-type]  # a spooled file does what a file does
    pieces = await whole(await store.open(key))
    assert b"".join(pieces) == LARGE
    assert len(pieces) > 10


async def test_what_is_put_again_is_what_is_there(store: Store) -> None:
    key = key_of(uuid4(), uuid4())
    for content in (b"one", b"two"):
        file = BytesIO(content)
        file.seek(2)
        await store.put(key, file)
    assert await whole(await store.open(key)) == [b"two"]


async def test_what_is_not_there_is_said_before_the_first_piece_and_can_be_deleted(store: Store) -> None:
    key = key_of(uuid4(), uuid4())
    with pytest.raises(FileNotFoundError):
        await store.open(key)
    await store.delete(key)
    await store.put(key, BytesIO(b"x"))
    await store.delete(key)
    with pytest.raises(FileNotFoundError):
        await store.open(key)


async def test_a_workspace_is_listed_by_itself(store: Store) -> None:
    mine, other = uuid4(), uuid4()
    assert [one async for one in store.list(prefix_of(mine))] == []
    keys = {key_of(mine, uuid4()) for _ in range(3)}
    for key in (*keys, key_of(other, uuid4())):
        await store.put(key, BytesIO(b"four"))
    found = [one async for one in store.list(prefix_of(mine))]
    assert {one.key for one in found} == keys
    assert {one.size for one in found} == {4}
    assert all(abs(one.changed_at - datetime.now(UTC)) < timedelta(minutes=1) for one in found)
    assert len([one async for one in store.list("")]) == 4


async def test_a_bucket_that_is_not_there_fails_and_says_nothing_of_keys(s3: str, bucket: str) -> None:
    store = on(s3, f"{bucket}-not")
    with pytest.raises(StoreFailed) as failed:
        await store.put("a", BytesIO(b"x"))
    assert "secret" not in repr(failed.value)
    with pytest.raises(StoreFailed):
        [one async for one in store.list("")]


async def test_a_folder_that_cannot_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreFailed):
        await Folder(tmp_path / "taken").put("a/b", BytesIO(b"x"))


@pytest_asyncio.fixture
async def in_bucket(stage: Stage, s3: str, bucket: str) -> AsyncIterator[Running]:
    """The API with its attachments in a bucket."""
    app = create_app(
        stage.settings(
            RAPPORT_S3_BUCKET=bucket,
            RAPPORT_S3_ENDPOINT=s3,
            RAPPORT_S3_ACCESS_KEY_ID="a",
            RAPPORT_S3_SECRET_ACCESS_KEY="s",
        )
    )
    async with app.router.lifespan_context(app):
        yield Running(app, document(app))


async def test_attachments_are_kept_in_the_bucket_and_nowhere_else(
    in_bucket: Running, stage: Stage, workspace: Workspace, s3: str, bucket: str
) -> None:
    async with Client(in_bucket, workspace.admin.token) as client:
        at = await customer(client)
        before = set((stage.folder / "attachments").rglob("*"))
        made = await sent(client, at)
        got = await client.get(f"/v1/attachments/{made['id']}/content")
        assert (got.content, got.headers["content-length"]) == (PDF, str(len(PDF)))
        kept = [one async for one in on(s3, bucket, "attachments").list(prefix_of(workspace.id))]
        assert [one.key for one in kept] == [key_of(workspace.id, made["id"])]
        assert set((stage.folder / "attachments").rglob("*")) == before

        assert (await client.post(f"/v1/customers/{at}/archive")).is_success
        problem(await send(client, at), 409, "customer_archived")
        assert len([one async for one in on(s3, bucket).list("")]) == 1, "what was refused is not left there"

        # A row names the one; of the others none does, or never will.
        store = on(s3, bucket, "attachments")
        lost = {key_of(workspace.id, uuid4()), f"{prefix_of(workspace.id)}aa/begun.new"}
        for key in lost:
            await store.put(key, BytesIO(b"x"))
        access = stage.database.reading(workspace.admin.actor)
        assert set(await sweeping.orphans(access, store, older_than=-60)) == lost
        assert await sweeping.orphans(access, store) == [], "their rows may come yet"

        await store.delete(kept[0].key)
        problem(await client.get(f"/v1/attachments/{made['id']}/content"), 503, "unavailable")


async def test_a_store_that_is_away_makes_uploads_unavailable_and_leaves_no_row(
    stage: Stage, workspace: Workspace, s3: str
) -> None:
    away = stage.settings(
        RAPPORT_S3_BUCKET="not-there", RAPPORT_S3_ENDPOINT=s3, RAPPORT_S3_ACCESS_KEY_ID="a",
        RAPPORT_S3_SECRET_ACCESS_KEY="s",
    )  # fmt: skip
    app = create_app(away)
    async with app.router.lifespan_context(app), Client(Running(app, document(app)), workspace.admin.token) as client:
        problem(await send(client, await customer(client)), 503, "unavailable")
        assert (await client.get("/v1/attachments")).json()["data"] == []


def test_without_a_bucket_the_folder_is_taken_and_a_bucket_needs_its_keys(stage: Stage) -> None:
    assert isinstance(store_of(stage.settings()), Folder)
    with pytest.raises(ValueError, match="RAPPORT_S3_ACCESS_KEY_ID"):
        stage.settings(RAPPORT_S3_BUCKET="files")
