"""Which differences matter: the smallest that is called better or worse, and where intervals end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sim.inference.student import Floats

#: Units of which a difference is told in points; of all others it is told in parts of the baseline.
IN_POINTS = ("share", "score")


@dataclass(frozen=True)
class Relevance:
    """The smallest differences that matter to whoever compares.

    ``points``: of shares and scores (0.005 is 0.5 percentage points). ``part``: of times, counts and costs, as a part
    of what the baseline has; also of the time of a single request, which is called faster or slower from then on, if it
    is ``hours`` besides. The defaults are a convention of this program, no finding.
    """

    points: float = 0.005
    part: float = 0.01
    hours: float = 1 / 60

    def of(self, units: ArrayLike, baseline: ArrayLike) -> Floats:
        """The smallest relevant difference of measures in these units, beside what the baseline has."""
        found: Floats = np.where(
            np.isin(units, IN_POINTS), self.points, self.part * np.abs(np.asarray(baseline, float))
        )
        return found

    def of_request(self, hours: Floats) -> Floats:
        """The same of requests that take so long in the baseline; 0 of those that never close."""
        found: Floats = np.where(np.isinf(hours), 0.0, np.maximum(self.part * hours, self.hours))
        return found


def within(values: Floats, measures: ArrayLike, units: ArrayLike, differences: bool = False) -> Floats:
    """Ends of intervals, cut off where the measure ends: shares and scores at 0 and 1, times and counts at 0.

    Reported minus true resolution lies between −1 and 1; people who work longer than they are on duty are busy by more
    than 1. ``differences``: of two such values.
    """
    names, units = np.asarray(measures, dtype=object), np.asarray(units, dtype=object)
    points, gap, busy = np.isin(units, IN_POINTS), names == "resolution_gap", names == "utilisation"
    lowest = np.where(gap, -1.0, 0.0)
    highest = np.where(points & ~busy, 1.0, np.inf)
    if differences:
        lowest, highest = lowest - highest, highest - lowest
    return np.clip(values, lowest, highest)
