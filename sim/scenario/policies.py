"""The parameters of each policy: what planners turn. A policy that is absent is off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from sim.scenario.calendars import Section
from sim.scenario.distributions import Dist, Distribution, constant, read_distribution
from sim.scenario.errors import ReadError, quoted
from sim.scenario.front_door import EnterpriseLine, OneHotline, Online
from sim.scenario.in_time import Surge, Trust
from sim.scenario.numbers import (
    Count,
    Flag,
    NotNegative,
    Number,
    Probability,
    Text,
    Times,
    choice,
    number_in,
    number_text,
    read_not_negative,
    refuse_plus,
)
from sim.scenario.patrol import ActBefore
from sim.scenario.quantities import Duration, Moment, Months, PositiveDuration, duration_text, read_duration, to_tick
from sim.scenario.staff_side import Discipline
from sim.scenario.supervision import Ranking, Supervision
from sim.scenario.theme import MonthlyTheme

_WORKING = re.compile(r"(?P<amount>\S*?)\s*(?P<unit>workday|workhour)s?(?:\s*,?\s*(?P<closing>by closing))?")
_LIKE_WORKING = re.compile(r"\d.*(work|business|clos)", re.IGNORECASE)
_MOST_WORKDAYS = 1e6


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: `hours` of the clock, or `workdays` or `workhours` of a calendar. Exactly one is not None.

    `workdays` end at the same clock time so many open days later, or `by_closing`: when that day's office closes.
    """

    hours: float | None = None
    workdays: int | None = None
    workhours: float | None = None
    by_closing: bool = False

    @property
    def in_working_time(self) -> bool:
        """Whether it needs a calendar."""
        return self.hours is None

    def written(self) -> str:
        """The text that reads back the same."""
        if self.workdays is not None:
            return f"{self.workdays} workdays{', by closing' if self.by_closing else ''}"
        if self.workhours is not None:
            return f"{number_text(self.workhours)} workhours"
        return duration_text(self.hours or 0.0)


def in_working_time(value: Any) -> bool:
    """Whether this is written as a limit in workdays or workhours."""
    return isinstance(value, str) and _WORKING.fullmatch(value.strip()) is not None


def _almost_in_working_time(value: Any) -> bool:
    """Whether this means working time, but in other words than those that are read."""
    return isinstance(value, str) and not in_working_time(value) and _LIKE_WORKING.match(value.strip()) is not None


def read_limit(value: Any) -> Limit:
    """A duration, `3 workdays`, `3 workdays, by closing` or `8 workhours`."""
    if isinstance(value, Limit):
        return value
    if _almost_in_working_time(value):
        raise ReadError(
            f"{quoted(value)} is not read: write “3 workdays” (to the same clock time), “3 workdays by closing” (until "
            "the office closes on that day) or “8 workhours”"
        )
    found = _WORKING.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return Limit(hours=read_duration(value))
    refuse_plus(value)
    amount, by_closing = number_in(found["amount"]), found["closing"] is not None
    if amount is None:
        raise ReadError(f"a limit such as “3 workdays” is wanted, not {quoted(value)}")
    if amount < 0:
        raise ReadError(f"must not be negative, but is {quoted(value)}")
    if amount > _MOST_WORKDAYS:
        raise ReadError(f"{quoted(value)} is too long")
    if found["unit"] == "workhour":
        if by_closing:
            raise ReadError(f"workdays end by closing, workhours do not: {quoted(value)}")
        return Limit(workhours=to_tick(amount))
    if amount != int(amount):
        raise ReadError(f"workdays are whole: for a part of one write workhours, not {quoted(value)}")
    return Limit(workdays=int(amount), by_closing=by_closing)


def _limits_by_class(value: Any, info: ValidationInfo) -> Any:
    """One limit is the limit of every class; the loader says in the context which classes there are."""
    if isinstance(value, (dict, list, tuple)):
        return value
    limit = read_limit(value)
    return {name: limit for name in (info.context or {}).get("classes", ())}


LimitField = Annotated[
    Limit,
    BeforeValidator(read_limit),
    PlainSerializer(Limit.written, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["24 h", "3 workdays", "3 workdays, by closing", "8 workhours"]}),
]
LimitsByClass = Annotated[
    dict[str, LimitField],
    BeforeValidator(_limits_by_class),
    WithJsonSchema({"type": ["string", "object"], "additionalProperties": {"type": "string"}}),
]
ByCategory = dict[str, Probability]


def _read_time(value: Any) -> Limit | Distribution:
    """A limit in working time, else a distribution."""
    if isinstance(value, Limit):
        return value
    told = in_working_time(value) or _almost_in_working_time(value)
    return read_limit(value) if told else read_distribution(value)


TimeField = Annotated[
    Limit | Distribution,
    BeforeValidator(_read_time),
    PlainSerializer(lambda time: time.written(), when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "string", "examples": ["5 d", "3 workdays"]}, {"type": "object"}]}),
]


class InstantAnswer(Section):
    """The probability that a consultation is answered on the spot."""

    answered: Probability = 0.0
    by_category: ByCategory = Field(default={})


class FirstRecipient(Section):
    """The first unit stays owner; when it was the wrong one it coordinates in one visit."""

    coordination: Dist


class Extension(Section):
    """An owner asks `ask_before` the due date for `length` more and gets it with a probability."""

    ask_before: LimitField
    probability: Probability
    length: LimitField


class Parking(Section):
    """The share of requests that are parked (挂账), and for how long."""

    share: Probability = 0.0
    by_category: ByCategory = Field(default={})
    time: TimeField


class TimeLimits(Section):
    """Limits by class for contacting the citizen and for resolving, and by category (wins over class)."""

    from_: Annotated[Literal["dispatch", "arrival"], choice("dispatch", "arrival")] = Field("dispatch", alias="from")
    contact: LimitsByClass = Field(default={})
    resolve: LimitsByClass = Field(default={})
    by_category: dict[str, LimitField] = Field(default={})
    calendar: Text | None = None
    extension: Extension | None = None
    parking: Parking | None = None


class ClassifiedHandling(Section):
    """The discipline of every unit that names none, and the share of contacts that are out of scope."""

    discipline: Discipline = "class"
    head_start: dict[str, Duration] = Field(default={})
    out_of_scope: Probability = 0.0
    by_category: ByCategory = Field(default={})


class Upkeep(Section):
    """The duty list of each desk is brought up to date at every so many turns of the month, in so much work."""

    every: Months = 1
    work: Dist


class DutyList(Section):
    """At each turn of the month a share of what is right in the duty list (职责清单) becomes wrong."""

    drift: Probability
    upkeep: Upkeep | None = None


class PreciseDispatch(Section):
    """Better accuracy of the desk (None: unchanged), no detour by the district, recognised duplicates, a duty list.

    `accuracy` is that of all categories that name none themselves; `at_least` raises those below it.
    """

    accuracy: Probability | None = None
    at_least: Probability | None = None
    redispatch_accuracy: Probability | None = None
    by_category: ByCategory = Field(default={})
    direct_to_street: Flag = False
    duplicates: Probability = 0.0
    duty_list: DutyList | None = None


class Says(Section):
    """The probability of saying yes, given what truly is."""

    if_true: Probability = 1.0
    if_false: Probability = 0.0


class SaysResolved(Says):
    """… and while the request is still open, where citizens are asked at the due date (None: as if not resolved)."""

    while_open: Probability | None = None


class SatisfactionLevels(Section):
    """How far above or below the border of satisfaction (0, in log odds) the levels beside the middle ones begin."""

    very_satisfied: NotNegative
    satisfied: NotNegative
    very_dissatisfied: Number

    @model_validator(mode="after")
    def _in_order(self) -> SatisfactionLevels:
        if not self.very_satisfied >= self.satisfied >= 0 >= self.very_dissatisfied:
            raise ReadError("the levels must be in order: very_satisfied ≥ satisfied ≥ 0 ≥ very_dissatisfied")
        return self


class Satisfaction(Section):
    """Coefficients of the logistic model of satisfaction. With `levels` its answers are told in five, too."""

    intercept: Number = 0.0
    said_resolved: Number = 0.0
    late: Number = 0.0
    log_days: Number = 0.0
    hops: Number = 0.0
    rounds: Number = 0.0
    levels: SatisfactionLevels | None = None


class Reopen(Section):
    """After “not resolved” the request goes back for another round."""

    to: Annotated[Literal["owner", "dispatch"], choice("owner", "dispatch")] = "owner"
    at_most: Times = 1
    probability: Probability = 1.0


def _takes_time(after: Distribution) -> Distribution:
    if not after.mean > 0:
        raise ReadError("must be longer than 0, or citizens would call for ever at one moment")
    return after


class CallAgain(Section):
    """After “not resolved”, if not reopened, the citizen calls again."""

    probability: Probability
    after: Annotated[Dist, AfterValidator(_takes_time)]


class ScoreWeights(Section):
    """Weights of the three rates in the score; they sum to 1, one not given is 0."""

    response: Probability = 0.0
    resolution: Probability = 0.0
    satisfaction: Probability = 0.0

    @model_validator(mode="after")
    def _sum(self) -> ScoreWeights:
        total = self.response + self.resolution + self.satisfaction
        if abs(total - 1) > 1e-9:
            raise ReadError(f"the weights must sum to 1, but sum to {total:.10g}")
        return self


def _some_people(value: Any) -> float:
    people = read_not_negative(value)
    if not people:
        raise ReadError("must be above 0: so many residents are what requests are counted by")
    return people


class PerHead(Section):
    """What a unit's sheet loses for each request that comes to it in the month by so many `residents`."""

    weight: NotNegative
    residents: Annotated[
        float, BeforeValidator(_some_people), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})
    ] = 10_000.0


class Score(Section):
    """Which round's answers count for the score, how the three rates are weighted, and how long after a month its
    sheet is `published`: what becomes known later changes it no more.
    """

    round: Annotated[Literal["first", "last"], choice("first", "last")] = "first"
    weights: ScoreWeights = ScoreWeights(response=0.2, resolution=0.4, satisfaction=0.4)
    per_head: PerHead | None = None
    published: Duration = 0.0


class Review(Section):
    """A review of what a unit asks for, at a pool."""

    pool: Text
    work: Dist


class Exclusion(Section):
    """After a scored negative answer a unit may ask, once a request, to leave it out of the rates (剔除)."""

    on: Annotated[Literal["resolved", "satisfied"], choice("resolved", "satisfied")] = "resolved"
    asks: Probability
    granted: Probability
    review: Review


class Callback(Section):
    """The hotline asks the citizen: `work` is a call that reaches them, `ring` one that does not.

    Without the coefficients of `satisfied` nobody is asked for satisfaction, and there is no such rate.
    """

    pool: Text
    after: Annotated[Literal["closing", "due"], choice("closing", "due")] = "closing"
    coverage: Probability = 1.0
    reach: Probability = 1.0
    retries: Times = 0
    retry_after: Dist = constant(24.0)
    work: Dist
    ring: Dist = constant(0.0)
    contacted: Says = Says()
    resolved: SaysResolved = SaysResolved()
    satisfied: Satisfaction | None = None
    reopen: Reopen | None = None
    call_again: CallAgain | None = None
    exclusion: Exclusion | None = None
    score: Score = Score()


class WhistleWhen(Section):
    """A whistle is blown where so many parts are needed, for these classes (none named: all), from this round on."""

    parts: Times = 1
    urgency: list[Text] = Field(default=[])
    round: Times = 1


class Whistle(Section):
    """Whistle and report: the parts of a joint matter are done at one time, each to be begun by `report_by`.

    `budget` is what an owner may blow in a calendar month; above it parts are done one after the other.
    """

    blown: Annotated[Literal["start", "after_own"], choice("start", "after_own")] = "start"
    when: WhistleWhen = WhistleWhen()
    budget: Count | None = None
    report_by: LimitsByClass = Field(default={})
    calendar: Text | None = None


class Council(Section):
    """Officers of a unit sit at a table (议事厅) every so often; a share of first reports is brought there.

    `first` is when the first session begins, `seats` how many officers of each place leave the office for its `hours`.
    """

    unit: Text
    share: dict[str, Probability]
    settles: Probability
    first: Moment
    every: PositiveDuration
    hours: PositiveDuration
    seats: Count
    work: Dist
    wait: Duration | None = None

    @model_validator(mode="after")
    def _one_after_the_other(self) -> Council:
        if self.every < self.hours:
            raise ReadError("the next session begins before this one is over: “every” is shorter than “hours”")
        return self


class Policies(Section):
    """The policies that are on."""

    one_hotline: OneHotline | None = None
    enterprise_line: EnterpriseLine | None = None
    online: Online | None = None
    instant_answer: InstantAnswer | None = None
    first_recipient: FirstRecipient | None = None
    time_limits: TimeLimits | None = None
    classified_handling: ClassifiedHandling | None = None
    precise_dispatch: PreciseDispatch | None = None
    whistle: Whistle | None = None
    callback: Callback | None = None
    surge: Surge | None = None
    council: Council | None = None
    ranking: Ranking | None = None
    supervision: Supervision | None = None
    trust: Trust | None = None
    act_before: ActBefore | None = None
    monthly_theme: MonthlyTheme | None = None
