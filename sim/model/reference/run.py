"""One replication on the reference engine."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from simpy import Environment

from sim.model.city import City
from sim.model.clockwork import start
from sim.model.control import Control, Policy, PoolState
from sim.model.demand import Demand, Turned
from sim.model.facts import IN_CALLBACK, IN_INTAKE, INTAKE_OPEN
from sim.model.reference.basics import book, spend
from sim.model.reference.contacts import births
from sim.model.reference.errands import begin_errands
from sim.model.reference.initial import begin_standing
from sim.model.reference.journey import life
from sim.model.reference.patrol import begin_patrols
from sim.model.reference.pools import open_pools
from sim.model.reference.theme import ask_effort, clear, give_up_effort
from sim.model.reference.world import Trace, World
from sim.model.rows import Rows


def replicate(city: City, random: int, policies: Sequence[Policy], watch: Callable[[float], None]) -> Rows:
    """All that happens in the replication of a random stream."""
    env = Environment()
    turned = Turned(city) if city.turns_demand else None
    w = Steered(env, city, random, Trace(), turned)
    open_pools(w)
    begin_errands(w)
    begin_patrols(w, life)
    control = Control(env, city, w, policies, turned, random)
    begin_standing(w, life)
    start(births(w, Demand(city, random, turned), life))
    collecting = gc.isenabled()
    gc.disable()  # requests leave few cycles behind; looking for them costs a fifth of the run
    try:
        for midnight in np.arange(24.0, city.end, 24.0):
            env.run(until=midnight)
            watch(midnight)
        env.run(until=city.end)
    finally:
        if collecting:
            gc.enable()
    close_books(w)
    return w.trace.rows().after(control.acts)


class Steered(World):
    """A world that policies turn (see ``control.Engine``)."""

    def state(self, pool: int, now: float) -> PoolState:
        """A pool, as policies see it."""
        p = self.pools[pool]
        return PoolState(p.waiting, p.busy, p.headcount, p.oldest(now))

    def waits(self, watch: int) -> tuple[int, int]:
        """Visits begun since the last time, and how many of them had waited too long."""
        begun, late = self.watches[watch].counts
        self.watches[watch].counts = 0, 0
        return begun, late

    def answers(self) -> NDArray[np.int64]:
        """By district: scored answers on satisfaction, and how many were satisfied."""
        return self.answered.copy()

    def counted(self) -> NDArray[np.int64]:
        """Answers and requests, by place and month."""
        return self.counts

    def press(self, pressure: NDArray[np.float64], effort: NDArray[np.float64]) -> None:
        """From now on: the pressure on units, and the factors on work that begins."""
        for pool, felt, factor in zip(self.pools, pressure.tolist(), effort.tolist(), strict=True):
            pool.pressure, pool.effort = felt, factor

    def add_staff(self, pool: int, extra: int) -> None:
        """From now on, so many officers more than planned; where the roster changes in this instant, with that."""
        p = self.pools[pool]
        p.extra = extra
        if p.next_change != self.env.now:
            p.change_staff()

    def seen(self) -> NDArray[np.int64]:
        """By category: what themes are chosen by."""
        return self.seen_by_category.copy()

    def effort(self, number: int) -> tuple[int, float]:
        """How many pieces of the effort for a theme have been worked, and when the last of them was."""
        return self.efforts[number].done, self.efforts[number].last

    def ask_effort(self, number: int, pool: int, keys: Sequence[int], hours: Sequence[float]) -> None:
        """The pieces of the effort for a theme join the queue of a pool."""
        ask_effort(self, number, pool, keys, hours)

    def give_up_effort(self, number: int) -> None:
        """Those that nobody has begun leave it."""
        give_up_effort(self, number)

    def clear(self, category: int, share: float, mark: int) -> int:
        """Fix this share of a category's open problems; says how many they were."""
        return clear(self, category, share, mark)

    def turn_handling(self, category: int, factors: Sequence[float]) -> None:
        """From now on, these factors act on the handling of a category."""
        self.handling[:, category] = factors


def close_books(w: World) -> None:
    """At the end of time: write down what is still open."""
    end = w.env.now
    for r in w.requests.values():
        if r.main.visit is None:
            if r.main.timer is not None:
                spend(r, r.main.cause, end)
            else:
                spend(r, IN_INTAKE if r.status == INTAKE_OPEN else IN_CALLBACK, end)
        for task in r.tasks:
            if task.visit is not None:
                book(w, task, r)
        w.trace.request(r)
    for r in w.under_review.values():
        if r.key not in w.requests:
            w.trace.request(r)
    for errand in w.errands.values():
        book(w, errand.task, errand)
    for problem in w.problems:
        w.trace.problem(problem)
