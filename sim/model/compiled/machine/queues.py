"""The queues of the compiled engine.

Whoever comes later is served later, within a class: so a pool has a line for each class, and one for each class of
those who are contacted first. Lines are threaded through the visits themselves: joining, leaving from anywhere and
being served cost the same however long they are. Only where due dates decide can those who come later go first: there a
queue is a pairing heap (Fredman, Sedgewick, Sleator & Tarjan 1986), threaded through the visits too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model.compiled.machine import state
from sim.model.compiled.machine.tasks import A_PART, NONE, request_of, which_of
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.facts import AT_UNITS, CONTACT, ERRAND
from sim.model.rules import AGED, DUE, FCFS


@inlined
def level_of(w: Any, v: Any) -> Any:
    """Lower levels are served first: contacting a citizen, a whistled part, an escalated request at a unit, all else of
    requests, an errand. Those that no mechanism needs are left out.
    """
    kind = state.task(w, v).kind
    if kind == CONTACT:
        return np.int64(0)
    if kind == ERRAND:
        return w.levels - 1
    if which_of(v) == A_PART:
        return np.int64(1)
    if w.supervision.on and kind in AT_UNITS and state.request(w, request_of(w, v)).escalations > 0:
        return w.ordinary - 1
    return w.ordinary


@inlined
def goes_first(w: Any, a: Any, b: Any) -> Any:
    """Whether visit ``a`` is served before visit ``b``."""
    x, y = state.task(w, a), state.task(w, b)
    if level_of(w, a) != level_of(w, b):
        return level_of(w, a) < level_of(w, b)
    if x.rank != y.rank:
        return x.rank < y.rank
    if x.queued != y.queued:
        return x.queued < y.queued
    if x.key != y.key:
        return x.key < y.key
    return x.number < y.number


@inlined
def first_of_queue(w: Any, p: Any) -> Any:
    """The visit that is served first of those that wait at a pool."""
    pool = state.pool(w, p)
    if pool.discipline == DUE:
        return np.int64(pool.queue)
    first = np.int64(NONE)
    for line in range(w.levels * p * w.classes, w.levels * (p + 1) * w.classes):
        v = np.int64(state.line(w, line).first)
        if v != NONE and (first == NONE or goes_first(w, v, first)):
            first = v
            if pool.discipline != AGED:  # lines are in their order
                break
    return first


@inlined
def longest_waiting(w: Any, p: Any) -> Any:
    """When the visit joined a pool's queue that has waited longest there; infinite where nobody waits."""
    pool, since = state.pool(w, p), np.inf
    if pool.discipline == DUE:
        v = np.int64(pool.queue)
        while v != NONE:
            since = min(since, state.task(w, v).queued)
            v = following_in_heap(w, v)
    else:
        for line in range(w.levels * p * w.classes, w.levels * (p + 1) * w.classes):
            v = np.int64(state.line(w, line).first)
            if v != NONE:  # within a line whoever came first stands first
                since = min(since, state.task(w, v).queued)
    return since


@inlined
def enqueue(w: Any, p: Any, v: Any, urgency: Any) -> Any:
    """A visit takes its place in a pool's queue."""
    pool = state.pool(w, p)
    pool.waiting += 1
    if pool.discipline == DUE:
        insert_in_heap(w, pool, v)
    else:
        line = (w.levels * p + level_of(w, v)) * w.classes
        insert_in_list(w, line if pool.discipline == FCFS else line + urgency, v)


@outlined
def dequeue(w: Any, p: Any, v: Any) -> Any:
    """A visit leaves a pool's queue, from wherever it stands."""
    not_inlined()
    pool = state.pool(w, p)
    pool.waiting -= 1
    if pool.discipline == DUE:
        remove_from_heap(w, pool, v)
    else:
        unlink(w, v)


# --- lines -----------------------------------------------------------------------------------------------------------


@inlined
def insert_in_list(w: Any, number: Any, v: Any) -> Any:
    """A visit stands in line: last, but for those who have come at the same instant."""
    line, visit = state.line(w, number), state.task(w, v)
    before, behind = np.int64(line.last), np.int64(NONE)
    while before != NONE and goes_first(w, v, before):
        before, behind = np.int64(state.task(w, before).previous), before
    visit.child, visit.previous, visit.next = number, before, behind
    if before != NONE:
        state.task(w, before).next = v
    else:
        line.first = v
    if behind != NONE:
        state.task(w, behind).previous = v
    else:
        line.last = v


@inlined
def unlink(w: Any, v: Any) -> Any:
    """A visit leaves its line."""
    visit = state.task(w, v)
    line = state.line(w, visit.child)
    if visit.previous != NONE:
        state.task(w, visit.previous).next = visit.next
    else:
        line.first = visit.next
    if visit.next != NONE:
        state.task(w, visit.next).previous = visit.previous
    else:
        line.last = visit.previous


# --- heaps -----------------------------------------------------------------------------------------------------------


@inlined
def meld(w: Any, a: Any, b: Any) -> Any:
    """Two queues as one; returns its first."""
    if goes_first(w, b, a):
        a, b = b, a
    first, second = state.task(w, a), state.task(w, b)
    second.next, second.previous = first.child, a
    if first.child != NONE:
        state.task(w, first.child).previous = b
    first.child = b
    return a


@inlined
def melded_children(w: Any, a: Any) -> Any:
    """What remains of a queue without its first visit ``a``; ``NONE``: nothing."""
    one, done = state.task(w, a).child, NONE
    while one != NONE:  # in pairs, from the left; ``next`` strings the pairs together
        two = state.task(w, one).next
        rest = NONE
        state.task(w, one).next = NONE
        if two != NONE:
            rest = state.task(w, two).next
            state.task(w, two).next = NONE
            one = meld(w, one, two)
        state.task(w, one).next = done
        done, one = one, rest
    if done == NONE:
        return NONE
    root, one = done, state.task(w, done).next
    state.task(w, root).next = NONE
    while one != NONE:  # then together, from the right
        rest = state.task(w, one).next
        state.task(w, one).next = NONE
        root = meld(w, root, one)
        one = rest
    state.task(w, root).previous = NONE
    return root


@inlined
def following_in_heap(w: Any, v: Any) -> Any:
    """The visit after this one, where all of a heap are gone through; ``NONE``: it was the last."""
    if state.task(w, v).child != NONE:
        return np.int64(state.task(w, v).child)
    while state.task(w, v).next == NONE:  # back to the one under which it stands
        before = np.int64(state.task(w, v).previous)
        while before != NONE and state.task(w, before).child != v:
            v, before = before, np.int64(state.task(w, before).previous)
        if before == NONE:
            return np.int64(NONE)
        v = before
    return np.int64(state.task(w, v).next)


@inlined
def insert_in_heap(w: Any, pool: Any, v: Any) -> Any:
    """A visit joins a heap."""
    visit = state.task(w, v)
    visit.child = visit.next = visit.previous = NONE
    pool.queue = v if pool.queue == NONE else meld(w, pool.queue, v)
    state.task(w, pool.queue).previous = NONE


@inlined
def remove_from_heap(w: Any, pool: Any, v: Any) -> Any:
    """A visit leaves a heap."""
    visit = state.task(w, v)
    below = melded_children(w, v)
    if pool.queue == v:
        pool.queue = below
        return
    if visit.next != NONE:
        state.task(w, visit.next).previous = visit.previous
    before = state.task(w, visit.previous)
    if before.child == v:
        before.child = visit.next
    else:
        before.next = visit.next
    if below != NONE:
        pool.queue = meld(w, pool.queue, below)
