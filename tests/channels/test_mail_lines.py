"""The line to the mail server: encrypted, to the server it says it is, and nothing in the clear that should not be."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from crm.channels.leases import Lease
from crm.channels.letters import Draft
from crm.channels.rules import Verdict, Ways
from crm.channels.telling import told
from services.mail import Mail, mail_server
from services.worker.channels.email import email
from services.worker.channels.parcels import Means, Parcel
from services.worker.outbound import Outbound
from tests.channels.conftest import MailServer

PASSWORD = "open/sesame"


@dataclass
class Line:
    """A mail server and the way to it."""

    server: MailServer
    certificate: Path
    mail: Callable[..., Mail]
    outbound: Outbound

    async def send(self, mail: Mail) -> Any:
        """One test message."""
        lease = Lease(uuid4(), uuid4(), uuid4(), "email")
        draft = Draft(
            lease, uuid4(), "test", 1, Ways("email", "UTC"), False, "x", "anna@example.com", None, None, "en", []
        )
        means = Means(self.outbound, mail, lambda _: None)
        return await email(means, Parcel(draft, told(draft, []), [], {}))


def _certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, secret)
    return certificate, context


def _knows(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"crm", PASSWORD.encode())
    return AuthResult(success=right, handled=right)


@pytest_asyncio.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    """A server that wants STARTTLS and a login on one port, TLS on another, and offers neither on a third."""
    server, loop = MailServer(), asyncio.get_running_loop()
    certificate, context = _certificate(tmp_path)
    ports: dict[str, int] = {}
    async with AsyncExitStack() as stack:
        for security, options, wrapped in (
            ("starttls", {"tls_context": context, "require_starttls": True, "auth_required": True}, None),
            ("tls", {}, context),
            ("none", {}, None),
        ):

            def made(options: dict[str, Any] = options) -> SMTP:
                return SMTP(server, loop=loop, authenticator=_knows, hostname="mail", **options)

            listening = await loop.create_server(made, "127.0.0.1", 0, ssl=wrapped)
            stack.callback(listening.close)
            ports[security] = listening.sockets[0].getsockname()[1]

        def mail(scheme: str, port: str, password: str | None = None) -> Mail:
            found = mail_server(f"{scheme}://127.0.0.1:{ports[port]}", "Rapport <crm@rapport.example>")
            login = {} if password is None else {"username": "crm", "password": SecretStr(password)}
            return replace(found, deadline_seconds=2.0, **login)  # type: ignore[arg-type]  # two fields of their types

        outbound = Outbound()
        stack.push_async_callback(outbound.aclose)
        yield Line(server, certificate, mail, outbound)


async def test_mail_goes_over_starttls_with_a_login(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(line.certificate))
    report = await line.send(line.mail("smtp", "starttls", PASSWORD))
    assert (report.verdict, report.status, report.error) == (Verdict.SENT, 250, None)
    (message,) = line.server.got
    assert message["List-Unsubscribe"] == "<mailto:crm@rapport.example?subject=unsubscribe>"
    report = await line.send(line.mail("smtps", "tls"))
    assert report.verdict is Verdict.SENT


async def test_a_refused_login_is_not_the_recipients_fault(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(line.certificate))
    report = await line.send(line.mail("smtp", "starttls", "wrong"))
    assert (report.verdict, report.status, report.error) == (Verdict.RETRY, 535, "SMTPAuthenticationError")


@pytest.mark.parametrize(("scheme", "port"), [("smtp", "starttls"), ("smtps", "tls")])
async def test_a_server_nobody_vouches_for_gets_nothing(line: Line, scheme: str, port: str) -> None:
    report = await line.send(line.mail(scheme, port, PASSWORD if port == "starttls" else None))
    assert report.verdict is Verdict.RETRY
    assert line.server.got == []


async def test_a_server_without_encryption_gets_nothing_unless_it_was_said_so(line: Line) -> None:
    report = await line.send(line.mail("smtp", "none"))
    assert report.verdict is Verdict.RETRY
    assert line.server.got == []
    assert (await line.send(line.mail("smtp+plain", "none"))).verdict is Verdict.SENT


async def test_no_server_at_all_is_a_reason_to_try_again(line: Line) -> None:
    gone = replace(line.mail("smtp+plain", "none"), port=1)
    report = await line.send(gone)
    assert (report.verdict, report.status) == (Verdict.RETRY, None)
