"""When a city that has been disturbed is back as it would have been."""

from __future__ import annotations

import math

import numpy as np

from sim.inference.student import Floats, Student

#: So many weeks a city must stay as it would have been.
WEEKS = 4

#: How often replications are drawn anew for the range of a date.
_DRAWS = 400


def calm_band(undisturbed: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """The band that holds one more replication of the undisturbed city at each moment: mean ± t·s·√(1 + 1/n), pointwise
    (Student's prediction interval); NaN with one replication. ``undisturbed``: [replication, moment].
    """
    n = len(undisturbed)
    mean = undisturbed.mean(axis=0)
    half = Student(undisturbed.T).half_width(level) * math.sqrt(n + 1.0) if n > 1 else np.full(mean.shape, math.nan)
    return mean - half, mean + half


def recovered_at(undisturbed: Floats, disturbed: Floats, ends: Floats, level: float = 0.95) -> float:
    """The end (hours) of the first week from which on the mean number of open requests stays for four weeks, at five
    ends, inside the band of the undisturbed city (``calm_band``).

    ``undisturbed``, ``disturbed``: open requests, [replication, week]; ``ends``: of the weeks after the disturbance.
    NaN: not within these weeks, or fewer than two replications.
    """
    low, high = calm_band(undisturbed, level)
    mean = disturbed.mean(axis=0)
    inside = (low <= mean) & (mean <= high)
    for week in range(len(ends) - WEEKS):
        if inside[week : week + WEEKS + 1].all():
            return float(ends[week])
    return math.nan


def recovered_between(undisturbed: Floats, disturbed: Floats, ends: Floats) -> tuple[float, float]:
    """The range of ``recovered_at`` in which 95 % of bootstrap samples of the replications are (Efron's percentiles,
    the same replications in both cities; the same draws each time). An end that is NaN: not within these weeks.
    """
    n = len(undisturbed)
    if n < 2:
        return math.nan, math.nan
    chance = np.random.default_rng(20240101)
    found = []
    for drawn in chance.integers(n, size=(_DRAWS, n)):
        if len(set(drawn.tolist())) > 1:
            at = recovered_at(undisturbed[drawn], disturbed[drawn], ends)
            found.append(math.inf if math.isnan(at) else at)
    low, high = np.quantile(found, (0.025, 0.975), method="nearest")
    return (float(low) if low < math.inf else math.nan), (float(high) if high < math.inf else math.nan)
