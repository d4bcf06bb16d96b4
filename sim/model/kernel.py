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
from sim.model.draws import child, duration, uniform
from sim.model.heaps import dequeue, drop_first, enqueue, part, schedule
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
    return uniform(w.clock[0].stream, np.uint64(purpose), key, np.uint64(index))


@part
def lasts(w: Any, table: Any, purpose: Any, key: Any, index: Any) -> Any:
    """A duration in hours; 0 where the scenario gives none."""
    if table < 0:
        return 0.0
    return duration(w.tables, table, w.clock[0].stream, np.uint64(purpose), key, np.uint64(index))


@part
def at(w: Any, first: Any, per: Any, r: Any) -> Any:
    """The instance of a pool that serves where the request comes from."""
    if per == 0:
        return np.int64(first)
    if per == 1:
        return np.int64(first + r.district)
    return np.int64(first + w.districts[r.district].first_street + r.street)


@part
def unit_of(w: Any, family: Any, r: Any) -> Any:
    """The instance of a unit that serves where the request comes from."""
    return at(w, w.unit_families[family].first, w.unit_families[family].per, r)


@part
def add_open(w: Any, roster: Any, start: Any, work: Any) -> Any:
    """When ``work`` open hours have passed after ``start``."""
    a, b = w.hour_edges[roster], w.hour_edges[roster + 1]
    return rules.add_open(w.opens[a:b], w.closes[a:b], w.before[a:b], start, work)


@part
def open_between(w: Any, roster: Any, begin: Any, until: Any) -> Any:
    """Hours with somebody on duty."""
    a, b = w.hour_edges[roster], w.hour_edges[roster + 1]
    opens, closes, before = w.opens[a:b], w.closes[a:b], w.before[a:b]
    return rules.open_until(opens, closes, before, until) - rules.open_until(opens, closes, before, begin)


# --- pools -----------------------------------------------------------------------------------------------------------


@part
def take(w: Any, p: Any, v: Any) -> Any:
    """An officer starts on a visit; its end is known from now on."""
    pool, visit, now = w.pools[p], w.visits[v], w.clock[0].now
    pool.busy += 1
    visit.pool, visit.started = p, now
    end = add_open(w, pool.roster, now, visit.work) if pool.pauses else now + visit.work
    schedule(w, end, WORK_END, visit.key, visit.number, WORK_IS_DONE, v)


@part
def line_up(w: Any, v: Any) -> Any:
    """Give a waiting visit its place."""
    visit, r = w.visits[v], w.requests[v >> 1]
    pool = w.pools[visit.home]
    visit.rank = rules.rank(
        pool.discipline, r.urgency, r.due_now, visit.queued, w.head_start[visit.home, r.urgency]
    )
    visit.later = visit.kind != CONTACT  # contacting a citizen goes before handling
    enqueue(w, pool, v)


@part
def join(w: Any, v: Any) -> Any:
    """A visit joins its queue; a free officer takes it at once."""
    visit = w.visits[v]
    visit.joins = 0
    for h in range(w.helper_edges[visit.home], w.helper_edges[visit.home + 1]):
        p = w.helpers[h]
        if w.pools[p].busy < w.pools[p].headcount:
            take(w, p, v)
            return
    line_up(w, v)


@part
def serve(w: Any, p: Any) -> Any:
    """Free officers take what waits in their queues."""
    pool = w.pools[p]
    for h in range(w.helped_edges[p], w.helped_edges[p + 1]):
        queue = w.pools[w.helped[h]]
        while pool.busy < pool.headcount and queue.queue >= 0:
            v = np.int64(queue.queue)
            dequeue(w, queue, v)
            take(w, p, v)


@part
def pay(w: Any, v: Any, r: Any, home: Any, kind: Any, work: Any) -> Any:
    """A visit that is about to join its queue."""
    r.visits += 1
    x = w.visits[v]
    x.key, x.number, x.kind, x.work, x.home, x.pool = r.key, r.visits, kind, work, home, home
    x.queued, x.started, x.ended, x.joins = w.clock[0].now, math.nan, math.nan, 1


@part
def leave(w: Any, v: Any) -> Any:
    """Leave the queue unserved."""
    dequeue(w, w.pools[w.visits[v].home], v)
    w.visits[v].ended = w.clock[0].now


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
    now = w.clock[0].now
    if w.pools[x.pool].pauses:
        return open_between(w, w.pools[x.pool].roster, x.started, now)
    return now - x.started


@part
def write_visit(w: Any, x: Any, r: Any) -> Any:
    """Write a visit's row."""
    row = w.visit_rows[w.clock[0].visit_rows]
    w.clock[0].visit_rows += 1
    row[0], row[1], row[2], row[3], row[4], row[5] = r.contact, x.number, x.home, x.pool, x.kind, r.rounds
    row[6], row[7], row[8], row[9] = x.queued, x.started, x.ended, worked(w, x)


@part
def book(w: Any, i: Any, r: Any) -> Any:
    """Write the visit down and give its hours to their causes."""
    now, x = w.clock[0].now, w.visits[2 * i]
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
            queued = open_between(w, w.pools[x.pool].roster, r.mark, begin)
        spend(w, r, UNIT_QUEUE, r.mark + queued)
        spend(w, r, WORK, r.mark + worked(w, x))
        spend(w, r, UNIT_CLOSED, now)


@part
def write_request(w: Any, r: Any) -> Any:
    """Write a request's row."""
    n = w.clock[0].request_rows
    w.clock[0].request_rows += 1
    w.request_keys[n, 0], w.request_keys[n, 2], w.request_numbers[n] = r.key, r.repeat_of, r.contact
    w.request_keys[n, 1] = w.problems[r.problem].key if r.problem >= 0 else np.uint64(0)
    row = w.request_rows[n]
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
    n = w.clock[0].problem_rows
    w.clock[0].problem_rows += 1
    w.problem_keys[n, 0], w.problem_keys[n, 1] = problem.key, problem.fixed_by
    row = w.problem_rows[n]
    row[0], row[1], row[2] = problem.district, problem.category, problem.born
    row[3], row[4] = problem.first_report, problem.fixed


# --- problems and their requests -------------------------------------------------------------------------------------


@part
def new_problem(w: Any, key: Any, district: Any, category: Any) -> Any:
    """Something is wrong from now on."""
    p = np.int64(w.clock[0].free_problem)
    problem = w.problems[p]
    w.clock[0].free_problem = problem.first
    w.clock[0].problems += 1
    problem.key, problem.district, problem.category, problem.born = key, district, category, w.clock[0].now
    problem.first_report = problem.fixed = problem.given_up = math.nan
    problem.fixed_by, problem.first = np.uint64(0), -1
    problem.open = problem.users = problem.reports = 0
    return p


@part
def release_problem(w: Any, p: Any) -> Any:
    """One less refers to the problem; after the last it is only a row."""
    problem = w.problems[p]
    problem.users -= 1
    if problem.users == 0:
        write_problem(w, problem)
        problem.key, problem.first = np.uint64(0), w.clock[0].free_problem
        w.clock[0].free_problem = p
        w.clock[0].problems -= 1


@part
def belongs(w: Any, i: Any, r: Any) -> Any:
    """A request is among those of its problem that are neither closed nor ended."""
    problem = w.problems[r.problem]
    r.next, r.previous = problem.first, -1
    if problem.first >= 0:
        w.requests[problem.first].previous = i
    problem.first = i
    problem.open += 1
    if problem.open > w.clock[0].widest:
        w.clock[0].widest = problem.open


@part
def parts_with(w: Any, i: Any, r: Any) -> Any:
    """… and is not any more."""
    problem = w.problems[r.problem]
    if r.next >= 0:
        w.requests[r.next].previous = r.previous
    if r.previous >= 0:
        w.requests[r.previous].next = r.next
    elif problem.first == i:
        problem.first = r.next
    else:
        return  # it was not
    r.next = r.previous = -1
    problem.open -= 1


@part
def fixed_by_another(w: Any, r: Any) -> Any:
    """Whether another request has fixed the problem."""
    return r.problem >= 0 and w.problems[r.problem].fixed_by != np.uint64(0) and w.problems[r.problem].fixed_by != r.key


@part
def is_known(w: Any, i: Any, r: Any) -> Any:
    """Whether another request about the same problem is open."""
    if r.problem < 0:
        return False
    other = w.problems[r.problem].first
    while other >= 0:
        if other != i and not math.isnan(w.requests[other].dispatched):
            return True
        other = w.requests[other].next
    return False


@part
def free_request(w: Any, i: Any) -> Any:
    """The slot is free again."""
    w.requests[i].key, w.requests[i].next = np.uint64(0), w.clock[0].free_request
    w.clock[0].free_request = i
    w.clock[0].requests -= 1


@part
def new_request(w: Any) -> Any:
    """A free slot."""
    i = np.int64(w.clock[0].free_request)
    w.clock[0].free_request = w.requests[i].next
    w.clock[0].requests += 1
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
    problem = w.problems[p]
    category, reporting = w.categories[problem.category], w.districts[problem.district].reporting
    gap = category.report_gap / reporting if reporting > 0.0 else math.inf
    k = problem.reports
    if k == 0:
        problem.given_up = problem.born + rules.exponential(draw(w, purposes.GIVE_UP, problem.key, 0), category.give_up)
        problem.users += 1
        since = problem.born
    else:
        since = w.clock[0].now
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
    r, now = w.requests[i], w.clock[0].now
    r.key, r.contact, r.problem, r.repeat_of, r.arrived = key, w.clock[0].contacts, p, repeat_of, now
    r.district, r.category = district, category
    r.place = key if p < 0 else w.problems[p].key
    w.clock[0].contacts += 1
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
    w.visits[2 * i].joins = w.visits[2 * i + 1].joins = 0
    if p >= 0:
        w.problems[p].users += 1
        belongs(w, i, r)
    if w.channels.shape[0] > 1:
        r.channel = rules.pick(w.channel_share, draw(w, purposes.CHANNEL, key, 0))
    if w.districts[district].streets > 1:
        r.street = int(draw(w, purposes.STREET, r.place, 0) * w.districts[district].streets)
    if w.urgency.shape[1] > 1:
        r.urgency = rules.pick(w.urgency[category], draw(w, purposes.URGENCY, r.place, 0))


# --- the way through the city ----------------------------------------------------------------------------------------


@part
def life(w: Any, i: Any) -> Any:
    """One contact, from what it waited for until it waits again."""
    r = w.requests[i]
    if r.visiting:
        book(w, i, r)
    elif r.waiting:
        r.waiting = 0
        spend(w, r, r.timer_cause, w.clock[0].now)
    stage = np.int64(r.stage)
    if r.status == OPEN and fixed_by_another(w, r):
        stage = MERGE
    while stage < VISITS:
        if stage == CALL:
            stage = call(w, i, r)
        elif stage == TALKED:
            stage = talked(w, i, r)
        elif stage == REDIALED:
            spend(w, r, IN_INTAKE, w.clock[0].now)
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
            spend(w, r, IN_CALLBACK, w.clock[0].now)
            stage = ENDS
    if stage == VISITS:
        r.visiting = 1
    elif stage == ENDS:
        end(w, i, r)


@part
def wait(w: Any, i: Any, r: Any, hours: Any, cause: Any) -> Any:
    """Time that holds no officer."""
    r.waiting, r.timer_cause, r.until = 1, cause, w.clock[0].now + hours
    schedule(w, r.until, LEAD_END, r.key, 0, WAIT_IS_OVER, i)
    return WAITS


# --- intake ----------------------------------------------------------------------------------------------------------


@part
def call(w: Any, i: Any, r: Any) -> Any:
    """The hotline or the online desk."""
    channel = w.channels[r.channel]
    if not channel.has_pool:
        return REACHED
    talk = lasts(w, channel.talk, purposes.TALK, r.key, r.tries)
    pay(w, 2 * i, r, at(w, channel.first, channel.per, r), INTAKE, talk)
    r.stage = TALKED
    return VISITS


@part
def patience(w: Any, i: Any, r: Any) -> Any:
    """A caller who is not answered at once hangs up some time."""
    channel = w.channels[r.channel]
    if channel.patience >= 0:
        hours = lasts(w, channel.patience, purposes.PATIENCE, r.key, r.tries)
        schedule(w, w.clock[0].now + hours, DUE, r.key, w.visits[2 * i].number, HANGS_UP, 2 * i)


@part
def talked(w: Any, i: Any, r: Any) -> Any:
    """Callers who lost patience may call again."""
    if not math.isnan(w.visits[2 * i].started):
        return REACHED
    channel = w.channels[r.channel]
    if r.tries >= channel.redial_at_most or draw(w, purposes.REDIALS, r.key, r.tries) >= channel.redial:
        r.status = LOST
        return ENDS
    gap = lasts(w, channel.redial_after, purposes.REDIAL_GAP, r.key, r.tries)
    schedule(w, w.clock[0].now + gap, REDIAL, r.key, 0, REDIALS, i)
    r.stage = REDIALED
    return WAITS


@part
def reached(w: Any, i: Any, r: Any) -> Any:
    """After intake: what needs no unit is over."""
    category = w.categories[r.category]
    if r.problem >= 0 and math.isnan(w.problems[r.problem].first_report):
        w.problems[r.problem].first_report = w.clock[0].now
    if category.out_of_scope > 0.0 and draw(w, purposes.SCOPE, r.key, 0) < category.out_of_scope:
        r.status = OUT_OF_SCOPE
        return ENDS
    if category.answered > 0.0 and draw(w, purposes.INSTANT, r.key, 0) < category.answered:
        r.status = ANSWERED
        return ENDS
    r.status = OPEN
    if fixed_by_another(w, r):
        return MERGE
    if w.plan[0].limits_from_arrival:
        start_clocks(w, i, r, r.arrived)
    return ROUTE


# --- dispatch --------------------------------------------------------------------------------------------------------


@part
def route(w: Any, i: Any, r: Any) -> Any:
    """The desk finds the unit; a wrong one sends the request back, or stays responsible for it."""
    if r.right < 0:
        r.right_family = rules.pick(w.right_unit[r.category], draw(w, purposes.RIGHT_UNIT, r.place, 0))
        r.right = unit_of(w, r.right_family, r)
    r.wrongs = 0
    if w.plan[0].dispatch:
        return DESK
    r.unit = r.right
    return HAND_OVER


@part
def desk(w: Any, i: Any, r: Any) -> Any:
    """A visit to the dispatch desk."""
    plan, n = w.plan[0], r.dispatches
    r.dispatches += 1
    work = lasts(w, plan.dispatch_work, purposes.DESK_WORK, r.key, n)
    pay(w, 2 * i, r, at(w, plan.dispatch_first, plan.dispatch_per, r), DISPATCH, work)
    r.stage = DESK_DONE
    return VISITS


@part
def desk_done(w: Any, i: Any, r: Any) -> Any:
    """The desk has chosen a unit."""
    plan, category, n = w.plan[0], w.categories[r.category], r.dispatches - 1
    if (
        n == 0
        and plan.duplicates > 0.0
        and is_known(w, i, r)
        and draw(w, purposes.DUPLICATE, r.key, 0) < plan.duplicates
    ):
        return MERGE
    r.unit = r.right
    if r.wrongs >= plan.max_hops:
        if plan.backstop >= 0:
            r.right_family = plan.backstop
            r.right = r.unit = unit_of(w, plan.backstop, r)
    else:
        accuracy = category.accuracy if r.wrongs == 0 else category.redispatch_accuracy
        if accuracy < 1.0 and draw(w, purposes.ACCURACY, r.key, n) >= accuracy:
            r.unit = wrong_unit(w, r, n)
    r.stage = HAND_OVER
    if not plan.desk or not w.pools[r.unit].is_street:
        return HAND_OVER
    work = lasts(w, plan.desk_work, purposes.DISTRICT_WORK, r.key, n)
    pay(w, 2 * i, r, at(w, plan.desk_first, plan.desk_per, r), DISTRICT_DESK, work)
    return VISITS


@part
def wrong_unit(w: Any, r: Any, n: Any) -> Any:
    """A unit that the desk takes for the right one."""
    u = draw(w, purposes.WRONG_UNIT, r.key, n)
    weights = w.confused_with[r.category] if w.categories[r.category].is_confused else w.family_volume[r.district]
    family = rules.pick_other(weights, r.right_family, u)
    return np.int64(r.right) if family < 0 else unit_of(w, family, r)


@part
def hand_over(w: Any, i: Any, r: Any) -> Any:
    """A unit receives the request; with the first one the clocks start."""
    plan = w.plan[0]
    r.owner = r.unit
    if r.first_unit < 0:
        r.first_unit, r.dispatched = r.unit, w.clock[0].now
        if not plan.limits_from_arrival:
            start_clocks(w, i, r, r.dispatched)
    if not plan.dispatch:
        return ROUND
    if r.cover == BOUNCED:
        r.cover = -1
    if r.unit == r.right or plan.coordination >= 0:
        return ROUND
    r.wrongs += 1
    if r.cover < 0:
        r.cover = BOUNCED
    pay(w, 2 * i, r, r.unit, REVIEW, lasts(w, plan.review, purposes.REVIEW_WORK, r.key, r.dispatches - 1))
    r.stage = REVIEWED
    return VISITS


# --- clocks ----------------------------------------------------------------------------------------------------------


@part
def limit(w: Any, r: Any, which: Any, since: Any) -> Any:
    """The due date of a limit (0: of contact, 1: of resolution) in calendar or in working time."""
    hours = w.limits[r.category, r.urgency, which, 0]
    if w.limits[r.category, r.urgency, which, 1] == 0.0:
        return since + hours
    return add_open(w, w.plan[0].limit_roster, since, hours)


@part
def start_clocks(w: Any, i: Any, r: Any, since: Any) -> Any:
    """The limits of contact and of resolution begin to run."""
    r.contact_due = limit(w, r, 0, since)
    r.due = r.due_now = limit(w, r, 1, since)
    if w.plan[0].extension:
        expect_extension(w, i, r)
    watch_due(w, i, r)


@part
def expect_extension(w: Any, i: Any, r: Any) -> Any:
    """The unit may ask some time before the first round is due."""
    moment = r.due_now - w.plan[0].ask_before
    if w.clock[0].now < moment:
        schedule(w, moment, DUE, r.key, 1, EXTENDS, i)


@part
def ask_extension(w: Any, i: Any) -> Any:
    """The unit may ask once."""
    r, plan = w.requests[i], w.plan[0]
    if r.status != OPEN or r.rounds > 1:
        return
    if w.clock[0].now < r.due_now - plan.ask_before:
        expect_extension(w, i, r)  # the due date has moved
    elif draw(w, purposes.EXTENDS, r.key, 0) < plan.extension_probability:
        move_due(w, i, r, plan.extension_length)


@part
def move_due(w: Any, i: Any, r: Any, by: Any) -> Any:
    """A later due date; where it decides the order, the request takes its new place."""
    r.due_now += by
    r.due = r.due_now
    if r.visiting and math.isnan(w.visits[2 * i].started):
        dequeue(w, w.pools[w.visits[2 * i].home], 2 * i)
        line_up(w, 2 * i)


@part
def watch_due(w: Any, i: Any, r: Any) -> Any:
    """Where citizens are asked at the due date: wait for it beside the handling."""
    r.asked = 0
    if w.plan[0].callback and w.plan[0].after_due and r.due_now < math.inf:
        expect_due(w, i, r)


@part
def expect_due(w: Any, i: Any, r: Any) -> Any:
    """Wait for the due date, which may have been moved; then ask."""
    if w.clock[0].now < r.due_now:
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
    contact_work = w.plan[0].contact_work
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
    work = lasts(w, w.plan[0].coordination, purposes.COORDINATION_WORK, r.key, 0)
    pay(w, 2 * i, r, r.owner, COORDINATION, work)
    return VISITS


@part
def park(w: Any, i: Any, r: Any) -> Any:
    """A truly long matter may be parked; its due date moves."""
    parking = w.categories[r.category].parking
    r.stage = HANDLE
    if r.rounds > 1 or parking <= 0.0 or draw(w, purposes.PARKS, r.key, 0) >= parking:
        return HANDLE
    r.cover = -1
    parked = lasts(w, w.plan[0].parking_time, purposes.PARKING_TIME, r.key, 0)
    move_due(w, i, r, parked)
    return wait(w, i, r, parked, PARKED)


@part
def handle(w: Any, i: Any, r: Any) -> Any:
    """The right unit works."""
    if r.owner != r.right and r.rounds == 1:
        r.cover = OTHER_UNITS
    kind = HANDLING if r.owner == r.right else SUBTASK
    work = lasts(w, w.categories[r.category].work, purposes.HANDLING_WORK, r.key, r.rounds)
    pay(w, 2 * i, r, r.right, kind, work)
    r.stage = LEAD
    return VISITS


@part
def lead(w: Any, i: Any, r: Any) -> Any:
    """Lead time, without end for some."""
    category = w.categories[r.category]
    r.stage, r.part = PARTS, 0
    if r.rounds == 1 and category.never_closed > 0.0 and draw(w, purposes.NEVER, r.place, 0) < category.never_closed:
        return wait(w, i, r, math.inf, LEAD_TIME)
    if category.lead >= 0:
        return wait(w, i, r, lasts(w, category.lead, purposes.LEAD, r.key, r.rounds), LEAD_TIME)
    return PARTS


@part
def parts(w: Any, i: Any, r: Any) -> Any:
    """Other units' parts of a joint matter."""
    first, n = w.part_edges[r.category], w.part_edges[r.category + 1] - w.part_edges[r.category]
    while r.part < n:
        x = w.parts[first + r.part]
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
    x = w.parts[w.part_edges[r.category] + r.part]
    r.stage = PART_OVER
    if x.lead < 0:
        return PART_OVER
    index = r.rounds * purposes.PER_ROUND + r.part
    return wait(w, i, r, lasts(w, x.lead, purposes.PART_LEAD, r.key, index), LEAD_TIME)


@part
def close(w: Any, i: Any, r: Any) -> Any:
    """The unit says it is done; whether it is, shows."""
    r.status, r.closed, r.cover = CLOSED, w.clock[0].now, -1
    r.last_answer = math.nan
    if r.rounds == 1:
        r.first_closed = r.closed
    first, beyond = w.resolve_edges[r.category], w.resolve_edges[r.category + 1]
    chance = w.resolve[min(first + r.rounds, beyond) - 1]
    solved = chance >= 1.0 or draw(w, purposes.RESOLVES, r.key, r.rounds) < chance
    r.resolved = 1.0 if solved or r.resolved == 1.0 else 0.0
    if r.problem >= 0:
        parts_with(w, i, r)
        if solved and w.problems[r.problem].fixed_by == np.uint64(0):
            fix(w, r)
    return ASK


@part
def fix(w: Any, by: Any) -> Any:
    """The problem is gone: no more reports, and what waits elsewhere for it is over."""
    problem = w.problems[by.problem]
    problem.fixed, problem.fixed_by = w.clock[0].now, by.key
    i = np.int64(problem.first)
    while i >= 0:
        r = w.requests[i]
        following = np.int64(r.next)
        waits_in_queue = r.visiting and math.isnan(w.visits[2 * i].started)
        if r.status == OPEN and (r.waiting or waits_in_queue):
            if r.waiting:
                r.waiting = 0
                spend(w, r, r.timer_cause, w.clock[0].now)
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
    if math.isnan(w.visits[2 * i + 1].started):
        leave(w, 2 * i + 1)
        write_visit(w, w.visits[2 * i + 1], r)
        r.calling = 0
        return ENDS
    r.stage, r.awaits = MERGED_CALL_OVER, 1
    return WAITS


# --- callback --------------------------------------------------------------------------------------------------------


@part
def begin_asking(w: Any, i: Any, r: Any) -> Any:
    """Some are asked, some reached, at most ``1 + retries`` times. Says whether it is over already."""
    coverage = w.plan[0].coverage
    r.asks += 1
    r.attempt = 0
    if coverage < 1.0 and draw(w, purposes.COVERAGE, r.key, r.asks - 1) >= coverage:
        return True
    ring(w, i, r)
    return False


@part
def ring(w: Any, i: Any, r: Any) -> Any:
    """One attempt."""
    plan, index = w.plan[0], (r.asks - 1) * purposes.PER_ROUND + r.attempt
    r.reached = plan.reach >= 1.0 or draw(w, purposes.REACH, r.key, index) < plan.reach
    if r.reached:
        work = lasts(w, plan.call_work, purposes.CALL_WORK, r.key, index)
    else:
        work = lasts(w, plan.ring, purposes.RING, r.key, index)
    pay(w, 2 * i + 1, r, at(w, plan.callback_first, plan.callback_per, r), CALLBACK, work)
    r.calling = 1


@part
def rang(w: Any, i: Any, r: Any) -> Any:
    """An attempt is over. Says whether the asking is."""
    plan = w.plan[0]
    r.calling = 0
    write_visit(w, w.visits[2 * i + 1], r)
    if r.reached:
        answers(w, r)
    if r.reached or r.status == MERGED or r.attempt >= plan.retries:
        return True
    r.attempt += 1
    index = (r.asks - 1) * purposes.PER_ROUND + r.attempt
    gap = lasts(w, plan.retry_after, purposes.RETRY, r.key, index)
    schedule(w, w.clock[0].now + gap, REDIAL, r.key, 0, RINGS_AGAIN, i)
    return False


@part
def answers(w: Any, r: Any) -> Any:
    """What the citizen says depends on what truly happened and how it felt; the scored answer is kept."""
    plan, now, n = w.plan[0], w.clock[0].now, r.asks - 1
    until = now if math.isnan(r.closed) or r.status == OPEN else r.closed
    chance = plan.contacted_if_true if r.contacted <= r.contact_due else plan.contacted_if_false
    said_contacted = draw(w, purposes.SAID_CONTACTED, r.key, n) < chance
    chance = plan.resolved_if_true if r.status == CLOSED and r.resolved == 1.0 else plan.resolved_if_false
    said_resolved = draw(w, purposes.SAID_RESOLVED, r.key, n) < chance
    said_satisfied = rules.satisfied(
        draw(w, purposes.SAID_SATISFIED, r.key, n),
        w.satisfied,
        said_resolved,
        until > r.due_now,
        until - r.arrived,
        r.hops,
        max(r.rounds, 1),
    )
    r.last_answer = 1.0 if said_resolved else 0.0
    if plan.score_last or math.isnan(r.called_back):
        r.called_back = now
        r.said_contacted = 1.0 if said_contacted else 0.0
        r.said_resolved, r.said_satisfied = r.last_answer, 1.0 if said_satisfied else 0.0


@part
def ask(w: Any, i: Any, r: Any) -> Any:
    """After closing the citizen is asked, or has been at the due date."""
    plan = w.plan[0]
    if not plan.callback:
        return ENDS
    r.stage = ASKED
    if plan.after_due and r.due_now < math.inf:
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
    plan = w.plan[0]
    r.awaits = 0
    spend(w, r, IN_CALLBACK, w.clock[0].now)
    if r.last_answer != 0.0:
        return ENDS
    if r.rounds <= plan.reopen_at_most and (
        plan.reopen_probability >= 1.0 or draw(w, purposes.REOPENS, r.key, r.rounds) < plan.reopen_probability
    ):
        r.status, r.cover = OPEN, REWORK
        if fixed_by_another(w, r):
            return MERGE
        r.due_now = limit(w, r, 1, w.clock[0].now)
        if r.problem >= 0:
            belongs(w, i, r)
        watch_due(w, i, r)
        return ROUTE if plan.reopen_to_dispatch else ROUND
    if plan.call_again > 0.0 and draw(w, purposes.CALLS_AGAIN, r.key, 0) < plan.call_again:
        call_again(w, r)
    return ENDS


@part
def call_again(w: Any, by: Any) -> Any:
    """The citizen turns to the city anew about an unsolved matter, after some time."""
    i = new_request(w)
    r = w.requests[i]
    r.key = child(by.key, np.uint64(purposes.REPEAT), np.uint64(0))
    r.stage, r.problem, r.repeat_of = NOT_YET, by.problem, by.key
    r.district, r.category = by.district, by.category
    if r.problem >= 0:
        w.problems[r.problem].users += 1
    gap = lasts(w, w.plan[0].call_again_after, purposes.AGAIN_GAP, by.key, 0)
    schedule(w, w.clock[0].now + gap, REDIAL, r.key, 0, COMES_AGAIN, i)


# --- what happens next -----------------------------------------------------------------------------------------------


@part
def shortage(w: Any) -> Any:
    """What there might not be enough of for the next event; ``DONE``: enough of everything."""
    clock = w.clock[0]
    if clock.request_rows + clock.widest + 2 > w.request_rows.shape[0]:
        return MORE_ROWS
    if clock.visit_rows + 2 * clock.widest + 4 > w.visit_rows.shape[0]:
        return MORE_ROWS
    if clock.problem_rows + 2 > w.problem_rows.shape[0]:
        return MORE_ROWS
    if clock.requests + 2 > w.requests.shape[0]:
        return MORE_REQUESTS
    if clock.problems + 1 > w.problems.shape[0]:
        return MORE_PROBLEMS
    # every visit may begin at once, and a request may schedule three things more
    if clock.events + 2 * clock.requests + 8 > w.events.shape[0]:
        return MORE_EVENTS
    return DONE


@part
def staff_changes(w: Any, roster: Any, step: Any) -> Any:
    """The headcounts of the pools that share a roster change, and what waits is served."""
    for n in range(w.rostered_edges[roster], w.rostered_edges[roster + 1]):
        p = w.rostered[n]
        w.pools[p].headcount = w.counts[w.count_edges[p] + step]
        serve(w, p)
    following = w.time_edges[roster] + step + 1
    if following < w.time_edges[roster + 1]:
        schedule(w, w.times[following], STAFF, np.uint64(roster), step + 1, STAFF_CHANGES, roster)


@part
def has_rung(w: Any, i: Any) -> Any:
    """An attempt to call the citizen is over. Says whether the request goes on."""
    r = w.requests[i]
    if not rang(w, i, r):
        return False
    at_closing = r.asking == AT_CLOSING
    r.asked, r.asking = 1, NOBODY
    return at_closing or r.awaits != 0


@part
def happens(w: Any, what: Any, i: Any, key: Any) -> Any:
    """What a request has waited for has come, if it still waits. Says whether the request goes on."""
    r = w.requests[i]
    if r.key != key:  # it has ended meanwhile
        return False
    if what == WAIT_IS_OVER:
        return r.waiting != 0 and r.until == w.clock[0].now
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
def advance(w: Any, until: Any, steps: Any) -> Any:
    """Let happen what lies strictly before ``until`` (hours), at most so many events; says why it stopped."""
    clock = w.clock[0]
    for _ in range(steps):
        lacking = shortage(w)
        if lacking != DONE:
            return lacking
        birth = w.birth_time[clock.next_born] if clock.next_born < clock.born else math.inf
        if clock.events > 0 and w.events[0].time <= birth:
            e = w.events[0]
            if e.time >= until:
                return DONE
            clock.now = e.time
            what, who, key, number = np.int64(e.what), np.int64(e.who), e.key, np.int64(e.number)
            drop_first(w)
        elif birth < until:
            clock.now = birth
            what, who, key, number = IS_BORN, np.int64(clock.next_born), w.birth_key[clock.next_born], np.int64(0)
            clock.next_born += 1
        else:
            return DONE

        i, goes_on = who, False
        # who turns to the city, if anybody does, and about what
        comes, reports, p, repeat_of = False, False, np.int64(-1), np.uint64(0)
        district, category = np.int64(0), np.int64(0)
        if what == WORK_IS_DONE:
            i = who >> 1
            w.visits[who].ended = clock.now
            officers = np.int64(w.visits[who].pool)
            w.pools[officers].busy -= 1
            serve(w, officers)
            goes_on = (who & 1) == 0 or has_rung(w, i)
        elif what == IS_BORN:
            district, category, i = w.birth_district[who], w.birth_category[who], np.int64(-1)
            reports = w.categories[category].is_report and w.categories[category].report_gap > 0.0
            comes = not reports
            if w.categories[category].is_report:
                p = new_problem(w, key, district, category)
            key = child(key, np.uint64(purposes.REPORT), np.uint64(0))
        elif what == IS_REPORTED:
            p, i = who, np.int64(-1)
            district, category = np.int64(w.problems[p].district), np.int64(w.problems[p].category)
            if w.problems[p].fixed_by == np.uint64(0):
                comes = reports = True
            else:
                release_problem(w, p)
        elif what == STAFF_CHANGES:
            staff_changes(w, who, number)
            i = np.int64(-1)
        elif what == HANGS_UP:
            i = who >> 1
            x = w.visits[who]
            if w.requests[i].key == key and x.number == number and w.requests[i].visiting and math.isnan(x.started):
                leave(w, who)
                goes_on = True
        elif what == COMES_AGAIN:
            r = w.requests[i]
            p, repeat_of = np.int64(r.problem), r.repeat_of
            district, category = np.int64(r.district), np.int64(r.category)
            comes = p < 0 or w.problems[p].fixed_by == np.uint64(0)
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
                if w.visits[v].joins:
                    join(w, v)
                    if w.visits[v].kind == INTAKE and math.isnan(w.visits[v].started):
                        patience(w, i, w.requests[i])
        if reports:
            next_report(w, p)
    return TIRED


@nb.njit(_nrt=False, error_model="numpy", cache=True)
def begin(w: Any) -> Any:
    """Everybody comes to work."""
    for roster in range(w.time_edges.shape[0] - 1):
        schedule(w, w.times[w.time_edges[roster]], STAFF, np.uint64(roster), 0, STAFF_CHANGES, roster)


@nb.njit(_nrt=False, error_model="numpy", cache=True)
def close_books(w: Any, first: Any) -> Any:
    """At the end of time: write down what is still open, from slot ``first`` on; returns where to go on, or −1."""
    now = w.clock[0].now
    for i in range(first, w.requests.shape[0]):
        if w.clock[0].request_rows + 1 > w.request_rows.shape[0] or w.clock[0].visit_rows + 2 > w.visit_rows.shape[0]:
            return i
        r = w.requests[i]
        if r.key == np.uint64(0) or r.stage == NOT_YET:
            continue
        if r.visiting:
            book(w, i, r)
        elif r.waiting:
            spend(w, r, r.timer_cause, now)
        else:
            spend(w, r, IN_INTAKE if r.status == INTAKE_OPEN else IN_CALLBACK, now)
        if r.calling:
            write_visit(w, w.visits[2 * i + 1], r)
        write_request(w, r)
    for p in range(max(first - w.requests.shape[0], 0), w.problems.shape[0]):
        if w.clock[0].problem_rows + 1 > w.problem_rows.shape[0]:
            return w.requests.shape[0] + p
        if w.problems[p].key != np.uint64(0):
            write_problem(w, w.problems[p])
    return -1
