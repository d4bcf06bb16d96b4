"""The rules of the city: small pure functions that every engine calls, so that each decision is written once.

They are compiled, take numbers and arrays, and know nothing of requests, queues or events. Times are hours since the
scenario's start on the grid of ``draws.TICKS``; infinity means never.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiling import rule
from sim.model.draws import on_grid

FCFS, CLASS, DUE, AGED = 0, 1, 2, 3

_SHORT = 64  # weights


@rule("int64(float64[::1], float64)")
def place_of(cumulative: Any, target: Any) -> Any:
    """How many of the sums, which never fall, are at most ``target``."""
    if cumulative.shape[0] > _SHORT:
        return np.searchsorted(cumulative, target, side="right")
    at = 0
    for i in range(cumulative.shape[0]):  # counting a few is faster than a search, whose branches nobody can foresee
        at += cumulative[i] <= target
    return at


@rule("int64(float64[::1], float64)")
def pick(cumulative: Any, u: Any) -> Any:
    """The index drawn by ``u`` in (0, 1) from cumulative weights; the last weight is the total."""
    target = u * cumulative[-1]
    return min(place_of(cumulative, target), cumulative.shape[0] - 1)


@rule("int64(float64[::1], int64, float64)")
def pick_other(cumulative: Any, not_this: Any, u: Any) -> Any:
    """Like ``pick``, but never ``not_this``; −1 where nothing else has weight."""
    below = cumulative[not_this - 1] if not_this > 0 else 0.0
    mass = cumulative[not_this] - below
    rest = cumulative[-1] - mass
    if rest <= 0.0:
        return -1
    target = u * rest
    if target >= below:
        target += mass
    at = min(place_of(cumulative, target), cumulative.shape[0] - 1)
    return at if at != not_this else -1


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


@rule("boolean(float64, float64[:], boolean, boolean, float64, int64, int64)")
def satisfied(u: Any, weights: Any, said_resolved: Any, late: Any, hours: Any, hops: Any, rounds: Any) -> Any:
    """Whether the citizen says to be satisfied: logistic in what was felt.

    ``weights``: intercept, said_resolved, late, log_days (log of 1 + days since arrival), hops, rounds (beyond the
    first).
    """
    x = weights[0] + weights[1] * said_resolved + weights[2] * late
    x += weights[3] * math.log(1.0 + hours / 24.0) + weights[4] * hops + weights[5] * (rounds - 1)
    return u < 1.0 / (1.0 + math.exp(-x))


@rule("float64(float64[::1], float64)")
def time_of_day(cumulative: Any, u: Any) -> Any:
    """Hours since midnight drawn by ``u`` from 24 cumulative hourly intensities, uniform within the hour."""
    target = u * cumulative[-1]
    hour = place_of(cumulative[:23], target)
    below = cumulative[hour - 1] if hour > 0 else 0.0
    inside = (target - below) / (cumulative[hour] - below)
    return min(on_grid(hour + inside), hour + 1.0 - 1.0 / 1073741824.0)
