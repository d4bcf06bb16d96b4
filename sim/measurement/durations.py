"""Times to closing and to a fix, which never drop what is still open, and how unequal they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measurement.catalogue import GAPS, REGISTRY
from sim.measurement.grouping import Axes, Floats, group_text
from sim.measurement.table import Table, divide

if TYPE_CHECKING:
    from sim.measurement.pages import Histograms
    from sim.scenario import Scenario

_PERCENTS = (50, 90, 95, 99)


def add_durations(
    table: Table, axes: Axes, stem: str, cases: Floats, over: Floats, hours: Floats, all_of: Histograms
) -> None:
    """Report the mean and the quantiles of a duration, of all ``cases`` and of those that are ``over``.

    ``hours`` are those of the latter, the histograms are ``all_of`` them. The names begin with ``stem``; those in the
    registry are reported: ``<stem>_mean``, ``<stem>_mean_among_closed`` (or ``_fixed``), ``<stem>_p50`` …
    """
    twin = next(suffix for suffix in ("_among_closed", "_among_fixed") if f"{stem}_mean{suffix}" in REGISTRY)
    for group_by in REGISTRY[f"{stem}_mean"].groups:
        axis = axes[group_by]
        n, n_over, total = axis.sum(cases), axis.sum(over), axis.sum(hours)
        whole = np.where(n == n_over, total, np.nan)
        table.add(f"{stem}_mean", group_by, axis.groups, divide(whole, n), whole, n)
        table.add(f"{stem}_mean{twin}", group_by, axis.groups, divide(total, n_over), total, n_over)
        found = all_of.quantiles(axis.codes, len(axis.groups), _PERCENTS)
        for suffix, quantiles, size in zip(("", twin), found, (n, n_over), strict=True):
            for percent, value in zip(_PERCENTS, quantiles, strict=True):
                if f"{stem}_p{percent}{suffix}" in REGISTRY:
                    table.add(f"{stem}_p{percent}{suffix}", group_by, axis.groups, value, denominator=size)


def add_theil(table: Table, axes: Axes, sums: Any) -> None:
    """Report the Theil index T of time to closing, and its part between districts, from the sums of contacts.

    T = mean of (x/μ)·ln(x/μ) = Σ x ln x / Σ x − ln μ; Theil, Economics and Information Theory (1967).
    """
    for group_by in REGISTRY["theil"].groups:
        axis = axes[group_by]
        n, n_closed = axis.sum(sums.own), axis.sum(sums.closed)
        index = _theil(axis.sum(sums.x_ln_x), axis.sum(sums.hours), n_closed)
        table.add("theil", group_by, axis.groups, np.where(n == n_closed, index, np.nan), denominator=n)
        table.add("theil_among_closed", group_by, axis.groups, index, denominator=n_closed)

    districts = axes["district"]
    n_closed, total = districts.sum(sums.closed), districts.sum(sums.hours)
    mean = divide(total, n_closed)
    if_alike = total * np.log(np.where(mean > 0, mean, 1.0))
    size = np.array([n_closed.sum()])
    between = _theil(np.array([if_alike.sum()]), np.array([total.sum()]), size)
    table.add("theil_between_districts_among_closed", "", axes[""].groups, between, denominator=size)


def _theil(x_ln_x: Floats, total: Floats, n: Floats) -> Floats:
    """T from the sums of x ln x and of x over n cases; 0 where all x are 0, NaN of no cases.

    What is less than the rounding of the sums (half of 2⁻³⁶ h a case) is 0: all wait alike.
    """
    mean = divide(total, n)
    spread = divide(x_ln_x, total) - np.log(np.where(total > 0, mean, 1.0))
    least = divide(np.full(mean.shape, 2.0**-37), mean) + 1e-14
    return np.where(n > 0, np.where((total > 0) & (spread > least), spread, 0.0), np.nan)


def add_gaps(table: Table, scenario: Scenario) -> None:
    """Report the largest less the smallest value among the districts that are places, of what the table has."""
    no_places = {group_text([name]) for name, district in scenario.districts.items() if not district.place}
    gaps, districts = np.full(len(GAPS), np.nan), np.zeros(len(GAPS))
    for i, measure in enumerate(GAPS):
        block = table.blocks[measure, "district"]
        values = block.value[(block.denominator > 0) & [group not in no_places for group in block.groups]]
        districts[i] = len(values)
        if len(values) > 1:
            gaps[i] = np.max(values) - np.min(values)  # NaN, not reached, if one of them is
    units = [REGISTRY[measure].unit for measure in GAPS]
    groups = [group_text([measure]) for measure in GAPS]
    table.add("equity_gap", "measure", groups, gaps, denominator=districts, units=units)
    table.add("equity_gap", "", [group_text([])], gaps[:1], denominator=districts[:1], units=units[:1])
