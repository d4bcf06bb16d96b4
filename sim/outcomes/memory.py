"""Whether a run fits into memory: said before it starts, and before anything is built that would not fit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.available import available_bytes, process_bytes
from sim.scenario import Problem, Scenario, ScenarioError
from sim.scenario.demand_side import Category
from sim.scenario.errors import path_text

#: What is kept of contacts in memory: rows and tables of all of them; how soon each closes, to compare it; or nothing
#: once they are over.
Kept = Literal["tables", "closings", "nothing"]

#: By what is kept: tables as measured, closings by their columns. Of one that is open: its records, its events, and
#: room for growth, generously. Of one pool and hour, as measured.
BYTES_PER_CONTACT: dict[Kept, float] = {"tables": 3_000, "closings": 300, "nothing": 0}
BYTES_PER_OPEN = 2_500
BYTES_PER_POOL_HOUR = 130
BYTES_AT_REST = 300e6
#: Of what stays of replications that are over: a contact's rows in tables, a row of measures, as measured.
BYTES_PER_STORED_CONTACT = 1_500
BYTES_PER_MEASURE = 250

#: Hours that a request is taken to wait on its way, beyond its lead times: nights, a weekend, queues.
WAITING = 168.0
#: Hours that any other contact is taken to be open.
BRIEF = 3.0
#: More contacts than that are no number to reckon with.
MOST_CONTACTS = 1e15
#: From so many contacts of one birth on, it is the repetition that makes them many.
MANY_TIMES = 50.0
#: Of one birth on the busiest day: a day is drawn at once.
BYTES_PER_BIRTH = 64

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
        found.append(contacts * _callers(scenario, category, passed, hours))
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


def _callers(scenario: Scenario, category: Category, passed: float, hours: float) -> float:
    """Calls about one matter, with those who call again because it was not solved."""
    plan = scenario.policies.callback
    if plan is None or plan.call_again is None:
        return 1.0
    truly = min(category.resolve)
    solved = truly * plan.resolved.if_true + (1.0 - truly) * plan.resolved.if_false
    unsolved = 1.0 - min(solved, plan.resolved.if_true, plan.resolved.if_false) if truly < 1.0 else 1.0 - solved
    reached = plan.coverage * (1.0 - (1.0 - plan.reach) ** (1 + plan.retries))
    again = passed * reached * unsolved * plan.call_again.probability
    handled = [spec.mean for spec in (category.work, category.lead, plan.work) if spec is not None]
    length = plan.call_again.after.mean + sum(handled)
    most = hours / length if length > 0.0 else math.inf  # calls one after the other
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
        passed = (1.0 - plan.out_of_scope) * (1.0 - plan.answered)
        leads = [table for table in (plan.lead, *(part.lead for part in plan.parts)) if table >= 0]
        stay = WAITING + sum(city.means[table] for table in leads)
        found += float(busiest[c] * reports[c]) / 24.0 * (passed * stay + BRIEF)
        found += float(total[c] * reports[c]) * passed * plan.never_closed
        if plan.report_gap > 0.0:
            found += float(busiest[c]) / 24.0 * min(plan.give_up, hours)
    for load in offered_loads(city):
        if load.offered > 1.0:
            found += load.visits * (1.0 - 1.0 / load.offered) * hours / 24.0
    return min(found, float(total @ (reports + 1.0)))


@dataclass(frozen=True)
class Counts:
    """How much of what there is in a scenario: known without building any of it."""

    districts: int
    categories: int
    pools: int
    hours: float

    @staticmethod
    def of(scenario: Scenario) -> Counts:
        from sim.model.staffing import streets_by_district

        places = {"city": 1, "district": len(scenario.districts), "street": sum(streets_by_district(scenario))}
        pools = sum(places[p.per] for p in (*scenario.pools.values(), *scenario.units.values()))
        hours = (scenario.time.end - scenario.time.start) / timedelta(hours=1)
        return Counts(len(scenario.districts), len(scenario.categories), pools, hours)

    @property
    def city(self) -> float:
        """Bytes of a city and its demand: what there is by category, by home of births, by day, by shift."""
        homes, days = self.districts * self.categories, self.hours / 24.0 + 1096.0  # calendars reach beyond the end
        return 5e3 * self.categories + 300.0 * homes + days * (1000.0 + 16.0 * self.categories + 60.0 * self.pools)

    @property
    def levels(self) -> float:
        """Bytes of the table of levels of one replication."""
        return BYTES_PER_POOL_HOUR * self.pools * self.hours

    @property
    def measures(self) -> float:
        """Rows of measures of one replication, roughly and rather more."""
        groups = self.districts + self.categories + 2 * self.pools + 30
        months = self.hours / 730.0 + 1.0
        return 30.0 * self.districts * self.categories + 50.0 * groups + 5.0 * months * (self.districts + self.pools)


def needed_bytes(
    scenario: Scenario, kept: Kept, replications: int = 1, at_once: int = 1, in_files: bool = False
) -> float:
    """Memory that so many replications take at the peak, so many of them at once, roughly. ``in_files``: whether
    levels and tables of contacts go to files while they come.
    """
    return _needed(scenario, Expected.of(scenario), kept, replications, at_once, in_files)


def _needed(
    scenario: Scenario, expected: Expected, kept: Kept, replications: int, at_once: int, in_files: bool
) -> float:
    counts, contacts = Counts.of(scenario), expected.contacts
    working = BYTES_AT_REST + counts.city + counts.levels + BYTES_PER_CONTACT[kept] * contacts
    working += BYTES_PER_BIRTH * float(expected.busiest.sum())
    if kept != "tables":
        working += BYTES_PER_OPEN * expected_open(scenario, expected)
    return at_once * working + replications * _stored(counts, contacts if kept == "tables" else 0.0, in_files)


def _stored(counts: Counts, contacts: float, in_files: bool) -> float:
    """What stays in memory of a replication that is over."""
    return BYTES_PER_MEASURE * counts.measures + (
        0.0 if in_files else counts.levels + BYTES_PER_STORED_CONTACT * contacts
    )


def check_counts(scenario: Scenario, replications: int = 1, at_once: int = 1, in_files: bool = True) -> None:
    """Refuse what is too large by its mere numbers of categories, hours or replications: nothing is built for that."""
    counts, available = Counts.of(scenario), min(available_bytes(), process_bytes())
    needs = {
        ("time.end", f"{counts.pools:,} pools, hour by hour over {counts.hours:,.0f} hours,"): at_once * counts.levels,
        ("categories", _many(counts)): at_once * counts.city + at_once * BYTES_PER_MEASURE * counts.measures,
        ("replications", f"what stays of {replications:,} replications"): replications * _stored(counts, 0.0, in_files),
    }
    if sum(needs.values()) > available:
        (path, what), needed = max(needs.items(), key=lambda item: item[1])
        raise _refusal(scenario, path, f"{what} {_room(needed, available)}")


def _many(counts: Counts) -> str:
    return f"{counts.categories:,} categories in {counts.districts:,} districts over {counts.hours / 24.0:,.0f} days"


def check_memory(
    scenario: Scenario, at_once: int = 1, kept: Kept = "tables", replications: int = 1, in_files: bool = False
) -> None:
    """Refuse a scenario that needs more memory than there is, for so many replications, so many of them at once."""
    check_counts(scenario, replications, at_once, in_files)
    expected = Expected.of(scenario)
    if not expected.contacts < MOST_CONTACTS:
        path, what = _most(scenario, expected)
        raise _refusal(scenario, path, f"{what}: no machine has room for that")
    # a limit of the process holds for each of them
    available = min(available_bytes(), process_bytes() * at_once)
    if _needed(scenario, expected, "tables", replications, at_once, in_files) <= available:  # soon told, never less
        return
    needed = _needed(scenario, expected, kept, replications, at_once, in_files)
    if needed <= available:
        return
    advice = "a shorter time or a larger “scale” helps"
    if kept == "tables" and _needed(scenario, expected, "nothing", replications, at_once, True) <= available:
        advice = f"a folder for its tables, to keep only measures, {advice}"
    path, what = _most(scenario, expected)
    raise _refusal(scenario, path, f"{what} {_room(needed, available)}: {advice}")


def _refusal(scenario: Scenario, path: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(file=scenario.name, line=0, column=0, path=path, message=message)])


def _room(needed: float, available: float) -> str:
    return f"need some {needed / 1e9:,.1f} GB of memory and {available / 1e9:,.1f} GB are free"


def _most(scenario: Scenario, expected: Expected) -> tuple[str, str]:
    """Where it is said that there are so many contacts, and how many, in words."""
    contacts, most = expected.contacts, int(expected.by_category.argmax())
    name = list(scenario.categories)[most]
    category, hours = scenario.categories[name], scenario.hours_of(scenario.time.end)
    path = ("categories", name, "total" if category.total is not None else "rate")
    if not math.isfinite(expected.births[most]):
        return path_text(path), "the mean number of births is no finite number"
    if _callers(scenario, category, _passed(scenario, name), hours) > MANY_TIMES:
        return "policies.callback.call_again", f"{_counted(contacts)}, as those who call again call again,"
    if expected.reports[most] > MANY_TIMES:
        return path_text(("categories", name, "reports")), f"{_counted(contacts)}, as problems are reported again,"
    return "time.end" if contacts < MOST_CONTACTS else path_text(path), _counted(contacts)


def _counted(contacts: float) -> str:
    number = f"{contacts:,.0f}" if contacts < MOST_CONTACTS else f"{contacts:.0e}"
    return f"about {'endless' if contacts == math.inf else number} contacts a replication"
