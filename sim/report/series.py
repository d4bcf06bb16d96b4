"""Numbers over time for figures: by unit, day or week, and hour of the week."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.report.formats import rows_of
from sim.report.names import OTHERS, Name, Names

if TYPE_CHECKING:
    from sim.experiment.runs import Run

Floats = NDArray[np.float64]

#: A figure shows so many units at most.
MOST_UNITS = 12
#: A figure shows so many bins at most; days, weeks, four weeks, years of 52 weeks.
_MOST_BINS, _DAYS = 160, (1, 7, 28, 364)


@dataclass(frozen=True)
class Series:
    """Pools shown as one: a pool by itself, all instances of one declaration, or the others."""

    name: Name
    members: frozenset[str]


def as_series(names: Names, sizes: dict[str, float]) -> list[Series]:
    """Pools as at most ``MOST_UNITS`` series, the largest first.

    Where there are more pools, instances of one declaration count together; where that is not enough, the smallest
    are the others.
    """
    ranked = sorted(sizes, key=lambda pool: -sizes[pool])
    if len(ranked) <= MOST_UNITS:
        return [Series(names.pool(pool), frozenset([pool])) for pool in ranked]
    families: dict[str, set[str]] = {}
    for pool in ranked:
        families.setdefault(names.family(pool), set()).add(pool)
    order = sorted(families, key=lambda family: -sum(sizes[pool] for pool in families[family]))
    if len(order) <= MOST_UNITS:
        shown, rest = order, []
    else:
        shown, rest = order[: MOST_UNITS - 1], order[MOST_UNITS - 1 :]
    found = [Series(names.pool(family), frozenset(families[family])) for family in shown]
    if rest:
        found.append(Series(Name(OTHERS), frozenset().union(*(families[family] for family in rest))))
    return found


def merging_note(series: Sequence[Series]) -> str:
    """What is shown as one, in a sentence; empty where nothing is."""
    parts = []
    merged = [s for s in series if len(s.members) > 1 and s.name.name != OTHERS]
    if merged:
        parts.append("; ".join(f"{s.name.text}: {len(s.members)} together" for s in merged))
    rest = [s for s in series if s.name.name == OTHERS]
    if rest:
        parts.append(f"others: the {len(rest[0].members)} smallest")
    return f"{'. '.join(parts)}." if parts else ""


@dataclass(frozen=True)
class Bins:
    """Equal spans of days from the scenario's start; ``edges`` in hours, the last one is the end.

    The last bin may be shorter or longer than the others, by half at most.
    """

    start: datetime
    days: int
    edges: Floats

    @property
    def word(self) -> str:
        """What one is called."""
        return {1: "day", 7: "week", 28: "four weeks", 364: "52 weeks"}[self.days]

    @property
    def dates(self) -> list[str]:
        """The first day of each."""
        return [f"{self.start + timedelta(hours=float(edge)):%Y-%m-%d}" for edge in self.edges[:-1]]


def bins(run: Run) -> Bins:
    """Days, or weeks where the run is long."""
    time = run.scenario.time
    end = run.scenario.hours_of(time.end)
    days = next((d for d in _DAYS if end / 24 / d <= _MOST_BINS), _DAYS[-1])
    edges = np.arange(0.0, end, 24.0 * days)
    if len(edges) > 1 and end - edges[-1] < 12.0 * days:  # too short to stand by itself
        edges = edges[:-1]
    return Bins(time.start, days, np.append(edges, end))


class Levels:
    """The table of levels as arrays, shape [replication, pool, hour]."""

    def __init__(self, run: Run) -> None:
        table = run.tables.levels
        self.pools = list(run.pools["pool"])
        hours = math.ceil(run.scenario.hours_of(run.scenario.time.end))
        shape = (run.replications, len(self.pools), hours)
        pool = table["pool"].astype(pd.CategoricalDtype(self.pools)).cat.codes.to_numpy()
        at = (table["replication"].to_numpy(), pool, table["hour"].to_numpy())
        self._arrays = {}
        for column in ("arrivals", "queue", "busy", "on_duty"):
            self._arrays[column] = np.zeros(shape)
            self._arrays[column][at] = table[column].to_numpy()

    def of(self, column: str, members: frozenset[str]) -> Floats:
        """The sum over pools, shape [replication, hour]."""
        chosen = [number for number, pool in enumerate(self.pools) if pool in members]
        total: Floats = self._arrays[column][:, chosen].sum(axis=1)
        return total


def by_bin(values: Floats, spans: Bins) -> Floats:
    """Sums of hourly values over bins, shape [replication, bin]."""
    begins = spans.edges[:-1].astype(np.int64)
    return np.add.reduceat(values, begins, axis=1) if values.shape[1] else np.zeros((len(values), len(begins)))


@dataclass(frozen=True)
class Flow:
    """What came in (a day) and what was open or waiting, by series: shape [replication, bin] each.

    ``whole``: from the requests themselves, open ones at the end of each bin; else from the queues, visits that joined
    them and the mean number that waited.
    """

    series: list[Series]
    arrived: list[Floats]
    stock: list[Floats]
    whole: bool


def flow(run: Run, spans: Bins, names: Names, levels: Levels, sizes: dict[str, float]) -> Flow:
    """Arrivals and backlog of the units; ``sizes``: their requests."""
    series = as_series(names, sizes)
    days = np.diff(spans.edges) / 24.0
    if not run.tables.contacts:
        arrived = [by_bin(levels.of("arrivals", s.members), spans) / days for s in series]
        waiting = [by_bin(levels.of("queue", s.members), spans) / (24.0 * days) for s in series]
        return Flow(series, arrived, waiting, whole=False)
    came = _counts(run, spans, series, "dispatched")
    left = _counts(run, spans, series, "CASE WHEN status != 'open' THEN least(closed, ended) END")
    return Flow(series, list(came / days), list((came - left).cumsum(axis=2)), whole=True)


def _counts(run: Run, spans: Bins, series: Sequence[Series], moment: str) -> Floats:
    """Of the requests that were dispatched, those whose ``moment`` lies in each bin; shape [series, replication, bin].

    ``moment``: in SQL, hours from the start, or null.
    """
    counts = np.zeros((len(series), run.replications, len(spans.edges) - 1))
    found = run.tables.query(
        f"""SELECT owner_unit, replication, least(floor({moment} / ?), ?)::INTEGER AS bin, count(*) AS requests
        FROM requests WHERE dispatched IS NOT NULL AND {moment} IS NOT NULL GROUP BY ALL""",
        24.0 * spans.days,
        counts.shape[2] - 1,
    )
    number = {pool: i for i, s in enumerate(series) for pool in s.members}
    for row in rows_of(found[found["owner_unit"].isin(number)]):
        counts[number[row.owner_unit], row.replication, row.bin] += row.requests
    return counts


# --- the hours of the week -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Week:
    """Means by hour of the week, from Monday 0:00, over replications and weeks of the count window; shape [168].

    ``load``: officers that the arriving visits would keep at work, visits × mean work per visit.
    """

    series: Series
    on_duty: Floats
    busy: Floats
    load: Floats

    @property
    def utilisation(self) -> float:
        """Hours at work by hours on duty; NaN without duty."""
        duty = np.nansum(self.on_duty)
        return float(np.nansum(self.busy) / duty) if duty > 0 else math.nan


def weeks(run: Run, names: Names, levels: Levels) -> list[Week]:
    """Load and staff of all pools, those with most staff first."""
    scenario = run.scenario
    first, last = (scenario.hours_of(t) for t in (scenario.time.count_from, scenario.time.count_until))
    window = slice(math.ceil(first), max(math.floor(last), math.ceil(first)))
    duty = {pool: float(levels.of("on_duty", frozenset([pool]))[:, window].sum()) for pool in levels.pools}
    size = {pool: duty[pool] + float(levels.of("busy", frozenset([pool]))[:, window].sum()) for pool in levels.pools}
    slot = (np.arange(window.start, window.stop) + 24 * scenario.time.start.weekday()) % 168
    seen = np.bincount(slot, minlength=168).astype(np.float64)
    found = []
    for series in as_series(names, {pool: n for pool, n in size.items() if n > 0}):

        def mean(column: str, members: frozenset[str] = series.members) -> Floats:
            hourly = levels.of(column, members)[:, window].mean(axis=0)
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.bincount(slot, hourly, minlength=168) / seen

        queue = levels.of("queue", series.members)[:, window]
        grown = float((queue[:, -1] - queue[:, 0]).sum())
        served = float(levels.of("arrivals", series.members)[:, window].sum()) - grown
        busy = mean("busy")
        work = float(levels.of("busy", series.members)[:, window].sum()) / served if served > 0 else math.nan
        found.append(Week(series, mean("on_duty"), busy, mean("arrivals") * work))
    return found
