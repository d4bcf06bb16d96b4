"""What every stage uses: draws, places, open hours, books."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import rules
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import LEAD_END, WAIT_IS_OVER, WAITS
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import A_PART, slot_of, which_of
from sim.model.compiling import inlined, not_inlined, outlined
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
from sim.model.staffing import CITY, DISTRICT


@inlined
def draw(w: Any, purpose: Any, key: Any, index: Any) -> Any:
    """A uniform number of (0, 1)."""
    return uniform(w.stream, np.uint64(purpose), key, np.uint64(index))


@inlined
def chance(w: Any, probability: Any, purpose: Any, key: Any, index: Any) -> Any:
    """Whether something of this probability comes about; nothing is drawn for what is certain."""
    return probability >= 1.0 or (probability > 0.0 and draw(w, purpose, key, index) < probability)


@outlined
def choose(w: Any, weights: Any, names: Any, but: Any, purpose: Any, key: Any, index: Any) -> Any:
    """One of several named things."""
    not_inlined()
    return rules.choose(weights, names, np.int64(but), w.stream, np.uint64(purpose), key, np.uint64(index))


@inlined
def lasts(w: Any, table: Any, purpose: Any, key: Any, index: Any) -> Any:
    """A duration in hours; 0 where the scenario gives none."""
    if table < 0:
        return 0.0
    constant = state.constant(w, table)
    if not math.isnan(constant):
        return constant
    return duration(state.tables(w), table, w.stream, np.uint64(purpose), key, np.uint64(index))


@inlined
def matter_of(r: Any) -> Any:
    """The key of what is the same for all reports of a problem."""
    return r.problem_key if r.problem_key != np.uint64(0) else r.key


@inlined
def at(w: Any, family: Any, r: Any) -> Any:
    """The instance of a pool or unit that serves where the request comes from."""
    if family.per == CITY:
        return family.first
    if family.per == DISTRICT:
        return family.first + r.district
    return family.first + state.district(w, r.district).first_street + r.street


@inlined
def hours_of(w: Any, roster: Any) -> Any:
    """The open hours of a roster, as rules take them."""
    a, b = state.hour_edge(w, roster), state.hour_edge(w, roster + 1)
    return state.opens(w)[a:b], state.closes(w)[a:b], state.before(w)[a:b], state.today(w)[roster]


@inlined
def add_open(w: Any, roster: Any, start: Any, work: Any) -> Any:
    """When ``work`` open hours have passed after ``start``."""
    return rules.add_open(*hours_of(w, roster), start, work)


@inlined
def open_between(w: Any, roster: Any, begin: Any, until: Any) -> Any:
    """Hours with somebody on duty."""
    hours = hours_of(w, roster)
    return rules.open_until(*hours, until) - rules.open_until(*hours, begin)


@inlined
def later_by(w: Any, working_time: Any, workdays: Any, since: Any, span: Any) -> Any:
    """The end of a time that is told on the clock or in working time."""
    if span.kind == rules.ON_THE_CLOCK:
        return since + span.amount
    return rules.later(*hours_of(w, working_time.roster), workdays, since, span.amount, span.kind)


@outlined
def later(w: Any, since: Any, span: Any) -> Any:
    """… in the working time of the limits."""
    not_inlined()
    return later_by(w, w.time_limits.working_time, state.workdays(w), since, span)


@outlined
def earlier(w: Any, until: Any, span: Any) -> Any:
    """… and its beginning."""
    not_inlined()
    if span.kind == rules.ON_THE_CLOCK:
        return until - span.amount
    hours = hours_of(w, w.time_limits.working_time.roster)
    return rules.earlier(*hours, state.workdays(w), until, span.amount, span.kind)


@inlined
def limits(w: Any, r: Any) -> Any:
    """The limits of contact and of resolution of a request."""
    return state.limits(w)[r.category, r.urgency]


@inlined
def spend(w: Any, r: Any, cause: Any, until: Any) -> Any:
    """Book the hours since the last booking under a cause."""
    r.hours[cause if r.cover < 0 else r.cover] += until - r.mark
    r.mark = until


@inlined
def worked_between(w: Any, x: Any, begin: Any, until: Any) -> Any:
    """Officer's hours that a visit has between two moments at which it is under way."""
    if state.pool(w, x.pool).pauses:
        return open_between(w, state.pool(w, x.pool).roster, begin, until)
    return until - begin


@inlined
def worked(w: Any, x: Any, ended: Any) -> Any:
    """Officer's hours a visit has had."""
    if math.isnan(x.started):
        return 0.0
    return x.work if not math.isnan(ended) else worked_between(w, x, x.started, w.now)


@inlined
def write_visit(w: Any, task: Any, r: Any, ended: Any) -> Any:
    """Write the row of the visit of a task, which ends now or is not over at the end (NaN)."""
    row, x = state.visit_rows(w)[w.visits_out], state.task(w, task)
    w.visits_out += 1
    row.contact, row.number, row.round = r.contact, x.number, r.rounds
    row.home, row.pool, row.kind = x.home, x.pool, x.kind
    row.queued, row.started, row.ended, row.worked = x.queued, x.started, ended, worked(w, x, ended)
    row.report_due = state.part(w, slot_of(task)).report_due if which_of(task) == A_PART else math.nan


@inlined
def book_call(r: Any, kind: Any, waited: Any, answered: Any, over: Any) -> Any:
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


@outlined
def book(w: Any, task: Any, r: Any, ended: Any) -> Any:
    """Write down the visit of a task, which ends now or is not over at the end (NaN), and give its hours to their
    causes.
    """
    not_inlined()
    now, x = w.now, state.task(w, task)
    begun = not math.isnan(x.started)
    write_visit(w, task, r, ended)
    x.number, x.until = 0, math.nan
    if x.kind == CALLBACK or x.kind == ERRAND or x.kind == OVERFLOW:
        return  # a call that goes on is not over
    if x.kind == INTAKE or x.kind == WRONG_LINE:
        book_call(r, x.kind, (x.started if begun else now) - r.mark, begun, not math.isnan(ended))
    elif x.kind == CONTACT and begun:
        r.contacted = ended
    if x.kind == DISPATCH or x.kind == DISTRICT_DESK:
        spend(w, r, IN_DISPATCH, now)
    elif x.kind == INTAKE or x.kind == WRONG_LINE or x.kind == COUNCIL or r.cover >= 0:
        spend(w, r, IN_INTAKE, now)
    else:
        begin, queued, work = x.started if begun else now, 0.0, worked(w, x, ended)
        if begin < r.mark:  # beside parts of other units until the mark: only what came after is its own
            begin = r.mark
            work = worked_between(w, x, begin, now) if begun else 0.0
        if begin > r.mark:
            queued = open_between(w, state.pool(w, x.pool).roster, r.mark, begin)
        spend(w, r, UNIT_QUEUE, r.mark + queued)
        spend(w, r, WORK, r.mark + work)
        spend(w, r, UNIT_CLOSED, now)


@inlined
def write_request(w: Any, r: Any, ended: Any) -> Any:
    """Write a request's row; ``ended``: NaN where it is not over."""
    row = state.request_rows(w)[w.requests_out]
    w.requests_out += 1
    state.copy_fields(row, r)
    row.ended = ended


@inlined
def wait(w: Any, task: Any, r: Any, hours: Any, cause: Any, then: Any) -> Any:
    """Time that holds no officer; after it the task goes on with ``then``."""
    x = state.task(w, task)
    x.cause, x.until, x.stage = cause, w.now + hours, then
    schedule(w, x.until, LEAD_END, r.key, 0, WAIT_IS_OVER, task)
    return WAITS


@inlined
def is_waiting(w: Any, x: Any) -> Any:
    """Whether a task waits away from any pool."""
    return x.number == 0 and x.until >= w.now


@inlined
def end_wait(w: Any, x: Any, r: Any) -> Any:
    """What a task has waited for, away from any pool, is over."""
    x.until = math.nan
    spend(w, r, x.cause, w.now)


@inlined
def is_idle(w: Any, x: Any) -> Any:
    """Whether a task is at no pool and waits for no timer: its request waits for another task."""
    return x.number == 0 and not is_waiting(w, x)


@inlined
def is_queueing(x: Any) -> Any:
    """Whether a task is at a pool and nobody has begun with it."""
    return x.number != 0 and math.isnan(x.started)
