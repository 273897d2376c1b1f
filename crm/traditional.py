"""Traditional Chinese characters as simplified ones, one for one: 單雄信 and 单雄信 are one name in two scripts."""

from functools import cache

from opencc import OpenCC

FIRST_HAN = 0x2E80
"""No character before this has two scripts."""


class _Simplifying(dict[int, int]):
    """What becomes of each character, asked for when it is first met: a table of all would take half a second."""

    def __missing__(self, code: int) -> int:
        found = code
        if code >= FIRST_HAN:
            # Some are simplified in two steps; what is not one for one stays as it is.
            while len(said := _opencc().convert(chr(found))) == 1 and ord(said) != found:
                found = ord(said)
        self[code] = found
        return found


@cache
def _opencc() -> OpenCC:
    return OpenCC("t2s")


_simplifying = _Simplifying()


def simplified(text: str) -> str:
    """The text with each traditional character as its simplified one; as long as before. Doing it twice is once."""
    return text if text.isascii() else text.translate(_simplifying)
