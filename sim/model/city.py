"""From a scenario to the city that the engines run: what each mechanism makes of it (``policies``), put together.

A ``City`` is a pure function of the scenario, frozen, and shared by all replications.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.model import initial
from sim.model.draws import Tables, name_key
from sim.model.index import NO_TABLE, Index, Table, Weights, name_keys, weights_of
from sim.model.initial import Group
from sim.model.policies import (
    act_before,
    callback,
    classified_handling,
    council,
    enterprise_line,
    first_recipient,
    instant_answer,
    monthly_theme,
    one_hotline,
    online,
    precise_dispatch,
    ranking,
    sheet,
    supervision,
    surge,
    time_limits,
    trust,
    whistle,
)
from sim.model.policies.act_before import ActBefore, Sight
from sim.model.policies.callback import Callback
from sim.model.policies.classified_handling import ClassifiedHandling
from sim.model.policies.council import Brought, Council
from sim.model.policies.enterprise_line import EnterpriseLine, Firms
from sim.model.policies.first_recipient import FirstRecipient
from sim.model.policies.instant_answer import InstantAnswer
from sim.model.policies.monthly_theme import MonthlyTheme
from sim.model.policies.one_hotline import Lines, WrongLine
from sim.model.policies.online import Moves, Online
from sim.model.policies.precise_dispatch import Accuracy, Dispatch
from sim.model.policies.ranking import Ranking
from sim.model.policies.sheet import Sheet
from sim.model.policies.supervision import Supervision
from sim.model.policies.surge import Surge
from sim.model.policies.time_limits import Limits, Parked, TimeLimits
from sim.model.policies.trust import Trust
from sim.model.policies.whistle import Whistle
from sim.model.rhythm import mean_births
from sim.model.staffing import BEYOND, Family, PoolPlan, Roster, Staffing
from sim.scenario import Scenario
from sim.scenario.demand_side import Category, Channel
from sim.scenario.patrol import PATROL


@dataclass(frozen=True)
class DistrictPlan:
    """A district. ``first_street``: the streets of the city that come before its own."""

    name: str
    reporting: float
    first_street: int
    streets: int


@dataclass(frozen=True)
class Redial:
    probability: float
    after: Table
    at_most: int


@dataclass(frozen=True)
class ChannelPlan:
    """How contacts of one channel come in; who answers them is told by the city's lines."""

    name: str
    is_phone: bool
    redial: Redial
    wrong_line: WrongLine | None


@dataclass(frozen=True)
class Contact:
    """The unit contacts the citizen."""

    work: Table


@dataclass(frozen=True)
class Part:
    """A further part of a joint matter."""

    family: Family
    work: Table
    lead: Table
    probability: float


@dataclass(frozen=True, eq=False)
class CategoryPlan:
    """What is known about the requests of one category."""

    name: str
    is_report: bool
    reported: float  # the share of problems that are reported, where that is done once
    report_gap: float  # mean hours between reports of one problem, before the district's reporting rate; 0: once
    give_up: float  # mean hours
    urgency: Weights  # of the classes
    only_urgency: int  # the class that it always has, −1: it is drawn
    right_unit: Weights  # of the city's unit families
    only_family: int
    is_confused: bool
    confused_with: Weights  # where it is confused, of the city's unit families
    work: Table
    lead: Table
    never_closed: float
    resolve: tuple[float, ...]  # by round
    parts: tuple[Part, ...]
    limits: tuple[Limits, ...]
    firms: Firms
    moves: Moves
    instant_answer: InstantAnswer
    classified_handling: ClassifiedHandling
    accuracy: Accuracy
    parking: Parked
    council: Brought
    sight: Sight

    @property
    def dispatched(self) -> float:
        """The share of those who are answered at intake that go on to a unit."""
        return (1.0 - self.classified_handling.out_of_scope) * (1.0 - self.instant_answer.answered)


@dataclass(frozen=True, eq=False)
class City:
    """Everything the engines read.

    Districts and categories are numbered as the scenario lists them; pools and units, whose order decides ties, by
    name, channels by falling share: the order in which a file lists things changes nothing. ``…_names`` are the keys of
    their names. A stage that is absent, or a mechanism that is off, is None.
    """

    scenario: Scenario
    end: float
    districts: tuple[DistrictPlan, ...]
    categories: tuple[CategoryPlan, ...]
    channels: tuple[ChannelPlan, ...]
    channel_names: NDArray[np.uint64]
    channel_share: Weights
    lines: Lines
    class_names: NDArray[np.uint64]
    unit_names: NDArray[np.uint64]
    unit_families: tuple[Family, ...]
    family_volume: NDArray[np.float64]  # expected requests by unit family, [district, family]
    births: NDArray[np.float64]  # mean births per hour before factors, [district, category]
    birth_keys: NDArray[np.uint64]  # [district, category]
    initial: tuple[Group, ...]  # what is open at the start
    pools: tuple[PoolPlan, ...]
    rosters: tuple[Roster, ...]
    months: tuple[str, ...]  # the calendar months of the run, such as “2024-03”
    turns: NDArray[np.float64]  # when each begins, but for the first
    tables: Tables
    means: tuple[float, ...]  # of each table, hours
    contact: Contact | None
    enterprise_line: EnterpriseLine | None
    online: Online | None
    dispatch: Dispatch | None
    first_recipient: FirstRecipient | None
    time_limits: TimeLimits | None
    whistle: Whistle | None
    callback: Callback | None
    sheet: Sheet | None
    ranking: Ranking | None
    supervision: Supervision | None
    surge: Surge | None
    council: Council | None
    trust: Trust | None
    act_before: ActBefore | None
    monthly_theme: MonthlyTheme | None

    @property
    def has_errands(self) -> bool:
        """Whether some mechanism needs people's time that belongs to no request."""
        lists = None if self.dispatch is None else self.dispatch.duty_list
        upkeep = lists is not None and lists.upkeep is not None
        reviews = self.callback is not None and self.callback.exclusion is not None
        mechanisms = (self.monthly_theme, self.act_before, self.supervision)
        return upkeep or reviews or any(plan is not None for plan in mechanisms)

    @property
    def channel_list(self) -> tuple[str, ...]:
        """The names of all ways by which requests come: what inspectors find comes by none of citizens'."""
        found = any(category.sight.rate > 0.0 for category in self.categories)
        return (*(channel.name for channel in self.channels), *([PATROL] if found else []))

    @property
    def turns_demand(self) -> bool:
        """Whether policies turn demand."""
        return self.trust is not None or self.monthly_theme is not None

    @cached_property
    def first_street(self) -> tuple[int, ...]:
        """Of each district, as ``Family.at`` takes them."""
        return tuple(district.first_street for district in self.districts)


def build_city(scenario: Scenario) -> City:
    """The city of a scenario."""
    births = mean_births(scenario)
    reach = (scenario.time.end - scenario.time.start) / timedelta(hours=1) + BEYOND
    merged = one_hotline.merged(scenario)
    staffing = Staffing(merged, reach, [float(x) for x in births.sum(axis=1)])
    index = Index(merged, staffing)
    categories = tuple(_category(index, name, spec) for name, spec in scenario.categories.items())
    channels = _by_share(merged)
    keys = [[name_key("birth", d, c) for c in scenario.categories] for d in scenario.districts]
    return City(
        scenario=scenario,
        end=scenario.hours_of(scenario.time.end),
        districts=tuple(
            DistrictPlan(name, spec.reporting, first, streets)
            for (name, spec), first, streets in zip(
                scenario.districts.items(), staffing.first_street, staffing.streets, strict=True
            )
        ),
        categories=categories,
        channels=tuple(_channel(index, name, spec) for name, spec in channels),
        channel_names=name_keys([name for name, _ in channels]),
        channel_share=np.array([channel.share for _, channel in channels]),
        lines=one_hotline.lines(index, channels),
        class_names=name_keys(scenario.classes),
        unit_names=name_keys(index.units),
        unit_families=tuple(index.families[u] for u in index.units),
        family_volume=_family_volume(births, categories),
        births=births,
        birth_keys=np.array(keys, np.uint64),
        initial=initial.plan(index, births),
        contact=None if scenario.contact is None else Contact(index.table(scenario.contact.work)),
        enterprise_line=enterprise_line.plan(index),
        online=online.plan(index, channels),
        dispatch=precise_dispatch.plan(index),
        first_recipient=first_recipient.plan(index),
        time_limits=time_limits.plan(index),
        whistle=whistle.plan(index),
        callback=callback.plan(index),
        sheet=sheet.plan(index),
        ranking=ranking.plan(index),
        supervision=supervision.plan(index),
        surge=surge.plan(index),
        council=council.plan(index),
        trust=trust.plan(index),
        act_before=act_before.plan(index),
        monthly_theme=monthly_theme.plan(index),
        # what the plans above have asked for
        pools=tuple(staffing.pools),
        rosters=tuple(staffing.rosters),
        months=index.months.names,
        turns=index.months.turns,
        tables=index.tables(),
        means=index.means(),
    )


class Built:
    """The city of a scenario, built when it is first asked for; another process is sent the scenario alone."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    @cached_property
    def city(self) -> City:
        """The same for all replications."""
        return build_city(self.scenario)

    def __getstate__(self) -> dict[str, Scenario]:
        return {"scenario": self.scenario}


def _category(index: Index, name: str, spec: Category) -> CategoryPlan:
    families, units = index.families, index.units
    urgency, right_unit = weights_of(index.scenario.classes, spec.urgency), weights_of(units, spec.unit or {})
    return CategoryPlan(
        name=name,
        is_report=spec.kind == "report",
        reported=spec.reports.reported,
        report_gap=spec.reports.every or 0.0,
        give_up=math.inf if spec.reports.give_up is None else spec.reports.give_up,
        urgency=urgency,
        only_urgency=_only(urgency),
        right_unit=right_unit,
        only_family=_only(right_unit),
        is_confused=bool(spec.confused_with),
        confused_with=weights_of(units, spec.confused_with or {}),
        work=index.table(spec.work),
        lead=index.table(spec.lead),
        never_closed=spec.never_closed,
        resolve=tuple(spec.resolve),
        parts=tuple(
            Part(families[p.unit], index.table(p.work), index.table(p.lead), p.probability) for p in spec.parts
        ),
        limits=time_limits.of_classes(index, name),
        firms=enterprise_line.of_category(spec),
        moves=online.of_category(index, name),
        instant_answer=instant_answer.of_category(index, name, spec),
        classified_handling=classified_handling.of_category(index, name),
        accuracy=precise_dispatch.of_category(index, name, spec),
        parking=time_limits.of_category(index, name),
        council=council.of_category(index, name),
        sight=act_before.of_category(index, name),
    )


def _only(weights: Weights) -> int:
    """The one that has weight, −1 where there are several: it need not be drawn."""
    return int(weights.argmax()) if np.count_nonzero(weights) == 1 else -1


def _by_share(scenario: Scenario) -> list[tuple[str, Channel]]:
    """The largest first: then it is soonest told who comes by which (``rules.choose``)."""
    return sorted(scenario.channels.items(), key=lambda entry: (-entry[1].share, entry[0]))


def _channel(index: Index, name: str, spec: Channel) -> ChannelPlan:
    redial = Redial(0.0, NO_TABLE, 0)
    if spec.redial is not None:
        redial = Redial(spec.redial.probability, index.table(spec.redial.after), spec.redial.at_most)
    return ChannelPlan(name, spec.is_phone, redial, one_hotline.wrong_line(index, spec))


def _family_volume(births: NDArray[np.float64], categories: Sequence[CategoryPlan]) -> NDArray[np.float64]:
    """By district: expected requests by unit family, by which a wrong unit is drawn by default."""
    share = np.stack([c.right_unit for c in categories])
    return np.asarray((births * np.array([c.dispatched for c in categories])) @ share)
