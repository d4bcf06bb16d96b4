"""Supervision (督办): a request is escalated, goes before all that is not, and supervisors have work with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiled.basics import at, chance, is_queueing, lasts
from sim.model.compiled.errands import errand, new_errand
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import DUE, ENDS, GOES_UP, IS_OVERDUE
from sim.model.compiled.machine.queues import dequeue
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import MAIN, task_of
from sim.model.compiled.pools import leave, line_up
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.draws import child
from sim.model.facts import OPEN, TO_GO_UP
from sim.model.policies import supervision


@inlined
def watch_overdue(w: Any, i: Any, r: Any) -> Any:
    """It is escalated if it is still open some time after its due date: wait for that beside the handling."""
    if r.due_now + w.supervision.overdue_by < math.inf:
        expect_overdue(w, i, r, max(r.due_now + w.supervision.overdue_by, w.now))


@inlined
def expect_overdue(w: Any, i: Any, r: Any, moment: Any) -> Any:
    """… until this moment."""
    r.overdue_at = moment
    schedule(w, moment, DUE, r.key, 3, IS_OVERDUE, task_of(i, MAIN))


@outlined
def overdue(w: Any, i: Any, r: Any) -> Any:
    """It has come: the due date may have been moved."""
    not_inlined()
    if r.status != OPEN or r.overdue_at != w.now:
        return
    if r.due_now + w.supervision.overdue_by > w.now:
        expect_overdue(w, i, r, r.due_now + w.supervision.overdue_by)
    else:
        escalate(w, i, r)


@inlined
def repeated(w: Any, i: Any, r: Any) -> Any:
    """A contact has become a request: that of a citizen who has called before is escalated."""
    if w.supervision.repeats and r.repeat_of != np.uint64(0):
        escalate(w, i, r)


@inlined
def attached(w: Any, i: Any, r: Any) -> Any:
    """A duplicate has been recognised: of the open requests it attaches to, the one that came first is escalated, if it
    has not been.
    """
    if not w.supervision.duplicates or r.problem < 0:
        return
    first, j = np.int64(-1), np.int64(state.problem(w, r.problem).first)
    while j >= 0:
        other = state.request(w, j)
        if (
            j != i
            and not math.isnan(other.dispatched)
            and (first < 0 or other.contact < state.request(w, first).contact)
        ):
            first = j
        j = np.int64(other.next)
    if state.request(w, first).escalations == 0:
        escalate(w, first, state.request(w, first))


@outlined
def escalate(w: Any, i: Any, r: Any) -> Any:
    """From now on it goes before all that is not, also where it waits already; and supervisors are asked for."""
    not_inlined()
    x = state.task(w, task_of(i, MAIN))
    first = r.escalations == 0
    moves = first and is_queueing(x)
    if moves:
        dequeue(w, np.int64(x.home), task_of(i, MAIN))
    r.escalations += 1
    if first:
        r.escalated = w.now
    if moves:
        line_up(w, task_of(i, MAIN))
    supervise(w, r)
    if w.supervision.sent_up.on:
        perhaps_send_up(w, i, r)


@inlined
def supervise(w: Any, r: Any) -> Any:
    """The errand of an escalation, beside all that happens to the request."""
    n = np.uint64(r.escalations)
    number = new_errand(w, at(w, w.supervision.family, r))
    e = state.request(w, number)
    e.key = child(r.key, np.uint64(supervision.ESCALATED), n)
    errand(w, number, e, lasts(w, w.supervision.work, supervision.SUPERVISION_WORK, r.key, n), ENDS)


@inlined
def perhaps_send_up(w: Any, i: Any, r: Any) -> Any:
    """What is left of its handling may be for a higher unit: what waits at another one leaves that at this instant,
    what is being worked on goes up after that.
    """
    if r.to_go_up or not chance(w, w.supervision.sent_up.share, supervision.SENT_UP, r.key, r.escalations):
        return
    r.to_go_up = 1
    schedule(w, w.now, DUE, r.key, 5, GOES_UP, task_of(i, MAIN))


@inlined
def leave_for_higher(w: Any, i: Any, r: Any) -> Any:
    """Leave the queue of a unit for the higher one, if nobody has begun with it. Says whether it goes on."""
    x = state.task(w, task_of(i, MAIN))
    leaves = is_queueing(x) and x.kind in TO_GO_UP and goes_up(w, r)
    if leaves:
        leave(w, task_of(i, MAIN))
    return leaves


@inlined
def goes_up(w: Any, r: Any) -> Any:
    """Whether what is left of its handling is for a higher unit that does not have it yet."""
    if not w.supervision.sent_up.on or not r.to_go_up:
        return False
    goes_from = state.goes_from(w)
    return goes_from[r.owner_unit] != 0 and goes_from[r.right] != 0


@inlined
def send_up(w: Any, r: Any) -> Any:
    """The higher unit is the right one from now on, for a request that goes up; its owner stays."""
    if goes_up(w, r):
        r.right = at(w, w.supervision.sent_up.family, r)
        if math.isnan(r.sent_up):
            r.sent_up = w.now
