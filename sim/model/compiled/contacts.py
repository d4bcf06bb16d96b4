"""Problems and contacts: how they come, and how they go."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import purposes, rules
from sim.model.compiled.basics import chance, choose, draw, lasts, matter_of, write_request
from sim.model.compiled.beats import hear
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import (
    CALL,
    COMES_AGAIN,
    IS_REPORTED,
    MEET_CHATBOT,
    NO_REQUEST,
    NOT_YET,
    OVER_BUT_REVIEW,
    REDIAL,
    SIT_DOWN,
    UNDER_REVIEW,
)
from sim.model.compiled.machine.memory import free_request, join_problem, leave_problem, new_request, release_problem
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import MAIN, task_of
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.draws import child
from sim.model.policies import callback, enterprise_line, online, trust
from sim.model.policies.monthly_theme import REPEATS


@inlined
def fixed_by_another(w: Any, r: Any) -> Any:
    """Whether another request has fixed the problem."""
    return (
        r.problem >= 0
        and state.problem(w, r.problem).fixed_by != np.uint64(0)
        and state.problem(w, r.problem).fixed_by != r.key
    )


@inlined
def is_known(w: Any, i: Any, r: Any) -> Any:
    """Whether another request about the same problem is open."""
    if r.problem < 0:
        return False
    other = state.problem(w, r.problem).first
    while other >= 0:
        if other != i and not math.isnan(state.request(w, other).dispatched):
            return True
        other = state.request(w, other).next
    return False


@outlined
def next_report(w: Any, p: Any, surplus: Any) -> Any:
    """A problem is reported again and again until it is fixed or given up; or: the reports that trust adds."""
    not_inlined()
    problem = state.problem(w, p)
    category = state.category(w, problem.category)
    k = problem.surplus_reports if surplus else problem.reports
    if k == 0:
        problem.given_up = w.now + rules.exponential(draw(w, purposes.GIVE_UP, problem.key, 0), category.give_up)
        problem.users += 1
    gap = report_gap(w, category.report_gap, problem.district, surplus)
    drawn = trust.SURPLUS_GAP if surplus else purposes.REPORT_GAP
    when = w.now + rules.exponential(draw(w, drawn, problem.key, k), gap)
    if when >= problem.given_up:
        release_problem(w, p)
        return
    if surplus:
        problem.surplus_reports += 1
    else:
        problem.reports += 1
    key = child(problem.key, np.uint64(trust.SURPLUS_REPORT if surplus else purposes.REPORT), np.uint64(k))
    schedule(w, when, REDIAL, key, surplus, IS_REPORTED, p)


@inlined
def report_gap(w: Any, gap: Any, district: Any, surplus: Any) -> Any:
    """The mean gap between reports, or between those that trust would add at its highest."""
    rate = state.district(w, district).reporting
    if surplus:
        rate *= w.trust.highest - 1.0
    return gap / rate if rate > 0.0 else math.inf


@inlined
def trust_of(w: Any, district: Any) -> Any:
    """Of a district, in force today."""
    return state.trust(w)[district] if w.trust.on else 1.0


@inlined
def is_released(w: Any, key: Any, district: Any, surplus: Any) -> Any:
    """Whether a report comes about at today's trust."""
    if surplus:
        share = trust.released(trust_of(w, district), w.trust.highest)
        return chance(w, share, trust.SURPLUS_RELEASED, key, 0)
    return chance(w, trust_of(w, district), trust.REPORT_KEPT, key, 0)


@outlined
def contact(w: Any, i: Any, key: Any, p: Any, repeat_of: Any, district: Any, category: Any) -> Any:
    """A citizen turns to the city."""
    not_inlined()
    state.requests(w)[i] = state.blank(w, 0)
    r = state.request(w, i)
    r.key, r.contact, r.problem, r.repeat_of = key, w.contacts, p, repeat_of
    r.district, r.category = district, category
    r.arrived = r.turned = r.mark = w.now
    w.contacts += 1
    if w.monthly_theme.on and repeat_of != np.uint64(0):
        state.seen(w)[REPEATS, category] += 1
    hotline = MEET_CHATBOT if w.online.chatbot.on else CALL
    state.task(w, task_of(i, MAIN)).stage = SIT_DOWN if w.council.on else hotline
    if p >= 0:
        r.problem_key = state.problem(w, p).key
        state.problem(w, p).users += 1
        state.problem(w, p).reported += repeat_of == np.uint64(0)
        join_problem(w, i, r)
        if w.act_before.on:
            hear(w, p)
    if state.channels(w).shape[0] > 1:
        r.channel = choose(w, state.channel_share(w), state.channel_names(w), -1, purposes.CHANNEL, key, 0)
    if w.online.on:
        moves = state.category(w, category).moves.share
        if state.channel(w, r.channel).is_phone and chance(w, moves, online.MOVES, key, 0):
            r.channel = w.online.online
    firms = state.category(w, category).firms.share
    if firms > 0.0 and state.channel(w, r.channel).is_phone:
        r.from_firm = chance(w, firms, enterprise_line.FROM_FIRM, matter_of(r), 0)
    if state.district(w, district).streets > 1:
        r.street = int(draw(w, purposes.STREET, matter_of(r), 0) * state.district(w, district).streets)
    r.urgency = state.category(w, category).only_urgency
    if r.urgency < 0:
        r.urgency = choose(w, state.urgency(w)[category], state.class_names(w), -1, purposes.URGENCY, matter_of(r), 0)


@inlined
def call_again(w: Any, by: Any) -> Any:
    """The citizen turns to the city anew about an unsolved matter, after some time."""
    i = new_request(w)
    r = state.request(w, i)
    r.key = child(by.key, np.uint64(purposes.REPEAT), np.uint64(0))
    state.task(w, task_of(i, MAIN)).stage = NOT_YET
    r.problem, r.repeat_of = by.problem, by.key
    r.district, r.category = by.district, by.category
    if r.problem >= 0:
        state.problem(w, r.problem).users += 1
    gap = lasts(w, w.callback.call_again_after, callback.AGAIN_GAP, by.key, 0)
    schedule(w, w.now + gap, REDIAL, r.key, 0, COMES_AGAIN, task_of(i, MAIN))


@inlined
def end(w: Any, i: Any, r: Any) -> Any:
    """The request is over, or the errand."""
    if r.status == NO_REQUEST:
        free_request(w, i)
        return
    if r.problem >= 0:
        leave_problem(w, i, r)
        release_problem(w, r.problem)
    if r.exclusion == UNDER_REVIEW:
        r.exclusion = OVER_BUT_REVIEW
        return
    write_request(w, r, r.mark)
    free_request(w, i)
