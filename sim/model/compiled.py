"""One replication on the compiled engine: gives ``kernel`` what it needs, and takes what it has written."""

from __future__ import annotations

from sim.model import kernel
from sim.model.city import City
from sim.model.demand import Demand
from sim.model.draws import stream
from sim.model.records import Trace
from sim.model.world import World, build_world, with_births, with_events, with_problems, with_requests, with_rows

#: Events between two looks at the keyboard; a fraction of a second.
STEPS = 1 << 18
ROWS = 1 << 14


def replicate(city: City, seed: int, replication: int) -> Trace:
    """What happens in one replication, from the start until just before the end."""
    engine = Compiled(city, stream(seed, replication))
    for births in engine.demand:
        engine.world = with_births(engine.world, births)
        engine.advance(births.until)
    engine.advance(city.end)
    engine.close_books()
    return engine.trace


class Compiled:
    """The state of a replication between two calls of the kernel."""

    def __init__(self, city: City, random: int) -> None:
        self.demand, self.trace = Demand(city, random), Trace()
        self.end = city.end
        self.world = with_events(with_rows(build_world(city, random), ROWS), len(city.rosters))
        kernel.begin(self.world)

    def advance(self, until: float) -> None:
        """Let happen what lies strictly before ``until`` (hours)."""
        while (lacking := kernel.advance(self.world, until, STEPS)) != kernel.DONE:
            w = self.world
            if lacking == kernel.MORE_ROWS:
                self.write()
                widest = int(w.clock[0]["widest"])
                if 2 * widest > len(w.request_rows):
                    self.world = with_rows(w, 4 * widest)
            elif lacking == kernel.MORE_REQUESTS:
                self.world = with_requests(w, max(1024, 2 * len(w.requests)))
            elif lacking == kernel.MORE_PROBLEMS:
                self.world = with_problems(w, max(1024, 2 * len(w.problems)))
            elif lacking == kernel.MORE_EVENTS:
                self.world = with_events(w, 2 * int(w.clock[0]["events"]) + 4 * len(w.requests) + 16)

    def close_books(self) -> None:
        """At the end of time: write down what is still open."""
        self.world.clock[0]["now"] = self.end
        following = 0
        while following >= 0:
            following = kernel.close_books(self.world, following)
            self.write()

    def write(self) -> None:
        """Rows that are ready leave."""
        w, trace = self.world, self.trace
        clock = w.clock[0]
        n, v, p = int(clock["request_rows"]), int(clock["visit_rows"]), int(clock["problem_rows"])
        trace.request_keys.frombytes(w.request_keys[:n].tobytes())
        trace.request_numbers.frombytes(w.request_numbers[:n].tobytes())
        trace.request_rows.frombytes(w.request_rows[:n].tobytes())
        trace.visit_rows.frombytes(w.visit_rows[:v].tobytes())
        trace.problem_keys.frombytes(w.problem_keys[:p].tobytes())
        trace.problem_rows.frombytes(w.problem_rows[:p].tobytes())
        clock["request_rows"] = clock["visit_rows"] = clock["problem_rows"] = 0
