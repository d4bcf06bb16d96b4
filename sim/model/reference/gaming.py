"""Gaming: a unit under pressure closes a request before it is due, unsolved."""

from __future__ import annotations

import math
from functools import partial

from sim.model.clockwork import DUE, Moment, order_of
from sim.model.facts import OPEN
from sim.model.policies import ranking
from sim.model.reference.basics import draw
from sim.model.reference.closing import let_go
from sim.model.reference.world import Request, World


def watch_gaming(w: World, r: Request) -> None:
    """Its owner may close a request unsolved, once, where it will soon be due: wait for that beside the handling."""
    plan = None if w.city.ranking is None else w.city.ranking.gaming
    if plan is None or r.due_now == math.inf or r.gamed > 0:
        return
    if draw(w, ranking.GAMED, r.key) < plan.highest:
        expect_gaming(w, r, max(r.due_now - plan.window, w.env.now))


def expect_gaming(w: World, r: Request, moment: float) -> None:
    """… until this moment."""
    r.gaming_at = moment
    comes = Moment(w.env, order_of(DUE, r.key, 2))  # after an extension, before a callback
    comes.callbacks.append(partial(game, w, r))
    comes.at(moment)


def game(w: World, r: Request, _: object) -> None:
    """It has come: the due date may have been moved, or somebody may be at work, or the pressure be too low."""
    plan = None if w.city.ranking is None else w.city.ranking.gaming
    assert plan is not None
    if r.status != OPEN or r.gaming_at != w.env.now:
        return
    if r.due_now - plan.window > w.env.now:
        expect_gaming(w, r, r.due_now - plan.window)
        return
    if not r.in_hands or is_worked_on(r):
        return
    share = ranking.answered(w.pools[r.owner_unit].pressure, plan.share)
    if draw(w, ranking.GAMED, r.key) < share:
        r.gaming = True
        let_go(r)


def is_worked_on(r: Request) -> bool:
    """Whether somebody is at work with it or with a part of it."""
    return any(task.visit is not None and task.queueing is None for task in (r.main, *r.parts))
