"""What is open at the start: requests that stand at their units before anybody comes to work."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model.compiled.basics import spend
from sim.model.compiled.beats import begin_watch
from sim.model.compiled.contacts import next_report
from sim.model.compiled.limits import take_up_limits
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import ROUND
from sim.model.compiled.machine.memory import join_problem, new_problem, new_request
from sim.model.compiled.machine.tasks import MAIN, task_of
from sim.model.compiling import not_inlined, outlined
from sim.model.facts import OPEN, UNIT_QUEUE


@outlined
def stand(w: Any, n: Any) -> Any:
    """A unit has had it since it arrived: dispatch and contact are behind it, it has waited for an officer. Citizens
    report its problem on from the start. Returns the request.
    """
    not_inlined()
    s, p = state.standing(w, n), np.int64(-1)
    if s.problem != np.uint64(0):
        p = new_problem(w, s.problem, s.district, s.category)
        problem = state.problem(w, p)
        problem.born = problem.first_report = s.arrived
        problem.reported = 1
        if w.act_before.on:
            begin_watch(w, p)
    i = new_request(w)
    state.requests(w)[i] = state.blank(w, 0)
    r = state.request(w, i)
    r.key, r.contact, r.problem, r.problem_key = s.key, w.contacts, p, s.problem
    r.arrived = r.dispatched = r.mark = s.arrived
    r.district, r.category = s.district, s.category
    w.contacts += 1
    if p >= 0:
        state.problem(w, p).users += 1
        join_problem(w, i, r)
    r.status, r.channel, r.from_firm, r.urgency, r.street = OPEN, s.channel, s.from_firm, s.urgency, s.street
    r.first_unit = r.owner_unit = r.right = r.unit = s.unit
    r.right_family = s.family
    if w.contact.on:
        r.contacted = s.arrived
    spend(w, r, UNIT_QUEUE, w.now)
    take_up_limits(w, i, r, s.contact_due, s.due)
    state.task(w, task_of(i, MAIN)).stage = ROUND
    if p >= 0 and state.category(w, s.category).report_gap > 0.0:
        next_report(w, p, 0)
        if w.trust.on and w.trust.highest > 1.0:
            next_report(w, p, 1)
    return i
