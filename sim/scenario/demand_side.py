"""What citizens bring: districts, categories of problems, the rhythm of their birth, the ways they call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from sim.scenario.calendars import WEEKDAYS, Section
from sim.scenario.distributions import Dist, constant
from sim.scenario.errors import Fault, ReadError, nearest, read_each
from sim.scenario.holidays import QuietHolidays
from sim.scenario.numbers import (
    MOST_PARTS,
    Flag,
    NotNegative,
    PositiveCount,
    Probability,
    Text,
    Times,
    choice,
    described,
    read_probability,
)
from sim.scenario.quantities import Moment, Rate, duration_text, read_positive_duration
from sim.scenario.weights import (
    ByRound,
    MonthFactors,
    Profile,
    Shares,
    WeekdayFactors,
    without_default,
)


class District(Section):
    """`activity` multiplies births, `reporting` the rate at which a problem is reported.

    What is no `place`, such as “not stated”, takes no part in the gap between districts.
    """

    population: NotNegative = 1.0
    activity: NotNegative = 1.0
    reporting: NotNegative = 1.0
    streets: PositiveCount = 1
    place: Flag = True
    label: Text | None = None


def _possible_cv(cv: float) -> float:
    if cv and not 1e-3 <= cv <= 100:
        raise ReadError("a cv is 0 or between 0.001 and 100")
    return cv


class DayFactor(Section):
    """Coefficients of variation of the gamma factors of a day, mean 1: one city-wide, one for each group."""

    city: Annotated[NotNegative, AfterValidator(_possible_cv)] = 0.0
    group: Annotated[NotNegative, AfterValidator(_possible_cv)] = 0.0


def _some_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ReadError("an empty list: leave it out for all")
    return names


Names = Annotated[tuple[Text, ...], AfterValidator(_some_names)]


class Shock(Section):
    """Births are multiplied by `factor` from `from_` until `until`; None for a list means all."""

    from_: Moment = Field(alias="from")
    until: Moment
    factor: NotNegative
    categories: Names | None = None
    districts: Names | None = None


#: By so much, at most, policies turn demand unless the scenario says otherwise.
CEILING = 10.0


class Demand(Section):
    """How births vary over hours (weights), weekdays, months (factors), on holidays, over days and in shocks.

    Policies turn them at most by the factor `ceiling`.
    """

    hours: Profile = (1.0,) * 24
    weekdays: WeekdayFactors = Field(default=dict.fromkeys(WEEKDAYS, 1.0))
    months: MonthFactors = Field(default={month: 1.0 for month in range(1, 13)})
    holidays: QuietHolidays | None = None
    day_factor: DayFactor = DayFactor()
    shocks: dict[str, Shock] = Field(default={})
    ceiling: NotNegative = CEILING


class Redial(Section):
    """Who hangs up calls again with this probability, at most so many times."""

    probability: Probability
    after: Dist
    at_most: Times = 1


class Line(Section):
    """One of several numbers to call, for these categories (None: for all that no other line is for).

    Without a `talk` or `patience` of its own it has those of the channel.
    """

    pool: Text
    categories: Names | None = None
    talk: Dist | None = None
    patience: Dist | None = None


class WrongLine(Section):
    """The share of calls that go to another line, where people `talk` for a while and tell the right number; with
    `again` the next call, `after` some time, may be wrong too.
    """

    share: Probability
    talk: Dist
    again: Flag = False
    after: Dist = constant(0.0)


class Channel(Section):
    """A way to the hotline: a pool, or several lines. Without either there is no intake visit; without `patience`
    nobody leaves.

    Without a `kind` it is by phone where there are lines or callers have patience, else online.
    """

    RIVALS: ClassVar = (("pool",), ("lines", "wrong_line"))

    share: Probability
    kind: Annotated[Literal["phone", "online"], choice("phone", "online")] | None = None
    pool: Text | None = None
    talk: Dist | None = None
    patience: Dist | None = None
    redial: Redial | None = None
    lines: dict[str, Line] | None = None
    wrong_line: WrongLine | None = None
    label: Text | None = None

    @property
    def is_phone(self) -> bool:
        """Whether it is by phone."""
        return self.kind == "phone" or (self.kind is None and (self.patience is not None or bool(self.lines)))

    @property
    def hangs_up(self) -> bool:
        """Whether callers may hang up."""
        return self.patience is not None or any(line.patience for line in (self.lines or {}).values())


def _some_channels(channels: dict[str, Channel]) -> dict[str, Channel]:
    if not channels:
        raise ReadError("at least one channel is wanted")
    return channels


Channels = Annotated[dict[str, Channel], AfterValidator(_some_channels)]


@dataclass(frozen=True, slots=True)
class Reports:
    """How a problem is reported: once (`every` is None), a share `reported` of them at all, or at a mean gap of `every`
    hours until it is fixed or, after a mean of `give_up` hours (None: never), given up.
    """

    every: float | None = None
    give_up: float | None = None
    reported: float = 1.0

    def written(self) -> str | dict[str, str] | dict[str, float]:
        """Plain data that reads back the same."""
        if self.every is None:
            return "once" if self.reported == 1.0 else {"reported": self.reported}
        given_up = {} if self.give_up is None else {"give_up": duration_text(self.give_up)}
        return {"every": duration_text(self.every), **given_up}


def _read_reports(value: Any) -> Reports:
    if isinstance(value, Reports):
        return value
    if isinstance(value, str) and value == "once":
        return Reports()
    if not isinstance(value, dict):
        raise ReadError(f"“once” or a map with “every” or “reported” is wanted, not {described(value)}")
    keys = ("every", "give_up", "reported")
    faults = [Fault(f"unknown key{nearest(key, keys)}", (key,), True) for key in value if key not in keys]
    if "every" in value and "reported" in value:
        faults.append(Fault("cannot stand beside “every”: who reports again and again reports", ("reported",), True))
    elif "every" not in value and ("give_up" in value or "reported" not in value):
        faults.append(Fault("“every”, the mean gap, is wanted"))
    numbers: dict[str, float] = {}
    for several, reader in ((keys[:2], read_positive_duration), (keys[2:], read_probability)):
        try:
            numbers |= read_each(((key, value[key]) for key in several if key in value), reader)
        except ReadError as wrong:
            faults += wrong.faults
    if faults:
        raise ReadError(*faults)
    return Reports(numbers.get("every"), numbers.get("give_up"), numbers.get("reported", 1.0))


ReportsField = Annotated[
    Reports,
    BeforeValidator(_read_reports),
    PlainSerializer(Reports.written, when_used="json"),
    WithJsonSchema({"anyOf": [{"const": "once"}, {"type": "object"}]}),
]
Kind = Annotated[str, choice("report", "consultation"), WithJsonSchema({"enum": ["report", "consultation"]})]


class JointPart(Section):
    """A further part of a joint matter, for another unit, needed with this probability."""

    unit: Text
    work: Dist
    lead: Dist | None = None
    probability: Probability = 1.0


def _few_parts(parts: tuple[JointPart, ...]) -> tuple[JointPart, ...]:
    if len(parts) > MOST_PARTS:
        raise ReadError(f"at most {MOST_PARTS} parts are possible, not {len(parts)}")
    return parts


Parts = Annotated[tuple[JointPart, ...], AfterValidator(_few_parts), Field(json_schema_extra={"maxItems": MOST_PARTS})]


class Category(Section):
    """A kind of problem: how many are born, how they are reported, who handles them, how long and how well.

    `rate` is births per resident and hour, `total` births of the whole city per hour; exactly one is given.
    `unit`, `urgency` and `confused_with` are shares by name; `resolve` is by round, the last repeats. Without an
    `accuracy` of its own, that of the desk or of precise dispatch holds. `from_firms` is a share of phone contacts.
    """

    RIVALS: ClassVar = (("rate",), ("total",))

    label: Text | None = None
    kind: Kind = "report"
    rate: Rate | None = None
    total: Rate | None = None
    by_district: dict[str, NotNegative] = Field(default={}, json_schema_extra=without_default)
    group: Text = Field(default="", json_schema_extra=without_default)
    hours: Profile = Field(default=(1.0,) * 24, json_schema_extra=without_default)
    reports: ReportsField = Reports()
    from_firms: Probability | None = None
    urgency: Shares = Field(default={"ordinary": 1.0}, json_schema_extra=without_default)
    unit: Shares | None = None
    accuracy: Probability | None = Field(default=None, json_schema_extra=without_default)
    confused_with: Shares | None = None
    work: Dist | None = None
    lead: Dist | None = None
    never_closed: Probability = 0.0
    resolve: ByRound = (1.0,)
    parts: Parts = ()
