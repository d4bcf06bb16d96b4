"""Puts demand, engine and the clock together: one replication of a city."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
from simpy import Environment

from sim.model.city import City
from sim.model.clockwork import start
from sim.model.compiling import nb
from sim.model.control import Control, Policy
from sim.model.demand import Demand
from sim.model.draws import stream
from sim.model.journey import Journey
from sim.model.records import Rows, Trace
from sim.model.rhythm import mean_births
from sim.scenario import Scenario

Engine = Literal["auto", "simpy", "compiled"]

#: Is told now and then how many hours have been simulated.
Clock = Callable[[float], None]


def unwatched(hours: float) -> None:
    """The clock that nobody looks at."""


#: Where fewer contacts are expected, SimPy is done before compiled code is loaded.
SMALL = 5_000


class EngineError(ValueError):
    """An engine that cannot run here, in one line."""

    exit_code = 2


def choose(scenario: Scenario, engine: Engine) -> Engine:
    """The engine that will run: what is asked for, else the one that is likely to be done first.

    Raises ``EngineError`` where the compiled one is asked for and numba is told not to compile.
    """
    if nb.config.DISABLE_JIT:
        if engine == "compiled":
            raise EngineError(
                "the compiled engine does not run while NUMBA_DISABLE_JIT is set: unset it, or take simpy"
            )
        return "simpy"
    if engine != "auto":
        return engine
    births = float(mean_births(scenario).sum()) * scenario.hours_of(scenario.time.end)
    return "simpy" if births < SMALL else "compiled"


def stream_rows(
    city: City,
    seed: int,
    replication: int,
    engine: Engine = "auto",
    policies: Sequence[Policy] = (),
    clock: Clock = unwatched,
) -> Iterator[Rows]:
    """What happens in one replication, from the start until just before the end, piece by piece.

    A piece is good until the next one is asked for.
    """
    random = stream(seed, replication)
    if choose(city.scenario, engine) == "simpy":
        yield _on_simpy(city, random, policies, clock)
        return
    from sim.model import kernel

    yield from kernel.stream(city, random, policies, clock)


def replicate(
    city: City,
    seed: int,
    replication: int,
    engine: Engine = "auto",
    policies: Sequence[Policy] = (),
    clock: Clock = unwatched,
) -> Rows:
    """All that happens in one replication."""
    random = stream(seed, replication)
    if choose(city.scenario, engine) == "simpy":
        return _on_simpy(city, random, policies, clock)
    from sim.model import kernel

    return kernel.replicate(city, random, policies, clock)


def _on_simpy(city: City, random: int, policies: Sequence[Policy], clock: Clock) -> Rows:
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
