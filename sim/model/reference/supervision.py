"""Supervision (督办): a request is escalated, goes before all that is not, and supervisors have work with it."""

from __future__ import annotations

import math
from functools import partial

from sim.model.clockwork import DUE, Course, Moment, order_of, start
from sim.model.draws import child
from sim.model.facts import OPEN, TO_GO_UP
from sim.model.policies import supervision
from sim.model.reference.basics import at, chance, lasts
from sim.model.reference.errands import errand
from sim.model.reference.world import Request, World


def watch_overdue(w: World, r: Request) -> None:
    """It is escalated if it is still open some time after its due date: wait for that beside the handling."""
    plan = w.city.supervision
    if plan is not None and r.due_now + plan.overdue_by < math.inf:
        expect_overdue(w, r, max(r.due_now + plan.overdue_by, w.env.now))


def expect_overdue(w: World, r: Request, moment: float) -> None:
    """… until this moment."""
    r.overdue_at = moment
    comes = Moment(w.env, order_of(DUE, r.key, 3))  # after an extension and gaming, before a callback
    comes.callbacks.append(partial(overdue, w, r))
    comes.at(moment)


def overdue(w: World, r: Request, _: object) -> None:
    """It has come: the due date may have been moved."""
    plan = w.city.supervision
    assert plan is not None
    if r.status != OPEN or r.overdue_at != w.env.now:
        return
    if r.due_now + plan.overdue_by > w.env.now:
        expect_overdue(w, r, r.due_now + plan.overdue_by)
    else:
        escalate(w, r)


def repeated(w: World, r: Request) -> None:
    """A contact has become a request: that of a citizen who has called before is escalated."""
    plan = w.city.supervision
    if plan is not None and plan.repeats and r.repeat_of:
        escalate(w, r)


def attached(w: World, r: Request) -> None:
    """A duplicate has been recognised: of the open requests it attaches to, the one that came first is escalated, if it
    has not been.
    """
    plan = w.city.supervision
    if plan is None or not plan.duplicates or r.problem is None:
        return
    known = [other for other in r.problem.requests.values() if other is not r and not math.isnan(other.dispatched)]
    first = min(known, key=lambda other: other.contact)
    if first.escalations == 0:
        escalate(w, first)


def escalate(w: World, r: Request) -> None:
    """From now on it goes before all that is not, also where it waits already; and supervisors are asked for."""
    r.escalations += 1
    if r.escalations == 1:
        r.escalated = w.env.now
        if (visit := r.main.queueing) is not None:
            visit.home.line_up(visit)
    start(supervise(w, r))
    perhaps_send_up(w, r)


def supervise(w: World, r: Request) -> Course:
    """The errand of an escalation, beside all that happens to the request."""
    plan, n = w.city.supervision, r.escalations
    assert plan is not None
    key, work = int(child(r.key, supervision.ESCALATED, n)), lasts(w, plan.work, supervision.SUPERVISION_WORK, r.key, n)
    yield from errand(w, key, at(w, plan.family, r), work)


def perhaps_send_up(w: World, r: Request) -> None:
    """What is left of its handling may be for a higher unit: what waits at another one leaves that at this instant,
    what is being worked on goes up after that.
    """
    plan = None if w.city.supervision is None else w.city.supervision.sent_up
    if plan is None or r.to_go_up or not chance(w, plan.share, supervision.SENT_UP, r.key, r.escalations):
        return
    r.to_go_up = True
    leaves = Moment(w.env, order_of(DUE, r.key, 5))  # after all else that happens to it at that instant
    leaves.callbacks.append(partial(leave_for_higher, w, r))
    leaves.at(w.env.now)


def leave_for_higher(w: World, r: Request, _: object) -> None:
    """Leave the queue of a unit for the higher one, if nobody has begun with it."""
    if (visit := r.main.queueing) is not None and visit.kind in TO_GO_UP and goes_up(w, r):
        visit.leave()


def goes_up(w: World, r: Request) -> bool:
    """Whether what is left of its handling is for a higher unit that does not have it yet."""
    plan = None if w.city.supervision is None else w.city.supervision.sent_up
    return plan is not None and r.to_go_up and bool(plan.goes_from[r.owner_unit] and plan.goes_from[r.right])


def send_up(w: World, r: Request) -> None:
    """The higher unit is the right one from now on, for a request that goes up; its owner stays."""
    plan = None if w.city.supervision is None else w.city.supervision.sent_up
    if plan is not None and goes_up(w, r):
        r.right = at(w, plan.family, r)
        if math.isnan(r.sent_up):
            r.sent_up = w.env.now
