"""Puts demand, engine and the clock together: one replication of a city."""

from __future__ import annotations

import gc

from simpy import Environment

from sim.model.city import City
from sim.model.clockwork import start
from sim.model.demand import Demand
from sim.model.draws import stream
from sim.model.journey import Journey
from sim.model.records import Trace


def replicate(city: City, seed: int, replication: int) -> Trace:
    """What happens in one replication, from the start until just before the end."""
    random = stream(seed, replication)
    env, trace = Environment(), Trace()
    journey = Journey(env, city, random, trace)
    start(journey.births(Demand(city, random)))
    collecting = gc.isenabled()
    gc.disable()  # requests leave no cycles behind; looking for them costs a fifth of the run
    try:
        env.run(until=city.end)
    finally:
        if collecting:
            gc.enable()
    journey.close_books()
    return trace
