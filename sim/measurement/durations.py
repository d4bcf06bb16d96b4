"""Times to closing and to a fix, which never drop what is still open, and how unequal they are."""

from __future__ import annotations

import numpy as np

from sim.measurement.catalogue import GAPS, REGISTRY
from sim.measurement.contacts import Contacts
from sim.measurement.grouping import Axes, Bools, Floats, group_text
from sim.measurement.histogram import bins, group_quantiles
from sim.measurement.rows import Rows, divide

_PERCENTS = (50, 90, 95, 99)


def add_durations(rows: Rows, axes: Axes, stem: str, reached: str, cases: Bools, hours: Floats) -> None:
    """Report the mean and the quantiles of a duration, of all ``cases`` and of those that reached its end.

    ``hours`` is infinite where the end was not reached. ``stem`` and ``reached`` make the names, of which
    those in the registry are reported: ``<stem>_mean``, ``<stem>_mean_among_<reached>``, ``<stem>_p50`` …
    """
    over = cases & np.isfinite(hours)
    binned = np.zeros(len(hours), dtype=np.int64)
    binned[cases] = bins(hours[cases])
    for group_by in REGISTRY[f"{stem}_mean"].groups:
        axis = axes[group_by]
        n, n_over, total = axis.sum(cases), axis.sum(over), axis.sum(np.where(over, hours, 0.0))
        whole = np.where(n == n_over, total, np.nan)
        twin = f"_among_{reached}"
        rows.add(f"{stem}_mean", group_by, axis.groups, divide(whole, n), whole, n)
        rows.add(f"{stem}_mean{twin}", group_by, axis.groups, divide(total, n_over), total, n_over)
        for suffix, among, size in (("", cases, n), (twin, over, n_over)):
            kept = among & (axis.codes >= 0)
            quantiles = group_quantiles(binned[kept], axis.codes[kept], len(axis.groups), _PERCENTS)
            for percent, value in zip(_PERCENTS, quantiles, strict=True):
                if f"{stem}_p{percent}{suffix}" in REGISTRY:
                    rows.add(f"{stem}_p{percent}{suffix}", group_by, axis.groups, value, denominator=size)


def add_theil(rows: Rows, contacts: Contacts) -> None:
    """Report the Theil index T of time to closing, and its part between districts.

    T = mean of (x/μ)·ln(x/μ) = Σ x ln x / Σ x − ln μ; Theil, Economics and Information Theory (1967).
    """
    closed = contacts.closed
    hours = np.where(closed, contacts.hours_to_close, 0.0)
    x_ln_x = hours * np.log(np.where(hours > 0, hours, 1.0))
    for group_by in REGISTRY["theil"].groups:
        axis = contacts.axes[group_by]
        n, n_closed = axis.sum(contacts.own), axis.sum(closed)
        index = _theil(axis.sum(x_ln_x), axis.sum(hours), n_closed)
        rows.add("theil", group_by, axis.groups, np.where(n == n_closed, index, np.nan), denominator=n)
        rows.add("theil_among_closed", group_by, axis.groups, index, denominator=n_closed)

    city, districts = contacts.axes[""], contacts.axes["district"]
    served = closed & (districts.codes >= 0)
    n_closed, total = districts.sum(served), districts.sum(np.where(served, hours, 0.0))
    mean = divide(total, n_closed)
    if_alike = total * np.log(np.where(mean > 0, mean, 1.0))
    size = np.array([n_closed.sum()])
    between = _theil(np.array([if_alike.sum()]), np.array([total.sum()]), size)
    rows.add("theil_between_districts_among_closed", "", city.groups, between, denominator=size)


def _theil(x_ln_x: Floats, total: Floats, n: Floats) -> Floats:
    """T from the sums of x ln x and of x over n cases; 0 where all x are 0, NaN of no cases."""
    spread = divide(x_ln_x, total) - np.log(np.where(total > 0, divide(total, n), 1.0))
    return np.where(n > 0, np.where(total > 0, np.maximum(spread, 0.0), 0.0), np.nan)


def add_gaps(rows: Rows) -> None:
    """Report the largest less the smallest value among the districts, of what is already in ``rows``."""
    gaps, districts = np.full(len(GAPS), np.nan), np.zeros(len(GAPS))
    for i, measure in enumerate(GAPS):
        block = rows.blocks[measure, "district"]
        values = block.value[block.denominator > 0]
        districts[i] = len(values)
        if len(values) > 1:
            gaps[i] = np.max(values) - np.min(values)  # NaN, not reached, if one of them is
    units = [REGISTRY[measure].unit for measure in GAPS]
    groups = [group_text([measure]) for measure in GAPS]
    rows.add("equity_gap", "measure", groups, gaps, denominator=districts, units=units)
    rows.add("equity_gap", "", [group_text([])], gaps[:1], denominator=districts[:1], units=units[:1])
