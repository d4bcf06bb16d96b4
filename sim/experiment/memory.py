"""Whether a run fits into memory: said before it starts."""

from __future__ import annotations

import math
import os

from sim.scenario import Problem, Scenario, ScenarioError

#: Measured with the reference engine: rows, keys and tables of one contact, and of one pool and hour.
BYTES_PER_CONTACT = 3_000
BYTES_PER_POOL_HOUR = 130
BYTES_AT_REST = 300e6


def expected_contacts(scenario: Scenario) -> float:
    """Contacts from start to end, on average, before redials and repeats.

    A problem that is reported until it is fixed is taken to be reported for a month at most.
    """
    from sim.model.rhythm import Rhythm

    rhythm = Rhythm(scenario)
    births = rhythm.daily(0, rhythm.days).sum(axis=(0, 2))
    most = max(d.reporting for d in scenario.districts.values())
    reports = [
        1.0 if c.reports.every is None else 1.0 + most * min(c.reports.give_up or math.inf, 720.0) / c.reports.every
        for c in scenario.categories.values()
    ]
    return float(births @ reports)


def needed_bytes(scenario: Scenario) -> float:
    """Memory one replication takes at its peak, roughly."""
    pool_hours = _pools(scenario) * scenario.hours_of(scenario.time.end)
    return BYTES_AT_REST + BYTES_PER_CONTACT * expected_contacts(scenario) + BYTES_PER_POOL_HOUR * pool_hours


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


def check_memory(scenario: Scenario, at_once: int) -> None:
    """Refuse a scenario that needs more memory than there is, for so many replications at once."""
    needed, available = needed_bytes(scenario) * at_once, available_bytes()
    if needed > available:
        raise ScenarioError(
            [
                Problem(
                    file=scenario.name,
                    line=0,
                    column=0,
                    path="time.end",
                    message=(
                        f"about {expected_contacts(scenario):,.0f} contacts a replication need some "
                        f"{needed / 1e9:,.1f} GB of memory and {available / 1e9:,.1f} GB are free: "
                        "a shorter time or a larger “scale” helps"
                    ),
                )
            ]
        )
