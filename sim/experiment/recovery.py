"""What is open day by day, and when a city that has been disturbed is back as it would have been."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.model.city import City
    from sim.model.rows import Rows
    from sim.scenario.demand_side import Shock

WEEK = 168.0


class Recovery(NamedTuple):
    """Hours since the start: until when the city is disturbed, the end of the week from which on it is back (see
    ``sim.inference.recovered_at``), and the range of that (``recovered_between``); NaN: not within the run.

    ``units``: the last three by kind of unit, for those that ever have open requests. ``risen``: mean requests that are
    open in the baseline as the disturbance begins, and at the end of the run, where that is clearly more; empty where
    it is not.
    """

    disturbed_until: float
    recovered_at: float
    earliest: float
    latest: float
    risen: tuple[float, ...]
    units: Mapping[str, tuple[float, float, float]]


class OpenByDay:
    """Requests that have arrived and are neither closed for the first time nor merged, at each midnight of a run; of
    the city, and by kind of unit (``units``) those that this owns in the end.

    Those that nobody ever closes (``never_closed``) are left out: after a disturbance there would be more for good.
    """

    def __init__(self, city: City, seed: int, replication: int) -> None:
        from sim.model.draws import stream

        self.never, self.stream = np.array([c.never_closed for c in city.categories]), stream(seed, replication)
        families = [pool.family for pool in city.pools]
        self.units = tuple(dict.fromkeys(families))
        # of each pool, and, for the owner -1, of nobody
        self.unit_of = np.array([*map(self.units.index, families), len(self.units)], np.int64)
        self.days = math.ceil(city.end / 24.0) + 1
        # from one midnight to the next, [unit, day]; what no unit owns in the last row
        self.change = np.zeros((len(self.units) + 1, self.days))

    def add(self, rows: Rows) -> None:
        """Count these contacts; those that became no request are not open."""
        from sim.model import purposes
        from sim.model.draws import uniforms
        from sim.model.facts import CLOSED, MERGED, OPEN

        requests, names = rows.requests, ("arrived", "first_closed", "ended", "owner_unit")
        status = requests["status"]
        mine = (status == MERGED) | (status == CLOSED) | (status == OPEN)
        if self.never.any():
            matters = np.where(requests["problem_key"] != 0, requests["problem_key"], requests["key"])
            marks = uniforms(self.stream, purposes.NEVER, matters, np.zeros(len(matters), np.uint64))
            mine &= marks >= self.never[requests["category"]]
        arrived, first_closed, ended, owner = (requests[name][mine] for name in names)
        gone, unit = np.where(np.isnan(first_closed), ended, first_closed), self.unit_of[owner]
        closed = ~np.isnan(gone)
        for moments, of, sign in ((arrived, unit, 1.0), (gone[closed], unit[closed], -1.0)):
            days = np.clip(np.ceil(moments / 24.0).astype(np.int64), 0, self.days - 1)
            np.add.at(self.change, (of, days), sign)

    def counts(self) -> NDArray[np.float64]:
        """By midnight, the first one being the start."""
        return np.cumsum(self.change.sum(axis=0))

    def by_unit(self) -> dict[str, NDArray[np.float64]]:
        """The same of each kind of unit that ever has any."""
        counts = np.cumsum(self.change, axis=1)
        return {name: counts[k] for k, name in enumerate(self.units) if self.change[k].any()}


def own_shocks(base: Scenario, variant: Scenario) -> list[Shock]:
    """By what the demand of a variant is disturbed: shocks that the baseline does not have, within the run."""
    own = (s for name, s in variant.demand.shocks.items() if base.demand.shocks.get(name) != s and s.factor != 1)
    end = base.hours_of(base.time.end)
    return [s for s in own if base.hours_of(s.until) > 0 and base.hours_of(s.from_) < end]


def recovery(base: Scenario, variant: Scenario, opened: pd.DataFrame, names: tuple[str, str]) -> Recovery | None:
    """Of a variant whose demand is disturbed by shocks that the baseline does not have; None: it is not.

    ``opened``: scenario, replication, unit ("" for the city), hour, open.
    """
    from sim.inference import calm_band, recovered_at, recovered_between

    shocks = own_shocks(base, variant)
    if not shocks:
        return None
    until = max(variant.hours_of(shock.until) for shock in shocks)
    first = math.ceil(until / 24.0) * 24.0
    ends = np.arange(first + WEEK, base.hours_of(base.time.end), WEEK)
    weeks = (ends / 24.0).astype(np.int64)
    table = opened.pivot(index=["unit", "scenario", "replication"], columns="hour", values="open")
    units = dict[str, tuple[float, float, float]]()
    for unit in dict.fromkeys(opened["unit"]):
        both = table.loc[unit]
        if all(name in both.index for name in names):
            calm, disturbed = (both.loc[name].to_numpy(np.float64)[:, weeks] for name in names)
            units[unit] = recovered_at(calm, disturbed, ends), *recovered_between(calm, disturbed, ends)
    days = table.loc[""].loc[names[0]].to_numpy(np.float64)
    at = math.ceil(max(min(base.hours_of(shock.from_) for shock in shocks), 0.0) / 24.0)
    open_then = float(days[:, at].mean()), float(days[:, -1].mean())
    risen = open_then if open_then[1] > calm_band(days)[1][at] else ()
    return Recovery(until, *units.pop(""), risen, units)
