"""Smooth curves through simulated points: what each of several numbers does to a result, with a band.

A sum of natural cubic splines, one for each lever, found by least squares (Hastie, Tibshirani & Friedman 2009, The
Elements of Statistical Learning, 5.2.1): what levers do together beyond that sum is scatter about it, as all else is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from sim.inference.student import Floats, Interval, Student

#: Where the pieces of a spline meet, as shares of the range: three columns a lever.
_KNOTS = (0.0, 1 / 3, 2 / 3, 1.0)
#: Curves are bent only where there are so many points for each number that is found.
_POINTS_A_COLUMN = 4


class Fit:
    """``at``: [point, lever], ``values``: [replication, point]. Every replication is fitted by itself.

    ``explained``: the share of the variance of the points' means that the curves explain; ``left_out``: the same of
    points that each are foretold by all others. ``straight``: there are too few points for bent curves.
    Raises ``ValueError`` if there are too few for any.
    """

    def __init__(self, at: Floats, values: Floats) -> None:
        self.low, self.high = at.min(axis=0), at.max(axis=0)
        count, levers = at.shape
        self.straight = count < _POINTS_A_COLUMN * (1 + levers * (len(_KNOTS) - 1))
        self.distinct = [len(np.unique(at[:, lever])) for lever in range(levers)]
        parts = [self._columns(lever, at[:, lever]) for lever in range(levers)]
        self.middle = [part.mean(axis=0) for part in parts]
        matrix = np.hstack([np.ones((count, 1)), *(p - m for p, m in zip(parts, self.middle, strict=True))])
        self.first = np.cumsum([1, *(part.shape[1] for part in parts)])
        self.freedom = count - matrix.shape[1]
        if self.freedom < 2 or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
            raise ValueError("too few points for a curve")
        solve = np.linalg.pinv(matrix)
        self.found = values @ solve.T  # [replication, column]
        self.spread = solve @ solve.T
        mean = values.mean(axis=0)
        rest = mean - matrix @ (solve @ mean)
        foretold = rest / (1 - np.einsum("ij,ji->i", matrix, solve))
        self.scatter = math.sqrt(float(rest @ rest) / self.freedom)
        around = float(((mean - mean.mean()) ** 2).sum())
        self.explained, self.left_out = (
            1 - float(part @ part) / around if around > 0 else math.nan for part in (rest, foretold)
        )

    def _columns(self, lever: int, x: Floats) -> Floats:
        """[point, column]: a natural spline; powers for a lever of few values; a straight line if points are few."""
        low, high = self.low[lever], self.high[lever]
        z = (np.asarray(x) - low) / (high - low if high > low else 1.0)
        if self.straight or self.distinct[lever] < len(_KNOTS):
            most = 1 if self.straight else max(self.distinct[lever] - 1, 1)
            return np.stack([z**power for power in range(1, most + 1)], axis=1)
        last, before = _KNOTS[-1], _KNOTS[-2]

        def bend(knot: float) -> Floats:
            cube: Floats = np.clip(z - knot, 0, None) ** 3 - np.clip(z - last, 0, None) ** 3
            return cube / (last - knot)

        return np.stack([z, *(bend(knot) - bend(before) for knot in _KNOTS[:-2])], axis=1)

    def _row(self, lever: int, x: Floats) -> Floats:
        """[position, column]: how a lever alone moves the result away from its middle."""
        row = np.zeros((len(x), len(self.spread)))
        row[:, self.first[lever] : self.first[lever + 1]] = self._columns(lever, x) - self.middle[lever]
        return row

    def _told(self, rows: Floats, level: float) -> tuple[Floats, Floats]:
        """Sums of what was found, and half of their intervals: the wider of what the points scatter about the curve and
        of what replications differ by.
        """
        by_replication = Student(rows @ self.found.T)
        error = self.scatter * np.sqrt(np.einsum("ij,jk,ik->i", rows, self.spread, rows))
        half = stdtrit(self.freedom, (1 + level) / 2) * error
        return by_replication.mean, np.fmax(half, by_replication.half_width(level))

    def curve(self, lever: int, x: Sequence[float] | Floats, level: float = 0.95) -> tuple[Floats, Floats]:
        """The mean at these positions of a lever, all others being as they are on average, and half of its band."""
        rows = self._row(lever, np.asarray(x, dtype=np.float64))
        rows[:, 0] = 1.0
        return self._told(rows, level)

    def change(self, lever: int, level: float = 0.95) -> Interval:
        """From the lowest position of a lever to its highest."""
        ends = self._row(lever, np.array([self.low[lever], self.high[lever]]))
        mean, half = self._told(ends[1:] - ends[:1], level)
        return Interval(float(mean[0]), float(mean[0] - half[0]), float(mean[0] + half[0]), len(self.found))
