"""Gaming: a unit under pressure closes a request before it is due, unsolved."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiled.basics import draw, is_queueing, is_waiting
from sim.model.compiled.closing import let_go
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import DUE, GAMED, MAY_GAME
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import MAIN, part_task, task_of
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.facts import OPEN
from sim.model.policies import ranking


@inlined
def watch_gaming(w: Any, i: Any, r: Any) -> Any:
    """Its owner may close a request unsolved, once, where it will soon be due: wait for that beside the handling."""
    if r.due_now == math.inf or r.gamed > 0:
        return
    if draw(w, ranking.GAMED, r.key, 0) < w.ranking.gaming.highest:
        expect_gaming(w, i, r, max(r.due_now - w.ranking.gaming.window, w.now))


@inlined
def expect_gaming(w: Any, i: Any, r: Any, moment: Any) -> Any:
    """… until this moment."""
    r.gaming_at = moment
    schedule(w, moment, DUE, r.key, 2, MAY_GAME, task_of(i, MAIN))


@outlined
def game(w: Any, i: Any, r: Any) -> Any:
    """It has come: the due date may have been moved, or somebody may be at work, or the pressure be too low. Says
    whether the request goes on.
    """
    not_inlined()
    if r.status != OPEN or r.gaming_at != w.now:
        return False
    if r.due_now - w.ranking.gaming.window > w.now:
        expect_gaming(w, i, r, r.due_now - w.ranking.gaming.window)
        return False
    if not r.in_hands or is_worked_on(w, i, r):
        return False
    share = ranking.answered(state.pressures(w)[r.owner_unit], w.ranking.gaming.share)
    if not draw(w, ranking.GAMED, r.key, 0) < share:
        return False
    r.overtaken = GAMED
    return let_go(w, i, r)


@inlined
def is_worked_on(w: Any, i: Any, r: Any) -> Any:
    """Whether somebody is at work with it or with a part of it."""
    main = state.task(w, task_of(i, MAIN))
    if not is_waiting(w, main) and not is_queueing(main):
        return True
    slot = np.int64(r.parts)
    while slot >= 0:
        x = state.task(w, part_task(slot))
        if x.number != 0 and not is_queueing(x):
            return True
        slot = np.int64(state.part(w, slot).next)
    return False
