"""What happens: an end of work, a wait that is over, a birth …

Each function says which request it is about (−1: none) and whether this goes on with its journey; the third is twice
the problem of which the next report is to be scheduled, and 1 more for one that trust adds; −1: none.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import purposes
from sim.model.compiled.basics import chance
from sim.model.compiled.beats import begin_watch
from sim.model.compiled.callbacks import expect_due, ring, ring_done
from sim.model.compiled.contacts import contact, is_released, next_report, trust_of
from sim.model.compiled.gaming import game
from sim.model.compiled.initial import stand
from sim.model.compiled.limits import ask_extension
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import (
    COMES_AGAIN,
    EXTENDS,
    GOES_UP,
    HANGS_UP,
    IS_ASKED,
    IS_CLEARED,
    IS_DUE,
    IS_FOUND,
    IS_GIVEN_UP,
    IS_OVERDUE,
    IS_REPORTED,
    MAY_GAME,
    OVER_BUT_REVIEW,
    OVERFLOWS,
    RINGS_AGAIN,
    STAFF_CHANGES,
    WAIT_IS_OVER,
    WORK_IS_DONE,
)
from sim.model.compiled.machine.memory import free_request, new_problem, new_request, release_problem
from sim.model.compiled.machine.tasks import CALLING, MAIN, request_of, which_of
from sim.model.compiled.patrol import find
from sim.model.compiled.pools import leave, serve, staff_changes
from sim.model.compiled.supervision import leave_for_higher, overdue
from sim.model.compiled.theme import is_cleared, work_effort
from sim.model.compiled.whistle import whistled_part_done
from sim.model.compiling import inlined
from sim.model.facts import OVERFLOW
from sim.model.policies import trust

NO_ONE = -1


@inlined
def happens(w: Any, what: Any, who: Any, key: Any, number: Any) -> Any:
    """An event of the schedule has come."""
    if what == WORK_IS_DONE:
        return work_is_done(w, who)
    if what == HANGS_UP:
        return hangs_up(w, who, key, number)
    if what == OVERFLOWS:
        return overflows(w, who, key, number)
    if what == IS_REPORTED:
        return is_reported(w, who, key, number)
    if what == IS_FOUND:
        i = find(w, who, key)
        return i, i >= 0, -1
    if what == COMES_AGAIN:
        return comes_again(w, who, key)
    if what == IS_CLEARED:
        return request_of(w, who), is_cleared(w, request_of(w, who)), -1
    if what == IS_ASKED:
        work_effort(w, request_of(w, who))
        return NO_ONE, False, -1
    if what == IS_GIVEN_UP:
        leave(w, who)
        return request_of(w, who), True, -1
    if what == STAFF_CHANGES:
        staff_changes(w, who)
        return NO_ONE, False, -1
    return request_of(w, who), is_over(w, what, who, key), -1


@inlined
def work_is_done(w: Any, v: Any) -> Any:
    """An officer is free and takes who waits; the request goes on, or its citizen has been called."""
    i, officers = request_of(w, v), np.int64(state.task(w, v).pool)
    state.pool(w, officers).busy -= 1
    serve(w, officers)
    if which_of(v) == MAIN:
        return i, True, -1
    if which_of(v) == CALLING:
        return i, ring_done(w, i), -1
    return i, whistled_part_done(w, i, v), -1


@inlined
def hangs_up(w: Any, v: Any, key: Any, number: Any) -> Any:
    """A caller loses patience, if nobody has answered yet."""
    i, x = request_of(w, v), state.task(w, v)
    r = state.request(w, i)
    waits = r.key == key and x.number == number and math.isnan(x.started)
    if waits:
        leave(w, v)
    return i, waits, -1


@inlined
def overflows(w: Any, v: Any, key: Any, number: Any) -> Any:
    """A firm's call goes on to the general line, if nobody has answered yet."""
    i, x = request_of(w, v), state.task(w, v)
    waits = state.request(w, i).key == key and x.number == number and math.isnan(x.started)
    if waits:
        x.kind = OVERFLOW
        leave(w, v)
    return i, waits, -1


@inlined
def is_over(w: Any, what: Any, task: Any, key: Any) -> Any:
    """What a task has waited for has come, if it still waits. Says whether the request goes on."""
    i = request_of(w, task)
    r = state.request(w, i)
    if r.key != key or r.exclusion == OVER_BUT_REVIEW:  # it has ended meanwhile
        return False
    if what == WAIT_IS_OVER:
        x = state.task(w, task)
        if x.number != 0 or x.until != w.now:
            return False
        return which_of(task) == MAIN or whistled_part_done(w, i, task)
    if what == RINGS_AGAIN:
        ring(w, i, r)
        return False
    if what == IS_OVERDUE:
        overdue(w, i, r)
        return False
    if what == GOES_UP:
        return leave_for_higher(w, i, r)
    if what == MAY_GAME:
        return game(w, i, r)
    if what == EXTENDS:
        ask_extension(w, i)
        return False
    if what == IS_DUE:
        expect_due(w, i, r)
        return r.asked != 0 and r.awaits != 0
    return True  # redials


@inlined
def is_born(w: Any, n: Any) -> Any:
    """A need of the chunk of births: a problem, or a question; or what is open at the start."""
    if state.birth_time(w, n) < 0.0:
        return stand(w, n), True, -1
    key, report = state.birth_key(w, n), state.birth_report(w, n)
    district, category = state.birth_district(w, n), state.birth_category(w, n)
    p = np.int64(-1)
    if state.category(w, category).is_report:
        p = new_problem(w, key, district, category)
        if w.act_before.on:
            begin_watch(w, p)
        if state.category(w, category).report_gap > 0.0:
            if not w.trust.on or w.trust.highest <= 1.0:
                return NO_ONE, False, 2 * p
            state.problem(w, p).users += 1  # until both ways to report it have begun
            next_report(w, p, 0)
            next_report(w, p, 1)
            release_problem(w, p)
            return NO_ONE, False, -1
        share = trust.reported(state.category(w, category).reported, trust_of(w, district))
        if not chance(w, share, purposes.REPORTED, key, 0):
            state.problem(w, p).users += 1
            release_problem(w, p)
            return NO_ONE, False, -1
    i = new_request(w)
    contact(w, i, report, p, np.uint64(0), district, category)
    return i, True, -1


@inlined
def is_reported(w: Any, p: Any, key: Any, surplus: Any) -> Any:
    """A problem is reported, if it is not fixed yet, and if that comes about at today's trust."""
    problem = state.problem(w, p)
    if problem.fixed_by != np.uint64(0):
        release_problem(w, p)
        return NO_ONE, False, -1
    if w.trust.on and not is_released(w, key, np.int64(problem.district), surplus):
        return NO_ONE, False, 2 * p + surplus
    i = new_request(w)
    contact(w, i, key, p, np.uint64(0), np.int64(problem.district), np.int64(problem.category))
    return i, True, 2 * p + surplus


@inlined
def comes_again(w: Any, task: Any, key: Any) -> Any:
    """A citizen calls again about an unsolved matter, if nobody has solved it meanwhile."""
    i = request_of(w, task)
    r = state.request(w, i)
    p = np.int64(r.problem)
    comes = p < 0 or state.problem(w, p).fixed_by == np.uint64(0)
    if comes:
        contact(w, i, key, p, r.repeat_of, np.int64(r.district), np.int64(r.category))
    else:
        free_request(w, i)
    if p >= 0:
        release_problem(w, p)
    return i if comes else NO_ONE, comes, -1
