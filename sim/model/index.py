"""From names and distributions of a scenario to the numbers that plans are made of."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from sim.model import rules
from sim.model.draws import Tables, name_key
from sim.model.quantiles import tables_of
from sim.model.staffing import Staffing
from sim.scenario import Scenario
from sim.scenario.distributions import Distribution
from sim.scenario.policies import Limit

#: The number of the table of quantiles by which a duration is drawn.
Table = int
#: The scenario gives no such duration.
NO_TABLE: Table = -1

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """A time to wait: an amount in hours or workdays, and how it is told (see ``rules``)."""

    amount: float
    kind: int


NO_LIMIT = Span(math.inf, rules.ON_THE_CLOCK)


@dataclass(frozen=True, eq=False)
class WorkingTime:
    """Whose open hours are working time, −1: nobody's; and the open days of that calendar: midnight, first opening,
    last closing, [3, day].
    """

    roster: int
    workdays: NDArray[np.float64]


NO_WORKING_TIME = WorkingTime(-1, np.zeros((3, 0)))


def next_month(moment: datetime) -> datetime:
    """The first midnight of the next calendar month."""
    year, month = divmod(moment.year * 12 + moment.month, 12)
    return datetime(year, month + 1, 1)


@dataclass(frozen=True, eq=False)
class Months:
    """The calendar months of a run: when each begins but for the first, and how much of each the run covers."""

    names: tuple[str, ...]  # such as “2024-03”
    dates: tuple[datetime, ...]
    turns: NDArray[np.float64]  # the same in hours since the start
    shares: tuple[float, ...]

    @staticmethod
    def of(scenario: Scenario) -> Months:
        """Those of a scenario."""
        start, end = scenario.time.start, scenario.time.end
        edges = [start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)]
        while edges[-1] < end:
            edges.append(next_month(edges[-1]))
        shares = tuple((min(end, b) - max(start, a)) / (b - a) for a, b in itertools.pairwise(edges))
        turns = np.array([scenario.hours_of(turn) for turn in edges[1:-1]])
        names = tuple(f"{edge:%Y-%m}" for edge in edges[:-1])
        return Months(names, tuple(edges[1:-1]), turns, shares)


class Index:
    """Numbers the distributions while the plans are made, and knows where pools and units stand."""

    def __init__(self, scenario: Scenario, staffing: Staffing) -> None:
        self.scenario, self.staffing = scenario, staffing
        self.policies = scenario.policies
        self.families = staffing.families
        self.units = tuple(sorted(scenario.units))
        self.months = Months.of(scenario)
        self._tables: dict[tuple[Distribution, float], Table] = {}

    def table(self, spec: Distribution | None, factor: float = 1.0) -> Table:
        """The table of a distribution, of which all durations are multiplied by a factor."""
        return NO_TABLE if spec is None else self._tables.setdefault((spec, factor), len(self._tables))

    def effort(self, spec: Distribution) -> Table:
        """The table of a work that is there once for the whole city or place: at a scale it is divided as staff is."""
        return self.table(spec.divided(self.scenario.scale))

    def tables(self) -> Tables:
        """The tables of all distributions that have been numbered."""
        factors = np.array([factor for _, factor in self._tables])
        tables: Tables = tables_of(spec for spec, _ in self._tables) * np.repeat(factors, 2)[:, None]
        return tables

    def means(self) -> tuple[float, ...]:
        """Their means in hours."""
        return tuple(spec.mean * factor if factor > 0.0 else 0.0 for spec, factor in self._tables)

    def working_time(self, calendar: str | None) -> WorkingTime:
        """That of a calendar."""
        if calendar is None:
            return NO_WORKING_TIME
        return WorkingTime(self.staffing.calendar_roster(calendar), self.staffing.workdays(calendar))

    def span(self, limit: Limit | None) -> Span:
        """A limit, or another time that may be told in working time."""
        if limit is None:
            return NO_LIMIT
        if limit.workdays is not None:
            return Span(limit.workdays, rules.BY_CLOSING if limit.by_closing else rules.WORKDAYS)
        if limit.workhours is not None:
            return Span(limit.workhours, rules.WORKHOURS)
        assert limit.hours is not None
        return Span(limit.hours, rules.ON_THE_CLOCK)


def weights_of(names: Sequence[str], weights: Mapping[str, float]) -> Weights:
    """Weights in the order of the names, 0 where none is given."""
    return np.array([weights.get(n, 0.0) for n in names], float)


def name_keys(names: Sequence[str]) -> NDArray[np.uint64]:
    """The keys of names, as ``rules.choose`` takes them."""
    return np.array([name_key(name) for name in names], np.uint64)
