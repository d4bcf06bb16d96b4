"""The end of a round: closing, a fix, the callback, and perhaps another round. See ``journey``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import purposes
from sim.model.compiled.basics import book, chance, is_idle, later, limits, spend
from sim.model.compiled.beats import end_watch, look_again
from sim.model.compiled.callbacks import ask_citizen, watch_due
from sim.model.compiled.contacts import call_again, end, fixed_by_another, trust_of
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import (
    ASK,
    ASKED,
    AT_CLOSING,
    BY_ANOTHER,
    CLEARED,
    ENDS,
    GAMED,
    MERGE,
    MERGED_CALL_OVER,
    NO_CITIZEN,
    NOBODY,
    ROUND,
    ROUTE,
    WAITS,
)
from sim.model.compiled.machine.memory import join_problem, leave_problem
from sim.model.compiled.machine.tasks import CALLING, MAIN, task_of
from sim.model.compiled.pools import give_up, leave
from sim.model.compiled.supervision import watch_overdue
from sim.model.compiled.whistle import give_up_parts
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.facts import CLOSED, IN_CALLBACK, MERGED, OPEN, REWORK
from sim.model.policies import callback, ranking


@inlined
def close(w: Any, i: Any, r: Any) -> Any:
    """The unit says it is done; whether it is, shows."""
    r.status, r.closed, r.cover = CLOSED, w.now, -1
    r.last_answer = -1
    if r.rounds == 1:
        r.first_closed = r.closed
    first, beyond = state.resolve_edge(w, r.category), state.resolve_edge(w, r.category + 1)
    resolve = state.resolve(w, min(first + r.rounds, beyond) - 1)
    chances = ranking.resolves(resolve, r.effort) if w.ranking.effort.on else resolve
    gamed = r.overtaken == GAMED
    if gamed:
        r.gamed, r.overtaken = r.rounds, 0
    solved = not gamed and (r.overtaken == CLEARED or chance(w, chances, purposes.RESOLVES, r.key, r.rounds))
    if w.ranking.gaming.on:
        r.in_hands = 0
    r.resolved = solved or r.resolved == 1
    if r.problem >= 0:
        leave_problem(w, i, r)
        if state.problem(w, r.problem).fixed_by == np.uint64(0):
            if solved:
                fix(w, r.problem, r.key)
            elif w.act_before.on:
                look_again(w, r.problem)
    return ASK


@outlined
def fix(w: Any, p: Any, by: Any) -> Any:
    """The problem is gone: no more reports, and what waits elsewhere for it is over."""
    not_inlined()
    problem = state.problem(w, p)
    problem.fixed, problem.fixed_by = w.now, by
    if w.act_before.on:
        end_watch(w, p)
    i = np.int64(problem.first)
    while i >= 0:
        r = state.request(w, i)
        following = np.int64(r.next)
        r.overtaken = BY_ANOTHER
        if let_go(w, i, r) and merge(w, i, r) == ENDS:
            end(w, i, r)
        i = following


@inlined
def let_go(w: Any, i: Any, r: Any) -> Any:
    """What a request waits for is over, but for intake, which is finished first; what is worked on goes on. Says
    whether nothing of it is under way.
    """
    if r.status != OPEN:
        return False
    give_up(w, task_of(i, MAIN), r)
    give_up_parts(w, r)
    return is_idle(w, state.task(w, task_of(i, MAIN))) and r.parts < 0


@outlined
def merge(w: Any, i: Any, r: Any) -> Any:
    """Another request takes care of it; a call that is under way is finished first, one that waits is not made."""
    not_inlined()
    r.status, r.cover = MERGED, -1
    call = state.task(w, task_of(i, CALLING))
    if call.number == 0:
        return ENDS
    if math.isnan(call.started):
        leave(w, task_of(i, CALLING))
        book(w, task_of(i, CALLING), r, w.now)
        return ENDS
    state.task(w, task_of(i, MAIN)).stage, r.awaits = MERGED_CALL_OVER, 1
    return WAITS


@inlined
def ask(w: Any, i: Any, r: Any) -> Any:
    """After closing the citizen is asked, or has been at the due date."""
    if not w.callback.on or r.asking == NO_CITIZEN:
        return ENDS
    state.task(w, task_of(i, MAIN)).stage = ASKED
    if w.callback.after_due and r.due_now < math.inf:
        if r.asked:
            return ASKED
        r.awaits = 1
        return WAITS
    r.asking = AT_CLOSING
    if ask_citizen(w, i, r):
        r.asking = NOBODY
        return ASKED
    return WAITS


@inlined
def asked(w: Any, i: Any, r: Any) -> Any:
    """Whether another round begins."""
    r.awaits = 0
    spend(w, r, IN_CALLBACK, w.now)
    if r.last_answer != 0:
        return ENDS
    if r.rounds <= w.callback.reopen_at_most and chance(
        w, w.callback.reopen_probability, callback.REOPENS, r.key, r.rounds
    ):
        r.status, r.cover = OPEN, REWORK
        if fixed_by_another(w, r):
            return MERGE
        r.due_now = later(w, w.now, limits(w, r).resolve)
        if r.problem >= 0:
            join_problem(w, i, r)
        if w.supervision.on:
            watch_overdue(w, i, r)
        watch_due(w, i, r)
        return ROUTE if w.callback.reopen_to_dispatch else ROUND
    if chance(w, w.callback.call_again * min(trust_of(w, r.district), 1.0), callback.CALLS_AGAIN, r.key, 0):
        call_again(w, r)
    return ENDS
