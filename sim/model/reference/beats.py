"""Beats (巡区): the hours of patrol worked in each district, and which problem they find next."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from sim.model import rules
from sim.model.clockwork import REDIAL, Moment, order_of
from sim.model.draws import child
from sim.model.facts import OPEN
from sim.model.policies import act_before
from sim.model.reference.basics import draw
from sim.model.reference.world import Beat, Problem, World

if TYPE_CHECKING:
    from sim.model.reference.pools import Pool


def begin_watch(w: World, problem: Problem) -> None:
    """Something is wrong from now on that inspectors may find."""
    if w.city.categories[problem.category].sight.rate > 0.0:
        w.beats[problem.district].unsolved += 1
        new_mark(w, problem)


def new_mark(w: World, problem: Problem) -> None:
    """So many more hours of patrol in its district will find it."""
    u = draw(w, act_before.MARK, problem.key, problem.marks)
    problem.marks += 1
    beat = w.beats[problem.district]
    count_hours(w, beat)
    hours = beat.hours + act_before.hours_until_found(u, w.city.categories[problem.category].sight.rate)
    if hours < math.inf:
        problem.found_after = hours
        problem.users += 1
        heappush(beat.hidden, (hours, problem.key, problem))
        plan_finding(w, beat)


def end_watch(w: World, problem: Problem) -> None:
    """It is fixed: nobody can find it any more."""
    if w.city.categories[problem.category].sight.rate > 0.0:
        beat = w.beats[problem.district]
        beat.unsolved -= 1
        if not math.isnan(problem.found_after):
            problem.found_after = math.nan
            problem.users -= 1
            count_hours(w, beat)
            plan_finding(w, beat)


def look_again(w: World, problem: Problem) -> None:
    """A request of it has been closed and it is still there: once none is open, it can be found anew."""
    may_be_found = w.city.categories[problem.category].sight.rate > 0.0 and math.isnan(problem.found_after)
    if may_be_found and not is_in_hand(problem):
        new_mark(w, problem)


def is_in_hand(problem: Problem) -> bool:
    """Whether a request of it is open: who passes by then lets it be."""
    return any(other.status == OPEN for other in problem.requests.values())


def hear(w: World, problem: Problem) -> None:
    """A citizen complains about it."""
    plan = w.city.act_before
    if plan is not None and plan.by == "complaints" and w.city.categories[problem.category].sight.rate > 0.0:
        w.complaints[rules.count_at_most(w.city.turns, w.env.now), problem.district] += 1


def count_hours(w: World, beat: Beat) -> None:
    """The hours of patrol worked until now."""
    beat.hours += beat.out * (w.env.now - beat.since)
    beat.since = w.env.now


def walk(w: World, district: int, people: int) -> None:
    """So many more people are out from now on, or fewer."""
    beat = w.beats[district]
    count_hours(w, beat)
    beat.out += people
    plan_finding(w, beat)


def plan_finding(w: World, beat: Beat) -> None:
    """As long as somebody is out, it is known which problem will be found next, and when."""
    while beat.hidden and beat.hidden[0][2].found_after != beat.hidden[0][0]:
        heappop(beat.hidden)  # fixed meanwhile
    if beat.out == 0 or not beat.hidden:
        beat.next = None
        return
    hours, _, problem = beat.hidden[0]
    key = int(child(problem.key, act_before.FOUND, problem.marks - 1))
    time = w.env.now + act_before.time_until_found(hours - beat.hours, beat.out)
    if beat.next is None or (beat.at, beat.key) != (time, key):
        beat.next, beat.at, beat.key = Moment(w.env, order_of(REDIAL, key)), time, key
        beat.next.callbacks.append(beat.find)
        beat.next.at(time)


def begin_patrol(w: World, pool: Pool, district: int) -> None:
    """Somebody of a pool begins to patrol."""
    pool.patrols[district] = pool.patrols.get(district, 0) + 1
    if is_walking(pool):
        walk(w, district, 1)


def end_patrol(w: World, pool: Pool, district: int) -> None:
    """… and is done."""
    pool.patrols[district] -= 1
    if is_walking(pool):
        walk(w, district, -1)


def pause_patrols(w: World, pool: Pool) -> None:
    """An office opens or closes: who is out on patrol goes on, or stops until it opens."""
    for district, people in pool.patrols.items():
        walk(w, district, people if pool.on_duty else -people)


def is_walking(pool: Pool) -> bool:
    """Whether patrols of a pool that are under way go on now."""
    return pool.on_duty or not pool.pauses
