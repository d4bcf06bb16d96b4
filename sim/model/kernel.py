"""The compiled engine: the second telling of ``journey``, stage by stage in the same order.

A request in flight is a record; its ``stage`` says what it goes on with when what it waits for is over. ``life`` is the
journey: each stage is a function that returns the next one, or how the request waits: at a pool (``VISITS``), away from
any (``WAITS``), or no more (``ENDS``). What is random is drawn by name, what is decided is decided by ``rules``, as in
the reference engine; here it is only added, compared and routed, and both engines agree to the last bit.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from sim.model import clockwork, purposes, rules
from sim.model import views as the
from sim.model.draws import child, duration, uniform
from sim.model.heaps import dequeue, drop_first, enqueue, schedule
from sim.model.pools import (
    CALLBACK,
    CONTACT,
    COORDINATION,
    DISPATCH,
    DISTRICT_DESK,
    HANDLING,
    INTAKE,
    PART,
    REVIEW,
    SUBTASK,
)
from sim.model.records import (
    ANSWERED,
    BOUNCED,
    CLOSED,
    IN_CALLBACK,
    IN_DISPATCH,
    IN_INTAKE,
    INTAKE_OPEN,
    LEAD_TIME,
    LOST,
    MERGED,
    OPEN,
    OTHER_UNITS,
    OUT_OF_SCOPE,
    PARKED,
    REWORK,
    UNIT_CLOSED,
    UNIT_QUEUE,
    WORK,
)
from sim.model.views import part

STAFF, WORK_END, LEAD_END, DUE, REDIAL = (
    kind >> clockwork.KIND
    for kind in (clockwork.STAFF, clockwork.WORK_END, clockwork.LEAD_END, clockwork.DUE, clockwork.REDIAL)
)

# what happens, and to whom: a roster, a visit, a request (from RINGS_AGAIN to COMES_AGAIN), a problem, nobody yet
STAFF_CHANGES, WORK_IS_DONE, HANGS_UP, RINGS_AGAIN, WAIT_IS_OVER, REDIALS, EXTENDS, IS_DUE, COMES_AGAIN = range(9)
IS_REPORTED, IS_BORN = 9, 10

# stages of a request
CALL, TALKED, REDIALED, REACHED, ROUTE, DESK, DESK_DONE, HAND_OVER, REVIEWED, ROUND, COORDINATE, PARK = range(12)
HANDLE, LEAD, PARTS, PART_DONE, PART_OVER, CLOSE, ASK, ASKED, MERGE, MERGED_CALL_OVER = range(12, 22)
VISITS, WAITS, ENDS, NOT_YET = 30, 31, 32, 33

# who asks the citizen: nobody, the request after closing, the clock at the due date
NOBODY, AT_CLOSING, AT_DUE = 0, 1, 2

# why ``advance`` comes back
DONE, MORE_REQUESTS, MORE_PROBLEMS, MORE_EVENTS, MORE_ROWS, MORE_BIRTHS, TIRED = range(7)


# --- draws and places ------------------------------------------------------------------------------------------------


@part
def draw(w: Any, purpose: Any, key: Any, index: Any) -> Any:
    """A uniform number of (0, 1)."""
    return uniform(w.stream, np.uint64(purpose), key, np.uint64(index))


@part
def lasts(w: Any, table: Any, purpose: Any, key: Any, index: Any) -> Any:
    """A duration in hours; 0 where the scenario gives none."""
    if table < 0:
        return 0.0
    return duration(the.tables(w), table, w.stream, np.uint64(purpose), key, np.uint64(index))


@part
def at(w: Any, first: Any, per: Any, r: Any) -> Any:
    """The instance of a pool that serves where the request comes from."""
    if per == 0:
        return np.int64(first)
    if per == 1:
        return np.int64(first + r.district)
    return np.int64(first + the.districts(w)[r.district].first_street + r.street)


@part
def unit_of(w: Any, family: Any, r: Any) -> Any:
    """The instance of a unit that serves where the request comes from."""
    return at(w, the.unit_families(w)[family].first, the.unit_families(w)[family].per, r)


@part
def add_open(w: Any, roster: Any, start: Any, work: Any) -> Any:
    """When ``work`` open hours have passed after ``start``."""
    a, b = the.hour_edges(w)[roster], the.hour_edges(w)[roster + 1]
    return rules.add_open(the.opens(w)[a:b], the.closes(w)[a:b], the.before(w)[a:b], start, work)


@part
def open_between(w: Any, roster: Any, begin: Any, until: Any) -> Any:
    """Hours with somebody on duty."""
    a, b = the.hour_edges(w)[roster], the.hour_edges(w)[roster + 1]
    opens, closes, before = the.opens(w)[a:b], the.closes(w)[a:b], the.before(w)[a:b]
    return rules.open_until(opens, closes, before, until) - rules.open_until(opens, closes, before, begin)


# --- pools -----------------------------------------------------------------------------------------------------------


@part
def take(w: Any, p: Any, v: Any) -> Any:
    """An officer starts on a visit; its end is known from now on."""
    pool, visit, now = the.pools(w)[p], the.visits(w)[v], w.now
    pool.busy += 1
    visit.pool, visit.started = p, now
    end = add_open(w, pool.roster, now, visit.work) if pool.pauses else now + visit.work
    schedule(w, end, WORK_END, visit.key, visit.number, WORK_IS_DONE, v)


@part
def line_up(w: Any, v: Any) -> Any:
    """Give a waiting visit its place."""
    visit, r = the.visits(w)[v], the.requests(w)[v >> 1]
    pool = the.pools(w)[visit.home]
    visit.rank = rules.rank(
        pool.discipline, r.urgency, r.due_now, visit.queued, the.head_start(w)[visit.home, r.urgency]
    )
    visit.later = visit.kind != CONTACT  # contacting a citizen goes before handling
    enqueue(w, pool, v)


@part
def join(w: Any, v: Any) -> Any:
    """A visit joins its queue; a free officer takes it at once."""
    visit = the.visits(w)[v]
    visit.joins = 0
    for h in range(the.helper_edges(w)[visit.home], the.helper_edges(w)[visit.home + 1]):
        p = the.helpers(w)[h]
        if the.pools(w)[p].busy < the.pools(w)[p].headcount:
            take(w, p, v)
            return
    line_up(w, v)


@part
def serve(w: Any, p: Any) -> Any:
    """Free officers take what waits in their queues."""
    pool = the.pools(w)[p]
    for h in range(the.helped_edges(w)[p], the.helped_edges(w)[p + 1]):
        queue = the.pools(w)[the.helped(w)[h]]
        while pool.busy < pool.headcount and queue.queue >= 0:
            v = np.int64(queue.queue)
            dequeue(w, queue, v)
            take(w, p, v)


@part
def pay(w: Any, v: Any, r: Any, home: Any, kind: Any, work: Any) -> Any:
    """A visit that is about to join its queue."""
    r.visits += 1
    x = the.visits(w)[v]
    x.key, x.number, x.kind, x.work, x.home, x.pool = r.key, r.visits, kind, work, home, home
    x.queued, x.started, x.ended, x.joins = w.now, math.nan, math.nan, 1


@part
def leave(w: Any, v: Any) -> Any:
    """Leave the queue unserved."""
    dequeue(w, the.pools(w)[the.visits(w)[v].home], v)
    the.visits(w)[v].ended = w.now


# --- books -----------------------------------------------------------------------------------------------------------


@part
def spend(w: Any, r: Any, cause: Any, until: Any) -> Any:
    """Book the hours since the last booking under a cause."""
    r.hours[cause if r.cover < 0 else r.cover] += until - r.mark
    r.mark = until


@part
def worked(w: Any, x: Any) -> Any:
    """Officer's hours a visit has had."""
    if math.isnan(x.started):
        return 0.0
    if not math.isnan(x.ended):
        return x.work
    now = w.now
    if the.pools(w)[x.pool].pauses:
        return open_between(w, the.pools(w)[x.pool].roster, x.started, now)
    return now - x.started


@part
def write_visit(w: Any, x: Any, r: Any) -> Any:
    """Write a visit's row."""
    row = the.visit_rows(w)[w.visits_out]
    w.visits_out += 1
    row[0], row[1], row[2], row[3], row[4], row[5] = r.contact, x.number, x.home, x.pool, x.kind, r.rounds
    row[6], row[7], row[8], row[9] = x.queued, x.started, x.ended, worked(w, x)


@part
def book(w: Any, i: Any, r: Any) -> Any:
    """Write the visit down and give its hours to their causes."""
    now, x = w.now, the.visits(w)[2 * i]
    r.visiting = 0
    begun = not math.isnan(x.started)
    write_visit(w, x, r)
    if x.kind == INTAKE and begun:
        r.answered_wait = x.started - x.queued
    elif x.kind == CONTACT and begun:
        r.contacted = x.ended
    if x.kind == DISPATCH or x.kind == DISTRICT_DESK:
        spend(w, r, IN_DISPATCH, now)
    elif x.kind == INTAKE or r.cover >= 0:
        spend(w, r, IN_INTAKE, now)
    else:
        begin = x.started if begun else now
        queued = 0.0
        if begin > r.mark:
            queued = open_between(w, the.pools(w)[x.pool].roster, r.mark, begin)
        spend(w, r, UNIT_QUEUE, r.mark + queued)
        spend(w, r, WORK, r.mark + worked(w, x))
        spend(w, r, UNIT_CLOSED, now)


@part
def write_request(w: Any, r: Any) -> Any:
    """Write a request's row."""
    n = w.requests_out
    w.requests_out += 1
    the.request_keys(w)[n, 0], the.request_keys(w)[n, 2], the.request_numbers(w)[n] = r.key, r.repeat_of, r.contact
    the.request_keys(w)[n, 1] = the.problems(w)[r.problem].key if r.problem >= 0 else np.uint64(0)
    row = the.request_rows(w)[n]
    row[0], row[1], row[2], row[3], row[4] = r.arrived, r.channel, r.district, r.category, r.urgency
    row[5], row[6], row[7], row[8], row[9] = r.first_unit, r.owner, r.status, r.answered_wait, r.dispatched
    row[10], row[11], row[12], row[13], row[14] = r.contact_due, r.contacted, r.due, r.first_closed, r.closed
    row[15] = r.mark if r.stage == ENDS else math.nan
    row[16], row[17], row[18], row[19] = r.hops, r.rounds, r.resolved, r.called_back
    row[20], row[21], row[22] = r.said_contacted, r.said_resolved, r.said_satisfied
    for cause in range(r.hours.shape[0]):
        row[23 + cause] = r.hours[cause]


@part
def write_problem(w: Any, problem: Any) -> Any:
    """Write a problem's row."""
    n = w.problems_out
    w.problems_out += 1
    the.problem_keys(w)[n, 0], the.problem_keys(w)[n, 1] = problem.key, problem.fixed_by
    row = the.problem_rows(w)[n]
    row[0], row[1], row[2] = problem.district, problem.category, problem.born
    row[3], row[4] = problem.first_report, problem.fixed


# --- problems and their requests -------------------------------------------------------------------------------------


@part
def new_problem(w: Any, key: Any, district: Any, category: Any) -> Any:
    """Something is wrong from now on."""
    p = np.int64(w.free_problem)
    problem = the.problems(w)[p]
    w.free_problem = problem.first
    w.unsolved += 1
    problem.key, problem.district, problem.category, problem.born = key, district, category, w.now
    problem.first_report = problem.fixed = problem.given_up = math.nan
    problem.fixed_by, problem.first = np.uint64(0), -1
    problem.open = problem.users = problem.reports = 0
    return p


@part
def release_problem(w: Any, p: Any) -> Any:
    """One less refers to the problem; after the last it is only a row."""
    problem = the.problems(w)[p]
    problem.users -= 1
    if problem.users == 0:
        write_problem(w, problem)
        problem.key, problem.first = np.uint64(0), w.free_problem
        w.free_problem = p
        w.unsolved -= 1


@part
def belongs(w: Any, i: Any, r: Any) -> Any:
    """A request is among those of its problem that are neither closed nor ended."""
    problem = the.problems(w)[r.problem]
    r.next, r.previous = problem.first, -1
    if problem.first >= 0:
        the.requests(w)[problem.first].previous = i
    problem.first = i
    problem.open += 1
    if problem.open > w.widest:
        w.widest = problem.open


@part
def parts_with(w: Any, i: Any, r: Any) -> Any:
    """… and is not any more."""
    problem = the.problems(w)[r.problem]
    if r.next >= 0:
        the.requests(w)[r.next].previous = r.previous
    if r.previous >= 0:
        the.requests(w)[r.previous].next = r.next
    elif problem.first == i:
        problem.first = r.next
    else:
        return  # it was not
    r.next = r.previous = -1
    problem.open -= 1


@part
def fixed_by_another(w: Any, r: Any) -> Any:
    """Whether another request has fixed the problem."""
    return r.problem >= 0 and the.problems(w)[r.problem].fixed_by != np.uint64(0) and the.problems(w)[r.problem].fixed_by != r.key


@part
def is_known(w: Any, i: Any, r: Any) -> Any:
    """Whether another request about the same problem is open."""
    if r.problem < 0:
        return False
    other = the.problems(w)[r.problem].first
    while other >= 0:
        if other != i and not math.isnan(the.requests(w)[other].dispatched):
            return True
        other = the.requests(w)[other].next
    return False


@part
def free_request(w: Any, i: Any) -> Any:
    """The slot is free again."""
    the.requests(w)[i].key, the.requests(w)[i].next = np.uint64(0), w.free_request
    w.free_request = i
    w.in_flight -= 1


@part
def new_request(w: Any) -> Any:
    """A free slot."""
    i = np.int64(w.free_request)
    w.free_request = the.requests(w)[i].next
    w.in_flight += 1
    return i


@part
def end(w: Any, i: Any, r: Any) -> Any:
    """The request is over."""
    r.stage = ENDS
    write_request(w, r)
    if r.problem >= 0:
        parts_with(w, i, r)
        release_problem(w, r.problem)
    free_request(w, i)


# --- where contacts come from ----------------------------------------------------------------------------------------


@part
def next_report(w: Any, p: Any) -> Any:
    """A problem is reported again and again until it is fixed or given up."""
    problem = the.problems(w)[p]
    category, reporting = the.categories(w)[problem.category], the.districts(w)[problem.district].reporting
    gap = category.report_gap / reporting if reporting > 0.0 else math.inf
    k = problem.reports
    if k == 0:
        problem.given_up = problem.born + rules.exponential(draw(w, purposes.GIVE_UP, problem.key, 0), category.give_up)
        problem.users += 1
        since = problem.born
    else:
        since = w.now
    when = since + rules.exponential(draw(w, purposes.REPORT_GAP, problem.key, k), gap)
    if when >= problem.given_up:
        release_problem(w, p)
        return
    problem.reports += 1
    key = child(problem.key, np.uint64(purposes.REPORT), np.uint64(k))
    schedule(w, when, REDIAL, key, 0, IS_REPORTED, p)


@part
def contact(w: Any, i: Any, key: Any, p: Any, repeat_of: Any, district: Any, category: Any) -> Any:
    """A citizen turns to the city."""
    r, now = the.requests(w)[i], w.now
    r.key, r.contact, r.problem, r.repeat_of, r.arrived = key, w.contacts, p, repeat_of, now
    r.district, r.category = district, category
    r.place = key if p < 0 else the.problems(w)[p].key
    w.contacts += 1
    r.channel = r.urgency = r.street = 0
    r.right = r.right_family = r.first_unit = r.owner = r.unit = -1
    r.status, r.stage = INTAKE_OPEN, CALL
    r.answered_wait = r.dispatched = r.contacted = r.first_closed = r.closed = r.called_back = math.nan
    r.contact_due = r.due = r.due_now = math.inf
    r.resolved = r.said_contacted = r.said_resolved = r.said_satisfied = r.last_answer = math.nan
    r.hops = r.rounds = r.visits = r.dispatches = r.wrongs = r.tries = r.part = r.asks = r.attempt = 0
    r.hours[:] = 0.0
    r.mark, r.until, r.cover, r.timer_cause = now, math.nan, -1, IN_INTAKE
    r.visiting = r.waiting = r.calling = r.reached = r.asked = r.asking = r.awaits = 0
    r.next = r.previous = -1
    the.visits(w)[2 * i].joins = the.visits(w)[2 * i + 1].joins = 0
    if p >= 0:
        the.problems(w)[p].users += 1
        belongs(w, i, r)
    if the.channels(w).shape[0] > 1:
        r.channel = rules.pick(the.channel_share(w), draw(w, purposes.CHANNEL, key, 0))
    if the.districts(w)[district].streets > 1:
        r.street = int(draw(w, purposes.STREET, r.place, 0) * the.districts(w)[district].streets)
    if the.urgency(w).shape[1] > 1:
        r.urgency = rules.pick(the.urgency(w)[category], draw(w, purposes.URGENCY, r.place, 0))


# --- the way through the city ----------------------------------------------------------------------------------------


@part
def life(w: Any, i: Any) -> Any:
    """One contact, from what it waited for until it waits again."""
    r = the.requests(w)[i]
    if r.visiting:
        book(w, i, r)
    elif r.waiting:
        r.waiting = 0
        spend(w, r, r.timer_cause, w.now)
    stage = np.int64(r.stage)
    if r.status == OPEN and fixed_by_another(w, r):
        stage = MERGE
    while stage < VISITS:
        if stage == CALL:
            stage = call(w, i, r)
        elif stage == TALKED:
            stage = talked(w, i, r)
        elif stage == REDIALED:
            spend(w, r, IN_INTAKE, w.now)
            r.tries += 1
            stage = CALL
        elif stage == REACHED:
            stage = reached(w, i, r)
        elif stage == ROUTE:
            stage = route(w, i, r)
        elif stage == DESK:
            stage = desk(w, i, r)
        elif stage == DESK_DONE:
            stage = desk_done(w, i, r)
        elif stage == HAND_OVER:
            stage = hand_over(w, i, r)
        elif stage == REVIEWED:
            r.hops += 1
            stage = DESK
        elif stage == ROUND:
            stage = begin_round(w, i, r)
        elif stage == COORDINATE:
            stage = coordinate(w, i, r)
        elif stage == PARK:
            stage = park(w, i, r)
        elif stage == HANDLE:
            stage = handle(w, i, r)
        elif stage == LEAD:
            stage = lead(w, i, r)
        elif stage == PARTS:
            stage = parts(w, i, r)
        elif stage == PART_DONE:
            stage = part_done(w, i, r)
        elif stage == PART_OVER:
            r.part += 1
            stage = PARTS
        elif stage == CLOSE:
            stage = close(w, i, r)
        elif stage == ASK:
            stage = ask(w, i, r)
        elif stage == ASKED:
            stage = asked(w, i, r)
        elif stage == MERGE:
            stage = merge(w, i, r)
        else:  # MERGED_CALL_OVER
            spend(w, r, IN_CALLBACK, w.now)
            stage = ENDS
    if stage == VISITS:
        r.visiting = 1
    elif stage == ENDS:
        end(w, i, r)


@part
def wait(w: Any, i: Any, r: Any, hours: Any, cause: Any) -> Any:
    """Time that holds no officer."""
    r.waiting, r.timer_cause, r.until = 1, cause, w.now + hours
    schedule(w, r.until, LEAD_END, r.key, 0, WAIT_IS_OVER, i)
    return WAITS


# --- intake ----------------------------------------------------------------------------------------------------------


@part
def call(w: Any, i: Any, r: Any) -> Any:
    """The hotline or the online desk."""
    channel = the.channels(w)[r.channel]
    if not channel.has_pool:
        return REACHED
    talk = lasts(w, channel.talk, purposes.TALK, r.key, r.tries)
    pay(w, 2 * i, r, at(w, channel.first, channel.per, r), INTAKE, talk)
    r.stage = TALKED
    return VISITS


@part
def patience(w: Any, i: Any, r: Any) -> Any:
    """A caller who is not answered at once hangs up some time."""
    channel = the.channels(w)[r.channel]
    if channel.patience >= 0:
        hours = lasts(w, channel.patience, purposes.PATIENCE, r.key, r.tries)
        schedule(w, w.now + hours, DUE, r.key, the.visits(w)[2 * i].number, HANGS_UP, 2 * i)


@part
def talked(w: Any, i: Any, r: Any) -> Any:
    """Callers who lost patience may call again."""
    if not math.isnan(the.visits(w)[2 * i].started):
        return REACHED
    channel = the.channels(w)[r.channel]
    if r.tries >= channel.redial_at_most or draw(w, purposes.REDIALS, r.key, r.tries) >= channel.redial:
        r.status = LOST
        return ENDS
    gap = lasts(w, channel.redial_after, purposes.REDIAL_GAP, r.key, r.tries)
    schedule(w, w.now + gap, REDIAL, r.key, 0, REDIALS, i)
    r.stage = REDIALED
    return WAITS


@part
def reached(w: Any, i: Any, r: Any) -> Any:
    """After intake: what needs no unit is over."""
    category = the.categories(w)[r.category]
    if r.problem >= 0 and math.isnan(the.problems(w)[r.problem].first_report):
        the.problems(w)[r.problem].first_report = w.now
    if category.out_of_scope > 0.0 and draw(w, purposes.SCOPE, r.key, 0) < category.out_of_scope:
        r.status = OUT_OF_SCOPE
        return ENDS
    if category.answered > 0.0 and draw(w, purposes.INSTANT, r.key, 0) < category.answered:
        r.status = ANSWERED
        return ENDS
    r.status = OPEN
    if fixed_by_another(w, r):
        return MERGE
    if w.limits_from_arrival:
        start_clocks(w, i, r, r.arrived)
    return ROUTE


# --- dispatch --------------------------------------------------------------------------------------------------------


@part
def route(w: Any, i: Any, r: Any) -> Any:
    """The desk finds the unit; a wrong one sends the request back, or stays responsible for it."""
    if r.right < 0:
        r.right_family = rules.pick(the.right_unit(w)[r.category], draw(w, purposes.RIGHT_UNIT, r.place, 0))
        r.right = unit_of(w, r.right_family, r)
    r.wrongs = 0
    if w.dispatch:
        return DESK
    r.unit = r.right
    return HAND_OVER


@part
def desk(w: Any, i: Any, r: Any) -> Any:
    """A visit to the dispatch desk."""
    n = r.dispatches
    r.dispatches += 1
    work = lasts(w, w.dispatch_work, purposes.DESK_WORK, r.key, n)
    pay(w, 2 * i, r, at(w, w.dispatch_first, w.dispatch_per, r), DISPATCH, work)
    r.stage = DESK_DONE
    return VISITS


@part
def desk_done(w: Any, i: Any, r: Any) -> Any:
    """The desk has chosen a unit."""
    category, n = the.categories(w)[r.category], r.dispatches - 1
    if (
        n == 0
        and w.duplicates > 0.0
        and is_known(w, i, r)
        and draw(w, purposes.DUPLICATE, r.key, 0) < w.duplicates
    ):
        return MERGE
    r.unit = r.right
    if r.wrongs >= w.max_hops:
        if w.backstop >= 0:
            r.right_family = w.backstop
            r.right = r.unit = unit_of(w, w.backstop, r)
    else:
        accuracy = category.accuracy if r.wrongs == 0 else category.redispatch_accuracy
        if accuracy < 1.0 and draw(w, purposes.ACCURACY, r.key, n) >= accuracy:
            r.unit = wrong_unit(w, r, n)
    r.stage = HAND_OVER
    if not w.desk or not the.pools(w)[r.unit].is_street:
        return HAND_OVER
    work = lasts(w, w.desk_work, purposes.DISTRICT_WORK, r.key, n)
    pay(w, 2 * i, r, at(w, w.desk_first, w.desk_per, r), DISTRICT_DESK, work)
    return VISITS


@part
def wrong_unit(w: Any, r: Any, n: Any) -> Any:
    """A unit that the desk takes for the right one."""
    u = draw(w, purposes.WRONG_UNIT, r.key, n)
    weights = the.confused_with(w)[r.category] if the.categories(w)[r.category].is_confused else the.family_volume(w)[r.district]
    family = rules.pick_other(weights, r.right_family, u)
    return np.int64(r.right) if family < 0 else unit_of(w, family, r)


@part
def hand_over(w: Any, i: Any, r: Any) -> Any:
    """A unit receives the request; with the first one the clocks start."""
    r.owner = r.unit
    if r.first_unit < 0:
        r.first_unit, r.dispatched = r.unit, w.now
        if not w.limits_from_arrival:
            start_clocks(w, i, r, r.dispatched)
    if not w.dispatch:
        return ROUND
    if r.cover == BOUNCED:
        r.cover = -1
    if r.unit == r.right or w.coordination >= 0:
        return ROUND
    r.wrongs += 1
    if r.cover < 0:
        r.cover = BOUNCED
    pay(w, 2 * i, r, r.unit, REVIEW, lasts(w, w.review, purposes.REVIEW_WORK, r.key, r.dispatches - 1))
    r.stage = REVIEWED
    return VISITS


# --- clocks ----------------------------------------------------------------------------------------------------------


@part
def limit(w: Any, r: Any, resolve: Any, since: Any) -> Any:
    """The due date of the limit of contact or of resolution, in calendar or in working time."""
    one = the.limits(w)[r.category, r.urgency]
    hours, working = (one.resolve, one.resolve_working) if resolve else (one.contact, one.contact_working)
    return add_open(w, w.limit_roster, since, hours) if working else since + hours


@part
def start_clocks(w: Any, i: Any, r: Any, since: Any) -> Any:
    """The limits of contact and of resolution begin to run."""
    r.contact_due = limit(w, r, False, since)
    r.due = r.due_now = limit(w, r, True, since)
    if w.extension:
        expect_extension(w, i, r)
    watch_due(w, i, r)


@part
def expect_extension(w: Any, i: Any, r: Any) -> Any:
    """The unit may ask some time before the first round is due."""
    moment = r.due_now - w.ask_before
    if w.now < moment:
        schedule(w, moment, DUE, r.key, 1, EXTENDS, i)


@part
def ask_extension(w: Any, i: Any) -> Any:
    """The unit may ask once."""
    r = the.requests(w)[i]
    if r.status != OPEN or r.rounds > 1:
        return
    if w.now < r.due_now - w.ask_before:
        expect_extension(w, i, r)  # the due date has moved
    elif draw(w, purposes.EXTENDS, r.key, 0) < w.extension_probability:
        move_due(w, i, r, w.extension_length)


@part
def move_due(w: Any, i: Any, r: Any, by: Any) -> Any:
    """A later due date; where it decides the order, the request takes its new place."""
    r.due_now += by
    r.due = r.due_now
    if r.visiting and math.isnan(the.visits(w)[2 * i].started):
        dequeue(w, the.pools(w)[the.visits(w)[2 * i].home], 2 * i)
        line_up(w, 2 * i)


@part
def watch_due(w: Any, i: Any, r: Any) -> Any:
    """Where citizens are asked at the due date: wait for it beside the handling."""
    r.asked = 0
    if w.callback and w.after_due and r.due_now < math.inf:
        expect_due(w, i, r)


@part
def expect_due(w: Any, i: Any, r: Any) -> Any:
    """Wait for the due date, which may have been moved; then ask."""
    if w.now < r.due_now:
        schedule(w, r.due_now, DUE, r.key, 2, IS_DUE, i)
    elif r.status == OPEN or r.status == CLOSED:
        r.asking = AT_DUE
        if begin_asking(w, i, r):
            r.asked, r.asking = 1, NOBODY


# --- handling --------------------------------------------------------------------------------------------------------


@part
def begin_round(w: Any, i: Any, r: Any) -> Any:
    """One round at the owner: contact, work, lead time, the parts of other units; then it is closed."""
    r.rounds += 1
    if r.owner != r.right and r.rounds == 1:
        r.cover = BOUNCED
    r.stage = COORDINATE
    contact_work = w.contact_work
    if contact_work < 0 or not math.isnan(r.contacted):
        return COORDINATE
    pay(w, 2 * i, r, r.owner, CONTACT, lasts(w, contact_work, purposes.CONTACT_WORK, r.key, 0))
    return VISITS


@part
def coordinate(w: Any, i: Any, r: Any) -> Any:
    """The wrong unit, which stays responsible, finds the right one."""
    r.stage = PARK
    if r.owner == r.right or r.rounds > 1:
        return PARK
    work = lasts(w, w.coordination, purposes.COORDINATION_WORK, r.key, 0)
    pay(w, 2 * i, r, r.owner, COORDINATION, work)
    return VISITS


@part
def park(w: Any, i: Any, r: Any) -> Any:
    """A truly long matter may be parked; its due date moves."""
    parking = the.categories(w)[r.category].parking
    r.stage = HANDLE
    if r.rounds > 1 or parking <= 0.0 or draw(w, purposes.PARKS, r.key, 0) >= parking:
        return HANDLE
    r.cover = -1
    parked = lasts(w, w.parking_time, purposes.PARKING_TIME, r.key, 0)
    move_due(w, i, r, parked)
    return wait(w, i, r, parked, PARKED)


@part
def handle(w: Any, i: Any, r: Any) -> Any:
    """The right unit works."""
    if r.owner != r.right and r.rounds == 1:
        r.cover = OTHER_UNITS
    kind = HANDLING if r.owner == r.right else SUBTASK
    work = lasts(w, the.categories(w)[r.category].work, purposes.HANDLING_WORK, r.key, r.rounds)
    pay(w, 2 * i, r, r.right, kind, work)
    r.stage = LEAD
    return VISITS


@part
def lead(w: Any, i: Any, r: Any) -> Any:
    """Lead time, without end for some."""
    category = the.categories(w)[r.category]
    r.stage, r.part = PARTS, 0
    if r.rounds == 1 and category.never_closed > 0.0 and draw(w, purposes.NEVER, r.place, 0) < category.never_closed:
        return wait(w, i, r, math.inf, LEAD_TIME)
    if category.lead >= 0:
        return wait(w, i, r, lasts(w, category.lead, purposes.LEAD, r.key, r.rounds), LEAD_TIME)
    return PARTS


@part
def parts(w: Any, i: Any, r: Any) -> Any:
    """Other units' parts of a joint matter."""
    first, n = the.joint_part_edges(w)[r.category], the.joint_part_edges(w)[r.category + 1] - the.joint_part_edges(w)[r.category]
    while r.part < n:
        x = the.joint_parts(w)[first + r.part]
        if x.probability >= 1.0 or draw(w, purposes.PART_NEEDED, r.place, r.part) < x.probability:
            if r.cover < 0:
                r.cover = OTHER_UNITS
            work = lasts(w, x.work, purposes.PART_WORK, r.key, r.rounds * purposes.PER_ROUND + r.part)
            pay(w, 2 * i, r, at(w, x.first, x.per, r), PART, work)
            r.stage = PART_DONE
            return VISITS
        r.part += 1
    return CLOSE


@part
def part_done(w: Any, i: Any, r: Any) -> Any:
    """The lead time of a part."""
    x = the.joint_parts(w)[the.joint_part_edges(w)[r.category] + r.part]
    r.stage = PART_OVER
    if x.lead < 0:
        return PART_OVER
    index = r.rounds * purposes.PER_ROUND + r.part
    return wait(w, i, r, lasts(w, x.lead, purposes.PART_LEAD, r.key, index), LEAD_TIME)


@part
def close(w: Any, i: Any, r: Any) -> Any:
    """The unit says it is done; whether it is, shows."""
    r.status, r.closed, r.cover = CLOSED, w.now, -1
    r.last_answer = math.nan
    if r.rounds == 1:
        r.first_closed = r.closed
    first, beyond = the.resolve_edges(w)[r.category], the.resolve_edges(w)[r.category + 1]
    chance = the.resolve(w)[min(first + r.rounds, beyond) - 1]
    solved = chance >= 1.0 or draw(w, purposes.RESOLVES, r.key, r.rounds) < chance
    r.resolved = 1.0 if solved or r.resolved == 1.0 else 0.0
    if r.problem >= 0:
        parts_with(w, i, r)
        if solved and the.problems(w)[r.problem].fixed_by == np.uint64(0):
            fix(w, r)
    return ASK


@part
def fix(w: Any, by: Any) -> Any:
    """The problem is gone: no more reports, and what waits elsewhere for it is over."""
    problem = the.problems(w)[by.problem]
    problem.fixed, problem.fixed_by = w.now, by.key
    i = np.int64(problem.first)
    while i >= 0:
        r = the.requests(w)[i]
        following = np.int64(r.next)
        waits_in_queue = r.visiting and math.isnan(the.visits(w)[2 * i].started)
        if r.status == OPEN and (r.waiting or waits_in_queue):
            if r.waiting:
                r.waiting = 0
                spend(w, r, r.timer_cause, w.now)
            else:
                leave(w, 2 * i)
                book(w, i, r)
            if merge(w, i, r) == ENDS:
                end(w, i, r)
        i = following


@part
def merge(w: Any, i: Any, r: Any) -> Any:
    """Another request takes care of it; a call that is under way is finished first, one that waits is not made."""
    r.status, r.cover = MERGED, -1
    if not r.calling:
        return ENDS
    if math.isnan(the.visits(w)[2 * i + 1].started):
        leave(w, 2 * i + 1)
        write_visit(w, the.visits(w)[2 * i + 1], r)
        r.calling = 0
        return ENDS
    r.stage, r.awaits = MERGED_CALL_OVER, 1
    return WAITS


# --- callback --------------------------------------------------------------------------------------------------------


@part
def begin_asking(w: Any, i: Any, r: Any) -> Any:
    """Some are asked, some reached, at most ``1 + retries`` times. Says whether it is over already."""
    coverage = w.coverage
    r.asks += 1
    r.attempt = 0
    if coverage < 1.0 and draw(w, purposes.COVERAGE, r.key, r.asks - 1) >= coverage:
        return True
    ring(w, i, r)
    return False


@part
def ring(w: Any, i: Any, r: Any) -> Any:
    """One attempt."""
    index = (r.asks - 1) * purposes.PER_ROUND + r.attempt
    r.reached = w.reach >= 1.0 or draw(w, purposes.REACH, r.key, index) < w.reach
    if r.reached:
        work = lasts(w, w.call_work, purposes.CALL_WORK, r.key, index)
    else:
        work = lasts(w, w.ring, purposes.RING, r.key, index)
    pay(w, 2 * i + 1, r, at(w, w.callback_first, w.callback_per, r), CALLBACK, work)
    r.calling = 1


@part
def rang(w: Any, i: Any, r: Any) -> Any:
    """An attempt is over. Says whether the asking is."""
    r.calling = 0
    write_visit(w, the.visits(w)[2 * i + 1], r)
    if r.reached:
        answers(w, r)
    if r.reached or r.status == MERGED or r.attempt >= w.retries:
        return True
    r.attempt += 1
    index = (r.asks - 1) * purposes.PER_ROUND + r.attempt
    gap = lasts(w, w.retry_after, purposes.RETRY, r.key, index)
    schedule(w, w.now + gap, REDIAL, r.key, 0, RINGS_AGAIN, i)
    return False


@part
def answers(w: Any, r: Any) -> Any:
    """What the citizen says depends on what truly happened and how it felt; the scored answer is kept."""
    now, n = w.now, r.asks - 1
    until = now if math.isnan(r.closed) or r.status == OPEN else r.closed
    chance = w.contacted_if_true if r.contacted <= r.contact_due else w.contacted_if_false
    said_contacted = draw(w, purposes.SAID_CONTACTED, r.key, n) < chance
    chance = w.resolved_if_true if r.status == CLOSED and r.resolved == 1.0 else w.resolved_if_false
    said_resolved = draw(w, purposes.SAID_RESOLVED, r.key, n) < chance
    said_satisfied = rules.satisfied(
        draw(w, purposes.SAID_SATISFIED, r.key, n),
        the.satisfied(w),
        said_resolved,
        until > r.due_now,
        until - r.arrived,
        r.hops,
        max(r.rounds, 1),
    )
    r.last_answer = 1.0 if said_resolved else 0.0
    if w.score_last or math.isnan(r.called_back):
        r.called_back = now
        r.said_contacted = 1.0 if said_contacted else 0.0
        r.said_resolved, r.said_satisfied = r.last_answer, 1.0 if said_satisfied else 0.0


@part
def ask(w: Any, i: Any, r: Any) -> Any:
    """After closing the citizen is asked, or has been at the due date."""
    if not w.callback:
        return ENDS
    r.stage = ASKED
    if w.after_due and r.due_now < math.inf:
        if r.asked:
            return ASKED
        r.awaits = 1
        return WAITS
    r.asking = AT_CLOSING
    if begin_asking(w, i, r):
        r.asking = NOBODY
        return ASKED
    return WAITS


@part
def asked(w: Any, i: Any, r: Any) -> Any:
    """Whether another round begins."""
    r.awaits = 0
    spend(w, r, IN_CALLBACK, w.now)
    if r.last_answer != 0.0:
        return ENDS
    if r.rounds <= w.reopen_at_most and (
        w.reopen_probability >= 1.0 or draw(w, purposes.REOPENS, r.key, r.rounds) < w.reopen_probability
    ):
        r.status, r.cover = OPEN, REWORK
        if fixed_by_another(w, r):
            return MERGE
        r.due_now = limit(w, r, True, w.now)
        if r.problem >= 0:
            belongs(w, i, r)
        watch_due(w, i, r)
        return ROUTE if w.reopen_to_dispatch else ROUND
    if w.call_again > 0.0 and draw(w, purposes.CALLS_AGAIN, r.key, 0) < w.call_again:
        call_again(w, r)
    return ENDS


@part
def call_again(w: Any, by: Any) -> Any:
    """The citizen turns to the city anew about an unsolved matter, after some time."""
    i = new_request(w)
    r = the.requests(w)[i]
    r.key = child(by.key, np.uint64(purposes.REPEAT), np.uint64(0))
    r.stage, r.problem, r.repeat_of = NOT_YET, by.problem, by.key
    r.district, r.category = by.district, by.category
    if r.problem >= 0:
        the.problems(w)[r.problem].users += 1
    gap = lasts(w, w.call_again_after, purposes.AGAIN_GAP, by.key, 0)
    schedule(w, w.now + gap, REDIAL, r.key, 0, COMES_AGAIN, i)


# --- what happens next -----------------------------------------------------------------------------------------------


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
    if w.scheduled + 2 * w.in_flight + 8 > the.events(w).shape[0]:
        return MORE_EVENTS
    return DONE


@part
def staff_changes(w: Any, roster: Any, step: Any) -> Any:
    """The headcounts of the pools that share a roster change, and what waits is served."""
    for n in range(the.rostered_edges(w)[roster], the.rostered_edges(w)[roster + 1]):
        p = the.rostered(w)[n]
        the.pools(w)[p].headcount = the.counts(w)[the.count_edges(w)[p] + step]
        serve(w, p)
    following = the.time_edges(w)[roster] + step + 1
    if following < the.time_edges(w)[roster + 1]:
        schedule(w, the.times(w)[following], STAFF, np.uint64(roster), step + 1, STAFF_CHANGES, roster)


@part
def has_rung(w: Any, i: Any) -> Any:
    """An attempt to call the citizen is over. Says whether the request goes on."""
    r = the.requests(w)[i]
    if not rang(w, i, r):
        return False
    at_closing = r.asking == AT_CLOSING
    r.asked, r.asking = 1, NOBODY
    return at_closing or r.awaits != 0


@part
def happens(w: Any, what: Any, i: Any, key: Any) -> Any:
    """What a request has waited for has come, if it still waits. Says whether the request goes on."""
    r = the.requests(w)[i]
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


@nb.njit(_nrt=False, error_model="numpy", cache=True)
def advance(world: Any, until: Any, steps: Any) -> Any:
    """Let happen what lies strictly before ``until`` (hours), at most so many events; says why it stopped."""
    w = world[0]
    for _ in range(steps):
        lacking = shortage(w)
        if lacking != DONE:
            return lacking
        birth = the.birth_time(w)[w.next_born] if w.next_born < w.born else math.inf
        if w.scheduled > 0 and the.events(w)[0].time <= birth:
            e = the.events(w)[0]
            if e.time >= until:
                return DONE
            w.now = e.time
            what, who, key, number = np.int64(e.what), np.int64(e.who), e.key, np.int64(e.number)
            drop_first(w)
        elif birth < until:
            w.now = birth
            what, who, key, number = IS_BORN, np.int64(w.next_born), the.birth_key(w)[w.next_born], np.int64(0)
            w.next_born += 1
        else:
            return DONE

        i, goes_on = who, False
        # who turns to the city, if anybody does, and about what
        comes, reports, p, repeat_of = False, False, np.int64(-1), np.uint64(0)
        district, category = np.int64(0), np.int64(0)
        if what == WORK_IS_DONE:
            i = who >> 1
            the.visits(w)[who].ended = w.now
            officers = np.int64(the.visits(w)[who].pool)
            the.pools(w)[officers].busy -= 1
            serve(w, officers)
            goes_on = (who & 1) == 0 or has_rung(w, i)
        elif what == IS_BORN:
            district, category, i = the.birth_district(w)[who], the.birth_category(w)[who], np.int64(-1)
            reports = the.categories(w)[category].is_report and the.categories(w)[category].report_gap > 0.0
            comes = not reports
            if the.categories(w)[category].is_report:
                p = new_problem(w, key, district, category)
            key = child(key, np.uint64(purposes.REPORT), np.uint64(0))
        elif what == IS_REPORTED:
            p, i = who, np.int64(-1)
            district, category = np.int64(the.problems(w)[p].district), np.int64(the.problems(w)[p].category)
            if the.problems(w)[p].fixed_by == np.uint64(0):
                comes = reports = True
            else:
                release_problem(w, p)
        elif what == STAFF_CHANGES:
            staff_changes(w, who, number)
            i = np.int64(-1)
        elif what == HANGS_UP:
            i = who >> 1
            x = the.visits(w)[who]
            if the.requests(w)[i].key == key and x.number == number and the.requests(w)[i].visiting and math.isnan(x.started):
                leave(w, who)
                goes_on = True
        elif what == COMES_AGAIN:
            r = the.requests(w)[i]
            p, repeat_of = np.int64(r.problem), r.repeat_of
            district, category = np.int64(r.district), np.int64(r.category)
            comes = p < 0 or the.problems(w)[p].fixed_by == np.uint64(0)
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
        if i >= 0:
            for which in range(2):  # the callback first: it was begun first
                v = 2 * i + 1 - which
                if the.visits(w)[v].joins:
                    join(w, v)
                    if the.visits(w)[v].kind == INTAKE and math.isnan(the.visits(w)[v].started):
                        patience(w, i, the.requests(w)[i])
        if reports:
            next_report(w, p)
    return TIRED


@nb.njit(_nrt=False, error_model="numpy", cache=True)
def begin(world: Any) -> Any:
    """Everybody comes to work."""
    w = world[0]
    for roster in range(the.time_edges(w).shape[0] - 1):
        schedule(w, the.times(w)[the.time_edges(w)[roster]], STAFF, np.uint64(roster), 0, STAFF_CHANGES, roster)


@nb.njit(_nrt=False, error_model="numpy", cache=True)
def close_books(world: Any, first: Any) -> Any:
    """At the end of time: write down what is still open, from slot ``first`` on; returns where to go on, or −1."""
    w = world[0]
    now = w.now
    for i in range(first, the.requests(w).shape[0]):
        if w.requests_out + 1 > the.request_rows(w).shape[0] or w.visits_out + 2 > the.visit_rows(w).shape[0]:
            return i
        r = the.requests(w)[i]
        if r.key == np.uint64(0) or r.stage == NOT_YET:
            continue
        if r.visiting:
            book(w, i, r)
        elif r.waiting:
            spend(w, r, r.timer_cause, now)
        else:
            spend(w, r, IN_INTAKE if r.status == INTAKE_OPEN else IN_CALLBACK, now)
        if r.calling:
            write_visit(w, the.visits(w)[2 * i + 1], r)
        write_request(w, r)
    for p in range(max(first - the.requests(w).shape[0], 0), the.problems(w).shape[0]):
        if w.problems_out + 1 > the.problem_rows(w).shape[0]:
            return the.requests(w).shape[0] + p
        if the.problems(w)[p].key != np.uint64(0):
            write_problem(w, the.problems(w)[p])
    return -1
