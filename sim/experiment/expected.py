"""How many contacts a scenario makes, on average, and how many are open at once, before anything is simulated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.model.city import CategoryPlan, City, build_city
from sim.model.load import calls_again, fixes, mean_hours, offered_loads
from sim.model.rhythm import Rhythm
from sim.scenario import Scenario

#: Hours that a request is taken to wait on its way, beyond its lead times: nights, a weekend, queues.
WAITING = 168.0
#: Hours that any other contact is taken to be open.
BRIEF = 3.0
#: Hours that a problem which is solved each time is taken to be reported.
REPORTED = 720.0


def expected_contacts(scenario: Scenario) -> float:
    """Contacts from start to end, on average, before redials; those who call again are counted.

    A problem that is reported until it is fixed is taken to be reported for a month, longer where requests do not
    solve it.
    """
    return Expected.of(build_city(scenario)).contacts


@dataclass(frozen=True, eq=False)
class Expected:
    """Means by category: births from start to end with what is open at the start, births of its busiest day, contacts
    of one birth.
    """

    births: NDArray[np.float64]
    busiest: NDArray[np.float64]
    reports: NDArray[np.float64]

    @staticmethod
    def of(city: City) -> Expected:
        rhythm = Rhythm(city.scenario)
        births, busiest = (np.zeros(len(city.categories)) for _ in range(2))
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused in words
            for first in range(0, rhythm.days, 366):  # a year at a time
                chunk = rhythm.daily(first, min(first + 366, rhythm.days))
                births, busiest = births + chunk.sum(axis=1), np.maximum(busiest, chunk.max(axis=1))
        for group in city.initial:
            births[group.category] += group.whole + group.rest
        return Expected(births, busiest, np.array([_reports(city, plan) for plan in city.categories]))

    @cached_property
    def contacts(self) -> float:
        """All of them."""
        return float(self.by_category.sum())

    @cached_property
    def by_category(self) -> NDArray[np.float64]:
        """Contacts by category; infinite where there is no number for them."""
        with np.errstate(over="ignore", invalid="ignore"):
            product = np.where(self.births == 0.0, 0.0, self.births * self.reports)
        return np.nan_to_num(product, nan=math.inf, posinf=math.inf)


def _reports(city: City, plan: CategoryPlan) -> float:
    """Contacts of one birth of a category; where citizens' trust moves, at the highest."""
    contacts, fixed = plan.reported, fixes(plan)
    if plan.report_gap > 0.0:
        until = min(plan.give_up, city.end, REPORTED / fixed if fixed > 0.0 else math.inf)
        contacts += max(district.reporting for district in city.districts) * until / plan.report_gap
    most = 1.0 if city.trust is None else city.trust.highest
    return contacts * most * callers(city, plan)


def callers(city: City, plan: CategoryPlan) -> float:
    """Calls about one matter of a category, with those who call again because it was not solved."""
    if city.callback is None:
        return 1.0
    again = calls_again(city, plan)
    handled = mean_hours(city, plan.work) + mean_hours(city, plan.lead) + mean_hours(city, city.callback.work)
    length = mean_hours(city, city.callback.call_again_after) + handled
    most = city.end / length if length > 0.0 else math.inf  # calls one after the other
    return min(1.0 / (1.0 - again) if again < 1.0 else math.inf, 1.0 + most)


def expected_open(city: City, expected: Expected) -> float:
    """Contacts and problems open at once at the worst, roughly.

    By Little's law, number = rate × stay, for the busiest day of each category and a week's waiting on the way; and
    what is never closed, problems not reported yet, and the backlog of pools that receive more than they can do.
    """
    total, busiest, reports = expected.births, expected.busiest, expected.reports
    found = 0.0
    for c, plan in enumerate(city.categories):
        stay = WAITING + mean_hours(city, plan.lead) + sum(mean_hours(city, part.lead) for part in plan.parts)
        found += float(busiest[c] * reports[c]) / 24.0 * (plan.dispatched * stay + BRIEF)
        found += float(total[c] * reports[c]) * plan.dispatched * plan.never_closed
        if plan.report_gap > 0.0:
            found += float(busiest[c]) / 24.0 * min(plan.give_up, city.end)
    found += sum(group.whole + group.rest for group in city.initial)
    for load in offered_loads(city):
        if load.offered > 1.0:
            found += load.visits * (1.0 - 1.0 / load.offered) * city.end / 24.0
    return min(found, float(total @ (reports + 1.0)))
