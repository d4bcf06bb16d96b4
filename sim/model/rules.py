"""The rules of the city: small pure functions that every engine calls, so that each decision is written once.

They are compiled, take numbers and arrays, and know nothing of requests, queues or events. Times are hours since the
scenario's start on the grid of ``draws.TICKS``; infinity means never.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiling import rule
from sim.model.draws import block, mixed, on_grid, unit

FCFS, CLASS, DUE, AGED = 0, 1, 2, 3

#: How a time to wait is told: in hours of the clock, in open hours, in workdays to the same clock time or to closing.
ON_THE_CLOCK, WORKHOURS, WORKDAYS, BY_CLOSING = 0, 1, 2, 3


@rule("int64(float64[::1], float64)")
def count_at_most(cumulative: Any, target: Any) -> Any:
    """How many of the sums, which never fall, are at most ``target``."""
    at = 0
    for i in range(cumulative.shape[0]):  # counting a few is faster than a search, whose branches nobody can foresee
        at += cumulative[i] <= target
    return at


@rule("int64(float64[::1], uint64[::1], int64, uint64, uint64, uint64, uint64)")
def choose(weights: Any, names: Any, but: Any, stream: Any, purpose: Any, key: Any, index: Any) -> Any:
    """One of several named things by weight, never ``but`` (−1: any may be); −1 where nothing has weight.

    Each has an exponential clock of its own, drawn for its name, and the first one to ring is chosen (Efraimidis &
    Spirakis 2006, "Weighted random sampling with a reservoir"): with probability wᵢ/Σw. Which of two rings first does
    not depend on what else there is: one more thing that takes a share of all moves only those who go to it.
    """
    chosen, first = -1, math.inf
    bits = block(stream, purpose, key, index)
    for i in range(weights.shape[0]):
        if weights[i] > 0.0 and i != but:
            u = unit(mixed(bits ^ names[i]))
            if 1.0 - u < first * weights[i]:  # −ln u is never less than 1 − u: most need no logarithm
                rings = -math.log(u) / weights[i]
                if rings < first:
                    chosen, first = i, rings
    return chosen


@rule("float64(float64, float64)")
def exponential(u: Any, mean: Any) -> Any:
    """An exponential duration with a mean in hours, by inversion; an infinite mean gives infinity."""
    return on_grid(-math.log(u) * mean)


@rule("int64(float64[:], int64[:], float64)")
def interval(opens: Any, today: Any, t: Any) -> Any:
    """The last interval that opens at or before ``t`` ≥ 0, −1: none; ``today`` has those of each day's midnight."""
    i = today[min(int(t / 24.0), today.shape[0] - 1)]
    while i >= 0 and opens[i] > t:
        i -= 1
    while i + 1 < opens.shape[0] and opens[i + 1] <= t:
        i += 1
    return i


@rule("float64(float64[:], float64[:], float64[:], int64[:], float64)")
def open_until(opens: Any, closes: Any, before: Any, today: Any, t: Any) -> Any:
    """Open hours from the scenario's start to ``t``.

    Interval i is [opens[i], closes[i]); ``before[i]`` is the open time of the intervals before it; ``today[d]`` is the
    last interval that opens before day d, or with it.
    """
    i = interval(opens, today, t)
    if i < 0:
        return 0.0
    return before[i] + min(t, closes[i]) - opens[i]


@rule("float64(float64[:], float64[:], float64[:], int64[:], float64, float64)")
def add_open(opens: Any, closes: Any, before: Any, today: Any, start: Any, work: Any) -> Any:
    """When ``work`` open hours have passed after ``start``; infinity beyond the last interval.

    Work that is done exactly at closing time ends then, not at the next opening.
    """
    if work <= 0.0:
        return start
    target = open_until(opens, closes, before, today, start) + work
    i = interval(opens, today, start)
    while i + 1 < opens.shape[0] and before[i + 1] < target:
        i += 1
    if i < 0:  # never open
        return math.inf
    end = opens[i] + (target - before[i])
    return end if end <= closes[i] else math.inf


@rule("float64(float64[:], float64[:], float64[:], int64[:], float64, float64)")
def take_open(opens: Any, closes: Any, before: Any, today: Any, end: Any, hours: Any) -> Any:
    """The last moment from which ``hours`` open hours are left until ``end``; −infinity before the first interval."""
    target = open_until(opens, closes, before, today, end) - hours
    if hours <= 0.0 or target < 0.0:
        return end if hours <= 0.0 else -math.inf
    i = interval(opens, today, end)
    while i > 0 and before[i] > target:
        i -= 1
    return opens[i] + (target - before[i])


@rule("float64(float64[:], float64[:], int64[:], float64[:, ::1], float64, int64, boolean)")
def add_workdays(opens: Any, closes: Any, today: Any, workdays: Any, start: Any, days: Any, by_closing: Any) -> Any:
    """When so many workdays have passed after ``start``: at the same clock time, or when the office closes on that day.

    Days are counted from ``start`` or, while the office is closed, from its next opening; hours past midnight belong to
    the day they begin on. Where the last day closes before the clock time, the time is over at that closing. Rows of
    ``workdays``: the midnight before each open day, its first opening, its last closing. Infinity beyond the last day.
    """
    i = interval(opens, today, start)
    if i >= 0 and start < closes[i]:
        begin = start
    elif i + 1 < opens.shape[0]:
        begin = opens[i + 1]
    else:
        return math.inf
    first = np.searchsorted(workdays[1], begin, side="right") - 1
    last = first + days
    if last >= workdays.shape[1]:
        return math.inf
    closing = workdays[2, last]
    return closing if by_closing else min(workdays[0, last] + (begin - workdays[0, first]), closing)


@rule("float64(float64[:, ::1], float64, int64, boolean)")
def take_workdays(workdays: Any, end: Any, days: Any, by_closing: Any) -> Any:
    """So many workdays before ``end``: at the same clock time, not after closing, or at closing, not after ``end``;
    −infinity before the first one. What ends at a closing, or in hours past midnight, belongs to the day they began on.
    """
    last = np.searchsorted(workdays[0], end, side="right") - 1
    if last > 0 and end <= workdays[2, last - 1]:
        last -= 1
    first = last - days
    if first < 0:
        return -math.inf
    closing = workdays[2, first]
    clock = min(end, workdays[2, last]) - workdays[0, last]
    return min(closing, end) if by_closing else min(workdays[0, first] + clock, closing)


@rule("float64(float64[:], float64[:], float64[:], int64[:], float64[:, ::1], float64, float64, int64)")
def later(opens: Any, closes: Any, before: Any, today: Any, workdays: Any, since: Any, amount: Any, kind: Any) -> Any:
    """When an amount of time of this kind, in hours or days, has passed after ``since``."""
    if kind == ON_THE_CLOCK or math.isinf(since):
        return since + amount
    if kind == WORKHOURS:
        return add_open(opens, closes, before, today, since, amount)
    return add_workdays(opens, closes, today, workdays, since, int(amount), kind == BY_CLOSING)


@rule("float64(float64[:], float64[:], float64[:], int64[:], float64[:, ::1], float64, float64, int64)")
def earlier(opens: Any, closes: Any, before: Any, today: Any, workdays: Any, until: Any, amount: Any, kind: Any) -> Any:
    """An amount of time of this kind, in hours or days, before ``until``."""
    if kind == ON_THE_CLOCK or math.isinf(until):
        return until - amount
    if kind == WORKHOURS:
        return take_open(opens, closes, before, today, until, amount)
    return take_workdays(workdays, until, int(amount), kind == BY_CLOSING)


@rule("float64(int64, int64, float64, float64, float64)")
def rank(discipline: Any, urgency: Any, due: Any, queued: Any, head_start: Any) -> Any:
    """The place of a visit in its queue: lowest first, ties by queued time, then by request.

    ``fcfs``: no rank; ``class``: urgency; ``due``: the due date; ``aged``: queued time less the class's head start.
    """
    if discipline == CLASS:
        return float(urgency)
    if discipline == DUE:
        return due
    if discipline == AGED:
        return queued - head_start
    return 0.0


@rule("int64(int64, boolean, int64)")
def headcount(planned: Any, on_duty: Any, extra: Any) -> Any:
    """Officers on duty: those planned and those a policy adds or takes away; nobody while the pool is off duty."""
    return max(planned + extra, 0) if on_duty else 0


@rule("float64(float64[::1], float64)")
def time_of_day(cumulative: Any, u: Any) -> Any:
    """Hours since midnight drawn by ``u`` from 24 cumulative hourly intensities, uniform within the hour."""
    target = u * cumulative[-1]
    hour = count_at_most(cumulative[:23], target)
    below = cumulative[hour - 1] if hour > 0 else 0.0
    inside = (target - below) / (cumulative[hour] - below)
    return min(on_grid(hour + inside), hour + 1.0 - 1.0 / 1073741824.0)
