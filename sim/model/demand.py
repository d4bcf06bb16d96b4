"""Where need comes from: problems and consultations are born by district, category and day.

The mean of a day is the base rate × month × weekday × day factors × the day's hours with their shocks; its count is
drawn by inversion, so that a higher rate adds births and never moves the others; the moment within the day follows the
hourly profile. A birth is known by (district name, category name, day, ordinal): nothing else shifts its luck.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.model import rules
from sim.model.city import City
from sim.model.draws import child, children, name_key, purpose, uniforms
from sim.scenario import Scenario

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COUNT, DAY_FACTOR, MOMENT = purpose("births of a day"), purpose("day factor"), purpose("moment of birth")
BIRTH = purpose("birth")
CHUNK_DAYS = 28


@dataclass(frozen=True, eq=False)
class Births:
    """Births in order of (time, key). Times in hours; districts and categories are indices."""

    time: NDArray[np.float64]
    key: NDArray[np.uint64]
    district: NDArray[np.int64]
    category: NDArray[np.int64]

    def columns(self) -> tuple[list[Any], ...]:
        """The columns as plain numbers."""
        return self.time.tolist(), self.key.tolist(), self.district.tolist(), self.category.tolist()


class Demand:
    """The births of one replication of a city, chunk by chunk."""

    def __init__(self, city: City, stream: int) -> None:
        self.city, self.stream = city, stream
        scenario = city.scenario
        self.days = -int(-city.end // 24)
        dates = [scenario.time.start + timedelta(days=d) for d in range(self.days)]
        self.season = np.array([_season(scenario, date) for date in dates])
        self.profiles = [_profile(c.hours) for c in scenario.categories.values()]
        factor = scenario.demand.day_factor
        groups = [c.group for c in scenario.categories.values()]
        by_group = {g: self._day_factors(factor.group, "group", g) for g in dict.fromkeys(groups)}
        everywhere = self._day_factors(factor.city, "city")
        self.day_factors = [everywhere * by_group[g] for g in groups]
        self.shocks = [
            (
                scenario.hours_of(s.from_),
                scenario.hours_of(s.until),
                s.factor,
                _indices(s.categories, list(scenario.categories)),
                _indices(s.districts, city.districts),
            )
            for s in scenario.demand.shocks.values()
        ]

    def __iter__(self) -> Iterator[Births]:
        for first in range(0, self.days, CHUNK_DAYS):
            yield self.chunk(first, min(first + CHUNK_DAYS, self.days))

    def _day_factors(self, cv: float, *names: str) -> NDArray[np.float64]:
        """Gamma factors with mean 1 and the given cv, one a day."""
        if cv == 0.0:
            return np.ones(self.days)
        days = np.arange(self.days, dtype=np.uint64)
        u = uniforms(self.stream, DAY_FACTOR, np.full(self.days, name_key(*names), np.uint64), days)
        return np.asarray(stats.gamma.ppf(u, cv**-2.0, scale=cv**2.0))

    def chunk(self, first: int, last: int) -> Births:
        """The births of the days ``first`` … ``last`` − 1 that lie before the end."""
        cells = [
            self._cell(d, c, first, last)
            for d in range(len(self.city.districts))
            for c in range(len(self.city.categories))
            if self.city.births[d, c] > 0.0
        ]
        if not cells:
            empty = np.zeros(0)
            return Births(empty, empty.astype(np.uint64), empty.astype(np.int64), empty.astype(np.int64))
        time, key, district, category = (np.concatenate(column) for column in zip(*cells, strict=True))
        order = np.lexsort((key, time))
        order = order[time[order] < self.city.end]
        return Births(time[order], key[order], district[order], category[order])

    def _cell(self, district: int, category: int, first: int, last: int) -> tuple[NDArray[Any], ...]:
        """The births of one district and category: columns of ``Births``, unsorted."""
        hourly = self._hourly(district, category, first, last)
        days = np.arange(first, last, dtype=np.uint64)
        home = int(self.city.birth_keys[district, category])
        daily = hourly.sum(axis=1)
        u = uniforms(self.stream, COUNT, np.full(len(days), home, np.uint64), days)
        counts = np.where(daily > 0.0, stats.poisson.ppf(u, np.maximum(daily, 1e-300)), 0).astype(np.int64)
        times, keys = [], []
        for at in np.flatnonzero(counts):
            day_key = child(home, BIRTH, first + int(at))
            key = children(day_key, BIRTH, np.arange(counts[at], dtype=np.uint64))
            u = uniforms(self.stream, MOMENT, key, np.zeros(len(key), np.uint64))
            times.append((first + at) * 24.0 + rules.day_times(np.cumsum(hourly[at]), u))
            keys.append(key)
        n = int(counts.sum())
        time = np.concatenate(times) if times else np.zeros(0)
        key = np.concatenate(keys) if keys else np.zeros(0, np.uint64)
        return time, key, np.full(n, district), np.full(n, category)

    def _hourly(self, district: int, category: int, first: int, last: int) -> NDArray[np.float64]:
        """Mean births of each hour, [day, hour]."""
        daily = 24.0 * self.city.births[district, category] * self.season[first:last]
        hourly: NDArray[np.float64] = np.outer(daily * self.day_factors[category][first:last], self.profiles[category])
        begins = np.arange(first * 24.0, last * 24.0).reshape(-1, 24)
        for since, until, factor, categories, districts in self.shocks:
            if category in categories and district in districts:
                inside = np.clip(until - begins, 0.0, 1.0) - np.clip(since - begins, 0.0, 1.0)
                hourly *= 1.0 + (factor - 1.0) * inside
        return hourly


def _indices(named: Sequence[str] | None, names: Sequence[str]) -> set[int]:
    return {i for i, name in enumerate(names) if named is None or name in named}


def mean_factor(scenario: Scenario, begin: datetime, until: datetime) -> float:
    """The mean of the month and weekday factors over some days; shocks are left out."""
    days = max(1, (until - begin).days)
    return sum(_season(scenario, begin + timedelta(days=d)) for d in range(days)) / days


def _season(scenario: Scenario, date: datetime) -> float:
    demand = scenario.demand
    return demand.months.get(date.month, 1.0) * demand.weekdays.get(WEEKDAYS[date.weekday()], 1.0)


def _profile(weights: tuple[float, ...]) -> NDArray[np.float64]:
    """24 shares of the day that sum to 1."""
    profile: NDArray[np.float64] = np.asarray(weights, float)
    return np.asarray(profile / profile.sum())
