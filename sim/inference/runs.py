"""How long and how often to run."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.inference.student import Student

_BATCH = 5
#: Of so many weeks it can be said what is usual in one.
_WEEKS = 3
#: What is settled changes by no more than this part of it from one half to the other, or by chance.
_SETTLED, _BY_CHANCE = 0.2, 0.01


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


def without_week(hourly: ArrayLike) -> NDArray[np.float64]:
    """Values for each hour [replication, hour], without what is usual at that hour of the week (of less than three
    weeks, of the day): else a batch of five hours would be high or low for that alone.
    """
    values = np.atleast_2d(np.asarray(hourly, dtype=np.float64))
    period = 168 if values.shape[1] >= _WEEKS * 168 else 24
    at = np.arange(values.shape[1]) % period
    usual = np.bincount(at, values.mean(axis=0)) / np.bincount(at)
    rest: NDArray[np.float64] = np.round(values - usual[at] + values.mean(), 9)  # the same each week is exactly so
    return rest


def warm_up(hourly: ArrayLike) -> float | None:
    """Hours from the start, in whole days, until a series of hourly values [replication, hour] has settled; None if it
    has not.

    MSER-5 on the mean of the replications says how much to cut, at most half. It may say 0 of a series that goes on
    rising, as its variance is then that of its end; so a second half of the rest that is higher or lower than the first
    by more than a fifth, and not by chance (p below 0.01 over the replications), is not settled either.
    """
    series = without_week(hourly)
    dropped = mser5(series.mean(axis=0))
    if dropped is None:
        return None
    rest = series[:, dropped:]
    early, late = (half.mean(axis=1) for half in (rest[:, : rest.shape[1] // 2], rest[:, rest.shape[1] // 2 :]))
    change = Student((late - early)[None])
    moves = abs(change.mean[0]) > _SETTLED * rest.mean() and (len(series) < 2 or change.p()[0] < _BY_CHANCE)
    return None if moves else 24.0 * math.ceil(dropped / 24)
