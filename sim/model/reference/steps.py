"""What every step of the journey uses: draws, places, visits, waits, clocks, and the books."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray
from simpy import Environment, Event

from sim.model import rules
from sim.model.city import City
from sim.model.clockwork import LEAD_END, Moment, place, start
from sim.model.control import PoolState
from sim.model.draws import duration, uniform
from sim.model.facts import (
    CONTACT,
    DISPATCH,
    DISTRICT_DESK,
    IN_CALLBACK,
    IN_DISPATCH,
    IN_INTAKE,
    INTAKE,
    INTAKE_OPEN,
    UNIT_CLOSED,
    UNIT_QUEUE,
    WORK,
)
from sim.model.index import Span, Weights
from sim.model.reference.pools import Pool, Visit, keep_hours
from sim.model.reference.records import Problem, Request, Trace
from sim.model.staffing import Family

#: A step of the journey: a generator that yields the events it waits for.
Step = Generator[Event, Event, None]


class Merged(Exception):  # noqa: N818 (nothing went wrong)
    """Another request takes care of the problem: this one has nothing left to do."""


class Steps:
    """One replication of the city on a SimPy environment, and the small steps of its requests."""

    def __init__(self, env: Environment, city: City, stream: int, trace: Trace) -> None:
        self.env, self.city, self.stream, self.trace = env, city, stream, trace
        self.tables = city.tables
        self.pools = [Pool(env, i, plan, city.rosters[plan.roster]) for i, plan in enumerate(city.pools)]
        for pool in self.pools:
            for other in pool.plan.helps:
                pool.queues.append(self.pools[other])
                self.pools[other].helpers.append(pool)
        for number, roster in enumerate(city.rosters):
            start(keep_hours(env, number, roster, [p for p in self.pools if p.plan.roster == number]))
        self.live: dict[int, Request] = {}
        self.problems: list[Problem] = []
        self.contacts = 0

    def states(self) -> list[PoolState]:
        """All pools, as policies see them."""
        return [PoolState(pool.waiting, pool.busy, pool.headcount) for pool in self.pools]

    def add_staff(self, pool: int, extra: int) -> None:
        """From now on, so many officers more than planned."""
        self.pools[pool].extra = extra
        self.pools[pool].change_staff()

    def u(self, purpose: int, key: int, index: int = 0) -> float:
        """A uniform number of (0, 1)."""
        return uniform(self.stream, purpose, key, index)  # type: ignore[no-any-return]

    def chance(self, probability: float, purpose: int, key: int, index: int = 0) -> bool:
        """Whether something of this probability comes about; nothing is drawn for what is certain."""
        return probability >= 1.0 or (probability > 0.0 and self.u(purpose, key, index) < probability)

    def choose(
        self, weights: Weights, names: NDArray[np.uint64], purpose: int, key: int, index: int = 0, but: int = -1
    ) -> int:
        """One of several named things; nothing is drawn where there is no choice."""
        if len(weights) == 1 and but < 0:
            return 0
        return rules.choose(weights, names, but, self.stream, purpose, key, index)  # type: ignore[no-any-return]

    def time(self, table: int, purpose: int, key: int, index: int = 0) -> float:
        """A duration in hours; 0 where the scenario gives none."""
        return duration(self.tables, table, self.stream, purpose, key, index) if table >= 0 else 0.0

    def pool_of(self, family: Family, r: Request) -> Pool:
        """The instance of a pool that serves where the request comes from."""
        return self.pools[family.at(r.district, r.street, self.city.first_street)]

    def unit(self, family: int, r: Request) -> int:
        """The instance of a unit that serves where the request comes from."""
        return self.city.unit_families[family].at(r.district, r.street, self.city.first_street)

    def check_merged(self, r: Request) -> None:
        """A request whose problem another one has fixed goes no further."""
        if r.problem is not None and r.problem.fixed_by not in (0, r.key):
            raise Merged

    def stay(self, r: Request, pool: Pool, kind: int, work: float) -> Step:
        """A visit, from joining the queue to its end."""
        r.visit = visit = pool.visit(r, kind, work)
        yield visit
        self.book(r, visit)
        self.check_merged(r)

    def wait(self, r: Request, hours: float, cause: int) -> Step:
        """Time that holds no officer."""
        r.timer, r.timer_cause = Moment(self.env, place(LEAD_END, r.key)), cause
        r.timer.at(self.env.now + hours)
        yield r.timer
        r.timer = None
        r.spend(cause, self.env.now)
        self.check_merged(r)

    def book(self, r: Request, visit: Visit) -> None:
        """Write the visit down and give its hours to their causes."""
        now = self.env.now
        r.visit = None
        pool = visit.pool
        begun = not math.isnan(visit.started)
        if not begun:
            worked = 0.0
        elif math.isnan(visit.ended):
            worked = pool.worked(visit, now)
        else:
            worked = visit.work
        self.trace.visit(visit, r.rounds, worked)
        if visit.kind == INTAKE:
            r.calls += 1
            r.call_wait += (visit.started if begun else now) - visit.queued
            if begun:
                r.answered_wait = visit.started - visit.queued
            elif not math.isnan(visit.ended):
                r.abandoned += 1
        elif visit.kind == CONTACT and begun:
            r.contacted = visit.ended
        if visit.kind in (DISPATCH, DISTRICT_DESK):
            r.spend(IN_DISPATCH, now)
        elif visit.kind == INTAKE or r.cover >= 0:
            r.spend(IN_INTAKE, now)
        else:
            begin = visit.started if begun else now
            waited = begin - r.mark
            queued = pool.open_between(r.mark, begin) if waited > 0.0 else 0.0
            r.spend(UNIT_QUEUE, r.mark + queued)
            r.spend(WORK, r.mark + worked)
            r.spend(UNIT_CLOSED, now)

    def close_books(self) -> None:
        """At the end of time: write down what is still open."""
        end = self.env.now
        for r in self.live.values():
            if r.visit is not None:
                self.book(r, r.visit)
            elif r.timer is not None:
                r.spend(r.timer_cause, end)
            else:
                r.spend(IN_INTAKE if r.status == INTAKE_OPEN else IN_CALLBACK, end)
            if r.call is not None:
                begun = not math.isnan(r.call.started)
                self.trace.visit(r.call, r.rounds, r.call.pool.worked(r.call, end) if begun else 0.0)
            self.trace.request(r)
        for problem in self.problems:
            self.trace.problem(problem)

    def later(self, since: float, span: Span) -> float:
        """The end of a time that is told on the clock or in working time."""
        if span.kind == rules.ON_THE_CLOCK:
            return since + span.amount
        limits = self.city.time_limits
        assert limits is not None
        hours = self.city.rosters[limits.roster].hours
        return rules.later(*hours, limits.workdays, since, span.amount, span.kind)  # type: ignore[no-any-return]

    def earlier(self, until: float, span: Span) -> float:
        """… and its beginning."""
        if span.kind == rules.ON_THE_CLOCK:
            return until - span.amount
        limits = self.city.time_limits
        assert limits is not None
        hours = self.city.rosters[limits.roster].hours
        return rules.earlier(*hours, limits.workdays, until, span.amount, span.kind)  # type: ignore[no-any-return]

    def move_due(self, r: Request, due: float) -> None:
        """A later due date, by extension or parking; where it decides the order, the request takes its new place."""
        r.due = r.due_now = due
        visit = r.visit
        if visit is not None and math.isnan(visit.started):
            visit.home.line_up(visit)
