"""What happens next: events and births in their order, one after the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiled import theme
from sim.model.compiled.basics import book, is_waiting, spend, write_request
from sim.model.compiled.contacts import next_report
from sim.model.compiled.errands import begin_errands
from sim.model.compiled.events import happens, is_born
from sim.model.compiled.journey import life
from sim.model.compiled.machine import queues, state
from sim.model.compiled.machine.codes import (
    DONE,
    MORE_EVENTS,
    MORE_PARTS,
    MORE_PROBLEMS,
    MORE_REQUESTS,
    MORE_ROWS,
    NO_REQUEST,
    NOT_YET,
    OVER_BUT_REVIEW,
    PAUSED,
    STAFF,
    STAFF_CHANGES,
    TOO_MUCH,
)
from sim.model.compiled.machine.memory import write_problem
from sim.model.compiled.machine.schedule import drop_first, is_in_row, next_bucket, prefetch, schedule
from sim.model.compiled.machine.tasks import CALLING, MAIN, part_task, task_of
from sim.model.compiled.patrol import begin_patrols
from sim.model.compiled.pools import change_staff
from sim.model.compiling import entry, inlined
from sim.model.facts import IN_CALLBACK, IN_INTAKE, INTAKE_OPEN


@inlined
def shortage(w: Any) -> Any:
    """What there might not be enough of for the next event; ``DONE``: enough of everything."""
    if w.requests_out + w.widest + 2 > state.request_rows(w).shape[0]:
        return MORE_ROWS
    if w.visits_out + 2 * w.widest + w.parts_in_use + 4 > state.visit_rows(w).shape[0]:
        return MORE_ROWS
    if w.problems_out + 2 > state.problem_rows(w).shape[0]:
        return MORE_ROWS
    if w.in_flight + w.act_before.most + w.supervision.on + 2 > state.requests(w).shape[0]:
        return MORE_REQUESTS
    if w.unsolved + 1 > state.problems(w).shape[0]:
        return MORE_PROBLEMS
    most = w.whistle.most_parts  # 0 where the whistle is off
    if w.parts_in_use + most > state.parts(w).shape[0]:
        return MORE_PARTS
    # every visit may begin at once, and a request may schedule three things more; so may all who are sent out
    patrols = 2 * w.act_before.most
    if w.pending + 2 * w.in_flight + w.parts_in_use + most + patrols + 8 > state.later(w).shape[0]:
        return MORE_EVENTS
    if w.too_much:
        return TOO_MUCH
    return DONE


@entry
def advance(world: Any, until: Any, max_events: Any) -> Any:
    """Let happen what lies strictly before ``until`` (hours), at most so many events; says why it stopped."""
    w = world[0]
    for _ in range(max_events):
        lacking = shortage(w)
        if lacking != DONE:
            return lacking
        birth = state.birth_time(w, w.next_born) if w.next_born < w.born else math.inf
        if w.in_row == 0 and w.in_heap == 0:
            next_bucket(w, min(birth, until))
        in_row = is_in_row(w)
        e = state.row_event(w, w.in_row - 1) if in_row else state.heap_event(w, 0)
        if min(e.time, birth) >= until:
            return DONE
        if e.time <= birth:
            w.now = e.time
            what, who, key, number = np.int64(e.what), np.int64(e.who), e.key, np.int64(e.number)
            drop_first(w, in_row)
            prefetch(w)
            i, goes_on, reported = happens(w, what, who, key, number)
        else:
            w.now = max(birth, 0.0)  # at the start comes what has been open since before it
            w.next_born += 1
            i, goes_on, reported = is_born(w, w.next_born - 1)

        if goes_on:
            life(w, i)
        if reported >= 0:
            next_report(w, reported >> 1, reported & 1)
    return PAUSED


@entry
def lacks(world: Any) -> Any:
    """What there might not be enough of; ``DONE``: enough of everything."""
    return shortage(world[0])


@entry
def add_staff(world: Any, p: Any, extra: Any, now: Any) -> Any:
    """From ``now`` on, so many officers more than planned; where the roster changes in this instant, with that."""
    w = world[0]
    w.now = now
    pool = state.pool(w, p)
    pool.extra = extra
    following = state.time_edge(w, pool.roster) + state.roster_step(w)[pool.roster]
    if following == state.time_edge(w, pool.roster + 1) or state.time(w, following) != now:
        change_staff(w, p)


@entry
def ask_effort(world: Any, number: Any, pool: Any, key: Any, hours: Any, now: Any) -> Any:
    """A piece of the effort for a theme is asked for; says in which slot it stands."""
    w = world[0]
    w.now = now
    return theme.ask_effort(w, number, pool, key, hours)


@entry
def give_up_effort(world: Any, i: Any, key: Any, now: Any) -> Any:
    """A piece leaves the queue, if nobody has begun it."""
    w = world[0]
    w.now = now
    theme.give_up_effort(w, i, key)


@entry
def clear(world: Any, p: Any, now: Any) -> Any:
    """A theme has fixed a problem."""
    w = world[0]
    w.now = now
    theme.clear_problem(w, p)


@entry
def longest_waiting(world: Any, p: Any) -> Any:
    """When the visit joined a pool's queue that has waited longest there; infinite where nobody waits."""
    return queues.longest_waiting(world[0], p)


@entry
def begin(world: Any) -> Any:
    """Everybody comes to work, and errands are planned."""
    w = world[0]
    for roster in range(state.time_edges(w).shape[0] - 1):
        schedule(w, state.time(w, state.time_edge(w, roster)), STAFF, np.uint64(roster), 0, STAFF_CHANGES, roster)
    begin_errands(w)
    begin_patrols(w)


@entry
def close_books(world: Any, first: Any) -> Any:
    """At the end of time: write down what is still open, from slot ``first`` on; returns where to go on, or −1."""
    w = world[0]
    now = w.now
    for i in range(first, w.taken_requests):
        visits = w.visits_out + 2 + w.parts_in_use
        if w.requests_out + 1 > state.request_rows(w).shape[0] or visits > state.visit_rows(w).shape[0]:
            return i
        r, main = state.request(w, i), state.task(w, task_of(i, MAIN))
        if r.key == np.uint64(0) or main.stage == NOT_YET:
            continue
        if r.exclusion == OVER_BUT_REVIEW:
            write_request(w, r, r.mark)
            continue
        if main.number != 0:
            book(w, task_of(i, MAIN), r, math.nan)
        elif is_waiting(w, main):
            spend(w, r, main.cause, now)
        else:
            spend(w, r, IN_INTAKE if r.status == INTAKE_OPEN else IN_CALLBACK, now)
        if r.status == NO_REQUEST:
            continue
        if state.task(w, task_of(i, CALLING)).number != 0:
            book(w, task_of(i, CALLING), r, math.nan)
        slot = np.int64(r.parts)
        while slot >= 0:
            if state.task(w, part_task(slot)).number != 0:
                book(w, part_task(slot), r, math.nan)
            slot = np.int64(state.part(w, slot).next)
        write_request(w, r, math.nan)
    for p in range(max(first - w.taken_requests, 0), w.taken_problems):
        if w.problems_out + 1 > state.problem_rows(w).shape[0]:
            return w.taken_requests + p
        if state.problem(w, p).key != np.uint64(0):
            write_problem(w, state.problem(w, p))
    return -1
