"""How long and how often to run."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sim.inference.student import Student

_BATCH = 5


def replications_needed(pilot: ArrayLike, half_width: float, level: float = 0.95) -> int:
    """How many replications, the pilot's included, give an interval of at most this half-width.

    Stein's two stages (1945, Ann. Math. Statist. 16, 243–258): the pilot of n₀ values has the deviation s,
    and n = ⌈(t · s / half_width)²⌉ with t of n₀ − 1 degrees of freedom, but no fewer than n₀. NaN are left
    out. A ValueError for fewer than two values or a half-width that is not positive.
    """
    student = Student(np.asarray(pilot, dtype=np.float64).reshape(1, -1))
    n = int(student.n[0])
    if n < 2 or not half_width > 0:
        raise ValueError("at least two replications and a positive half-width are needed")
    reached = float(student.half_width(level)[0])
    return max(n, math.ceil(n * (reached / half_width) ** 2))


def mser5(series: ArrayLike) -> int | None:
    """How many leading values of a series to drop as warm-up; None if it has not settled by its middle.

    MSER-5 (White, Cobb & Spratt 2000, WSC, 755–760): of the means of five values each, drop as many as
    minimise the sum of squares of the rest about their mean over the square of their number.
    """
    values = np.asarray(series, dtype=np.float64)
    batches = len(values) // _BATCH
    if batches < 2:
        return None
    means = values[: batches * _BATCH].reshape(batches, _BATCH).mean(axis=1)
    means -= means[-1]  # so that a constant series is exactly zero
    rest = np.arange(batches, 0, -1)
    sums, squares = (np.cumsum(x[::-1])[::-1] for x in (means, means**2))
    statistic = ((squares - sums**2 / rest) / rest**2)[: batches // 2 + 1]
    dropped = int(np.argmin(statistic))
    return dropped * _BATCH if dropped < batches // 2 else None


def warm_up(levels: pd.DataFrame) -> int | None:
    """Hours from the start until the city's queues have settled; None if they have not.

    MSER-5 on the number of visits waiting, hour by hour, over all pools and averaged over replications.
    """
    waiting = levels.groupby(["replication", "hour"])["queue"].sum()
    return mser5(waiting.groupby("hour").mean().sort_index())
