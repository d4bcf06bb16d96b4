"""What a monthly theme does in the city: its effort is worked, and open problems are fixed. See ``journey``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiled.basics import is_queueing
from sim.model.compiled.beats import end_watch
from sim.model.compiled.closing import let_go
from sim.model.compiled.errands import errand, new_errand
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import (
    BY_ANOTHER,
    CLEARED,
    EFFORT_WORKED,
    ENDS,
    IS_ASKED,
    IS_CLEARED,
    IS_GIVEN_UP,
    TURNED,
)
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import MAIN, task_of
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.facts import BY_THEME, DISPATCH, DISTRICT_DESK, OPEN, REVIEW


@inlined
def ask_effort(w: Any, number: Any, pool: Any, key: Any, hours: Any) -> Any:
    """A piece of the effort for a theme is asked for; says in which slot it stands. It joins the queue of a pool after
    the changes of staff at this instant.
    """
    i = new_errand(w, pool)
    r = state.request(w, i)
    r.key, r.right = key, number
    state.task(w, task_of(i, MAIN)).work = hours
    schedule(w, w.now, TURNED, key, 0, IS_ASKED, task_of(i, MAIN))
    return i


@outlined
def work_effort(w: Any, i: Any) -> Any:
    """It joins the queue."""
    not_inlined()
    errand(w, i, state.request(w, i), state.task(w, task_of(i, MAIN)).work, EFFORT_WORKED)


@outlined
def work_effort_done(w: Any, i: Any, r: Any) -> Any:
    """It is over; nobody may have begun it."""
    not_inlined()
    if not math.isnan(state.task(w, task_of(i, MAIN)).started):
        state.effort_done(w)[r.right] += 1
        state.effort_last(w)[r.right] = w.now
    return ENDS


@inlined
def give_up_effort(w: Any, i: Any, key: Any) -> Any:
    """A piece leaves the queue, if nobody has begun it."""
    if state.request(w, i).key == key and is_queueing(state.task(w, task_of(i, MAIN))):
        schedule(w, w.now, TURNED, key, 0, IS_GIVEN_UP, task_of(i, MAIN))


@inlined
def clear_problem(w: Any, p: Any) -> Any:
    """The problem is gone; its requests go on after the changes of staff at this instant."""
    problem = state.problem(w, p)
    problem.fixed, problem.fixed_by = w.now, np.uint64(BY_THEME)
    i = np.int64(problem.first)
    while i >= 0:
        r = state.request(w, i)
        schedule(w, w.now, TURNED, r.key, 0, IS_CLEARED, task_of(i, MAIN))
        i = np.int64(r.next)
    if w.act_before.on:
        end_watch(w, p)


@outlined
def is_cleared(w: Any, i: Any) -> Any:
    """A request whose owner has it is closed, as soon as nobody works on it; elsewhere it is merged. Says whether it
    goes on.
    """
    not_inlined()
    r, x = state.request(w, i), state.task(w, task_of(i, MAIN))
    before_owner = x.number != 0 and (x.kind == DISPATCH or x.kind == DISTRICT_DESK or x.kind == REVIEW)
    r.overtaken = BY_ANOTHER if r.status != OPEN or before_owner else CLEARED
    return let_go(w, i, r)
