"""What happens next: events and births in their order, one after the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import purposes
from sim.model.compiling import entry, part
from sim.model.draws import child
from sim.model.kernel import views as the
from sim.model.kernel.callbacks import expect_due, has_rung, ring
from sim.model.kernel.codes import (
    COMES_AGAIN,
    DONE,
    EXTENDS,
    HANGS_UP,
    IS_BORN,
    IS_DUE,
    IS_REPORTED,
    MORE_EVENTS,
    MORE_PROBLEMS,
    MORE_REQUESTS,
    MORE_ROWS,
    NOT_YET,
    RINGS_AGAIN,
    STAFF,
    STAFF_CHANGES,
    TIRED,
    TOO_MUCH,
    WAIT_IS_OVER,
    WORK_IS_DONE,
)
from sim.model.kernel.contacts import contact, free_request, new_problem, new_request, next_report, release_problem
from sim.model.kernel.schedule import drop_first, look_ahead, schedule
from sim.model.kernel.journey import ask_extension, life, patience
from sim.model.kernel.pools import change_staff, join, leave, serve, staff_changes
from sim.model.kernel.steps import book, spend, write_problem, write_request, write_visit
from sim.model.pools import INTAKE
from sim.model.records import IN_CALLBACK, IN_INTAKE, INTAKE_OPEN


@part
def shortage(w: Any) -> Any:
    """What there might not be enough of for the next event; ``DONE``: enough of everything."""
    if w.requests_out + w.widest + 2 > the.request_rows(w).shape[0]:
        return MORE_ROWS
    if w.visits_out + 2 * w.widest + 4 > the.visit_rows(w).shape[0]:
        return MORE_ROWS
    if w.problems_out + 2 > the.problem_rows(w).shape[0]:
        return MORE_ROWS
    if w.in_flight + 2 > the.requests(w).shape[0]:
        return MORE_REQUESTS
    if w.unsolved + 1 > the.problems(w).shape[0]:
        return MORE_PROBLEMS
    # every visit may begin at once, and a request may schedule three things more
    if w.pending + 2 * w.in_flight + 8 > the.later(w).shape[0]:
        return MORE_EVENTS
    if w.too_much:
        return TOO_MUCH
    return DONE


@part
def happens(w: Any, what: Any, i: Any, key: Any) -> Any:
    """What a request has waited for has come, if it still waits. Says whether the request goes on."""
    r = the.request(w, i)
    if r.key != key:  # it has ended meanwhile
        return False
    if what == WAIT_IS_OVER:
        return r.waiting != 0 and r.until == w.now
    if what == RINGS_AGAIN:
        ring(w, i, r)
        return False
    if what == EXTENDS:
        ask_extension(w, i)
        return False
    if what == IS_DUE:
        expect_due(w, i, r)
        return r.asked != 0 and r.awaits != 0
    return True


@entry
def advance(world: Any, until: Any, steps: Any) -> Any:
    """Let happen what lies strictly before ``until`` (hours), at most so many events; says why it stopped."""
    w = world[0]
    for _ in range(steps):
        lacking = shortage(w)
        if lacking != DONE:
            return lacking
        birth = the.birth_time(w, w.next_born) if w.next_born < w.born else math.inf
        if w.scheduled == 0:
            look_ahead(w, min(birth, until))
        e = the.event(w, 0)
        if e.time <= birth:
            if e.time >= until:
                return DONE
            w.now = e.time
            what, who, key, number = np.int64(e.what), np.int64(e.who), e.key, np.int64(e.number)
            drop_first(w)
        elif birth < until:
            w.now = birth
            what, who, key, number = (
                np.int64(IS_BORN),
                np.int64(w.next_born),
                the.birth_key(w, w.next_born),
                np.int64(0),
            )
            w.next_born += 1
        else:
            return DONE

        i: Any = who
        goes_on: Any = False
        # who turns to the city, if anybody does, and about what
        comes: Any = False
        reports, p, repeat_of = False, np.int64(-1), np.uint64(0)
        district, category = np.int64(0), np.int64(0)
        if what == WORK_IS_DONE:
            i = who >> 1
            officers = np.int64(the.visit(w, who).pool)
            the.pool(w, officers).busy -= 1
            serve(w, officers)
            goes_on = (who & 1) == 0 or has_rung(w, i)
        elif what == IS_BORN:
            district, category, i = the.birth_district(w, who), the.birth_category(w, who), np.int64(-1)
            reports = the.category(w, category).is_report and the.category(w, category).report_gap > 0.0
            comes = not reports
            if the.category(w, category).is_report:
                p = new_problem(w, key, district, category)
            key = child(key, np.uint64(purposes.REPORT), np.uint64(0))
        elif what == IS_REPORTED:
            p, i = who, np.int64(-1)
            district, category = np.int64(the.problem(w, p).district), np.int64(the.problem(w, p).category)
            if the.problem(w, p).fixed_by == np.uint64(0):
                comes = reports = True
            else:
                release_problem(w, p)
        elif what == STAFF_CHANGES:
            staff_changes(w, who)
            i = np.int64(-1)
        elif what == HANGS_UP:
            i = who >> 1
            x = the.visit(w, who)
            if (
                the.request(w, i).key == key
                and x.number == number
                and the.request(w, i).visiting
                and math.isnan(x.started)
            ):
                leave(w, who)
                goes_on = True
        elif what == COMES_AGAIN:
            r = the.request(w, i)
            p, repeat_of = np.int64(r.problem), r.repeat_of
            district, category = np.int64(r.district), np.int64(r.category)
            comes = p < 0 or the.problem(w, p).fixed_by == np.uint64(0)
            if not comes:
                free_request(w, i)
        else:
            goes_on = happens(w, what, i, key)

        if comes:
            if i < 0:
                i = new_request(w)
            contact(w, i, key, p, repeat_of, district, category)
            goes_on = True
        if what == COMES_AGAIN and p >= 0:
            release_problem(w, p)
        if goes_on:
            life(w, i)
        if i >= 0 and the.request(w, i).joins:
            joins = the.request(w, i).joins
            the.request(w, i).joins = 0
            for which in range(1, -1, -1):  # the callback first: it was begun first
                v = 2 * i + which
                if joins >> which & 1:
                    join(w, v)
                    if the.visit(w, v).kind == INTAKE and math.isnan(the.visit(w, v).started):
                        patience(w, i, the.request(w, i))
        if reports:
            next_report(w, p)
    return TIRED


@entry
def lacks(world: Any) -> Any:
    """What there might not be enough of; ``DONE``: enough of everything."""
    return shortage(world[0])


@entry
def add_staff(world: Any, p: Any, extra: Any, now: Any) -> Any:
    """From ``now`` on, so many officers more than planned."""
    w = world[0]
    w.now = now
    the.pool(w, p).extra = extra
    change_staff(w, p)


@entry
def begin(world: Any) -> Any:
    """Everybody comes to work."""
    w = world[0]
    for roster in range(the.time_edges(w).shape[0] - 1):
        schedule(w, the.time(w, the.time_edge(w, roster)), STAFF, np.uint64(roster), 0, STAFF_CHANGES, roster)


@entry
def close_books(world: Any, first: Any) -> Any:
    """At the end of time: write down what is still open, from slot ``first`` on; returns where to go on, or −1."""
    w = world[0]
    now = w.now
    for i in range(first, the.requests(w).shape[0]):
        if w.requests_out + 1 > the.request_rows(w).shape[0] or w.visits_out + 2 > the.visit_rows(w).shape[0]:
            return i
        r = the.request(w, i)
        if r.key == np.uint64(0) or r.stage == NOT_YET:
            continue
        if r.visiting:
            book(w, i, r, math.nan)
        elif r.waiting:
            spend(w, r, r.timer_cause, now)
        else:
            spend(w, r, IN_INTAKE if r.status == INTAKE_OPEN else IN_CALLBACK, now)
        if r.calling:
            write_visit(w, the.visit(w, 2 * i + 1), r, math.nan)
        write_request(w, r)
    for p in range(max(first - the.requests(w).shape[0], 0), the.problems(w).shape[0]):
        if w.problems_out + 1 > the.problem_rows(w).shape[0]:
            return the.requests(w).shape[0] + p
        if the.problem(w, p).key != np.uint64(0):
            write_problem(w, the.problem(w, p))
    return -1
