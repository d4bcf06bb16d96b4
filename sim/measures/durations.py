"""Times to closing and to a fix: means and quantiles that never drop what is still open."""

from __future__ import annotations

import numpy as np

from sim.measures.catalogue import REGISTRY
from sim.measures.grouping import Axes, Bools, Floats
from sim.measures.histogram import bins, group_quantiles
from sim.measures.rows import Rows, divide

_PERCENTS = (50, 90, 95, 99)


def add_durations(rows: Rows, axes: Axes, stem: str, reached: str, cases: Bools, hours: Floats) -> None:
    """Report the mean and the quantiles of a duration, of all ``cases`` and of those that reached its end.

    ``hours`` is NaN where the end was not reached. ``stem`` and ``reached`` make the names, of which those
    in the registry are reported: ``<stem>_mean``, ``<stem>_mean_among_<reached>``, ``<stem>_p50`` …
    """
    over = cases & ~np.isnan(hours)
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
