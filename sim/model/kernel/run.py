"""One replication on the compiled engine: gives ``kernel`` what it needs, and takes what it has written."""

from __future__ import annotations

from sim.model.city import City
from sim.model.demand import Demand
from sim.model.kernel import codes, engine
from sim.model.kernel.world import World
from sim.model.records import Rows

#: Events between two looks at the keyboard; a fraction of a second.
STEPS = 1 << 18
ROWS = 1 << 14


def replicate(city: City, random: int) -> Rows:
    """What happens in the replication of a stream, from the start until just before the end."""
    replication = Compiled(city, random)
    for births in replication.demand:
        replication.world.bear(births)
        replication.advance(births.until)
    replication.advance(city.end)
    replication.close_books(city.end)
    return Rows.joined(replication.written)


class Compiled:
    """The state of a replication between two calls of the kernel."""

    def __init__(self, city: City, random: int) -> None:
        self.demand = Demand(city, random)
        self.written: list[Rows] = []
        self.world = World(city, random)
        self.world.make_room_for_rows(ROWS)
        self.world.make_room("events", len(city.rosters))
        engine.begin(self.world.record)

    def advance(self, until: float) -> None:
        """Let happen what lies strictly before ``until`` (hours)."""
        w = self.world
        while (lacking := engine.advance(w.record, until, STEPS)) != codes.DONE:
            if lacking == codes.MORE_ROWS:
                self.write()
                w.make_room_for_rows(max(ROWS, 4 * w["widest"]))
            elif lacking == codes.MORE_REQUESTS:
                w.make_room("requests", max(1024, 2 * len(w.arrays["requests"])))
            elif lacking == codes.MORE_PROBLEMS:
                w.make_room("problems", max(1024, 2 * len(w.arrays["problems"])))
            elif lacking == codes.MORE_EVENTS:
                w.make_room("events", 2 * w["scheduled"] + 4 * len(w.arrays["requests"]) + 16)

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
        self.written.append(Rows(*(w.arrays[name][:size].copy() for name, size in zip(names, sizes, strict=True))))
        w["requests_out"] = w["visits_out"] = w["problems_out"] = 0
