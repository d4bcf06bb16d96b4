"""Problems and contacts: how they come, and how they go."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable

from sim.model import purposes, rules
from sim.model.clockwork import ARRIVAL, MIDNIGHT, REDIAL, Course, Moment, order_of, start
from sim.model.demand import Births
from sim.model.draws import child
from sim.model.policies import callback, enterprise_line, online, trust
from sim.model.policies.monthly_theme import REPEATS
from sim.model.reference.basics import chance, choose, draw, lasts
from sim.model.reference.beats import begin_watch, hear
from sim.model.reference.world import Problem, Request, World

#: The main course of a request.
Life = Callable[[World, Request], Course]


def births(w: World, demand: Iterable[Births], life: Life) -> Course:
    """Release what is born, at its time."""
    for chunk in demand:
        for time, key, report, district, category in zip(*chunk.columns(), strict=True):
            arrival = Moment(w.env, order_of(ARRIVAL, key))
            arrival.at(time)
            yield arrival
            if not w.city.categories[category].is_report:
                contact(w, report, None, 0, district, category, life)
                continue
            problem = Problem(key, district, category, time)
            w.problems.append(problem)
            begin_watch(w, problem)
            if w.city.categories[category].report_gap == 0.0:
                share = trust.reported(w.city.categories[category].reported, w.trust(district))
                if chance(w, share, purposes.REPORTED, key):
                    contact(w, report, problem, 0, district, category, life)
                continue
            start(reports(w, problem, life, False))
            if w.city.trust is not None and w.city.trust.highest > 1.0:
                start(reports(w, problem, life, True))
        if w.turned is not None:  # the next day is born as it is turned when it begins
            midnight = Moment(w.env, MIDNIGHT)
            midnight.at(chunk.until)
            yield midnight


def reports(w: World, problem: Problem, life: Life, surplus: bool) -> Course:
    """A problem is reported again and again until it is fixed or given up; or: the reports that trust adds."""
    category, plan = w.city.categories[problem.category], w.city.trust
    gap_drawn, keyed = (trust.SURPLUS_GAP, trust.SURPLUS_REPORT) if surplus else (purposes.REPORT_GAP, purposes.REPORT)
    gap = report_gap(w, category.report_gap, problem.district, surplus)
    given_up = w.env.now + rules.exponential(draw(w, purposes.GIVE_UP, problem.key), category.give_up)
    time = w.env.now
    problem.users += 1
    for k in itertools.count():
        time += rules.exponential(draw(w, gap_drawn, problem.key, k), gap)
        if time >= given_up:
            break
        key = int(child(problem.key, keyed, k))
        report = Moment(w.env, order_of(REDIAL, key, int(surplus)))
        report.at(time)
        yield report
        if problem.fixed_by:
            break
        if plan is None or is_released(w, key, problem.district, surplus):
            contact(w, key, problem, 0, problem.district, problem.category, life)
    problem.users -= 1


def report_gap(w: World, gap: float, district: int, surplus: bool) -> float:
    """The mean gap between reports, or between those that trust would add at its highest."""
    rate = w.city.districts[district].reporting
    if surplus:
        assert w.city.trust is not None
        rate *= w.city.trust.highest - 1.0
    return gap / rate if rate > 0.0 else math.inf


def is_released(w: World, key: int, district: int, surplus: bool) -> bool:
    """Whether a report comes about at today's trust."""
    assert w.city.trust is not None
    if surplus:
        share = trust.released(w.trust(district), w.city.trust.highest)
        return chance(w, share, trust.SURPLUS_RELEASED, key)
    return chance(w, w.trust(district), trust.REPORT_KEPT, key)


def contact(
    w: World, key: int, problem: Problem | None, repeat_of: int, district: int, category: int, life: Life
) -> None:
    """A citizen turns to the city."""
    city = w.city
    r = Request(key, w.contacts, problem, repeat_of, w.env.now, district, category)
    w.contacts += 1
    w.requests[key] = r
    if problem is not None:
        problem.requests[key] = r
        problem.users += 1
        problem.reports += repeat_of == 0
        hear(w, problem)
    w.seen_by_category[REPEATS, category] += repeat_of != 0
    r.channel = choose(w, city.channel_share, city.channel_names, purposes.CHANNEL, key)
    if city.channels[r.channel].is_phone and chance(w, city.categories[category].moves.share, online.MOVES, key):
        assert city.online is not None
        r.channel = city.online.online
    if city.channels[r.channel].is_phone:
        r.from_firm = int(chance(w, city.categories[category].firms.share, enterprise_line.FROM_FIRM, r.matter))
    if city.districts[district].streets > 1:
        r.street = int(draw(w, purposes.STREET, r.matter) * city.districts[district].streets)
    r.urgency = choose(w, city.categories[category].urgency, city.class_names, purposes.URGENCY, r.matter)
    start(life(w, r))


def call_again(w: World, r: Request, life: Life) -> Course:
    """The citizen turns to the city anew about an unsolved matter, after some time."""
    plan = w.city.callback
    assert plan is not None
    key = int(child(r.key, purposes.REPEAT, 0))
    if r.problem is not None:
        r.problem.users += 1
    again = Moment(w.env, order_of(REDIAL, key))
    again.at(w.env.now + lasts(w, plan.call_again_after, callback.AGAIN_GAP, r.key))
    yield again
    if r.problem is None or not r.problem.fixed_by:
        contact(w, key, r.problem, r.key, r.district, r.category, life)
    if r.problem is not None:
        r.problem.users -= 1


def is_known(r: Request) -> bool:
    """Whether another request about the same problem is open."""
    return r.problem is not None and any(
        other is not r and not math.isnan(other.dispatched) for other in r.problem.requests.values()
    )


def end(w: World, r: Request) -> None:
    """The request is over."""
    r.ended = r.mark
    if r.problem is not None:
        r.problem.requests.pop(r.key, None)
        r.problem.users -= 1
    del w.requests[r.key]
    if r.key not in w.under_review:
        w.trace.request(r)
