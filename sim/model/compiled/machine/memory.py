"""Where requests and problems are kept: slots that are taken, linked and free again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiled.machine import state
from sim.model.compiled.machine.tasks import MAIN, task_of
from sim.model.compiling import inlined


@inlined
def new_problem(w: Any, key: Any, district: Any, category: Any) -> Any:
    """Something is wrong from now on. As with requests, the free slot after it is fetched."""
    p = np.int64(w.free_problem)
    if p < 0:
        p = np.int64(w.taken_problems)
        w.taken_problems += 1
    else:
        following = np.int64(state.problem(w, p).first)
        w.free_problem = following
        if following >= 0:
            state.prefetch_problem(state.problem(w, following))
    problem = state.problem(w, p)
    w.unsolved += 1
    problem.key, problem.district, problem.category, problem.born = key, district, category, w.now
    problem.first_report = problem.fixed = problem.given_up = problem.found = problem.found_after = math.nan
    problem.fixed_by, problem.first = np.uint64(0), -1
    problem.open = problem.users = problem.reports = problem.surplus_reports = problem.reported = 0
    problem.marks = 0
    return p


@inlined
def release_problem(w: Any, p: Any) -> Any:
    """One less refers to the problem; after the last it is only a row."""
    problem = state.problem(w, p)
    problem.users -= 1
    if problem.users == 0:
        write_problem(w, problem)
        problem.key, problem.first = np.uint64(0), w.free_problem
        w.free_problem = p
        w.unsolved -= 1


@inlined
def new_request(w: Any) -> Any:
    """A slot: one that is free again, else one that was never taken.

    The free one after it is fetched from memory, as it will be needed soon.
    """
    w.in_flight += 1
    i = np.int64(w.free_request)
    if i < 0:
        w.taken_requests += 1
        return np.int64(w.taken_requests - 1)
    following = np.int64(state.request(w, i).next)
    w.free_request = following
    if following >= 0:
        state.prefetch_request(state.request(w, following))
        state.prefetch_task(state.task(w, task_of(following, MAIN)))
    return i


@inlined
def free_request(w: Any, i: Any) -> Any:
    """The slot is free again."""
    state.request(w, i).key, state.request(w, i).next = np.uint64(0), w.free_request
    w.free_request = i
    w.in_flight -= 1


@inlined
def join_problem(w: Any, i: Any, r: Any) -> Any:
    """A request is among those of its problem that are neither closed nor ended."""
    problem = state.problem(w, r.problem)
    r.next, r.previous = problem.first, -1
    if problem.first >= 0:
        state.request(w, problem.first).previous = i
    problem.first = i
    problem.open += 1
    if problem.open > w.widest:
        w.widest = problem.open


@inlined
def leave_problem(w: Any, i: Any, r: Any) -> Any:
    """… and is not any more."""
    problem = state.problem(w, r.problem)
    if r.next >= 0:
        state.request(w, r.next).previous = r.previous
    if r.previous >= 0:
        state.request(w, r.previous).next = r.next
    elif problem.first == i:
        problem.first = r.next
    else:
        return  # it was not
    r.next = r.previous = -1
    problem.open -= 1


@inlined
def write_problem(w: Any, problem: Any) -> Any:
    """Write a problem's row."""
    state.copy_fields(state.problem_rows(w)[w.problems_out], problem)
    w.problems_out += 1


@inlined
def new_part(w: Any, i: Any, r: Any, n: Any) -> Any:
    """A slot for the n-th part of a request."""
    slot = np.int64(w.free_part)
    if slot < 0:
        slot = np.int64(w.taken_parts)
        w.taken_parts += 1
    else:
        w.free_part = state.part(w, slot).next
    w.parts_in_use += 1
    x = state.part(w, slot)
    x.request, x.n, x.next = i, n, r.parts
    r.parts = slot
    return slot


@inlined
def free_part(w: Any, r: Any, slot: Any) -> Any:
    """The part is over, and its slot is free again."""
    following = state.part(w, slot).next
    if r.parts == slot:
        r.parts = following
    else:
        before = np.int64(r.parts)
        while state.part(w, before).next != slot:
            before = np.int64(state.part(w, before).next)
        state.part(w, before).next = following
    state.part(w, slot).next, w.free_part = w.free_part, slot
    w.parts_in_use -= 1
