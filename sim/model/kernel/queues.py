"""The queues of the compiled engine.

A queue is a pairing heap (Fredman, Sedgewick, Sleator & Tarjan 1986) threaded through the visits themselves: joining
costs one comparison, leaving from anywhere and being served the logarithm of the queue's length, and nothing has to
grow.
"""

from __future__ import annotations

from typing import Any

from sim.model.compiling import called, part, shared
from sim.model.kernel import views as the


@part
def goes_first(w: Any, a: Any, b: Any) -> Any:
    """Whether visit ``a`` is served before visit ``b``."""
    x, y = the.visit(w, a), the.visit(w, b)
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
    first, second = the.visit(w, a), the.visit(w, b)
    second.next, second.previous = first.child, a
    if first.child >= 0:
        the.visit(w, first.child).previous = b
    first.child = b
    return a


@part
def without_first(w: Any, a: Any) -> Any:
    """What remains of a queue without its first visit ``a``; −1: nothing."""
    one, done = the.visit(w, a).child, -1
    while one >= 0:  # in pairs, from the left; ``next`` strings the pairs together
        two = the.visit(w, one).next
        rest = -1
        the.visit(w, one).next = -1
        if two >= 0:
            rest = the.visit(w, two).next
            the.visit(w, two).next = -1
            one = joined(w, one, two)
        the.visit(w, one).next = done
        done, one = one, rest
    if done < 0:
        return -1
    root, one = done, the.visit(w, done).next
    the.visit(w, root).next = -1
    while one >= 0:  # then together, from the right
        rest = the.visit(w, one).next
        the.visit(w, one).next = -1
        root = joined(w, root, one)
        one = rest
    the.visit(w, root).previous = -1
    return root


@part
def enqueue(w: Any, pool: Any, v: Any) -> Any:
    """A visit takes its place in a queue."""
    visit = the.visit(w, v)
    visit.child = visit.next = visit.previous = -1
    pool.waiting += 1
    pool.queue = v if pool.queue < 0 else joined(w, pool.queue, v)
    the.visit(w, pool.queue).previous = -1


@shared
def dequeue(w: Any, pool: Any, v: Any) -> Any:
    """A visit leaves its queue, from wherever it stands."""
    called()
    pool.waiting -= 1
    visit = the.visit(w, v)
    below = without_first(w, v)
    if pool.queue == v:
        pool.queue = below
        return
    if visit.next >= 0:
        the.visit(w, visit.next).previous = visit.previous
    before = the.visit(w, visit.previous)
    if before.child == v:
        before.child = visit.next
    else:
        before.next = visit.next
    if below >= 0:
        pool.queue = joined(w, pool.queue, below)
