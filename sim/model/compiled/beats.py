"""Beats (巡区): the hours of patrol worked in each district, and which problem they find next.

Those that may be found stand in a pairing heap (see ``machine.queues``), one a district, threaded through the problems.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import rules
from sim.model.compiled.basics import draw
from sim.model.compiled.machine import hidden, state
from sim.model.compiled.machine.codes import IS_FOUND, REDIAL
from sim.model.compiled.machine.memory import release_problem
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.draws import child
from sim.model.facts import OPEN
from sim.model.policies import act_before


@inlined
def begin_watch(w: Any, p: Any) -> Any:
    """Something is wrong from now on that inspectors may find."""
    problem = state.problem(w, p)
    if state.category(w, problem.category).sight.rate > 0.0:
        state.beat(w, problem.district).unsolved += 1
        new_mark(w, p)


@outlined
def new_mark(w: Any, p: Any) -> Any:
    """So many more hours of patrol in its district will find it."""
    not_inlined()
    problem = state.problem(w, p)
    beat = state.beat(w, problem.district)
    u = draw(w, act_before.MARK, problem.key, problem.marks)
    problem.marks += 1
    count_hours(w, beat)
    hours = beat.hours + act_before.hours_until_found(u, state.category(w, problem.category).sight.rate)
    if hours < math.inf:
        problem.found_after = hours
        problem.users += 1
        hidden.insert(w, beat, p)
        plan_finding(w, np.int64(problem.district))


@inlined
def end_watch(w: Any, p: Any) -> Any:
    """It is fixed: nobody can find it any more."""
    problem = state.problem(w, p)
    if state.category(w, problem.category).sight.rate > 0.0:
        beat = state.beat(w, problem.district)
        beat.unsolved -= 1
        if not math.isnan(problem.found_after):
            hidden.remove(w, beat, p)
            problem.found_after = math.nan
            count_hours(w, beat)
            plan_finding(w, np.int64(problem.district))
            release_problem(w, p)


@inlined
def look_again(w: Any, p: Any) -> Any:
    """A request of it has been closed and it is still there: once none is open, it can be found anew."""
    problem = state.problem(w, p)
    may_be_found = state.category(w, problem.category).sight.rate > 0.0 and math.isnan(problem.found_after)
    if may_be_found and not is_in_hand(w, p):
        new_mark(w, p)


@inlined
def is_in_hand(w: Any, p: Any) -> Any:
    """Whether a request of it is open: who passes by then lets it be."""
    other = np.int64(state.problem(w, p).first)
    while other >= 0:
        if state.request(w, other).status == OPEN:
            return True
        other = np.int64(state.request(w, other).next)
    return False


@inlined
def hear(w: Any, p: Any) -> Any:
    """A citizen complains about it."""
    if w.act_before.by == act_before.COMPLAINTS:
        problem = state.problem(w, p)
        if state.category(w, problem.category).sight.rate > 0.0:
            state.complaints(w)[rules.count_at_most(state.month_turns(w), w.now), problem.district] += 1


@inlined
def count_hours(w: Any, beat: Any) -> Any:
    """The hours of patrol worked until now."""
    beat.hours += beat.out * (w.now - beat.since)
    beat.since = w.now


@outlined
def walk(w: Any, district: Any, people: Any) -> Any:
    """So many more people are out from now on, or fewer."""
    not_inlined()
    beat = state.beat(w, district)
    count_hours(w, beat)
    beat.out += people
    plan_finding(w, district)


@outlined
def plan_finding(w: Any, district: Any) -> Any:
    """As long as somebody is out, it is known which problem will be found next, and when."""
    not_inlined()
    beat = state.beat(w, district)
    if beat.out == 0 or beat.first < 0:
        beat.at = math.nan
        return
    problem = state.problem(w, beat.first)
    key = child(problem.key, np.uint64(act_before.FOUND), np.uint64(problem.marks - 1))
    time = w.now + act_before.time_until_found(problem.found_after - beat.hours, beat.out)
    if beat.at != time or beat.key != key:
        beat.at, beat.key = time, key
        schedule(w, time, REDIAL, key, 0, IS_FOUND, district)


@inlined
def begin_patrol(w: Any, p: Any, district: Any) -> Any:
    """Somebody of a pool begins to patrol."""
    state.patrols(w)[p, district] += 1
    if is_walking(state.pool(w, p)):
        walk(w, district, 1)


@inlined
def end_patrol(w: Any, p: Any, district: Any) -> Any:
    """… and is done."""
    state.patrols(w)[p, district] -= 1
    if is_walking(state.pool(w, p)):
        walk(w, district, -1)


@inlined
def pause_patrols(w: Any, p: Any) -> Any:
    """An office opens or closes: who is out on patrol goes on, or stops until it opens."""
    for district in range(state.patrols(w).shape[1]):
        people = state.patrols(w)[p, district]
        if people != 0:
            walk(w, district, people if state.pool(w, p).on_duty else -people)


@inlined
def is_walking(pool: Any) -> Any:
    """Whether patrols of a pool that are under way go on now."""
    return pool.on_duty != 0 or pool.pauses == 0
