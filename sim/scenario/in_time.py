"""The parameters of policies that act in time: they watch how the city is doing, and turn it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from sim.scenario.calendars import Section
from sim.scenario.errors import ReadError, nearest, quoted
from sim.scenario.numbers import (
    NotNegative,
    Plain,
    Probability,
    Text,
    choice,
    described,
    number_text,
    read_count,
    read_not_negative,
    read_probability,
)
from sim.scenario.quantities import Duration, Rate, duration_text, read_duration, read_positive_duration

_CONDITION = re.compile(r"(?P<what>\w+)\s*(?P<sign>[<>]=?|==?)\s*(?P<amount>.+)")
_WATCHED = ("waiting", "oldest", "wait_p90")


@dataclass(frozen=True, slots=True)
class Condition:
    """What is seen of a queue is above, or below, an amount: people for `waiting`, else hours."""

    what: str
    above: bool
    amount: float

    def written(self) -> str:
        """The text that reads back the same."""
        amount = number_text(self.amount) if self.what == "waiting" else duration_text(self.amount)
        return f"{self.what} {'>' if self.above else '<'} {amount}"


def _read_condition(value: Any, above: bool) -> Condition:
    if isinstance(value, Condition):
        return value
    sign, example = (">", "“waiting > 60”, “oldest > 2 h”") if above else ("<", "“waiting < 10”, “oldest < 30 min”")
    found = _CONDITION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ReadError(f"a condition such as {example} is wanted, not {described(value)}")
    if found["what"] not in _WATCHED:
        hint = nearest(found["what"], _WATCHED)
        raise ReadError(f"{quoted(found['what'])} is not watched: {', '.join(_WATCHED)} are{hint}")
    if found["sign"] != sign:
        raise ReadError(f"“{sign}” is wanted here, not “{found['sign']}”: {example}")
    reader = _number_of_people if found["what"] == "waiting" else read_duration
    amount = float(reader(found["amount"]))
    if not above and amount == 0:
        raise ReadError(f"{quoted(value.strip())} can never be: nothing is below 0")
    return Condition(found["what"], above, amount)


def _number_of_people(text: str) -> int:
    return read_count(Plain(text))


_TEXT = PlainSerializer(Condition.written, when_used="json")
When = Annotated[
    Condition,
    BeforeValidator(lambda value: _read_condition(value, above=True)),
    _TEXT,
    WithJsonSchema({"type": "string", "examples": ["waiting > 60", "oldest > 2 h", "wait_p90 > 90 s"]}),
]
Until = Annotated[
    Condition,
    BeforeValidator(lambda value: _read_condition(value, above=False)),
    _TEXT,
    WithJsonSchema({"type": "string", "examples": ["waiting < 10", "oldest < 30 min", "wait_p90 < 20 s"]}),
]
#: How often something is looked at.
Every = Annotated[
    float,
    BeforeValidator(read_positive_duration),
    PlainSerializer(duration_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["15 min", "1 h"]}),
]


class Trigger(Section):
    """At every `check` of the pool's queue: if it is as `when` says, people are called; they stay until it is as
    `until` says (None: until `when` holds no more).
    """

    pool: Text
    when: When
    check: Every
    until: Until | None = None

    @model_validator(mode="after")
    def _apart(self) -> Trigger:
        until, when = self.until, self.when
        apart = 1 if when.what == "waiting" else 0  # people are counted: below 1 is not above 0
        if until is not None and until.what == when.what and until.amount > when.amount + apart:
            raise ReadError(
                f"people would come and go at once: “{until.written()}” holds where “{when.written()}” does"
            )
        return self


def _some_triggers(triggers: tuple[Trigger, ...]) -> tuple[Trigger, ...]:
    if not triggers:
        raise ReadError("at least one trigger is wanted")
    return triggers


def _read_adds(value: Any) -> int | Literal["needed"]:
    """So many people, or as many as are needed."""
    return "needed" if value == "needed" else read_count(value)


class Surge(Section):
    """Surge staffing: when a trigger is met, so many people (or as many as are `needed` for nobody to wait) come
    `after` some time and stay `at_least` so long: from outside at this `wage`, or lent by the pool `from_`.
    """

    triggers: Annotated[tuple[Trigger, ...], AfterValidator(_some_triggers)]
    adds: Annotated[
        int | Literal["needed"],
        BeforeValidator(_read_adds),
        WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"const": "needed"}]}),
    ]
    after: Duration = 0.0
    at_least: Duration = 0.0
    wage: Rate | None = None
    from_: Text | None = Field(None, alias="from")


def _read_decay(value: Any) -> float:
    decay = read_probability(value)
    if not decay:
        raise ReadError("must be above 0, or trust would never come back to where it was")
    return decay


def _read_low(value: Any) -> float:
    low = read_not_negative(value)
    if low > 1:
        raise ReadError(f"must be at most 1, where trust begins, but is {quoted(value)}")
    return low


def _read_high(value: Any) -> float:
    high = read_not_negative(value)
    if high < 1:
        raise ReadError(f"must be at least 1, where trust begins, but is {quoted(value)}")
    return high


class Trust(Section):
    """Trust of each district, 1 in the beginning: at each `step` it moves by `gain` × (share satisfied − `neutral`) and
    loses `decay` of what it is away from 1; it stays within `lo` … `hi`. Consultations and reports follow it.
    """

    gain: NotNegative
    decay: Annotated[
        float, BeforeValidator(_read_decay), WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1})
    ]
    neutral: Probability
    lo: Annotated[float, BeforeValidator(_read_low), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})] = (
        0.5
    )
    hi: Annotated[float, BeforeValidator(_read_high), WithJsonSchema({"type": "number", "minimum": 1})] = 2.0
    step: Annotated[Literal["day", "week", "month"], choice("day", "week", "month")] = "month"
