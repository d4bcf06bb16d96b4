"""The reference engine: the way of a contact through the city, as a SimPy process one can read aloud.

Read ``Journey.life`` first; each step is a method below it, in the order in which it happens. A step yields the event
it waits for: the end of a visit, or a moment. What is random is drawn by name (``sim.model.purposes``), what is decided
is decided by ``sim.model.rules``; the engine only adds, compares and routes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterable

from simpy import Event

from sim.model import purposes, rules
from sim.model.city import Part
from sim.model.clockwork import ARRIVAL, DUE, REDIAL, Course, Moment, place, start
from sim.model.demand import Births
from sim.model.draws import child
from sim.model.facts import (
    ANSWERED,
    BOUNCED,
    CLOSED,
    CONTACT,
    COORDINATION,
    DISPATCH,
    DISTRICT_DESK,
    HANDLING,
    IN_CALLBACK,
    IN_INTAKE,
    INTAKE,
    INTAKE_OPEN,
    LEAD_TIME,
    LOST,
    MERGED,
    OPEN,
    OTHER_UNITS,
    OUT_OF_SCOPE,
    PARKED,
    PART,
    REVIEW,
    REWORK,
    SUBTASK,
)
from sim.model.policies import (
    callback,
    classified_handling,
    first_recipient,
    instant_answer,
    precise_dispatch,
    time_limits,
)
from sim.model.reference.callbacks import Callbacks
from sim.model.reference.records import Problem, Request
from sim.model.reference.steps import Merged, Step


class Journey(Callbacks):
    """One replication of the city on a SimPy environment."""

    @property
    def from_arrival(self) -> bool:
        """Whether limits run from the arrival, not from the first unit on."""
        return self.city.time_limits is not None and self.city.time_limits.from_arrival

    # --- where contacts come from ------------------------------------------------------------------------------

    def births(self, demand: Iterable[Births]) -> Course:
        """Release what is born, at its time."""
        for chunk in demand:
            for time, key, report, district, category in zip(*chunk.columns(), strict=True):
                arrival = Moment(self.env, place(ARRIVAL, key))
                arrival.at(time)
                yield arrival
                if not self.city.categories[category].is_report:
                    self.contact(report, None, 0, district, category)
                    continue
                problem = Problem(key, district, category, time)
                self.problems.append(problem)
                if self.city.categories[category].report_gap == 0.0:
                    self.contact(report, problem, 0, district, category)
                else:
                    start(self.reports(problem))

    def reports(self, problem: Problem) -> Course:
        """A problem is reported again and again until it is fixed or given up."""
        category = self.city.categories[problem.category]
        reporting = self.city.districts[problem.district].reporting
        gap = category.report_gap / reporting if reporting > 0.0 else math.inf
        given_up = problem.born + rules.exponential(self.u(purposes.GIVE_UP, problem.key), category.give_up)
        time = problem.born
        for k in itertools.count():
            time += rules.exponential(self.u(purposes.REPORT_GAP, problem.key, k), gap)
            if time >= given_up:
                return
            key = int(child(problem.key, purposes.REPORT, k))
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
        r.channel = self.choose(city.channel_share, city.channel_names, purposes.CHANNEL, key)
        if city.districts[district].streets > 1:
            r.street = int(self.u(purposes.STREET, r.place) * city.districts[district].streets)
        r.urgency = self.choose(city.categories[category].urgency, city.class_names, purposes.URGENCY, r.place)
        start(self.life(r))

    # --- the way through the city ------------------------------------------------------------------------------

    def life(self, r: Request) -> Course:
        """One contact from its arrival to its end."""
        try:
            yield from self.intake(r)
            if r.status == INTAKE_OPEN:
                r.status = OPEN
                self.check_merged(r)
                if self.from_arrival:
                    self.start_clocks(r, r.arrived)
                yield from self.dispatch(r)
                yield from self.handling(r)
                while (yield from self.reopened(r)):
                    if self.city.callback.reopen_to_dispatch:  # type: ignore[union-attr]
                        yield from self.dispatch(r)
                    yield from self.handling(r)
        except Merged:
            r.status, r.cover = MERGED, -1
            yield from self.end_callback(r)
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
                visit = pool.visit(r, INTAKE, self.time(channel.talk, purposes.TALK, r.key, attempt))
                if channel.patience >= 0 and math.isnan(visit.started):
                    hang_up = Moment(self.env, place(DUE, r.key))
                    hang_up.callbacks.append(visit.lose_patience)
                    hang_up.at(self.env.now + self.time(channel.patience, purposes.PATIENCE, r.key, attempt))
                r.visit = visit
                yield visit
                self.book(r, visit)
                if not math.isnan(visit.started):
                    break
                redial = channel.redial
                if attempt >= redial.at_most or not self.chance(redial.probability, purposes.REDIALS, r.key, attempt):
                    r.status = LOST
                    return
                again = Moment(self.env, place(REDIAL, r.key))
                again.at(self.env.now + self.time(redial.after, purposes.REDIAL_GAP, r.key, attempt))
                yield again
                r.spend(IN_INTAKE, self.env.now)
        if r.problem is not None and math.isnan(r.problem.first_report):
            r.problem.first_report = self.env.now
        if self.chance(category.classified_handling.out_of_scope, classified_handling.SCOPE, r.key):
            r.status = OUT_OF_SCOPE
        elif self.chance(category.instant_answer.answered, instant_answer.ANSWERS, r.key):
            r.status = ANSWERED

    def dispatch(self, r: Request) -> Step:
        """The desk finds the unit; a wrong one sends the request back, or stays responsible for it."""
        city, plan = self.city, self.city.dispatch
        category = city.categories[r.category]
        if r.right < 0:
            r.right_family = self.choose(category.right_unit, city.unit_names, purposes.RIGHT_UNIT, r.place)
            r.right = self.unit(r.right_family, r)
        if plan is None:
            self.hand_over(r, r.right)
            return
        wrongs = 0
        while True:
            n = r.dispatches
            r.dispatches += 1
            work = self.time(plan.work, precise_dispatch.DESK_WORK, r.key, n)
            yield from self.stay(r, self.pool_of(plan.family, r), DISPATCH, work)
            if n == 0 and self.chance(plan.duplicates, precise_dispatch.DUPLICATE, r.key) and self.is_known(r):
                raise Merged
            if wrongs >= plan.max_hops:
                if plan.backstop >= 0:
                    r.right_family, r.right = plan.backstop, self.unit(plan.backstop, r)
                unit = r.right
            else:
                accuracy = category.accuracy.at_first if wrongs == 0 else category.accuracy.again
                unit = r.right if self.chance(accuracy, precise_dispatch.ACCURACY, r.key, n) else self.wrong_unit(r, n)
            if (district := plan.district_desk) is not None and self.pools[unit].plan.level == "street":
                work = self.time(district.work, precise_dispatch.DISTRICT_WORK, r.key, n)
                yield from self.stay(r, self.pool_of(district.family, r), DISTRICT_DESK, work)
            self.hand_over(r, unit)
            if r.cover == BOUNCED:
                r.cover = -1
            if unit == r.right or city.first_recipient is not None:
                return
            wrongs += 1
            if r.cover < 0:
                r.cover = BOUNCED
            work = self.time(plan.review, precise_dispatch.REVIEW_WORK, r.key, n)
            yield from self.stay(r, self.pools[unit], REVIEW, work)
            r.hops += 1

    def hand_over(self, r: Request, unit: int) -> None:
        """A unit receives the request; with the first one the clocks start."""
        r.owner_unit = unit
        if r.first_unit < 0:
            r.first_unit, r.dispatched = unit, self.env.now
            if not self.from_arrival:
                self.start_clocks(r, r.dispatched)

    def start_clocks(self, r: Request, since: float) -> None:
        """The limits of contact and of resolution begin to run."""
        limits = self.city.categories[r.category].limits[r.urgency]
        r.contact_due = self.later(since, limits.contact)
        r.due = r.due_now = self.later(since, limits.resolve)
        if self.city.time_limits is not None and self.city.time_limits.extension is not None:
            start(self.ask_extension(r, self.city.time_limits.extension))
        self.watch_due(r)

    def handling(self, r: Request) -> Step:
        """One round at the owner: contact, work, lead time, the parts of other units; then it is closed."""
        city, category = self.city, self.city.categories[r.category]
        owner = self.pools[r.owner_unit]
        r.rounds += 1
        bounced = r.owner_unit != r.right and r.rounds == 1
        if bounced:
            r.cover = BOUNCED
        if city.contact is not None and math.isnan(r.contacted):
            yield from self.stay(r, owner, CONTACT, self.time(city.contact.work, purposes.CONTACT_WORK, r.key))
        if bounced and city.first_recipient is not None:
            work = self.time(city.first_recipient.coordination, first_recipient.COORDINATION_WORK, r.key)
            yield from self.stay(r, owner, COORDINATION, work)
        if r.rounds == 1 and self.chance(category.parking.probability, time_limits.PARKS, r.key):
            r.cover = -1
            parking = city.time_limits.parking  # type: ignore[union-attr]
            assert parking is not None
            if parking.working_time.kind != rules.ON_THE_CLOCK:
                parked = self.later(self.env.now, parking.working_time) - self.env.now
                self.move_due(r, self.later(r.due_now, parking.working_time))
            else:
                parked = self.time(parking.time, time_limits.PARKING_TIME, r.key)
                self.move_due(r, r.due_now + parked)
            yield from self.wait(r, parked, PARKED)
        if r.owner_unit != r.right and r.rounds == 1:
            r.cover = OTHER_UNITS
        kind = HANDLING if r.owner_unit == r.right else SUBTASK
        work = self.time(category.work, purposes.HANDLING_WORK, r.key, r.rounds)
        yield from self.stay(r, self.pools[r.right], kind, work)
        if r.rounds == 1 and self.chance(category.never_closed, purposes.NEVER, r.place):
            yield from self.wait(r, math.inf, LEAD_TIME)
        elif category.lead >= 0:
            yield from self.wait(r, self.time(category.lead, purposes.LEAD, r.key, r.rounds), LEAD_TIME)
        for i, part in enumerate(category.parts):
            yield from self.part(r, part, r.rounds * purposes.PER_ROUND + i)
        self.close(r)

    def part(self, r: Request, part: Part, index: int) -> Step:
        """Another unit's part of a joint matter."""
        if not self.chance(part.probability, purposes.PART_NEEDED, r.place, index % purposes.PER_ROUND):
            return
        if r.cover < 0:
            r.cover = OTHER_UNITS
        work = self.time(part.work, purposes.PART_WORK, r.key, index)
        yield from self.stay(r, self.pool_of(part.family, r), PART, work)
        if part.lead >= 0:
            yield from self.wait(r, self.time(part.lead, purposes.PART_LEAD, r.key, index), LEAD_TIME)

    def close(self, r: Request) -> None:
        """The unit says it is done; whether it is, shows."""
        category = self.city.categories[r.category]
        r.status, r.closed, r.cover = CLOSED, self.env.now, -1
        r.last_answer = -1
        if r.rounds == 1:
            r.first_closed = r.closed
        resolve = category.resolve[min(r.rounds, len(category.resolve)) - 1]
        solved = self.chance(resolve, purposes.RESOLVES, r.key, r.rounds)
        r.resolved = int(solved or r.resolved == 1)
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
        if r.last_answer != 0:
            return False
        if r.rounds <= plan.reopen_at_most and self.chance(plan.reopen_probability, callback.REOPENS, r.key, r.rounds):
            r.status, r.cover = OPEN, REWORK
            self.check_merged(r)
            limit = self.city.categories[r.category].limits[r.urgency].resolve
            r.due_now = self.later(self.env.now, limit)
            if r.problem is not None:
                r.problem.requests[r.key] = r
            self.watch_due(r)
            return True
        if self.chance(plan.call_again, callback.CALLS_AGAIN, r.key):
            start(self.call_again(r))
        return False

    def call_again(self, r: Request) -> Course:
        """The citizen turns to the city anew about an unsolved matter."""
        plan = self.city.callback
        assert plan is not None
        key = int(child(r.key, purposes.REPEAT, 0))
        again = Moment(self.env, place(REDIAL, key))
        again.at(self.env.now + self.time(plan.call_again_after, callback.AGAIN_GAP, r.key))
        yield again
        if r.problem is None or not r.problem.fixed_by:
            self.contact(key, r.problem, r.key, r.district, r.category)

    def ask_extension(self, r: Request, plan: time_limits.Extension) -> Course:
        """The unit may ask once, some time before the first round is due."""
        while self.env.now < (moment := self.earlier(r.due_now, plan.ask_before)) < math.inf:
            ask = Moment(self.env, place(DUE, r.key, 1))
            ask.at(moment)
            yield ask
            if r.status != OPEN or r.rounds > 1:
                return
            on_time = self.env.now >= self.earlier(r.due_now, plan.ask_before)  # else it has been moved meanwhile
            if on_time and self.chance(plan.probability, time_limits.EXTENDS, r.key):
                self.move_due(r, self.later(r.due_now, plan.length))
                return

    def wrong_unit(self, r: Request, n: int) -> int:
        """A unit that the desk takes for the right one."""
        category = self.city.categories[r.category]
        weights = category.confused_with if category.is_confused else self.city.family_volume[r.district]
        family = self.choose(weights, self.city.unit_names, precise_dispatch.WRONG_UNIT, r.key, n, but=r.right_family)
        return r.right if family < 0 else self.unit(family, r)

    def is_known(self, r: Request) -> bool:
        """Whether another request about the same problem is open."""
        return r.problem is not None and any(
            other is not r and not math.isnan(other.dispatched) for other in r.problem.requests.values()
        )
