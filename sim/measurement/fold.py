"""The measures of a replication while it runs: rows come in, are added to the sums of their groups, and are gone.

What is kept grows with the number of groups and with what is still open, not with what has passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.measurement import quantities
from sim.measurement.compiled import LANES, add_lanes, entry, inlined, with_fields
from sim.measurement.grouping import Bools, Floats, Ints, Slots, by_month, by_name
from sim.measurement.histogram import MOST_CASES, Histograms, bin_of, count
from sim.measurement.quantities import (
    ALL_THAT_IS_OPEN,
    BLAME,
    FIRST_HOURS,
    FIRST_RESTS,
    OF_ALL,
    OF_ANSWERED,
    OF_CALLERS,
    OF_LATE,
    OF_REQUESTS,
    RATES,
    upper,
)
from sim.model.facts import CAUSES, OPEN
from sim.model.rows import Rows
from sim.scenario.patrol import PATROL

if TYPE_CHECKING:
    from sim.model.city import City
    from sim.scenario import Scenario

_OF_CONTACT, _OF_PROBLEM = quantities.record(quantities.CONTACTS), quantities.record(quantities.PROBLEMS)
#: Who calls, by `from_firm`: groups where a scenario has firms.
CALLERS = ("other", "firm")
#: What compiled code may lack.
_ROOM_TO_CLOSE, _ROOM_TO_FIX = 1, 2
_AFTER_CLOSING, _BEFORE_DISPATCH = ("rework", "callback"), ("intake", "dispatch")


@dataclass(frozen=True)
class Names:
    """What the codes 0, 1, … in raw rows stand for; ``owners`` are the pools, of which ``units`` have a level."""

    districts: Sequence[str]
    categories: Sequence[str]
    classes: Sequence[str]
    channels: Sequence[str]
    owners: Sequence[str]
    units: Mapping[str, str]

    @staticmethod
    def of(city: City) -> Names:
        """The names of a city."""
        return Names(
            districts=[district.name for district in city.districts],
            categories=[category.name for category in city.categories],
            classes=city.scenario.classes,
            channels=city.channel_list,
            owners=[pool.name for pool in city.pools],
            units={pool.name: pool.level for pool in city.pools if pool.level},
        )


class Lists:
    """Lists of numbers by a row's code, one after the other in one array, as compiled code takes one argument faster
    than ten. Each begins with what stands for no code, −1.
    """

    def __init__(self) -> None:
        self.parts, self.size = list[Ints](), 0

    def put(self, by_code: Ints | Bools) -> int:
        """A list whose last number is for no code; returns where code 0 is."""
        begin = self.size + 1
        self.parts.append(np.roll(by_code, 1).astype(np.int64))
        self.size += len(by_code)
        return begin

    def all(self) -> Ints:
        """The array."""
        return np.concatenate(self.parts)


#: Where the lists of a fold begin, and the length of that of months by day: of a slot's parts by a row's codes
#: (``…_of_answer``: of the slots of scored answers), and of properties.
PLACES = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("district", "category", "unit", "urgency", "channel", "caller", "month", "days", "month_of_birth"),
            *("district_of_answer", "unit_of_answer", "month_of_answer", "days_of_answer"),
            *("by_phone", "consultation", "street_level", "on_the_clock", "found"),
        )
    ]
)


class Fold:
    """What has been added up so far of one replication.

    Add rows in pieces of any size. Times are hours since the scenario's start.
    """

    def __init__(self, scenario: Scenario, names: Names, count_from: float, count_until: float, end: float) -> None:
        self.scenario, self.count_from, self.count_until, self.end = scenario, count_from, count_until, end
        self.names, self.added = names, 0  # contacts and problems
        self.reports = np.zeros((2, len(names.owners)))  # whistled parts by who was to begin: in time, and of how many
        dimensions = {
            "district": by_name(names.districts, [*scenario.districts, *names.districts]),
            "category": by_name(names.categories, [*scenario.categories, *names.categories]),
            "class": by_name(names.classes, [*scenario.classes, *names.classes]),
            "channel": by_name(names.channels, [*scenario.channels, *names.channels]),
            "caller": by_name(CALLERS, CALLERS if scenario.has_firms else ()),
            "unit": by_name(names.owners, names.units),
            "month": by_month(scenario.time.start, count_from, count_until),
        }
        answers = dimensions | {"month": by_month(scenario.time.start, count_from, end)}
        cells, rest = (
            "district+category",
            "class+channel+caller+month",
        )  # few combinations, and of months but one or two
        self.contacts = Slots(dimensions, (cells, "unit", rest))
        self.answers = Slots(answers, ("district+month", "unit+month"))
        self.problems = Slots(dimensions, (cells, "month"))
        months, months_of_answer = self.contacts.steps(rest, "month"), self.answers.steps("unit+month", "month")
        by_phone = _those(names.channels, [n for n, c in scenario.channels.items() if c.is_phone])
        consultations = [n for n, c in scenario.categories.items() if c.kind == "consultation"]
        lists = Lists()
        places = {
            "district": lists.put(self.contacts.steps(cells, "district")),
            "category": lists.put(self.contacts.steps(cells, "category")),
            "unit": lists.put(self.contacts.steps("unit", "unit")),
            "urgency": lists.put(self.contacts.steps(rest, "class")),
            "channel": lists.put(self.contacts.steps(rest, "channel")),
            "caller": lists.put(self.contacts.steps(rest, "caller")),
            "month": lists.put(months),
            "days": len(months) - 1,
            "month_of_birth": lists.put(self.problems.steps("month", "month")),
            "district_of_answer": lists.put(self.answers.steps("district+month", "district")),
            "unit_of_answer": lists.put(self.answers.steps("unit+month", "unit")),
            "month_of_answer": lists.put(months_of_answer),
            "days_of_answer": len(months_of_answer) - 1,
            "by_phone": lists.put(by_phone),
            "found": lists.put(_those(names.channels, [] if scenario.policies.act_before is None else [PATROL])),
            "consultation": lists.put(_those(names.categories, consultations)),
            "street_level": lists.put(
                _those(names.owners, [n for n, level in names.units.items() if level == "street"])
            ),
            "on_the_clock": lists.put(~_those(CAUSES, _off_the_clock(scenario))),
        }
        self.places = with_fields(np.array([tuple(places[name] for name in PLACES.names or ())], PLACES))
        self.lists = lists.all()
        self.contact_sums = np.zeros((self.contacts.count, len(quantities.CONTACTS)))
        self.answer_sums = np.zeros((self.answers.count, len(RATES)))
        self.problem_sums = np.zeros((self.problems.count, len(quantities.PROBLEMS)))
        self.hours_to_close, self.hours_to_fix = Histograms(self.contacts.count), Histograms(self.problems.count)
        contact, problem = (np.zeros((1, len(names))) for names in (quantities.CONTACTS, quantities.PROBLEMS))
        # the one at hand, as numbers and by their names
        self.contact = contact[0], _records(contact, _OF_CONTACT)
        self.problem = problem[0], _records(problem, _OF_PROBLEM)

    @staticmethod
    def of(city: City) -> Fold:
        """A fold for the rows that an engine writes about a city."""
        time, hours_of = city.scenario.time, city.scenario.hours_of
        return Fold(city.scenario, Names.of(city), hours_of(time.count_from), hours_of(time.count_until), city.end)

    def add(self, rows: Rows) -> None:
        """Add what an engine has written down. Raises ``OverflowError`` where there is more than can be counted."""
        self.added += len(rows.requests) + len(rows.problems)
        if self.added >= MOST_CASES:
            raise OverflowError(f"{self.added:,} contacts and problems are more than measures can count")
        if self.scenario.policies.whistle is not None:
            self._add_reports(rows.visits)
        requests, problems = (with_fields(np.ascontiguousarray(part)) for part in (rows.requests, rows.problems))
        closing, fixing = self.hours_to_close, self.hours_to_fix
        done = np.zeros(2, np.int64)
        while lacking := _add(
            *(done, requests, problems, self.count_from, self.count_until, self.end),
            *(self.lists, self.places, *self.contact, self.contact_sums),
            *(self.answer_sums, closing.page_of, closing.pages, closing.used),
            *(*self.problem, self.problem_sums),
            *(fixing.page_of, fixing.pages, fixing.used),
        ):
            (closing if lacking == _ROOM_TO_CLOSE else fixing).make_room()

    def _add_reports(self, visits: NDArray[np.void]) -> None:
        """Count whistled parts of the count window that were to be begun before the end, but for those that were left
        because the problem was fixed.
        """
        queued, started, due = (visits[name] for name in ("queued", "started", "report_due"))
        left = np.isnan(started) & ~np.isnan(visits["ended"])
        judged = (due <= self.end) & ~left & (self.count_from <= queued) & (queued < self.count_until)
        for number, counted in enumerate((judged & (started <= due), judged)):
            self.reports[number] += np.bincount(visits["pool"][counted], minlength=len(self.names.owners))


def _records(rows: NDArray[Any], kind: np.dtype[Any]) -> NDArray[np.void]:
    """Rows of numbers, each as a record; NumPy takes five times as long to view them so."""
    return with_fields(np.ndarray(len(rows), kind, rows))  # type: ignore[no-any-return]


def _those(names: Sequence[str], chosen: Sequence[str]) -> Bools:
    """Which of the names are chosen; the last stands for no name."""
    return np.array([*(name in chosen for name in names), False])


def _off_the_clock(scenario: Scenario) -> tuple[str, ...]:
    """Causes that make no request late, because they come when its clock does not run."""
    limits = scenario.policies.time_limits
    return _AFTER_CLOSING + (_BEFORE_DISPATCH if limits is not None and limits.from_ == "dispatch" else ())


def named(sums: Floats, names: tuple[str, ...]) -> Any:
    """Sums by their names, [slot]."""
    return quantities.whole(sums, names).reshape(-1).view(quantities.record(names)).view(np.recarray)


@inlined
def _at(lists: Any, months: Any, days: Any, hours: Any) -> Any:
    """The part of a slot that belongs to an instant's month; what is outside, or no instant, has that for no code."""
    return lists[months + int(hours) // 24] if 0.0 <= hours < 24.0 * days else lists[months - 1]


@inlined
def _sum(sums: Any, slot: Any, vector: Any, first: Any, last: Any) -> Any:
    row, whole = sums[slot], last - (last - first) % LANES
    for j in range(first, whole, LANES):
        add_lanes(row, vector, j)
    for j in range(whole, last):
        row[j] += vector[j]


@entry
def _add(
    done: Any, rows: Any, births: Any,
    count_from: Any, count_until: Any, end: Any, lists: Any, places: Any,
    vector: Any, q: Any, sums: Any, answer_sums: Any, page_of: Any, pages: Any, used: Any,
    problem: Any, p: Any, problem_sums: Any, fix_page_of: Any, fix_pages: Any, fix_used: Any,
) -> Any:  # fmt: skip
    """Add contacts and problems, each from where ``done`` tells; returns of what room is lacking, or 0."""
    at = places[0]
    for i in range(done[0], rows.shape[0]):
        if used[0] + 3 > pages.shape[0]:
            done[0] = i
            return _ROOM_TO_CLOSE
        r = rows[i]
        counted = count_from <= r.arrived < count_until
        if not counted and r.status != OPEN:
            continue
        channel, category, unit, district = int(r.channel), int(r.category), int(r.owner_unit), int(r.district)
        month = _at(lists, at.month, at.days, r.arrived) if counted else lists[at.month - 1]
        slots = (
            lists[at.district + district] + lists[at.category + category],
            lists[at.unit + unit],
            lists[at.urgency + int(r.urgency)]
            + lists[at.channel + channel]
            + lists[at.caller + int(r.from_firm)]
            + month,
        )
        if not counted:
            for slot in slots:
                sums[slot, ALL_THAT_IS_OPEN] += 1.0
            continue
        by_phone = lists[at.by_phone + channel] != 0
        answered, late, request, hours, log = quantities.contact(
            q[0], r, end, by_phone, lists[at.consultation + category] != 0, lists[at.street_level + unit] != 0,
            r.repeat_of != 0, lists[at.found + channel] != 0,
        )  # fmt: skip
        called = by_phone and r.calls > 0
        if called:
            quantities.calls(q[0], r)
        for cause in range(len(CAUSES)):
            spent = r.hours[cause]
            vector[FIRST_HOURS + cause] = upper(spent)
            vector[FIRST_RESTS + cause] = spent - upper(spent)
        blamed = quantities.largest(r.hours, lists[at.on_the_clock :]) if late else 0
        number = bin_of(hours, log) if request and q[0].own else -1
        if number >= 0:
            for slot in slots:
                count(page_of, pages, used, slot, number)
        for slot in slots:
            _sum(sums, slot, vector, OF_ALL, OF_CALLERS)
            if request:
                _sum(sums, slot, vector, OF_REQUESTS, OF_ALL)
            if late:
                _sum(sums, slot, vector, OF_LATE, OF_REQUESTS)
                if q[0].late:
                    sums[slot, BLAME + blamed] += 1.0
            if answered:
                _sum(sums, slot, vector, OF_ANSWERED, OF_LATE)
            if called:
                _sum(sums, slot, vector, OF_CALLERS, BLAME)
        if answered and q[0].scored:
            month = _at(lists, at.month_of_answer, at.days_of_answer, r.called_back)
            _sum(answer_sums, lists[at.district_of_answer + district] + month, vector, 0, len(RATES))
            _sum(answer_sums, lists[at.unit_of_answer + unit] + month, vector, 0, len(RATES))
    done[0] = rows.shape[0]

    for i in range(done[1], births.shape[0]):
        if fix_used[0] + 2 > fix_pages.shape[0]:
            done[1] = i
            return _ROOM_TO_FIX
        b = births[i]
        if not count_from <= b.born < count_until:
            continue
        hours, log = quantities.problem(p[0], b, end)
        number = bin_of(hours, log)
        slot = lists[at.district + int(b.district)] + lists[at.category + int(b.category)]
        for _ in range(2):
            _sum(problem_sums, slot, problem, 0, problem.shape[0])
            count(fix_page_of, fix_pages, fix_used, slot, number)
            slot = _at(lists, at.month_of_birth, at.days, b.born)
    return 0
