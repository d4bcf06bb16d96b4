"""How sure the ranks of a sheet are: each pair of places is compared, at 99 %.

The score of a place is a mean over its answers, whose spread comes from the joint counts of what was found and said.
½ is added to each of the four cells (resolved × satisfied), as Agresti & Coull (1998, The American Statistician 52,
119–126) do with one proportion, spread evenly over responded or not. At 95 % a pair the ends of a list of alike places
are covered too seldom; hundreds of pairs want 99 %.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL = 0.99
#: What is added to the answers in all, and to each sum of one or of two of their three bits.
_ADDED, _ADDED_TO_ONE, _ADDED_TO_TWO = 2.0, 1.0, 0.5

_ONE = ("responded", "resolved", "satisfied")
_TWO = ("responded_resolved", "responded_satisfied", "resolved_satisfied")


def smoothed(scores: pd.DataFrame, weights: Sequence[float]) -> tuple[Floats, Floats]:
    """The score of each row of a table ``scores``, and its variance. ``weights``: of response, resolution and
    satisfaction.
    """
    n = scores["answers"].to_numpy(dtype=np.float64) + _ADDED
    one = [(scores[name].to_numpy(dtype=np.float64) + _ADDED_TO_ONE) / n for name in _ONE]
    two = [(scores[name].to_numpy(dtype=np.float64) + _ADDED_TO_TWO) / n for name in _TWO]
    a, b, c = weights
    mean = a * one[0] + b * one[1] + c * one[2]
    square = a * a * one[0] + b * b * one[1] + c * c * one[2]
    square = square + 2.0 * (a * b * two[0] + a * c * two[1] + b * c * two[2])
    return mean, np.maximum(square - mean * mean, 0.0) / n


def bounds(mean: Floats, variance: Floats, level: float = LEVEL) -> tuple[Ints, Ints]:
    """The lowest and the highest rank that each of some places may have (1 is best).

    Lowest is 1 + those that are significantly better, highest is all but those that are significantly worse.
    """
    z = ndtri((1.0 + level) / 2.0)
    apart = mean[:, None] - mean[None, :]
    sure = apart > z * np.sqrt(variance[:, None] + variance[None, :])  # the row is better than the column
    return 1 + sure.sum(axis=0), len(mean) - sure.sum(axis=1)


def sheet_ranks(scores: pd.DataFrame, weights: Sequence[float], level: float = LEVEL) -> pd.DataFrame:
    """A table ``scores`` with the interval of each rank: columns ``lowest`` and ``highest``, null where there is none.

    Places are compared with those they are ranked with: of their level, or the districts, in one month of one
    replication.
    """
    mean, variance = smoothed(scores, weights)
    rates = sum(weight * scores[name] for weight, name in zip(weights, _ONE, strict=True)) / scores["answers"]
    mean = mean - (rates - scores["score"]).fillna(0.0).to_numpy()  # what requests by head take off
    found = scores.reset_index(drop=True)
    lowest, highest = (np.zeros(len(found), np.int64) for _ in range(2))
    with_whom = [found[name].astype(str).to_numpy() for name in ("replication", "month", "level")]
    ranked = found["rank"].notna().to_numpy()
    for rows in found[ranked].groupby([of[ranked] for of in with_whom], sort=False, dropna=False).indices.values():
        own = np.flatnonzero(ranked)[rows]
        lowest[own], highest[own] = bounds(mean[own], variance[own], level)
    for name, values in (("lowest", lowest), ("highest", highest)):
        found[name] = pd.array(values, dtype="Int64")
        found.loc[~ranked, name] = pd.NA
    return found
