"""Which addresses a partner may have us call: the static half of the guard against server-side request forgery.

The other half is the sender, which resolves the name itself, asks ``may_dial`` about each address, and dials exactly
what was allowed. ``ipaddress.is_global`` is not enough: it says yes to multicast, NAT64, 6to4 and more.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

LONGEST_URL = 2048

_CLOSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba Cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent, inside public space
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments, and Oracle Cloud's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast tunnelling
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

# Only this part of IPv6 is the public internet. Outside it lie loopback, mapped and compatible IPv4, NAT64
# (64:ff9b::/96, 64:ff9b:1::/48), 100::/64, SRv6 (5f00::/16), ULA, link-local, site-local (fec0::/10) and multicast.
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID, AMT, DETs
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the 6bone, returned
        "3fff::/20",  # documentation
    )
)
_LOOPBACK_V4 = IPv4Network("127.0.0.0/8")
_LOOPBACK_V6 = IPv6Address("::1")

# Deliberately stricter than any URL parser: no user info, no fragment, no backslash, nothing outside printable ASCII.
# What passes here is read in one way only, by every parser.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][!$-;=?-Z_a-z~%\[\]@]*)?"
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_INNER_NAMES = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "home.arpa",
    "onion",
)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet and to nobody's inside."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    if address.scope_id is not None:
        return False
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)


def is_loopback(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is this very machine, in its plain spelling: 127.0.0.0/8 or ::1, nothing mapped."""
    return address in _LOOPBACK_V4 if isinstance(address, IPv4Address) else address == _LOOPBACK_V6


def may_dial(address: IPv4Address | IPv6Address, *, allow_loopback: bool) -> bool:
    """Whether the sender may open a connection to the address. ``allow_loopback`` is for development and adds nothing
    but loopback.
    """
    return is_public(address) or (allow_loopback and is_loopback(address))


def refusal(url: str, allow_loopback: bool) -> str | None:
    """Why a URL cannot be an endpoint, in words for its owner; ``None`` when nothing in its text speaks against it.

    An endpoint is ``https`` to a name, on port 443 or from 1024 up. With ``allow_loopback`` also this machine, by name
    or number, and there plain ``http`` too. What the name stands for is asked at every delivery, not here.
    """
    match = _URL.fullmatch(url) if len(url) <= LONGEST_URL else None
    if match is None:
        return "Not a plain https address: ASCII without spaces, user name, password or fragment."
    host = match["host"].lower()
    loopback = _names_loopback(host)
    if loopback and not allow_loopback:
        return "The address points to our own machine."
    if match["scheme"] == "http" and not loopback:
        return "The address must begin with https."
    port = int(match["port"] or (443 if match["scheme"] == "https" else 80))
    if not (port == 443 or (port == 80 and loopback) or 1024 <= port <= 65535):
        return "The port must be 443, or 1024 or above."
    return None if loopback else _refusal_of_name(host)


def _names_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return all(_LABEL.fullmatch(label) for label in host.split("."))
    try:
        return is_loopback(IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host))
    except ValueError:
        return False


def _refusal_of_name(host: str) -> str | None:
    labels = host.split(".")
    # Resolvers read a host that ends in a number as IPv4, in octal, hexadecimal and short forms too.
    if host.startswith("[") or labels[-1].isdigit() or labels[-1].startswith("0x"):
        return "The address must be a name, not an IP address."
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return "The host is not a full name on the internet."
    if any(host == name or host.endswith("." + name) for name in _INNER_NAMES):
        return "The name belongs to an inner network."
    return None
