"""The reference engine: the way of a contact through the city, as a SimPy process one can read aloud.

Read ``Journey.life`` first; each step is a method below it, in the order in which it happens. A step yields the event
it waits for: the end of a visit, or a moment. What is random is drawn by name (``sim.model.draws``), what is decided is
decided by ``sim.model.rules``; the engine only adds, compares and routes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterable

from simpy import Environment, Event

from sim.model import rules
from sim.model.city import CallbackPlan, City, Extension, Part
from sim.model.clockwork import ARRIVAL, DUE, LEAD_END, REDIAL, Course, Moment, place, start
from sim.model.demand import Births
from sim.model.draws import child, duration, purpose, uniform
from sim.model.pools import (
    CALLBACK,
    CONTACT,
    COORDINATION,
    DISPATCH,
    DISTRICT_DESK,
    HANDLING,
    INTAKE,
    PART,
    REVIEW,
    SUBTASK,
    Pool,
    Visit,
    keep_hours,
)
from sim.model.records import (
    ANSWERED,
    BOUNCED,
    CLOSED,
    IN_CALLBACK,
    IN_DISPATCH,
    IN_INTAKE,
    INTAKE_OPEN,
    LEAD_TIME,
    LOST,
    MERGED,
    OPEN,
    OTHER_UNITS,
    OUT_OF_SCOPE,
    PARKED,
    REWORK,
    UNIT_CLOSED,
    UNIT_QUEUE,
    WORK,
    Problem,
    Request,
    Trace,
)
from sim.model.staffing import Family

# purposes of drawing; the names are stable for ever
REPORT, REPEAT = purpose("report"), purpose("repeat")  # of keys
CHANNEL, STREET, URGENCY, RIGHT_UNIT = (
    purpose("channel"),
    purpose("street"),
    purpose("urgency"),
    purpose("right unit"),
)
REPORT_GAP, GIVE_UP = purpose("report gap"), purpose("give up")
TALK, PATIENCE, REDIALS, REDIAL_GAP = (
    purpose("talk"),
    purpose("patience"),
    purpose("redials"),
    purpose("redial gap"),
)
SCOPE, INSTANT = purpose("out of scope"), purpose("instant answer")
DESK_WORK, ACCURACY, WRONG_UNIT = purpose("dispatch work"), purpose("accuracy"), purpose("wrong unit")
DUPLICATE, DISTRICT_WORK, REVIEW_WORK = (
    purpose("duplicate"),
    purpose("district desk work"),
    purpose("review work"),
)
CONTACT_WORK, COORDINATION_WORK = purpose("contact work"), purpose("coordination work")
PARKS, PARKING_TIME, EXTENDS = purpose("parked"), purpose("parking time"), purpose("extension")
HANDLING_WORK, LEAD, NEVER = purpose("work"), purpose("lead time"), purpose("never closed")
PART_NEEDED, PART_WORK, PART_LEAD = purpose("part"), purpose("part work"), purpose("part lead time")
RESOLVES = purpose("resolves")
COVERAGE, REACH, RETRY = purpose("callback coverage"), purpose("callback reach"), purpose("callback retry")
CALL_WORK, RING = purpose("callback work"), purpose("callback ring")
SAID_CONTACTED, SAID_RESOLVED, SAID_SATISFIED = (
    purpose("said contacted"),
    purpose("said resolved"),
    purpose("said satisfied"),
)
REOPENS, CALLS_AGAIN, AGAIN_GAP = purpose("reopens"), purpose("calls again"), purpose("calls again after")

#: Draws that may recur within a round (attempts, parts) are numbered round · PER_ROUND + occasion.
PER_ROUND = 256

Step = Generator[Event, Event, None]


class Merged(Exception):  # noqa: N818 (nothing went wrong)
    """Another request takes care of the problem: this one has nothing left to do."""


class Journey:
    """One replication of the city on a SimPy environment."""

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
        self.calls: dict[Visit, None] = {}  # callbacks under way
        self.contacts = 0

    def u(self, purpose: int, key: int, index: int = 0) -> float:
        """A uniform number of (0, 1)."""
        return uniform(self.stream, purpose, key, index)  # type: ignore[no-any-return]

    def time(self, table: int, purpose: int, key: int, index: int = 0) -> float:
        """A duration in hours; 0 where the scenario gives none."""
        return duration(self.tables, table, self.stream, purpose, key, index) if table >= 0 else 0.0

    # --- where contacts come from ------------------------------------------------------------------------------

    def births(self, demand: Iterable[Births]) -> Course:
        """Release what is born, at its time."""
        for chunk in demand:
            for time, key, district, category in zip(*chunk.columns(), strict=True):
                arrival = Moment(self.env, place(ARRIVAL, key))
                arrival.at(time)
                yield arrival
                if not self.city.categories[category].is_report:
                    self.contact(child(key, REPORT, 0), None, 0, district, category)
                    continue
                problem = Problem(key, district, category, time)
                self.problems.append(problem)
                if self.city.categories[category].report_gap == 0.0:
                    self.contact(child(key, REPORT, 0), problem, 0, district, category)
                else:
                    start(self.reports(problem))

    def reports(self, problem: Problem) -> Course:
        """A problem is reported again and again until it is fixed or given up."""
        category = self.city.categories[problem.category]
        gap = category.report_gap / self.city.reporting[problem.district]
        given_up = problem.born + rules.exponential(self.u(GIVE_UP, problem.key), category.give_up)
        time = problem.born
        for k in itertools.count():
            time += rules.exponential(self.u(REPORT_GAP, problem.key, k), gap)
            if time >= given_up:
                return
            key = child(problem.key, REPORT, k)
            report = Moment(self.env, place(REDIAL, key))
            report.at(time)
            yield report
            if problem.fixed_by:
                return
            self.contact(key, problem, 0, problem.district, problem.category)

    def contact(self, key: int, problem: Problem | None, repeat_of: int, district: int, category: int) -> None:
        """A citizen turns to the city."""
        city = self.city
        r = Request(key, self.contacts, problem, repeat_of, self.env.now, district, category)
        self.contacts += 1
        self.live[key] = r
        if problem is not None:
            problem.requests[key] = r
        if len(city.channels) > 1:
            r.channel = rules.pick(city.channel_share, self.u(CHANNEL, key))
        if city.streets[district] > 1:
            r.street = int(self.u(STREET, r.place) * city.streets[district])
        urgency = city.categories[category].urgency
        if len(urgency) > 1:
            r.urgency = rules.pick(urgency, self.u(URGENCY, r.place))
        start(self.life(r))

    # --- the way through the city ------------------------------------------------------------------------------

    def life(self, r: Request) -> Course:
        """One contact from its arrival to its end."""
        try:
            yield from self.intake(r)
            if r.status == INTAKE_OPEN:
                r.status = OPEN
                self.check_merged(r)
                yield from self.dispatch(r)
                yield from self.handling(r)
                while (yield from self.reopened(r)):
                    if self.city.callback.reopen_to_dispatch:  # type: ignore[union-attr]
                        yield from self.dispatch(r)
                    yield from self.handling(r)
        except Merged:
            r.status = MERGED
        r.ended = r.mark
        if r.problem is not None:
            r.problem.requests.pop(r.key, None)
        del self.live[r.key]
        self.trace.request(r)

    def intake(self, r: Request) -> Step:
        """The hotline or the online desk; callers lose patience and may call again."""
        channel, category = self.city.channels[r.channel], self.city.categories[r.category]
        if channel.family is not None:
            pool = self.pool_of(channel.family, r)
            for attempt in itertools.count():
                visit = pool.visit(r, INTAKE, self.time(channel.talk, TALK, r.key, attempt))
                if channel.patience >= 0 and math.isnan(visit.started):
                    hang_up = Moment(self.env, place(DUE, r.key))
                    hang_up.callbacks.append(visit.lose_patience)
                    hang_up.at(self.env.now + self.time(channel.patience, PATIENCE, r.key, attempt))
                r.visit = visit
                yield visit
                self.book(r, visit)
                if not math.isnan(visit.started):
                    r.answered_wait = visit.started - visit.queued
                    break
                redial = channel.redial
                if attempt >= redial.at_most or self.u(REDIALS, r.key, attempt) >= redial.probability:
                    r.status = LOST
                    return
                again = Moment(self.env, place(REDIAL, r.key))
                again.at(self.env.now + self.time(redial.after, REDIAL_GAP, r.key, attempt))
                yield again
                r.spend(IN_INTAKE, self.env.now)
        if r.problem is not None and math.isnan(r.problem.first_report):
            r.problem.first_report = self.env.now
        if category.out_of_scope > 0.0 and self.u(SCOPE, r.key) < category.out_of_scope:
            r.status = OUT_OF_SCOPE
        elif category.answered > 0.0 and self.u(INSTANT, r.key) < category.answered:
            r.status = ANSWERED

    def dispatch(self, r: Request) -> Step:
        """The desk finds the unit; a wrong one sends the request back, or stays responsible for it."""
        city, plan = self.city, self.city.dispatch
        category = city.categories[r.category]
        if r.right < 0:
            r.right_family = rules.pick(category.right_unit, self.u(RIGHT_UNIT, r.place))
            r.right = self.unit(r.right_family, r)
        if plan is None:
            self.hand_over(r, r.right)
            return
        wrongs = 0
        while True:
            n = r.dispatches
            r.dispatches += 1
            work = self.time(plan.work, DESK_WORK, r.key, n)
            yield from self.stay(r, self.pool_of(plan.family, r), DISPATCH, work)
            if n == 0 and plan.duplicates > 0.0 and self.is_known(r) and self.u(DUPLICATE, r.key) < plan.duplicates:
                raise Merged
            if wrongs > plan.max_hops:
                if plan.backstop >= 0:
                    r.right = self.unit(plan.backstop, r)
                unit = r.right
            else:
                accuracy = category.accuracy if wrongs == 0 else category.redispatch_accuracy
                right = accuracy >= 1.0 or self.u(ACCURACY, r.key, n) < accuracy
                unit = r.right if right else self.wrong_unit(r, n)
            if plan.district_desk is not None and self.pools[unit].plan.level == "street":
                desk = self.pool_of(plan.district_desk, r)
                work = self.time(plan.district_work, DISTRICT_WORK, r.key, n)
                yield from self.stay(r, desk, DISTRICT_DESK, work)
            self.hand_over(r, unit)
            if r.cover == BOUNCED:
                r.cover = -1
            if unit == r.right or city.coordination >= 0:
                return
            wrongs += 1
            r.hops += 1
            if r.cover < 0:
                r.cover = BOUNCED
            work = self.time(plan.review, REVIEW_WORK, r.key, n)
            yield from self.stay(r, self.pools[unit], REVIEW, work)

    def hand_over(self, r: Request, unit: int) -> None:
        """A unit receives the request; with the first one the clocks start."""
        r.owner = unit
        if r.first_unit < 0:
            r.first_unit, r.dispatched = unit, self.env.now
            category = self.city.categories[r.category]
            since = r.arrived if self.city.limits_from_arrival else r.dispatched
            r.contact_due = self.limit(since, category.contact_limit[r.urgency])
            r.due = r.due_now = self.limit(since, category.resolve_limit[r.urgency])
            if self.city.extension is not None:
                start(self.ask_extension(r, self.city.extension))
            self.watch_due(r)

    def handling(self, r: Request) -> Step:
        """One round at the owner: contact, work, lead time, the parts of other units; then it is closed."""
        city, category = self.city, self.city.categories[r.category]
        owner = self.pools[r.owner]
        r.rounds += 1
        bounced = r.owner != r.right and r.rounds == 1
        if bounced:
            r.cover = BOUNCED
        if city.contact_work >= 0 and math.isnan(r.contacted):
            yield from self.stay(r, owner, CONTACT, self.time(city.contact_work, CONTACT_WORK, r.key))
            r.contacted = self.env.now
        if bounced:
            yield from self.stay(r, owner, COORDINATION, self.time(city.coordination, COORDINATION_WORK, r.key))
        if r.rounds == 1 and category.parking > 0.0 and self.u(PARKS, r.key) < category.parking:
            r.cover = -1
            parked = self.time(city.parking_time, PARKING_TIME, r.key)
            self.move_due(r, parked)
            yield from self.wait(r, parked, PARKED)
        if r.owner != r.right and r.rounds == 1:
            r.cover = OTHER_UNITS
        kind = HANDLING if r.owner == r.right else SUBTASK
        work = self.time(category.work, HANDLING_WORK, r.key, r.rounds)
        yield from self.stay(r, self.pools[r.right], kind, work)
        if r.rounds == 1 and category.never_closed > 0.0 and self.u(NEVER, r.place) < category.never_closed:
            yield from self.wait(r, math.inf, LEAD_TIME)
        elif category.lead >= 0:
            yield from self.wait(r, self.time(category.lead, LEAD, r.key, r.rounds), LEAD_TIME)
        for i, part in enumerate(category.parts):
            yield from self.part(r, part, r.rounds * PER_ROUND + i)
        self.close(r)

    def part(self, r: Request, part: Part, index: int) -> Step:
        """Another unit's part of a joint matter."""
        if part.probability < 1.0 and self.u(PART_NEEDED, r.place, index % PER_ROUND) >= part.probability:
            return
        if r.cover < 0:
            r.cover = OTHER_UNITS
        work = self.time(part.work, PART_WORK, r.key, index)
        yield from self.stay(r, self.pool_of(part.family, r), PART, work)
        if part.lead >= 0:
            yield from self.wait(r, self.time(part.lead, PART_LEAD, r.key, index), LEAD_TIME)

    def close(self, r: Request) -> None:
        """The unit says it is done; whether it is, shows."""
        category = self.city.categories[r.category]
        r.status, r.closed, r.cover = CLOSED, self.env.now, -1
        r.last_answer = math.nan
        if r.rounds == 1:
            r.first_closed = r.closed
        chance = category.resolve[min(r.rounds, len(category.resolve)) - 1]
        solved = chance >= 1.0 or self.u(RESOLVES, r.key, r.rounds) < chance
        r.resolved = float(solved or r.resolved == 1.0)
        if r.problem is not None:
            r.problem.requests.pop(r.key, None)
            if solved and not r.problem.fixed_by:
                self.fix(r.problem, r)

    def fix(self, problem: Problem, by: Request) -> None:
        """The problem is gone: no more reports, and what waits elsewhere for it is over."""
        problem.fixed, problem.fixed_by = self.env.now, by.key
        for other in [problem.requests[key] for key in sorted(problem.requests)]:
            if other.status != OPEN:
                continue  # still at intake: finishes that first
            if other.timer is not None:
                other.timer.now()
            elif other.visit is not None and math.isnan(other.visit.started):
                other.visit.leave()

    # --- callback ----------------------------------------------------------------------------------------------

    def reopened(self, r: Request) -> Generator[Event, Event, bool]:
        """After closing: the citizen is asked; says whether another round begins."""
        plan = self.city.callback
        if plan is None:
            return False
        if plan.after_due and r.due_now < math.inf:
            if not r.asked:
                r.answer = Moment(self.env, place(DUE, r.key))
                yield r.answer
                r.answer = None
        else:
            yield from self.ask(r)
        r.spend(IN_CALLBACK, self.env.now)
        if r.last_answer != 0.0:
            return False
        if r.rounds <= plan.reopen_at_most and (
            plan.reopen_probability >= 1.0 or self.u(REOPENS, r.key, r.rounds) < plan.reopen_probability
        ):
            r.status, r.cover = OPEN, REWORK
            limit = self.city.categories[r.category].resolve_limit[r.urgency]
            r.due_now = self.limit(self.env.now, limit)
            if r.problem is not None:
                r.problem.requests[r.key] = r
            self.watch_due(r)
            return True
        if plan.call_again > 0.0 and self.u(CALLS_AGAIN, r.key) < plan.call_again:
            start(self.call_again(r))
        return False

    def watch_due(self, r: Request) -> None:
        """Where citizens are asked at the due date: wait for it beside the handling."""
        plan = self.city.callback
        r.asked = False
        if plan is not None and plan.after_due and r.due_now < math.inf:
            start(self.ask_at_due(r))

    def ask_at_due(self, r: Request) -> Course:
        """Ask at the due date, whether or not the request is closed."""
        while self.env.now < r.due_now:  # it may have been moved meanwhile
            due = Moment(self.env, place(DUE, r.key))
            due.at(r.due_now)
            yield due
        if r.status not in (OPEN, CLOSED):
            return
        yield from self.ask(r)
        r.asked = True
        if r.answer is not None:
            r.answer.now()

    def ask(self, r: Request) -> Step:
        """The callback: some are asked, some reached, at most ``1 + retries`` times."""
        plan = self.city.callback
        assert plan is not None
        n, r.asks = r.asks, r.asks + 1
        if plan.coverage < 1.0 and self.u(COVERAGE, r.key, n) >= plan.coverage:
            return
        pool = self.pool_of(plan.family, r)
        for attempt in range(1 + plan.retries):
            index = n * PER_ROUND + attempt
            if attempt > 0:
                again = Moment(self.env, place(REDIAL, r.key))
                again.at(self.env.now + self.time(plan.retry_after, RETRY, r.key, index))
                yield again
            reached = plan.reach >= 1.0 or self.u(REACH, r.key, index) < plan.reach
            work = (
                self.time(plan.work, CALL_WORK, r.key, index) if reached else self.time(plan.ring, RING, r.key, index)
            )
            visit = pool.visit(r, CALLBACK, work)
            self.calls[visit] = None
            yield visit
            del self.calls[visit]
            self.trace.visit(visit, r.rounds, visit.work)
            if reached:
                self.answers(r, plan, n)
                return

    def answers(self, r: Request, plan: CallbackPlan, n: int) -> None:
        """What the citizen says depends on what truly happened and how it felt; the scored answer is kept."""
        now = self.env.now
        until = now if math.isnan(r.closed) or r.status == OPEN else r.closed
        contacted = r.contacted <= r.contact_due
        said_contacted = self.u(SAID_CONTACTED, r.key, n) < plan.contacted[contacted]
        resolved = r.status == CLOSED and r.resolved == 1.0
        said_resolved = self.u(SAID_RESOLVED, r.key, n) < plan.resolved[resolved]
        said_satisfied = rules.satisfied(
            self.u(SAID_SATISFIED, r.key, n),
            plan.satisfied,
            said_resolved,
            until > r.due_now,
            until - r.arrived,
            r.hops,
            max(r.rounds, 1),
        )
        r.last_answer = float(said_resolved)
        if plan.score_last or math.isnan(r.called_back):
            r.called_back, r.said_contacted = now, float(said_contacted)
            r.said_resolved, r.said_satisfied = float(said_resolved), float(said_satisfied)

    def call_again(self, r: Request) -> Course:
        """The citizen turns to the city anew about an unsolved matter."""
        plan = self.city.callback
        assert plan is not None
        key = child(r.key, REPEAT, 0)
        again = Moment(self.env, place(REDIAL, key))
        again.at(self.env.now + self.time(plan.call_again_after, AGAIN_GAP, r.key))
        yield again
        if r.problem is None or not r.problem.fixed_by:
            self.contact(key, r.problem, r.key, r.district, r.category)

    # --- due dates ---------------------------------------------------------------------------------------------

    def limit(self, since: float, limit: tuple[float, bool]) -> float:
        """The due date of a limit in calendar or in working time."""
        hours, working = limit
        if not working:
            return since + hours
        assert self.city.limit_hours is not None
        return rules.add_open(*self.city.limit_hours, since, hours)  # type: ignore[no-any-return,call-arg]

    def move_due(self, r: Request, by: float) -> None:
        """A later due date, by extension or parking; where it decides the order, the request takes its new place."""
        r.due_now += by
        r.due = r.due_now
        visit = r.visit
        if visit is not None and visit.pool is not None and math.isnan(visit.started):
            visit.pool.line_up(visit)

    def ask_extension(self, r: Request, plan: Extension) -> Course:
        """The unit may ask once, some time before the first round is due."""
        while self.env.now < r.due_now - plan.ask_before < math.inf:
            ask = Moment(self.env, place(DUE, r.key))
            ask.at(r.due_now - plan.ask_before)
            yield ask
            if r.status != OPEN or r.rounds > 1:
                return
            if self.env.now >= r.due_now - plan.ask_before and self.u(EXTENDS, r.key) < plan.probability:
                self.move_due(r, plan.length)
                return

    # --- the small steps ---------------------------------------------------------------------------------------

    def pool_of(self, family: Family, r: Request) -> Pool:
        """The instance of a pool that serves where the request comes from."""
        return self.pools[family.at(r.district, r.street, self.city.first_street)]

    def unit(self, family: int, r: Request) -> int:
        """The instance of a unit that serves where the request comes from."""
        return self.city.unit_families[family].at(r.district, r.street, self.city.first_street)

    def wrong_unit(self, r: Request, n: int) -> int:
        """A unit that the desk takes for the right one."""
        confused = self.city.categories[r.category].confused_with
        weights = self.city.family_volume[r.district] if confused is None else confused
        family = rules.pick_other(weights, r.right_family, self.u(WRONG_UNIT, r.key, n))
        return r.right if family < 0 else self.unit(family, r)

    def is_known(self, r: Request) -> bool:
        """Whether another request about the same problem is open."""
        return r.problem is not None and any(
            other is not r and not math.isnan(other.dispatched) for other in r.problem.requests.values()
        )

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
        assert pool is not None
        begun = not math.isnan(visit.started)
        if not begun:
            worked = 0.0
        elif math.isnan(visit.ended):
            worked = pool.worked(visit, now)
        else:
            worked = visit.work
        self.trace.visit(visit, r.rounds, worked)
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
                r.spend(IN_CALLBACK if r.status == CLOSED else IN_INTAKE, end)
            self.trace.request(r)
        for visit in self.calls:
            begun = not math.isnan(visit.started)
            assert visit.pool is not None
            self.trace.visit(visit, visit.request.rounds, visit.pool.worked(visit, end) if begun else 0.0)
        for problem in self.problems:
            self.trace.problem(problem)
