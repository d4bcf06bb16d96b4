"""Legal limits: when they begin, and what moves them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import purposes, rules
from sim.model.compiled.callbacks import watch_due
from sim.model.compiled.machine import views as the
from sim.model.compiled.machine.codes import DUE, EXTENDS
from sim.model.compiled.machine.queues import dequeue
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import MAIN, task_of
from sim.model.compiled.pools import line_up
from sim.model.compiled.steps import chance, earlier, later, limit
from sim.model.compiling import called, part, shared
from sim.model.facts import OPEN


@shared
def start_clocks(w: Any, i: Any, r: Any, since: Any) -> Any:
    """The limits of contact and of resolution begin to run."""
    called()
    r.contact_due = limit(w, r, False, since)
    r.due = r.due_now = limit(w, r, True, since)
    if w.extension:
        expect_extension(w, i, r)
    watch_due(w, i, r)


@part
def expect_extension(w: Any, i: Any, r: Any) -> Any:
    """The unit may ask some time before the first round is due."""
    moment = earlier(w, r.due_now, w.ask_before, w.ask_before_kind)
    if w.now < moment:
        schedule(w, moment, DUE, r.key, 1, EXTENDS, i)


@part
def ask_extension(w: Any, i: Any) -> Any:
    """The unit may ask once."""
    r = the.request(w, i)
    if r.status != OPEN or r.rounds > 1:
        return
    if w.now < earlier(w, r.due_now, w.ask_before, w.ask_before_kind):
        expect_extension(w, i, r)  # the due date has moved
    elif chance(w, w.extension_probability, purposes.EXTENDS, r.key, 0):
        move_due(w, i, r, later(w, r.due_now, w.extension_length, w.extension_length_kind))


@shared
def move_due(w: Any, i: Any, r: Any, due: Any) -> Any:
    """A later due date; where it decides the order, the request takes its new place."""
    called()
    r.due = r.due_now = due
    v = task_of(i, MAIN)
    home = np.int64(the.visit(w, v).home)
    if r.visiting and math.isnan(the.visit(w, v).started) and the.pool(w, home).discipline == rules.DUE:
        dequeue(w, home, v)
        line_up(w, v)
