"""What every stage uses: draws, places, due dates, books, waits."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray
from simpy import Event

from sim.model import rules
from sim.model.clockwork import LEAD_END, Moment, order_of
from sim.model.draws import duration, uniform
from sim.model.facts import (
    CALLBACK,
    CONTACT,
    COUNCIL,
    DISPATCH,
    DISTRICT_DESK,
    ERRAND,
    IN_DISPATCH,
    IN_INTAKE,
    INTAKE,
    OVERFLOW,
    QUICK,
    SOON,
    UNIT_CLOSED,
    UNIT_QUEUE,
    WORK,
    WRONG_LINE,
)
from sim.model.index import Span, Table, Weights, WorkingTime
from sim.model.policies.time_limits import Limits
from sim.model.reference.world import Errand, Request, Task, World
from sim.model.staffing import Family

#: A stage: a generator that yields the events it waits for.
Stage = Generator[Event, Event, None]


class Merged(Exception):  # noqa: N818 (nothing went wrong)
    """Another request takes care of the problem: this one has nothing left to do."""


class Cleared(Merged):
    """A theme has fixed the problem: its owner closes this one."""


class Gamed(Cleared):
    """Its owner closes it, unsolved."""


# --- draws -----------------------------------------------------------------------------------------------------------


def draw(w: World, purpose: int, key: int, index: int = 0) -> float:
    """A uniform number of (0, 1)."""
    return uniform(w.stream, purpose, key, index)  # type: ignore[no-any-return]


def chance(w: World, probability: float, purpose: int, key: int, index: int = 0) -> bool:
    """Whether something of this probability comes about; nothing is drawn for what is certain."""
    return probability >= 1.0 or (probability > 0.0 and draw(w, purpose, key, index) < probability)


def choose(
    w: World, weights: Weights, names: NDArray[np.uint64], purpose: int, key: int, index: int = 0, but: int = -1
) -> int:
    """One of several named things; nothing is drawn where there is no choice."""
    if len(weights) == 1 and but < 0:
        return 0
    return rules.choose(weights, names, but, w.stream, purpose, key, index)  # type: ignore[no-any-return]


def lasts(w: World, table: Table, purpose: int, key: int, index: int = 0) -> float:
    """A duration in hours; 0 where the scenario gives none."""
    return duration(w.city.tables, table, w.stream, purpose, key, index) if table >= 0 else 0.0


# --- places and due dates --------------------------------------------------------------------------------------------


def at(w: World, family: Family, r: Request) -> int:
    """The instance of a pool or unit that serves where the request comes from."""
    return family.at(r.district, r.street, w.city.first_street)


def limits(w: World, r: Request) -> Limits:
    """The limits of contact and of resolution of a request."""
    return w.city.categories[r.category].limits[r.urgency]


def later_by(w: World, working_time: WorkingTime, since: float, span: Span) -> float:
    """The end of a time that is told on the clock or in working time."""
    if span.kind == rules.ON_THE_CLOCK:
        return since + span.amount
    hours = w.city.rosters[working_time.roster].hours
    return rules.later(*hours, working_time.workdays, since, span.amount, span.kind)  # type: ignore[no-any-return]


def later(w: World, since: float, span: Span) -> float:
    """… in the working time of the limits."""
    return later_by(w, w.working_time, since, span)


def earlier(w: World, until: float, span: Span) -> float:
    """… and its beginning."""
    if span.kind == rules.ON_THE_CLOCK:
        return until - span.amount
    hours = w.city.rosters[w.working_time.roster].hours
    return rules.earlier(*hours, w.working_time.workdays, until, span.amount, span.kind)  # type: ignore[no-any-return]


# --- books -----------------------------------------------------------------------------------------------------------


def spend(r: Request, cause: int, until: float) -> None:
    """Book the hours since the last booking under a cause."""
    r.hours[cause if r.cover < 0 else r.cover] += until - r.mark
    r.mark = until


def book(w: World, task: Task, r: Request | Errand) -> None:
    """Write down the visit of a task, which ends now or is not over at the end, and give its hours to their causes."""
    visit, now = task.visit, w.env.now
    assert visit is not None
    task.visit = None
    pool, begun = visit.pool, not math.isnan(visit.started)
    if not begun:
        worked = 0.0
    elif math.isnan(visit.ended):
        worked = pool.worked_between(visit.started, now)
    else:
        worked = visit.work
    w.trace.visit(visit, r.rounds, worked)
    if visit.kind in (CALLBACK, ERRAND, OVERFLOW):
        return  # a call that goes on is not over
    assert isinstance(r, Request)
    if visit.kind in (INTAKE, WRONG_LINE):
        book_call(r, visit.kind, (visit.started if begun else now) - r.mark, begun, not math.isnan(visit.ended))
    elif visit.kind == CONTACT and begun:
        r.contacted = visit.ended
    if visit.kind in (DISPATCH, DISTRICT_DESK):
        spend(r, IN_DISPATCH, now)
    elif visit.kind in (INTAKE, WRONG_LINE, COUNCIL) or r.cover >= 0:
        spend(r, IN_INTAKE, now)
    else:
        begin = visit.started if begun else now
        if begin < r.mark:  # beside parts of other units until the mark: only what came after is its own
            begin = r.mark
            worked = pool.worked_between(begin, now) if begun else 0.0
        queued = pool.open_between(r.mark, begin) if begin > r.mark else 0.0
        spend(r, UNIT_QUEUE, r.mark + queued)
        spend(r, WORK, r.mark + worked)
        spend(r, UNIT_CLOSED, now)


def book_call(r: Request, kind: int, waited: float, answered: bool, over: bool) -> None:
    """Write down a call."""
    r.calls += 1
    r.call_wait += waited
    if answered:
        r.picked_up += 1
        r.picked_up_wait += waited
        r.within_15s += waited <= QUICK
        r.within_20s += waited <= SOON
        if kind == INTAKE:
            r.answered_wait = waited
    elif over:
        r.abandoned += 1


def check_merged(r: Request) -> None:
    """A request whose problem another one has fixed, or a theme, goes no further, nor one that is to be closed."""
    if r.gaming:
        raise Gamed
    if r.problem is not None and r.problem.fixed_by not in (0, r.key):
        raise Cleared if r.cleared else Merged


def wait(w: World, task: Task, r: Request, hours: float, cause: int) -> Stage:
    """Time that holds no officer."""
    task.timer, task.cause = Moment(w.env, order_of(LEAD_END, r.key)), cause
    task.timer.at(w.env.now + hours)
    yield task.timer
    task.timer = None
    spend(r, cause, w.env.now)
    check_merged(r)
