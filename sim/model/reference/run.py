"""One replication on the reference engine."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence

import numpy as np
from simpy import Environment

from sim.model.city import City
from sim.model.clockwork import start
from sim.model.control import Control, Policy
from sim.model.demand import Demand
from sim.model.reference.journey import Journey
from sim.model.reference.records import Trace
from sim.model.rows import Rows


def replicate(city: City, random: int, policies: Sequence[Policy], clock: Callable[[float], None]) -> Rows:
    """All that happens in the replication of a random stream."""
    env, trace = Environment(), Trace()
    journey = Journey(env, city, random, trace)
    control = Control(env, city, journey, policies)
    start(journey.births(Demand(city, random)))
    collecting = gc.isenabled()
    gc.disable()  # requests leave no cycles behind; looking for them costs a fifth of the run
    try:
        for midnight in np.arange(24.0, city.end, 24.0):
            env.run(until=midnight)
            clock(midnight)
        env.run(until=city.end)
    finally:
        if collecting:
            gc.enable()
    journey.close_books()
    return trace.rows(control.changes)
