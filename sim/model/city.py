"""From a scenario to the city that the engines run: names become indices, distributions become tables.

A ``City`` is a pure function of the scenario, frozen, and shared by all replications.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from sim.model import rules
from sim.model.draws import Tables, name_key
from sim.model.quantiles import tables_of
from sim.model.rhythm import mean_births
from sim.model.staffing import Family, PoolPlan, Roster, Staffing
from sim.scenario import Scenario
from sim.scenario.demand_side import Category, Channel
from sim.scenario.distributions import Distribution
from sim.scenario.policies import Limit

#: How far beyond the end calendars reach, so that due dates in working time can still be compared (hours).
BEYOND = 3 * 8766.0

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """A time to wait: an amount in hours or workdays, and how it is told (see ``rules``)."""

    amount: float
    kind: int


NO_LIMIT = Span(math.inf, rules.ON_THE_CLOCK)


@dataclass(frozen=True, eq=False)
class Redial:
    probability: float
    after: int
    at_most: int


@dataclass(frozen=True, eq=False)
class ChannelPlan:
    """How contacts of one channel come in. ``family`` None: there is no intake stage; ``patience`` −1: they wait."""

    name: str
    family: Family | None
    talk: int
    patience: int
    redial: Redial


@dataclass(frozen=True, eq=False)
class Part:
    """A further part of a joint matter; distributions are table numbers, −1 for none."""

    family: Family
    work: int
    lead: int
    probability: float


@dataclass(frozen=True, eq=False)
class CategoryPlan:
    """What is known about the requests of one category. Distributions are table numbers, −1 for none."""

    name: str
    is_report: bool
    report_gap: float  # mean hours between reports of one problem, before the district's reporting rate; 0: once
    give_up: float  # mean hours
    urgency: Weights  # of the classes
    right_unit: Weights  # of the city's unit families
    accuracy: float
    redispatch_accuracy: float
    confused_with: Weights | None
    answered: float
    out_of_scope: float
    work: int
    lead: int
    never_closed: float
    resolve: tuple[float, ...]
    parts: tuple[Part, ...]
    parking: float
    contact_limit: tuple[Span, ...]  # by urgency class
    resolve_limit: tuple[Span, ...]


@dataclass(frozen=True, eq=False)
class DispatchPlan:
    family: Family
    work: int
    review: int
    max_hops: int
    backstop: int  # unit family, −1: the right unit
    district_desk: Family | None
    district_work: int
    duplicates: float


@dataclass(frozen=True, eq=False)
class Extension:
    ask_before: Span
    probability: float
    length: Span


@dataclass(frozen=True, eq=False)
class CallbackPlan:
    """The callback policy with table numbers; ``reopen_at_most`` 0: never reopened."""

    family: Family
    after_due: bool
    coverage: float
    reach: float
    retries: int
    retry_after: int
    work: int
    ring: int
    contacted: tuple[float, float]  # probability of saying so if (false, true)
    resolved: tuple[float, float]
    satisfied: NDArray[np.float64] | None  # coefficients; None: nobody is asked for it
    reopen_to_dispatch: bool
    reopen_at_most: int
    reopen_probability: float
    call_again: float
    call_again_after: int
    score_last: bool


@dataclass(frozen=True, eq=False)
class City:
    """Everything the engines read.

    Districts and categories are numbered as the scenario lists them; pools and units, whose order decides ties, by
    name, channels by falling share: the order in which a file lists things changes nothing. ``…_names`` are the keys of
    their names.
    """

    scenario: Scenario
    end: float
    districts: tuple[str, ...]
    categories: tuple[CategoryPlan, ...]
    channels: tuple[ChannelPlan, ...]
    channel_names: NDArray[np.uint64]
    channel_share: Weights
    class_names: NDArray[np.uint64]
    unit_names: NDArray[np.uint64]
    unit_families: tuple[Family, ...]
    first_street: tuple[int, ...]
    streets: tuple[int, ...]
    reporting: tuple[float, ...]
    family_volume: tuple[Weights, ...]  # by district: expected requests by unit family
    births: NDArray[np.float64]  # mean births per hour before factors, [district, category]
    birth_keys: NDArray[np.uint64]  # [district, category]
    pools: tuple[PoolPlan, ...]
    rosters: tuple[Roster, ...]
    limit_roster: int  # whose open hours are the working time of the limits, −1: none
    workdays: NDArray[np.float64]  # of that calendar: midnight, first opening, last closing of each day, [3, day]
    tables: Tables
    means: tuple[float, ...]  # of each table, hours
    dispatch: DispatchPlan | None
    contact_work: int
    coordination: int  # table of the coordination visit, −1: no first-recipient responsibility
    limits_from_arrival: bool
    extension: Extension | None
    parking_time: int  # table
    parking: Span | None  # where it is told in working time
    callback: CallbackPlan | None


def _weights(names: Sequence[str], weights: Mapping[str, float]) -> Weights:
    return np.array([weights.get(n, 0.0) for n in names], float)


def _name_keys(names: Sequence[str]) -> NDArray[np.uint64]:
    return np.array([name_key(name) for name in names], np.uint64)


class _Builder:
    """Numbers the distributions while the plans are made."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.specs: dict[Distribution, int] = {}
        self.units = tuple(sorted(scenario.units))
        self.births = mean_births(scenario)
        reach = (scenario.time.end - scenario.time.start) / timedelta(hours=1) + BEYOND
        self.staffing = Staffing(scenario, reach, [float(x) for x in self.births.sum(axis=1)])
        self.families = self.staffing.families

    def table(self, spec: Distribution | None) -> int:
        return -1 if spec is None else self.specs.setdefault(spec, len(self.specs))

    def span(self, limit: Limit) -> Span:
        """A limit, or another time that may be told in working time."""
        if limit.workdays is not None:
            return Span(limit.workdays, rules.BY_CLOSING if limit.by_closing else rules.WORKDAYS)
        if limit.workhours is not None:
            return Span(limit.workhours, rules.WORKHOURS)
        assert limit.hours is not None
        return Span(limit.hours, rules.ON_THE_CLOCK)

    def limit(self, limit: Limit | None) -> Span:
        return NO_LIMIT if limit is None else self.span(limit)

    def limits(self, category: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """Contact and resolve limits of a category, by urgency class."""
        classes, policy = self.scenario.classes, self.scenario.policies.time_limits
        if policy is None:
            return (NO_LIMIT,) * len(classes), (NO_LIMIT,) * len(classes)
        own = policy.by_category.get(category)
        return (
            tuple(self.limit(policy.contact.get(c)) for c in classes),
            tuple(self.limit(own or policy.resolve.get(c)) for c in classes),
        )

    def accuracies(self, name: str, spec: Category) -> tuple[float, float]:
        """How often the desk finds the right unit of a category, at first and after a wrong one.

        A scalar is the level of all that name none themselves: the category's own accuracy wins over it, and
        ``by_category`` over that. A second look is as good as the first unless the scenario says otherwise.
        """
        dispatch, precise = self.scenario.dispatch, self.scenario.policies.precise_dispatch
        if dispatch is None:
            return 1.0, 1.0
        level, again, at_least = dispatch.accuracy, dispatch.redispatch_accuracy, 0.0
        if precise is not None:
            level = level if precise.accuracy is None else precise.accuracy
            again = again if precise.redispatch_accuracy is None else precise.redispatch_accuracy
            at_least = precise.at_least or 0.0
        level = level if spec.accuracy is None else spec.accuracy
        if precise is not None:
            level = precise.by_category.get(name, level)
        first = max(level, at_least)
        return first, first if again is None else again

    def category(self, name: str, spec: Category) -> CategoryPlan:
        scenario, policies = self.scenario, self.scenario.policies
        accuracy, redispatch = self.accuracies(name, spec)
        answered = out_of_scope = parking = 0.0
        if policies.instant_answer is not None and spec.kind == "consultation":
            answered = policies.instant_answer.by_category.get(name, policies.instant_answer.answered)
        if policies.classified_handling is not None:
            rule = policies.classified_handling
            out_of_scope = rule.by_category.get(name, rule.out_of_scope)
        if policies.time_limits is not None and policies.time_limits.parking is not None:
            parking = policies.time_limits.parking.by_category.get(name, policies.time_limits.parking.share)
        contact_limit, resolve_limit = self.limits(name)
        return CategoryPlan(
            name=name,
            is_report=spec.kind == "report",
            report_gap=spec.reports.every or 0.0,
            give_up=math.inf if spec.reports.give_up is None else spec.reports.give_up,
            urgency=_weights(scenario.classes, spec.urgency),
            right_unit=_weights(self.units, spec.unit or {}),
            accuracy=accuracy,
            redispatch_accuracy=redispatch,
            confused_with=_weights(self.units, spec.confused_with) if spec.confused_with else None,
            answered=answered,
            out_of_scope=out_of_scope,
            work=self.table(spec.work),
            lead=self.table(spec.lead),
            never_closed=spec.never_closed,
            resolve=tuple(spec.resolve),
            parts=tuple(
                Part(self.families[p.unit], self.table(p.work), self.table(p.lead), p.probability) for p in spec.parts
            ),
            parking=parking,
            contact_limit=contact_limit,
            resolve_limit=resolve_limit,
        )

    def channels_by_share(self) -> list[tuple[str, Channel]]:
        """The largest first: then it is soonest told who comes by which (``rules.choose``)."""
        return sorted(self.scenario.channels.items(), key=lambda entry: (-entry[1].share, entry[0]))

    def channels(self) -> tuple[ChannelPlan, ...]:
        plans = []
        for name, spec in self.channels_by_share():
            redial = Redial(0.0, -1, 0)
            if spec.redial is not None:
                redial = Redial(spec.redial.probability, self.table(spec.redial.after), spec.redial.at_most)
            family = None if spec.pool is None else self.families[spec.pool]
            plans.append(ChannelPlan(name, family, self.table(spec.talk), self.table(spec.patience), redial))
        return tuple(plans)

    def dispatch(self) -> DispatchPlan | None:
        spec, precise = self.scenario.dispatch, self.scenario.policies.precise_dispatch
        if spec is None:
            return None
        desk = spec.district_desk
        if precise is not None and precise.direct_to_street:
            desk = None
        return DispatchPlan(
            family=self.families[spec.pool],
            work=self.table(spec.work),
            review=self.table(spec.review),
            max_hops=spec.max_hops,
            backstop=-1 if spec.backstop is None else self.units.index(spec.backstop),
            district_desk=None if desk is None else self.families[desk.pool],
            district_work=-1 if desk is None else self.table(desk.work),
            duplicates=0.0 if precise is None else precise.duplicates,
        )

    def callback(self) -> CallbackPlan | None:
        spec = self.scenario.policies.callback
        if spec is None:
            return None
        said = spec.satisfied
        reopen, again, first = spec.reopen, spec.call_again, self.scenario.policies.first_recipient
        return CallbackPlan(
            family=self.families[spec.pool],
            after_due=spec.after == "due",
            coverage=spec.coverage,
            reach=spec.reach,
            retries=spec.retries,
            retry_after=self.table(spec.retry_after),
            work=self.table(spec.work),
            ring=self.table(spec.ring),
            contacted=(spec.contacted.if_false, spec.contacted.if_true),
            resolved=(spec.resolved.if_false, spec.resolved.if_true),
            satisfied=None
            if said is None
            else np.array([said.intercept, said.said_resolved, said.late, said.log_days, said.hops, said.rounds]),
            # who is responsible from the first stays so
            reopen_to_dispatch=reopen is not None and reopen.to == "dispatch" and first is None,
            reopen_at_most=0 if reopen is None else reopen.at_most,
            reopen_probability=0.0 if reopen is None else reopen.probability,
            call_again=0.0 if again is None else again.probability,
            call_again_after=-1 if again is None else self.table(again.after),
            score_last=spec.score.round == "last",
        )

    def family_volume(self, categories: Sequence[CategoryPlan]) -> tuple[Weights, ...]:
        """By district: expected requests by unit family, by which a wrong unit is drawn by default."""
        share = np.stack([c.right_unit for c in categories])
        passed = np.array([(1.0 - c.out_of_scope) * (1.0 - c.answered) for c in categories])
        return tuple((self.births * passed) @ share)

    def build(self) -> City:
        scenario, staffing = self.scenario, self.staffing
        policies = scenario.policies
        categories = tuple(self.category(n, c) for n, c in scenario.categories.items())
        limits = policies.time_limits
        limit_roster, workdays = -1, np.zeros((3, 0))
        if limits is not None and limits.calendar is not None:
            limit_roster = staffing.calendar_roster(limits.calendar)
            workdays = staffing.workdays(limits.calendar)
        extension = parking_time = parking = None
        if limits is not None and limits.parking is not None:
            if isinstance(limits.parking.time, Limit):
                parking = self.span(limits.parking.time)
            else:
                parking_time = limits.parking.time
        if limits is not None and limits.extension is not None:
            e = limits.extension
            extension = Extension(self.span(e.ask_before), e.probability, self.span(e.length))
        first = policies.first_recipient
        channels, dispatch, callback = self.channels(), self.dispatch(), self.callback()
        contact_work = self.table(None if scenario.contact is None else scenario.contact.work)
        coordination = self.table(None if first is None else first.coordination)
        parked = self.table(parking_time)
        keys = [[name_key("birth", d, c) for c in scenario.categories] for d in scenario.districts]
        return City(
            scenario=scenario,
            end=scenario.hours_of(scenario.time.end),
            districts=tuple(scenario.districts),
            categories=categories,
            channel_names=_name_keys([name for name, _ in self.channels_by_share()]),
            channel_share=np.array([channel.share for _, channel in self.channels_by_share()]),
            class_names=_name_keys(scenario.classes),
            unit_names=_name_keys(self.units),
            unit_families=tuple(self.families[u] for u in self.units),
            first_street=tuple(staffing.first_street),
            streets=tuple(staffing.streets),
            reporting=tuple(d.reporting for d in scenario.districts.values()),
            family_volume=self.family_volume(categories),
            births=self.births,
            birth_keys=np.array(keys, np.uint64),
            pools=tuple(staffing.pools),
            rosters=tuple(staffing.rosters),
            limit_roster=limit_roster,
            workdays=workdays,
            tables=tables_of(self.specs),
            means=tuple(spec.mean for spec in self.specs),
            limits_from_arrival=limits is not None and limits.from_ == "arrival",
            extension=extension,
            channels=channels,
            dispatch=dispatch,
            contact_work=contact_work,
            coordination=coordination,
            parking_time=parked,
            parking=parking,
            callback=callback,
        )


def build_city(scenario: Scenario) -> City:
    """The city of a scenario."""
    return _Builder(scenario).build()
