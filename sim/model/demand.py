"""Where need comes from: problems and consultations are born by district, category and day.

The mean of a day is the base rate × month × weekday × day factors × the day's hours with their shocks; its count is
drawn by inversion, so that a higher rate adds births and never moves the others; the moment within the day follows the
hourly profile. A birth is known by (district name, category name, date, ordinal): nothing else shifts its luck, neither
another category nor a run that begins earlier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.model import rules
from sim.model.city import City
from sim.model.compiling import whole
from sim.model.draws import child, name_key, purpose, uniform, uniforms
from sim.model.rhythm import Rhythm

COUNT, DAY_FACTOR, MOMENT = purpose("births of a day"), purpose("day factor"), purpose("moment of birth")
BIRTH = purpose("birth")
CHUNK_DAYS = 28


@dataclass(frozen=True, eq=False)
class Births:
    """Births in order of (time, key), all that there are before ``until``. Times in hours; districts and categories are
    indices.
    """

    time: NDArray[np.float64]
    key: NDArray[np.uint64]
    district: NDArray[np.int64]
    category: NDArray[np.int64]
    until: float

    def columns(self) -> tuple[list[Any], ...]:
        """The columns as plain numbers."""
        return self.time.tolist(), self.key.tolist(), self.district.tolist(), self.category.tolist()


class Demand:
    """The births of one replication of a city, chunk by chunk."""

    def __init__(self, city: City, stream: int) -> None:
        self.city, self.stream = city, stream
        scenario = city.scenario
        self.rhythm = Rhythm(scenario)
        self.days = self.rhythm.days
        self.start = scenario.time.start.toordinal()  # days are drawn by their date
        factor = scenario.demand.day_factor
        groups = [c.group for c in scenario.categories.values()]
        by_group = {g: self._day_factors(factor.group, "group", g) for g in dict.fromkeys(groups)}
        everywhere = self._day_factors(factor.city, "city")
        self.day_factors = [everywhere * by_group[g] for g in groups]

    def __iter__(self) -> Iterator[Births]:
        for first in range(0, self.days, CHUNK_DAYS):
            yield self.chunk(first, min(first + CHUNK_DAYS, self.days))

    def _day_factors(self, cv: float, *names: str) -> NDArray[np.float64]:
        """Gamma factors with mean 1 and the given cv, one a day."""
        if cv == 0.0:
            return np.ones(self.days)
        days = np.arange(self.start, self.start + self.days, dtype=np.uint64)
        u = uniforms(self.stream, DAY_FACTOR, np.full(self.days, name_key(*names), np.uint64), days)
        return np.asarray(stats.gamma.ppf(u, cv**-2.0, scale=cv**2.0))

    def chunk(self, first: int, last: int) -> Births:
        """The births of the days ``first`` … ``last`` − 1 that lie before the end."""
        parts = [self._of_category(c, first, last) for c in range(len(self.city.categories))]
        time, key, district, category = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((key, time))
        until = min(24.0 * last, self.city.end)
        order = order[time[order] < until]
        return Births(time[order], key[order], district[order], category[order], until)

    def _of_category(self, category: int, first: int, last: int) -> tuple[NDArray[Any], ...]:
        """The births of one category: columns of ``Births``, unsorted."""
        city = self.city
        n, dates = len(city.districts), np.arange(self.start + first, self.start + last, dtype=np.uint64)
        shapes, shape_of = self.rhythm.shapes(category, first, last)
        daily = 24.0 * city.births[:, category, None] * shapes.sum(axis=2)[shape_of]
        daily *= self.rhythm.season[first:last] * self.day_factors[category][first:last]
        homes = np.repeat(city.birth_keys[:, category], len(dates))
        u = uniforms(self.stream, COUNT, homes, np.tile(dates, n))
        counts = np.where(daily > 0.0, stats.poisson.ppf(u.reshape(daily.shape), np.maximum(daily, 1e-300)), 0.0)
        time, key, district = _born(
            np.uint64(self.stream),
            city.birth_keys[:, category],
            dates,
            24.0 * first,
            counts.astype(np.int64),
            shapes.cumsum(axis=2),
            shape_of,
        )
        return time, key, district, np.full(len(time), category)


@whole()
def _born(stream: Any, homes: Any, dates: Any, begin: Any, counts: Any, shapes: Any, shape_of: Any) -> Any:
    """Moment, key and district of the births of one category, from their counts by [district, day].

    ``begin``: hours at which the first day begins. The day's key is a child of the home's key, a birth's key a child of
    the day's; the moment follows the day's shape.
    """
    n = counts.sum()
    time, key, district = np.empty(n), np.empty(n, np.uint64), np.empty(n, np.int64)
    at = 0
    for d in range(counts.shape[0]):
        for day in range(counts.shape[1]):
            if counts[d, day] > 0:
                day_key = child(homes[d], BIRTH, dates[day])
                for ordinal in range(counts[d, day]):
                    key[at] = child(day_key, BIRTH, np.uint64(ordinal))
                    u = uniform(stream, MOMENT, key[at], np.uint64(0))
                    time[at] = begin + 24.0 * day + rules.time_of_day(shapes[shape_of[d], day], u)
                    district[at] = d
                    at += 1
    return time, key, district
