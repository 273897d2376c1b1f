"""Refresh tokens: a family, of which one is good at a time."""

import asyncio
from dataclasses import replace

import pytest

from crm.sealing import Sealer
from crm.workspaces.errors import RefreshRefused
from crm.workspaces.mint import Granted, Mint
from crm.workspaces.refreshing import begin, refresh
from crm.workspaces.tokens import new_refresh, parse_refresh
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace


@pytest.fixture
async def first(mint: Mint, workspace: Workspace) -> Granted:
    """Anna has just signed in on her phone."""
    return await begin(mint, workspace.id, workspace.anna.id, "phone")


async def pass_time(stage: Stage, granted: Granted, seconds: float) -> None:
    """Let so many seconds go by for one session."""
    await stage.owner.execute(
        "UPDATE sessions SET rotated_at = rotated_at - $2 * interval '1 second', "
        "idle_until = idle_until - $2 * interval '1 second', valid_until = valid_until - $2 * interval '1 second' "
        "WHERE id = $1",
        parse_refresh(granted.refresh_token).session_id,
        seconds,
    )


async def is_alive(mint: Mint, granted: Granted) -> bool:
    """Whether this token can be exchanged."""
    try:
        await refresh(mint, granted.refresh_token, "phone")
    except RefreshRefused:
        return False
    return True


async def reasons(events: Facts) -> list[str]:
    """Why sessions ended."""
    return [fact["payload"]["revoked_because"] for fact in await events("session.revoked")]


async def test_each_token_brings_the_next_and_both_parts_work(
    mint: Mint, first: Granted, clients: Clients, events: Facts
) -> None:
    granted = first
    for _ in range(3):
        granted = await refresh(mint, granted.refresh_token, "phone")
        assert (await clients(granted.access_token).get("/v1/me")).status_code == 200
    assert granted.refresh_token != first.refresh_token
    assert await events() == []


async def test_a_used_token_ends_the_session_and_says_so(
    mint: Mint, first: Granted, stage: Stage, events: Facts, stranger: Client
) -> None:
    second = await refresh(mint, first.refresh_token, "phone")
    await pass_time(stage, first, 31)
    form = {"grant_type": "refresh_token", "refresh_token": first.refresh_token, "device": "phone"}
    refused = problem(await stranger.post("/v1/auth/token", data=form), 401, "refresh_refused")
    assert refused["error"] == "invalid_grant"
    assert not await is_alive(mint, second)
    assert await reasons(events) == ["reuse"]
    (fact,) = await events("session.revoked")
    assert fact["actor_kind"] == "system"


async def test_a_lost_answer_can_be_asked_for_again_for_half_a_minute(
    mint: Mint, first: Granted, stage: Stage, events: Facts
) -> None:
    second = await refresh(mint, first.refresh_token, "phone")
    await pass_time(stage, first, 29)
    again = await refresh(mint, first.refresh_token, "phone")
    assert again.refresh_token == second.refresh_token
    assert await is_alive(mint, again)
    assert await events() == []


async def test_only_the_immediate_predecessor_is_forgiven(mint: Mint, first: Granted, events: Facts) -> None:
    second = await refresh(mint, first.refresh_token, "phone")
    third = await refresh(mint, second.refresh_token, "phone")
    assert not await is_alive(mint, first)
    assert not await is_alive(mint, third)
    assert await reasons(events) == ["reuse"]


@pytest.mark.parametrize("device", ["laptop", None])
async def test_another_device_is_not_forgiven(mint: Mint, first: Granted, events: Facts, device: str | None) -> None:
    second = await refresh(mint, first.refresh_token, "phone")
    with pytest.raises(RefreshRefused):
        await refresh(mint, first.refresh_token, device)
    assert not await is_alive(mint, second)
    assert await reasons(events) == ["reuse"]


async def test_twenty_parallel_requests_get_one_successor_and_nobody_is_signed_out(
    mint: Mint, first: Granted, events: Facts
) -> None:
    granted = await asyncio.gather(*(refresh(mint, first.refresh_token, "phone") for _ in range(20)))
    assert len({one.refresh_token for one in granted}) == 1
    assert await is_alive(mint, granted[0])
    assert await events() == []


async def test_a_session_ends_after_two_idle_weeks_or_sixty_days_in_all(
    mint: Mint, first: Granted, stage: Stage, workspace: Workspace
) -> None:
    await pass_time(stage, first, 14 * 86400 + 1)
    assert not await is_alive(mint, first)

    granted = await begin(mint, workspace.id, workspace.anna.id, "phone")
    for _ in range(5):
        await pass_time(stage, granted, 11 * 86400)
        granted = await refresh(mint, granted.refresh_token, "phone")
    assert granted.refresh_expires_in == pytest.approx(5 * 86400, abs=5)
    await pass_time(stage, granted, 6 * 86400)
    assert not await is_alive(mint, granted)


async def test_an_invented_secret_ends_no_session(mint: Mint, first: Granted, workspace: Workspace) -> None:
    invented = new_refresh(workspace.id, parse_refresh(first.refresh_token).session_id)
    with pytest.raises(RefreshRefused):
        await refresh(mint, invented.text, "phone")
    assert await is_alive(mint, first)


async def test_a_disabled_person_cannot_go_on(mint: Mint, first: Granted, stage: Stage, workspace: Workspace) -> None:
    await stage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.anna.id)
    assert not await is_alive(mint, first)


async def test_what_is_no_token_is_refused(mint: Mint) -> None:
    for token in ("", "nonsense", "AAAA"):
        with pytest.raises(RefreshRefused):
            await refresh(mint, token, None)


async def test_a_changed_secret_key_asks_for_a_new_sign_in(mint: Mint, first: Granted) -> None:
    await refresh(mint, first.refresh_token, "phone")
    changed = replace(mint, sealer=Sealer("another secret key that is also long enough"))
    with pytest.raises(RefreshRefused):
        await refresh(changed, first.refresh_token, "phone")


async def test_no_token_can_be_read_from_the_table(mint: Mint, first: Granted, stage: Stage) -> None:
    second = await refresh(mint, first.refresh_token, "phone")
    row = await stage.owner.fetchrow(
        "SELECT * FROM sessions WHERE id = $1", parse_refresh(first.refresh_token).session_id
    )
    assert row is not None
    kept = repr(dict(row)).encode() + b"".join(value for value in row.values() if isinstance(value, bytes))
    assert first.refresh_token.encode() not in kept
    assert second.refresh_token.encode() not in kept
