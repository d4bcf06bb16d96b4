"""Surge staffing (应急处置): where a queue is too long, or somebody waits too long, people are called in for a while.

Triggers are looked at from time to time; who is called comes later. People who are lent by another pool leave it as
they become free there, and go back in the same way.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from simpy import Environment, Event

from sim.model.draws import TICKS
from sim.model.index import Index
from sim.model.staffing import PoolPlan, Roster
from sim.scenario.in_time import Condition

#: As many as are needed for nobody to wait.
NEEDED = -1
#: How often (hours) one looks whether who is to move to another pool is free.
LOOK = math.floor(TICKS / 60) / TICKS


@dataclass(frozen=True)
class Clause:
    """A condition at one pool. ``watch``: which count of waits it is about, −1: none."""

    what: str
    above: bool
    amount: float
    watch: int = -1


@dataclass(frozen=True)
class Post:
    """A trigger at one pool. ``lender``: whose people come, −1: they come from outside."""

    pool: int
    trigger: int
    when: Clause
    until: Clause | None
    check: float
    adds: int
    lender: int


@dataclass(frozen=True, eq=False)
class Surge:
    """Who may call people, and how they come.

    Engines count waits: of visits begun that stood in the queue of ``watch_pool``, those above ``watch_limit``.
    """

    counts_waits: bool
    posts: tuple[Post, ...]
    after: float
    at_least: float
    watch_pool: NDArray[np.int64]
    watch_limit: NDArray[np.float64]
    pools: tuple[PoolPlan, ...]
    rosters: tuple[Roster, ...]


@dataclass
class Call:
    """Some people who were called in: what is known of it afterwards (``facts.CALL``)."""

    called: float
    pool: int
    trigger: int
    waiting: int
    oldest: float
    asked: int
    comes: float
    people: int = 0
    left: float = math.nan


def plan(index: Index) -> Surge | None:
    """From the scenario. Numbers of people are, at a scale, divided as staff is."""
    spec, staffing = index.policies.surge, index.staffing
    if spec is None:
        return None
    limits: dict[tuple[int, int, bool], float] = {}  # by pool, trigger, and whether people are called by it
    found: list[tuple[int, int, int]] = []  # trigger, pool, whom it adds
    for number, trigger in enumerate(spec.triggers):
        places = [p for p, pool in enumerate(staffing.pools) if pool.family == trigger.pool]
        adds = [NEEDED] * len(places) if spec.adds == "needed" else staffing.split(trigger.pool, spec.adds)
        found += [(number, pool, people) for pool, people in zip(places, adds, strict=True)]
        for condition in (trigger.when, trigger.until):
            if condition is not None and condition.what == "wait_p90":
                # instants lie on a grid: what is not below a time is above the grid's point before it
                limit = condition.amount if condition.above else condition.amount - 1.0 / TICKS
                limits |= {(pool, number, condition.above): limit for pool in places}
    numbers = {key: n for n, key in enumerate(sorted(limits))}

    def clause(condition: Condition, trigger: int, pool: int) -> Clause:
        amount, family = condition.amount, staffing.pools[pool]
        if condition.what == "waiting":
            amount = staffing.split(family.family, int(amount))[pool - index.families[family.family].first]
        return Clause(condition.what, condition.above, amount, numbers.get((pool, trigger, condition.above), -1))

    posts = []
    for number, pool, people in found:
        trigger, place = spec.triggers[number], staffing.pools[pool]
        lender = -1
        if spec.from_ is not None:
            lender = index.families[spec.from_].at(place.district, place.street, staffing.first_street)
        when = clause(trigger.when, number, pool)
        until = None if trigger.until is None else clause(trigger.until, number, pool)
        posts.append(Post(pool, 1 + number, when, until, trigger.check, people, lender))
    return Surge(
        counts_waits=bool(limits),
        posts=tuple(posts),
        after=spec.after,
        at_least=spec.at_least,
        watch_pool=np.array([pool for pool, *_ in numbers], np.int64),
        watch_limit=np.array([limits[key] for key in numbers], float),
        pools=tuple(staffing.pools),
        rosters=tuple(staffing.rosters),
    )


class Queue(Protocol):
    """What is seen of a pool."""

    @property
    def waiting(self) -> int: ...
    @property
    def oldest(self) -> float: ...
    @property
    def busy(self) -> int: ...
    @property
    def on_duty(self) -> int: ...


class City(Protocol):
    """What is asked of the city (``sim.model.control.View``)."""

    calls: list[Call]

    def state(self, pool: int) -> Queue: ...
    def waits(self, watch: int) -> tuple[int, int]: ...
    def move(self, extra: Mapping[int, int]) -> None: ...


def is_met(clause: Clause, queue: Queue, waits: tuple[int, int]) -> bool:
    """Whether a condition holds; ``waits``: visits begun since the last check, and those that had waited too long.

    Nine of ten waits are below a time where at most a tenth are not: so the quantile need not be known.
    """
    if clause.what == "waiting":
        seen: float = queue.waiting
    elif clause.what == "oldest" or waits[0] == 0:
        seen = queue.oldest
    else:
        many = waits[1] > waits[0] // 10
        return many if clause.above else not many
    return seen > clause.amount if clause.above else seen < clause.amount


@dataclass
class _Move:
    """People on their way from one pool to another; ``still``: so many are not free yet. ``squad``: whose they are."""

    source: int
    target: int
    still: int


@dataclass
class _Squad:
    """People who came together. ``lender`` −1: from outside."""

    post: int
    lender: int
    people: int
    call: Call


class _Desk:
    """Who has been called, who is there, and who is on the way."""

    def __init__(self, surge: Surge, city: City) -> None:
        self.surge, self.city = surge, city
        self.extra: dict[int, int] = {}  # beyond the plan, by pool
        self.seen: dict[int, int] = {}  # … when the present instant began
        self.coming: list[tuple[int, Call]] = []
        self.squads: list[_Squad] = []
        self.moves: list[_Move] = []

    # --- checks --------------------------------------------------------------------------------------------------

    def check(self, number: int, now: float) -> None:
        """Look at a trigger: who may go goes, and who is missing is called."""
        post, surge = self.surge.posts[number], self.surge
        queue = self.city.state(post.pool)
        met = self._is_met(post.when, queue)
        over = not met if post.until is None else self._is_met(post.until, queue)
        if over:
            for squad in [s for s in self.squads if s.post == number and s.call.comes + surge.at_least <= now]:
                self._dismiss(squad, squad.people, now)
        people = self._missing(post, queue, now) if met and not over else 0
        if people > 0:
            call = Call(now, post.pool, post.trigger, queue.waiting, queue.oldest, people, now + surge.after)
            self.city.calls.append(call)
            self.coming.append((number, call))

    def _is_met(self, clause: Clause, queue: Queue) -> bool:
        return is_met(clause, queue, (0, 0) if clause.watch < 0 else self.city.waits(clause.watch))

    def _missing(self, post: Post, queue: Queue, now: float) -> int:
        """How many are to be called: with a fixed number nobody, where some are coming or there."""
        coming = sum(call.asked for _, call in self.coming if call.pool == post.pool)
        if post.adds != NEEDED:
            some = any(self.surge.posts[squad.post].pool == post.pool for squad in self.squads)
            return 0 if coming or some else post.adds
        coming += sum(move.still for move in self.moves if move.target == post.pool)
        extra = self.extra.get(post.pool, 0)
        plan = self.surge.pools[post.pool]
        roster = self.surge.rosters[plan.roster]
        step = bisect_left(roster.times, now) - 1
        if step >= 0 and roster.on_duty[step]:
            there = queue.on_duty + extra - self.seen.get(post.pool, 0)
        else:  # closed: those who are planned when it opens
            opening = next((n for n in range(step + 1, len(roster.times)) if roster.on_duty[n]), -1)
            there = extra + (int(plan.headcounts[opening]) if opening >= 0 else 0)
        return max(queue.busy + queue.waiting - there - coming, 0)

    # --- coming and going ----------------------------------------------------------------------------------------

    def arrive(self, now: float) -> None:
        """Those come who were called for now. Of lenders only who is planned and on duty there."""
        for number, call in [entry for entry in self.coming if entry[1].comes <= now]:
            self.coming.remove((number, call))
            lender = self.surge.posts[number].lender
            people = call.asked if lender < 0 else max(min(call.asked, self._may_lend(lender, now)), 0)
            call.people = people
            if people == 0:
                call.left = now
                continue
            self.squads.append(_Squad(number, lender, people, call))
            if lender < 0:
                self._add(call.pool, people)
            else:
                self._send(lender, call.pool, people)

    def close(self, now: float) -> None:
        """Where fewer are planned from now on than have been lent, the last ones go back."""
        for squad in reversed([s for s in self.squads if s.lender >= 0]):
            too_many = -self._may_lend(squad.lender, now)
            if too_many > 0:
                self._dismiss(squad, min(too_many, squad.people), now)

    def look(self, now: float) -> bool:
        """Who is to move and is free moves; says whether some are still at work."""
        for source in dict.fromkeys(move.source for move in self.moves):
            state, own = self.city.state(source), [move for move in self.moves if move.source == source]
            stay = max(state.on_duty + self.extra.get(source, 0) - self.seen.get(source, 0), 0)
            free = sum(move.still for move in own) - max(state.busy - stay, 0)
            for move in own:
                freed = min(max(free, 0), move.still)
                free, move.still = free - freed, move.still - freed
                self._add(move.target, freed)
        self.moves = [move for move in self.moves if move.still]
        return bool(self.moves)

    def _may_lend(self, lender: int, now: float) -> int:
        """How many of a pool may still be lent from now on; fewer than none where too many are."""
        plan = self.surge.pools[lender]
        roster = self.surge.rosters[plan.roster]
        step = bisect_right(roster.times, now) - 1
        planned = int(plan.headcounts[step]) if roster.on_duty[step] else 0
        return planned - sum(squad.people for squad in self.squads if squad.lender == lender)

    def _dismiss(self, squad: _Squad, people: int, now: float) -> None:
        squad.people -= people
        if squad.people == 0:
            self.squads.remove(squad)
            squad.call.left = now
        pool = self.surge.posts[squad.post].pool
        if squad.lender < 0:
            self._add(pool, -people)
        else:
            self._send(pool, squad.lender, people)

    def _send(self, source: int, target: int, people: int) -> None:
        """People leave a pool as they become free, for another one; who has not left yet for this one stays."""
        for move in reversed(self.moves):
            if (move.source, move.target) == (target, source):
                stay = min(move.still, people)
                move.still, people = move.still - stay, people - stay
                self._add(target, stay)
        self._add(source, -people)
        self.moves.append(_Move(source, target, people))

    def _add(self, pool: int, people: int) -> None:
        self.extra[pool] = self.extra.get(pool, 0) + people


def act(surge: Surge, env: Environment, city: City) -> Generator[Event, Any, None]:
    """The policy: it looks, calls, and moves staff."""
    desk = _Desk(surge, city)
    checks = [(post.check, number) for number, post in enumerate(surge.posts)]
    checks.sort()
    closings = _closings(surge)
    looks = math.inf
    while checks:
        coming = min((call.comes for _, call in desk.coming), default=math.inf)
        yield env.timeout(min(checks[0][0], coming, closings[-1], looks) - env.now)
        now = env.now
        desk.seen = dict(desk.extra)
        due = [number for time, number in checks if time <= now]
        while checks[0][0] <= now:
            time, number = heappop(checks)
            heappush(checks, (time + surge.posts[number].check, number))
        for number in sorted(due):
            desk.check(number, now)
        desk.arrive(now)
        if closings[-1] <= now:
            closings.pop()
            desk.close(now)
        looks = now + LOOK if desk.look(now) else math.inf
        if desk.extra != desk.seen:
            city.move(desk.extra)


def _closings(surge: Surge) -> list[float]:
    """When fewer may be lent than before, the first one last; infinity first.

    A moment after the lender closes: then who goes back finds it closed, and begins nothing.
    """
    lenders = {post.lender for post in surge.posts if post.lender >= 0}
    times = {time + 1.0 / TICKS for lender in lenders for time in _falls(surge, lender)}
    return [math.inf, *sorted(times, reverse=True)]


def _falls(surge: Surge, pool: int) -> Iterator[float]:
    """When fewer are planned than before."""
    plan = surge.pools[pool]
    roster = surge.rosters[plan.roster]
    before = 0
    for time, there, count in zip(roster.times, roster.on_duty, plan.headcounts, strict=True):
        now = int(count) if there else 0
        if now < before:
            yield time
        before = now
