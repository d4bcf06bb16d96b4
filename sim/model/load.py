"""What the scenario asks of each pool, before anything is simulated: offered load against staff.

Means only: expected contacts of the count window, their expected visits and work. Redials, repeated calls and further
reports of one problem are left out, so a load near 1 may be above it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.model.city import City
from sim.model.rhythm import Rhythm
from sim.model.staffing import Family


@dataclass(frozen=True)
class Load:
    """Of pools that serve the same queues: hours of work and of duty a day, visits a day."""

    pools: tuple[str, ...]
    work: float
    duty: float
    visits: float

    @property
    def offered(self) -> float:
        """Work as a share of duty; infinite where nobody is on duty."""
        if self.duty > 0:
            return self.work / self.duty
        return float("inf") if self.work > 0 else 0.0

    def sentence(self) -> str:
        """In plain words, for a pool that receives more than it can do."""
        name = " and ".join(self.pools)
        verb = "receives" if len(self.pools) == 1 else "receive"
        more = (self.work - self.duty) / (self.work / self.visits)
        return (
            f"{name} {verb} {self.work:,.1f} h of work a day and has {self.duty:,.1f}: "
            f"its backlog grows by about {more:,.1f} requests a day"
        )


class _Sums:
    """Visits and work a day by pool."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.visits = np.zeros(len(city.pools))
        self.work = np.zeros(len(city.pools))

    def add(self, family: Family, by_district: NDArray[np.float64], table: int) -> None:
        """So many visits a day from each district, spread over its streets."""
        city = self.city
        mean = city.means[table] if table >= 0 else 0.0
        for d, n in enumerate(by_district):
            for street in range(city.streets[d]):
                pool = family.at(d, street, city.first_street)
                self.visits[pool] += n / city.streets[d]
                self.work[pool] += n / city.streets[d] * mean


def offered_loads(city: City) -> list[Load]:
    """The load of every pool, in the order of the scenario; pools that help each other count together."""
    time = city.scenario.time
    first = int(city.scenario.hours_of(time.count_from) // 24)
    last = max(first + 1, int(city.scenario.hours_of(time.count_until) // 24))
    births = Rhythm(city.scenario).daily(first, last).mean(axis=2)
    sums = _Sums(city)
    shares = np.diff(city.channel_share, prepend=0.0)
    for channel, share in zip(city.channels, shares, strict=True):
        if channel.family is not None:
            sums.add(channel.family, births.sum(axis=1) * share, channel.talk)
    for c, category in enumerate(city.categories):
        passed = (1.0 - category.out_of_scope) * (1.0 - category.answered)
        _add_requests(sums, births[:, c] * passed, c)
    duty = np.array([_duty(city, pool) for pool in range(len(city.pools))])
    return [
        Load(
            tuple(city.pools[p].name for p in group),
            float(sums.work[group].sum()),
            float(duty[group].sum()),
            float(sums.visits[group].sum()),
        )
        for group in _groups(city)
    ]


def _add_requests(sums: _Sums, requests: NDArray[np.float64], c: int) -> None:
    city, category = sums.city, sums.city.categories[c]
    wrong = 0.0
    if city.dispatch is not None:
        wrong = 1.0 - category.accuracy
        again = 0.0 if city.coordination >= 0 else wrong / max(category.redispatch_accuracy, 1e-9)
        again = min(again, wrong * (1 + city.dispatch.max_hops))
        sums.add(city.dispatch.family, requests * (1.0 + again), city.dispatch.work)
    rounds = 1.0
    if city.callback is not None:
        plan = city.callback
        reached = 1.0 - (1.0 - plan.reach) ** (1 + plan.retries)
        solved = category.resolve[0]
        unsolved = 1.0 - solved * plan.resolved[1] - (1.0 - solved) * plan.resolved[0]
        back = plan.coverage * reached * unsolved * plan.reopen_probability
        rounds += sum(back**k for k in range(1, plan.reopen_at_most + 1))
        asked = requests * rounds * plan.coverage
        attempts = sum((1.0 - plan.reach) ** k for k in range(1 + plan.retries))
        sums.add(plan.family, asked * reached, plan.work)
        sums.add(plan.family, asked * (attempts - reached), plan.ring)
    for family, share in zip(city.unit_families, np.diff(category.right_unit, prepend=0.0), strict=True):
        if share > 0.0:
            sums.add(family, requests * share * rounds, category.work)
            if city.contact_work >= 0:
                sums.add(family, requests * share, city.contact_work)
    for part in category.parts:
        sums.add(part.family, requests * part.probability * rounds, part.work)
    if wrong > 0.0 and city.dispatch is not None:
        review = city.coordination if city.coordination >= 0 else city.dispatch.review
        for d, n in enumerate(requests):
            weights = city.family_volume[d] if category.confused_with is None else category.confused_with
            only = np.zeros(len(requests))
            only[d] = n * wrong
            for family, weight in zip(city.unit_families, np.diff(weights, prepend=0.0), strict=True):
                if weight > 0.0:
                    sums.add(family, only * weight / weights[-1], review)


def _duty(city: City, pool: int) -> float:
    """Officers' hours on duty a day, over the count window."""
    plan, time = city.pools[pool], city.scenario.time
    begin, until = (city.scenario.hours_of(t) for t in (time.count_from, time.count_until))
    edges = np.clip(np.append(city.rosters[plan.roster].times, np.inf), begin, until)
    return float(np.diff(edges) @ np.array(plan.headcounts) / (until - begin) * 24.0)


def _groups(city: City) -> list[list[int]]:
    """Pools joined by helping each other."""
    of = list(range(len(city.pools)))
    for p, plan in enumerate(city.pools):
        for other in plan.helps:
            old, new = of[other], of[p]
            of = [new if g == old else g for g in of]
    return [[p for p in range(len(of)) if of[p] == g] for g in dict.fromkeys(of)]
