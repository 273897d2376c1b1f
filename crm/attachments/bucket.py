"""A bucket of any store that speaks the protocol of Amazon S3. What is large goes up in parts, and comes in pieces."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import BinaryIO

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from crm.attachments.store import PIECE, Kept, StoreFailed

TRIES = 3
LONGEST = timedelta(seconds=20)
"""For all tries together: a request has a deadline of its own."""


class Bucket:
    """A bucket, below a prefix where others use it too."""

    def __init__(
        self,
        name: str,
        *,
        endpoint: str | None,
        region: str,
        access_key_id: str,
        secret_access_key: str,
        prefix: str = "",
    ) -> None:
        """Connects with its first use. Without ``endpoint`` it is Amazon's; plain HTTP only where it says so."""
        self._store = S3Store(
            name,
            prefix=prefix or None,
            endpoint=endpoint,
            region=region,
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            # Stores of one's own seldom have a name for each bucket.
            virtual_hosted_style_request=endpoint is None,
            client_options={
                "allow_http": endpoint is not None and endpoint.startswith("http://"),
                "connect_timeout": "3s",
                "timeout": "30s",
            },
            retry_config={"max_retries": TRIES - 1, "retry_timeout": LONGEST},
        )

    async def put(self, key: str, content: BinaryIO) -> None:
        """Keep it: a bucket shows an upload when it is complete."""
        content.seek(0)
        try:
            await obstore.put_async(self._store, key, content)
        except (BaseError, OSError) as error:
            raise StoreFailed(type(error).__name__) from error

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """The object piece by piece."""
        try:
            found = await obstore.get_async(self._store, key)
        except FileNotFoundError:
            raise
        except (BaseError, OSError) as error:
            raise StoreFailed(type(error).__name__) from error
        return _pieces(found.stream(min_chunk_size=PIECE))

    async def delete(self, key: str) -> None:
        """Remove the object."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StoreFailed(type(error).__name__) from error

    async def list(self, prefix: str) -> AsyncIterator[Kept]:
        """The objects below this prefix, a thousand at a time."""
        try:
            async for some in obstore.list(self._store, prefix):
                for one in some:
                    yield Kept(one["path"], one["size"], one["last_modified"])
        except (BaseError, OSError) as error:
            raise StoreFailed(type(error).__name__) from error


async def _pieces(stream: "obstore.BytesStream") -> AsyncIterator[bytes]:
    async for piece in stream:
        yield bytes(piece)
