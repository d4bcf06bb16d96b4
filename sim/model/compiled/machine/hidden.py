"""Problems that inspectors may find, by the hours of patrol after which they do: a pairing heap for each district,
threaded through the problems as those of queues are through visits (see ``queues``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model.compiled.machine import state
from sim.model.compiling import inlined, not_inlined, outlined

NONE = -1


@inlined
def comes_before(w: Any, a: Any, b: Any) -> Any:
    """Whether problem ``a`` is found before problem ``b``."""
    x, y = state.problem(w, a), state.problem(w, b)
    return x.found_after < y.found_after or (x.found_after == y.found_after and x.key < y.key)


@inlined
def meld(w: Any, a: Any, b: Any) -> Any:
    """Two heaps as one; returns its first."""
    if comes_before(w, b, a):
        a, b = b, a
    first, second = state.problem(w, a), state.problem(w, b)
    second.sibling, second.before = first.below, a
    if first.below != NONE:
        state.problem(w, first.below).before = b
    first.below = b
    return a


@inlined
def melded_below(w: Any, a: Any) -> Any:
    """What remains of a heap without its first problem ``a``; ``NONE``: nothing."""
    one, done = np.int64(state.problem(w, a).below), np.int64(NONE)
    while one != NONE:  # in pairs, from the left; ``sibling`` strings the pairs together
        two, rest = np.int64(state.problem(w, one).sibling), np.int64(NONE)
        state.problem(w, one).sibling = NONE
        if two != NONE:
            rest = np.int64(state.problem(w, two).sibling)
            state.problem(w, two).sibling = NONE
            one = meld(w, one, two)
        state.problem(w, one).sibling = done
        done, one = one, rest
    if done == NONE:
        return done
    root, one = done, np.int64(state.problem(w, done).sibling)
    state.problem(w, root).sibling = NONE
    while one != NONE:  # then together, from the right
        rest = np.int64(state.problem(w, one).sibling)
        state.problem(w, one).sibling = NONE
        root = meld(w, root, one)
        one = rest
    state.problem(w, root).before = NONE
    return root


@outlined
def insert(w: Any, beat: Any, p: Any) -> Any:
    """A problem is hidden in a district."""
    not_inlined()
    problem = state.problem(w, p)
    problem.below = problem.sibling = problem.before = NONE
    beat.first = p if beat.first == NONE else meld(w, np.int64(beat.first), p)


@outlined
def remove(w: Any, beat: Any, p: Any) -> Any:
    """… and is not any more, from wherever it stands."""
    not_inlined()
    problem = state.problem(w, p)
    below = melded_below(w, p)
    if beat.first == p:
        beat.first = below
        return
    if problem.sibling != NONE:
        state.problem(w, problem.sibling).before = problem.before
    before = state.problem(w, problem.before)
    if before.below == p:
        before.below = problem.sibling
    else:
        before.sibling = problem.sibling
    if below != NONE:
        beat.first = meld(w, np.int64(beat.first), below)
