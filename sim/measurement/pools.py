"""Measures of pools over the hours of the window: utilisation, queues, cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.measurement.grouping import Axes, by_name, group_text
from sim.measurement.rows import Ratio, Rows, divide

if TYPE_CHECKING:
    from sim.outcomes import Outcomes


def add_pool_measures(rows: Rows, outcomes: Outcomes) -> None:
    """Report how busy people are, how long queues are, and what the people cost.

    An hour belongs to the window if all of it does.
    """
    first, last = np.ceil(outcomes.count_from), np.floor(outcomes.count_until)
    levels = outcomes.levels
    levels = levels.loc[(levels["hour"] >= first) & (levels["hour"] < last)]
    pools = outcomes.pools
    pool = by_name(levels["pool"], pools["pool"])
    arrivals, queue, busy, on_duty = (
        levels[column].to_numpy(dtype=np.float64) for column in ("arrivals", "queue", "busy", "on_duty")
    )
    axes = Axes(len(levels), {"pool": pool})
    rows.add_ratios(axes, {"utilisation": Ratio(busy, on_duty), "wait_mean": Ratio(queue, arrivals)})
    hours = max(last - first, 0.0)
    for group_by in ("", "pool"):
        axis = axes[group_by]
        waited, window = axis.sum(queue), np.full(len(axis.groups), hours)
        rows.add("queue_mean", group_by, axis.groups, divide(waited, window), waited, window)

    rate = pools.set_index("pool").reindex(pool.labels)
    wage = rate["wage"].to_numpy(dtype=np.float64)
    overtime = np.maximum(busy - on_duty, 0.0)
    factor = rate["overtime"].to_numpy(dtype=np.float64)
    by_pool = axes["pool"]
    cost = wage * (by_pool.sum(on_duty) + by_pool.sum(overtime) * factor)
    total = np.array([np.nan if np.all(np.isnan(wage)) else np.nansum(cost)])
    rows.add("cost", "pool", by_pool.groups, cost, cost)
    rows.add("cost", "", [group_text([])], total, total)
    requests = rows.blocks["requests", ""].value
    rows.add("cost_per_request", "", [group_text([])], divide(total, requests), total, requests)
