"""What comes whole, such as people: fractions at several places become whole numbers, so that their sum stays right.

By the method of the largest remainder (https://en.wikipedia.org/wiki/Quota_method), with at least one where there was
one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sim.scenario.calendars import WEEK, read_days, read_hours, spans_of_week
from sim.scenario.errors import Path, ReadError
from sim.scenario.nodes import Node

_CELL = 15  #: minutes; shifts begin and end at such times, or are taken to
_CELLS = WEEK // _CELL


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
    Shifts are taken together hour by hour, as nearly as whole shifts allow. Ties go by the order of names.
    """
    order = sorted(places, key=lambda place: (place.least - place.exact, tuple(map(str, place.path))))
    alone, shifts = ([place for place in order if bool(place.hours) == on_shift] for on_shift in (False, True))
    raised = [place for place in alone if place.most > place.least][: max(_missing(alone), 0)]
    on_duty: dict[int, list[Place]] = {}
    for place in shifts:
        for hour in place.hours:
            on_duty.setdefault(hour, []).append(place)
    missing = {hour: _missing(together) for hour, together in on_duty.items()}
    for place in shifts:
        # what is no use now is none later, as ever less is missing
        if place.most > place.least and sum(1 if missing[hour] > 0 else -1 for hour in place.hours) > 0:
            raised.append(place)
            for hour in place.hours:
                missing[hour] -= 1
    return {place.path: place.least for place in places} | {place.path: place.most for place in raised}


def _missing(places: Sequence[Place]) -> int:
    """How many more there are to be of them all than at least."""
    together = sum((place.exact for place in places), Fraction(0))
    return math.floor(together + Fraction(1, 2)) - sum(place.least for place in places)
