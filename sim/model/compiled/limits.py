"""Legal limits: when they begin, and what moves them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiled.basics import chance, earlier, later, limits
from sim.model.compiled.callbacks import watch_due
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import DUE, EXTENDS, NO_CITIZEN
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import MAIN, part_task, task_of
from sim.model.compiled.pools import line_up_again
from sim.model.compiled.supervision import watch_overdue
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.facts import OPEN
from sim.model.policies import time_limits


@outlined
def start_limits(w: Any, i: Any, r: Any, since: Any) -> Any:
    """The limits of contact and of resolution begin to run."""
    not_inlined()
    r.contact_due = math.inf if r.asking == NO_CITIZEN else later(w, since, limits(w, r).contact)
    r.due = r.due_now = later(w, since, limits(w, r).resolve)
    watch_limits(w, i, r)


@inlined
def take_up_limits(w: Any, i: Any, r: Any, contact_due: Any, due: Any) -> Any:
    """They have begun to run before the start; whom one would have asked by then has been asked."""
    r.contact_due, r.due, r.due_now = contact_due, due, due
    if due > w.now:
        watch_limits(w, i, r)
    else:
        r.asked = 1
        if w.supervision.on:
            watch_overdue(w, i, r)


@inlined
def watch_limits(w: Any, i: Any, r: Any) -> Any:
    """What happens at the due date, before and after it."""
    if w.time_limits.extension.on:
        expect_extension(w, i, r)
    if w.supervision.on:
        watch_overdue(w, i, r)
    watch_due(w, i, r)


@inlined
def expect_extension(w: Any, i: Any, r: Any) -> Any:
    """The unit may ask some time before the first round is due."""
    moment = earlier(w, r.due_now, w.time_limits.extension.ask_before)
    if w.now < moment:
        schedule(w, moment, DUE, r.key, 1, EXTENDS, task_of(i, MAIN))


@inlined
def ask_extension(w: Any, i: Any) -> Any:
    """The unit may ask once."""
    r = state.request(w, i)
    if r.status != OPEN or r.rounds > 1:
        return
    if w.now < earlier(w, r.due_now, w.time_limits.extension.ask_before):
        expect_extension(w, i, r)  # the due date has moved
    elif chance(w, w.time_limits.extension.probability, time_limits.EXTENDS, r.key, 0):
        move_due(w, i, r, later(w, r.due_now, w.time_limits.extension.length))


@outlined
def move_due(w: Any, i: Any, r: Any, due: Any) -> Any:
    """A later due date; where it decides the order, its tasks take their new places."""
    not_inlined()
    r.due = r.due_now = due
    line_up_again(w, task_of(i, MAIN))
    slot = np.int64(r.parts)
    while slot >= 0:
        line_up_again(w, part_task(slot))
        slot = np.int64(state.part(w, slot).next)
