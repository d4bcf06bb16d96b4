"""Numbers and intervals as people read them, the same in the terminal and in the report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from sim.measurement import REGISTRY

if TYPE_CHECKING:
    import pandas as pd

#: Units of measures that are a plain number when written; what else a unit may be is a currency.
_PLAIN = {"", *(measure.unit for measure in REGISTRY.values())}

#: An interval of shares that is wider tells nothing.
_TELLS_NOTHING = 0.9

#: From so many hours on, this unit with its length in hours.
_TIMES = ((48.0, 24.0, "d"), (2.0, 1.0, "h"), (1 / 30, 1 / 60, "min"), (0.0, 1 / 3600, "s"))


def rows_of(table: pd.DataFrame) -> Iterable[Any]:
    """The rows of a table, with its columns as attributes."""
    return cast(Iterable[Any], table.itertuples())


def city_rows(table: pd.DataFrame) -> Iterable[Any]:
    """Those of the whole city."""
    return rows_of(table[table["group_by"] == ""] if len(table) else table)


def time_unit(hours: float) -> tuple[float, str]:
    """The unit in which so many hours are read best: its length in hours, its sign."""
    return next((length, sign) for least, length, sign in _TIMES if abs(hours) >= least)


def _manner(magnitude: float, unit: str) -> tuple[float, int, str]:
    """How to write values up to this magnitude: factor, digits, what follows."""
    if unit == "share":
        return 100.0, 1, " %"
    if unit == "score":
        return 1.0, 3, ""
    if unit == "h" and magnitude == 0:
        return 1.0, 0, " h"
    if unit == "h":
        length, sign = time_unit(magnitude)
        return 1 / length, 0 if abs(magnitude) >= 100 * length else 1, f" {sign}"
    whole = magnitude == int(magnitude) or abs(magnitude) >= 1000
    digits = 0 if whole else 1 if abs(magnitude) >= 10 else 2
    return 1.0, digits, "" if unit in _PLAIN else f" {unit}"


def _written(value: float, digits: int) -> str:
    """A number with a proper minus, and none before zero."""
    text = f"{value:,.{digits}f}"
    return text.replace("-", "−") if text.strip("-0.,") else text.lstrip("-")


def number(value: float | None, unit: str) -> str:
    """A value: shares in percent, hours in the unit that suits them; – for none."""
    if value is None or math.isnan(value):
        return "–"
    factor, digits, after = _manner(value, unit)
    return _written(value * factor, digits) + after


def half_width(row: Any) -> str:
    """Half of the interval of a row of a summary, in the unit of its mean: “± 1.2 %”; empty where there is none."""
    if math.isnan(row.lower) or math.isnan(row.mean):
        return ""
    return plus_minus(max(row.mean - row.lower, row.upper - row.mean), row.unit, row.mean)


def plus_minus(half: float, unit: str, beside: float) -> str:
    """Half of an interval, in the unit of a value that it stands beside; with more digits where it would read as 0."""
    if math.isnan(half):
        return ""
    factor, digits, after = _manner(beside or half, unit)
    text = _written(half * factor, digits)
    return _points(f"± {text if shows(text) or not half else f'{half * factor:.1g}'}{after}", unit)


def beside(values: Sequence[float], unit: str) -> list[str]:
    """Values beside each other, in the unit that suits the largest of them."""
    factor, digits, after = _manner(max((abs(v) for v in values if not math.isnan(v)), default=0.0), unit)
    return ["–" if math.isnan(value) else _written(value * factor, digits) + after for value in values]


def difference(row: Any) -> str:
    """The difference of a row of differences with its sign; of shares in percentage points (pp). What is smaller than
    the bins of the histogram that it comes from is said to be so: “< 12.3 min”.
    """
    if math.isnan(row.difference):
        return "–"
    if below_grid(row):
        return f"< {number(row.grid, row.unit)}"
    factor, digits, after = _manner(_reach(row), row.unit)
    text = _written(row.difference * factor, digits)
    more = row.difference > 0 and shows(text)
    return ("+" if more else "") + _points(text + after, row.unit)


def below_grid(row: Any) -> bool:
    """Whether a difference of quantiles is too small for the histogram that they come from."""
    return bool(abs(row.difference) < row.grid)


def _reach(row: Any) -> float:
    """The largest of a difference and the ends of its interval, so that all three are written alike."""
    return float(max(abs(x) for x in (row.difference, row.lower, row.upper) if not math.isnan(x)))


def gap(value: float, unit: str) -> str:
    """The size of a difference, without a sign; of shares in percentage points (pp)."""
    return _points(number(value, unit), unit)


def gap_interval(row: Any) -> str:
    """The interval of such a difference."""
    return _points(interval(row), row.unit)


def anything_goes(row: Any) -> bool:
    """Whether the interval of a gap between shares leaves hardly any value out."""
    return row.unit == "share" and bool(row.upper - row.lower > _TELLS_NOTHING)


def _points(text: str, unit: str) -> str:
    return text.replace("%", "pp") if unit == "share" else text


def _span(lower: float, upper: float, unit: str, magnitude: float) -> str:
    factor, digits, after = _manner(magnitude, unit)
    return f"{_written(lower * factor, digits)} … {_written(upper * factor, digits)}{after}"


def interval(row: Any, beside: float | None = None) -> str:
    """The 95 % interval of a row of a summary, in the unit of its mean, or of a value that it stands beside."""
    if math.isnan(row.lower):
        return ""
    magnitude = max(abs(row.lower), abs(row.upper))
    if row.unit == "h":
        magnitude = (row.mean if beside is None else beside) or magnitude
    return _span(row.lower, row.upper, row.unit, magnitude)


#: What ``smallest`` is.
SMALLEST = "Smallest true differences that so many replications would show, in 4 of 5 cases"


def smallest(row: Any) -> str:
    """The smallest difference that would have been seen, without a sign; "–" where the replications do not vary, or by
    less than is written.
    """
    found = difference(row._replace(difference=row.smallest)).lstrip("+")
    return found if shows(found) else "–"


def shows(text: str) -> bool:
    """Whether a number that is written so is not zero."""
    return any(digit in text for digit in "123456789")


def difference_interval(row: Any) -> str:
    """The 95 % interval of a row of differences; none of a difference that is below the grid in every replication."""
    nothing = math.isnan(row.lower) or (below_grid(row) and row.lower == row.upper)
    return "" if nothing else _points(_span(row.lower, row.upper, row.unit, _reach(row)), row.unit)


def times(replications: int) -> str:
    """How many replications there were."""
    return f"{replications} replication" if replications == 1 else f"{replications} replications"


#: A share of late requests is not shown of fewer requests (a mean over the replications) that came due.
_ENOUGH = 5
FEW_DUE = f"Late –: fewer than {_ENOUGH} requests came due."


def few_due(due: float) -> bool:
    """Whether a share of late requests would be one of a handful."""
    return due < _ENOUGH


def p_value(p: float) -> str:
    """A p-value with three digits."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
