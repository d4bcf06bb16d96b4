"""Whether a run fits into memory: said before it starts, and before anything is built that would not fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sim.experiment.available import available_bytes, process_bytes
from sim.experiment.expected import Expected, callers, expected_open
from sim.model.city import City, build_city
from sim.model.staffing import streets_by_district
from sim.scenario import Finding, Scenario, ScenarioError
from sim.scenario.errors import path_text

#: What is kept of contacts in memory: rows and tables of all of them; how soon each closes, to compare it; or nothing
#: once they are over.
Kept = Literal["tables", "closings", "nothing"]

#: By what is kept: tables as measured, closings by their columns. Of one that is open: its records, its events, and
#: room for growth, generously. Of one pool and hour, as measured.
BYTES_PER_CONTACT: dict[Kept, float] = {"tables": 3_000, "closings": 300, "nothing": 0}
BYTES_PER_OPEN = 2_500
#: Of one birth on the busiest day: a day is drawn at once.
BYTES_PER_BIRTH = 64
BYTES_PER_POOL_HOUR = 130
BYTES_AT_REST = 300e6
#: Of what stays of replications that are over: a contact's rows in tables, a row of measures, as measured.
BYTES_PER_STORED_CONTACT = 1_500
BYTES_PER_MEASURE = 250

#: More contacts than that are no number to reckon with.
MOST_CONTACTS = 1e15
#: From so many contacts of one birth on, it is the repetition that makes them many.
MANY_TIMES = 50.0


@dataclass(frozen=True)
class Counts:
    """How much of what there is in a scenario: known without building any of it."""

    districts: int
    categories: int
    pools: int
    hours: float

    @staticmethod
    def of(scenario: Scenario) -> Counts:
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
    city = build_city(scenario)
    return _needed(city, Expected.of(city), kept, replications, at_once, in_files)


def _needed(city: City, expected: Expected, kept: Kept, replications: int, at_once: int, in_files: bool) -> float:
    counts, contacts = Counts.of(city.scenario), expected.contacts
    working = BYTES_AT_REST + counts.city + counts.levels + BYTES_PER_CONTACT[kept] * contacts
    working += BYTES_PER_BIRTH * float(expected.busiest.sum())
    if kept != "tables":
        working += BYTES_PER_OPEN * expected_open(city, expected)
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
) -> City:
    """Refuse a scenario that needs more memory than there is, for so many replications, so many of them at once.

    Returns its city, which is built for that.
    """
    check_counts(scenario, replications, at_once, in_files)
    city = build_city(scenario)
    expected = Expected.of(city)
    if not expected.contacts < MOST_CONTACTS:
        path, what = _most(city, expected)
        raise _refusal(scenario, path, f"{what}: no machine has room for that")
    # a limit of the process holds for each of them
    available = min(available_bytes(), process_bytes() * at_once)
    # soon told, and never less: all contacts and problems open at once
    all_open = BYTES_PER_OPEN * (expected.contacts + float(expected.births.sum()))
    if _needed(city, expected, "tables", replications, at_once, in_files) + at_once * all_open <= available:
        return city
    needed = _needed(city, expected, kept, replications, at_once, in_files)
    if needed <= available:
        return city
    advice = "a shorter time or a larger “scale” helps"
    if kept == "tables" and _needed(city, expected, "nothing", replications, at_once, True) <= available:
        advice = f"a folder for its tables, to keep only measures, {advice}"
    path, what = _most(city, expected)
    raise _refusal(scenario, path, f"{what} {_room(needed, available)}: {advice}")


def _refusal(scenario: Scenario, path: str, message: str) -> ScenarioError:
    return ScenarioError([Finding(file=scenario.name, line=0, column=0, path=path, message=message)])


def _room(needed: float, available: float) -> str:
    return f"need some {needed / 1e9:,.1f} GB of memory and {available / 1e9:,.1f} GB are free"


def _most(city: City, expected: Expected) -> tuple[str, str]:
    """Where it is said that there are so many contacts, and how many, in words."""
    contacts, most = expected.contacts, int(expected.by_category.argmax())
    name = city.categories[most].name
    path = ("categories", name, "total" if city.scenario.categories[name].total is not None else "rate")
    if not math.isfinite(expected.births[most]):
        return path_text(path), "the mean number of births is no finite number"
    if callers(city, city.categories[most]) > MANY_TIMES:
        return "policies.callback.call_again", f"{_counted(contacts)}, as those who call again call again,"
    if expected.reports[most] > MANY_TIMES:
        return path_text(("categories", name, "reports")), f"{_counted(contacts)}, as problems are reported again,"
    return "time.end" if contacts < MOST_CONTACTS else path_text(path), _counted(contacts)


def _counted(contacts: float) -> str:
    number = f"{contacts:,.0f}" if contacts < MOST_CONTACTS else f"{contacts:.0e}"
    return f"about {'endless' if contacts == math.inf else number} contacts a replication"
