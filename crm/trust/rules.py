"""The trust equation (信任方程式; ``domain.md`` A090, D5): pure rules in whole numbers and fractions, no floats."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

LEAST, MOST = 1, 10

_LOWEST = Fraction(3 * LEAST, MOST)
_SPAN = Fraction(3 * MOST, LEAST) - _LOWEST


@dataclass(frozen=True, slots=True)
class Trust:
    """T with two decimals, and where it lies between the least and the most that there can be, of 100."""

    score: Decimal
    index: Decimal


def trust(*, credibility: int, reliability: int, intimacy: int, self_orientation: int) -> Trust:
    """T = (C + R + I) / S; index = (T - 0.3) / 29.7 x 100. Both are rounded half up, each from the exact T.

    All four are 1 to 10: ValueError otherwise.
    """
    if not all(LEAST <= value <= MOST for value in (credibility, reliability, intimacy, self_orientation)):
        raise ValueError("Each part of trust is 1 to 10")
    exact = Fraction(credibility + reliability + intimacy, self_orientation)
    return Trust(_rounded(exact, 2), _rounded((exact - _LOWEST) / _SPAN * 100, 1))


def _rounded(value: Fraction, places: int) -> Decimal:
    """Half up, without passing through a decimal that was rounded before."""
    scaled = value * 10**places
    whole = Decimal((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator))
    return whole.scaleb(-places).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
