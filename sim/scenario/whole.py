"""What comes whole, such as people: fractions at several places become whole numbers, so that their sum stays right.

By the method of the largest remainder (https://en.wikipedia.org/wiki/Quota_method), with at least one where there was
one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sim.scenario.calendars import WEEK, read_days, read_hours, spans_of_week
from sim.scenario.errors import Path, ReadError
from sim.scenario.nodes import Node

_CELL = 15  #: minutes; shifts begin and end at such times, or are taken to
_CELLS = WEEK // _CELL
_MOST_KINDS = 30  #: of more different hours each is rounded by itself


@dataclass(frozen=True)
class Place:
    """A number that was whole before, and what it would be exactly. `hours` are the quarter hours of the week, from
    Monday 0:00, in which a shift is on duty; empty for what is no shift.
    """

    path: Path
    before: Fraction
    exact: Fraction
    hours: frozenset[int] = frozenset()

    @property
    def least(self) -> int:
        """Its whole part, and one where it was at least one."""
        return max(math.floor(self.exact), 1 if self.before >= 1 else 0)

    @property
    def left(self) -> Fraction:
        """What of it is above that; below 0 where one stays who would be less."""
        return self.exact - self.least

    @property
    def most(self) -> int:
        """One more where a part of one is left."""
        return max(math.ceil(self.exact), self.least)


def hours_of(shift: Node) -> frozenset[int]:
    """The quarter hours of the week in which a shift is on duty, none where that cannot be read."""
    try:
        spans = spans_of_week(read_days(shift.map["days"].plain()), read_hours(shift.map["hours"].plain()))
    except (KeyError, ReadError):
        return frozenset()
    return frozenset(cell % _CELLS for s in spans for cell in range(s.start // _CELL, -(-s.end // _CELL)))


def whole(places: Sequence[Place]) -> dict[Path, int]:
    """Whole numbers for the places of one change, each less than one away from what is exact, but at least one where
    there was one.

    The sum is that of the exact ones, rounded (a half upwards), unless too many would be left with less than one.
    Shifts are taken together hour by hour, as nearly as one more or fewer of one or two kinds at a time brings it. Ties
    go by the order of names.
    """
    order = sorted(places, key=lambda place: (-place.left, tuple(map(str, place.path))))
    alone = [place for place in order if not place.hours]
    raised = _first(alone, _rounded(place.left for place in alone))
    by_hours: dict[frozenset[int], list[Place]] = {}
    for place in order:
        if place.hours:
            by_hours.setdefault(place.hours, []).append(place)
    kinds = sorted(by_hours, key=sorted)
    for hours, more in zip(kinds, _on_duty([(hours, by_hours[hours]) for hours in kinds]), strict=True):
        raised += _first(by_hours[hours], more)
    return {place.path: place.least for place in places} | {place.path: place.most for place in raised}


def _rounded(parts: Iterable[Fraction]) -> int:
    return math.floor(sum(parts, Fraction(1, 2)))


def _first(places: Sequence[Place], more: int) -> list[Place]:
    return [place for place in places if place.most > place.least][: max(more, 0)]


def _on_duty(kinds: Sequence[tuple[frozenset[int], Sequence[Place]]]) -> list[int]:
    """How many shifts of each kind get one more, so that the number on duty is right in as many hours as possible."""
    left = [sum((place.left for place in shifts), Fraction(0)) for _, shifts in kinds]
    room = [sum(place.most > place.least for place in shifts) for _, shifts in kinds]
    found = [min(max(_rounded([part]), 0), most) for part, most in zip(left, room, strict=True)]
    if len(kinds) > _MOST_KINDS:
        return found
    together = Counter(
        kind for hour in range(_CELLS) if (kind := tuple(i for i, (hours, _) in enumerate(kinds) if hour in hours))
    )
    wanted = [(kind, _rounded(left[i] for i in kind), hours) for kind, hours in together.items()]

    def wrong(more: Sequence[int]) -> tuple[int, Fraction]:
        """Quarter hours in which somebody is missing or too many, times how many; then how far from their share."""
        off = sum(hours * abs(right - sum(more[i] for i in kind)) for kind, right, hours in wanted)
        return off, sum((abs(n - part) for n, part in zip(more, left, strict=True)), Fraction(0))

    while True:
        best = min(_steps(found, room), key=wrong, default=found)
        if wrong(best) >= wrong(found):
            return found
        found = best


def _steps(found: list[int], room: Sequence[int]) -> Iterator[list[int]]:
    """One more or one fewer of a kind, of another kind the other way, or both."""
    changes = [(i, by) for i in range(len(found)) for by in (1, -1) if 0 <= found[i] + by <= room[i]]
    for i, by in changes:
        one = list(found)
        one[i] += by
        yield one
        for j, back in changes:
            if j > i and back == -by:
                other = list(one)
                other[j] += back
                yield other
