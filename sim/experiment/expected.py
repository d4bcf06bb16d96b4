"""How many contacts a scenario makes, on average, and how many are open at once, before anything is simulated."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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
    return Expected.of(scenario).contacts


@dataclass(frozen=True, eq=False)
class Expected:
    """Means by category: births from start to end, births of its busiest day, contacts of one birth."""

    births: NDArray[np.float64]
    busiest: NDArray[np.float64]
    reports: NDArray[np.float64]

    @staticmethod
    def of(scenario: Scenario) -> Expected:
        births, busiest = (np.zeros(len(scenario.categories)) for _ in range(2))
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused in words
            for chunk in _by_day(scenario):
                births, busiest = births + chunk.sum(axis=1), np.maximum(busiest, chunk.max(axis=1))
        return Expected(births, busiest, _reports(scenario))

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


def _by_day(scenario: Scenario) -> Iterator[NDArray[np.float64]]:
    """Mean births by category and day, a year at a time."""
    from sim.model.rhythm import Rhythm

    rhythm = Rhythm(scenario)
    for first in range(0, rhythm.days, 366):
        yield rhythm.daily(first, min(first + 366, rhythm.days))


def _reports(scenario: Scenario) -> NDArray[np.float64]:
    """Contacts of one birth, by category."""
    hours = scenario.hours_of(scenario.time.end)
    most = max(d.reporting for d in scenario.districts.values())
    found = []
    for name, category in scenario.categories.items():
        passed = _passed(scenario, name)
        solved = passed * (1.0 - category.never_closed) * (1.0 - math.prod(1.0 - p for p in category.resolve))
        contacts = 1.0
        if category.reports.every is not None:
            until = min(category.reports.give_up or math.inf, hours, REPORTED / solved if solved > 0.0 else math.inf)
            contacts += most * until / category.reports.every
        found.append(contacts * callers(scenario, name))
    return np.array(found)


def _passed(scenario: Scenario, name: str) -> float:
    """The share of a category's contacts that become requests."""
    policies, share = scenario.policies, 1.0
    if policies.classified_handling is not None:
        rule = policies.classified_handling
        share *= 1.0 - rule.by_category.get(name, rule.out_of_scope)
    if policies.instant_answer is not None and scenario.categories[name].kind == "consultation":
        share *= 1.0 - policies.instant_answer.by_category.get(name, policies.instant_answer.answered)
    return share


def callers(scenario: Scenario, name: str) -> float:
    """Calls about one matter of a category, with those who call again because it was not solved."""
    plan, category = scenario.policies.callback, scenario.categories[name]
    if plan is None or plan.call_again is None:
        return 1.0
    truly = min(category.resolve)
    solved = truly * plan.resolved.if_true + (1.0 - truly) * plan.resolved.if_false
    unsolved = 1.0 - min(solved, plan.resolved.if_true, plan.resolved.if_false) if truly < 1.0 else 1.0 - solved
    reached = plan.coverage * (1.0 - (1.0 - plan.reach) ** (1 + plan.retries))
    again = _passed(scenario, name) * reached * unsolved * plan.call_again.probability
    handled = [spec.mean for spec in (category.work, category.lead, plan.work) if spec is not None]
    length = plan.call_again.after.mean + sum(handled)
    most = scenario.hours_of(scenario.time.end) / length if length > 0.0 else math.inf  # calls one after the other
    return min(1.0 / (1.0 - again) if again < 1.0 else math.inf, 1.0 + most)


def expected_open(scenario: Scenario, expected: Expected | None = None) -> float:
    """Contacts and problems open at once at the worst, roughly.

    By Little's law, number = rate × stay, for the busiest day of each category and a week's waiting on the way; and
    what is never closed, problems not reported yet, and the backlog of pools that receive more than they can do.
    """
    from sim.model.city import build_city
    from sim.model.load import offered_loads

    city, hours, expected = (
        build_city(scenario),
        scenario.hours_of(scenario.time.end),
        expected or Expected.of(scenario),
    )
    total, busiest, reports = expected.births, expected.busiest, expected.reports
    found = 0.0
    for c, plan in enumerate(city.categories):
        leads = [table for table in (plan.lead, *(part.lead for part in plan.parts)) if table >= 0]
        stay = WAITING + sum(city.means[table] for table in leads)
        found += float(busiest[c] * reports[c]) / 24.0 * (plan.dispatched * stay + BRIEF)
        found += float(total[c] * reports[c]) * plan.dispatched * plan.never_closed
        if plan.report_gap > 0.0:
            found += float(busiest[c]) / 24.0 * min(plan.give_up, hours)
    for load in offered_loads(city):
        if load.offered > 1.0:
            found += load.visits * (1.0 - 1.0 / load.offered) * hours / 24.0
    return min(found, float(total @ (reports + 1.0)))
