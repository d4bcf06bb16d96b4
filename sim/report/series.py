"""Numbers over time for figures: by unit, day or week, and hour of the week."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.report.names import OTHERS, Name, Names

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.runs import Run

Floats = NDArray[np.float64]

#: A figure shows so many units at most.
MOST_UNITS = 12
#: Whose part of all is smaller does not stand by itself, where there are several of these.
_LEAST = 0.005
#: A figure shows so many bins at most; days, weeks, four weeks, years of 52 weeks.
_MOST_BINS, _DAYS = 160, (1, 7, 28, 364)


@dataclass(frozen=True)
class Series:
    """Pools shown as one: a pool by itself, all instances of one declaration, or the others."""

    name: Name
    members: frozenset[str]


def as_series(names: Names, sizes: dict[str, float]) -> list[Series]:
    """Pools as at most ``MOST_UNITS`` series, the largest first.

    Where there are more pools, instances of one declaration count together. The smallest are the others: those that
    there is no room for, and several that hardly count.
    """
    ranked = sorted(sizes, key=lambda pool: -sizes[pool])
    several = len(ranked) > MOST_UNITS
    groups: dict[str, set[str]] = {}
    for pool in ranked:
        groups.setdefault(names.family(pool) if several else pool, set()).add(pool)
    size = {name: sum(sizes[pool] for pool in members) for name, members in groups.items()}
    order = sorted(groups, key=lambda name: -size[name])
    shown = [name for name in order if size[name] >= _LEAST * sum(size.values())]
    if len(order) - len(shown) < 2:
        shown = order
    if len(shown) > MOST_UNITS or (len(shown) == MOST_UNITS and len(order) > len(shown)):
        shown = shown[: MOST_UNITS - 1]
    found = [Series(names.pool(name), frozenset(groups[name])) for name in shown]
    if rest := order[len(shown) :]:
        found.append(Series(Name(OTHERS), frozenset().union(*(groups[name] for name in rest))))
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
    """Equal spans of days from the scenario's start; ``edges`` in hours, the last one is the end of the count window:
    what comes after it is there only so that what is open can come to its end.

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
    end = run.scenario.hours_of(time.count_until)
    days = next((d for d in _DAYS if end / 24 / d <= _MOST_BINS), _DAYS[-1])
    edges = np.arange(0.0, end, 24.0 * days)
    if len(edges) > 1 and end - edges[-1] < 12.0 * days:  # too short to stand by itself
        edges = edges[:-1]
    return Bins(time.start, days, np.append(edges, end))


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


def flow(run: Run, spans: Bins, names: Names, sizes: dict[str, float]) -> Flow:
    """Arrivals and backlog of the units; ``sizes``: their requests."""
    series = as_series(names, sizes)
    days = np.diff(spans.edges) / 24.0
    if run.tables.has_contacts:
        came = _counts(run, spans, series, _CAME, "dispatched")
        stood = _counts(run, spans, series, _STOOD, "0")
        left = _counts(run, spans, series, _DISPATCHED, "CASE WHEN status != 'open' THEN least(closed, ended) END")
        callback = run.scenario.policies.callback
        if callback is not None and callback.reopen is not None:  # closed for a while, then open again
            left += _counts(run, spans, series, _CLOSED_BETWEEN, "since")
            left -= _counts(run, spans, series, _CLOSED_BETWEEN, "until")
        return Flow(series, list(came / days), list((stood + came - left).cumsum(axis=2)), whole=True)
    found = run.tables.query(
        """SELECT pool::VARCHAR AS pool, replication, least(hour // ?, ?) AS bin, sum(arrivals) AS arrivals,
            sum(queue) AS queue FROM levels WHERE hour < ? GROUP BY ALL ORDER BY ALL""",
        24 * spans.days,
        len(days) - 1,
        float(spans.edges[-1]),
    )
    arrived, waited = (_by_series(found, run, spans, series, column) for column in ("arrivals", "queue"))
    return Flow(series, list(arrived / days), list(waited / (24.0 * days)), whole=False)


_DISPATCHED = "requests WHERE dispatched IS NOT NULL"
_CAME, _STOOD = "requests WHERE dispatched >= 0", "requests WHERE dispatched < 0"  # since before the start

#: In SQL, the spans of time in which a request that was reopened was closed: from its closing, which is when it is
#: first closed or first asked about again, to the visit that follows at once on a callback.
_CLOSED_BETWEEN = """(
    WITH told AS (
        SELECT replication, request, owner_unit, first_closed, kind, visits.queued, visits.ended,
            count(*) FILTER (kind != 'callback') OVER (PARTITION BY replication, request ORDER BY visit) AS turn
        FROM visits JOIN requests USING (replication, request) WHERE requests.rounds > 1
    ), calls AS (
        SELECT replication, request, owner_unit, first_closed, turn, min(queued) AS asked, max(ended) AS answered
        FROM told WHERE kind = 'callback' GROUP BY ALL
    )
    SELECT calls.owner_unit, calls.replication, told.queued AS until,
        CASE WHEN row_number() OVER (PARTITION BY calls.replication, calls.request ORDER BY calls.turn) = 1
            THEN calls.first_closed ELSE calls.asked END AS since
    FROM calls JOIN told ON told.replication = calls.replication AND told.request = calls.request
        AND told.kind != 'callback' AND told.turn = calls.turn + 1 AND told.queued = calls.answered
) WHERE true"""


def _counts(run: Run, spans: Bins, series: Sequence[Series], rows: str, moment: str) -> Floats:
    """Those of the ``rows`` whose ``moment`` lies in each bin; shape [series, replication, bin].

    Both in SQL: rows have an owner_unit and a replication, a moment is hours from the start, or null.
    """
    found = run.tables.query(
        f"""SELECT owner_unit::VARCHAR AS pool, replication, least(floor({moment} / ?), ?)::INTEGER AS bin,
            count(*) AS requests FROM {rows} AND {moment} < ? GROUP BY ALL""",
        24.0 * spans.days,
        len(spans.edges) - 2,
        float(spans.edges[-1]),
    )
    return _by_series(found, run, spans, series, "requests")


def _by_series(found: pd.DataFrame, run: Run, spans: Bins, series: Sequence[Series], column: str) -> Floats:
    """A column by pool, replication and bin as sums, shape [series, replication, bin]; other pools are left out."""
    sums = np.zeros((len(series), run.replications, len(spans.edges) - 1))
    known = found.assign(
        series=found["pool"].map({pool: i for i, s in enumerate(series) for pool in s.members})
    ).dropna()
    at = tuple(known[name].to_numpy(np.int64) for name in ("series", "replication", "bin"))
    np.add.at(sums, at, known[column].to_numpy(np.float64))
    return sums


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


def weeks(run: Run, names: Names) -> list[Week]:
    """Load and staff of all pools, those with most staff first."""
    scenario, pools = run.scenario, list(run.pools["pool"])
    first = math.ceil(scenario.hours_of(scenario.time.count_from))
    last = math.floor(scenario.hours_of(scenario.time.count_until))
    offset = 24 * scenario.time.start.weekday()
    found = run.tables.query(
        """SELECT pool::VARCHAR AS pool, (hour + ?) % 168 AS slot, sum(on_duty) AS on_duty, sum(busy) AS busy,
            sum(arrivals) AS arrivals, sum(queue * ((hour = ?)::INTEGER - (hour = ?)::INTEGER)) AS grown
        FROM levels WHERE hour >= ? AND hour < ? GROUP BY ALL""",
        *(offset, last - 1, first, first, last),
    )
    sums = np.zeros((4, len(pools), 168))
    at = found["pool"].map({pool: i for i, pool in enumerate(pools)}).to_numpy(np.int64), found["slot"].to_numpy()
    sums[:, *at] = found[["on_duty", "busy", "arrivals", "grown"]].to_numpy(np.float64).T
    size = {pool: float(n) for pool, n in zip(pools, sums[:2].sum(axis=(0, 2)), strict=True)}
    seen = np.bincount((np.arange(first, last) + offset) % 168, minlength=168) * float(run.replications)
    weeks = []
    for series in as_series(names, {pool: n for pool, n in size.items() if n > 0}):
        members = [i for i, pool in enumerate(pools) if pool in series.members]
        on_duty, busy, arrivals, grown = sums[:, members].sum(axis=1)
        served = float((arrivals - grown).sum())
        work = float(busy.sum()) / served if served > 0 else math.nan
        with np.errstate(invalid="ignore", divide="ignore"):
            weeks.append(Week(series, on_duty / seen, busy / seen, arrivals / seen * work))
    return weeks
