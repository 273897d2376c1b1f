"""The API process: ``uvicorn --factory services.api.main:create_app``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import crm.models  # noqa: F401  # A merge moves the rows of every table, also of those that no route knows.
from crm.channels.proofs import Proofs
from crm.database import Database
from crm.sealing import Sealer, derive
from crm.strangers.links import Links
from crm.workspaces.mint import Mint
from crm.workspaces.tokens import Tokens
from services import logs
from services.api import complaint_pages, pages
from services.api.door import Door
from services.api.draining import drain_on_sigterm
from services.api.frame import Api, Manners
from services.api.inboxes import CHANNEL as INBOX_CHANGED
from services.api.inboxes import Inboxes
from services.api.logs import AccessLog
from services.api.published import EVENTS
from services.api.roster import ROUTERS
from services.api.routes.health import Surroundings, heads_of
from services.api.turnstile import Turnstile
from services.memory import settle_memory
from services.settings import Settings, load
from services.storage import shelf_of, store_of

GRACE = 20
"""Seconds that the server waits for requests in flight (``timeout_graceful_shutdown``): more than the deadline."""


def create_app(settings: Settings | None = None) -> Api:
    """The whole application; reads the environment unless it is handed settings. Opens nothing until it is started."""
    chosen = settings or load(Settings)
    logs.configure(chosen.log_level)

    @asynccontextmanager
    async def lifespan(api: Api) -> AsyncIterator[None]:
        # DATABASE: the one place where the pools are opened; routes find them in app.state.database.
        database = Database(
            chosen.database_url,
            name="rapport-api",
            size=chosen.pool_size,
            read_url=chosen.database_read_url,
        )
        api.state.settings = chosen
        api.state.database = database
        api.state.attachments = store_of(chosen)
        api.state.shelf = shelf_of(chosen)
        secret_key = chosen.secret_key.get_secret_value()
        api.state.tokens, api.state.sealer = Tokens(secret_key), Sealer(secret_key)
        api.state.proofs, api.state.links = Proofs(secret_key), Links(secret_key)
        api.state.mint = Mint(database, api.state.tokens, api.state.sealer)
        api.state.fingerprint_key = derive(secret_key, "idempotency fingerprint|HMAC-SHA256")
        api.state.event_types = frozenset(EVENTS)
        api.state.turnstile = Turnstile()
        api.state.event_shapes = {name: shape for name, (_, shape) in EVENTS.items()}
        api.state.door = Door(database, api.state.tokens, rate_limit=chosen.rate_limit)
        api.state.inboxes = Inboxes()
        api.state.door.also_hear(INBOX_CHANGED, api.state.inboxes.heard)
        beside = [
            asyncio.create_task(api.state.door.listen()),
            asyncio.create_task(api.state.inboxes.close_when(lambda: bool(api.state.draining))),
        ]
        heads = heads_of(Path(str(files("migrations"))))
        api.state.surroundings = Surroundings(database, chosen.redis_url, heads)
        drain_on_sigterm(api.state, chosen.drain_seconds)
        settle_memory()
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await api.state.door.close()
            await database.close()

    access_log = AccessLog() if chosen.access_log else None
    api = Api(Manners(access_log=access_log, cors_origins=chosen.cors_origins), lifespan=lifespan)
    api.add_routers(*ROUTERS, complaint_pages.router)
    if chosen.docs:
        api.add_routers(pages.router)
    return api
