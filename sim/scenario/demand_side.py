"""What a city's citizens bring: districts, categories of problems, the rhythm of their birth, the ways they call."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from sim.scenario.calendars import WEEKDAYS, Section
from sim.scenario.distributions import Dist
from sim.scenario.errors import Fault, ReadError, nearest, quoted
from sim.scenario.quantities import (
    Count,
    Moment,
    NotNegative,
    PositiveCount,
    Probability,
    Rate,
    Text,
    choice,
    described,
    duration_text,
    read_duration,
    read_number,
    read_probability,
    read_text,
)
from sim.scenario.shape import WHOLE


def without_default(schema: dict[str, Any]) -> None:
    """For the JSON schema: the default depends on other parts of the scenario (defaults.py)."""
    schema.pop("default", None)


def sums_to_one(shares: dict[str, float]) -> dict[str, float]:
    """The shares, if they sum to 1 (± 1e-9)."""
    total = math.fsum(shares.values())
    if abs(total - 1) > 1e-9:
        raise ReadError(f"the shares must sum to 1, but sum to {total:.10g}")
    return shares


def _read_shares(value: Any) -> dict[str, float]:
    """One name, or a map from names to shares that sum to 1."""
    if not isinstance(value, dict):
        try:
            return {read_text(value): 1.0}
        except ReadError:
            raise ReadError(
                f"a name or a map from names to shares is wanted, not {described(value)}"
            ) from None
    shares: dict[str, float] = {}
    faults: list[Fault] = []
    for name, share in value.items():
        try:
            shares[name] = read_probability(share)
        except ReadError as wrong:
            faults += wrong.under(name)
    if faults:
        raise ReadError(*faults)
    return sums_to_one(shares)


_SHARE_MAP = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}}
Shares = Annotated[
    dict[str, float],
    WHOLE,
    BeforeValidator(_read_shares),
    WithJsonSchema({"anyOf": [{"type": "string"}, _SHARE_MAP]}),
]


def _read_profile(value: Any) -> tuple[float, ...]:
    """24 weights, one for each hour of the day, not all 0."""
    if not isinstance(value, (list, tuple)) or len(value) != 24:
        got = f"{len(value)}" if isinstance(value, (list, tuple)) else described(value)
        raise ReadError(f"a list of 24 weights is wanted, one for each hour, not {got}")
    weights: list[float] = []
    faults: list[Fault] = []
    for hour, weight in enumerate(value):
        try:
            weights.append(read_number(weight) + 0.0)
            if weights[-1] < 0:
                raise ReadError("a weight must not be negative")
        except ReadError as wrong:
            faults += wrong.under(hour)
    if not faults and not 0 < math.fsum(weights) < math.inf:
        faults.append(Fault("the weights must not all be 0"))
    if faults:
        raise ReadError(*faults)
    return tuple(weights)


Profile = Annotated[
    tuple[float, ...],
    BeforeValidator(_read_profile),
    WithJsonSchema(
        {"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 24, "maxItems": 24}
    ),
]


def _read_factors(value: Any, names: tuple[str, ...]) -> dict[str, float]:
    """A factor for each of the names, 1 where none is given."""
    if not isinstance(value, dict):
        raise ReadError(f"a map is wanted, not {described(value)}")
    factors = dict.fromkeys(names, 1.0)
    faults: list[Fault] = []
    for key, factor in value.items():
        if key not in factors:
            message = f"{quoted(key)} is not one of {names[0]} … {names[-1]}{nearest(key, names)}"
            faults.append(Fault(message, (key,), True))
            continue
        try:
            factors[key] = read_number(factor) + 0.0
            if factors[key] < 0:
                raise ReadError("a factor must not be negative")
        except ReadError as wrong:
            faults += wrong.under(key)
    if faults:
        raise ReadError(*faults)
    return factors


_MONTHS = tuple(str(month) for month in range(1, 13))
_FACTOR_MAP = WithJsonSchema({"type": "object", "additionalProperties": {"type": "number", "minimum": 0}})
WeekdayFactors = Annotated[
    dict[str, float], BeforeValidator(lambda value: _read_factors(value, WEEKDAYS)), _FACTOR_MAP
]
MonthFactors = Annotated[
    dict[int, float],
    BeforeValidator(lambda value: {int(month): f for month, f in _read_factors(value, _MONTHS).items()}),
    PlainSerializer(lambda factors: {str(month): f for month, f in factors.items()}, when_used="json"),
    _FACTOR_MAP,
]


class District(Section):
    """`activity` multiplies births, `reporting` the rate at which a problem is reported."""

    population: NotNegative = 1.0
    activity: NotNegative = 1.0
    reporting: NotNegative = 1.0
    streets: PositiveCount = 1
    label: Text | None = None


class DayFactor(Section):
    """Coefficients of variation of the gamma factors of a day, mean 1: one city-wide, one for each group."""

    city: NotNegative = 0.0
    group: NotNegative = 0.0


class Shock(Section):
    """Births are multiplied by `factor` from `from_` until `until`; no `categories` or `districts` means all."""

    from_: Moment = Field(alias="from")
    until: Moment
    factor: NotNegative
    categories: tuple[Text, ...] | None = None
    districts: tuple[Text, ...] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Shock:
        faults = [] if self.from_ < self.until else [Fault("must be later than “from”", ("until",))]
        for key, names in (("categories", self.categories), ("districts", self.districts)):
            if names == ():
                faults.append(Fault("an empty list: leave it out for all", (key,)))
        if faults:
            raise ReadError(*faults)
        return self


class Demand(Section):
    """How births vary over hours (weights), weekdays, months (factors), days and in shocks."""

    hours: Profile = (1.0,) * 24
    weekdays: WeekdayFactors = Field(default=dict.fromkeys(WEEKDAYS, 1.0))
    months: MonthFactors = Field(default={month: 1.0 for month in range(1, 13)})
    day_factor: DayFactor = DayFactor()
    shocks: dict[str, Shock] = Field(default={})


class Redial(Section):
    """Who hangs up calls again with this probability, at most so many times."""

    probability: Probability
    after: Dist
    at_most: Count = 1


class Channel(Section):
    """A way to the hotline. Without a pool there is no intake visit; without `patience` nobody leaves."""

    share: Probability
    pool: Text | None = None
    talk: Dist | None = None
    patience: Dist | None = None
    redial: Redial | None = None
    label: Text | None = None


def _channel_shares(channels: dict[str, Channel]) -> dict[str, Channel]:
    if not channels:
        raise ReadError("at least one channel is wanted")
    sums_to_one({name: channel.share for name, channel in channels.items()})
    return channels


Channels = Annotated[dict[str, Channel], AfterValidator(_channel_shares)]


@dataclass(frozen=True, slots=True)
class Reports:
    """How a problem is reported: once (`every` is None), or at a mean gap of `every` hours until it is fixed or, after
    a mean of `give_up` hours (None: never), given up."""

    every: float | None = None
    give_up: float | None = None

    def written(self) -> str | dict[str, str]:
        """Plain data that reads back the same."""
        if self.every is None:
            return "once"
        given_up = {} if self.give_up is None else {"give_up": duration_text(self.give_up)}
        return {"every": duration_text(self.every), **given_up}


def _read_reports(value: Any) -> Reports:
    if isinstance(value, Reports):
        return value
    if isinstance(value, str) and value == "once":
        return Reports()
    if not isinstance(value, dict):
        raise ReadError(f"“once” or a map with “every” is wanted, not {described(value)}")
    numbers: dict[str, float] = {}
    faults: list[Fault] = [] if "every" in value else [Fault("“every”, the mean gap, is wanted")]
    for key, entry in value.items():
        if key not in ("every", "give_up"):
            faults.append(Fault(f"unknown key{nearest(key, ('every', 'give_up'))}", (key,), True))
            continue
        try:
            numbers[key] = read_duration(entry)
            if not numbers[key]:
                raise ReadError("must be longer than 0")
        except ReadError as wrong:
            faults += wrong.under(key)
    if faults:
        raise ReadError(*faults)
    return Reports(numbers["every"], numbers.get("give_up"))


def _read_by_round(value: Any) -> tuple[float, ...]:
    """One probability, or a list of them by round, of which the last repeats."""
    if not isinstance(value, (list, tuple)):
        return (read_probability(value),)
    rounds: list[float] = []
    faults: list[Fault] = [] if value else [Fault("at least one probability is wanted")]
    for number, entry in enumerate(value):
        try:
            rounds.append(read_probability(entry))
        except ReadError as wrong:
            faults += wrong.under(number)
    if faults:
        raise ReadError(*faults)
    return tuple(rounds)


_PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
ReportsField = Annotated[
    Reports,
    WHOLE,
    BeforeValidator(_read_reports),
    PlainSerializer(Reports.written, when_used="json"),
    WithJsonSchema({"anyOf": [{"const": "once"}, {"type": "object", "required": ["every"]}]}),
]
ByRound = Annotated[
    tuple[float, ...],
    BeforeValidator(_read_by_round),
    WithJsonSchema({"anyOf": [_PROBABILITY, {"type": "array", "items": _PROBABILITY}]}),
]
Kind = Annotated[str, choice("report", "consultation"), WithJsonSchema({"enum": ["report", "consultation"]})]


class JointPart(Section):
    """A further part of a joint matter, for another unit, needed with this probability."""

    unit: Text
    work: Dist
    lead: Dist | None = None
    probability: Probability = 1.0


class Category(Section):
    """A kind of problem: how many are born, how they are reported, who handles them, how long and how well.

    `rate` is births per resident and hour, `total` births of the whole city per hour; exactly one is given.
    `unit`, `urgency` and `confused_with` are shares by name; `resolve` is by round, the last repeats.
    """

    label: Text | None = None
    kind: Kind = "report"
    rate: Rate | None = None
    total: Rate | None = None
    by_district: dict[str, NotNegative] = Field(default={}, json_schema_extra=without_default)
    group: Text = Field(default="", json_schema_extra=without_default)
    hours: Profile = Field(default=(1.0,) * 24, json_schema_extra=without_default)
    reports: ReportsField = Reports()
    urgency: Shares = Field(default={"ordinary": 1.0}, json_schema_extra=without_default)
    unit: Shares | None = None
    accuracy: Probability = Field(default=1.0, json_schema_extra=without_default)
    confused_with: Shares | None = None
    work: Dist | None = None
    lead: Dist | None = None
    never_closed: Probability = 0.0
    resolve: ByRound = (1.0,)
    parts: tuple[JointPart, ...] = ()
