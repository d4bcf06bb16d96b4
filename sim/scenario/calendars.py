"""Staff time as data: weekly calendars with holidays, and shifts.

Clock hours are kept in whole minutes and become float hours, multiples of 2⁻³⁰ h, once. All intervals are
half-open: an office that is open 9:00–17:00 is open at 9:00 and closed at 17:00.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)

from sim.scenario.errors import Fault, ReadError, nearest, quoted, read_each
from sim.scenario.numbers import Count, described, read_text
from sim.scenario.quantities import Day, moment_text, read_date, to_tick

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY

_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*[-–]\s*([0-9]{1,2}):([0-9]{2})")


class Section(BaseModel):
    """A map of a scenario with fixed keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(NamedTuple):
    """Clock hours in minutes since midnight; an `end` after 1440 is on the next day."""

    start: int
    end: int


def read_hours(value: Any) -> Span:
    """`9:00-17:00`; `20:00-8:00` ends on the next day; the whole day is `0:00-24:00`."""
    text = read_text(value).strip()
    match = _HOURS.fullmatch(text)
    if not match:
        raise ReadError(f"hours such as 9:00-17:00 are wanted, not {quoted(text)}")
    hour, minute, last_hour, last_minute = (int(part) for part in match.groups())
    start, end = hour * 60 + minute, last_hour * 60 + last_minute
    if minute > 59 or last_minute > 59 or start >= DAY or end > DAY:
        raise ReadError(f"there are no such hours: {quoted(text)}")
    if start == end:
        raise ReadError(f"{quoted(text)} is empty; the whole day is 0:00-24:00")
    return Span(start, end if end > start else end + DAY)


def hours_text(span: Span) -> str:
    """The text that `read_hours` reads back."""
    end = span.end if span.end <= DAY else span.end - DAY
    return f"{span.start // 60}:{span.start % 60:02d}-{end // 60}:{end % 60:02d}"


def read_weekday(value: Any) -> int:
    """0 for mon to 6 for sun."""
    word = read_text(value).strip().lower()
    if word not in WEEKDAYS:
        raise ReadError(f"{quoted(word)} is no day: they are {', '.join(WEEKDAYS)}{nearest(word, WEEKDAYS)}")
    return WEEKDAYS.index(word)


def read_days(value: Any) -> tuple[int, ...]:
    """Days of the week from `mon`, `mon-fri`, `sat-mon`, `mon, wed-fri` or a list of such; sorted, 0 for
    mon.
    """
    if isinstance(value, (list, tuple)):
        days = set(itertools.chain(*read_each(enumerate(value), _read_range).values()))
    else:
        days = set(itertools.chain(*map(_read_range, read_text(value).split(","))))
    if not days:
        raise ReadError("at least one day is wanted")
    return tuple(sorted(days))


def _read_range(value: Any) -> set[int]:
    first, dash, last = read_text(value).partition("-")
    begin = read_weekday(first)
    return {(begin + step) % 7 for step in range((read_weekday(last) - begin) % 7 + 1)} if dash else {begin}


def days_text(days: Sequence[int]) -> str:
    """The text that `read_days` reads back."""
    return ", ".join(WEEKDAYS[day] for day in days)


def read_week(value: Any) -> dict[int, tuple[Span, ...]]:
    """Opening hours by weekday from `{mon-fri: 9:00-17:00, sat: [9:00-12:00, 13:00-15:00]}`; days not named
    are closed.
    """
    if not isinstance(value, dict):
        raise ReadError(f"a map from days to hours is wanted, not {described(value)}")
    faults: list[Fault] = []
    week: dict[int, list[tuple[Span, str]]] = {day: [] for day in range(7)}
    for key, entry in value.items():
        days: tuple[int, ...] = ()
        try:
            days = read_days(key)
        except ReadError as wrong:
            faults += [Fault(fault.message, (key,), True) for fault in wrong.faults]
        spans = _read_spans(entry, key, faults)
        for day in days:
            week[day] += [(span, key) for span in spans]
    flat = sorted((Span(day * DAY + s.start, day * DAY + s.end), key) for day in week for s, key in week[day])
    clashes = {flat[later][1]: flat[later][0] for _, later in reversed(overlaps([span for span, _ in flat]))}
    faults += [Fault(f"overlaps other hours on {WEEKDAYS[s.start // DAY]}", (key,)) for key, s in clashes.items()]
    if not flat and not faults:
        faults.append(Fault("never open"))
    if faults:
        raise ReadError(*faults)
    return {day: tuple(sorted(span for span, _ in spans)) for day, spans in week.items() if spans}


def _read_spans(entry: Any, key: str, faults: list[Fault]) -> list[Span]:
    """Hours, or a list of them, that stand under this key of a map; what is wrong is added to `faults`."""
    spans, listed = [], isinstance(entry, (list, tuple))
    for number, text in enumerate(entry if listed else [entry]):
        try:
            spans.append(read_hours(text))
        except ReadError as wrong:
            faults += wrong.under(key, number) if listed else wrong.under(key)
    return spans


CLOSED = "closed"


def read_dates(value: Any) -> dict[datetime, tuple[Span, ...]]:
    """Opening hours of single dates from `{2024-02-09: 9:00-12:00, 2024-12-31: closed}`; a closed date has none."""
    if not isinstance(value, dict):
        raise ReadError(f"a map from dates to hours is wanted, not {described(value)}")
    faults: list[Fault] = []
    dates: dict[datetime, tuple[Span, ...]] = {}
    for key, entry in value.items():
        closed = isinstance(entry, str) and entry.strip().lower() == CLOSED
        if not closed and isinstance(entry, (list, tuple)) and not entry:
            faults.append(Fault(f"hours such as 9:00-12:00 or “{CLOSED}” are wanted", (key,)))
        spans = [] if closed else sorted(_read_spans(entry, key, faults))
        if any(later.start < earlier.end for earlier, later in itertools.pairwise(spans)):
            faults.append(Fault("its hours overlap", (key,)))
        try:
            date = read_date(key)
        except ReadError as wrong:
            faults += [Fault(fault.message, (key,), True) for fault in wrong.faults]
            continue
        if date in dates:
            faults.append(Fault(f"{moment_text(date)} is there twice", (key,), True))
        dates[date] = tuple(spans)
    if faults:
        raise ReadError(*faults)
    return dict(sorted(dates.items()))


def overlaps(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Each of these spans of the week, sorted by start, that begins in an earlier one, also at the week's turn: (the
    earlier one, this one).
    """
    found = []
    longest = 0
    for i in range(1, len(spans)):
        if spans[i].start < spans[longest].end:
            found.append((longest, i))
        longest = max(longest, i, key=lambda j: spans[j].end)
    if longest and spans[longest].end - WEEK > spans[0].start:
        found.append((longest, 0))
    return found


def _week_written(week: dict[int, tuple[Span, ...]]) -> dict[str, list[str]]:
    return {WEEKDAYS[day]: [hours_text(span) for span in spans] for day, spans in week.items()}


def _dates_written(dates: dict[datetime, tuple[Span, ...]]) -> dict[str, str | list[str]]:
    return {moment_text(date): [hours_text(span) for span in spans] or CLOSED for date, spans in dates.items()}


_HOURS_SCHEMA = {"type": "string", "examples": ["9:00-17:00"]}

Days = Annotated[
    tuple[int, ...],
    BeforeValidator(read_days),
    PlainSerializer(days_text, when_used="json"),
    WithJsonSchema({"type": ["string", "array"], "examples": ["mon-fri"]}),
]
Hours = Annotated[
    Span,
    BeforeValidator(read_hours),
    PlainSerializer(hours_text, when_used="json"),
    WithJsonSchema(_HOURS_SCHEMA),
]
Week = Annotated[
    dict[int, tuple[Span, ...]],
    BeforeValidator(read_week),
    PlainSerializer(_week_written, when_used="json"),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"anyOf": [_HOURS_SCHEMA, {"type": "array", "items": _HOURS_SCHEMA}]},
        }
    ),
]
HoursByDate = Annotated[
    dict[datetime, tuple[Span, ...]],
    BeforeValidator(read_dates),
    PlainSerializer(_dates_written, when_used="json"),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"format": "date"},
            "additionalProperties": {
                "anyOf": [{"const": CLOSED}, _HOURS_SCHEMA, {"type": "array", "items": _HOURS_SCHEMA, "minItems": 1}]
            },
        }
    ),
]
Weekday = Annotated[
    int,
    BeforeValidator(read_weekday),
    PlainSerializer(WEEKDAYS.__getitem__, when_used="json"),
    WithJsonSchema({"enum": list(WEEKDAYS)}),
]


Dates = Annotated[tuple[Day, ...], AfterValidator(lambda days: tuple(sorted(set(days))))]


class Calendar(Section):
    """When an office is open: by weekday, but not on `holidays`; `workdays` (调休) have the hours of
    `workdays_like`. Single `dates` have hours of their own, whatever else they would have.
    """

    open: Week
    holidays: Dates = ()
    workdays: Dates = ()
    workdays_like: Weekday = 0
    dates: HoursByDate = Field(default={})


def read_calendar(value: Any) -> Calendar:
    """A calendar from plain data. Raises `ReadError` without saying what is wrong: the schema does."""
    try:
        return Calendar.model_validate(value)
    except ValidationError:
        raise ReadError("a calendar is wanted") from None


def _somebody(staff: int) -> int:
    if not staff:
        raise ReadError("nobody is on this shift: leave it out")
    return staff


class Shift(Section):
    """`staff` people on duty in these hours of each of these days; hours past midnight belong to the day
    they begin on.
    """

    days: Days
    hours: Hours
    staff: Annotated[Count, AfterValidator(_somebody)]


def spans_of_week(days: Iterable[int], hours: Span) -> list[Span]:
    """These hours on each of these days, in minutes since Monday 0:00; what runs past Sunday ends after the week."""
    return [Span(day * DAY + hours.start, day * DAY + hours.end) for day in days]


def _spans_by_day(calendar: Calendar, start: datetime, until_hours: float) -> Iterator[tuple[int, float, float]]:
    """(day, opens, closes) of every span of opening hours, in hours since `start`, a midnight, in their order.

    Hours that run past midnight belong to the day they begin on, also when the next day is a holiday.
    """
    holidays = {(date - start).days for date in calendar.holidays}
    workdays = {(date - start).days for date in calendar.workdays}
    dates = {(date - start).days: spans for date, spans in calendar.dates.items()}
    first_weekday = start.weekday()
    # the evening before may run into the first day; there is no day before year 1, and none after year 9999
    first = max(-1, (datetime.min - start).days)
    last = min(math.ceil(until_hours / 24), (datetime.max - start).days + 1)
    for day in range(first, last):
        weekday = calendar.workdays_like if day in workdays else (first_weekday + day) % 7
        usual = () if day in holidays else calendar.open.get(weekday, ())
        for span in dates.get(day, usual):
            yield day, 24.0 * day + to_tick(span.start / 60), 24.0 * day + to_tick(span.end / 60)


def overlapping_dates(calendar: Calendar) -> list[datetime]:
    """The single dates whose hours overlap those of the day before or after."""
    found = []
    for date in calendar.dates:
        spans = [(opens, closes) for _, opens, closes in _spans_by_day(calendar, date, 48.0)]
        if any(opens < closed for (_, closed), (opens, _) in itertools.pairwise(spans)):
            found.append(date)
    return found


def open_intervals(calendar: Calendar, start: datetime, until_hours: float) -> list[tuple[float, float]]:
    """The half-open intervals in which the calendar is open, hours since `start`, within [0, until_hours).

    `start` is a midnight. Adjacent intervals are one.
    """
    intervals: list[tuple[float, float]] = []
    for _, opens, closes in _spans_by_day(calendar, start, until_hours):
        begin, end = max(0.0, opens), min(until_hours, closes)
        if intervals and begin <= intervals[-1][1]:
            intervals[-1] = (intervals[-1][0], max(end, intervals[-1][1]))
        elif begin < end:
            intervals.append((begin, end))
    return intervals


def open_days(calendar: Calendar, start: datetime, until_hours: float) -> list[tuple[int, float, float]]:
    """The days on which the calendar is open: (day, first opening, last closing), hours since `start`, a midnight.

    The evening before `start` counts if its hours run into the first day.
    """
    days: dict[int, tuple[float, float]] = {}
    for day, opens, closes in _spans_by_day(calendar, start, until_hours):
        if closes > 0.0:
            days[day] = (days[day][0] if day in days else opens, closes)
    return [(day, *hours) for day, hours in days.items()]
