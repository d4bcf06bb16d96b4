"""One replication on the compiled engine: gives ``kernel`` what it needs, and takes what it has written."""

from __future__ import annotations

from sim.model import kernel
from sim.model.city import City
from sim.model.demand import Demand
from sim.model.draws import stream
from sim.model.records import Trace
from sim.model.world import World

#: Events between two looks at the keyboard; a fraction of a second.
STEPS = 1 << 18
ROWS = 1 << 14


def replicate(city: City, seed: int, replication: int) -> Trace:
    """What happens in one replication, from the start until just before the end."""
    engine = Compiled(city, stream(seed, replication))
    for births in engine.demand:
        engine.world.bear(births)
        engine.advance(births.until)
    engine.advance(city.end)
    engine.close_books(city.end)
    return engine.trace


class Compiled:
    """The state of a replication between two calls of the kernel."""

    def __init__(self, city: City, random: int) -> None:
        self.demand, self.trace = Demand(city, random), Trace()
        self.world = World(city, random)
        self.world.make_room_for_rows(ROWS)
        self.world.make_room("events", len(city.rosters))
        kernel.begin(self.world.record)

    def advance(self, until: float) -> None:
        """Let happen what lies strictly before ``until`` (hours)."""
        w = self.world
        while (lacking := kernel.advance(w.record, until, STEPS)) != kernel.DONE:
            if lacking == kernel.MORE_ROWS:
                self.write()
                w.make_room_for_rows(max(ROWS, 4 * w["widest"]))
            elif lacking == kernel.MORE_REQUESTS:
                w.make_room("requests", max(1024, 2 * len(w.arrays["requests"])))
            elif lacking == kernel.MORE_PROBLEMS:
                w.make_room("problems", max(1024, 2 * len(w.arrays["problems"])))
            elif lacking == kernel.MORE_EVENTS:
                w.make_room("events", 2 * w["scheduled"] + 4 * len(w.arrays["requests"]) + 16)

    def close_books(self, end: float) -> None:
        """At the end of time: write down what is still open."""
        self.world["now"] = end
        following = 0
        while following >= 0:
            following = kernel.close_books(self.world.record, following)
            self.write()

    def write(self) -> None:
        """Rows that are ready leave."""
        w, trace = self.world, self.trace
        n, v, p = w["requests_out"], w["visits_out"], w["problems_out"]
        for name, rows in (("request_keys", n), ("request_numbers", n), ("request_rows", n), ("visit_rows", v)):
            getattr(trace, name).frombytes(w.arrays[name][:rows].tobytes())
        for name in ("problem_keys", "problem_rows"):
            getattr(trace, name).frombytes(w.arrays[name][:p].tobytes())
        w["requests_out"] = w["visits_out"] = w["problems_out"] = 0
