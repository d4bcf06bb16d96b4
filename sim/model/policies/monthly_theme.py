"""Monthly theme (每月一题): each month a class of problems is chosen, and people work on its causes.

When the effort has been worked, and some time after, fewer problems of the category are born, some of those that are
open are fixed, and there is a way of handling (办事路径) for the rest. Beijing has had such themes since 2021.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from simpy import Environment, Event

from sim.model.compiling import rule
from sim.model.draws import TICKS, errand_key, on_grid, purpose
from sim.model.index import Index
from sim.scenario.calendars import open_days

if TYPE_CHECKING:
    from sim.model.load import Sums

CLEARS = purpose("theme clears")

#: People work on a theme in pieces of at most a working day, so that several can work on it at a time (hours).
PIECE = 8.0
#: How often (hours) one looks whether an effort has been worked.
LOOK = 1.0

#: What is counted by category: requests, contacts about a matter again, answers “not resolved”.
COUNTED = REQUESTS, REPEATS, UNSOLVED = range(3)
#: What a way of handling turns.
TURNED = WORK_FACTOR, LEAD_FACTOR, ERROR_FACTOR = range(3)


@dataclass(frozen=True)
class Month:
    """A month in which themes are chosen: its number (year · 12 + month), and when its first working day begins."""

    number: int
    mark: int  # year · 100 + month
    begins: float
    date: str


@dataclass(frozen=True, eq=False)
class MonthlyTheme:
    """How themes are chosen, what they take, and what they bring. Categories are indices."""

    pool: int
    pieces: NDArray[np.float64]  # hours of the effort for one theme, each the work of one
    among: NDArray[np.int64]
    names: tuple[str, ...]  # of all categories
    rule: str
    count: int
    rest: int  # months
    give_up: float
    lag: float
    removes: float
    rebound: float
    clears: float
    handling: tuple[float, ...]  # factors, as ``TURNED``
    months: tuple[Month, ...]
    edges: NDArray[np.float64]  # when a calendar month of the run begins, and the first if the run begins with it

    @property
    def most(self) -> int:
        """So many themes there are at the most."""
        return self.count * len(self.months)


@dataclass
class Theme:
    """What is known of a theme afterwards (``facts.THEME``)."""

    chosen: float
    category: int
    effort: float
    worked: float = math.nan
    begins: float = math.nan
    cleared: int = 0


def plan(index: Index) -> MonthlyTheme | None:
    """From the scenario. The effort is, at a scale, divided as staff is."""
    spec, scenario = index.policies.monthly_theme, index.scenario
    if spec is None:
        return None
    names = tuple(scenario.categories)
    effort = on_grid(spec.effort / scenario.scale)
    pieces = [PIECE] * int(effort // PIECE) + ([effort % PIECE] if effort % PIECE > 0.0 else [])
    return MonthlyTheme(
        pool=index.families[spec.pool].first,
        pieces=np.array(pieces, float),
        among=np.array([names.index(name) for name in spec.among], np.int64),
        names=names,
        rule=spec.rule,
        count=spec.count,
        rest=spec.rest,
        give_up=math.inf if spec.give_up is None else spec.give_up,
        lag=spec.lag,
        removes=spec.removes,
        rebound=spec.rebound,
        clears=spec.clears,
        handling=(spec.work_factor, spec.lead_factor, spec.error_factor),
        months=tuple(_months(index, spec.calendar)),
        edges=np.array([*([0.0] if index.months.shares[0] == 1.0 else []), *index.months.turns]),
    )


def _months(index: Index, calendar: str | None) -> list[Month]:
    """The months whose first working day, of a calendar or from Monday to Friday, lies within the run."""
    scenario, found = index.scenario, []
    for begin in (scenario.time.start.replace(day=1), *index.months.dates):
        if calendar is None:
            days = [7 - begin.weekday() if begin.weekday() > 4 else 0]
        else:
            days = [day for day, *_ in open_days(scenario.calendars[calendar], begin, 24.0 * 31)]
        first = begin + timedelta(days=min((day for day in days if day >= 0), default=31))
        if first.month == begin.month and scenario.time.start <= first < scenario.time.end:
            year, month = first.year, first.month
            found.append(Month(12 * year + month, 100 * year + month, scenario.hours_of(first), f"{first:%Y-%m-%d}"))
    return found


@rule("float64(float64, float64, int64)")
def births_left(removes: Any, rebound: Any, months: Any) -> Any:
    """The share of births that is left so many whole months after a theme takes effect: 1 − removes·(1 − rebound)^k."""
    return 1.0 - removes * (1.0 - rebound) ** float(months)


class City(Protocol):
    """What is asked of the city (``sim.model.control.View``)."""

    themes: list[Theme]

    def seen(self) -> NDArray[np.int64]: ...
    def effort(self, number: int) -> tuple[int, float]: ...
    def ask_effort(self, number: int, pool: int, keys: Sequence[int], hours: Sequence[float]) -> None: ...
    def give_up_effort(self, number: int) -> None: ...
    def clear(self, theme: Theme, share: float, mark: int) -> None: ...
    def turn_handling(self, category: int, factors: Sequence[float]) -> None: ...
    def turn_demand(self, births: NDArray[np.float64], trust: NDArray[np.float64]) -> None: ...


@dataclass
class _Work:
    """A theme on its way: its number, its month, and how many turns of the month it has been in force."""

    number: int
    month: Month
    theme: Theme
    given_up: bool = False
    turns: int = 0

    @property
    def under_way(self) -> bool:
        """Whether people are still to work on it."""
        return math.isnan(self.theme.worked) and not self.given_up


@dataclass
class _Desk:
    """Who chooses the themes, and follows them."""

    plan: MonthlyTheme
    city: City
    districts: int
    works: list[_Work] = field(default_factory=list)
    counts: list[NDArray[np.int64]] = field(default_factory=list)  # at the edges of months so far
    rests: dict[int, int] = field(default_factory=dict)  # by category: the number of the month in which it was chosen
    place: int = 0  # in the list

    def turn(self) -> None:
        """A month begins."""
        self.counts.append(self.city.seen())
        in_force = [work for work in self.works if not math.isnan(work.theme.begins)]
        for work in in_force:
            work.turns += 1
        if in_force:
            self.turn_births()

    def choose(self, month: Month, now: float) -> None:
        """The themes of a month; people are asked to work on them."""
        plan = self.plan
        for category in self.chosen(month):
            self.rests[category] = month.number
            theme, number = Theme(now, category, float(plan.pieces.sum())), len(self.works)
            self.city.themes.append(theme)
            self.works.append(_Work(number, month, theme))
            if len(plan.pieces):
                names = "monthly theme", plan.names[category], month.date
                keys = [errand_key(*names, ordinal) for ordinal in range(len(plan.pieces))]
                self.city.ask_effort(number, plan.pool, keys, plan.pieces.tolist())

    def chosen(self, month: Month) -> list[int]:
        """Those with most of what the rule counts in the last whole month, ties by name; only where there is some."""
        plan = self.plan
        among = [int(c) for c in plan.among if month.number - self.rests.get(int(c), -plan.rest) >= plan.rest]
        if plan.rule == "list":
            order = [int(c) for c in np.roll(plan.among, -self.place)]
            found = [c for c in order if c in among][: plan.count]
            self.place = (plan.among.tolist().index(found[-1]) + 1) % len(plan.among) if found else self.place
            return found
        values = self.values()
        if values is None:
            return []
        ranked = sorted((-int(values[c]), plan.names[c], c) for c in among if values[c] > 0)
        return [c for *_, c in ranked[: plan.count]]

    def values(self) -> NDArray[np.int64] | None:
        """What the rule counts, by category; None where the run has not seen the whole months that it takes."""
        months = np.diff(np.array(self.counts[-3:]), axis=0)
        if len(months) < (2 if self.plan.rule == "growth" else 1):
            return None
        if self.plan.rule == "growth":  # of requests a day, on the common denominator of both months
            days = np.rint(np.diff(self.plan.edges[len(self.counts) - 3 : len(self.counts)]) / 24.0).astype(np.int64)
            return np.asarray(months[1][REQUESTS] * days[0] - months[0][REQUESTS] * days[1])
        return np.asarray(months[-1][{"volume": REQUESTS, "repeat": REPEATS, "unsolved": UNSOLVED}[self.plan.rule]])

    def look(self, now: float) -> None:
        """Efforts that have been worked, and those that are given up."""
        for work in self.works:
            if not work.under_way:
                continue
            done, last = self.city.effort(work.number) if len(self.plan.pieces) else (0, work.theme.chosen)
            until = work.theme.chosen + self.plan.give_up
            if done == len(self.plan.pieces) and last <= until:
                work.theme.worked = last
            elif now > until:
                work.given_up = True
                self.city.give_up_effort(work.number)

    def take_effect(self, now: float) -> None:
        """Themes whose lag is over."""
        plan = self.plan
        ready = [w for w in self.works if math.isnan(w.theme.begins) and w.theme.worked + plan.lag <= now]
        for work in ready:
            work.theme.begins = now
            self.city.turn_handling(work.theme.category, plan.handling)
            if plan.clears > 0.0:
                self.city.clear(work.theme, plan.clears, work.month.mark)
        if ready:
            self.turn_births()

    def turn_births(self) -> None:
        """What all themes leave of births."""
        plan, factors = self.plan, np.ones((self.districts, len(self.plan.names)))
        for work in self.works:
            if not math.isnan(work.theme.begins):
                factors[:, work.theme.category] *= births_left(plan.removes, plan.rebound, work.turns)
        self.city.turn_demand(factors, np.ones(self.districts))

    def next(self, now: float) -> float:
        """When there is something to do again but for turns and choices."""
        times = [math.inf]
        if any(work.under_way for work in self.works):
            times.append((math.floor(now / LOOK) + 1.0) * LOOK)
        for work in self.works:
            if work.under_way and now <= work.theme.chosen + self.plan.give_up < math.inf:
                times.append(work.theme.chosen + self.plan.give_up + 1.0 / TICKS)
            elif math.isnan(work.theme.begins) and not math.isnan(work.theme.worked):
                times.append(work.theme.worked + self.plan.lag)
        return min(times)


def act(plan: MonthlyTheme, districts: int, env: Environment, city: City) -> Generator[Event, Any, None]:
    """The policy: it counts, chooses, asks for people, and brings what their work brings."""
    desk = _Desk(plan, city, districts)
    edges, months = plan.edges.tolist(), list(plan.months)
    while True:
        times = [*edges[len(desk.counts) :][:1], *(month.begins for month in months[:1]), desk.next(env.now)]
        if min(times) == math.inf:
            return
        yield env.timeout(min(times) - env.now)
        now = env.now
        if len(desk.counts) < len(edges) and edges[len(desk.counts)] <= now:
            desk.turn()
        if months and months[0].begins <= now:
            desk.choose(months.pop(0), now)
        desk.look(now)
        desk.take_effect(now)


def load(plan: MonthlyTheme, sums: Sums, begin: float, until: float) -> None:
    """The effort for the themes of this time, in hours, as if all were chosen that may be."""
    months = sum(begin <= month.begins < until for month in plan.months)
    times = plan.count * months / (until - begin) * 24.0
    sums.add_errands(plan.pool, times * len(plan.pieces), times * float(plan.pieces.sum()))
