"""Whether our own mail server vouches for who sent a mail: by what it wrote into ``Authentication-Results`` (RFC 8601).

Anybody can write such a header. Those that bear our server's name are believed, because it takes out the ones that
others wrote in its name (RFC 8601, 5). What counts is DMARC (RFC 7489): that the domain of ``From`` stands for it.
"""

import re
from collections.abc import Iterable, Iterator

from crm.complaint_doors.mail import Mail

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*dmarc\s*=\s*([a-z]+)(?:\s|$)", re.IGNORECASE)
_FROM = re.compile(r"\sheader\.from\s*=\s*\"?(?:[^\s\"@;]*@)?([^\s\";]+)", re.IGNORECASE)
MOST_NESTED = 5


def is_vouched_for(read: Mail, authserv_id: str | None) -> bool:
    """The server of this name says that the mail comes from the domain of its one author, and nowhere that not."""
    if authserv_id is None or read.sender is None or read.authors != 1:
        return False
    domain = read.sender.rpartition("@")[2].lower()
    found = list(_judged(read.results, authserv_id.lower()))
    return bool(found) and all(one == ("pass", domain) for one in found)


def _judged(headers: Iterable[str], authserv_id: str) -> Iterator[tuple[str, str]]:
    """What a server of this name found by DMARC, and for which domain."""
    for header in headers:
        text = header
        for _ in range(MOST_NESTED):
            text = _COMMENT.sub(" ", text)
        name, *results = text.split(";")
        if name.lower().split()[:1] == [authserv_id]:
            for result in results:
                if judged := _RESULT.match(result):
                    domain = _FROM.search(result)
                    yield judged[1].lower(), domain[1].lower() if domain else ""
