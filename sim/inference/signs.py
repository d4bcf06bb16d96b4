"""Whether effects keep their sign over a sample of what nobody knows, and with what they go."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, stdtr

from sim.inference.comparison import holm
from sim.inference.student import Interval

#: What is smaller is the rounding of a sum.
_NOTHING = 1e-12


@dataclass(frozen=True)
class Signs:
    """Of ``n`` effects that are known, how many are above and below 0, the least, the middle and the greatest."""

    n: int
    above: int
    below: int
    lowest: float
    middle: float
    highest: float

    @property
    def reversed(self) -> Signs:
        """Of the same effects the other way round."""
        return Signs(self.n, self.below, self.above, -self.highest, -self.middle, -self.lowest)


def signs(effects: ArrayLike) -> Signs:
    """Of effects, NaN left out."""
    values = np.asarray(effects, dtype=np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return Signs(0, 0, 0, math.nan, math.nan, math.nan)
    above, below = int((values > _NOTHING).sum()), int((values < -_NOTHING).sum())
    return Signs(len(values), above, below, float(values.min()), float(np.median(values)), float(values.max()))


def share_interval(count: int, n: int, level: float = 0.95) -> Interval:
    """The share of cases with the interval of Clopper & Pearson (1934, Biometrika 26, 404–413)."""
    if not n:
        return Interval(math.nan, math.nan, math.nan, 0)
    half = (1 - level) / 2
    lower = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, half))
    upper = 1.0 if count == n else float(betaincinv(count + 1, n - count, 1 - half))
    return Interval(count / n, lower, upper, n)


def goes_with(effects: ArrayLike, values: Mapping[str, ArrayLike], level: float = 0.01) -> tuple[str, float] | None:
    """The name of the values with which effects go most, and Spearman's rank correlation with them; None where no
    correlation is clear: Holm's p over all names, by Student's t, is not below ``level``.
    """
    from scipy.stats import rankdata

    found = np.asarray(effects, dtype=np.float64)
    known = ~np.isnan(found)
    n = int(known.sum())
    if n < 4 or np.ptp(found[known]) <= _NOTHING:
        return None
    ranks = rankdata(found[known])
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = np.array([np.corrcoef(ranks, rankdata(np.asarray(v)[known]))[0, 1] for v in values.values()])
        t = np.abs(rho) * np.sqrt((n - 2) / (1 - rho**2))
    p = holm(2 * stdtr(n - 2, -t))
    if np.isnan(p).all() or not np.nanmin(p) < level:
        return None
    most = int(np.nanargmin(p))
    return list(values)[most], float(rho[most])
