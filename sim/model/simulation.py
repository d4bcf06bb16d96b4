"""Puts demand, engine and the watch together: one replication of a city."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from sim.errors import CitysimError
from sim.model import reference
from sim.model.city import City
from sim.model.compiling import nb
from sim.model.control import Policy
from sim.model.draws import stream
from sim.model.rhythm import mean_births
from sim.model.rows import Rows
from sim.scenario import Scenario

Engine = Literal["auto", "simpy", "compiled"]

#: Is told now and then how many hours have been simulated.
Watch = Callable[[float], None]


def unwatched(hours: float) -> None:
    """The watch that nobody looks at."""


#: Where fewer contacts are expected in all runs, SimPy is done before compiled code is loaded.
SMALL = 5_000


class EngineError(CitysimError, ValueError):
    """An engine that cannot run here, in one line."""


def choose(scenario: Scenario, engine: Engine, runs: int = 1) -> Engine:
    """The engine that will run: what is asked for, else the one that is likely to be done first with so many runs.

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
    return "simpy" if runs * (births + scenario.open_at_start) < SMALL else "compiled"


def stream_rows(
    city: City,
    seed: int,
    replication: int,
    engine: Engine = "auto",
    policies: Sequence[Policy] = (),
    watch: Watch = unwatched,
) -> Iterator[Rows]:
    """What happens in one replication, from the start until just before the end, piece by piece.

    A piece is good until the next one is asked for.
    """
    random = stream(seed, replication)
    if choose(city.scenario, engine) == "simpy":
        yield reference.replicate(city, random, policies, watch)
        return
    from sim.model import compiled

    yield from compiled.stream(city, random, policies, watch)


def replicate(
    city: City,
    seed: int,
    replication: int,
    engine: Engine = "auto",
    policies: Sequence[Policy] = (),
    watch: Watch = unwatched,
) -> Rows:
    """All that happens in one replication."""
    random = stream(seed, replication)
    if choose(city.scenario, engine) == "simpy":
        return reference.replicate(city, random, policies, watch)
    from sim.model import compiled

    return compiled.replicate(city, random, policies, watch)
