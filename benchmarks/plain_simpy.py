"""The three stations in plain SimPy, as its documentation teaches it: no clocks, no causes, one random generator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import law
import simpy


def once(hours: float, seed: int) -> law.Figures:
    """One run."""
    env, draw = simpy.Environment(), random.Random(seed)
    hotline, callback = simpy.Resource(env, law.AGENTS), simpy.Resource(env, law.CALLERS)
    units = [simpy.PriorityResource(env, law.OFFICERS) for _ in range(law.UNITS)]
    total, done = [0.0, 0.0], [0, 0]
    talked, arrived = 0.0, 0

    def request() -> Iterator[Any]:
        nonlocal talked
        begin = env.now
        with hotline.request() as free:
            yield free
            talk = draw.expovariate(1 / law.TALK)
            yield env.timeout(talk)
            talked += talk
        urgency = 0 if draw.random() < law.URGENT else 1
        with units[int(law.UNITS * draw.random())].request(urgency) as free:
            yield free
            yield env.timeout(draw.expovariate(1 / law.WORK))
        if draw.random() < law.COVERAGE:
            with callback.request() as free:
                yield free
                yield env.timeout(draw.expovariate(1 / law.CALL))
        total[urgency] += env.now - begin
        done[urgency] += 1

    def arrivals() -> Iterator[Any]:
        nonlocal arrived
        while True:
            yield env.timeout(draw.expovariate(law.ARRIVALS))
            env.process(request())
            arrived += 1

    env.process(arrivals())
    env.run(until=hours)
    return {
        "requests": arrived,
        "urgent": total[0] / done[0],
        "ordinary": total[1] / done[1],
        "utilisation": talked / (law.AGENTS * hours),
    }


if __name__ == "__main__":
    law.main(once)
