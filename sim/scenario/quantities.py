"""Durations, rates and dates as people write them, read into plain numbers and moments.

Durations become float hours, rounded once to a multiple of 2⁻³⁰ h (so that sums and differences of them are
exact); rates become float per hour. Every reader takes what YAML or Python gives and raises `ReadError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from sim.scenario.errors import ReadError, nearest, quoted
from sim.scenario.numbers import (
    LARGEST_NUMBER,
    NOT_FINITE,
    NUMBER,
    described,
    number_in,
    number_text,
    read_number,
    refuse_plus,
)

TICK = 2.0**-30
LONGEST = 2.0**23  # hours, 957 years: up to here sums of multiples of TICK are exact in float64

_HOURS = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0, "week": 168.0, "month": 730.5, "year": 8766.0}
_OTHER_NAMES = {
    "sec": "s", "second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hour": "h", "hours": "h",
    "day": "d", "days": "d", "weeks": "week", "months": "month", "years": "year",
}  # fmt: skip
_PER_HOUR = {"s": 3600.0, "min": 60.0, "h": 1.0, "d": 24.0, "week": 168.0, "month": 730.5, "year": 8766.0}
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|\s+)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?")


def to_tick(hours: float) -> float:
    """The nearest multiple of 2⁻³⁰ h, ties to even."""
    return round(hours / TICK) * TICK


def _amount_and_unit(value: Any, example: str) -> tuple[float, str]:
    if isinstance(value, str):
        match = NUMBER.match(value.strip()) or NOT_FINITE.match(value.strip())
        if match:
            amount = number_in(match.group())
            assert amount is not None
            return amount, value.strip()[match.end() :].strip()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        return read_number(value), ""
    raise ReadError(f"{example} is wanted, not {described(value)}")


def _unit_of_time(word: str) -> str:
    unit = _OTHER_NAMES.get(word.lower(), word.lower())
    if unit not in _HOURS:
        hint = nearest(word, [*_HOURS, *_OTHER_NAMES])
        raise ReadError(f"{quoted(word)} is no unit of time ({', '.join(_HOURS)}){hint}")
    return unit


def hours_of_unit(word: str) -> Fraction:
    """The hours of a unit of time, exactly. Raises `ReadError` for another word."""
    unit = _unit_of_time(word)
    return 1 / Fraction(_PER_HOUR[unit]) if unit in ("s", "min") else Fraction(_HOURS[unit])


def read_signed_duration(value: Any) -> float:
    """Hours, of either sign, from `5 min`, `2 h`, `7 d`, `90 s`, `1 week`."""
    amount, word = _amount_and_unit(value, "a duration such as “5 min”")
    if not word:
        raise ReadError(f"a duration needs its unit: {quoted(value)} of what? Write “{amount:g} h” or “{amount:g} min”")
    unit = _unit_of_time(word)
    # dividing by 60 rounds once, multiplying by 1/60 would round twice
    hours = amount / _PER_HOUR[unit] if unit in ("s", "min") else amount * _HOURS[unit]
    if abs(hours) >= LONGEST:
        raise ReadError(f"{quoted(value)} is too long: at most 950 years")
    return to_tick(hours)


def read_duration(value: Any) -> float:
    """Hours ≥ 0."""
    refuse_plus(value)
    hours = read_signed_duration(value)
    if hours < 0:
        raise ReadError(f"must not be negative, but is {quoted(value)}")
    return hours + 0.0


def read_positive_duration(value: Any) -> float:
    """Hours > 0."""
    hours = read_duration(value)
    if not hours:
        raise ReadError("must be longer than 0")
    return hours


def read_rate(value: Any) -> float:
    """Per hour, ≥ 0, from `30 / h`, `0.4 / year` (year = 365.25 d, month = year/12)."""
    refuse_plus(value)
    amount, rest = _amount_and_unit(value, "a rate such as “30 / h”")
    slash = re.match(r"/|per\b", rest)
    if not slash or not rest[slash.end() :].strip():
        raise ReadError(f"a rate such as “30 / h” is wanted, not {quoted(value)}")
    unit = _unit_of_time(rest[slash.end() :].strip())
    if amount < 0:
        raise ReadError(f"must not be negative, but is {quoted(value)}")
    rate = amount * _PER_HOUR[unit] if unit in ("s", "min") else amount / _HOURS[unit]
    if rate > LARGEST_NUMBER:
        raise ReadError(f"{quoted(value)} is too large")
    return rate + 0.0


def read_moment(value: Any) -> datetime:
    """A date (its midnight) or a date and time, `2011-08-31 06:00`; local standard time, whole seconds."""
    if isinstance(value, datetime):
        if value.tzinfo or value.microsecond:
            raise ReadError("a local time in whole seconds is wanted, without a time zone")
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ReadError(f"a date such as 2024-03-04 or 2024-03-04 06:00 is wanted, not {described(value)}")
    try:
        return datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]
    except ValueError:
        raise ReadError(f"there is no such date or time: {quoted(value)}") from None


def read_date(value: Any) -> datetime:
    """A date, as its midnight."""
    moment = read_moment(value)
    if (moment.hour, moment.minute, moment.second) != (0, 0, 0):
        raise ReadError(f"a date without a time is wanted, not {quoted(value)}")
    return moment


def duration_text(hours: float) -> str:
    """Hours as text that `read_duration` reads back exactly."""
    return f"{number_text(hours)} h"


def rate_text(per_hour: float) -> str:
    """A rate as text that `read_rate` reads back exactly."""
    return f"{number_text(per_hour)} / h"


def moment_text(moment: datetime) -> str:
    """`2024-03-04`, or with its time if that is not midnight."""
    text = moment.isoformat(sep=" ")
    return text[:10] if text.endswith(" 00:00:00") else text.removesuffix(":00")


def _texted(write: Callable[[Any], str]) -> PlainSerializer:
    return PlainSerializer(write, return_type=str, when_used="json")


_DURATION_SCHEMA = {"type": "string", "examples": ["5 min", "2 h", "7 d"]}
_DATE_SCHEMA = {"type": "string", "examples": ["2024-03-04"]}

Duration = Annotated[float, BeforeValidator(read_duration), _texted(duration_text), WithJsonSchema(_DURATION_SCHEMA)]
PositiveDuration = Annotated[
    float, BeforeValidator(read_positive_duration), _texted(duration_text), WithJsonSchema(_DURATION_SCHEMA)
]
Rate = Annotated[
    float,
    BeforeValidator(read_rate),
    _texted(rate_text),
    WithJsonSchema({"type": "string", "examples": ["30 / h"]}),
]
Moment = Annotated[datetime, BeforeValidator(read_moment), _texted(moment_text), WithJsonSchema(_DATE_SCHEMA)]
Day = Annotated[datetime, BeforeValidator(read_date), _texted(moment_text), WithJsonSchema(_DATE_SCHEMA)]


_MONTHS = re.compile(r"([1-9][0-9]{0,3})\s*months?")


def read_months(value: Any) -> int:
    """A number of calendar months from `3 months`."""
    match = _MONTHS.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ReadError(f"whole calendar months such as “3 months” are wanted, not {described(value)}")
    return int(match.group(1))


Months = Annotated[
    int,
    BeforeValidator(read_months),
    PlainSerializer(lambda months: f"{months} months", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["1 month", "3 months"]}),
]
