"""Places of cards: texts of digits and small letters that sort byte by byte, with room between any two.

A card that is put between two others takes a text between theirs; nobody else's place changes.
"""

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def between(low: str, high: str | None) -> str:
    """A short text that sorts after ``low`` and before ``high``; None: before nothing.

    Where there is no room, as between ``a`` and ``a0``, it is ``low`` itself.
    """
    place = ""
    for at in range(max(len(low), len(high or "")) + 1):
        after = DIGITS.index(low[at]) if at < len(low) else 0
        before = len(DIGITS)
        if high is not None:
            before = DIGITS.index(high[at]) if at < len(high) else 0
        if before - after > 1:
            return place + DIGITS[(after + before) // 2]
        place += DIGITS[after]
        if before > after:
            # Whatever follows, it sorts before the upper one now.
            high = None
    return low if high is not None else place + DIGITS[len(DIGITS) // 2]
