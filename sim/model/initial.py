"""What is open when a run begins: requests that arrived before the start and stand at their units.

Both engines read who they are from here, so they agree. One is known by (unit, category, ordinal): no other unit or
category shifts its luck. At a scale 1:N there are count ÷ N of them: the whole ones, and one more with the probability
of the rest. Times before the start are negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model import purposes, rules
from sim.model.draws import TICKS, child, duration, name_key, uniform
from sim.model.index import Index, Span, Table, Weights, name_keys
from sim.model.policies import enterprise_line, online
from sim.model.staffing import BEYOND, Hours, intervals
from sim.scenario.calendars import Calendar, open_days, open_intervals

if TYPE_CHECKING:
    from sim.model.city import City


#: No request is older (hours; 800 years): the tail of a distribution ends there, as sums of longer times are not exact.
_OLDEST = 800 * 8766.0


@dataclass(frozen=True, eq=False)
class Group:
    """What is open of one category at one unit family: ``whole`` requests, and one more with the probability ``rest``.

    ``districts``: the weights by which they are of one, by the births of the category.
    """

    category: int
    family: int  # of the city's unit families
    key: int
    whole: int
    rest: float
    ages: Table
    districts: Weights
    district_names: NDArray[np.uint64]


def plan(index: Index, births: NDArray[np.float64]) -> tuple[Group, ...]:
    """From the scenario; ``births``: their means, [district, category]."""
    scenario, names = index.scenario, name_keys([*index.scenario.districts])
    groups = []
    for unit, categories in sorted((scenario.initial or {}).items()):
        for name, given in sorted(categories.items()):
            if given.count == 0:
                continue
            category, count = [*scenario.categories].index(name), given.count / scenario.scale
            of_category, of_all = births[:, category].copy(), births.sum(axis=1)
            weights = of_category if of_category.any() else of_all if of_all.any() else np.ones(len(births))
            key, table = name_key("initial", unit, name), index.table(given.ages)
            rest = count - math.floor(count)
            group = Group(category, index.units.index(unit), key, math.floor(count), rest, table, weights, names)
            groups.append(group)
    return tuple(groups)


class Standing(NamedTuple):
    """A request that is open at the start. ``problem``: the key of its problem, 0 for a consultation; ``unit``: the
    pool that has it, of the city's unit family ``family``; ``due``, ``contact_due``: infinite without a limit.
    """

    arrived: float
    problem: int
    key: int
    district: int
    street: int
    category: int
    channel: int
    from_firm: int
    urgency: int
    unit: int
    family: int
    due: float
    contact_due: float


#: … as a record of an array.
STANDING = np.dtype(
    [
        ("arrived", "f8"),
        *((name, "u8") for name in ("problem", "key")),
        *((name, "i8") for name in Standing._fields[3:-2]),
        *((name, "f8") for name in ("due", "contact_due")),
    ]
)


def standing(city: City, stream: int) -> NDArray[np.void]:
    """Those of one replication, records of ``STANDING`` in the order in which they arrived, ties by key."""
    made = [_group(city, stream, number) for number in range(len(city.initial))]
    found = np.array([one for group in made for one in group], STANDING)
    found = found[np.lexsort((found["key"], found["arrived"]))]
    _set_due(city, found)
    return found


def _group(city: City, stream: int, number: int) -> list[Standing]:
    """Those of one category at one unit, not due yet."""
    group = city.initial[number]
    more = group.rest > 0.0 and uniform(stream, purposes.ONE_MORE_AT_START, group.key, 0) < group.rest
    return [_one(city, stream, number, ordinal) for ordinal in range(group.whole + more)]


def _one(city: City, stream: int, number: int, ordinal: int) -> Standing:
    group = city.initial[number]
    category = city.categories[group.category]

    def draw(purpose: int, key: int) -> float:
        return uniform(stream, purpose, key, 0)  # type: ignore[no-any-return]

    def choose(weights: Any, names: Any, purpose: int, key: int) -> int:
        return 0 if len(weights) == 1 else int(rules.choose(weights, names, -1, stream, purpose, key, 0))

    born = int(child(group.key, purposes.OPEN_AT_START, ordinal))
    key = int(child(born, purposes.REQUEST_AT_START, 0))
    matter = born if category.is_report else key
    age = duration(city.tables, group.ages, stream, purposes.AGE_AT_START, born, 0)
    oldest = min(_OLDEST, 24.0 * (city.scenario.time.start - datetime.min).days)
    d = choose(group.districts, group.district_names, purposes.DISTRICT_AT_START, born)
    district = city.districts[d]
    street = int(draw(purposes.STREET, matter) * district.streets) if district.streets > 1 else 0
    channel = choose(city.channel_share, city.channel_names, purposes.CHANNEL, key)
    if city.channels[channel].is_phone and city.online and draw(online.MOVES, key) < category.moves.share:
        channel = city.online.online
    by_phone = city.channels[channel].is_phone
    return Standing(
        arrived=-min(max(float(age), 1.0 / TICKS), oldest),
        problem=born if category.is_report else 0,
        key=key,
        district=d,
        street=street,
        category=group.category,
        channel=channel,
        from_firm=int(by_phone and draw(enterprise_line.FROM_FIRM, matter) < category.firms.share),
        urgency=choose(category.urgency, city.class_names, purposes.URGENCY, matter),
        unit=city.unit_families[group.family].at(d, street, city.first_street),
        family=group.family,
        due=math.inf,
        contact_due=math.inf,
    )


# --- limits ----------------------------------------------------------------------------------------------------------


def _set_due(city: City, found: NDArray[np.void]) -> None:
    """Their limits run from when they arrived, also in the working time of before the start."""
    policy = city.scenario.policies.time_limits
    if policy is None or not len(found):
        return
    days = math.ceil(-float(found["arrived"][0]) / 24.0)
    days = min(days, (city.scenario.time.start - datetime.min).days)
    calendar = None if policy.calendar is None else city.scenario.calendars[policy.calendar]
    before = _Before(calendar, city.scenario.time.start, days, city.end + BEYOND)
    for one in found:
        limits = city.categories[one["category"]].limits[one["urgency"]]
        one["due"] = before.later(one["arrived"], limits.resolve)
        one["contact_due"] = before.later(one["arrived"], limits.contact)


class _Before:
    """Working time by a calendar, from so many days before the start on."""

    def __init__(self, calendar: Calendar | None, start: datetime, days: int, reach: float) -> None:
        self.shift, first, until = 24.0 * days, start - timedelta(days=days), reach + 24.0 * days
        self.hours: Hours | None = None
        if calendar is not None:
            self.hours = intervals(open_intervals(calendar, first, until), until)
            spans = [(24.0 * day, opens, closes) for day, opens, closes in open_days(calendar, first, until)]
            self.workdays = np.array(spans, float).reshape(-1, 3).T.copy()

    def later(self, since: float, span: Span) -> float:
        """The end of a time that is told on the clock or in working time, as ``reference.basics.later`` has it."""
        if span.kind == rules.ON_THE_CLOCK or self.hours is None:
            return since + span.amount
        begin = max(since + self.shift, 0.0)
        return float(rules.later(*self.hours, self.workdays, begin, span.amount, span.kind)) - self.shift
