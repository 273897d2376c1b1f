"""Short ways through places: nearest neighbour first, then 2-opt. Pure; as the crow flies."""

from collections.abc import Sequence
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8

Place = tuple[float, float]
"""Latitude and longitude in degrees."""


def metres(a: Place, b: Place) -> float:
    """The way along the globe (haversine)."""
    here, there = radians(a[0]), radians(b[0])
    half = sin((there - here) / 2) ** 2 + cos(here) * cos(there) * sin(radians(b[1] - a[1]) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half)))


def length(start: Place | None, places: Sequence[Place]) -> float:
    """How long the way is from the start through the places in their order, without a way back."""
    stops = [*([] if start is None else [start]), *places]
    return sum(metres(a, b) for a, b in pairwise(stops))


def short_way(start: Place | None, places: Sequence[Place]) -> list[int]:
    """The indexes of the places in the order of a short way from the start; without one, it begins at the first.

    Nearest neighbour, then 2-opt until no turn makes it shorter: at most what nearest neighbour alone gives.
    """
    left = list(range(len(places)))
    order: list[int] = []
    at = start if start is not None else (places[0] if places else (0.0, 0.0))
    while left:
        nearest = min(left, key=lambda index: (metres(at, places[index]), index))
        left.remove(nearest)
        order.append(nearest)
        at = places[nearest]
    fixed = 0 if start is not None else 1
    better = True
    while better:
        better = False
        best = length(start, [places[index] for index in order])
        for first in range(fixed, len(order) - 1):
            for last in range(first + 1, len(order)):
                turned = [*order[:first], *reversed(order[first : last + 1]), *order[last + 1 :]]
                long = length(start, [places[index] for index in turned])
                if long < best - 0.001:
                    order, best, better = turned, long, True
    return order
