"""Act before the complaint (主动治理、未诉先办): who goes on patrol, and what becomes of what is found."""

from __future__ import annotations

import math
from functools import partial
from heapq import heappop

import numpy as np
from numpy.typing import NDArray
from simpy import Event

from sim.model import purposes, rules
from sim.model.clockwork import LEAD_END, Course, Moment, order_of, start
from sim.model.draws import child
from sim.model.facts import OPEN
from sim.model.policies import act_before
from sim.model.policies.act_before import ActBefore
from sim.model.reference.basics import choose, draw, later, limits
from sim.model.reference.beats import begin_patrol, count_hours, end_patrol, is_in_hand, plan_finding
from sim.model.reference.callbacks import watch_due
from sim.model.reference.contacts import Life
from sim.model.reference.errands import errand
from sim.model.reference.pools import Pool
from sim.model.reference.world import Beat, Problem, Request, World


def begin_patrols(w: World, life: Life) -> None:
    """From now on people are sent out."""
    if (plan := w.city.act_before) is not None:
        for beat in w.beats:
            beat.find = partial(find, w, beat, life)
        start(keep_patrolling(w, plan))


def keep_patrolling(w: World, plan: ActBefore) -> Course:
    """People are sent out again and again."""
    for number, time in enumerate(plan.times.tolist()):
        begin = Moment(w.env, order_of(LEAD_END, int(plan.key[0])))
        begin.at(time)
        yield begin
        send_out(w, plan, number)


def send_out(w: World, plan: ActBefore, number: int) -> None:
    """To each place as many as its share of the hours takes, but for those who wait there to go since last time."""
    weights = weigh(w, plan)
    span, together = plan.spans[number], int(weights.sum())
    for place in range(len(plan.place_pool)):
        weight, of_district = weights[plan.place_district[place]], plan.place_share[place]
        share = plan.shares[number]
        hours = act_before.hours_wanted(plan.hours, share, of_district, weight, together, len(weights))
        people = act_before.people_wanted(hours, span)
        work = act_before.work_of_each(hours, people)
        if not work > 0.0 or not is_short(w, plan, place):
            continue
        of_day = child(plan.place_key[place], act_before.PATROLS_OF_DAY, plan.dates[number])
        for n in range(people - w.to_go[place]):
            key = child(of_day, act_before.PATROL, (plan.steps[number] << 16) | n)
            start(patrol(w, plan, place, int(key), work))


def weigh(w: World, plan: ActBefore) -> NDArray[np.int64]:
    """The weights by which hours are spread: of districts that are alike, by the problems that are there, or by what
    citizens have complained of in this calendar month and in the last.
    """
    if plan.by == "even":
        return np.ones(len(w.beats), np.int64)
    if plan.by == "problems":
        return np.array([beat.unsolved for beat in w.beats])
    month = rules.count_at_most(w.city.turns, w.env.now)
    return w.complaints[max(month - 1, 0) : month + 1].sum(axis=0)  # type: ignore[no-any-return]


def is_short(w: World, plan: ActBefore, place: int) -> bool:
    """Whether the queue of a pool is short enough for somebody to go; who waits there to go counts for nothing."""
    pool = w.pools[plan.place_pool[place]]
    return bool(pool.waiting - pool.to_go < plan.short[place])


def patrol(w: World, plan: ActBefore, place: int, key: int, work: float) -> Course:
    """An errand; while it is being worked, problems are found."""
    district, served = int(plan.place_district[place]), list[Pool]()
    home = w.pools[plan.place_pool[place]]
    w.to_go[place] += 1
    home.to_go += 1

    def _begun(pool: Pool) -> None:
        served.append(pool)
        w.to_go[place] -= 1
        home.to_go -= 1
        begin_patrol(w, pool, district)

    yield from errand(w, key, home.number, work, _begun)
    end_patrol(w, served[0], district)


def find(w: World, beat: Beat, life: Life, event: Event) -> None:
    """Somebody comes upon a problem; if no request of it is open, it becomes one, without a citizen."""
    if event is not beat.next:
        return  # it was to be, and has come otherwise
    count_hours(w, beat)
    key, problem = beat.key, heappop(beat.hidden)[2]
    problem.found_after = math.nan
    problem.users -= 1
    plan_finding(w, beat)
    if not is_in_hand(problem):
        start(life(w, make_request(w, key, problem)))


def make_request(w: World, key: int, problem: Problem) -> Request:
    """What was found goes straight to a unit."""
    r = Request(key, w.contacts, problem, 0, w.env.now, problem.district, problem.category)
    w.contacts += 1
    w.requests[key] = problem.requests[key] = r
    problem.users += 1
    if math.isnan(problem.found):
        problem.found = w.env.now
    r.status, r.alone, r.channel = OPEN, True, len(w.city.channels)
    if w.city.districts[r.district].streets > 1:
        r.street = int(draw(w, purposes.STREET, r.matter) * w.city.districts[r.district].streets)
    r.urgency = choose(w, w.city.categories[r.category].urgency, w.city.class_names, purposes.URGENCY, r.matter)
    return r


def have_citizen(w: World, r: Request) -> None:
    """A citizen has reported what inspectors found before: the unit has somebody to contact, the hotline to ask."""
    assert r.problem is not None
    for other in r.problem.requests.values():
        if other.alone:
            other.alone = False
            other.contact_due = later(w, w.env.now, limits(w, other).contact)
            watch_due(w, other)
