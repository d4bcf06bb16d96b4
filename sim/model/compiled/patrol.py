"""Act before the complaint (主动治理、未诉先办): who goes on patrol, and what becomes of what is found."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import purposes, rules
from sim.model.compiled.basics import choose, draw, later, limits, matter_of, wait
from sim.model.compiled.beats import count_hours, end_patrol, is_in_hand, plan_finding
from sim.model.compiled.callbacks import watch_due
from sim.model.compiled.errands import errand, new_errand
from sim.model.compiled.machine import hidden, state
from sim.model.compiled.machine.codes import (
    ENDS,
    KEEP_PATROLLING,
    NO_CITIZEN,
    NOBODY,
    PATROLLED,
    ROUTE,
    SEND_OUT,
)
from sim.model.compiled.machine.memory import join_problem, new_request, release_problem
from sim.model.compiled.machine.tasks import MAIN, task_of
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.draws import child
from sim.model.facts import LEAD_TIME, OPEN
from sim.model.policies import act_before


@inlined
def begin_patrols(w: Any) -> Any:
    """From now on people are sent out."""
    if w.act_before.on:
        i = new_errand(w, w.act_before.family.first)
        r = state.request(w, i)
        r.key, r.right = state.patrol_key(w, 0), 0
        keep_patrolling(w, i, r)


@outlined
def keep_patrolling(w: Any, i: Any, r: Any) -> Any:
    """People are sent out again and again; ``right`` is the how-many-th time."""
    not_inlined()
    if r.right == state.patrol_times(w).shape[0]:
        return ENDS
    return wait(w, task_of(i, MAIN), r, state.patrol_times(w)[r.right] - w.now, LEAD_TIME, SEND_OUT)


@outlined
def send_out(w: Any, r: Any) -> Any:
    """To each place as many as its share of the hours takes, but for those who wait there to go since last time."""
    not_inlined()
    number = np.int64(r.right)
    r.right += 1
    weigh(w)
    weights, to_go = state.patrol_weights(w), state.patrols_to_go(w)
    span, together, share = state.patrol_spans(w)[number], weights.sum(), state.patrol_shares(w)[number]
    for place in range(to_go.shape[0]):
        weight, of_district = weights[state.place_district(w)[place]], state.place_share(w)[place]
        hours = act_before.hours_wanted(
            w.act_before.hours, share, of_district, weight, together, np.int64(weights.shape[0])
        )
        people = act_before.people_wanted(hours, span)
        work = act_before.work_of_each(hours, people)
        if not work > 0.0 or not is_short(w, place):
            continue
        of_day = child(state.place_key(w)[place], np.uint64(act_before.PATROLS_OF_DAY), state.patrol_dates(w)[number])
        for n in range(people - to_go[place]):
            step = (state.patrol_steps(w)[number] << np.uint64(16)) | np.uint64(n)
            patrol(w, place, child(of_day, np.uint64(act_before.PATROL), step), work)
    return KEEP_PATROLLING


@inlined
def weigh(w: Any) -> Any:
    """The weights by which hours are spread: of districts that are alike, by the problems that are there, or by what
    citizens have complained of in this calendar month and in the last.
    """
    weights = state.patrol_weights(w)
    month = rules.count_at_most(state.month_turns(w), w.now)
    for district in range(weights.shape[0]):
        if w.act_before.by == act_before.EVEN:
            weights[district] = 1
        elif w.act_before.by == act_before.PROBLEMS:
            weights[district] = state.beat(w, district).unsolved
        else:
            weights[district] = state.complaints(w)[month, district]
            if month > 0:
                weights[district] += state.complaints(w)[month - 1, district]


@inlined
def is_short(w: Any, place: Any) -> Any:
    """Whether the queue of a pool is short enough for somebody to go; who waits there to go counts for nothing."""
    pool = state.pool(w, state.place_pool(w)[place])
    return pool.waiting - pool.to_go < state.patrol_short(w)[place]


@outlined
def patrol(w: Any, place: Any, key: Any, work: Any) -> Any:
    """An errand; while it is being worked, problems are found. ``right``: the place."""
    not_inlined()
    i = new_errand(w, state.place_pool(w)[place])
    r = state.request(w, i)
    r.key, r.right = key, place
    state.patrols_to_go(w)[place] += 1
    state.pool(w, r.unit).to_go += 1
    errand(w, i, r, work, PATROLLED)


@outlined
def patrol_done(w: Any, i: Any, r: Any) -> Any:
    """… and when it is over, one less is out."""
    not_inlined()
    p, district = np.int64(state.task(w, task_of(i, MAIN)).pool), state.place_district(w)[r.right]
    end_patrol(w, p, district)
    return ENDS


@outlined
def find(w: Any, district: Any, key: Any) -> Any:
    """Somebody comes upon a problem; if no request of it is open, it becomes one, without a citizen. Returns that, −1:
    there is none.
    """
    not_inlined()
    beat, i = state.beat(w, district), np.int64(-1)
    if beat.at != w.now or beat.key != key:
        return i  # it was to be, and has come otherwise
    count_hours(w, beat)
    p = np.int64(beat.first)
    hidden.remove(w, beat, p)
    beat.at, state.problem(w, p).found_after = math.nan, math.nan
    plan_finding(w, district)
    if not is_in_hand(w, p):
        i = make_request(w, key, p)
    release_problem(w, p)
    return i


@inlined
def make_request(w: Any, key: Any, p: Any) -> Any:
    """What was found goes straight to a unit."""
    i, problem = new_request(w), state.problem(w, p)
    state.requests(w)[i] = state.blank(w, 0)
    r = state.request(w, i)
    r.key, r.contact, r.problem, r.problem_key = key, w.contacts, p, problem.key
    r.district, r.category = problem.district, problem.category
    r.arrived = r.mark = w.now
    w.contacts += 1
    problem.users += 1
    join_problem(w, i, r)
    if math.isnan(problem.found):
        problem.found = w.now
    r.status, r.asking, r.channel = OPEN, NO_CITIZEN, state.channels(w).shape[0]
    if state.district(w, r.district).streets > 1:
        r.street = int(draw(w, purposes.STREET, matter_of(r), 0) * state.district(w, r.district).streets)
    r.urgency = state.category(w, r.category).only_urgency
    if r.urgency < 0:
        weights = state.urgency(w)[r.category]
        r.urgency = choose(w, weights, state.class_names(w), -1, purposes.URGENCY, matter_of(r), 0)
    state.task(w, task_of(i, MAIN)).stage = ROUTE
    return i


@outlined
def have_citizen(w: Any, r: Any) -> Any:
    """A citizen has reported what inspectors found before: the unit has somebody to contact, the hotline to ask."""
    not_inlined()
    j = np.int64(state.problem(w, r.problem).first)
    while j >= 0:
        other = state.request(w, j)
        if other.asking == NO_CITIZEN:
            other.asking = NOBODY
            other.contact_due = later(w, w.now, limits(w, other).contact)
            watch_due(w, j, other)
        j = np.int64(other.next)
