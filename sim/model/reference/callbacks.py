"""The callback (回访): the citizen is asked after closing, or at the due date, and the answer is kept."""

from __future__ import annotations

import math

from sim.model import purposes
from sim.model.clockwork import DUE, REDIAL, Course, Moment, place, start
from sim.model.facts import CALLBACK, CLOSED, IN_CALLBACK, MERGED, OPEN
from sim.model.policies import callback
from sim.model.reference.records import Request
from sim.model.reference.steps import Step, Steps


class Callbacks(Steps):
    """Asking citizens."""

    def watch_due(self, r: Request) -> None:
        """Where citizens are asked at the due date: wait for it beside the handling."""
        plan = self.city.callback
        r.asked = False
        if plan is not None and plan.after_due and r.due_now < math.inf:
            start(self.ask_at_due(r))

    def ask_at_due(self, r: Request) -> Course:
        """Ask at the due date, whether or not the request is closed."""
        while self.env.now < r.due_now:  # it may have been moved meanwhile
            due = Moment(self.env, place(DUE, r.key, 2))  # after an extension asked for at the same instant
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
        if not self.chance(plan.coverage, callback.COVERAGE, r.key, n):
            return
        pool = self.pool_of(plan.family, r)
        for attempt in range(1 + plan.retries):
            index = n * purposes.PER_ROUND + attempt
            if attempt > 0:
                again = Moment(self.env, place(REDIAL, r.key))
                again.at(self.env.now + self.time(plan.retry_after, callback.RETRY, r.key, index))
                yield again
                if r.status == MERGED:
                    return
            reached = self.chance(plan.reach, callback.REACH, r.key, index)
            work = (
                self.time(plan.work, callback.CALL_WORK, r.key, index)
                if reached
                else self.time(plan.ring, callback.RING, r.key, index)
            )
            r.call = visit = pool.visit(r, CALLBACK, work)
            yield visit
            r.call = None
            begun = not math.isnan(visit.started)
            self.trace.visit(visit, r.rounds, visit.work if begun else 0.0)
            if begun and reached:
                self.answers(r, plan, n)
            if reached or r.status == MERGED:
                return

    def end_callback(self, r: Request) -> Step:
        """A merged request leaves the queue of the callback; a call that is under way is finished first."""
        if r.call is None:
            return
        if math.isnan(r.call.started):
            r.call.leave()
            return
        r.answer = Moment(self.env, place(DUE, r.key))
        yield r.answer
        r.spend(IN_CALLBACK, self.env.now)

    def answers(self, r: Request, plan: callback.Callback, n: int) -> None:
        """What the citizen says depends on what truly happened and how it felt; the scored answer is kept."""
        now = self.env.now
        until = now if math.isnan(r.closed) or r.status == OPEN else r.closed
        contacted, resolved = r.contacted <= r.contact_due, r.status == CLOSED and r.resolved == 1
        yes = plan.contacted.if_true if contacted else plan.contacted.if_false
        said_contacted = self.chance(yes, callback.SAID_CONTACTED, r.key, n)
        yes = plan.resolved.if_true if resolved else plan.resolved.if_false
        said_resolved = self.chance(yes, callback.SAID_RESOLVED, r.key, n)
        said_satisfied = -1
        if plan.asks_satisfaction:
            said_satisfied = int(
                callback.satisfied(
                    self.u(callback.SAID_SATISFIED, r.key, n),
                    plan.satisfied,
                    said_resolved,
                    until > r.due_now,
                    until - r.arrived,
                    r.hops,
                    max(r.rounds, 1),
                )
            )
        r.last_answer = int(said_resolved)
        if plan.score_last or math.isnan(r.called_back):
            r.called_back, r.said_contacted = now, int(said_contacted)
            r.said_resolved, r.said_satisfied = int(said_resolved), said_satisfied
