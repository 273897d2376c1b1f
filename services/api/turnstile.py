"""How often strangers may ask for what needs no sign-in: so many times a minute each, in this process."""

import time
from collections import OrderedDict

from crm.errors import TooManyRequests

WINDOW = 60.0
REMEMBERED = 20_000


class Turnstile:
    """Counts whoever comes by a name of theirs. One per process."""

    def __init__(self) -> None:
        """Nobody has come yet."""
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def enter(self, name: str, *, most: int) -> None:
        """Let in, at most ``most`` times a minute. Raises ``TooManyRequests``."""
        now = time.monotonic()
        began, count = self._counts.pop(name, (now, 0))
        if now - began >= WINDOW:
            began, count = now, 0
        self._counts[name] = (began, count + 1)
        if len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)
        if count >= most:
            wait = max(1, round(began + WINDOW - now))
            raise TooManyRequests(f"At most {most} requests per minute.", headers={"Retry-After": str(wait)})
