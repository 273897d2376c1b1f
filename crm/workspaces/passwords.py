"""Passwords: which are good enough, how they are kept (argon2id), and how checking them cannot starve everyone else."""

import asyncio
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from crm.errors import Unavailable, invalid

T = TypeVar("T")

SHORTEST = 8
LONGEST = 256
AT_ONCE = 2
WAITING = 20
RETRY_AFTER_SECONDS = 2

# OWASP's second setting: 46 MiB, one pass. About 50 ms here, where the library's own default takes 460.
_MEMORY_KIB, _PASSES, _LANES = 47_104, 1, 1
_hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES, hash_len=32, salt_len=16)

# The hash that no password has. Checking against it costs what a real check costs, so the time does not tell
# whether an account exists.
_NOBODYS = f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}${'A' * 22}${'A' * 43}"

# Two threads are the limit on work; the places are the limit on waiting. Both outlive any one event loop.
_threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="argon2")
_places = threading.BoundedSemaphore(AT_ONCE + WAITING)

# Of the passwords most often found in leaks, here and in China, those that are long enough to be tried at all.
_COMMON_LIST = """
    00000000 000000000 0000000000 01234567 0123456789 11111111 111111111 1111111111 11112222 11223344 12121212
    123123123 12312312 123321123 1234567a 12345678 123456789 1234567890 12345678910 123456789a 1234567891 12341234
    12344321 1234qwer 123456aa 123456abc 123456qq 1qaz2wsx 1qazxsw2 1q2w3e4r 1q2w3e4r5t 147258369 22222222 31415926
    33333333 44444444 52013140 5201314520 55555555 66666666 666666666 66668888 69696969 741852963 77777777 789456123
    87654321 88888888 888888888 88889999 987654321 9876543210 99999999 999999999 a1234567 a12345678 a123456789
    aa123456 aa123456789 aa12345678 aaaaaaaa abc12345 abc123456 abcd1234 abcd12345 abcdefgh abcdefg1 admin123
    admin1234 admin888 administrator adminadmin asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl baseball basketball
    changeme changeme123 charlie1 computer corvette dearbook football google123 iloveyou iloveyou1 internet
    jennifer letmein1 letmein123 liverpool manchester mercedes michelle password password! password1 password12
    password123 password1234 passw0rd p@ssw0rd p@ssword princess q1w2e3r4 qazwsxedc qq123456 qq123456789 qq5201314
    qq1314520 qwe123456 qweasdzxc qwer1234 qwerasdf qwerty12 qwerty123 qwerty1234 qwertyui qwertyuiop root1234
    starwars sunshine superman trustno1 victoria welcome1 welcome123 whatever woaini123 woaini1314 woaini520
    woaini5201314 wang1234 xiaoming zaq12wsx zhang123 zhangwei zxcvbnm1 zxcvbnm123 zxcvbnm, !@#$%^&* a1b2c3d4
"""
_COMMON = frozenset(_COMMON_LIST.split())


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the password is right, and whether its hash should be made anew with today's settings."""

    ok: bool
    needs_rehash: bool


def check_password(password: str, email: str, *, field: str = "password") -> None:
    """Refuse what is too short, too long, among the most common, or the e-mail itself (422 on ``field``)."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    address = unicodedata.normalize("NFKC", email).casefold().strip()
    if len(password) < SHORTEST:
        raise invalid(field, f"A password has at least {SHORTEST} characters.", "too_short")
    if len(password) > LONGEST:
        raise invalid(field, f"A password has at most {LONGEST} characters.", "too_long")
    if folded in _COMMON:
        raise invalid(field, "This is one of the most common passwords. Choose another.", "too_common")
    if folded in (address, address.partition("@")[0]):
        raise invalid(field, "The e-mail address cannot be the password.", "same_as_email")


async def hash_password(password: str) -> str:
    """The encoded argon2id hash to store. Raises ``Unavailable`` when too many are waiting."""
    return await _off_the_loop(lambda: _hasher.hash(_encoded(password)))


async def verify_password(known_hash: str | None, password: str) -> Verdict:
    """Whether the password belongs to the hash. ``None`` (no such user, or no password set) is never right and takes
    as long. Raises ``Unavailable`` when too many are waiting.
    """
    possible = known_hash is not None and len(password) <= LONGEST
    tried = known_hash if known_hash is not None and possible else _NOBODYS
    return await _off_the_loop(lambda: _verify(tried, password[:LONGEST]))


def _verify(known_hash: str, password: str) -> Verdict:
    try:
        _hasher.verify(known_hash, _encoded(password))
    except VerifyMismatchError:
        return Verdict(ok=False, needs_rehash=False)
    return Verdict(ok=True, needs_rehash=_hasher.check_needs_rehash(known_hash))


def _encoded(password: str) -> bytes:
    """The same bytes for what looks the same on any keyboard: full-width letters, composed accents."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


async def _off_the_loop(work: Callable[[], T]) -> T:
    if not _places.acquire(blocking=False):
        raise Unavailable(
            "Too many people are signing in at this moment.", headers={"Retry-After": str(RETRY_AFTER_SECONDS)}
        )
    # The place is given back when the work ends, not when the caller leaves: argon2 cannot be interrupted.
    future: Future[T] = _threads.submit(work)
    future.add_done_callback(lambda _: _places.release())
    return await asyncio.wrap_future(future)
