"""Officers and queues, and the visits that tasks pay them.

Queues are heaps of our own: SimPy's priority resources sort the whole queue again on every arrival. A visit that leaves
its queue early stays in the heap under an old ticket and is skipped when it comes up.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from simpy import Environment, Event

from sim.model import rules
from sim.model.clockwork import STAFF, WORK_END, Course, Moment, order_of, start
from sim.model.draws import on_grid
from sim.model.facts import AT_UNITS, CONTACT, ERRAND, HANDLING, OVERFLOW, SUBTASK
from sim.model.policies import council, ranking
from sim.model.policies.monthly_theme import WORK_FACTOR
from sim.model.reference.basics import book, check_merged
from sim.model.reference.beats import pause_patrols
from sim.model.reference.world import Errand, Request
from sim.model.rows import MAX_VISITS, TooManyVisitsError

if TYPE_CHECKING:
    from sim.model.reference.world import Task, Watch, World
    from sim.model.staffing import PoolPlan, Roster


class Visit(Moment):
    """One stay of a request at one pool, or an errand there. As an event it is the end of the stay."""

    def __init__(self, env: Environment, home: Pool, request: Request | Errand, kind: int, work: float) -> None:
        if request.visits == MAX_VISITS:
            raise TooManyVisitsError
        self.number = request.visits = request.visits + 1
        super().__init__(env, order_of(WORK_END, request.key, self.number))
        self.request, self.kind, self.work = request, kind, work
        self.home = self.pool = home  # whose queue it stands in, and who serves it
        self.queued = env.now
        self.started = math.nan
        self.ended = math.nan
        self.report_due = math.nan  # until when a whistled part is to be begun; NaN: it is none
        self.ticket = 0

    @property
    def level(self) -> int:
        """Lower levels are served first: contacting a citizen, a whistled part, an escalated request at a unit, all
        else of requests, an errand.
        """
        if self.kind == CONTACT:
            return 0
        if self.kind == ERRAND:
            return 4
        if not math.isnan(self.report_due):
            return 1
        assert isinstance(self.request, Request)
        return 2 if self.kind in AT_UNITS and self.request.escalations else 3

    def lose_patience(self, _: object) -> None:
        """Hang up, if nobody has answered yet."""
        if math.isnan(self.started) and math.isnan(self.ended):
            self.leave()

    def overflow(self, _: object) -> None:
        """Go on to another line, if nobody has answered yet."""
        if math.isnan(self.started) and math.isnan(self.ended):
            self.kind = OVERFLOW
            self.leave()

    def leave(self) -> None:
        """Leave the queue unserved and let the request go on."""
        self.ticket += 1
        self.home.waiting -= 1
        self.ended = self.env.now
        if self.home.plan.is_table:
            self.home.serve()  # who stood behind may have the time that this one had not
        self.now()


class Pool:
    """The people who serve one queue, and help with others in the order listed."""

    def __init__(self, env: Environment, number: int, plan: PoolPlan, roster: Roster) -> None:
        self.env, self.number, self.plan = env, number, plan
        self.discipline, self.head_start = plan.discipline, plan.head_start
        self.open_hours = roster.hours
        self.pauses = roster.pauses
        self.planned, self.on_duty, self.extra = 0, False, 0  # by the roster; what policies add
        self.headcount = 0
        self.next_change = 0.0  # when the roster changes it
        self.busy = 0
        self.waiting = 0
        self.queue: list[tuple[int, float, float, int, int, int, Visit]] = []
        self.helpers: list[Pool] = [self]  # who serves this queue
        self.queues: list[Pool] = [self]  # whose queues these people serve
        self.handling: NDArray[np.float64] | None = None  # factors of a theme's ways of handling
        self.watches: list[Watch] = []  # of waits in this queue
        self.to_go = 0  # patrols that wait in this queue
        self.patrols: dict[int, int] = {}  # of these people, those that are under way, by district
        self.pressure, self.effort = 0.0, 1.0  # on the unit, and the factor on work that begins here

    def join(
        self,
        request: Request | Errand,
        kind: int,
        work: float,
        report_due: float = math.nan,
        since: float | None = None,
    ) -> Visit:
        """A request or an errand joins the queue; a free officer takes it at once. ``report_due``: it is a whistled
        part. ``since``: it has stood there since then.
        """
        visit = Visit(self.env, self, request, kind, work)
        if since is not None:
            visit.queued = since
        visit.report_due = report_due
        if self.plan.is_table:
            self.waiting += 1
            self.line_up(visit)
            self.serve()
            return visit
        for pool in self.helpers:
            if pool.busy < pool.headcount:
                pool.take(visit)
                return visit
        self.waiting += 1
        self.line_up(visit)
        return visit

    def line_up(self, visit: Visit) -> None:
        """Give a waiting visit its place; a place it had before is void."""
        visit.ticket += 1
        request, queued = visit.request, visit.queued
        rank = 0.0
        if self.discipline != rules.FCFS:
            rank = rules.rank(
                self.discipline, request.urgency, request.due_now, queued, self.head_start[request.urgency]
            )
        place = (visit.level, rank, queued, request.key, visit.number, visit.ticket, visit)
        heappush(self.queue, place)

    def take(self, visit: Visit) -> None:
        """An officer starts on a visit; its end is known from now on."""
        now = self.env.now
        self.busy += 1
        visit.pool, visit.started = self, now
        if self.handling is not None and visit.kind in (HANDLING, SUBTASK):
            assert isinstance(visit.request, Request)
            visit.work = on_grid(visit.work * self.handling[WORK_FACTOR, visit.request.category])
        for watch in visit.home.watches:
            watch.count(now - visit.queued)
        if isinstance(visit.request, Errand) and visit.request.begun is not None:
            visit.request.begun(self)
        if visit.kind in (HANDLING, SUBTASK):
            assert isinstance(visit.request, Request)
            visit.request.effort = visit.home.effort
            visit.work = ranking.longer(visit.work, visit.home.effort)
        visit.callbacks.insert(0, self.finish)  # type: ignore[arg-type]
        visit.at(rules.add_open(*self.open_hours, now, visit.work) if self.pauses else now + visit.work)

    def finish(self, visit: Visit) -> None:
        """The officer is released and the queue is served, before the request goes on."""
        self.busy -= 1
        visit.ended = self.env.now
        if self.busy < self.headcount:
            self.serve()

    def oldest(self, now: float) -> float:
        """Hours that the visit has waited that has waited longest, 0 where nobody waits."""
        return now - min((visit.queued for *_, ticket, visit in self.queue if ticket == visit.ticket), default=now)

    def worked_between(self, begin: float, until: float) -> float:
        """Officer's hours that a visit has between two moments at which it is under way."""
        return self.open_between(begin, until) if self.pauses else until - begin

    def open_between(self, begin: float, until: float) -> float:
        """Hours with somebody on duty."""
        hours = self.open_hours
        return rules.open_until(*hours, until) - rules.open_until(*hours, begin)  # type: ignore[no-any-return]

    def serve(self) -> None:
        """Free officers take what waits in their queues."""
        for pool in self.queues:
            queue = pool.queue
            while self.busy < self.headcount and queue:
                *_, ticket, visit = queue[0]
                if ticket == visit.ticket:
                    if pool.plan.is_table and not pool.has_time_for(visit):
                        break
                    pool.waiting -= 1
                    self.take(visit)
                heappop(queue)

    def has_time_for(self, visit: Visit) -> bool:
        """Whether a matter at a table would end in this session."""
        opens, closes, _, today = self.open_hours
        return council.ends_in_session(opens, closes, today, self.env.now, visit.work)  # type: ignore[no-any-return]

    def change_staff(self) -> None:
        """As many as the roster and the policies say; whoever is free takes what waits."""
        self.headcount = rules.headcount(self.planned, self.on_duty, self.extra)
        self.serve()


def visit(
    w: World,
    task: Task,
    r: Request,
    pool: int,
    kind: int,
    work: float,
    report_due: float = math.nan,
    since: float | None = None,
) -> Generator[Event, Event, bool]:
    """A visit of a task, from joining the queue to its end; says whether anybody worked on it."""
    task.visit = visit = w.pools[pool].join(r, kind, work, report_due, since)
    yield visit
    book(w, task, r)
    check_merged(r)
    return not math.isnan(visit.started)


def open_pools(w: World) -> None:
    """Everybody comes to work."""
    w.pools += [Pool(w.env, i, plan, w.city.rosters[plan.roster]) for i, plan in enumerate(w.city.pools)]
    for pool in w.pools:
        for other in pool.plan.helps:
            pool.queues.append(w.pools[other])
            w.pools[other].helpers.append(pool)
        pool.handling = None if w.city.monthly_theme is None else w.handling
    for watch in w.watches:
        w.pools[watch.pool].watches.append(watch)
    for number, roster in enumerate(w.city.rosters):
        start(keep_hours(w, number, roster, [p for p in w.pools if p.plan.roster == number]))


def keep_hours(w: World, number: int, roster: Roster, pools: list[Pool]) -> Course:
    """Change the headcounts of the pools that share a roster, at its hours."""
    for step, time in enumerate(roster.times):
        for pool in pools:
            pool.next_change = time
        change = Moment(w.env, order_of(STAFF, number))
        change.at(time)
        yield change
        for pool in pools:
            was_on_duty, pool.on_duty = pool.on_duty, roster.on_duty[step]
            pool.planned = int(pool.plan.headcounts[step])
            if pool.pauses and pool.on_duty != was_on_duty:
                pause_patrols(w, pool)
            pool.change_staff()
