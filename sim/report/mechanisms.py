"""What the mechanisms that are on do with the numbers of a scenario, in sentences, and what they cannot do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.model import rules
from sim.report.explain import length

if TYPE_CHECKING:
    from sim.model.city import City
    from sim.model.policies.whistle import Whistle


def sentences(city: City) -> list[str]:
    """One or more for each mechanism that has something to say."""
    return [] if city.whistle is None else [_whistle(city), *_cannot_report(city, city.whistle)]


def _whistle(city: City) -> str:
    """Who blows, when, and until when others are to report."""
    policy = city.scenario.policies.whistle
    assert policy is not None
    when = "after its own work" if policy.blown == "after_own" else "before its own work"
    whom = f"at least {policy.when.parts} parts" if policy.when.parts > 1 else "parts"
    told = [f"Whistle and report (吹哨报到): the owner of a matter with {whom} for other units calls them all, {when}"]
    if policy.when.urgency:
        told.append(f"if its class is {' or '.join(policy.when.urgency)}")
    if policy.when.round > 1:
        told.append(f"from round {policy.when.round} on")
    if policy.budget is not None:
        told.append(f"at most {policy.budget} times in a calendar month")
    by = ", ".join(f"{limit.written()} ({name})" for name, limit in policy.report_by.items())
    return "; ".join(told) + (f". A part is to be begun within {by}." if by else ". No time to begin is set.")


def _cannot_report(city: City, plan: Whistle) -> list[str]:
    """Units that are closed for longer than the shortest time on the clock within which they are to begin."""
    on_the_clock = [c.report_by.amount for c in plan.classes if c.report_by.kind == rules.ON_THE_CLOCK]
    shortest, said = min(on_the_clock, default=np.inf), []
    called = sorted({part.family.first for category in city.categories for part in category.parts})
    for unit in (city.pools[first] for first in called):
        opens, closes, *_ = city.rosters[unit.roster].hours
        inside = opens < city.end
        closed = opens[inside][1:] - closes[inside][:-1]
        if closed.size and closed.max() > shortest:
            said.append(
                f"{unit.family} is closed for up to {length(float(closed.max()))}: whistled for then, it cannot begin "
                f"within {length(float(shortest))}."
            )
    return said
