"""The three stations as one hand-written loop for numba: a binary heap of events, rings for queues, nothing general."""

from __future__ import annotations

import law
import numba as nb
import numpy as np

RING = 1 << 16  # requests that may wait in one queue
SLOTS = 1 << 12  # requests that may be in hand at once
HOTLINE, CALLBACK, STATIONS = 0, law.UNITS + 1, law.UNITS + 2
ARRIVALS, TALK, WORK, CALL = law.ARRIVALS, law.TALK, law.WORK, law.CALL
UNITS, COVERAGE, URGENT = law.UNITS, law.COVERAGE, law.URGENT
SERVERS = np.array([law.AGENTS] + [law.OFFICERS] * law.UNITS + [law.CALLERS])


@nb.njit(inline="always")
def push(times, what, size, time, station, slot):
    i = size
    while i > 0:
        above = (i - 1) >> 1
        if times[above] <= time:
            break
        times[i], what[i, 0], what[i, 1] = times[above], what[above, 0], what[above, 1]
        i = above
    times[i], what[i, 0], what[i, 1] = time, station, slot
    return size + 1


@nb.njit(inline="always")
def pop(times, what, size):
    size -= 1
    time, station, slot = times[size], what[size, 0], what[size, 1]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and times[child + 1] < times[child]:
            child += 1
        if times[child] >= time:
            break
        times[i], what[i, 0], what[i, 1] = times[child], what[child, 0], what[child, 1]
        i = child
    times[i], what[i, 0], what[i, 1] = time, station, slot
    return size


@nb.njit
def simulate(hours, seed):
    np.random.seed(seed)
    times, what = np.empty(SLOTS), np.empty((SLOTS, 2), np.int64)
    begun, urgency = np.empty(STATIONS * 2 * RING), np.zeros(STATIONS * 2 * RING, np.int64)
    head, tail = np.zeros((STATIONS, 2), np.int64), np.zeros((STATIONS, 2), np.int64)
    free, hand_begun, hand_urgency = np.arange(SLOTS), np.empty(SLOTS), np.zeros(SLOTS, np.int64)
    slots, idle = SLOTS, SERVERS.copy()
    total, done = np.zeros(2), np.zeros(2, np.int64)
    arrived, talked, size = 0, 0.0, 0
    size = push(times, what, size, np.random.exponential(1.0 / ARRIVALS), -1, 0)
    while times[0] < hours:
        now, station, slot = times[0], what[0, 0], what[0, 1]
        size = pop(times, what, size)
        ended, to, since, level = station, -1, now, 1
        if station < 0:
            arrived += 1
            size = push(times, what, size, now + np.random.exponential(1.0 / ARRIVALS), -1, 0)
            to = HOTLINE
        else:
            free[slots] = slot
            slots += 1
            idle[station] += 1
            since, level = hand_begun[slot], hand_urgency[slot]
            if station == HOTLINE:
                to = 1 + np.int64(UNITS * np.random.random())
                level = 0 if np.random.random() < URGENT else 1
            elif station != CALLBACK and np.random.random() < COVERAGE:
                to = CALLBACK
            else:
                total[level] += now - since
                done[level] += 1
        if to >= 0:
            lane = level if HOTLINE < to < CALLBACK else 1
            at = (to * 2 + lane) * RING + (tail[to, lane] & (RING - 1))
            begun[at], urgency[at] = since, level
            tail[to, lane] += 1
        for turn in range(2):
            begins = ended if turn == 0 else to
            if begins >= 0 and idle[begins] > 0:
                lane = 0 if head[begins, 0] < tail[begins, 0] else 1
                if head[begins, lane] < tail[begins, lane]:
                    at = (begins * 2 + lane) * RING + (head[begins, lane] & (RING - 1))
                    head[begins, lane] += 1
                    slots -= 1
                    slot = free[slots]
                    hand_begun[slot], hand_urgency[slot] = begun[at], urgency[at]
                    idle[begins] -= 1
                    work = np.random.exponential(TALK if begins == HOTLINE else CALL if begins == CALLBACK else WORK)
                    if begins == HOTLINE:
                        talked += work
                    size = push(times, what, size, now + work, begins, slot)
    return arrived, total / done, talked


def once(hours: float, seed: int) -> law.Figures:
    """One run."""
    arrived, means, talked = simulate(hours, seed)
    return {
        "requests": arrived,
        "urgent": means[0],
        "ordinary": means[1],
        "utilisation": talked / (law.AGENTS * hours),
    }


if __name__ == "__main__":
    law.main(once)
