"""Hour by hour and pool: arrivals, mean queue, officers at work, officers on duty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.model import rules
from sim.model.city import City
from sim.model.compiling import rule, standalone, with_fields
from sim.model.rows import Rows
from sim.model.staffing import PoolPlan, Roster
from sim.outcomes.columns import REPLICATION, Column, framed

if TYPE_CHECKING:
    import pandas as pd

LEVEL_COLUMNS = (
    REPLICATION,
    Column("pool", "pools", "whose"),
    Column("hour", "hour since the start", "which hour, from 0"),
    Column("arrivals", "number", "visits that joined its queue"),
    Column("queue", "mean of the hour", "visits waiting in its queue"),
    Column("busy", "mean of the hour", "its officers at work, for whichever queue"),
    Column("on_duty", "mean of the hour", "its officers on duty"),
    Column("called_in", "mean of the hour", "of those on duty, who were called in by surge staffing"),
    Column("overtime", "mean of the hour", "of those on duty, who came for the effort of a unit under pressure"),
)


class Levels:
    """Time integrals over each hour, filled with rows in any order and in any number of pieces.

    An officer whose work pauses while the office is closed is not at work. A visit arrives and waits at the pool whose
    queue it stands in; those who help that pool are busy with it at their own.
    """

    def __init__(self, city: City) -> None:
        self.city, self.hours = city, int(np.ceil(city.end))
        pools = len(city.pools)
        # [hour, pool]: what happens at about the same time stands side by side in memory
        self.arrivals = np.zeros((self.hours + 2, pools), np.int64)
        # by how much the number of those who wait, or work, changes from each hour to the next
        self.queue, self.busy = np.zeros((2, self.hours + 2, pools))
        self.changes: NDArray[np.float64] = np.zeros((0, 5))
        # [pool] by which roster its work pauses, −1: never
        self.pauses = np.array(
            [plan.roster if city.rosters[plan.roster].pauses else -1 for plan in city.pools], np.int64
        )
        opens, closes, _, today = zip(*(roster.hours for roster in city.rosters), strict=True) if pools else [()] * 4
        self.edges = np.cumsum([0, *map(len, opens)], dtype=np.int64)
        self.opens, self.closes = (np.concatenate([np.zeros(0), *hours]) for hours in (opens, closes))
        self.today = np.stack(today) if pools else np.zeros((0, 0), np.int64)

    def add(self, rows: Rows) -> None:
        """Count these visits and changes of staff."""
        if len(rows.staff_changes):
            self.changes = np.concatenate([self.changes, rows.staff_changes])
        _count(
            with_fields(rows.visits),
            *(self.city.end, self.hours, self.pauses, self.edges, self.opens, self.closes, self.today),
            *(self.arrivals, self.queue, self.busy),
        )

    def table(self, replication: int) -> pd.DataFrame:
        """The tidy table, one row a pool and hour."""
        import pandas as pd

        city, hours = self.city, self.hours
        names = pd.Index([plan.name for plan in city.pools], dtype="str")
        on_duty, called_in, overtime = np.zeros((3, len(names), hours))
        for p, plan in enumerate(city.pools):
            changes = self.changes[self.changes[:, 1] == p]
            found = _on_duty(plan, city.rosters[plan.roster], changes, city.end, hours)
            on_duty[p], called_in[p], overtime[p] = found
        return framed(
            {
                "replication": np.full(len(names) * hours, replication),
                "pool": pd.Categorical.from_codes(np.repeat(np.arange(len(names), dtype=np.int32), hours), names),
                "hour": np.tile(np.arange(hours), len(names)),
                "arrivals": self.arrivals[:hours].T.ravel(),
                "queue": self._by_pool(self.queue),
                "busy": self._by_pool(self.busy),
                "on_duty": on_duty.ravel(),
                "called_in": called_in.ravel(),
                "overtime": overtime.ravel(),
            },
            LEVEL_COLUMNS,
        )

    def _by_pool(self, changes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Levels from their changes, hour by hour, one pool after the other."""
        levels = np.empty((changes.shape[1], self.hours))
        np.cumsum(changes[: self.hours].T, axis=1, out=levels)
        return levels.ravel()


@rule("void(float64[:, ::1], int64, int64, float64, float64)")
def _edge(change: Any, pool: Any, hours: Any, moment: Any, sign: Any) -> None:
    """One more, or one less, from a moment on: it counts for the rest of its hour, and whole from the next hour on."""
    hour = min(int(moment), hours)
    rest = hour + 1 - moment
    change[hour, pool] += sign * rest
    change[hour + 1, pool] += sign * (1.0 - rest)


@standalone()
def _count(
    visits: Any,
    end: Any,
    hours: Any,
    pauses: Any,
    edges: Any,
    opens: Any,
    closes: Any,
    today: Any,
    arrivals: Any,
    queue: Any,
    busy: Any,
) -> None:
    """Count visits (records of ``facts.VISIT_ROW``) by hour and pool."""
    for n in range(visits.shape[0]):
        visit = visits[n]
        home, pool, queued, started, ended = visit.home, visit.pool, visit.queued, visit.started, visit.ended
        left = end if np.isnan(ended) else ended
        begun = not np.isnan(started)
        if queued < 0.0:  # it has stood there since before the start
            queued = 0.0
        else:
            arrivals[int(queued), home] += 1
        _edge(queue, home, hours, queued, 1.0)
        _edge(queue, home, hours, started if begun else left, -1.0)
        roster = pauses[pool]
        if begun and roster < 0:
            _edge(busy, pool, hours, started, 1.0)
            _edge(busy, pool, hours, left, -1.0)
        elif begun:
            first, last = edges[roster], edges[roster + 1]
            i = first + rules.interval(opens[first:last], today[roster], started)
            while i < last and opens[i] < left:
                _edge(busy, pool, hours, max(started, opens[i]), 1.0)
                _edge(busy, pool, hours, min(left, closes[i]), -1.0)
                i += 1


def _on_duty(
    plan: PoolPlan, roster: Roster, changes: NDArray[np.float64], end: float, hours: int
) -> NDArray[np.float64]:
    """Officers' hours on duty in each hour, and of these who was called in, and who works overtime, [3, hour];
    ``changes``: ``Acts.staff``.
    """
    times, none = np.array(roster.times), np.zeros_like(plan.headcounts)
    counts = np.stack([plan.headcounts, none, none])
    if len(changes):
        begins = np.union1d(times, changes[:, 0])
        step = np.searchsorted(times, begins, side="right") - 1
        now = np.searchsorted(changes[:, 0], begins, side="right")
        extra, called, longer = (np.append(0.0, changes[:, column])[now] for column in (2, 3, 4))
        there = np.where(np.array(roster.on_duty)[step], np.maximum(plan.headcounts[step] + extra, 0), 0)
        came = np.minimum(there, called)
        times, counts = begins, np.stack([there, came, np.minimum(there - came, longer)])
    edges = np.minimum(np.append(times, end), end)
    hours_until = np.cumsum(np.concatenate([np.zeros((3, 1)), np.diff(edges) * counts], axis=1), axis=1)
    return np.stack([np.diff(np.interp(np.arange(hours + 1), edges, moments)) for moments in hours_until])
