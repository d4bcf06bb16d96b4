"""Groups: which row belongs to which district, unit, month …, and sums over them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Dimension:
    """One property of the rows of a table: ``codes`` into ``labels``, one a row, −1 where it has none."""

    codes: Ints
    labels: list[str]


def by_name(column: pd.Series, known: Iterable[str]) -> Dimension:
    """The names in a column. All ``known`` names are groups, empty or not; others follow in their order."""
    labels = list(dict.fromkeys(known))
    labels += sorted(set(column.dropna().unique()) - set(labels))
    codes = column.astype(pd.CategoricalDtype(labels)).cat.codes.to_numpy()
    return Dimension(codes.astype(np.int64), labels)


def by_month(hours: Floats, start: date, first: float, last: float) -> Dimension:
    """The months ("2024-03") of instants, NaN in none; all months that [first, last) touches are groups.

    ``hours``, ``first`` and ``last`` count from the midnight at which ``start`` begins.
    """

    def month(days: NDArray[np.float64]) -> Ints:
        return (np.datetime64(start, "D") + days.astype(np.int64)).astype("datetime64[M]").astype(np.int64)

    begin, end = month(np.array([np.floor(first / 24), np.ceil(last / 24) - 1]))
    known = ~np.isnan(hours)
    codes = np.full(hours.shape, -1, dtype=np.int64)
    codes[known] = month(np.floor(hours[known] / 24)) - begin
    labels = [str(np.datetime64(int(number), "M")) for number in range(begin, end + 1)]
    return Dimension(np.where(codes < len(labels), codes, -1), labels)


@dataclass(frozen=True)
class Axis:
    """The groups of one ``group_by``: a code for each row, −1 for none, and the values that make a group."""

    codes: Ints
    values: list[tuple[str, ...]]

    @cached_property
    def groups(self) -> list[str]:
        """Each group as the table of measures has it."""
        return [group_text(value) for value in self.values]

    def sum(self, values: Floats | Bools) -> Floats:
        """The sum of a row's values for each group."""
        totals: Floats = np.bincount(self.codes + 1, values, minlength=len(self.values) + 1)[1:].astype(np.float64)
        return totals


class Axes:
    """The axes of one table, made from its dimensions when first asked for."""

    def __init__(self, rows: int, dimensions: Mapping[str, Dimension]) -> None:
        self.rows, self.dimensions = rows, dimensions
        self._made: dict[str, Axis] = {}

    def __getitem__(self, group_by: str) -> Axis:
        """The axis of "" (the whole city), of a dimension, or of several joined by "+" (all combinations)."""
        if group_by not in self._made:
            codes = np.zeros(self.rows, dtype=np.int64)
            values: list[tuple[str, ...]] = [()]
            for name in group_by.split("+") if group_by else ():
                dimension = self.dimensions[name]
                none = (codes < 0) | (dimension.codes < 0)
                codes = np.where(none, -1, codes * len(dimension.labels) + dimension.codes)
                values = [(*value, label) for value in values for label in dimension.labels]
            self._made[group_by] = Axis(codes, values)
        return self._made[group_by]


def group_text(values: Iterable[str]) -> str:
    """The values of a group as a JSON list."""
    return json.dumps(list(values), ensure_ascii=False)
