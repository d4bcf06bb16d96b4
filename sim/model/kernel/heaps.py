"""The schedule and the queues of the compiled engine.

The schedule is a heap with four children a node. A queue is a pairing heap (Fredman, Sedgewick, Sleator & Tarjan 1986)
threaded through the visits themselves: joining costs one comparison, leaving from anywhere and being served the
logarithm of the queue's length, and nothing has to grow.
"""

from __future__ import annotations

import math
from typing import Any

from sim.model.compiling import part
from sim.model.kernel import views as the

CHILDREN = 4


# --- the schedule ----------------------------------------------------------------------------------------------------


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
def schedule(w: Any, time: Any, kind: Any, key: Any, number: Any, what: Any, who: Any) -> Any:
    """Let something happen at ``time`` (hours); at infinity it never does."""
    if time == math.inf:
        return
    events, at = the.events(w), w.scheduled
    w.scheduled += 1
    while at > 0:
        above = (at - 1) // CHILDREN
        if comes_before(events[above], time, kind, key, number):
            break
        events[at] = events[above]
        at = above
    e = events[at]
    e.time, e.kind, e.key, e.number, e.what, e.who = time, kind, key, number, what, who


@part
def drop_first(w: Any) -> Any:
    """Take the first event off the schedule."""
    events = the.events(w)
    w.scheduled -= 1
    size = w.scheduled
    last, at = events[size], 0
    while True:
        first = CHILDREN * at + 1
        if first >= size:
            break
        least = first
        for c in range(first + 1, min(first + CHILDREN, size)):
            e = events[least]
            if comes_before(events[c], e.time, e.kind, e.key, e.number):
                least = c
        if not comes_before(events[least], last.time, last.kind, last.key, last.number):
            break
        events[at] = events[least]
        at = least
    events[at] = last


# --- queues ----------------------------------------------------------------------------------------------------------


@part
def goes_first(w: Any, a: Any, b: Any) -> Any:
    """Whether visit ``a`` is served before visit ``b``."""
    x, y = the.visits(w)[a], the.visits(w)[b]
    if x.later != y.later:
        return x.later < y.later
    if x.rank != y.rank:
        return x.rank < y.rank
    if x.queued != y.queued:
        return x.queued < y.queued
    if x.key != y.key:
        return x.key < y.key
    return x.number < y.number


@part
def joined(w: Any, a: Any, b: Any) -> Any:
    """Two queues as one; returns its first."""
    if goes_first(w, b, a):
        a, b = b, a
    first, second = the.visits(w)[a], the.visits(w)[b]
    second.next, second.previous = first.child, a
    if first.child >= 0:
        the.visits(w)[first.child].previous = b
    first.child = b
    return a


@part
def without_first(w: Any, a: Any) -> Any:
    """What remains of a queue without its first visit ``a``; −1: nothing."""
    one, done = the.visits(w)[a].child, -1
    while one >= 0:  # in pairs, from the left; ``next`` strings the pairs together
        two = the.visits(w)[one].next
        rest = -1
        the.visits(w)[one].next = -1
        if two >= 0:
            rest = the.visits(w)[two].next
            the.visits(w)[two].next = -1
            one = joined(w, one, two)
        the.visits(w)[one].next = done
        done, one = one, rest
    if done < 0:
        return -1
    root, one = done, the.visits(w)[done].next
    the.visits(w)[root].next = -1
    while one >= 0:  # then together, from the right
        rest = the.visits(w)[one].next
        the.visits(w)[one].next = -1
        root = joined(w, root, one)
        one = rest
    the.visits(w)[root].previous = -1
    return root


@part
def enqueue(w: Any, pool: Any, v: Any) -> Any:
    """A visit takes its place in a queue."""
    visit = the.visits(w)[v]
    visit.child = visit.next = visit.previous = -1
    pool.waiting += 1
    pool.queue = v if pool.queue < 0 else joined(w, pool.queue, v)
    the.visits(w)[pool.queue].previous = -1


@part
def dequeue(w: Any, pool: Any, v: Any) -> Any:
    """A visit leaves its queue, from wherever it stands."""
    pool.waiting -= 1
    visit = the.visits(w)[v]
    below = without_first(w, v)
    if pool.queue == v:
        pool.queue = below
        return
    if visit.next >= 0:
        the.visits(w)[visit.next].previous = visit.previous
    before = the.visits(w)[visit.previous]
    if before.child == v:
        before.child = visit.next
    else:
        before.next = visit.next
    if below >= 0:
        pool.queue = joined(w, pool.queue, below)
