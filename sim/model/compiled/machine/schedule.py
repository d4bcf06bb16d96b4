"""The schedule of the compiled engine: what happens when.

Time is cut into spans that hold a few events each. Events of the present span stand in a short row, in their order;
where there are more, the others are in a heap with four children a node. Events of later spans wait in lists, unsorted,
one a span; when a span begins, its events come into the row. What they are about is fetched from memory some spans
before.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiled.machine import views as the
from sim.model.compiled.machine.codes import IS_REPORTED, STAFF_CHANGES, WAIT_IS_OVER
from sim.model.compiled.machine.tasks import CALLING, request_of, task_of
from sim.model.compiling import part

#: Children of a node. Behind the heap's last event there are as many that never happen, so that nodes are never short
#: of children.
CHILDREN = 4

#: So many events stand in the row. To put a few in their order is faster than a heap, whose jumps nobody can foresee.
ROW = 16

#: So many spans ahead what an event needs is fetched from memory, in two steps.
AHEAD = 2


# --- what is near ----------------------------------------------------------------------------------------------------


@part
def comes_before(e: Any, time: Any, kind: Any, key: Any, number: Any) -> Any:
    """Whether an event of the schedule comes before another."""
    if e.time != time:
        return e.time < time
    if e.kind != kind:
        return e.kind < kind
    if e.key != key:
        return e.key < key
    return e.number < number


@part
def is_in_row(w: Any) -> Any:
    """Whether the event that comes first is in the row, not in the heap."""
    if w.in_row == 0 or w.in_heap == 0:
        return w.in_row > 0
    x = the.row_event(w, w.in_row - 1)
    return not comes_before(the.heap_event(w, 0), x.time, x.kind, x.key, x.number)


@part
def push(w: Any, time: Any, kind: Any, key: Any, number: Any, what: Any, who: Any) -> Any:
    """One more event in the row, or in the heap where the row is full."""
    if w.in_row < ROW:
        e = the.row_event(w, place_in_row(w, time, kind, key, number))
    else:
        e = the.heap_event(w, place_in_heap(w, time, kind, key, number))
    e.time, e.kind, e.key, e.number, e.what, e.who = time, kind, key, number, what, who


@part
def place_in_row(w: Any, time: Any, kind: Any, key: Any, number: Any) -> Any:
    """Room for one more event between those that come after it and those that come before."""
    row, at = the.row(w), w.in_row
    w.in_row += 1
    while at > 0:
        x = the.row_event(w, at - 1)
        if not comes_before(x, time, kind, key, number):
            break
        row[at] = x
        at -= 1
    return at


@part
def place_in_heap(w: Any, time: Any, kind: Any, key: Any, number: Any) -> Any:
    """Room for one more event below those that come before it."""
    heap, at = the.heap(w), w.in_heap
    w.in_heap += 1
    the.heap_event(w, at + CHILDREN).time = math.inf
    while at > 0:
        above = (at - 1) // CHILDREN
        x = the.heap_event(w, above)
        if comes_before(x, time, kind, key, number):
            break
        heap[at] = x
        at = above
    return at


@part
def drop_first(w: Any, in_row: Any) -> Any:
    """Take the first event off the schedule."""
    w.pending -= 1
    if in_row:
        w.in_row -= 1
        return
    w.in_heap -= 1
    heap, size, at = the.heap(w), w.in_heap, 0
    last = the.heap_event(w, size)
    while True:
        child = CHILDREN * at + 1
        if child >= size:
            break
        least = first_of(w, first_of(w, child, child + 1), first_of(w, child + 2, child + 3))
        x = the.heap_event(w, least)
        if not comes_before(x, last.time, last.kind, last.key, last.number):
            break
        heap[at] = x
        at = least
    heap[at] = last
    last.time = math.inf


@part
def first_of(w: Any, a: Any, b: Any) -> Any:
    """Which of two places of the heap has the event that comes first."""
    x, y = the.heap_event(w, a), the.heap_event(w, b)
    second = np.int64(y.time < x.time)
    if x.time == y.time:
        second = np.int64(not comes_before(x, y.time, y.kind, y.key, y.number))
    return a + (b - a) * second  # no jump, as it cannot be foreseen


# --- what is later ---------------------------------------------------------------------------------------------------


@part
def schedule(w: Any, time: Any, kind: Any, key: Any, number: Any, what: Any, who: Any) -> Any:
    """Let something happen at ``time`` (hours); from the end on nothing happens."""
    if time >= w.end:
        return
    w.pending += 1
    span = np.int64(time * w.per_hour)
    if span <= w.near:
        push(w, time, kind, key, number, what, who)
        return
    place, spans = np.int64(w.free_later), the.spans(w)
    if place < 0:
        place = np.int64(w.taken_later)
        w.taken_later += 1
    else:
        w.free_later = the.later_event(w, place).next
    e = the.later_event(w, place)
    e.next = spans[span]
    spans[span] = place
    e.time, e.kind, e.key, e.number, e.what, e.who = time, kind, key, number, what, who


@part
def look_ahead(w: Any, until: Any) -> Any:
    """Where nothing is near: let the next spans begin, until there is an event, or ``until`` (hours) is in the span."""
    last = np.int64(until * w.per_hour)
    while w.in_row == 0 and w.in_heap == 0 and w.near < last:
        w.near += 1
        while w.fetched_first >= 0 or w.fetched_second >= 0:
            fetch(w)
        w.fetched_first, w.fetched_second = the.span(w, w.near + 2 * AHEAD), the.span(w, w.near + AHEAD)
        fetch_later(w, np.int64(the.span(w, w.near + 2 * AHEAD + 1)))
        place = np.int64(the.span(w, w.near))
        while place >= 0:
            e = the.later_event(w, place)
            push(w, e.time, e.kind, e.key, e.number, e.what, e.who)
            following = np.int64(e.next)
            e.next, w.free_later = w.free_later, place
            place = following


@part
def fetch(w: Any) -> Any:
    """Fetch from memory what one more event will need: a request with its visits and, when that is there, the problem.

    One event after the other, as the processor waits for a few lines of memory at once and not for more.
    """
    if w.fetched_first >= 0:
        e = the.later_event(w, w.fetched_first)
        fetch_later(w, np.int64(e.next))
        if e.what == IS_REPORTED:
            the.fetch_problem(the.problem(w, e.who))
        elif e.what != STAFF_CHANGES:
            the.fetch_task(the.task(w, e.who))
            if e.what == WAIT_IS_OVER:
                the.fetch_task(the.task(w, task_of(request_of(w, e.who), CALLING)))  # the callback to come
            the.fetch_request(the.request(w, request_of(w, e.who)))
        w.fetched_first = np.int64(e.next)
    if w.fetched_second >= 0:
        e = the.later_event(w, w.fetched_second)
        if e.what != IS_REPORTED and e.what != STAFF_CHANGES:
            p = the.request(w, request_of(w, e.who)).problem
            if p >= 0:
                the.fetch_problem(the.problem(w, p))
        w.fetched_second = np.int64(e.next)


@part
def fetch_later(w: Any, place: Any) -> Any:
    """Fetch an event of a list, if there is one."""
    the.fetch_event(the.later_event(w, max(place, 0)))
