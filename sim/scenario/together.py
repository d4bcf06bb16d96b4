"""What several values must be together: moments in order, shares that sum to 1, shifts that do not overlap.

Each rule reads those of its values that can be read, so that an error elsewhere in a section hides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sim.scenario.calendars import (
    WEEKDAYS,
    Span,
    overlapping_dates,
    overlaps,
    read_calendar,
    read_days,
    read_hours,
    read_week,
    read_weekday,
    spans_of_week,
)
from sim.scenario.errors import Finding, Path, ReadError, quoted
from sim.scenario.holidays import overlapping_shifts, weekdays_of
from sim.scenario.nodes import Node
from sim.scenario.numbers import read_not_negative, read_positive_count, read_probability, read_scale
from sim.scenario.quantities import LONGEST, moment_text, read_date, read_moment, read_rate
from sim.scenario.staff_side import read_headcount
from sim.scenario.tree import Tree
from sim.scenario.weights import sums_to_one

HOLIDAYS = ("demand.holidays", "pools.*.holidays", "units.*.holidays")


def within(tree: Tree) -> Iterator[Finding]:
    """What can be judged even where a layer is missing: moments and lists, which no layer gives in part."""
    yield from _time(tree)
    yield from _shocks(tree)
    yield from _holidays(tree)
    yield from _dates(tree)
    yield from _shifts(tree)
    yield from _classes(tree)


def across(tree: Tree) -> Iterator[Finding]:
    """What can be judged only when all layers are there."""
    yield from _makeup_days(tree)
    yield from _nights(tree)
    yield from _shifts_on_holidays(tree)
    yield from _channels(tree)
    yield from _residents(tree)
    yield from _officers(tree)


def _time(tree: Tree) -> Iterator[Finding]:
    start, end = tree.read(("time", "start"), read_date), tree.read(("time", "end"), read_moment)
    begin, until = tree.read(("time", "count_from"), read_moment), tree.read(("time", "count_until"), read_moment)
    if start and end and end <= start:
        yield tree.finding(("time", "end"), "must be later than “start”")
        return
    if start and end and end - start >= timedelta(hours=LONGEST):
        yield tree.finding(("time", "end"), "the scenario is too long: at most 950 years")
    if start and begin and begin < start:
        yield tree.finding(("time", "count_from"), "must not be before “start”")
    if end and until and until > end:
        yield tree.finding(("time", "count_until"), "must not be after “end”")
    if begin and until and until <= begin:
        early = ("count_from", "must be earlier than “count_until”")
        late = ("count_until", "must be later than “count_from”")
        key, message = early if until == end else late
        yield tree.finding(("time", key), message)


def _shocks(tree: Tree) -> Iterator[Finding]:
    for path, _ in tree.at("demand.shocks.*"):
        begin, end = tree.read((*path, "from"), read_moment), tree.read((*path, "until"), read_moment)
        if begin and end and begin >= end:
            yield tree.finding((*path, "until"), "must be later than “from”")


def _holidays(tree: Tree) -> Iterator[Finding]:
    for path, _ in tree.at("calendars.*"):
        closed = {tree.read(day, read_date) for day, _ in tree.items(*path, "holidays")}
        for extra, _ in tree.items(*path, "workdays"):
            day = tree.read(extra, read_date)
            if day and day in closed:
                yield tree.finding(extra, f"{moment_text(day)} is both a holiday and a workday")


def _dates(tree: Tree) -> Iterator[Finding]:
    for path, _ in tree.at("calendars.*"):
        closed = {tree.read(day, read_date) for day, _ in tree.items(*path, "holidays")}
        for at, _ in tree.items(*path, "dates"):
            day = _date_of(at)
            if day and day in closed:
                message = f"{moment_text(day)} is also a holiday: say one of the two"
                yield tree.finding(at, message, True)


def _nights(tree: Tree) -> Iterator[Finding]:
    """Hours of single dates do not run into those of the next day, nor those of the day before into them."""
    for path, _ in tree.at("calendars.*"):
        calendar = tree.read(path, read_calendar) if tree.keys(*path, "dates") else None
        overlapping = overlapping_dates(calendar) if calendar else []
        for at, _ in tree.items(*path, "dates"):
            if _date_of(at) in overlapping:
                yield tree.finding(at, "overlaps the hours of the day before or after")


def _date_of(path: Path) -> datetime | None:
    """The date that is the last key of the path."""
    try:
        return read_date(path[-1])
    except ReadError:
        return None


def outside(tree: Tree) -> Iterator[tuple[Path, str]]:
    """Single dates with hours of their own, and shocks of demand, that lie outside the run, with why that is said."""
    start, end = tree.read(("time", "start"), read_date), tree.read(("time", "end"), read_moment)
    for path, _ in tree.at("demand.shocks.*"):
        begins, until = tree.read((*path, "from"), read_moment), tree.read((*path, "until"), read_moment)
        if start and end and begins and until and (until <= start or begins >= end):
            yield path, f"lies outside the run, which is from {moment_text(start)} to {moment_text(end)}"
    for path, _ in tree.at("calendars.*.dates.*"):
        day = _date_of(path)
        if day and start and end and not start <= day < end:
            yield path, f"lies outside the run, which is from {moment_text(start)} to {moment_text(end)}"


def no_holidays(tree: Tree) -> Iterator[tuple[Path, str]]:
    """What holds on holidays but changes nothing, with why: none is within the run, or all days are alike."""
    start, end = tree.read(("time", "start"), read_date), tree.read(("time", "end"), read_moment)
    for path, _ in (found for pattern in HOLIDAYS for found in tree.at(pattern)):
        calendar = tree.text((*path, "calendar"))
        days = [at for key in ("holidays", "workdays") for at, _ in tree.items("calendars", calendar, key)]
        dates = [date for at in days if (date := tree.read(at, read_date))]
        if start and end and not any(start <= date < end for date in dates):
            message = f"does nothing: no holiday or make-up working day of {quoted(calendar)} is within the run"
            yield path, message
        elif all(days == tuple(range(7)) for days, _ in _read_shifts(tree, path[:-1])) and path[0] != "demand":
            yield path, "does nothing: the shifts are the same on all days"


def _makeup_days(tree: Tree) -> Iterator[Finding]:
    for path, _ in tree.at("calendars.*"):
        week, like = tree.read((*path, "open"), read_week), (*path, "workdays_like")
        day = tree.read(like, read_weekday) if tree.has(like) else 0
        if week and day is not None and day not in week and any(True for _ in tree.items(*path, "workdays")):
            message = f"workdays have the hours of {WEEKDAYS[day]}, which is closed"
            yield tree.finding((*path, "workdays"), message)


def _staffed(tree: Tree) -> Iterator[tuple[Path, Node]]:
    for part in ("pools", "units"):
        yield from tree.at(f"{part}.*")


def _shifts(tree: Tree) -> Iterator[Finding]:
    for path, _ in _staffed(tree):
        spans = []
        for at, _ in tree.items(*path, "shifts"):
            days, hours = tree.read((*at, "days"), read_days), tree.read((*at, "hours"), read_hours)
            spans += [(span, at) for span in spans_of_week(days, hours)] if days and hours else []
        spans.sort()
        said: set[Path] = set()
        for one, other in overlaps([span for span, _ in spans]):
            first, second = sorted((spans[one][1], spans[other][1]), key=lambda at: int(at[-1]))
            if second not in said:
                said.add(second)
                day = WEEKDAYS[spans[other][0].start // (24 * 60)]
                yield tree.finding(second, f"overlaps shifts.{first[-1]} on {day}")


def _read_shifts(tree: Tree, path: Path) -> list[tuple[tuple[int, ...], Span]]:
    """Days and hours of the shifts of a pool or unit that can be read."""
    read = [
        (tree.read((*at, "days"), read_days), tree.read((*at, "hours"), read_hours))
        for at, _ in tree.items(*path, "shifts")
    ]
    return [(days, hours) for days, hours in read if days and hours]


def _shifts_on_holidays(tree: Tree) -> Iterator[Finding]:
    for path, _ in _staffed(tree):
        at = (*path, "holidays")
        calendar = tree.read(("calendars", tree.text((*at, "calendar"))), read_calendar)
        like = tree.read((*at, "as"), read_weekday) if tree.has((*at, "as")) else 6
        shifts = _read_shifts(tree, path)
        every_week = sorted(span for days, hours in shifts for span in spans_of_week(days, hours))
        if calendar is None or like is None or overlaps(every_week):
            continue
        weekdays = weekdays_of(calendar, like)
        date = overlapping_shifts(shifts, weekdays)
        if date:
            day = WEEKDAYS[weekdays[date]]
            message = f"the shifts of {day} on {moment_text(date)} overlap those of the day before or after"
            yield tree.finding(at, message, True)


def _classes(tree: Tree) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, node in tree.at("classes.*"):
        name = str(node.value)
        if name in seen:
            yield tree.finding(path, "named twice")
        seen.add(name)


def _channels(tree: Tree) -> Iterator[Finding]:
    shares = {path[1]: tree.read((*path, "share"), read_probability) for path, _ in tree.at("channels.*")}
    known = {str(name): share for name, share in shares.items() if share is not None}
    if known and len(known) == len(shares):
        try:
            sums_to_one(known)
        except ReadError as wrong:
            yield tree.finding(("channels",), str(wrong))


def _residents(tree: Tree) -> Iterator[Finding]:
    """A city's total needs somebody to be spread over; what cannot be read may be anybody."""

    def is_zero(*path: str | int) -> bool:
        return tree.read(path, read_not_negative) == 0.0

    districts = tree.keys("districts")
    empty = {d for d in districts if is_zero("districts", d, "population") or is_zero("districts", d, "activity")}
    for path, _ in tree.at("categories.*.total"):
        factors = (*path[:-1], "by_district")
        total = tree.read(path, read_rate)
        if total and districts and all(d in empty or is_zero(*factors, d) for d in districts):
            yield tree.finding(path, "cannot be spread: population × activity × by_district is 0 everywhere")


def _places(tree: Tree, per: str) -> int:
    """At how many places something stands that is there once for each; 0 if that cannot be told."""
    districts = tree.keys("districts")
    if per != "street":
        return len(districts) if per == "district" else 1
    paths = [("districts", name, "streets") for name in districts]
    streets = [tree.read(path, read_positive_count) if tree.has(path) else 1 for path in paths]
    return 0 if None in streets else sum(n or 0 for n in streets)


def _officers(tree: Tree) -> Iterator[Finding]:
    """A total can be split only over as many places as it has officers; what a scale does is said elsewhere."""
    if tree.has(("scale",)) and tree.read(("scale",), read_scale) != 1:
        return
    for path, _ in _staffed(tree):
        count = tree.read((*path, "staff"), read_headcount)
        n = _places(tree, tree.text((*path, "per"), "city"))
        if count and count.total and n and count.total < n:
            message = f"{count.total} cannot be split over {n} places: each needs one (write {n} or more, or 0)"
            yield tree.finding((*path, "staff", "total"), message)
