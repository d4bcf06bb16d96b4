"""Quantities as people write them, read into plain numbers.

Durations become float hours, rounded once to a multiple of 2⁻³⁰ h (so that sums and differences of them are
exact); rates become float per hour; probabilities stay numbers in [0, 1]. Every reader takes what YAML or
Python gives and raises `ReadError`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from sim.scenario.errors import ReadError, nearest, quoted

TICK = 2.0**-30
LONGEST = 2.0**23  # hours, 957 years: up to here sums of multiples of TICK are exact in float64

_HOURS = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0, "week": 168.0, "month": 730.5, "year": 8766.0}
_OTHER_NAMES = {
    "sec": "s", "second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hour": "h", "hours": "h",
    "day": "d", "days": "d", "weeks": "week", "months": "month", "years": "year",
}  # fmt: skip
_PER_HOUR = {"s": 3600.0, "min": 60.0, "h": 1.0, "d": 24.0, "week": 168.0, "month": 730.5, "year": 8766.0}
_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.?(?:nan|inf|infinity)", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|\s+)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?")


class Plain(str):
    """Text written in YAML without quotes: the field it stands in decides whether it is a number or text."""

    __slots__ = ()


def to_tick(hours: float) -> float:
    """The nearest multiple of 2⁻³⁰ h, ties to even."""
    return round(hours / TICK) * TICK


def number_in(text: str) -> float | None:
    """The number a text spells, None if it spells none. Raises `ReadError` if no finite float can hold it."""
    text = text.strip()
    if _NOT_FINITE.fullmatch(text):
        raise ReadError(f"a finite number is wanted, not {quoted(text)}")
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace("_", ""))
    if math.isinf(value):
        raise ReadError(f"{quoted(text)} is too large")
    return value


def read_number(value: Any) -> float:
    """A finite number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            raise ReadError("the number is too large") from None
        if not math.isfinite(number):
            raise ReadError(f"a finite number is wanted, not {quoted(value)}")
        return number
    if isinstance(value, str):
        found = number_in(value)
        if found is not None and isinstance(value, Plain):
            return found
        if found is not None:
            raise ReadError(f"a number is wanted, not text: write {value.strip()} without quotes")
    raise ReadError(f"a number is wanted, not {described(value)}")


def described(value: Any) -> str:
    """What stands there, for `… is wanted, not …`."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "nothing" if value is None else quoted(value)


def read_not_negative(value: Any) -> float:
    """A finite number ≥ 0."""
    number = read_number(value)
    if number < 0:
        raise ReadError(f"must not be negative, but is {quoted(value)}")
    return number + 0.0  # -0 is 0


def read_probability(value: Any) -> float:
    """A number in [0, 1]."""
    number = read_not_negative(value)
    if number > 1:
        raise ReadError(f"must be between 0 and 1, but is {quoted(value)}")
    return number


def read_count(value: Any) -> int:
    """A whole number, 0 to 10⁶."""
    number = read_not_negative(value)
    if number != int(number):
        raise ReadError(f"a whole number is wanted, not {quoted(value)}")
    if number > 1e6:
        raise ReadError(f"{quoted(value)} is too large")
    return int(number)


def _positive_count(value: Any) -> int:
    count = read_count(value)
    if not count:
        raise ReadError("must be at least 1")
    return count


#: How often at most something may be tried again; draws are numbered for so many.
MOST_TIMES = 200


def _times(value: Any) -> int:
    count = read_count(value)
    if count > MOST_TIMES:
        raise ReadError(f"must be at most {MOST_TIMES}, but is {count}")
    return count


def read_flag(value: Any) -> bool:
    """true or false, also yes/no and on/off."""
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else None
    if word in ("true", "yes", "on"):
        return True
    if word in ("false", "no", "off"):
        return False
    raise ReadError(f"true or false is wanted, not {described(value)}")


def read_text(value: Any) -> str:
    """Text. An unquoted number or `no` is text where text is wanted."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ReadError(f"text is wanted, not {described(value)}")


def _amount_and_unit(value: Any, example: str) -> tuple[float, str]:
    if isinstance(value, str):
        match = _NUMBER.match(value.strip()) or _NOT_FINITE.match(value.strip())
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
        raise ReadError(f"{quoted(word)} is no unit of time{nearest(word, [*_HOURS, *_OTHER_NAMES])}")
    return unit


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
    amount, rest = _amount_and_unit(value, "a rate such as “30 / h”")
    slash = re.match(r"/|per\b", rest)
    if not slash or not rest[slash.end() :].strip():
        raise ReadError(f"a rate such as “30 / h” is wanted, not {quoted(value)}")
    unit = _unit_of_time(rest[slash.end() :].strip())
    if amount < 0:
        raise ReadError(f"must not be negative, but is {quoted(value)}")
    rate = amount * _PER_HOUR[unit] if unit in ("s", "min") else amount / _HOURS[unit]
    if math.isinf(rate):
        raise ReadError(f"{quoted(value)} is too large")
    return rate + 0.0


def read_scale(value: Any) -> float:
    """N of `1:N` or N itself, 1 to 10000."""
    text = value.replace(" ", "") if isinstance(value, str) else value
    number = read_number(Plain(text[2:]) if isinstance(text, str) and text.startswith("1:") else value)
    if not 1 <= number <= 10_000:
        raise ReadError(f"must be between 1 (or 1:1) and 10000 (or 1:10000), but is {quoted(value)}")
    return number


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


def number_text(value: float) -> str:
    """The shortest text that reads back to the same number."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


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


def choice(*words: str) -> BeforeValidator:
    """A reader that takes one of these words and names the nearest one when it is another."""

    def read(value: Any) -> str:
        text = read_text(value)
        if text not in words:
            raise ReadError(f"must be {', '.join(words[:-1])} or {words[-1]}, not {quoted(text)}{nearest(text, words)}")
        return text

    return BeforeValidator(read)


def _texted(write: Callable[[Any], str]) -> PlainSerializer:
    return PlainSerializer(write, return_type=str, when_used="json")


_DURATION_SCHEMA = {"type": "string", "examples": ["5 min", "2 h", "7 d"]}
_DATE_SCHEMA = {"type": "string", "examples": ["2024-03-04"]}

Text = Annotated[str, BeforeValidator(read_text), WithJsonSchema({"type": ["string", "number"]})]
Flag = Annotated[bool, BeforeValidator(read_flag), WithJsonSchema({"type": "boolean"})]
Number = Annotated[float, BeforeValidator(read_number), WithJsonSchema({"type": "number"})]
NotNegative = Annotated[float, BeforeValidator(read_not_negative), WithJsonSchema({"type": "number", "minimum": 0})]
Probability = Annotated[
    float, BeforeValidator(read_probability), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})
]
Count = Annotated[int, BeforeValidator(read_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Times = Annotated[
    int, BeforeValidator(_times), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MOST_TIMES})
]
PositiveCount = Annotated[int, BeforeValidator(_positive_count), WithJsonSchema({"type": "integer", "minimum": 1})]
Scale = Annotated[
    float, BeforeValidator(read_scale), WithJsonSchema({"type": ["number", "string"], "examples": ["1:100"]})
]
Duration = Annotated[float, BeforeValidator(read_duration), _texted(duration_text), WithJsonSchema(_DURATION_SCHEMA)]
Rate = Annotated[
    float,
    BeforeValidator(read_rate),
    _texted(rate_text),
    WithJsonSchema({"type": "string", "examples": ["30 / h"]}),
]
Moment = Annotated[datetime, BeforeValidator(read_moment), _texted(moment_text), WithJsonSchema(_DATE_SCHEMA)]
Day = Annotated[datetime, BeforeValidator(read_date), _texted(moment_text), WithJsonSchema(_DATE_SCHEMA)]
