"""What the scenario asks of each pool, before anything is simulated: offered load against staff.

Means only, over exactly the count window: expected first reports and consultations, the visits that each of them makes
on its way through the city (bounced, reopened and called back as the scenario says), and their work. What depends on
waiting is left out: callers who give up and redial, further reports of a problem that is not yet fixed, duplicates and
merged requests; and so are citizens who call again. A load near 1 may therefore be above it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.model.city import CategoryPlan, City
from sim.model.facts import DISPATCH, DISTRICT_DESK, HANDLING, INTAKE, KINDS, WRONG_LINE
from sim.model.index import Table
from sim.model.policies import act_before, callback, council, monthly_theme, one_hotline, online, precise_dispatch
from sim.model.rhythm import Rhythm
from sim.model.staffing import Family

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Load:
    """Of pools that serve the same queues: hours of work and of duty a day, visits a day.

    ``stays`` are visits a day, where the contact with the citizen and the handling after it are one; ``requests`` are
    the requests a day that make them.
    """

    pools: tuple[str, ...]
    work: float
    duty: float
    visits: float
    stays: float
    requests: float

    @property
    def offered(self) -> float:
        """Work as a share of duty; infinite where nobody is on duty."""
        if self.duty > 0:
            return self.work / self.duty
        return float("inf") if self.work > 0 else 0.0

    def sentence(self) -> str:
        """In plain words, for a pool that receives more than it can do."""
        name = " and ".join(self.pools)
        receives, has, its = ("receives", "has", "its") if len(self.pools) == 1 else ("receive", "have", "their")
        if math.isinf(self.work):
            return f"{name} {receives} work without a finite mean: no staff is enough"
        count, what = self.visits, "visits"
        if math.isclose(self.stays, self.requests):
            count, what = self.requests, "requests"
        more = (self.work - self.duty) / (self.work / count)
        return (
            f"{name} {receives} {self.work:,.1f} h of work a day and {has} {self.duty:,.1f}: "
            f"{its} backlog grows by about {more:,.1f} {what} a day"
        )


class Sums:
    """Visits, work, stays and requests a day by pool."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.visits = np.zeros(len(city.pools))
        self.work = np.zeros(len(city.pools))
        self.stays = np.zeros(len(city.pools))
        self.requests = np.zeros((len(KINDS), len(city.pools)))

    def add(self, kind: int, family: Family, by_district: Floats, table: Table, new: bool = True) -> None:
        """So many visits a day from each district, spread over its streets; ``new``: of requests not yet counted with
        this kind of visit.
        """
        pools, n = self._spread(family, by_district)
        self._visits(pools, n, table)
        np.add.at(self.stays, pools, n)
        if new:
            np.add.at(self.requests[kind], pools, n)

    def add_beside(self, family: Family, by_district: Floats, table: Table) -> None:
        """Visits that are no stay of their own: to contact the citizen, before another at the pool; and errands."""
        self._visits(*self._spread(family, by_district), table)

    def add_patrols(self, family: Family, visits: Floats, hours: Floats, duty: Floats) -> None:
        """So many visits and hours a day, as far as people have time for them: the rest is not made up for later."""
        wanted, count = np.zeros_like(duty), np.zeros_like(duty)
        np.add.at(wanted, *self._spread(family, hours))
        np.add.at(count, *self._spread(family, visits))
        worked = np.minimum(wanted, np.maximum((1.0 - 1e-9) * duty - self.work, 0.0))  # of it no backlog can grow
        self.work += worked
        self.visits += count * (worked / np.where(wanted > 0.0, wanted, 1.0))

    def add_errands(self, pool: int, visits: float, hours: float) -> None:
        """So many errands a day at a pool, of so many hours in all."""
        self.visits[pool] += visits
        self.work[pool] += hours

    def _spread(self, family: Family, by_district: Floats) -> tuple[NDArray[np.int64], Floats]:
        """The pools of a family that serve somebody, and what comes to them."""
        streets, first = [d.streets for d in self.city.districts], self.city.first_street
        each = streets if family.per == "street" else [1] * len(streets)
        homes = [(d, s) for d, n in enumerate(by_district) if n > 0.0 for s in range(each[d])]
        pools = np.array([family.at(d, s, first) for d, s in homes], np.int64)
        return pools, np.array([by_district[d] / each[d] for d, _ in homes])

    def _visits(self, pools: NDArray[np.int64], n: Floats, table: int) -> None:
        np.add.at(self.visits, pools, n)
        if table >= 0:
            np.add.at(self.work, pools, n * self.city.means[table])

    def load(self, pools: list[int], duty: Floats) -> Load:
        """Of these pools together."""
        names = tuple(self.city.pools[p].name for p in pools)
        work, visits, stays = (float(sums[pools].sum()) for sums in (self.work, self.visits, self.stays))
        requests = float(self.requests[:, pools].sum(axis=1).max())
        return Load(names, work, float(duty[pools].sum()), visits, stays, requests)


def offered_loads(city: City) -> list[Load]:
    """The load of every pool, in the order of the city; pools that help each other count together."""
    contacts = _births(city) * _reported(city)
    sums, firms = Sums(city), np.zeros(len(city.categories))  # the share of their calls that their line takes
    if city.enterprise_line is not None:
        firms[:] = _open_shares(city, city.enterprise_line.family.first)
    if city.dispatch is not None:
        precise_dispatch.load(city.dispatch, sums, *_window(city))
    if city.monthly_theme is not None:
        monthly_theme.load(city.monthly_theme, sums, *_window(city))
    if city.council is not None:
        brought = contacts * [category.council.share for category in city.categories]
        council.load(city.council, sums, brought.sum(axis=1))
        contacts = contacts - brought * city.council.settles
    for c, category in enumerate(city.categories):
        shares, deflected = city.channel_share, 0.0
        if city.online is not None:
            shares, deflected = online.load(city.online, city.channels, shares, category)
        for channel, share in enumerate(shares):
            _call(sums, channel, c, contacts[:, c] * share, firms[c] * category.firms.share)
        _Way(sums, category).go(contacts[:, c] * (category.dispatched * (1.0 - deflected)))
    duty = np.array([_duty(city, pool) for pool in range(len(city.pools))])
    if city.act_before is not None:
        act_before.load(city.act_before, sums, *_window(city), duty)
    return [sums.load(group, duty) for group in _groups(city)]


def _call(sums: Sums, channel: int, category: int, contacts: Floats, firms: float) -> None:
    """The calls of so many contacts a day of a category on a channel, by district, of which such a share goes to the
    line for firms where it is by phone.
    """
    city = sums.city
    lines, wrong, line = city.lines, city.channels[channel].wrong_line, city.enterprise_line
    own = lines.of[channel, category]
    if own < 0:
        return
    if line is not None and city.channels[channel].is_phone:
        sums.add(INTAKE, line.family, contacts * firms, line.talk if line.talk >= 0 else lines.plans[own].talk)
        sums.add(INTAKE, lines.plans[own].family, contacts * (1.0 - firms), lines.plans[own].talk)
        contacts = contacts * (1.0 - city.categories[category].firms.share)  # firms are put through
    else:
        sums.add(INTAKE, lines.plans[own].family, contacts, lines.plans[own].talk)
    if wrong is not None:
        for family, calls in one_hotline.load(lines, channel, category, wrong):
            sums.add(WRONG_LINE, family, contacts * calls, wrong.talk)


def _open_shares(city: City, pool: int) -> Floats:
    """Of what is born of each category in the count window, the share that is while a pool is on duty."""
    rhythm, first, last, counted = _counted_hours(city)
    opens, closes, before, _ = city.rosters[city.pools[pool].roster].hours
    edges = np.arange(first * 24.0, last * 24.0 + 1.0)
    at = np.searchsorted(opens, edges, side="right") - 1
    past = np.zeros(len(edges))  # open hours until each
    past[at >= 0] = (before[at] + np.minimum(edges, closes[at]) - opens[at])[at >= 0] if len(opens) else 0.0
    there = np.diff(past).reshape(-1, 24) * counted
    births = [rhythm.shapes(c, first, last)[0] for c in range(len(city.categories))]
    return np.array([(shapes * there).sum() / max((shapes * counted).sum(), 1e-300) for shapes in births])


def open_hours(city: City, pool: int) -> float:
    """Hours a day in which somebody is on duty, over the count window."""
    begin, until = _window(city)
    opens, closes, *_ = city.rosters[city.pools[pool].roster].hours
    inside = np.minimum(closes, until) - np.maximum(opens, begin)
    return float(np.maximum(inside, 0.0).sum() / (until - begin) * 24.0)


def _births(city: City) -> Floats:
    """Mean births a day in the count window, [district, category]."""
    begin, until = _window(city)
    rhythm, first, last, counted = _counted_hours(city)
    columns = []
    for category in range(len(city.categories)):
        shapes, shape_of = rhythm.shapes(category, first, last)
        columns.append(24.0 * rhythm.births[:, category] * (shapes * counted).sum(axis=(1, 2))[shape_of])
    return np.asarray(np.stack(columns, axis=1) / (until - begin) * 24.0)


def _counted_hours(city: City) -> tuple[Rhythm, int, int, Floats]:
    """The rhythm, the first day of the count window and that after its last, and each hour's weight, [day, hour]."""
    begin, until = _window(city)
    first, last = int(begin // 24.0), math.ceil(until / 24.0)
    rhythm = Rhythm(city.scenario)
    hours = np.arange(first * 24.0, last * 24.0).reshape(-1, 24)
    counted = np.clip(until - hours, 0.0, 1.0) - np.clip(begin - hours, 0.0, 1.0)  # of each hour
    return rhythm, first, last, counted * rhythm.season[first:last, None]


def _reported(city: City) -> Floats:
    """The probability that a problem is reported before it is given up, [district, category]; at a trust of 1."""
    chance = np.tile([category.reported for category in city.categories], (len(city.districts), 1))
    for c, category in enumerate(city.categories):
        if category.report_gap > 0.0:
            rate = np.array([district.reporting for district in city.districts]) / category.report_gap
            chance[:, c] = np.where(rate > 0.0, rate / np.maximum(rate + 1.0 / category.give_up, 1e-300), 0.0)
    return chance


def mean_hours(city: City, table: Table) -> float:
    """The mean of a duration in hours, 0 where the scenario gives none."""
    return city.means[table] if table >= 0 else 0.0


def fixes(category: CategoryPlan) -> float:
    """The probability that a contact of a category, were it alone, fixes its problem in one of the listed rounds."""
    return category.dispatched * (1.0 - category.never_closed) * (1.0 - math.prod(1.0 - p for p in category.resolve))


def calls_again(city: City, category: CategoryPlan) -> float:
    """The probability that a contact of a category is followed by one more about the same matter; rather too high."""
    plan = city.callback
    if plan is None:
        return 0.0
    truly, says = min(category.resolve), plan.resolved
    solved = truly * says.if_true + (1.0 - truly) * says.if_false
    unsolved = 1.0 - min(solved, says.if_true, says.if_false) if truly < 1.0 else 1.0 - solved
    reached = plan.coverage * (1.0 - (1.0 - plan.reach) ** (1 + plan.retries))
    return category.dispatched * reached * unsolved * plan.call_again


class _Way:
    """The way of the requests of one category. Arrays are requests a day, [district, unit family]."""

    def __init__(self, sums: Sums, category: CategoryPlan) -> None:
        self.sums, self.city, self.category = sums, sums.city, category
        self.families = self.city.unit_families
        self.street = np.array([self.city.pools[family.first].level == "street" for family in self.families])
        weights = [category.confused_with] if category.is_confused else self.city.family_volume
        self.confusions = [_confusion(w) for w in weights]  # by district, or one for all

    def go(self, requests: Floats) -> None:
        """Everything that so many requests a day from each district ask of the pools."""
        city, category = self.city, self.category
        right = requests[:, None] * category.right_unit
        right = self.dispatch(right, first=True)
        if city.first_recipient is None or city.dispatch is None:
            self.contact(right)
        truth = np.array([1.0, 0.0])  # shares of these requests: not truly resolved, resolved
        for k in range(1 + (0 if city.callback is None else city.callback.reopen_at_most) + 1):
            self.at_units(right, category.work, new=k == 0)
            if k == 0:
                right = right * (1.0 - category.never_closed)
            closed = right.sum(axis=1)
            for part in category.parts:
                self.sums.add(HANDLING, part.family, closed * part.probability, part.work, new=k == 0)
            chance = category.resolve[min(k, len(category.resolve) - 1)]
            truth = np.array([truth[0] * (1.0 - chance), truth[1] + truth[0] * chance])
            if city.callback is None:
                return
            back = callback.load(city.callback, self.sums, closed, truth, new=k == 0)
            if k == city.callback.reopen_at_most or not back.sum() > 0.0:
                return
            right, truth = right * back.sum(), back / back.sum()
            if city.callback.reopen_to_dispatch:
                right = self.dispatch(right, first=False)

    def dispatch(self, right: Floats, first: bool) -> Floats:
        """The desk, the wrong units and the district's desk; returns the requests by the unit that handles them."""
        city, plan, category = self.city, self.city.dispatch, self.category
        if plan is None:
            return right
        exists = np.stack([confusion.sum(axis=1) for confusion in self.confusions])
        finds = precise_dispatch.mean_accuracy(plan, category.accuracy, city.turns, *_window(city))
        wrong = right * (1.0 - finds) * exists  # by right unit, after the first choice
        again, stuck = wrong, np.zeros_like(right)
        if city.first_recipient is None:
            miss = 1.0 - category.accuracy.again
            hops = plan.max_hops if miss == 1.0 else (1.0 - miss**plan.max_hops) / (1.0 - miss)
            again, stuck = wrong * hops, wrong * miss ** (plan.max_hops - 1)
        pairs = self.confusions * (len(right) if len(self.confusions) == 1 else 1)
        mistaken = np.stack([row @ confusion for row, confusion in zip(again, pairs, strict=True)])
        self.sums.add(DISPATCH, plan.family, right.sum(axis=1), plan.work, new=first)
        if city.first_recipient is None:
            self.sums.add(DISPATCH, plan.family, again.sum(axis=1), plan.work, new=False)
            self.at_units(mistaken, plan.review)
            if plan.backstop >= 0:
                right = right - stuck
                right[:, plan.backstop] += stuck.sum(axis=1)
            found = right
        else:
            found = right - wrong
            if first:
                self.at_units(mistaken, city.first_recipient.coordination)
                self.contact(mistaken)
                self.contact(found)
        if (desk := plan.district_desk) is not None:
            for choices, new in ((found, first), (mistaken, False)):
                through = choices[:, self.street].sum(axis=1)
                self.sums.add(DISTRICT_DESK, desk.family, through, desk.work, new=new)
        return right

    def at_units(self, visits: Floats, table: Table, new: bool = True) -> None:
        for family, by_district in zip(self.families, visits.T, strict=True):
            self.sums.add(HANDLING, family, by_district, table, new)

    def contact(self, visits: Floats) -> None:
        """The units contact the citizens."""
        if self.city.contact is not None:
            for family, by_district in zip(self.families, visits.T, strict=True):
                self.sums.add_beside(family, by_district, self.city.contact.work)


def _confusion(weights: Floats) -> Floats:
    """The probability of each wrong unit for each right one, [right, wrong]; rows of 0 where there is none."""
    others = weights.sum() - weights
    chance = np.where(others[:, None] > 0.0, weights / np.where(others > 0.0, others, 1.0)[:, None], 0.0)
    np.fill_diagonal(chance, 0.0)
    return chance


def _window(city: City) -> tuple[float, float]:
    """The count window in hours since the scenario's start."""
    time = city.scenario.time
    return city.scenario.hours_of(time.count_from), city.scenario.hours_of(time.count_until)


def _duty(city: City, pool: int) -> float:
    """Officers' hours on duty a day, over the count window."""
    plan, (begin, until) = city.pools[pool], _window(city)
    edges = np.clip(np.append(city.rosters[plan.roster].times, np.inf), begin, until)
    return float(np.diff(edges) @ plan.headcounts / (until - begin) * 24.0)


def _groups(city: City) -> list[list[int]]:
    """Pools joined by helping each other."""
    of = {p: [p] for p in range(len(city.pools))}
    for p, plan in enumerate(city.pools):
        for other in plan.helps:
            if of[other] is not of[p]:
                of[p] += of[other]
                of.update(dict.fromkeys(of[other], of[p]))
    return [sorted(group) for group in {id(group): group for group in of.values()}.values()]
