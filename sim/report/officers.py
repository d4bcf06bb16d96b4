"""How many officers the units of a scenario have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.model.city import City
    from sim.report.results import Results

OFFICERS = "Officers: as planned, the most that are on duty at once."


def officers(city: City) -> dict[str, int]:
    """Of each unit of the city, the most that are planned to be on duty at once."""
    return {pool.name: int(pool.headcounts.max()) for pool in city.pools if pool.level}


def units_first(base: Results, staff: Sequence[dict[str, int]], most: int) -> list[str]:
    """The units that a comparison tells of: those whose officers are not as many in both, also where only one has the
    unit, then those with most requests.
    """
    before, after = staff
    ranked = list(dict.fromkeys([*base.largest("unit", len(base.units())), *before, *after]))
    return sorted(ranked, key=lambda name: before.get(name) == after.get(name))[:most]
