"""When a city that has been disturbed is back as it would have been."""

from __future__ import annotations

import math

import numpy as np

from sim.inference.student import Floats, Student

#: So many weeks a city must stay as it would have been.
WEEKS = 4


def recovered_at(undisturbed: Floats, disturbed: Floats, ends: Floats, level: float = 0.95) -> float:
    """The end (hours) of the first week from which on the mean number of open requests stays for four weeks, at five
    ends, inside the band that holds one more replication of the undisturbed city at each moment.

    ``undisturbed``, ``disturbed``: open requests, [replication, week]; ``ends``: of the weeks after the disturbance.
    The band is the mean ± t·s·√(1 + 1/n), pointwise (Student's prediction interval). NaN: not within these weeks, or
    fewer than two replications.
    """
    n = len(undisturbed)
    if n < 2:
        return math.nan
    half = Student(undisturbed.T).half_width(level) * math.sqrt(n + 1.0)
    inside = np.abs(disturbed.mean(axis=0) - undisturbed.mean(axis=0)) <= half
    for week in range(len(ends) - WEEKS):
        if inside[week : week + WEEKS + 1].all():
            return float(ends[week])
    return math.nan
