"""The control: firing as one would write it first, each step by itself and nothing that knows what was done.

    python -m tests.worker.unfenced DSN

It must lose the race that the product wins, or the tests that kill workers would prove nothing.
"""

import asyncio
import sys

import asyncpg

BATCH = 200


async def fire_all(dsn: str) -> None:
    """Tell everybody, then remember that they were told."""
    connection = await asyncpg.connect(dsn)
    while due := await connection.fetch(
        "SELECT * FROM reminders WHERE state = 'scheduled' AND fire_at <= now() LIMIT $1", BATCH
    ):
        await connection.executemany(
            "INSERT INTO notifications "
            "(workspace_id, user_id, kind, title, subject_type, subject_id, dedupe_key) "
            "VALUES ($1, $2, 'reminder', $3, 'task', $4, gen_random_uuid())",
            [(row["workspace_id"], row["user_id"], row["title"], row["subject_id"]) for row in due],
        )
        await asyncio.sleep(0.05)
        await connection.executemany(
            "UPDATE reminders SET state = 'fired', fired_at = now() WHERE id = $1", [(row["id"],) for row in due]
        )
    await connection.close()


if __name__ == "__main__":
    asyncio.run(fire_all(sys.argv[1]))
