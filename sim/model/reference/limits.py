"""Legal limits: when they begin, and what moves them."""

from __future__ import annotations

import math

from sim.model.clockwork import DUE, Course, Moment, order_of, start
from sim.model.facts import OPEN
from sim.model.policies import time_limits
from sim.model.reference.basics import chance, earlier, later, limits
from sim.model.reference.callbacks import watch_due
from sim.model.reference.supervision import watch_overdue
from sim.model.reference.world import Request, World


def start_limits(w: World, r: Request, since: float) -> None:
    """The limits of contact and of resolution begin to run."""
    r.contact_due = math.inf if r.alone else later(w, since, limits(w, r).contact)
    r.due = r.due_now = later(w, since, limits(w, r).resolve)
    watch_limits(w, r)


def take_up_limits(w: World, r: Request, contact_due: float, due: float) -> None:
    """They have begun to run before the start; whom one would have asked by then has been asked."""
    r.contact_due, r.due, r.due_now = contact_due, due, due
    if due > w.env.now:
        watch_limits(w, r)
    else:
        r.asked = True
        watch_overdue(w, r)


def watch_limits(w: World, r: Request) -> None:
    """What happens at the due date, before and after it."""
    if w.city.time_limits is not None and w.city.time_limits.extension is not None:
        start(ask_extension(w, r, w.city.time_limits.extension))
    watch_overdue(w, r)
    watch_due(w, r)


def ask_extension(w: World, r: Request, plan: time_limits.Extension) -> Course:
    """The unit may ask once, some time before the first round is due."""
    while w.env.now < (moment := earlier(w, r.due_now, plan.ask_before)) < math.inf:
        ask = Moment(w.env, order_of(DUE, r.key, 1))
        ask.at(moment)
        yield ask
        if r.status != OPEN or r.rounds > 1:
            return
        on_time = w.env.now >= earlier(w, r.due_now, plan.ask_before)  # else it has been moved meanwhile
        if on_time and chance(w, plan.probability, time_limits.EXTENDS, r.key):
            move_due(w, r, later(w, r.due_now, plan.length))
            return


def move_due(w: World, r: Request, due: float) -> None:
    """A later due date; where it decides the order, tasks of the request take their new places."""
    r.due = r.due_now = due
    for task in (r.main, *r.parts):
        if (visit := task.queueing) is not None:
            visit.home.line_up(visit)
