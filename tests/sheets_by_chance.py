"""Months of answers by chance, of units of known quality: how often the interval of a rank has the true one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.inference.sheets import LEVEL, bounds, smoothed

Floats = NDArray[np.float64]
CENTRE = 0.89


def qualities(units: int, spread: float) -> Floats:
    """By unit, the probability that its answers are good: quantiles of a normal law with this spread, in points."""
    return CENTRE + spread / 100 * ndtri((np.arange(units) + 0.5) / units)


def table(answers: NDArray[np.int64], good: NDArray[np.int64]) -> pd.DataFrame:
    """What the sheet knows where it is only asked whether the matter is resolved."""
    sums = ("responded", "satisfied", "responded_resolved", "responded_satisfied", "resolved_satisfied")
    return pd.DataFrame({"answers": answers, "resolved": good, **dict.fromkeys(sums, 0)})


def coverage(answers: NDArray[np.int64], p: Floats, months: int, level: float = LEVEL, seed: int = 1) -> Floats:
    """By month, [all, the true first tenth, the true last tenth, mean width]: the shares of units whose interval meets
    the true rank, which units of one quality share.
    """
    rng, n = np.random.default_rng(seed), len(p)
    first, last = 1 + (p[None, :] > p[:, None]).sum(axis=1), n - (p[None, :] < p[:, None]).sum(axis=1)
    tenth, by_quality = n // 10, np.argsort(-p, kind="stable")
    found = np.zeros((months, 4))
    for month in range(months):
        mean, variance = smoothed(table(answers, rng.binomial(answers, p)), (0.0, 1.0, 0.0))
        lowest, highest = bounds(mean, variance, level)
        met = (lowest <= last) & (first <= highest)
        ends = met[by_quality[:tenth]].mean(), met[by_quality[-tenth:]].mean()
        found[month] = met.mean(), *ends, (highest - lowest + 1).mean()
    return found


def agree(found: Floats, exact: tuple[tuple[float, float], ...]) -> bool:
    """Whether means over months are within four standard errors of simulated values [value, standard error]."""
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    values, errors = np.array(exact).T
    return bool((np.abs(found.mean(axis=0) - values) <= 4 * np.hypot(error, errors)).all())
