"""The histogram of one group, as it is defined: slow, and easy to see to be right."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.measurement.histogram import EDGES, NOT_REACHED, REPRESENTATIVE


def bins(hours: ArrayLike) -> NDArray[np.int64]:
    """The bin of each duration (hours ≥ 0; infinity = not reached); a ValueError if negative or NaN."""
    values = np.asarray(hours, dtype=np.float64)
    if not np.all((values >= 0) & (values < EDGES[-1]) | (values == np.inf)):
        raise ValueError("a histogram holds durations from 0 to 950 years, in hours, or infinity")
    return np.searchsorted(EDGES, values, side="right").astype(np.int64)


class Histogram:
    """Counts of durations, to be filled in any order and in any number of pieces."""

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(NOT_REACHED + 1, dtype=np.int64)

    def add(self, hours: ArrayLike) -> None:
        """Count durations (hours ≥ 0; infinity = not reached before the end)."""
        self.counts += np.bincount(np.ravel(bins(hours)), minlength=NOT_REACHED + 1)

    def merge(self, other: Histogram) -> None:
        """Count everything that the other histogram has counted."""
        self.counts += other.counts

    def quantile(self, percent: int, *, reached_only: bool = False) -> float:
        """The hours that ``percent`` % do not exceed; NaN if that was not reached, or of nothing.

        ``reached_only`` leaves out what was not reached.
        """
        counts = self.counts[:NOT_REACHED] if reached_only else self.counts
        cumulative = np.cumsum(counts)
        if cumulative[-1] == 0:
            return float("nan")
        return float(REPRESENTATIVE[np.searchsorted(cumulative, place(percent, int(cumulative[-1])))])


def place(percent: int, size: int) -> int:
    """The place, from 1, of a quantile among ordered values: the first with ``percent`` % up to it."""
    return max(1, -(-percent * size // 100))
