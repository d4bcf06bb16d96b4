"""From the scenario's pools and units to the people who stand there: families, headcounts, rosters.

A pool or unit declared once may stand once in the city, once in each district or once in each street; what stands at
one place is an *instance*. A scenario at scale 1:N has the staff of its families divided by N (largest remainder, at
least one officer) and the streets of each district merged in the same proportion (at least one street).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.model import rules
from sim.model.draws import on_grid
from sim.scenario import Scenario
from sim.scenario.calendars import open_days, open_intervals
from sim.scenario.holidays import headcount_by_date
from sim.scenario.policies import Council
from sim.scenario.staff_side import AT, TABLE, staff_at, streets_at
from sim.scenario.staff_side import Pool as PoolSpec
from sim.scenario.staff_side import Unit as UnitSpec

DISCIPLINES = {"fcfs": rules.FCFS, "class": rules.CLASS, "due": rules.DUE, "aged": rules.AGED}
#: How far beyond the end calendars reach, so that due dates in working time can still be compared (hours).
BEYOND = 3 * 8766.0

#: For what each instance of a pool or unit stands, and the numbers of these in compiled code.
Per = Literal["city", "district", "street"]
CITY, DISTRICT, STREET = range(3)

Hours = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Roster:
    """When the headcounts of the pools that share it change.

    ``times[0]`` is 0. ``hours`` are the open intervals, as ``rules.open_until`` reads them; with ``pauses`` (opening
    hours) work stops at closing time and goes on at opening, else (shifts) whoever is on a job finishes it.
    """

    times: tuple[float, ...]
    pauses: bool
    hours: Hours

    @cached_property
    def on_duty(self) -> tuple[bool, ...]:
        """Whether the pools are on duty from each of the times on."""
        opens, closes, *_ = self.hours
        interval = np.searchsorted(opens, self.times, side="right") - 1
        return tuple(bool(i >= 0 and time < closes[i]) for time, i in zip(self.times, interval, strict=True))


@dataclass(frozen=True, eq=False)
class PoolPlan:
    """One instance of a pool or of a unit's officers."""

    name: str
    family: str
    level: str  # street | district | department | utility; "" for pools that are not units
    district: int  # −1: the whole city
    street: int  # within its district, −1: not one of a street
    discipline: int
    head_start: tuple[float, ...]  # hours by urgency class
    roster: int
    headcounts: NDArray[np.int64]  # at each of the roster's times
    helps: tuple[int, ...]  # pools whose queues it serves after its own
    wage: float  # per hour; NaN: none given
    overtime: float
    is_table: bool  # where nothing is begun that does not end before the table is closed


@dataclass(frozen=True)
class Family:
    """Where the instances of one declaration stand among the city's pools."""

    first: int
    per: Per

    def at(self, district: int, street: int, first_street: Sequence[int]) -> int:
        """The instance that serves a street (counted within its district)."""
        if self.per == "city":
            return self.first
        return self.first + (district if self.per == "district" else first_street[district] + street)


def largest_remainder(total: int, weights: Sequence[float]) -> list[int]:
    """Split ``total`` by weights, at least one each, the largest remainders rounded up (Hamilton's method).

    Where the total is enough for one each, who has a share below one has one, the rest is split over the others, and
    the parts sum to the total. Else the parts are more than the total. Without any weight all are equal.
    """
    exact = [Fraction(weight) for weight in weights] if any(weights) else [Fraction(1)] * len(weights)
    several = list(range(len(exact)))
    while True:
        left, weight = total - (len(exact) - len(several)), sum(exact[i] for i in several)
        quota = {i: exact[i] * left / weight for i in several}
        enough = [i for i in several if quota[i] >= 1 or total < len(exact)]
        if enough == several:
            break
        several = enough
    floor = {i: math.floor(quota[i]) for i in several}
    most = sorted(several, key=lambda i: floor[i] - quota[i])[: left - sum(floor.values())]
    return [max(1, floor.get(i, 0) + (i in most)) for i in range(len(exact))]


def streets_by_district(scenario: Scenario) -> list[int]:
    """The number of streets of each district at the scenario's scale."""
    return [streets_at(d.streets, scenario.scale) for d in scenario.districts.values()]


def intervals(pairs: Sequence[tuple[float, float]], horizon: float) -> Hours:
    """Open intervals up to a horizon, as ``rules.open_until`` reads them."""
    opens = np.array([a for a, _ in pairs], float)
    closes = np.array([b for _, b in pairs], float)
    before = np.concatenate([[0.0], np.cumsum(closes - opens)[:-1]]) if len(opens) else opens
    midnights = 24.0 * np.arange(int(horizon // 24.0) + 1)
    return opens, closes, before, np.searchsorted(opens, midnights, side="right") - 1


class Staffing:
    """Builds the rosters and the pool plans of a scenario.

    Rosters reach ``horizon`` hours: far enough beyond the end that every due date in working time can be told.
    """

    def __init__(self, scenario: Scenario, horizon: float, volume: Sequence[float]) -> None:
        self.scenario, self.horizon, self.volume = scenario, horizon, volume
        self.streets = streets_by_district(scenario)
        self.first_street = [sum(self.streets[:d]) for d in range(len(self.streets))]
        self.rosters: list[Roster] = []
        self._with_tables: list[tuple[int, list[NDArray[np.int64]]]] = []  # of the unit with tables, and of these
        self._by_calendar: dict[str | None, int] = {}
        self.families: dict[str, Family] = {}
        # sorted: the order in which a file lists things means nothing
        declared: dict[str, PoolSpec | UnitSpec] = {**scenario.pools, **scenario.units}
        if (council := scenario.policies.council) is not None:
            unit = scenario.units[council.unit]
            of_unit = {"per": unit.per, "wage": unit.wage, "overtime": unit.overtime}
            declared[TABLE] = PoolSpec().model_copy(update=of_unit)
        declared = dict(sorted(declared.items()))
        first = 0
        for name, spec in declared.items():
            self.families[name] = Family(first, spec.per)
            first += len(self._places(spec.per))
        self.pools = [plan for name, spec in declared.items() for plan in self._instances(name, spec)]

    def _places(self, per: str) -> list[tuple[int, int]]:
        """(district, street) of each instance; −1: all."""
        districts = range(len(self.streets))
        if per == "city":
            return [(-1, -1)]
        if per == "district":
            return [(d, -1) for d in districts]
        return [(d, s) for d in districts for s in range(self.streets[d])]

    def _instances(self, name: str, spec: PoolSpec | UnitSpec) -> list[PoolPlan]:
        scenario, places = self.scenario, self._places(spec.per)
        roster, counts = self._staff(name, spec, places)
        plans = []
        for (district, street), headcounts in zip(places, counts, strict=True):
            helps = [self.families[other].at(district, street, self.first_street) for other in spec.also_serves]
            plans.append(
                PoolPlan(
                    name=self._name(name, district, street),
                    family=name,
                    level=spec.level if isinstance(spec, UnitSpec) else "",
                    district=district,
                    street=street,
                    discipline=DISCIPLINES[spec.discipline],
                    head_start=tuple(spec.head_start.get(c, 0.0) for c in scenario.classes),
                    roster=roster,
                    headcounts=headcounts,
                    helps=tuple(helps),
                    wage=math.nan if spec.wage is None else spec.wage,
                    overtime=spec.overtime,
                    is_table=name == TABLE,
                )
            )
        return plans

    def _name(self, family: str, district: int, street: int) -> str:
        if district < 0:
            return family
        place = list(self.scenario.districts)[district]
        return f"{family}{AT}{place}" if street < 0 else f"{family}{AT}{place} {street + 1}"

    def _staff(
        self, name: str, spec: PoolSpec | UnitSpec, places: Sequence[tuple[int, int]]
    ) -> tuple[int, list[NDArray[np.int64]]]:
        """The roster and, for each instance, the headcount at each of its times; those at a table are in no office."""
        council = self.scenario.policies.council
        if council is None or name not in (council.unit, TABLE):
            return self._declared_staff(spec, places)
        if not self._with_tables:
            roster, counts = self._declared_staff(self.scenario.units[council.unit], places)
            self._with_tables = self._shared(council, roster, counts, places)
        return self._with_tables[name == TABLE]

    def _shared(
        self, council: Council, roster: int, counts: list[NDArray[np.int64]], places: Sequence[tuple[int, int]]
    ) -> list[tuple[int, list[NDArray[np.int64]]]]:
        """Who is in the office, and who at the table, which has of those on duty as many as it has seats."""
        office = self.rosters[roster]
        every, first = on_grid(council.every), self.scenario.hours_of(council.first)
        earliest = max(0.0, np.ceil(-first / every) - 1)  # of those that are not over when the run begins
        begins = first + every * np.arange(earliest, np.floor((self.horizon - first) / every))
        sessions = np.stack([begins, begins + council.hours])
        times = np.unique(np.concatenate([office.times, np.clip(sessions, 0.0, None).ravel()]))
        session = np.searchsorted(begins, times, side="right") - 1
        inside = (session >= 0) & (times < sessions[1][session])
        there = np.stack(counts)[:, np.searchsorted(office.times, times, side="right") - 1]
        seats = np.array(self._split(council.seats, False, places), np.int64)[:, None]
        at_table = np.where(inside, np.minimum(seats, there), 0)
        somebody = np.flatnonzero(at_table.any(axis=0))
        held = list(zip(times[somebody], np.append(times, math.inf)[somebody + 1], strict=True))
        tables = [held[0]] if held else []
        for a, b in held[1:]:
            if a == tables[-1][1] and a not in begins:
                tables[-1] = (tables[-1][0], b)
            else:
                tables.append((a, b))
        whole = tuple(times.tolist())
        self.rosters.append(Roster(whole, office.pauses, office.hours))
        self.rosters.append(Roster(whole, False, intervals(tables, self.horizon)))
        last = len(self.rosters) - 1
        return [(last - 1, list(there - at_table)), (last, list(at_table))]

    def _declared_staff(
        self, spec: PoolSpec | UnitSpec, places: Sequence[tuple[int, int]]
    ) -> tuple[int, list[NDArray[np.int64]]]:
        if spec.shifts:
            like = {} if spec.holidays is None else spec.holidays.like(self.scenario.calendars)
            steps = headcount_by_date(spec.shifts, like, self.scenario.time.start, self.horizon)
            staff = sorted({n for _, n in steps})
            level = np.array([self._split(n, False, places) for n in staff], np.int64)  # [number, place]
            return self._shift_roster(steps), list(level[np.searchsorted(staff, [n for _, n in steps])].T)
        assert spec.staff is not None
        each, total = spec.staff.each, spec.staff.total
        counts = self._split(each, False, places) if each is not None else self._split(total or 0, True, places)
        roster = self.calendar_roster(spec.calendar)
        times = self.rosters[roster].times
        opens = self.rosters[roster].hours[0]
        begin = int(opens.size > 0 and opens[0] == 0.0)  # open and shut alternate
        is_open = (begin + np.arange(len(times), dtype=np.int64)) % 2
        return roster, [n * is_open for n in counts]

    def _split(self, staff: int, is_total: bool, places: Sequence[tuple[int, int]]) -> list[int]:
        """Officers of each instance at the scenario's scale."""
        scale = self.scenario.scale
        if staff == 0:
            return [0] * len(places)
        if scale == 1 and not is_total:
            return [staff] * len(places)
        original, before = [d.streets for d in self.scenario.districts.values()], len(places)
        if is_total:
            weights = [self.volume[d] / (self.streets[d] if s >= 0 else 1) for d, s in places]
        else:
            weights = [original[d] / self.streets[d] if s >= 0 else 1.0 for d, s in places]
            before = sum(original) if places[0][1] >= 0 else len(places)
        return largest_remainder(staff_at(staff, is_total, before, scale), weights)

    def split(self, family: str, each: int) -> list[int]:
        """What each instance of a pool or unit has of something, at the scenario's scale."""
        declared = {**self.scenario.pools, **self.scenario.units}
        return self._split(each, False, self._places(declared[family].per))

    def split_over_units(self, each: int) -> list[int]:
        """What each unit has of something, at the scenario's scale; 0 for pools that are not units. By pool."""
        shares: list[int] = []
        for name, family in self.families.items():
            is_unit = name in self.scenario.units
            shares += self.split(name, each) if is_unit else [0] * len(self._places(family.per))
        return shares

    # --- rosters -----------------------------------------------------------------------------------------------

    def calendar_roster(self, calendar: str | None) -> int:
        if calendar not in self._by_calendar:
            if calendar is None:
                pairs = [(0.0, math.inf)]
                times = [0.0]
            else:
                spec = self.scenario.calendars[calendar]
                pairs = open_intervals(spec, self.scenario.time.start, self.horizon)
                times = sorted({0.0, *(t for pair in pairs for t in pair)})
            self._by_calendar[calendar] = len(self.rosters)
            self.rosters.append(Roster(tuple(times), calendar is not None, intervals(pairs, self.horizon)))
        return self._by_calendar[calendar]

    def workdays(self, calendar: str) -> NDArray[np.float64]:
        """The open days of a calendar: midnight, first opening and last closing in hours, [3, day]."""
        days = open_days(self.scenario.calendars[calendar], self.scenario.time.start, self.horizon)
        return np.array([(24.0 * day, opens, closes) for day, opens, closes in days], float).reshape(-1, 3).T.copy()

    def _shift_roster(self, steps: Sequence[tuple[float, int]]) -> int:
        """A roster for one pool with shifts, whose headcounts these are."""
        times = [time for time, _ in steps]
        staffed = [(time, end) for (time, n), end in zip(steps, [*times[1:], math.inf], strict=True) if n > 0]
        self.rosters.append(Roster(tuple(times), False, intervals(staffed, self.horizon)))
        return len(self.rosters) - 1
