"""What adapters are handed, and what they hand back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from crm.channels.letters import Draft, Item
from crm.channels.settling import Report
from crm.channels.telling import Told
from services.mail import Mail
from services.worker.outbound import Outbound


@dataclass(frozen=True, slots=True)
class Means:
    """What an installation sends with."""

    outbound: Outbound
    mail: Mail | None
    unsubscribe_url: Callable[[Draft], str | None]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message, ready to go."""

    draft: Draft
    told: Told
    items: Sequence[Item]
    """The notifications in it: those that are still to be told."""
    secrets: Mapping[str, str]
    """What was sealed: ``url`` and, where there is one, ``secret``."""


Adapter = Callable[[Means, Parcel], Awaitable[Report]]
