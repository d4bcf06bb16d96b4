"""One replication on the compiled engine: gives it what it needs, and takes what it has written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from simpy import Environment

from sim.model.city import City
from sim.model.compiled import loop
from sim.model.compiled.machine import codes, layout
from sim.model.compiled.machine.world import World
from sim.model.compiling import nb
from sim.model.control import Control, Policy, PoolState
from sim.model.demand import Demand, Turned
from sim.model.draws import uniforms
from sim.model.initial import standing
from sim.model.policies import monthly_theme, sheet
from sim.model.rows import Rows, TooManyVisitsError

#: Events between two looks at the keyboard; a fraction of a second.
MAX_EVENTS = 1 << 18
#: Requests in flight, and problems, for which there is room from the beginning.
SLOTS = 1 << 14
#: Rows on their way out; as many as stay in the processor's cache.
ROWS = 1 << 11


def stream(
    city: City, random: int, policies: Sequence[Policy], watch: Callable[[float], None], kept: int = 0
) -> Iterator[Rows]:
    """What happens in the replication of a random stream, from the start until just before the end, piece by piece.

    A piece is good until the next one is asked for: memory follows what is open, not what has passed. With ``kept``,
    about as many contacts as will come, all rows stay where they are written, and leave as one piece.
    """
    turned = Turned(city) if city.turns_demand else None
    env, compiled = Environment(), Compiled(city, random, kept)
    if turned is not None:
        compiled.world.put(trust=turned.trust)  # compiled code reads what stands there
    control = Control(env, city, compiled, policies, turned, random)
    if city.initial:
        compiled.world.add_standing(standing(city, random))
        yield from compiled.advance(0.0)
    for births in Demand(city, random, turned):
        compiled.world.add_births(births)
        while env.peek() < births.until:
            compiled.now = env.peek()
            yield from compiled.advance(compiled.now)
            while env.peek() == compiled.now:
                env.step()
        yield from compiled.advance(births.until)
        watch(births.until)
    yield from compiled.close_books(city.end)
    yield Rows.nothing().after(control.acts)


def replicate(city: City, random: int, policies: Sequence[Policy], watch: Callable[[float], None]) -> Rows:
    """All that happens in the replication of a random stream."""
    # twice as many as are born: shocks, more reports and repeats find room, which costs nothing until it is used
    kept = max(int(2.0 * float(city.births.sum()) * city.end), ROWS) + sum(group.whole + 1 for group in city.initial)
    rows, acts = stream(city, random, policies, watch, kept)
    names = ("staff_changes", "calls", "turns", "themes", "scores")
    return replace(rows, **{name: getattr(acts, name) for name in names})


def prepare() -> None:
    """Compile the engine, or fetch what was compiled before."""
    world = nb.typeof(np.zeros(1, layout.WORLD))
    loop.begin.compile((world,))
    loop.advance.compile((world, nb.float64, nb.int64))
    loop.close_books.compile((world, nb.int64))


class Compiled:
    """The state of a replication between two calls of compiled code."""

    def __init__(self, city: City, random: int, kept: int = 0) -> None:
        self.now, self.kept = 0.0, kept
        self.efforts: dict[int, list[tuple[int, int]]] = {}  # slots and keys of their pieces, by theme
        self.world = World(city, random)
        self.world.make_room_for_rows(kept or ROWS)
        self.make_room()
        loop.begin(self.world.record)

    def advance(self, until: float) -> Iterator[Rows]:
        """Let happen what lies strictly before ``until`` (hours)."""
        while (lacking := loop.advance(self.world.record, until, MAX_EVENTS)) != codes.DONE:
            if lacking == codes.MORE_ROWS:
                yield from self.more_rows()
            else:
                self.supply(lacking)

    def supply(self, lacking: int) -> None:
        """Room for more of what there was not enough of."""
        w = self.world
        if lacking == codes.MORE_REQUESTS:
            w.make_room("requests", max(SLOTS, 2 * len(w.arrays["requests"])))
        elif lacking == codes.MORE_PROBLEMS:
            w.make_room("problems", max(SLOTS, 2 * len(w.arrays["problems"])))
        elif lacking == codes.MORE_PARTS:
            w.make_room("parts", max(SLOTS, 2 * len(w.arrays["parts"])))
        elif lacking == codes.MORE_EVENTS:
            more = 4 * len(w.arrays["requests"]) + 2 * len(w.arrays["parts"]) + 2 * w.most_patrols
            w.make_room("later", 2 * w["pending"] + more + 16)
        elif lacking == codes.MORE_ROWS:
            w.make_room_for_rows(2 * len(w.arrays["request_rows"]))
        elif lacking == codes.TOO_MUCH:
            raise TooManyVisitsError

    def more_rows(self) -> Iterator[Rows]:
        """Room for more rows: those that are ready leave, or stay and get more beside them."""
        w = self.world
        rows, widest = len(w.arrays["request_rows"]), max(w["widest"], w["parts_in_use"])
        if self.kept:
            self.supply(codes.MORE_ROWS)
            return
        yield self.ready()
        if 2 * widest > rows:
            w.make_room_for_rows(4 * widest)

    def state(self, pool: int, now: float) -> PoolState:
        """A pool, as policies see it."""
        p = self.world.arrays["pools"][pool]
        oldest = now - loop.longest_waiting(self.world.record, pool) if p["waiting"] else 0.0
        return PoolState(int(p["waiting"]), int(p["busy"]), int(p["headcount"]), oldest)

    def waits(self, watch: int) -> tuple[int, int]:
        """Visits begun since the last time, and how many of them had waited too long."""
        counts = [self.world.arrays[name] for name in ("watch_begun", "watch_late")]
        begun, late = (int(count[watch]) for count in counts)
        for count in counts:
            count[watch] = 0
        return begun, late

    def answers(self) -> NDArray[np.int64]:
        """By district: scored answers on satisfaction, and how many were satisfied."""
        return self.world.arrays["answered"].copy()

    def counted(self) -> NDArray[np.int64]:
        """Answers and requests, by place and month."""
        counts = self.world.arrays["counts_of"]
        return counts.reshape(len(counts), -1, sheet.COUNTS)

    def press(self, pressure: NDArray[np.float64], effort: NDArray[np.float64]) -> None:
        """From now on: the pressure on units, and the factors on work that begins."""
        self.world.arrays["pressures"][:], self.world.arrays["efforts"][:] = pressure, effort

    def add_staff(self, pool: int, extra: int) -> None:
        """From now on, so many officers more than planned."""
        self.make_room()
        loop.add_staff(self.world.record, pool, extra, self.now)

    def seen(self) -> NDArray[np.int64]:
        """By category: what themes are chosen by."""
        return self.world.arrays["seen"].copy()

    def effort(self, number: int) -> tuple[int, float]:
        """How many pieces of the effort for a theme have been worked, and when the last of them was."""
        return int(self.world.arrays["effort_done"][number]), float(self.world.arrays["effort_last"][number])

    def ask_effort(self, number: int, pool: int, keys: Sequence[int], hours: Sequence[float]) -> None:
        """The pieces of the effort for a theme join the queue of a pool."""
        asked = self.efforts.setdefault(number, [])
        for key, work in zip(keys, hours, strict=True):
            self.make_room()
            asked.append((loop.ask_effort(self.world.record, number, pool, np.uint64(key), work, self.now), key))

    def give_up_effort(self, number: int) -> None:
        """Those that nobody has begun leave it."""
        for slot, key in self.efforts[number]:
            self.make_room()
            loop.give_up_effort(self.world.record, slot, np.uint64(key), self.now)

    def clear(self, category: int, share: float, mark: int) -> int:
        """Fix this share of a category's open problems; says how many they were."""
        problems = self.world.arrays["problems"]
        open_ = np.flatnonzero(
            (problems["key"] != 0) & (problems["category"] == category) & (problems["fixed_by"] == 0)
        )
        keys = problems["key"][open_]
        marks = uniforms(self.world["stream"], monthly_theme.CLEARS, keys, np.full(len(keys), mark, np.uint64))
        cleared = open_[marks < share]
        for p in cleared.tolist():
            self.make_room()
            loop.clear(self.world.record, p, self.now)
        return len(cleared)

    def turn_handling(self, category: int, factors: Sequence[float]) -> None:
        """From now on, these factors act on the handling of a category."""
        self.world.arrays["handling"][:, category] = factors

    def make_room(self) -> None:
        """Enough of all that there may be more of at the next step."""
        while (lacking := loop.lacks(self.world.record)) != codes.DONE:
            self.supply(lacking)

    def close_books(self, end: float) -> Iterator[Rows]:
        """At the end of time: write down what is still open."""
        self.world["now"] = end
        following = 0
        while (following := loop.close_books(self.world.record, following)) >= 0:
            yield from self.more_rows()
        yield self.ready()

    def ready(self) -> Rows:
        """The rows that are ready leave."""
        w = self.world
        n, v, p = w["requests_out"], w["visits_out"], w["problems_out"]
        w["requests_out"] = w["visits_out"] = w["problems_out"] = 0
        return Rows(w.arrays["request_rows"][:n], w.arrays["visit_rows"][:v], w.arrays["problem_rows"][:p])
