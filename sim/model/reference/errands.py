"""Errands (非工单任务): people's time that belongs to no request, and what it brings when it has been worked."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

from simpy import Event

from sim.model import rules
from sim.model.clockwork import LEAD_END, Course, Moment, order_of, start
from sim.model.facts import ERRAND
from sim.model.policies import precise_dispatch
from sim.model.reference.basics import Stage, book, lasts
from sim.model.reference.pools import Pool
from sim.model.reference.world import Errand, World


def errand(
    w: World, key: int, pool: int, work: float, begun: Callable[[Pool], None] | None = None
) -> Generator[Event, Event, bool]:
    """An errand at a pool, from joining its queue, behind all else, to its end; says whether it was worked. ``begun``:
    what is done when somebody begins with it.
    """
    w.errands[key] = e = Errand(key, w.contacts, begun)
    e.task.visit = visit = w.pools[pool].join(e, ERRAND, work)
    yield visit
    book(w, e.task, e)
    del w.errands[key]
    return not math.isnan(visit.started)


def begin_errands(w: World) -> None:
    """Those that come by the calendar."""
    dispatch = w.city.dispatch
    if dispatch is not None and dispatch.duty_list is not None and (plan := dispatch.duty_list.upkeep) is not None:
        for number in range(len(plan.keys)):
            start(keep_list(w, plan, number, dispatch.family.first + number))


def keep_list(w: World, plan: precise_dispatch.Upkeep, number: int, desk: int) -> Course:
    """The duty list of a desk is brought up to date again and again; a turn at which that is still going on passes."""
    for time, key in zip(plan.begins.tolist(), plan.keys[number].tolist(), strict=True):
        if time >= w.env.now:
            begin = Moment(w.env, order_of(LEAD_END, key))
            begin.at(time)
            yield begin
            yield from update_list(w, plan, key, desk)


def update_list(w: World, plan: precise_dispatch.Upkeep, key: int, desk: int) -> Stage:
    """The errand; when it is over, the list is as it should be."""
    yield from errand(w, key, desk, lasts(w, plan.work, precise_dispatch.UPKEEP_WORK, key))
    w.upkept[desk] = rules.count_at_most(w.city.turns, w.env.now)
