"""The law that all programs of the comparison obey, and what queueing theory says of it. Times in hours.

Requests arrive at random, speak to a hotline agent, are handled by one of eight departments, urgent ones first, and six
in ten are called back: a network of queues whose means are known exactly (Erlang C; Cobham for the two classes).
Every program is called with REQUESTS RUNS and prints a JSON list with a line of figures for each run.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

ARRIVALS = 150.0
AGENTS, TALK = 12, 4 / 60
UNITS, OFFICERS, WORK = 8, 27, 1.25
CALLERS, CALL, COVERAGE = 7, 4 / 60, 0.6
URGENT = 0.2
EVENTS = 3.6  # a request: arrival, two ends of work, and 0.6 of a third

#: Of the requests that were done by the end: mean hours from arrival to the end, by class; share of the hotline's
#: agents that speak.
FIGURES = ("urgent", "ordinary", "utilisation")
Figures = dict[str, float]


def erlang_c(servers: int, load: float) -> float:
    """The probability of waiting."""
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1.0 - load / servers * (1.0 - blocked))


def wait(servers: int, rate: float, work: float) -> float:
    """Mean wait, first come first served."""
    return erlang_c(servers, rate * work) * work / (servers - rate * work)


def theory() -> Figures:
    """What long runs must come to."""
    rate = ARRIVALS / UNITS
    load = rate * WORK / OFFICERS
    busy = erlang_c(OFFICERS, rate * WORK) * WORK / OFFICERS
    ends = wait(AGENTS, ARRIVALS, TALK) + TALK + WORK + COVERAGE * (wait(CALLERS, COVERAGE * ARRIVALS, CALL) + CALL)
    return {
        "urgent": ends + busy / (1.0 - URGENT * load),
        "ordinary": ends + busy / ((1.0 - URGENT * load) * (1.0 - load)),
        "utilisation": ARRIVALS * TALK / AGENTS,
    }


def main(once: Callable[[float, int], Figures]) -> None:
    """Call ``once(hours, seed)`` in a small run, so that everything is compiled, and then as often as asked.

    ``once`` returns FIGURES, the number of requests and, where only a part of it counts, its own seconds: of the
    processor, which is what a run takes on a core of its own, and hardly changes when others work on the machine.
    """
    requests, runs = int(sys.argv[1]), int(sys.argv[2])
    once(20.0, 0)
    lines = []
    for seed in range(1, runs + 1):
        begin = time.process_time()
        line = once(requests / ARRIVALS, seed)
        lines.append({"seconds": time.process_time() - begin, **line})
    print(json.dumps(lines))
