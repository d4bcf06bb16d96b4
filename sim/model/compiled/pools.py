"""Officers and queues."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import rules
from sim.model.compiled.basics import add_open, book, end_wait, hours_of, is_queueing, is_waiting
from sim.model.compiled.beats import begin_patrol, pause_patrols
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import PATROLLED, STAFF, STAFF_CHANGES, VISITS, WORK_END, WORK_IS_DONE
from sim.model.compiled.machine.queues import dequeue, enqueue, first_of_queue
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import request_of
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.draws import on_grid
from sim.model.facts import ERRAND, HANDLING, SUBTASK
from sim.model.policies import council, ranking
from sim.model.policies.monthly_theme import WORK_FACTOR
from sim.model.rows import MAX_VISITS


@inlined
def count_wait(w: Any, p: Any, waited: Any) -> Any:
    """A visit has begun that stood in the queue of a pool."""
    for n in range(state.watch_edge(w, p), state.watch_edge(w, p + 1)):
        state.watch_begun(w)[n] += 1
        state.watch_late(w)[n] += waited > state.watch_limit(w, n)


@outlined
def take(w: Any, p: Any, v: Any) -> Any:
    """An officer starts on a visit; its end is known from now on."""
    not_inlined()
    pool, x, now = state.pool(w, p), state.task(w, v), w.now
    pool.busy += 1
    x.pool, x.started = p, now
    if w.surge.counts_waits:
        count_wait(w, x.home, now - x.queued)
    if w.act_before.on and x.kind == ERRAND and x.stage == PATROLLED:
        place = np.int64(state.request(w, request_of(w, v)).right)
        state.patrols_to_go(w)[place] -= 1
        state.pool(w, x.home).to_go -= 1
        begin_patrol(w, p, state.place_district(w)[place])
    if w.monthly_theme.on and (x.kind == HANDLING or x.kind == SUBTASK):
        category = state.request(w, request_of(w, v)).category
        x.work = on_grid(x.work * state.handling(w)[WORK_FACTOR, category])
    if w.ranking.effort.on and (x.kind == HANDLING or x.kind == SUBTASK):
        r = state.request(w, request_of(w, v))
        r.effort = state.efforts(w)[x.home]
        x.work = ranking.longer(x.work, r.effort)
    end = add_open(w, pool.roster, now, x.work) if pool.pauses else now + x.work
    schedule(w, end, WORK_END, x.key, x.number, WORK_IS_DONE, v)


@outlined
def line_up(w: Any, v: Any) -> Any:
    """Give a waiting visit its place."""
    not_inlined()
    x, r = state.task(w, v), state.request(w, request_of(w, v))
    pool = state.pool(w, x.home)
    x.rank = rules.rank(pool.discipline, r.urgency, r.due_now, x.queued, state.head_start(w)[x.home, r.urgency])
    enqueue(w, np.int64(x.home), v, r.urgency)


@outlined
def line_up_again(w: Any, v: Any) -> Any:
    """Where due dates decide, and one has moved: a task that waits there takes its new place."""
    not_inlined()
    x = state.task(w, v)
    if is_queueing(x) and state.pool(w, x.home).discipline == rules.DUE:
        dequeue(w, np.int64(x.home), v)
        line_up(w, v)


@inlined
def new_visit(w: Any, task: Any, r: Any, home: Any, kind: Any, work: Any, since: Any, then: Any) -> Any:
    """A task is at a pool, and nobody has begun with it."""
    if r.visits == MAX_VISITS:
        w.too_much = 1
    r.visits += 1
    x = state.task(w, task)
    x.key, x.number, x.kind, x.work, x.home, x.pool = r.key, r.visits, kind, work, home, home
    x.queued, x.started, x.stage = since, math.nan, then


@outlined
def wait_since(w: Any, task: Any, r: Any, home: Any, kind: Any, work: Any, since: Any, then: Any) -> Any:
    """A task has stood in the queue of a pool since then, of which nobody has come to work yet."""
    not_inlined()
    new_visit(w, task, r, home, kind, work, since, then)
    line_up(w, task)
    return VISITS


@outlined
def visit(w: Any, task: Any, r: Any, home: Any, kind: Any, work: Any, then: Any) -> Any:
    """A task joins the queue of a pool; a free officer takes it at once. After it the task goes on with ``then``."""
    not_inlined()
    new_visit(w, task, r, home, kind, work, w.now, then)
    if state.pool(w, home).is_table:
        line_up(w, task)
        serve(w, home)
        return VISITS
    for h in range(state.helper_edge(w, home), state.helper_edge(w, home + 1)):
        p = state.helper(w, h)
        if state.pool(w, p).busy < state.pool(w, p).headcount:
            take(w, p, task)
            return VISITS
    line_up(w, task)
    return VISITS


@inlined
def serve(w: Any, p: Any) -> Any:
    """Free officers take what waits in their queues."""
    pool = state.pool(w, p)
    for h in range(state.helped_edge(w, p), state.helped_edge(w, p + 1)):
        home = state.helped(w, h)
        while pool.busy < pool.headcount and state.pool(w, home).waiting > 0:
            v = first_of_queue(w, home)
            if state.pool(w, home).is_table and not has_time_for(w, home, v):
                break
            dequeue(w, home, v)
            take(w, p, v)


@inlined
def has_time_for(w: Any, p: Any, v: Any) -> Any:
    """Whether a matter at a table would end in this session."""
    opens, closes, _, today = hours_of(w, state.pool(w, p).roster)
    return council.ends_in_session(opens, closes, today, w.now, state.task(w, v).work)


@inlined
def leave(w: Any, v: Any) -> Any:
    """Leave the queue unserved."""
    home = np.int64(state.task(w, v).home)
    dequeue(w, home, v)
    if state.pool(w, home).is_table:
        serve(w, home)  # who stood behind may have the time that this one had not


@outlined
def give_up(w: Any, task: Any, r: Any) -> Any:
    """A task that waits, in a queue or away from any pool, is over; what is being worked on goes on. Says whether it
    is over.
    """
    not_inlined()
    x = state.task(w, task)
    if is_waiting(w, x):
        end_wait(w, x, r)
        return True
    if is_queueing(x):
        leave(w, task)
        book(w, task, r, w.now)
        return True
    return False


@inlined
def change_staff(w: Any, p: Any) -> Any:
    """As many as the roster and the policies say; whoever is free takes what waits."""
    pool = state.pool(w, p)
    pool.headcount = rules.headcount(pool.planned, pool.on_duty != 0, pool.extra)
    serve(w, p)


@inlined
def staff_changes(w: Any, roster: Any) -> Any:
    """The headcounts of the pools that share a roster change, and what waits is served."""
    step = state.roster_step(w)[roster]
    state.roster_step(w)[roster] = step + 1
    for n in range(state.rostered_edge(w, roster), state.rostered_edge(w, roster + 1)):
        p = state.rostered(w, n)
        pool = state.pool(w, p)
        pool.planned = state.count(w, state.count_edge(w, p) + step)
        was_on_duty, pool.on_duty = pool.on_duty, state.on_duty(w, state.time_edge(w, roster) + step)
        if w.act_before.on and pool.pauses and pool.on_duty != was_on_duty:
            pause_patrols(w, p)
        change_staff(w, p)
    following = state.time_edge(w, roster) + step + 1
    if following < state.time_edge(w, roster + 1):
        schedule(w, state.time(w, following), STAFF, np.uint64(roster), 0, STAFF_CHANGES, roster)
