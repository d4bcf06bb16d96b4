"""The end of a round: closing, a fix, the callback, and perhaps another round. See ``journey``."""

from __future__ import annotations

import math

from sim.model import purposes
from sim.model.clockwork import DUE, Moment, order_of, start
from sim.model.facts import CLOSED, IN_CALLBACK, MERGED, OPEN, REWORK
from sim.model.policies import callback, ranking
from sim.model.reference.basics import Stage, chance, check_merged, later, limits, spend
from sim.model.reference.beats import end_watch, look_again
from sim.model.reference.callbacks import ask_citizen, watch_due
from sim.model.reference.contacts import Life, call_again
from sim.model.reference.supervision import watch_overdue
from sim.model.reference.whistle import wait_for_parts
from sim.model.reference.world import Problem, Request, World


def close(w: World, r: Request) -> None:
    """The unit says it is done; whether it is, shows."""
    category = w.city.categories[r.category]
    r.status, r.closed, r.cover = CLOSED, w.env.now, -1
    r.last_answer = -1
    if r.rounds == 1:
        r.first_closed = r.closed
    resolve = category.resolve[min(r.rounds, len(category.resolve)) - 1]
    chances = ranking.resolves(resolve, r.effort)
    if r.gaming:
        r.gamed = r.rounds
    solved = not r.gaming and (r.cleared or chance(w, chances, purposes.RESOLVES, r.key, r.rounds))
    r.in_hands = r.gaming = False
    r.resolved = int(solved or r.resolved == 1)
    if r.problem is not None:
        r.problem.requests.pop(r.key, None)
        if r.problem.fixed_by:
            return
        if solved:
            fix(w, r.problem, r.key)
        else:
            look_again(w, r.problem)


def fix(w: World, problem: Problem, by: int) -> None:
    """The problem is gone: no more reports, and what waits elsewhere for it is over."""
    problem.fixed, problem.fixed_by = w.env.now, by
    end_watch(w, problem)
    for other in [problem.requests[key] for key in sorted(problem.requests)]:
        let_go(other)


def let_go(r: Request) -> None:
    """What a request waits for is over, but for intake, which is finished first; what is worked on goes on."""
    if r.status != OPEN:
        return
    for task in (r.main, *r.parts):
        if task.timer is not None:
            task.timer.now()
        elif (visit := task.queueing) is not None:
            visit.leave()


def merge(w: World, r: Request) -> Stage:
    """Another request takes care of it; parts that are worked on, and then a call that is under way, are finished
    first, a call that waits is not made.
    """
    yield from wait_for_parts(w, r)
    r.status, r.cover = MERGED, -1
    if r.call.visit is None:
        return
    if (visit := r.call.queueing) is not None:
        visit.leave()
        return
    r.answer = Moment(w.env, order_of(DUE, r.key))
    yield r.answer
    spend(r, IN_CALLBACK, w.env.now)


def ask(w: World, r: Request) -> Stage:
    """After closing the citizen is asked, or has been at the due date."""
    plan = w.city.callback
    if plan is None or r.alone:
        return
    if not (plan.after_due and r.due_now < math.inf):
        r.asked = False
        start(ask_citizen(w, r))
    if not r.asked:
        r.answer = Moment(w.env, order_of(DUE, r.key))
        yield r.answer
        r.answer = None


def asked(w: World, r: Request, life: Life) -> bool:
    """Whether another round begins."""
    plan = w.city.callback
    if plan is None:
        return False
    spend(r, IN_CALLBACK, w.env.now)
    if r.last_answer != 0:
        return False
    if r.rounds <= plan.reopen_at_most and chance(w, plan.reopen_probability, callback.REOPENS, r.key, r.rounds):
        r.status, r.cover = OPEN, REWORK
        check_merged(r)
        r.due_now = later(w, w.env.now, limits(w, r).resolve)
        if r.problem is not None:
            r.problem.requests[r.key] = r
        watch_overdue(w, r)
        watch_due(w, r)
        return True
    if chance(w, plan.call_again * min(w.trust(r.district), 1.0), callback.CALLS_AGAIN, r.key):
        start(call_again(w, r, life))
    return False
