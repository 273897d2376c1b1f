"""Bring a database up to date: Alembic's upgrade to the newest schema, then the passwords of the two login roles."""

import asyncio
import base64
import hashlib
import hmac
import importlib.util
import os
import unicodedata

import asyncpg
from alembic import command
from alembic.config import Config
from pydantic import SecretStr

from services.settings import MigrationSettings

API_ROLE = "rapport_api"
WORKER_ROLE = "rapport_worker"
SCRAM_ROUNDS = 4096


def bring_up_to_date(settings: MigrationSettings) -> None:
    """Upgrade the schema as its owner and give the login roles the passwords given. Repeating it is harmless."""
    upgrade(settings.database_url)
    passwords = {API_ROLE: settings.api_password, WORKER_ROLE: settings.worker_password}
    asyncio.run(_set_passwords(settings.database_url, {role: word for role, word in passwords.items() if word}))


def upgrade(database_url: str) -> None:
    """Run all migrations that are still owed. Works from a checkout and from an installed package."""
    package = importlib.util.find_spec("migrations")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("The package 'migrations' is not installed beside 'services'.")
    config = Config(attributes={"url": database_url})
    config.set_main_option("script_location", package.submodule_search_locations[0].replace("%", "%%"))
    command.upgrade(config, "head")


async def _set_passwords(database_url: str, passwords: dict[str, SecretStr]) -> None:
    if not passwords:
        return
    connection = await asyncpg.connect(database_url)
    try:
        for role, password in passwords.items():
            # The server is sent a verifier, so that the password cannot show in its log.
            statement = await connection.fetchval(
                "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)",
                role,
                scram_verifier(password.get_secret_value(), os.urandom(16)),
            )
            await connection.execute(statement)
    finally:
        await connection.close()


def scram_verifier(password: str, salt: bytes) -> str:
    """What Postgres stores for a password under SCRAM-SHA-256 (RFC 5803)."""
    prepared = unicodedata.normalize("NFKC", password).encode()
    salted = hashlib.pbkdf2_hmac("sha256", prepared, salt, SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${SCRAM_ROUNDS}:{salt64}${stored64}:{server64}"
