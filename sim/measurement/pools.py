"""Measures of pools over the hours of the window: utilisation, queues, cost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.measurement.grouping import Axis, group_text
from sim.measurement.table import Ratio, Table, divide


def add_pool_measures(
    table: Table, levels: pd.DataFrame, pools: pd.DataFrame, count_from: float, count_until: float
) -> None:
    """Report how busy people are, how long queues are, and what the people cost.

    An hour belongs to the window if all of it does. The number of requests must be in the table already.
    """
    first, last = np.ceil(count_from), np.floor(count_until)
    hour = levels["hour"].to_numpy()
    inside = (hour >= first) & (hour < last)
    names = list(dict.fromkeys(pools["pool"]))
    names += sorted(set(levels["pool"][inside].dropna().unique()) - set(names))
    codes = levels["pool"].astype("category").cat.set_categories(names).cat.codes.to_numpy()[inside].astype(np.int64)
    by_pool = Axis(codes, [(name,) for name in names])
    axes = {"": Axis(np.zeros_like(codes), [()]), "pool": by_pool}
    arrivals, queue, busy, on_duty = (
        levels[column].to_numpy(dtype=np.float64)[inside] for column in ("arrivals", "queue", "busy", "on_duty")
    )
    table.add_ratios(axes, {"utilisation": Ratio(busy, on_duty), "wait_mean": Ratio(queue, arrivals)})
    hours = max(last - first, 0.0)
    for group_by, axis in axes.items():
        waited, window = axis.sum(queue), np.full(len(axis.groups), hours)
        table.add("queue_mean", group_by, axis.groups, divide(waited, window), waited, window)

    rate = pools.set_index("pool").reindex(names)
    wage = rate["wage"].to_numpy(dtype=np.float64)
    overtime = np.maximum(busy - on_duty, 0.0)
    factor = rate["overtime"].to_numpy(dtype=np.float64)
    cost = wage * (by_pool.sum(on_duty) + by_pool.sum(overtime) * factor)
    total = np.array([np.nan if np.all(np.isnan(wage)) else np.nansum(cost)])
    table.add("cost", "pool", by_pool.groups, cost, cost)
    table.add("cost", "", [group_text([])], total, total)
    requests = table.blocks["requests", ""].value
    table.add("cost_per_request", "", [group_text([])], divide(total, requests), total, requests)
