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

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.model import rules
from sim.model.city import City
from sim.model.draws import child, name_key, purpose, uniform, uniforms
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
        parts = [self._of_category(c, first, last) for c in range(len(self.city.categories))]
        time, key, district, category = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((key, time))
        order = order[time[order] < self.city.end]
        return Births(time[order], key[order], district[order], category[order])

    def _of_category(self, category: int, first: int, last: int) -> tuple[NDArray[Any], ...]:
        """The births of one category: columns of ``Births``, unsorted."""
        city = self.city
        n, days = len(city.districts), np.arange(first, last)
        shapes, shape_of = self._shapes(category, first, last)
        daily = 24.0 * city.births[:, category, None] * shapes.sum(axis=2)[shape_of]
        daily *= self.season[first:last] * self.day_factors[category][first:last]
        homes = np.repeat(city.birth_keys[:, category], len(days))
        u = uniforms(self.stream, COUNT, homes, np.tile(days.astype(np.uint64), n))
        counts = np.where(daily > 0.0, stats.poisson.ppf(u.reshape(daily.shape), np.maximum(daily, 1e-300)), 0.0)
        time, key, district = _born(
            np.uint64(self.stream),
            city.birth_keys[:, category],
            first,
            counts.astype(np.int64),
            shapes.cumsum(axis=2),
            shape_of,
        )
        return time, key, district, np.full(len(time), category)

    def _shapes(self, category: int, first: int, last: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Shares of the hours of each day with their shocks, [shape, day, hour], and the shape of each district.

        Districts that have the same shocks have the same shape.
        """
        plain = np.tile(self.profiles[category], (last - first, 1))
        begins = np.arange(first * 24.0, last * 24.0).reshape(-1, 24)
        numbers: dict[tuple[int, ...], int] = {}
        shapes: list[NDArray[np.float64]] = []
        shape_of: list[int] = []
        for district in range(len(self.city.districts)):
            applies = tuple(
                i
                for i, (since, until, _, categories, districts) in enumerate(self.shocks)
                if category in categories and district in districts and since < last * 24.0 and until > first * 24.0
            )
            if applies not in numbers:
                numbers[applies] = len(shapes)
                shape = plain.copy()
                for since, until, factor, _, _ in (self.shocks[i] for i in applies):
                    inside = np.clip(until - begins, 0.0, 1.0) - np.clip(since - begins, 0.0, 1.0)
                    shape *= 1.0 + (factor - 1.0) * inside
                shapes.append(shape)
            shape_of.append(numbers[applies])
        return np.stack(shapes), np.array(shape_of)


@nb.njit(cache=True)
def _born(stream: Any, homes: Any, first: Any, counts: Any, shapes: Any, shape_of: Any) -> Any:
    """Moment, key and district of the births of one category, from their counts by [district, day].

    The day's key is a child of the home's key, a birth's key a child of the day's; the moment follows the day's shape.
    """
    n = counts.sum()
    time, key, district = np.empty(n), np.empty(n, np.uint64), np.empty(n, np.int64)
    at = 0
    for d in range(counts.shape[0]):
        for day in range(counts.shape[1]):
            if counts[d, day] > 0:
                day_key = child(homes[d], BIRTH, np.uint64(first + day))
                for ordinal in range(counts[d, day]):
                    key[at] = child(day_key, BIRTH, np.uint64(ordinal))
                    u = uniform(stream, MOMENT, key[at], np.uint64(0))
                    time[at] = 24.0 * (first + day) + rules.time_of_day(shapes[shape_of[d], day], u)
                    district[at] = d
                    at += 1
    return time, key, district


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
