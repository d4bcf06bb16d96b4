"""One replication on the compiled engine: gives it what it needs, and takes what it has written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from simpy import Environment

from sim.model.city import City
from sim.model.compiling import nb
from sim.model.control import Control, Policy, PoolState
from sim.model.demand import Demand
from sim.model.kernel import codes, engine, layout
from sim.model.kernel.world import World
from sim.model.records import Rows

#: Events between two looks at the keyboard; a fraction of a second.
STEPS = 1 << 18
#: Rows on their way out; as many as stay in the processor's cache.
ROWS = 1 << 10


def replicate(city: City, random: int, policies: Sequence[Policy] = ()) -> Rows:
    """What happens in the replication of a stream, from the start until just before the end."""
    env, compiled = Environment(), Compiled(city, random)
    control = Control(env, city, compiled, policies)
    for births in Demand(city, random):
        compiled.world.bear(births)
        while env.peek() < births.until:
            compiled.now = env.peek()
            compiled.advance(compiled.now)
            while env.peek() == compiled.now:
                env.step()
        compiled.advance(births.until)
    compiled.close_books(city.end)
    return compiled.rows(control.changes)


def prepare() -> None:
    """Compile the engine, or fetch what was compiled before."""
    world = nb.typeof(np.zeros(1, layout.WORLD))
    engine.begin.compile((world,))
    engine.advance.compile((world, nb.float64, nb.int64))
    engine.close_books.compile((world, nb.int64))


class Compiled:
    """The state of a replication between two calls of compiled code."""

    def __init__(self, city: City, random: int) -> None:
        self.now = 0.0
        self.written: list[tuple[Any, ...]] = []
        self.world = World(city, random)
        self.world.make_room_for_rows(ROWS)
        self.world.make_room("events", len(city.rosters))
        engine.begin(self.world.record)

    def advance(self, until: float) -> None:
        """Let happen what lies strictly before ``until`` (hours)."""
        while (lacking := engine.advance(self.world.record, until, STEPS)) != codes.DONE:
            self.supply(lacking)

    def supply(self, lacking: int) -> None:
        """More of what there was not enough of."""
        w = self.world
        if lacking == codes.MORE_ROWS:
            self.write()
            w.make_room_for_rows(max(ROWS, 4 * w["widest"]))
        elif lacking == codes.MORE_REQUESTS:
            w.make_room("requests", max(1024, 2 * len(w.arrays["requests"])))
        elif lacking == codes.MORE_PROBLEMS:
            w.make_room("problems", max(1024, 2 * len(w.arrays["problems"])))
        elif lacking == codes.MORE_EVENTS:
            w.make_room("events", 2 * w["scheduled"] + 4 * len(w.arrays["requests"]) + 16)

    def states(self) -> list[PoolState]:
        """All pools, as policies see them."""
        pools = self.world.arrays["pools"]
        return [PoolState(int(p["waiting"]), int(p["busy"]), int(p["headcount"])) for p in pools]

    def add_staff(self, pool: int, extra: int) -> None:
        """From now on, so many officers more than planned."""
        while (lacking := engine.lacks(self.world.record)) != codes.DONE:
            self.supply(lacking)
        engine.add_staff(self.world.record, pool, extra, self.now)

    def close_books(self, end: float) -> None:
        """At the end of time: write down what is still open."""
        self.world["now"] = end
        following = 0
        while following >= 0:
            following = engine.close_books(self.world.record, following)
            self.write()

    def write(self) -> None:
        """Rows that are ready leave."""
        w = self.world
        n, v, p = w["requests_out"], w["visits_out"], w["problems_out"]
        names = ("request_keys", "request_numbers", "request_rows", "visit_rows", "problem_keys", "problem_rows")
        sizes = (n, n, n, v, p, p)
        self.written.append(tuple(w.arrays[name][:size].copy() for name, size in zip(names, sizes, strict=True)))
        w["requests_out"] = w["visits_out"] = w["problems_out"] = 0

    def rows(self, staff_changes: Sequence[tuple[float, int, int]]) -> Rows:
        """All that has been written."""
        parts: list[Any] = [np.concatenate(column) for column in zip(*self.written, strict=True)]
        return Rows(*[*parts, np.array(staff_changes, float).reshape(-1, 3)])
