"""Puts demand, engine and the clock together: one replication of a city."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from simpy import Environment

from sim.model.city import City
from sim.model.clockwork import start
from sim.model.compiling import place
from sim.model.control import Control, Policy
from sim.model.demand import Demand
from sim.model.draws import stream
from sim.model.journey import Journey
from sim.model.records import Rows, Trace
from sim.model.rhythm import mean_births
from sim.scenario import Scenario

Engine = Literal["auto", "simpy", "compiled"]

#: Where fewer contacts are expected, SimPy is done before compiled code is loaded.
SMALL = 5_000


def choose(scenario: Scenario, engine: Engine) -> Engine:
    """The engine that will run: what is asked for, else the one that is likely to be done first."""
    if engine != "auto":
        return engine
    births = float(mean_births(scenario).sum()) * scenario.hours_of(scenario.time.end)
    return "simpy" if births < SMALL else "compiled"


def prepare(engine: Engine, tell: Callable[[str], None] = lambda word: None) -> None:
    """Have the engine ready: the first time on a machine the fast one is compiled, and ``tell`` is told so.

    Another process does it and leaves the code in the cache: the compiler cannot be interrupted, a process can.
    """
    if engine != "compiled":
        return
    mark = Path(place()) / "engine"
    if place() and not mark.exists():
        tell("Compiling the fast engine for this machine, once: some 20 seconds …")
        program = "from sim.model import kernel; kernel.prepare()"
        root = str(Path(__file__).parents[2])
        quiet = subprocess.DEVNULL
        child = subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])},
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )
        try:
            if child.wait() == 0:
                mark.touch()
        finally:
            child.kill()
            child.wait()
    from sim.model import kernel

    kernel.prepare()


def stream_rows(
    city: City, seed: int, replication: int, engine: Engine = "auto", policies: Sequence[Policy] = ()
) -> Iterator[Rows]:
    """What happens in one replication, from the start until just before the end, piece by piece.

    A piece is good until the next one is asked for.
    """
    random = stream(seed, replication)
    if choose(city.scenario, engine) == "simpy":
        yield _on_simpy(city, random, policies)
        return
    from sim.model import kernel

    yield from kernel.stream(city, random, policies)


def replicate(
    city: City, seed: int, replication: int, engine: Engine = "auto", policies: Sequence[Policy] = ()
) -> Rows:
    """All that happens in one replication."""
    return Rows.joined(stream_rows(city, seed, replication, engine, policies))


def _on_simpy(city: City, random: int, policies: Sequence[Policy]) -> Rows:
    env, trace = Environment(), Trace()
    journey = Journey(env, city, random, trace)
    control = Control(env, city, journey, policies)
    start(journey.births(Demand(city, random)))
    collecting = gc.isenabled()
    gc.disable()  # requests leave no cycles behind; looking for them costs a fifth of the run
    try:
        env.run(until=city.end)
    finally:
        if collecting:
            gc.enable()
    journey.close_books()
    return trace.rows(control.changes)
