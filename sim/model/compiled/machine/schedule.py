"""The schedule of the compiled engine: what happens when.

A calendar queue (Brown 1988). Time is cut into buckets that hold a few events each. Events of the present bucket stand
in a short row, in their order; where there are more, the others are in a heap with four children a node. Events of
later buckets are in lists, unsorted, one a bucket; when a bucket begins, its events come into the row. What they are
about is prefetched into the processor's cache some buckets before.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import IS_FOUND, IS_REPORTED, STAFF_CHANGES, WAIT_IS_OVER
from sim.model.compiled.machine.tasks import CALLING, request_of, task_of
from sim.model.compiling import inlined

#: Children of a node. Behind the heap's last event there are as many that never happen, so that nodes are never short
#: of children.
CHILDREN = 4

#: So many events stand in the row. To put a few in their order is faster than a heap, whose jumps nobody can foresee.
ROW = 16

#: So many buckets ahead what an event needs is fetched from memory, in two steps.
AHEAD = 2


# --- the present bucket -----------------------------------------------------------------------------------------------


@inlined
def comes_before(e: Any, time: Any, kind: Any, key: Any, number: Any) -> Any:
    """Whether an event of the schedule comes before another."""
    if e.time != time:
        return e.time < time
    if e.kind != kind:
        return e.kind < kind
    if e.key != key:
        return e.key < key
    return e.number < number


@inlined
def is_in_row(w: Any) -> Any:
    """Whether the event that comes first is in the row, not in the heap."""
    if w.in_row == 0 or w.in_heap == 0:
        return w.in_row > 0
    x = state.row_event(w, w.in_row - 1)
    return not comes_before(state.heap_event(w, 0), x.time, x.kind, x.key, x.number)


@inlined
def push(w: Any, time: Any, kind: Any, key: Any, number: Any, what: Any, who: Any) -> Any:
    """One more event in the row, or in the heap where the row is full."""
    if w.in_row < ROW:
        e = state.row_event(w, place_in_row(w, time, kind, key, number))
    else:
        e = state.heap_event(w, place_in_heap(w, time, kind, key, number))
    e.time, e.kind, e.key, e.number, e.what, e.who = time, kind, key, number, what, who


@inlined
def place_in_row(w: Any, time: Any, kind: Any, key: Any, number: Any) -> Any:
    """Room for one more event between those that come after it and those that come before."""
    row, at = state.row(w), w.in_row
    w.in_row += 1
    while at > 0:
        x = state.row_event(w, at - 1)
        if not comes_before(x, time, kind, key, number):
            break
        row[at] = x
        at -= 1
    return at


@inlined
def place_in_heap(w: Any, time: Any, kind: Any, key: Any, number: Any) -> Any:
    """Room for one more event below those that come before it."""
    heap, at = state.heap(w), w.in_heap
    w.in_heap += 1
    state.heap_event(w, at + CHILDREN).time = math.inf
    while at > 0:
        above = (at - 1) // CHILDREN
        x = state.heap_event(w, above)
        if comes_before(x, time, kind, key, number):
            break
        heap[at] = x
        at = above
    return at


@inlined
def drop_first(w: Any, in_row: Any) -> Any:
    """Take the first event off the schedule."""
    w.pending -= 1
    if in_row:
        w.in_row -= 1
        return
    w.in_heap -= 1
    heap, size, at = state.heap(w), w.in_heap, 0
    last = state.heap_event(w, size)
    while True:
        child = CHILDREN * at + 1
        if child >= size:
            break
        least = first_of(w, first_of(w, child, child + 1), first_of(w, child + 2, child + 3))
        x = state.heap_event(w, least)
        if not comes_before(x, last.time, last.kind, last.key, last.number):
            break
        heap[at] = x
        at = least
    heap[at] = last
    last.time = math.inf


@inlined
def first_of(w: Any, a: Any, b: Any) -> Any:
    """Which of two places of the heap has the event that comes first."""
    x, y = state.heap_event(w, a), state.heap_event(w, b)
    second = np.int64(y.time < x.time)
    if x.time == y.time:
        second = np.int64(not comes_before(x, y.time, y.kind, y.key, y.number))
    return a + (b - a) * second  # no jump, as it cannot be foreseen


# --- later buckets ----------------------------------------------------------------------------------------------------


@inlined
def schedule(w: Any, time: Any, kind: Any, key: Any, number: Any, what: Any, who: Any) -> Any:
    """Let something happen at ``time`` (hours); from the end on nothing happens."""
    if time >= w.end:
        return
    w.pending += 1
    bucket = np.int64(time * w.buckets_per_hour)
    if bucket <= w.bucket:
        push(w, time, kind, key, number, what, who)
        return
    place, buckets = np.int64(w.free_later), state.buckets(w)
    if place < 0:
        place = np.int64(w.taken_later)
        w.taken_later += 1
    else:
        w.free_later = state.later_event(w, place).next
    e = state.later_event(w, place)
    e.next = buckets[bucket]
    buckets[bucket] = place
    e.time, e.kind, e.key, e.number, e.what, e.who = time, kind, key, number, what, who


@inlined
def next_bucket(w: Any, until: Any) -> Any:
    """Where the present bucket is empty: let the next ones begin, until there is an event, or ``until`` is in it."""
    last = np.int64(until * w.buckets_per_hour)
    while w.in_row == 0 and w.in_heap == 0 and w.bucket < last:
        w.bucket += 1
        while w.prefetched_first >= 0 or w.prefetched_second >= 0:
            prefetch(w)
        w.prefetched_first, w.prefetched_second = (
            state.bucket(w, w.bucket + 2 * AHEAD),
            state.bucket(w, w.bucket + AHEAD),
        )
        prefetch_later(w, np.int64(state.bucket(w, w.bucket + 2 * AHEAD + 1)))
        place = np.int64(state.bucket(w, w.bucket))
        while place >= 0:
            e = state.later_event(w, place)
            push(w, e.time, e.kind, e.key, e.number, e.what, e.who)
            following = np.int64(e.next)
            e.next, w.free_later = w.free_later, place
            place = following


@inlined
def prefetch(w: Any) -> Any:
    """Fetch from memory what one more event will need: a request with its visits and, when that is there, the problem.

    One event after the other, as the processor waits for a few lines of memory at once and not for more.
    """
    if w.prefetched_first >= 0:
        e = state.later_event(w, w.prefetched_first)
        prefetch_later(w, np.int64(e.next))
        if e.what == IS_REPORTED:
            state.prefetch_problem(state.problem(w, e.who))
        elif e.what != STAFF_CHANGES and e.what != IS_FOUND:
            state.prefetch_task(state.task(w, e.who))
            if e.what == WAIT_IS_OVER:
                state.prefetch_task(state.task(w, task_of(request_of(w, e.who), CALLING)))  # the callback to come
            state.prefetch_request(state.request(w, request_of(w, e.who)))
        w.prefetched_first = np.int64(e.next)
    if w.prefetched_second >= 0:
        e = state.later_event(w, w.prefetched_second)
        if e.what != IS_REPORTED and e.what != STAFF_CHANGES and e.what != IS_FOUND:
            p = state.request(w, request_of(w, e.who)).problem
            if p >= 0:
                state.prefetch_problem(state.problem(w, p))
        w.prefetched_second = np.int64(e.next)


@inlined
def prefetch_later(w: Any, place: Any) -> Any:
    """Fetch an event of a list, if there is one."""
    state.prefetch_event(state.later_event(w, max(place, 0)))
