"""Whether a run fits into memory: said before it starts."""

from __future__ import annotations

import math
import os
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Problem, Scenario, ScenarioError

#: What is kept of contacts in memory: rows and tables of all of them; how soon each closes, to compare it; or nothing
#: once they are over.
Kept = Literal["tables", "closings", "nothing"]

#: By what is kept: tables as measured, closings by their columns. Of one that is open: its records, its events, and
#: room for growth, generously. Of one pool and hour, as measured.
BYTES_PER_CONTACT: dict[Kept, float] = {"tables": 3_000, "closings": 300, "nothing": 0}
BYTES_PER_OPEN = 2_500
BYTES_PER_POOL_HOUR = 130
BYTES_AT_REST = 300e6

#: Hours that a request is taken to wait on its way, beyond its lead times: nights, a weekend, queues.
WAITING = 168.0
#: Hours that any other contact is taken to be open.
BRIEF = 3.0


def expected_contacts(scenario: Scenario) -> float:
    """Contacts from start to end, on average, before redials and repeats.

    A problem that is reported until it is fixed is taken to be reported for a month at most.
    """
    return float(_births(scenario).sum(axis=1) @ _reports(scenario))


def _births(scenario: Scenario) -> NDArray[np.float64]:
    """Mean births by category and day."""
    from sim.model.rhythm import Rhythm

    rhythm = Rhythm(scenario)
    return rhythm.daily(0, rhythm.days)


def _reports(scenario: Scenario) -> NDArray[np.float64]:
    """Contacts of one birth, by category."""
    most = max(d.reporting for d in scenario.districts.values())
    return np.array(
        [
            1.0 if c.reports.every is None else 1.0 + most * min(c.reports.give_up or math.inf, 720.0) / c.reports.every
            for c in scenario.categories.values()
        ]
    )


def expected_open(scenario: Scenario) -> float:
    """Contacts and problems open at once at the worst, roughly.

    By Little's law, number = rate × stay, for the busiest day of each category and a week's waiting on the way; and
    what is never closed, problems not reported yet, and the backlog of pools that receive more than they can do.
    """
    from sim.model.city import build_city
    from sim.model.load import offered_loads

    city, hours, births = build_city(scenario), scenario.hours_of(scenario.time.end), _births(scenario)
    contacts = births * _reports(scenario)[:, None]
    found = 0.0
    for c, plan in enumerate(city.categories):
        passed = (1.0 - plan.out_of_scope) * (1.0 - plan.answered)
        leads = [table for table in (plan.lead, *(part.lead for part in plan.parts)) if table >= 0]
        stay = WAITING + sum(city.means[table] for table in leads)
        found += float(contacts[c].max()) / 24.0 * (passed * stay + BRIEF)
        found += float(contacts[c].sum()) * passed * plan.never_closed
        if plan.report_gap > 0.0:
            found += float(births[c].max()) / 24.0 * min(plan.give_up, hours)
    for load in offered_loads(city):
        if load.offered > 1.0:
            found += load.visits * (1.0 - 1.0 / load.offered) * hours / 24.0
    return min(found, float(contacts.sum() + births.sum()))


def needed_bytes(scenario: Scenario, kept: Kept) -> float:
    """Memory one replication takes at its peak, roughly."""
    pool_hours = _pools(scenario) * scenario.hours_of(scenario.time.end)
    contacts = BYTES_PER_CONTACT[kept] * expected_contacts(scenario)
    if kept != "tables":
        contacts += BYTES_PER_OPEN * expected_open(scenario)
    return BYTES_AT_REST + contacts + BYTES_PER_POOL_HOUR * pool_hours


def _pools(scenario: Scenario) -> int:
    from sim.model.staffing import streets_by_district

    count = {"city": 1, "district": len(scenario.districts), "street": sum(streets_by_district(scenario))}
    return sum(count[p.per] for p in (*scenario.pools.values(), *scenario.units.values()))


def available_bytes() -> float:
    """Memory that can be had now."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return float(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):
        return math.inf


def check_memory(scenario: Scenario, at_once: int, kept: Kept = "tables") -> None:
    """Refuse a scenario that needs more memory than there is, for so many replications at once."""
    available = available_bytes()
    if needed_bytes(scenario, "tables") * at_once <= available:  # soon told, and never less than the others
        return
    needed = needed_bytes(scenario, kept) * at_once
    if needed <= available:
        return
    advice = "a shorter time or a larger “scale” helps"
    if kept == "tables" and needed_bytes(scenario, "nothing") * at_once <= available:
        advice = f"a folder for its tables, to keep only measures, {advice}"
    raise ScenarioError(
        [
            Problem(
                file=scenario.name,
                line=0,
                column=0,
                path="time.end",
                message=(
                    f"about {expected_contacts(scenario):,.0f} contacts a replication need some "
                    f"{needed / 1e9:,.1f} GB of memory and {available / 1e9:,.1f} GB are free: {advice}"
                ),
            )
        ]
    )
