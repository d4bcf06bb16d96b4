"""The same requests in two scenarios: how each fares, and what is said of those that both have."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.inference.comparison import RELEVANT, holm
from sim.inference.relevance import Relevance, within
from sim.inference.student import Floats, Student
from sim.measurement import REGISTRY

#: What is told of the requests that both scenarios have, as measures; each a column with the suffixes _a and _b.
OF_SAME = (
    *("response_rate", "resolution_rate", "satisfaction_rate"),
    *("true_resolution_share", "breach_share", "time_to_close_p50"),
)

_KEY = ["replication", "request"]


@dataclass(frozen=True)
class Pairwise:
    """Two scenarios request by request.

    ``faster`` … ``open_in_both`` are shares of those ``compared``; who is faster or slower by less than matters
    (``Relevance.of_request``) is ``unchanged``. ``faster_by``, ``slower_by``: the median hours of the faster and the
    slower, infinite where half of them are open in one of the two. What follows is of all compared in either scenario:
    the three rates and the truth of those of which both have an answer, the share that missed a limit of those that
    have one that ends before the end in both, and the time in hours within which half of them close first (infinite
    where fewer do). NaN: of none.
    """

    compared: int
    faster: float
    slower: float
    unchanged: float
    open_in_both: float
    faster_by: float
    slower_by: float
    only_in_a: int
    only_in_b: int
    response_rate_a: float
    response_rate_b: float
    resolution_rate_a: float
    resolution_rate_b: float
    satisfaction_rate_a: float
    satisfaction_rate_b: float
    true_resolution_share_a: float
    true_resolution_share_b: float
    breach_share_a: float
    breach_share_b: float
    time_to_close_p50_a: float
    time_to_close_p50_b: float


def pairwise_requests(
    a: pd.DataFrame, b: pd.DataFrame, end: float = math.inf, relevance: Relevance = RELEVANT
) -> Pairwise:
    """How the same requests fare in ``b`` against ``a``, two tables of requests as ``Outcomes.counted``, of runs that
    end at ``end`` (hours).

    They are matched by replication and key, and compared by their time to first closing; one still open at
    the end is slower than one that closed. Compared are those that close themselves, now or later, in both.
    """
    return Matched(a, b, end, relevance).all()


class Matched:
    """The requests of two tables as ``pairwise_requests`` compares them, matched once for any number of groups."""

    def __init__(self, a: pd.DataFrame, b: pd.DataFrame, end: float, relevance: Relevance) -> None:
        self._tables = [table[hours_to_close(table).notna()] for table in (a, b)]
        one, other = (table[_KEY].assign(row=np.arange(len(table))) for table in self._tables)
        both = one.merge(other, on=_KEY, suffixes=("_a", "_b"), validate="one_to_one")
        self._rows = [both[f"row_{side}"].to_numpy() for side in "ab"]
        judged = [_judged(table.iloc[rows], end) for table, rows in zip(self._tables, self._rows, strict=True)]
        hours_a, hours_b = (of.pop("time_to_close_p50") for of in judged)
        never = np.isinf(hours_a) & np.isinf(hours_b)
        later = np.where(never, 0.0, hours_b - np.where(never, 0.0, hours_a))
        moved = np.abs(later) >= relevance.of_request(hours_a)
        faster, slower = moved & (later < 0.0), moved & (later > 0.0)
        self._fates = {"faster": faster, "slower": slower, "unchanged": ~faster & ~slower & ~never}
        self._fates["open_in_both"] = never
        self._later, self._hours = later, (hours_a, hours_b)
        self._answers = judged

    def all(self) -> Pairwise:
        """All that are in both."""
        return self._of(np.arange(len(self._later)), [len(table) for table in self._tables])

    def by(self, column: str) -> Iterator[tuple[str, Pairwise]]:
        """Each group of a column of categories, in their order in the first table; in both are those that are in the
        same group of both.
        """
        groups = self._tables[0][column].cat.categories
        codes = [groups.get_indexer(pd.Index(table[column])) for table in self._tables]
        numbers = [np.bincount(of[of >= 0], minlength=len(groups)) for of in codes]
        code_a, code_b = (of[rows] for of, rows in zip(codes, self._rows, strict=True))
        code = np.where(code_a == code_b, code_a, -1)
        order = np.argsort(code, kind="stable")
        begins = np.searchsorted(code[order], np.arange(len(groups) + 1))
        for k, group in enumerate(groups):
            yield group, self._of(order[begins[k] : begins[k + 1]], [int(of[k]) for of in numbers])

    def _of(self, among: NDArray[np.int64], numbers: Sequence[int]) -> Pairwise:
        """Of these that are in both, where there are so many in each."""
        fates = {name: of[among] for name, of in self._fates.items()}
        later, (hours_a, hours_b) = self._later[among], (hours[among] for hours in self._hours)
        told = {"time_to_close_p50_a": _half(hours_a), "time_to_close_p50_b": _half(hours_b)}
        for measure in OF_SAME[:-1]:
            one, other = (answers[measure][among] for answers in self._answers)
            known = ~np.isnan(one) & ~np.isnan(other)
            told[f"{measure}_a"], told[f"{measure}_b"] = _mean(one[known]), _mean(other[known])
        return Pairwise(
            compared=len(among),
            **{name: _mean(of) for name, of in fates.items()},
            faster_by=_half(-later[fates["faster"]]),
            slower_by=_half(later[fates["slower"]]),
            only_in_a=numbers[0] - len(among),
            only_in_b=numbers[1] - len(among),
            **told,
        )


def same_requests(
    pairs: pd.DataFrame, variant: str, group_by: str = "", level: float = 0.95, relevance: Relevance = RELEVANT
) -> pd.DataFrame:
    """What ``Comparison.requests`` says of the requests that a variant and the baseline have both.

    Columns: those of ``differences`` but ``scenario`` and ``baseline``, and before, after (means over the
    replications). p is adjusted over the measures of the whole city, or the groups of a measure.
    """
    table = pairs[(pairs["scenario"] == variant) & (pairs["group_by"] == group_by)]
    rows = []
    for measure in OF_SAME:
        for group, of_group in table.groupby("group", sort=False):
            before, after = (of_group[f"{measure}_{side}"].to_numpy(np.float64) for side in "ab")
            if np.isfinite(before).all() and np.isfinite(after).all():
                rows.append((measure, group, before, after))
    replications = table["replication"].nunique()
    student = Student(np.array([after - before for *_, before, after in rows]).reshape(len(rows), replications))
    half = student.half_width(level)
    of, units = [measure for measure, *_ in rows], [REGISTRY[measure].unit for measure, *_ in rows]
    found = pd.DataFrame(
        {
            "measure": of,
            "group_by": group_by,
            "group": [group for _, group, *_ in rows],
            "before": [before.mean() for *_, before, _ in rows],
            "after": [after.mean() for *_, after in rows],
            "difference": student.mean,
            "lower": within(student.mean - half, of, units, True),
            "upper": within(student.mean + half, of, units, True),
            "smallest": student.smallest(level),
            "n": student.n,
            "unit": units,
            "p": student.p(),
            "other_requests": False,
            "relevant": relevance.of(units, [before.mean() for *_, before, _ in rows]),
            "grid": 0.0,
        }
    )
    family = "measure" if group_by else "group_by"
    return found.assign(p_holm=found.groupby(family)["p"].transform(holm))


def hours_to_close(requests: pd.DataFrame) -> pd.Series:
    """From arrival to first closing: infinite while open, NaN of what never closes itself."""
    hours = requests["first_closed"] - requests["arrived"]
    return hours.mask(hours.isna() & (requests["status"] == "open"), np.inf)


def _judged(table: pd.DataFrame, end: float) -> dict[str, Floats]:
    """What is compared of requests that close themselves; the measure is 1 or 0, NaN where it has no answer.

    They are no contacts that became no request, and no requests that were merged before any closing.
    """
    scored = ~np.isnan(_number(table["said_resolved"])) & ~table["excluded"].to_numpy(bool)
    due, contact_due = _number(table["due"]), _number(table["contact_due"])
    contacted, closed = _number(table["contacted"]), _number(table["first_closed"])
    in_time = ~np.isnan(contacted) & ~(contacted > contact_due)
    return {
        "response_rate": np.where(scored, in_time, np.nan),
        "resolution_rate": np.where(scored, _number(table["said_resolved"]), np.nan),
        "satisfaction_rate": np.where(scored, _number(table["said_satisfied"]), np.nan),
        "true_resolution_share": np.nan_to_num(_number(table["resolved"])),
        "breach_share": np.where(due <= end, ~(closed <= due), np.nan),
        "time_to_close_p50": hours_to_close(table).to_numpy(np.float64),
    }


def _number(column: pd.Series) -> Floats:
    """Times, or answers as 1 and 0; NaN for none (−1, as engines write answers)."""
    numbers: Floats = column.to_numpy(np.float64, na_value=np.nan)
    return np.where(numbers == -1.0, np.nan, numbers)


def _mean(values: np.ndarray[tuple[int], np.dtype[np.float64]] | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    return float(values.sum() / len(values)) if len(values) else math.nan


def _half(hours: Floats) -> float:
    """The time within which half of them are over."""
    middle = (len(hours) - 1) // 2
    return float(np.partition(hours, middle)[middle]) if len(hours) else math.nan
