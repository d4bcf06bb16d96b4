"""Where need comes from: problems and consultations are born by district, category and day.

The mean of a day is the base rate × month × weekday × day factors × the day's hours with their shocks; its count is
drawn by inversion, so that a higher rate adds births and never moves the others; the moment within the day follows the
hourly profile. A birth is known by (district name, category name, date, ordinal): nothing else shifts its luck, neither
another category nor a run that begins earlier.

Policies turn demand by factors that act from the next midnight on: a birth stays if its mark is below the factor, and
where it is above 1 there are surplus births with luck of their own. So a larger factor keeps whom a smaller one has.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sim.model import rules
from sim.model.city import City
from sim.model.compiling import entry, standalone
from sim.model.draws import child, name_key, purpose, uniform, uniforms
from sim.model.purposes import REPORT
from sim.model.rhythm import Rhythm

COUNT, DAY_FACTOR, MOMENT = purpose("births of a day"), purpose("day factor"), purpose("moment of birth")
BIRTH, SURPLUS_BIRTH = purpose("birth"), purpose("surplus birth")
SURPLUS_COUNT, BIRTH_KEPT = purpose("surplus births of a day"), purpose("birth kept")
PLAN_COUNTS = 2**19  # counts of births that are drawn at once
CHUNK_DAYS = 28  # the most
FEW = 64.0  # mean births up to which probabilities are added up, which is faster than SciPy
CHUNK_BIRTHS = 2**16  # about as many as the processor's cache holds


@dataclass(frozen=True, eq=False)
class Births:
    """Births in order of (time, key), all that there are before ``until``. Times in hours; districts and categories are
    indices; ``report``: the key of the first contact about it.
    """

    until: float
    time: NDArray[np.float64]
    key: NDArray[np.uint64]
    report: NDArray[np.uint64]
    district: NDArray[np.int64]
    category: NDArray[np.int64]

    def those(self, chosen: NDArray[np.int64]) -> Births:
        """Some of them, or all in another order."""
        return Births(self.until, *(column[chosen] for column in self._columns))

    def and_also(self, others: Births) -> Births:
        """With others of the same time."""
        pairs = zip(self._columns, others._columns, strict=True)
        both = Births(self.until, *(np.concatenate(pair) for pair in pairs))
        return both.those(np.lexsort((both.key, both.time)))

    def columns(self) -> tuple[list[Any], ...]:
        """The columns as plain numbers."""
        return tuple(column.tolist() for column in self._columns)

    @property
    def _columns(self) -> tuple[NDArray[Any], ...]:
        return self.time, self.key, self.report, self.district, self.category


@dataclass(frozen=True, eq=False)
class _Plan:
    """Counts of births by [day, district, category] from the day ``first`` on, and what their moments need."""

    first: int
    dates: NDArray[np.uint64]
    homes: NDArray[np.uint64]  # keys, [district, category]
    counts: NDArray[np.int64]
    means: NDArray[np.float64]  # of the counts
    shapes: NDArray[np.float64]  # hours cumulated over a day, [shape, day, hour]
    shape_of: NDArray[np.int64]  # [district, category]

    @property
    def days(self) -> int:
        """The number of days planned."""
        return len(self.dates)


class Turned:
    """By how much policies turn demand: in force since the last midnight, and from the next one on.

    ``births``: factors, [district, category]; ``trust``: of each district.
    """

    def __init__(self, city: City) -> None:
        self.births, self.trust = np.ones(city.births.shape), np.ones(len(city.births))
        self.next_births, self.next_trust = self.births, self.trust

    def turn(self) -> None:
        """It is midnight. The arrays stay where they are, as engines read them."""
        self.births[:], self.trust[:] = self.next_births, self.next_trust


class Demand:
    """The births of one replication of a city, chunk by chunk.

    Where demand is ``turned`` a chunk is a day, made when it is asked for: by what is in force at its midnight.
    """

    def __init__(self, city: City, stream: int, turned: Turned | None = None) -> None:
        self.city, self.stream, self.turned = city, stream, turned
        scenario = city.scenario
        self.rhythm = Rhythm(scenario)
        self.days = self.rhythm.days
        self.start = scenario.time.start.toordinal()  # days are drawn by their date
        factor = scenario.demand.day_factor
        groups = [c.group for c in scenario.categories.values()]
        by_group = {g: self._day_factors(factor.group, "group", g) for g in dict.fromkeys(groups)}
        everywhere = self._day_factors(factor.city, "city")
        self.day_factors = [everywhere * by_group[g] for g in groups]
        self.draft_time, self.draft_key = np.empty(0), np.empty(0, np.uint64)  # room for a day, used again and again
        self.draft_home, self.heads = np.empty(0, np.int64), np.empty(1, np.int64)

    def __iter__(self) -> Iterator[Births]:
        days = max(PLAN_COUNTS // max(self.city.births.size, 1), 1)
        step = min(max(int(CHUNK_BIRTHS / max(24.0 * self.city.births.sum(), 1.0)), 1), CHUNK_DAYS)
        for first in range(0, self.days, days):
            plan = self._plan(first, min(first + days, self.days))
            if self.turned is not None:
                yield from (self._turned(self.turned, plan, day) for day in range(plan.days))
                continue
            for begin in range(0, plan.days, step):
                yield self._births(plan, begin, min(begin + step, plan.days))

    def chunk(self, first: int, last: int) -> Births:
        """The births of the days ``first`` … ``last`` − 1 that lie before the end."""
        return self._births(self._plan(first, last), 0, last - first)

    def _day_factors(self, cv: float, *names: str) -> NDArray[np.float64]:
        """Gamma factors with mean 1 and the given cv, one a day."""
        if cv == 0.0:
            return np.ones(self.days)
        days = np.arange(self.start, self.start + self.days, dtype=np.uint64)
        u = uniforms(self.stream, DAY_FACTOR, np.full(self.days, name_key(*names), np.uint64), days)
        return np.asarray(special.gammaincinv(cv**-2.0, u) * cv**2.0)

    def _plan(self, first: int, last: int) -> _Plan:
        """How many are born on the days ``first`` … ``last`` − 1, and by which profile."""
        city = self.city
        like, shapes, shape_of, means, above = self.rhythm.like, [], {}, [], 0
        weights = {}
        for category in sorted(set(like)):
            shape, of = self.rhythm.shapes(category, first, last)
            weights[category] = shape.sum(axis=2)[of]
            shapes.append(shape.cumsum(axis=2))
            shape_of[category] = of + above
            above += len(shape)
        for category, of_day in enumerate(self.day_factors):
            daily = 24.0 * city.births[:, category, None] * weights[like[category]]
            means.append(daily * (self.rhythm.season[first:last] * of_day[first:last]))
        mean = np.stack(means, axis=1)
        dates = np.arange(self.start + first, self.start + last, dtype=np.uint64)
        homes = np.ascontiguousarray(city.birth_keys, np.uint64)
        u = uniforms(self.stream, COUNT, np.repeat(homes.ravel(), len(dates)), np.tile(dates, homes.size))
        by_day = np.ascontiguousarray(np.moveaxis(_counts(u, mean), 2, 0))
        shape_of_home = np.stack([shape_of[i] for i in like], axis=1)
        return _Plan(first, dates, homes, by_day, np.moveaxis(mean, 2, 0), np.concatenate(shapes), shape_of_home)

    def _turned(self, turned: Turned, plan: _Plan, day: int) -> Births:
        """The births of a day of the plan, as policies have turned them."""
        turned.turn()
        factors, born = turned.births, self._births(plan, day, day + 1)
        marks = uniforms(self.stream, BIRTH_KEPT, born.key, np.zeros(len(born.key), np.uint64))
        born = born.those(np.flatnonzero(marks < factors[born.district, born.category]))
        if (factors <= 1.0).all():
            return born
        dates = np.full(plan.homes.size, plan.dates[day], np.uint64)
        u = uniforms(self.stream, SURPLUS_COUNT, plan.homes.ravel(), dates)
        counts = plan.counts.copy()
        counts[day] = _counts(u, np.maximum(factors - 1.0, 0.0) * plan.means[day])
        return born.and_also(self._births(replace(plan, counts=counts), day, day + 1, SURPLUS_BIRTH))

    def _births(self, plan: _Plan, begin: int, end: int, tag: int = BIRTH) -> Births:
        """The births of the plan's days ``begin`` … ``end`` − 1 that lie before the end; keys by the ``tag``."""
        of_day = plan.counts[begin:end].sum(axis=(1, 2))
        n, most = int(of_day.sum()), int(of_day.max(initial=0))
        if len(self.draft_time) < most:
            room = most + most // 4
            self.draft_time, self.draft_key = np.empty(room), np.empty(room, np.uint64)
            self.draft_home, self.heads = np.empty(room, np.int64), np.empty(room + 1, np.int64)
        time, district, category = np.empty(n), np.empty(n, np.int64), np.empty(n, np.int64)
        key, report = np.empty((2, n), np.uint64)
        at = 0
        for day in range(begin, end):
            to = at + int(of_day[day - begin])
            draft = self.draft_time, self.draft_key, self.draft_home, self.heads[: to - at + 1]
            columns = time[at:to], key[at:to], report[at:to], district[at:to], category[at:to]
            drawn = np.uint64(self.stream), np.uint64(tag), plan.homes, plan.dates, plan.counts, plan.shapes
            _draw(*drawn, plan.shape_of, day, *draft)
            _sort(24.0 * (plan.first + day), *draft, *columns)
            at = to
        until = min(24.0 * (plan.first + end), self.city.end)
        n = int(np.searchsorted(time, until))
        return Births(until, time[:n], key[:n], report[:n], district[:n], category[:n])


def _counts(u: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.int64]:
    """Poisson counts by inversion: of each probability, the least number whose distribution function reaches it."""
    counts: NDArray[np.int64] = _few(u, mean.ravel()).reshape(mean.shape)
    large = mean > FEW
    if large.any():
        counts[large] = many(u.reshape(mean.shape)[large], mean[large])
    return counts


def many(u: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.int64]:
    """Counts of large means, as ``scipy.stats.poisson.ppf`` has them; to import that takes most of a second."""
    count = np.ceil(special.pdtrik(u, mean))
    less = np.maximum(count - 1.0, 0.0)
    return np.asarray(np.where(special.pdtr(less, mean) >= u, less, count), np.int64)


@standalone("int64[:](float64[::1], float64[::1])")
def _few(u: Any, mean: Any) -> Any:
    """The counts of small means, by adding up probabilities; 0 for others."""
    counts = np.zeros(u.shape[0], np.int64)
    for i in range(u.shape[0]):
        if mean[i] > FEW:
            continue
        probability = math.exp(-mean[i])
        reached, before, n = probability, 0.0, 0
        while reached < u[i] and (reached > before or n < mean[i]):  # what is left may be too little to add up
            n += 1
            probability *= mean[i] / n
            before, reached = reached, reached + probability
        counts[i] = n
    return counts


@entry
def _draw(
    stream: Any,
    tag: Any,
    homes: Any,
    dates: Any,
    counts: Any,
    shapes: Any,
    shape_of: Any,
    day: Any,
    time: Any,
    key: Any,
    home: Any,
    heads: Any,
) -> None:
    """Hour of the day, key and home (district · 2³² + category) of the births of a day, unsorted.

    ``heads[b + 1]`` becomes the number of births in bucket b of the day; there are as many buckets as births. The
    day's key is a child of the home's key, a birth's key a child of the day's; the moment follows the day's shape.
    """
    at = 0
    for d in range(homes.shape[0]):
        for c in range(homes.shape[1]):
            if counts[day, d, c] > 0:
                day_key = child(homes[d, c], BIRTH, dates[day])
                for ordinal in range(counts[day, d, c]):
                    key[at], home[at] = day_key, ordinal
                    at += 1
    n = heads.shape[0] - 1
    for i in range(n):  # loops with nothing but draws, of which the processor makes several at once
        key[i] = child(key[i], tag, np.uint64(home[i]))
    for i in range(n):
        time[i] = uniform(stream, MOMENT, key[i], np.uint64(0))
    at = 0
    for d in range(homes.shape[0]):
        for c in range(homes.shape[1]):
            shape = shapes[shape_of[d, c], day]
            for _ in range(counts[day, d, c]):
                time[at], home[at] = rules.time_of_day(shape, time[at]), d << 32 | c
                at += 1
    heads[:] = 0
    scale = n / 24.0
    for i in range(n):
        heads[int(time[i] * scale) + 1] += 1


@entry
def _sort(
    midnight: Any,
    draft_time: Any,
    draft_key: Any,
    draft_home: Any,
    heads: Any,
    time: Any,
    key: Any,
    report: Any,
    district: Any,
    category: Any,
) -> None:
    """The births of a day in order of (time, key): into buckets by time, then each put before those it precedes.

    Buckets hold about one birth each, so what is left to sort is short; ``district`` holds the home meanwhile.
    """
    n = time.shape[0]
    scale = n / 24.0
    for b in range(n):
        heads[b + 1] += heads[b]
    for i in range(n):
        b = int(draft_time[i] * scale)
        at = heads[b]
        heads[b] = at + 1
        time[at], key[at], district[at] = midnight + draft_time[i], draft_key[i], draft_home[i]
    for i in range(1, n):
        t, k, h = time[i], key[i], district[i]
        at = i
        while at > 0 and (time[at - 1] > t or (time[at - 1] == t and key[at - 1] > k)):
            time[at], key[at], district[at] = time[at - 1], key[at - 1], district[at - 1]
            at -= 1
        time[at], key[at], district[at] = t, k, h
    for i in range(n):
        report[i] = child(key[i], REPORT, np.uint64(0))
    for i in range(n):
        category[i] = district[i] & 0xFFFFFFFF
        district[i] >>= 32
