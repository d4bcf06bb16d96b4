"""The rhythm of need: mean births by month, weekday, hour and shock, before any luck."""

from __future__ import annotations

import math
from calendar import isleap, monthrange
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def mean_births(scenario: Scenario) -> NDArray[np.float64]:
    """Mean births per hour, [district, category], before the factors of time; at the scenario's scale."""
    weight = np.array([d.population * d.activity for d in scenario.districts.values()])
    columns = []
    for category in scenario.categories.values():
        w = weight * [category.by_district.get(d, 1.0) for d in scenario.districts]
        columns.append(w * category.rate if category.rate is not None else w / w.sum() * category.total)
    return np.stack(columns, axis=1) / scenario.scale


class Shock:
    """A time of more need, or less, for some categories and districts, from day ``first`` to before ``last``."""

    def __init__(
        self, since: float, until: float, factor: float, days: int, categories: set[int], districts: set[int]
    ) -> None:
        self.categories, self.districts = categories, districts
        self.first, self.last = max(int(since // 24.0), 0), min(-int(-until // 24.0), days)
        begins = np.arange(24.0 * self.first, 24.0 * max(self.last, self.first)).reshape(-1, 24)
        inside = np.clip(until - begins, 0.0, 1.0) - np.clip(since - begins, 0.0, 1.0)
        self.factors = 1.0 + (factor - 1.0) * inside

    def apply(self, shape: NDArray[np.float64], first: int) -> None:
        """Change the hours [day, hour] of the days from ``first`` on."""
        begin, end = max(self.first, first), min(self.last, first + len(shape))
        shape[begin - first : end - first] *= self.factors[begin - self.first : end - self.first]


class Rhythm:
    """How mean births vary over the days of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.births = mean_births(scenario)
        self.days = -int(-scenario.hours_of(scenario.time.end) // 24)
        dates = [scenario.time.start + timedelta(days=d) for d in range(self.days)]
        self.season = _seasons(scenario, dates)
        self.profiles = [_profile(c.hours) for c in scenario.categories.values()]
        self.shocks = [
            Shock(
                scenario.hours_of(s.from_),
                scenario.hours_of(s.until),
                s.factor,
                self.days,
                _indices(s.categories, list(scenario.categories)),
                _indices(s.districts, list(scenario.districts)),
            )
            for s in scenario.demand.shocks.values()
        ]
        first_of: dict[Any, int] = {}
        #: The first category with the hours and the shocks of each.
        self.like = [
            first_of.setdefault((c.hours, *(i in shock.categories for shock in self.shocks)), i)
            for i, c in enumerate(scenario.categories.values())
        ]

    def daily(self, first: int, last: int) -> NDArray[np.float64]:
        """Mean births of the days ``first`` … ``last`` − 1, [category, day], before the day factors."""
        weights = {}
        for category in sorted(set(self.like)):
            shapes, shape_of = self.shapes(category, first, last)
            weights[category] = shapes.sum(axis=2)[shape_of]
        rows = [24.0 * self.births[:, i] @ weights[like] for i, like in enumerate(self.like)]
        return np.asarray(np.stack(rows) * self.season[first:last])

    def shapes(self, category: int, first: int, last: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Shares of the hours of each day with their shocks, [shape, day, hour], and the shape of each district.

        Districts that have the same shocks have the same shape.
        """
        plain = np.tile(self.profiles[category], (last - first, 1))
        shocks = [s for s in self.shocks if category in s.categories and s.first < last and s.last > first]
        if not shocks:
            return plain[None], np.zeros(len(self.births), np.int64)
        numbers: dict[tuple[int, ...], int] = {}
        shapes: list[NDArray[np.float64]] = []
        shape_of: list[int] = []
        for district in range(len(self.births)):
            applies = tuple(i for i, shock in enumerate(shocks) if district in shock.districts)
            if applies not in numbers:
                numbers[applies] = len(shapes)
                shape = plain.copy()
                for i in applies:
                    shocks[i].apply(shape, first)
                shapes.append(shape)
            shape_of.append(numbers[applies])
        return np.stack(shapes), np.array(shape_of)


def _indices(named: Sequence[str] | None, names: Sequence[str]) -> set[int]:
    return {i for i, name in enumerate(names) if named is None or name in named}


def _seasons(scenario: Scenario, dates: Sequence[datetime]) -> NDArray[np.float64]:
    """By how much more, or less, is born on each date than on a mean day.

    Factors count relative to their mean over the week and over the days of the date's year, so that a rate or total is
    what is born in the mean. Holidays and make-up working days are not divided out: they add to it, or take away.
    """
    holidays = scenario.demand.holidays
    like = {} if holidays is None else holidays.like(scenario.calendars)
    quiet = {} if holidays is None else dict.fromkeys(scenario.calendars[holidays.calendar].holidays, holidays.factor)
    weekdays, months = scenario.demand.weekdays, scenario.demand.months
    of_the_week = math.fsum(weekdays.values()) / len(weekdays)
    of_the_year = {}
    for year, leap in ((2023, False), (2024, True)):
        days = {month: monthrange(year, month)[1] for month in months}
        of_the_year[leap] = math.fsum(days[month] * factor for month, factor in months.items()) / sum(days.values())
    return np.array(
        [
            months[date.month]
            / of_the_year[isleap(date.year)]
            * (weekdays[WEEKDAYS[like.get(date, date.weekday())]] / of_the_week)
            * quiet.get(date, 1.0)
            for date in dates
        ]
    )


def _profile(weights: tuple[float, ...]) -> NDArray[np.float64]:
    """24 shares of the day that sum to 1."""
    profile: NDArray[np.float64] = np.asarray(weights, float)
    return np.asarray(profile / profile.sum())
