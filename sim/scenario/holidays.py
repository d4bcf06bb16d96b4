"""What holds on public holidays and on make-up working days: what holds on another day of the week."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import Field

from sim.scenario.calendars import DAY, WEEKDAYS, Calendar, Section, Shift, Span, Weekday
from sim.scenario.numbers import NotNegative, Text
from sim.scenario.quantities import to_tick


class Holidays(Section):
    """The holidays of a calendar are like the weekday `as_`, its make-up working days like its `workdays_like`."""

    calendar: Text
    as_: Weekday = Field(default=WEEKDAYS.index("sun"), alias="as")

    def like(self, calendars: Mapping[str, Calendar]) -> dict[datetime, int]:
        """The weekday (0 for mon) that each of these dates is like."""
        return weekdays_of(calendars[self.calendar], self.as_)


def weekdays_of(calendar: Calendar, of_holidays: int) -> dict[datetime, int]:
    """The weekday (0 for mon) that each holiday and make-up working day of the calendar is like."""
    makeup = dict.fromkeys(calendar.workdays, calendar.workdays_like)
    return {**dict.fromkeys(calendar.holidays, of_holidays), **makeup}


class QuietHolidays(Holidays):
    """Births on holidays are those of the weekday `as_` times the factor."""

    factor: NotNegative = 1.0


def headcount_by_date(
    shifts: Sequence[Shift], like: Mapping[datetime, int], start: datetime, until_hours: float
) -> list[tuple[float, int]]:
    """The staff on duty as a step function: (hours since `start`, a midnight; headcount from then on), first at 0.

    `like` has the weekdays that some dates are like. What began before midnight belongs to the day before.
    """
    days = {(date - start).days: weekday for date, weekday in like.items()}
    on_weekday = [_changes(shifts, weekday) for weekday in range(7)]
    change: dict[int, int] = {0: 0}
    for day in range(-1, math.ceil(until_hours / 24)):
        weekday = days.get(day, (start.weekday() + day) % 7)
        for minute, more in on_weekday[weekday]:
            moment = max(day * DAY + minute, 0)
            change[moment] = change.get(moment, 0) + more
    steps: list[tuple[float, int]] = []
    count = 0
    for minute in sorted(change):
        count += change[minute]
        time = 24.0 * (minute // DAY) + to_tick(minute % DAY / 60)
        if not steps or (count != steps[-1][1] and time < until_hours):
            steps.append((time, count))
    return steps


def _changes(shifts: Sequence[Shift], weekday: int) -> list[tuple[int, int]]:
    """By how much the shifts that begin on a weekday change the headcount, and at which minutes since its midnight."""
    change: dict[int, int] = {}
    for shift in shifts:
        if weekday in shift.days:
            for minute, more in zip(shift.hours, (shift.staff, -shift.staff), strict=True):
                change[minute] = change.get(minute, 0) + more
    return [(minute, more) for minute, more in change.items() if more]


def overlapping_shifts(shifts: Sequence[tuple[Sequence[int], Span]], like: Mapping[datetime, int]) -> datetime | None:
    """The first of these dates on which the shifts (days of the week, hours) of the weekday that it is like overlap
    those of the day before or after.
    """
    weekdays = {date.toordinal(): weekday for date, weekday in like.items()}
    for date in sorted(like):
        spans = []
        for day in (-1, 0, 1):
            ordinal = date.toordinal() + day
            weekday = weekdays.get(ordinal, (ordinal - 1) % 7)  # the first day there is was a Monday
            spans += [Span(day * DAY + s.start, day * DAY + s.end) for days, s in shifts if weekday in days]
        if any(later.start < earlier.end for earlier, later in itertools.pairwise(sorted(spans))):
            return date
    return None
