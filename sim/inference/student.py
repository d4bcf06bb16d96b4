"""Student-t intervals, and the table of measures in the shape they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import nctdtrinc, stdtr, stdtrit

Floats = NDArray[np.float64]

#: What tells one row of a table of measures from another, within a replication of a scenario.
KEY = ["measure", "group_by", "group"]


class Interval(NamedTuple):
    """The mean of n values with its confidence bounds."""

    mean: float
    lower: float
    upper: float
    n: int


def interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """The Student-t interval of a mean of independent values. NaN are left out; one value has no bounds."""
    student = Student(np.asarray(values, dtype=np.float64).reshape(1, -1))
    mean, half = float(student.mean[0]), float(student.half_width(level)[0])
    return Interval(mean, mean - half, mean + half, int(student.n[0]))


class Student:
    """Student's t over the columns of each row, NaN left out."""

    def __init__(self, rows: Floats) -> None:
        has = ~np.isnan(rows)
        self.n = has.sum(axis=1)
        # about one of the values themselves, so that equal values have exactly no spread
        anchor = np.where(self.n > 0, rows[np.arange(len(rows)), has.argmax(axis=1)], np.nan)
        offsets = np.where(has, rows - anchor[:, None], 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            shift = offsets.sum(axis=1) / self.n
            spread = np.where(has, offsets - shift[:, None], 0.0)
            self.error = np.sqrt((spread**2).sum(axis=1) / (self.n - 1) / self.n)
        self.mean = anchor + shift
        self.error[self.n < 2] = np.nan

    def half_width(self, level: float) -> Floats:
        """Of the interval of the mean; NaN for fewer than two values."""
        width: Floats = stdtrit(np.maximum(self.n - 1, 1), (1 + level) / 2) * self.error
        return width

    def smallest(self, level: float, power: float = 0.8) -> Floats:
        """The true mean that a two-sided test at ``1 - level`` tells from zero with this probability, if the spread is
        as found (by the noncentral t distribution; the chance to find it on the wrong side is left out).
        """
        n, of = np.unique(self.n, return_inverse=True)  # it takes long, and most rows have the same number
        df = np.maximum(n - 1, 1)
        beyond: Floats = nctdtrinc(df, 1 - power, stdtrit(df, (1 + level) / 2))[of] * self.error
        return beyond

    def p(self) -> Floats:
        """Of the two-sided test that the mean is zero; 1 if all values are exactly zero."""
        with np.errstate(invalid="ignore", divide="ignore"):
            t = np.where(self.mean == 0, 0.0, np.abs(self.mean) / self.error)
        p: Floats = 2 * stdtr(np.maximum(self.n - 1, 1), -t)
        return np.where(self.n > 1, p, np.nan)


class Cube:
    """A table of measures by key (measure and group), scenario and replication."""

    def __init__(self, measures: pd.DataFrame) -> None:
        key, first = _together([measures[name] for name in KEY])
        scenario, self.scenarios = _numbered(measures["scenario"])
        replication, replications = _numbered(measures["replication"])
        self.keys = measures[[*KEY, "unit"]].iloc[first].reset_index(drop=True)
        shape = (len(self.keys), len(self.scenarios), len(replications))
        at = (key, scenario, replication)
        taken = np.zeros(shape, dtype=np.bool_)
        taken[at] = True
        if np.count_nonzero(taken) < len(measures):
            raise ValueError("a measure occurs twice in one replication of a scenario")
        value = measures["value"].to_numpy(dtype=np.float64)
        self.values = np.full(shape, np.nan)
        self.values[at] = value
        self.unreached = np.zeros(shape, dtype=np.bool_)
        self.unreached[at] = np.isnan(value) & (measures["denominator"] > 0).to_numpy()
        self.present = np.zeros(shape[:2], dtype=np.bool_)
        self.present[at[:2]] = True


def _together(columns: Sequence[pd.Series]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers for the combinations of values of some columns, in order of first appearance, and the row of each one's
    first. Each column is looked at once: text takes long.
    """
    together = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        codes, values = _numbered(column)
        together = pd.factorize(together * len(values) + codes)[0].astype(np.int64)
    first = np.empty(together.max(initial=-1) + 1, np.int64)
    first[together[::-1]] = np.arange(len(together))[::-1]  # the last one written stays
    return together, first


def _numbered(column: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Codes for a column in order of first appearance, and what they stand for."""
    codes, values = pd.factorize(column)
    return codes.astype(np.int64), list(values)
