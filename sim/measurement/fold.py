"""The measures of a replication while it runs: rows come in, are added to the sums of their groups, and are gone.

What is kept grows with the number of groups and with what is still open, not with what has passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.measurement import quantities
from sim.measurement.compiled import entry, part
from sim.measurement.grouping import Bools, Floats, Ints, Slots, by_month, by_name
from sim.measurement.pages import Histograms, bin_of, count
from sim.measurement.quantities import FIRST_CALL, FIRST_CAUSE, RATES
from sim.measurement.waiting import Waiting, room_for, take
from sim.model.pools import INTAKE
from sim.model.records import CAUSES, PROBLEM_FIELDS, REQUEST_FIELDS, VISIT_FIELDS, Rows

if TYPE_CHECKING:
    from sim.model.city import City
    from sim.scenario import Scenario

_FIRST_HOURS = REQUEST_FIELDS.index(f"hours_{CAUSES[0]}")
_KIND, _QUEUED = VISIT_FIELDS.index("kind"), VISIT_FIELDS.index("queued")
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
            districts=city.districts,
            categories=[category.name for category in city.categories],
            classes=city.scenario.classes,
            channels=[channel.name for channel in city.channels],
            owners=[pool.name for pool in city.pools],
            units={pool.name: pool.level for pool in city.pools if pool.level},
        )


class Groups(NamedTuple):
    """For each code of a row, the last for none: its part of the number of a slot, or a property."""

    district: Ints  # with a category
    category: Ints
    unit: Ints
    urgency: Ints
    channel: Ints
    month: Ints  # by day of arrival or birth
    district_of_answer: Ints  # with the month of the answer
    unit_of_answer: Ints
    month_of_answer: Ints  # by day of the answer
    by_phone: Bools
    consultation: Bools
    street_level: Bools
    on_the_clock: Bools  # by cause


class Fold:
    """What has been added up so far of one replication.

    Add rows in pieces of any size. A contact's calls (its visits at intake) come in the same piece as its own row, or
    in an earlier one. Times are hours since the scenario's start.
    """

    def __init__(self, scenario: Scenario, names: Names, count_from: float, count_until: float, end: float) -> None:
        self.scenario, self.count_from, self.count_until, self.end = scenario, count_from, count_until, end
        dimensions = {
            "district": by_name(names.districts, [*scenario.districts, *names.districts]),
            "category": by_name(names.categories, [*scenario.categories, *names.categories]),
            "class": by_name(names.classes, [*scenario.classes, *names.classes]),
            "channel": by_name(names.channels, [*scenario.channels, *names.channels]),
            "unit": by_name(names.owners, names.units),
            "month": by_month(scenario.time.start, count_from, count_until),
        }
        answers = dimensions | {"month": by_month(scenario.time.start, count_from, end)}
        cells = "district+category"
        self.contacts = Slots(dimensions, (cells, "unit", "class", "channel", "month"))
        self.answers = Slots(answers, ("district+month", "unit+month"))
        self.problems = Slots(dimensions, (cells, "month"))
        self.groups = Groups(
            district=self.contacts.steps(cells, "district"),
            category=self.contacts.steps(cells, "category"),
            **{name: self.contacts.steps(name, name) for name in ("unit", "channel", "month")},
            urgency=self.contacts.steps("class", "class"),
            district_of_answer=self.answers.steps("district+month", "district"),
            unit_of_answer=self.answers.steps("unit+month", "unit"),
            month_of_answer=self.answers.steps("unit+month", "month"),
            by_phone=_those(names.channels, [n for n, c in scenario.channels.items() if c.patience is not None]),
            consultation=_those(
                names.categories, [n for n, c in scenario.categories.items() if c.kind == "consultation"]
            ),
            street_level=_those(names.owners, [name for name, level in names.units.items() if level == "street"]),
            on_the_clock=~_those(CAUSES, _off_the_clock(scenario)),
        )
        self.month_of_birth = self.problems.steps("month", "month")

        self.contact_sums = np.zeros((self.contacts.count, len(quantities.CONTACTS)))
        self.answer_sums = np.zeros((self.answers.count, len(RATES)))
        self.problem_sums = np.zeros((self.problems.count, len(quantities.PROBLEMS)))
        self.hours_to_close, self.hours_to_fix = Histograms(self.contacts.count), Histograms(self.problems.count)
        self.calls = Waiting(len(quantities.CALLS))
        self.window = np.array([count_from, count_until, end])

    @staticmethod
    def of(city: City) -> Fold:
        """A fold for the rows that an engine writes about a city."""
        time, hours_of = city.scenario.time, city.scenario.hours_of
        return Fold(city.scenario, Names.of(city), hours_of(time.count_from), hours_of(time.count_until), city.end)

    def add(self, rows: Rows) -> None:
        """Add what an engine has written down."""
        self.add_visits(rows.visit_rows)
        self.add_contacts(rows.request_rows, rows.request_numbers, rows.request_keys[:, 2] != 0)
        self.add_problems(rows.problem_rows)

    def add_visits(self, rows: Floats) -> None:
        """Add visits [m, field of ``VISIT_FIELDS``]: those at intake are calls, if their contact came by phone."""
        self.calls.make_room(int(np.count_nonzero(rows[:, _KIND] == INTAKE)))
        _add_calls(np.ascontiguousarray(rows), self.end, self.calls.numbers, self.calls.sums, self.calls.size)

    def add_contacts(self, rows: Floats, numbers: Ints, repeats: Bools, excluded: Bools | None = None) -> None:
        """Add contacts [n, field of ``REQUEST_FIELDS``], with the number by which their visits know them."""
        rows = np.ascontiguousarray(rows)
        out = np.zeros(len(rows), np.bool_) if excluded is None else excluded
        vector = np.zeros(len(quantities.CONTACTS))
        q, histograms, done = named(vector, quantities.CONTACTS), self.hours_to_close, 0
        while done < len(rows):
            done = _add_contacts(
                *(done, rows, named(rows, REQUEST_FIELDS), numbers, repeats, out, self.window, self.groups),
                *(q, vector, self.contact_sums, self.answer_sums),
                *(histograms.page_of, histograms.pages, histograms.used),
                *(self.calls.numbers, self.calls.sums, self.calls.size),
            )
            if done < len(rows):
                histograms.make_room()

    def add_problems(self, rows: Floats) -> None:
        """Add problems [p, field of ``PROBLEM_FIELDS``]."""
        rows = np.ascontiguousarray(rows)
        vector = np.zeros(len(quantities.PROBLEMS))
        q, histograms, done = named(vector, quantities.PROBLEMS), self.hours_to_fix, 0
        while done < len(rows):
            done = _add_problems(
                *(done, named(rows, PROBLEM_FIELDS), self.window, self.groups, self.month_of_birth),
                *(q, vector, self.problem_sums, histograms.page_of, histograms.pages, histograms.used),
            )
            if done < len(rows):
                histograms.make_room()


def _those(names: Sequence[str], chosen: Sequence[str]) -> Bools:
    """Which of the names are chosen; the last stands for no name."""
    return np.array([*(name in chosen for name in names), False])


def _off_the_clock(scenario: Scenario) -> tuple[str, ...]:
    """Causes that make no request late, because they come when its clock does not run."""
    limits = scenario.policies.time_limits
    return _AFTER_CLOSING + (_BEFORE_DISPATCH if limits is not None and limits.from_ == "dispatch" else ())


def named(numbers: Floats, names: tuple[str, ...]) -> Any:
    """The same numbers as records."""
    return numbers.reshape(-1).view(quantities.record(names)).view(np.recarray)


@part
def _at(months: Any, hours: Any) -> Any:
    """The part of a slot that belongs to an instant's month; what is outside, or no instant, has the last one."""
    last = months.shape[0] - 1
    return months[int(hours // 24.0)] if 0.0 <= hours < 24.0 * last else months[last]


@entry
def _add_calls(rows: Any, end: Any, numbers: Any, sums: Any, size: Any) -> None:
    for i in range(rows.shape[0]):
        row = rows[i]
        if row[_KIND] == INTAKE:
            at = room_for(numbers, size, int(row[0]))
            quantities.call(sums[at], row[_QUEUED], row[_QUEUED + 1], row[_QUEUED + 2], end)


@entry
def _add_contacts(
    begin: Any, rows: Any, records: Any, numbers: Any, repeats: Any, excluded: Any, window: Any, groups: Any,
    q: Any, vector: Any, sums: Any, answer_sums: Any, page_of: Any, pages: Any, used: Any,
    callers: Any, calls: Any, waiting: Any,
) -> Any:  # fmt: skip
    """Add contacts from ``begin`` on; returns the first for which the histograms have no room."""
    slots = np.empty(5, np.int64)
    count_from, count_until, end = window
    for i in range(begin, rows.shape[0]):
        if used[0] + slots.shape[0] > pages.shape[0]:
            return i
        r = records[i]
        vector[FIRST_CALL:FIRST_CAUSE] = 0.0
        take(callers, calls, waiting, numbers[i], vector[FIRST_CALL:FIRST_CAUSE])
        if not count_from <= r.arrived < count_until:
            continue
        channel, category, unit = int(r.channel), int(r.category), int(r.owner_unit)
        if not groups.by_phone[channel]:
            vector[FIRST_CALL:FIRST_CAUSE] = 0.0
        hours, log = quantities.contact(
            q[0], r, end, groups.by_phone[channel], groups.consultation[category], groups.street_level[unit],
            repeats[i], excluded[i],
        )  # fmt: skip
        quantities.causes(vector[FIRST_CAUSE:], rows[i, _FIRST_HOURS:], groups.on_the_clock, q[0].late)

        slots[0] = groups.district[int(r.district)] + groups.category[category]
        slots[1], slots[2], slots[3] = groups.unit[unit], groups.urgency[int(r.urgency)], groups.channel[channel]
        slots[4] = _at(groups.month, r.arrived)
        for slot in slots:
            for j in range(vector.shape[0]):
                sums[slot, j] += vector[j]
        if q[0].own:
            number = bin_of(hours, log)
            for slot in slots:
                count(page_of, pages, used, slot, number)
        if q[0].scored:
            month = _at(groups.month_of_answer, r.called_back)
            for j in range(answer_sums.shape[1]):
                answer_sums[groups.district_of_answer[int(r.district)] + month, j] += vector[j]
                answer_sums[groups.unit_of_answer[unit] + month, j] += vector[j]
    return rows.shape[0]


@entry
def _add_problems(
    begin: Any, records: Any, window: Any, groups: Any, months: Any, q: Any, vector: Any, sums: Any, page_of: Any,
    pages: Any, used: Any,
) -> Any:  # fmt: skip
    """Add problems from ``begin`` on; returns the first for which the histograms have no room."""
    count_from, count_until, end = window
    for i in range(begin, records.shape[0]):
        if used[0] + 2 > pages.shape[0]:
            return i
        r = records[i]
        if not count_from <= r.born < count_until:
            continue
        hours, log = quantities.problem(q[0], r, end)
        number = bin_of(hours, log)
        for slot in (groups.district[int(r.district)] + groups.category[int(r.category)], _at(months, r.born)):
            for j in range(vector.shape[0]):
                sums[slot, j] += vector[j]
            count(page_of, pages, used, slot, number)
    return records.shape[0]
