"""Passwords of the login roles: Postgres accepts our verifier, and only with the right password."""

import asyncio
import tempfile
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from services.local.servers import SUPERUSER, DsnOf, embedded_postgres
from services.schema import _set_passwords


@pytest.mark.parametrize("password", ["opensesame", "芝麻开门", 'it\'s %s \\ "quoted"', "ﬁve\u00a0spaces"])
def test_a_role_signs_in_with_the_password_it_was_given_and_no_other(password: str) -> None:
    with tempfile.TemporaryDirectory(prefix="rapport-test-") as top:
        folder = Path(top) / "postgres"
        with embedded_postgres(folder, durable=False) as dsn_of:
            asyncio.run(sign_in_with(dsn_of, folder, password))
        log = (folder / "postgres.log").read_text()
    assert "ALTER ROLE" in log
    assert password not in log


async def sign_in_with(dsn_of: DsnOf, folder: Path, password: str) -> None:
    owner = await asyncpg.connect(dsn_of(SUPERUSER, "postgres"))
    await owner.execute("CREATE ROLE rapport_api LOGIN")
    await owner.execute("ALTER SYSTEM SET log_statement = 'all'")
    with (folder / "cluster/pg_hba.conf").open("r+") as rules:
        before = rules.read()
        rules.seek(0)
        rules.write(f"local all rapport_api scram-sha-256\n{before}")
    await owner.execute("SELECT pg_reload_conf()")
    await owner.close()
    await _set_passwords(dsn_of(SUPERUSER, "postgres"), {"rapport_api": SecretStr(password)})
    dsn = dsn_of("rapport_api", "postgres")
    for attempt, welcome in ((password, True), (password + "!", False), ("", False)):
        try:
            connection = await asyncpg.connect(dsn, password=attempt)
        except (asyncpg.InvalidPasswordError, asyncpg.InternalClientError):
            assert not welcome
        else:
            assert welcome
            await connection.close()
