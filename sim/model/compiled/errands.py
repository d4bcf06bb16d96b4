"""Errands (非工单任务): people's time that belongs to no request, and what it brings when it has been worked."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model import rules
from sim.model.compiled.basics import lasts, wait
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import ENDS, KEEP_LIST, LIST_UPDATED, NO_REQUEST, UPDATE_LIST
from sim.model.compiled.machine.memory import new_request
from sim.model.compiled.machine.tasks import MAIN, task_of
from sim.model.compiled.pools import visit
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.facts import ERRAND, LEAD_TIME
from sim.model.policies import precise_dispatch


@inlined
def new_errand(w: Any, pool: Any) -> Any:
    """A slot for errands at a pool, one after the other."""
    i = new_request(w)
    state.requests(w)[i] = state.blank(w, 0)
    r = state.request(w, i)
    r.status, r.problem, r.unit = NO_REQUEST, -1, pool
    state.task(w, task_of(i, MAIN)).number = 0
    return i


@inlined
def errand(w: Any, i: Any, r: Any, work: Any, then: Any) -> Any:
    """An errand joins the queue of its pool, behind all else."""
    r.contact, r.visits = w.contacts, 0
    return visit(w, task_of(i, MAIN), r, np.int64(r.unit), ERRAND, work, then)


@inlined
def begin_errands(w: Any) -> Any:
    """Those that come by the calendar."""
    for number in range(state.upkeep_keys(w).shape[0]):
        i = new_errand(w, w.dispatch.family.first + number)
        keep_list(w, i, state.request(w, i))


@outlined
def keep_list(w: Any, i: Any, r: Any) -> Any:
    """The duty list of a desk is brought up to date again and again; a turn at which that is still going on passes."""
    not_inlined()
    begins = state.upkeep_begins(w)
    while r.dispatches < begins.shape[0] and begins[r.dispatches] < w.now:
        r.dispatches += 1
    if r.dispatches == begins.shape[0]:
        return ENDS
    r.key = state.upkeep_keys(w)[r.unit - w.dispatch.family.first, r.dispatches]
    hours = begins[r.dispatches] - w.now
    r.dispatches += 1
    return wait(w, task_of(i, MAIN), r, hours, LEAD_TIME, UPDATE_LIST)


@outlined
def update_list(w: Any, i: Any, r: Any) -> Any:
    """The errand …"""
    not_inlined()
    work = lasts(w, w.dispatch.duty_list.upkeep.work, precise_dispatch.UPKEEP_WORK, r.key, 0)
    return errand(w, i, r, work, LIST_UPDATED)


@outlined
def update_list_done(w: Any, r: Any) -> Any:
    """… and when it is over, the list is as it should be."""
    not_inlined()
    state.upkept(w)[r.unit] = rules.count_at_most(state.month_turns(w), w.now)
    return KEEP_LIST
