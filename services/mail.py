"""A mail server as an operator names it: one address with everything in it."""

from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

Security = Literal["starttls", "tls", "none"]

SCHEMES: dict[str, tuple[Security, int]] = {
    "smtp": ("starttls", 587),
    "smtps": ("tls", 465),
    "smtp+plain": ("none", 25),
}
DEADLINE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Mail:
    """Where mail is handed over, and who it is from."""

    host: str
    port: int
    security: Security
    sender: Address
    username: str | None = None
    password: SecretStr | None = field(default=None, repr=False)
    deadline_seconds: float = DEADLINE_SECONDS
    """For everything from connecting to the server's last word."""


def mail_server(url: str, sender: str) -> Mail:
    """Read ``smtp://user:password@host:587`` (STARTTLS required), ``smtps://…`` (TLS) or ``smtp+plain://…`` (neither).

    ``ValueError`` says what is wrong, and never what was given.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not an address such as smtp://user:password@mail.example.com:587") from None
    if scheme not in SCHEMES or not host:
        raise ValueError(f"must be an address that begins with {', '.join(f'{name}://' for name in SCHEMES)}")
    security, usual = SCHEMES[scheme]
    return Mail(
        host=host,
        port=port or usual,
        security=security,
        sender=sender_of(sender),
        username=unquote(parts.username) if parts.username else None,
        password=SecretStr(unquote(parts.password)) if parts.password else None,
    )


def sender_of(text: str) -> Address:
    """Read ``Rapport <crm@example.com>``. ``ValueError`` for what is no address."""
    name, address = parseaddr(text)
    try:
        found = Address(display_name=name, addr_spec=address)
    except (ValueError, HeaderParseError):
        found = None
    if found is None or not text.isprintable() or not found.username or not found.domain or not address.isascii():
        raise ValueError("must be an address such as Rapport <crm@example.com>")
    return found
