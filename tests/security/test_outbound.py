"""The sender of webhooks against a canary on loopback that must hear nothing, and against receivers that misbehave."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.worker.dialling import Address, Resolve
from services.worker.outbound import KEPT_OF_BODY, LONGEST_BODY, Outbound, Reply

NAME = "hooks.partner.example"
Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Canary:
    """A listener on loopback that counts who knocks and keeps what they said."""

    port: int = 0
    hits: int = 0
    heard: list[str] = field(default_factory=list)
    sent: int = 0


async def answer(canary: Canary, reader: asyncio.StreamReader, head: str = "200 OK", body: bytes = b"fine") -> bytes:
    """Read one request and return a whole answer to it."""
    request = await reader.readuntil(b"\r\n\r\n")
    length = int(request.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    canary.heard.append((request + await reader.readexactly(length)).decode())
    return f"HTTP/1.1 {head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def listening(
    behave: Callable[[Canary], Behave] | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Canary]:
    canary = Canary()

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await answer(canary, reader))

    chosen = behave(canary) if behave else plain
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        canary.hits += 1
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await chosen(reader, writer)
            await writer.drain()
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            connections.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    canary.port = server.sockets[0].getsockname()[1]
    try:
        yield canary
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


def saying(*answers: str) -> Resolve:
    """A name server that says one thing after another; the last thing for ever."""
    left = [[ip_address(text) for text in said.split()] for said in answers]

    async def resolve(_host: str, _port: int) -> Sequence[Address]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


async def call(url: str, **options: Any) -> Reply:
    async with Outbound(**{"deadline_seconds": 1.0, **options}) as outbound:
        return await outbound.post(url, {"content-type": "application/json"}, b"{}")


HOSTS = """
127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0x7F.0.0.1 0177.0.0.1 017700000001 0 0.0.0.0 127.0.0.1.
[::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [64:ff9b::127.0.0.1] [::1%25lo]
localhost LOCALHOST localhost. localhost.localdomain ip6-localhost a.localhost
user@127.0.0.1 user:word@127.0.0.1 hooks.partner.example@127.0.0.1 hooks.partner.example%40127.0.0.1
hooks.partner.example:443@127.0.0.1 hooks.partner.example\\@127.0.0.1 127.0.0.1\\.partner.example
hooks.partner.example#@127.0.0.1 127。0。0。1 ①②⑦.0.0.1 １２７.0.0.1 %31%32%37.0.0.1 loc%61lhost ⓛocalhost
""".split()  # noqa: SIM905  # one case a line reads better


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("host", HOSTS)
async def test_no_spelling_of_our_own_machine_is_called(scheme: str, host: str) -> None:
    async with listening() as canary:
        reply = await call(f"{scheme}://{host}:{canary.port}/")
        assert (reply.status, reply.error) == (None, "UrlRefused")
        assert canary.hits == 0


RESOLVED = """
127.0.0.1 127.8.8.8 0.0.0.0 ::1 :: ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::7f00:1 2002:7f00:1::
2001:0:7f00:1:: 10.0.0.1 100.64.0.1 100.100.100.200 169.254.169.254 172.16.0.1 192.0.0.8 192.0.0.192 192.88.99.1
192.168.1.1 198.18.0.1 203.0.113.1 224.0.0.1 255.255.255.255 168.63.129.16 fd00:ec2::254 fe80::1 fec0::1 ff02::1
5f00::1 2001:db8::1 3fff::1
""".split()  # noqa: SIM905  # one case a line reads better


@pytest.mark.parametrize("address", RESOLVED)
async def test_a_good_name_for_a_closed_address_is_not_dialled(address: str) -> None:
    async with listening() as canary:
        reply = await call(f"https://{NAME}:{canary.port}/", resolve=saying(address))
        assert (reply.status, reply.error) == (None, "AddressRefused")
        assert canary.hits == 0


async def test_control_the_same_calls_reach_the_canary_when_loopback_is_allowed() -> None:
    async with listening() as canary:
        reply = await call(f"http://127.0.0.1:{canary.port}/", allow_loopback=True)
        assert (reply.status, reply.body_start, reply.error) == (200, "fine", None)
        by_name = await call(f"http://localhost:{canary.port}/", allow_loopback=True)
        assert by_name.status == 200
        await call(f"https://{NAME}:{canary.port}/", resolve=saying("127.0.0.1"), allow_loopback=True)
        assert canary.hits == 3
        assert canary.heard[0].startswith("POST / HTTP/1.1\r\n")
        assert canary.heard[0].endswith("\r\n\r\n{}")


async def test_allowing_loopback_opens_no_other_inner_address() -> None:
    for address in ("10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1", "0.0.0.0"):
        reply = await call(f"https://{NAME}/", resolve=saying(address), allow_loopback=True)
        assert reply.error == "AddressRefused"
    for url in (
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "http://hooks.partner.example/",
    ):
        assert (await call(url, allow_loopback=True)).error == "UrlRefused"


async def test_a_name_that_changes_its_answer_is_asked_once_and_dialled_as_checked() -> None:
    asked = 0
    rebinding = saying("192.0.2.1 203.0.113.7", "127.0.0.1")

    async def resolve(host: str, port: int) -> Sequence[Address]:
        nonlocal asked
        asked += 1
        return await rebinding(host, port)

    async with listening() as canary:
        first = await call(f"https://{NAME}:{canary.port}/", resolve=resolve)
        assert (first.error, asked) == ("AddressRefused", 1)
        second = await call(f"https://{NAME}:{canary.port}/", resolve=resolve)
        assert (second.error, asked) == ("AddressRefused", 2)
        assert canary.hits == 0


async def test_what_is_dialled_is_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[tuple[str, int]] = []
    loop = asyncio.get_running_loop()

    async def create_connection(_factory: object, host: str, port: int, **_: object) -> None:
        dialled.append((host, port))
        raise ConnectionRefusedError

    monkeypatch.setattr(loop, "create_connection", create_connection)
    reply = await call(f"https://{NAME}/", resolve=saying("127.0.0.1 93.184.215.14 10.0.0.1 2606:4700::1", "127.0.0.1"))
    assert dialled == [("93.184.215.14", 443), ("2606:4700::1", 443)]
    assert reply.error == "ConnectError"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_not_a_way(status: int) -> None:
    async with listening() as inner:

        def redirecting(canary: Canary) -> Behave:
            async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(await answer(canary, reader, f"{status} X\r\nlocation: http://127.0.0.1:{inner.port}/"))

            return behave

        async with listening(redirecting) as canary:
            reply = await call(f"http://127.0.0.1:{canary.port}/", allow_loopback=True)
        assert reply.status == status
        assert (canary.hits, inner.hits) == (1, 0)


async def test_a_body_that_drips_is_cut_by_the_deadline() -> None:
    def dripping(_canary: Canary) -> Behave:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)

        return behave

    async with listening(dripping) as canary:
        began = time.monotonic()
        reply = await call(f"http://127.0.0.1:{canary.port}/", allow_loopback=True, deadline_seconds=0.5)
        assert 0.4 <= time.monotonic() - began < 1.5
    assert (reply.status, reply.error, reply.timed_out) == (200, "DeadlineExceeded", True)
    assert 400 <= reply.duration_ms < 1500
    assert reply.body_start.startswith("x")


async def test_headers_that_drip_are_cut_by_the_deadline() -> None:
    def dripping(_canary: Canary) -> Behave:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"x: y\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)

        return behave

    async with listening(dripping) as canary:
        reply = await call(f"http://127.0.0.1:{canary.port}/", allow_loopback=True, deadline_seconds=0.4)
    assert (reply.status, reply.timed_out) == (None, True)


async def test_a_receiver_that_never_answers_costs_no_more_than_the_deadline() -> None:
    def silent(_canary: Canary) -> Behave:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(30)

        return behave

    async with listening(silent) as canary:
        reply = await call(f"http://127.0.0.1:{canary.port}/", allow_loopback=True, deadline_seconds=0.3)
    assert (reply.status, reply.timed_out) == (None, True)
    assert reply.duration_ms < 1500


@pytest.mark.parametrize("chunk", [100, 60_000, 1_000_000])
async def test_an_endless_body_is_cut_by_its_size(chunk: int) -> None:
    def endless(canary: Canary) -> Behave:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
            while True:
                writer.write(b"x" * chunk)
                await writer.drain()
                canary.sent += chunk

        return behave

    async with listening(endless) as canary:
        reply = await call(f"http://127.0.0.1:{canary.port}/", allow_loopback=True, deadline_seconds=10)
    assert (reply.status, reply.error) == (200, None)
    assert reply.body_start == "x" * KEPT_OF_BODY
    assert reply.duration_ms < 5000
    # Beyond what we read lie only what the sockets held and one write of the sender.
    assert canary.sent < LONGEST_BODY + 16_000_000


async def test_a_compressed_bomb_stays_packed() -> None:
    def packed(canary: Canary) -> Behave:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await answer(canary, reader, "200 OK\r\ncontent-encoding: gzip", b"\x1f\x8b\x00not gzip\x00"))

        return behave

    async with listening(packed) as canary:
        reply = await call(f"http://127.0.0.1:{canary.port}/", allow_loopback=True)
    assert (reply.status, reply.error) == (200, None)
    assert "accept-encoding: identity" in canary.heard[0].lower()
    assert "\x00" not in reply.body_start
    assert "not gzip" in reply.body_start


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"garbage\r\n\r\n", "RemoteProtocolError"),
        (b"", "RemoteProtocolError"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nxx", "RemoteProtocolError"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", "RemoteProtocolError"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, "RemoteProtocolError"),
    ],
)
async def test_an_answer_that_is_no_http_is_a_value(said: bytes, error: str) -> None:
    def odd(canary: Canary) -> Behave:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await answer(canary, reader)
            writer.write(said)

        return behave

    async with listening(odd) as canary:
        reply = await call(f"http://127.0.0.1:{canary.port}/", allow_loopback=True)
    assert reply.error == error
    assert not reply.timed_out


async def test_network_faults_are_values() -> None:
    async with listening() as canary:
        port = canary.port
    nobody = await call(f"http://127.0.0.1:{port}/", allow_loopback=True)
    assert (nobody.status, nobody.error) == (None, "ConnectError")
    unknown = await call("https://no-such-name.invalid/")
    assert (unknown.status, unknown.error) == (None, "NameNotResolved")
    nothing = await call(f"https://{NAME}/", resolve=saying(""))
    assert nothing.error == "AddressRefused"


async def test_a_name_server_that_hangs_is_cut_by_the_time_to_connect() -> None:
    async def resolve(_host: str, _port: int) -> Sequence[Address]:
        await asyncio.sleep(30)
        return []

    reply = await call(f"https://{NAME}/", resolve=resolve, deadline_seconds=0.3)
    assert (reply.status, reply.timed_out) == (None, True)
    assert reply.duration_ms < 1500


async def test_retry_after_is_read() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=90)
    said = iter(["7", f"{soon:%a, %d %b %Y %H:%M:%S} GMT", "soon"])

    def busy(canary: Canary) -> Behave:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await answer(canary, reader, f"429 Busy\r\nretry-after: {next(said)}"))

        return behave

    async with listening(busy) as canary:
        replies = [await call(f"http://127.0.0.1:{canary.port}/", allow_loopback=True) for _ in range(3)]
    assert [reply.status for reply in replies] == [429, 429, 429]
    assert replies[0].retry_after == timedelta(seconds=7)
    assert replies[1].retry_after is not None
    assert timedelta(seconds=80) < replies[1].retry_after <= timedelta(seconds=90)
    assert replies[2].retry_after is None


async def test_no_cookie_of_one_delivery_travels_with_the_next() -> None:
    def baking(canary: Canary) -> Behave:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for _ in range(2):
                writer.write(await answer(canary, reader, "200 OK\r\nset-cookie: who=first; Path=/"))
                await writer.drain()

        return behave

    async with listening(baking) as canary, Outbound(allow_loopback=True, deadline_seconds=2) as outbound:
        for _ in range(2):
            assert (await outbound.post(f"http://127.0.0.1:{canary.port}/", {}, b"{}")).status == 200
    assert len(canary.heard) == 2
    assert "cookie" not in canary.heard[1].lower()


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as proxy, listening() as canary:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert (await call(f"http://127.0.0.1:{canary.port}/", allow_loopback=True)).status == 200
        assert (await call(f"https://{NAME}/", resolve=saying("10.0.0.1"))).error == "AddressRefused"
        assert (proxy.hits, canary.hits) == (0, 1)


def certificate_for(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for the name, and a client's that trusts it and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + pem
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=pem.decode())


async def test_server_name_host_and_certificate_stay_those_of_the_name(tmp_path: Path) -> None:
    server, client = certificate_for(NAME, tmp_path)
    named: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: named.append(name)
    async with listening(tls=server) as canary:
        reply = await call(
            f"https://{NAME}:{canary.port}/in?x=1",
            resolve=saying("127.0.0.1"),
            allow_loopback=True,
            ssl_context=client,
            deadline_seconds=3,
        )
        assert (reply.status, reply.body_start, reply.error) == (200, "fine", None)
        assert named == [NAME]
        assert canary.heard[0].startswith("POST /in?x=1 HTTP/1.1\r\n")
        assert f"host: {NAME}:{canary.port}\r\n" in canary.heard[0].lower()


async def test_a_certificate_for_another_name_or_from_a_stranger_is_refused(tmp_path: Path) -> None:
    server, client = certificate_for("other.partner.example", tmp_path)
    async with listening(tls=server) as canary:
        url = f"https://{NAME}:{canary.port}/"
        other = await call(
            url, resolve=saying("127.0.0.1"), allow_loopback=True, ssl_context=client, deadline_seconds=3
        )
        stranger = await call(url, resolve=saying("127.0.0.1"), allow_loopback=True, deadline_seconds=3)
        assert [reply.error for reply in (other, stranger)] == ["SSLCertVerificationError"] * 2
        assert [reply.status for reply in (other, stranger)] == [None, None]
        assert canary.heard == []


async def test_many_dead_receivers_do_not_delay_a_live_one() -> None:
    def silent(_canary: Canary) -> Behave:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(30)

        return behave

    async with (
        listening(silent) as dead,
        listening() as alive,
        Outbound(allow_loopback=True, deadline_seconds=2) as outbound,
    ):
        stuck = [asyncio.create_task(outbound.post(f"http://127.0.0.1:{dead.port}/", {}, b"{}")) for _ in range(50)]
        await asyncio.sleep(0.2)
        reply = await outbound.post(f"http://127.0.0.1:{alive.port}/", {}, b"{}")
        assert (reply.status, reply.duration_ms < 1000) == (200, True)
        assert all(reply.timed_out for reply in await asyncio.gather(*stuck))


async def test_a_call_given_up_during_the_handshake_leaves_no_socket_open() -> None:
    closed = asyncio.Event()

    def deaf(_canary: Canary) -> Behave:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(4096):
                pass
            closed.set()

        return behave

    async with listening(deaf) as canary:
        reply = await call(
            f"https://{NAME}:{canary.port}/",
            resolve=saying("127.0.0.1"),
            allow_loopback=True,
            deadline_seconds=0.3,
        )
        assert (reply.status, reply.timed_out) == (None, True)
        await asyncio.wait_for(closed.wait(), 1)
