"""What holds on public holidays and on make-up working days: what holds on another day of the week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from sim.scenario.calendars import WEEKDAYS, Calendar, Section, Weekday
from sim.scenario.numbers import NotNegative, Text


class Holidays(Section):
    """The holidays of a calendar are like the weekday `as_`, its make-up working days like its `workdays_like`."""

    calendar: Text
    as_: Weekday = Field(default=WEEKDAYS.index("sun"), alias="as")

    def like(self, calendars: Mapping[str, Calendar]) -> dict[datetime, int]:
        """The weekday (0 for mon) that each of these dates is like."""
        calendar = calendars[self.calendar]
        makeup = dict.fromkeys(calendar.workdays, calendar.workdays_like)
        return {**dict.fromkeys(calendar.holidays, self.as_), **makeup}


class QuietHolidays(Holidays):
    """Births on holidays are those of the weekday `as_` times the factor."""

    factor: NotNegative = 1.0
