"""The callback (回访): the citizen is asked after closing, or at the due date, and the answer is kept."""

from __future__ import annotations

import math

from sim.model import purposes, rules
from sim.model.clockwork import DUE, REDIAL, Course, Moment, order_of, start
from sim.model.draws import child
from sim.model.facts import CALLBACK, CLOSED, MERGED, OPEN
from sim.model.policies import callback, ranking, sheet, trust
from sim.model.policies.monthly_theme import UNSOLVED
from sim.model.reference.basics import Stage, at, book, chance, draw, lasts
from sim.model.reference.errands import errand
from sim.model.reference.world import Request, World


def watch_due(w: World, r: Request) -> None:
    """Where citizens are asked at the due date: wait for it beside the handling."""
    plan = w.city.callback
    r.asked = False
    if plan is not None and plan.after_due and r.due_now < math.inf and not r.alone:
        start(expect_due(w, r))


def expect_due(w: World, r: Request) -> Course:
    """Wait for the due date, which may have been moved; then ask, whether or not the request is closed."""
    while w.env.now < r.due_now:
        due = Moment(w.env, order_of(DUE, r.key, 4))  # after all else that happens to it at that instant
        due.at(r.due_now)
        yield due
    if r.status in (OPEN, CLOSED):
        yield from ask_citizen(w, r)


def ask_citizen(w: World, r: Request) -> Course:
    """The task of the callback: some are asked, some reached, at most ``1 + retries`` times."""
    plan = w.city.callback
    assert plan is not None
    r.asks += 1
    if chance(w, plan.coverage, callback.COVERAGE, r.key, r.asks - 1):
        for attempt in range(1 + plan.retries):
            index = (r.asks - 1) * purposes.PER_ROUND + attempt
            if attempt > 0:
                again = Moment(w.env, order_of(REDIAL, r.key))
                again.at(w.env.now + lasts(w, plan.retry_after, callback.RETRY, r.key, index))
                yield again
                if r.status == MERGED:
                    break
            reached = chance(w, plan.reach, callback.REACH, r.key, index)
            yield from ring(w, r, plan, index, reached)
            if reached or r.status == MERGED:
                break
    r.asked = True
    if r.answer is not None:
        r.answer.now()


def ring(w: World, r: Request, plan: callback.Callback, index: int, reached: bool) -> Stage:
    """One attempt."""
    if reached:
        work = lasts(w, plan.work, callback.CALL_WORK, r.key, index)
    else:
        work = lasts(w, plan.ring, callback.RING, r.key, index)
    r.call.visit = visit = w.pools[at(w, plan.family, r)].join(r, CALLBACK, work)
    yield visit
    book(w, r.call, r)
    if reached and not math.isnan(visit.started):
        answers(w, r, plan)


def answers(w: World, r: Request, plan: callback.Callback) -> None:
    """What the citizen says depends on what truly happened and how it felt; the scored answer is kept."""
    now, n = w.env.now, r.asks - 1
    until = now if math.isnan(r.closed) or r.status == OPEN else r.closed
    contacted, resolved = r.contacted <= r.contact_due, r.status == CLOSED and r.resolved == 1
    yes = plan.contacted.if_true if contacted else plan.contacted.if_false
    said_contacted = chance(w, yes, callback.SAID_CONTACTED, r.key, n)
    yes = plan.resolved.if_true if resolved else says_of_unsolved(w, r, plan)
    said_resolved = chance(w, yes, callback.SAID_RESOLVED, r.key, n)
    said_satisfied = said_level = -1
    if plan.asks_satisfaction:
        late, hours, rounds = until > r.due_now, until - r.arrived, max(r.rounds, 1)
        felt = callback.felt(plan.satisfied, said_resolved, late, hours, r.hops, rounds)
        luck = draw(w, callback.SAID_SATISFIED, r.key, n)
        said_satisfied = int(callback.satisfied(luck, felt))
        if (levels := plan.levels) is not None:
            edges = levels.very_satisfied, levels.satisfied, levels.very_dissatisfied
            said_level = callback.level(luck, felt, *edges)
    r.last_answer = int(said_resolved)
    if plan.score_last or math.isnan(r.called_back):
        take_off_sheet(w, r)
        r.called_back, r.said_contacted = now, int(said_contacted)
        r.said_resolved, r.said_satisfied, r.said_level = int(said_resolved), said_satisfied, said_level
        if said_satisfied >= 0:
            w.answered[r.district] += 1, said_satisfied
        w.seen_by_category[UNSOLVED, r.category] += not said_resolved
        r.scored_unit, r.scored_cell = r.owner_unit, sheet.cell(contacted, said_resolved, said_satisfied)
        if not r.excluded:
            put_on_sheet(w, r, r.scored_unit, now, r.scored_cell, 1)
        dispute(w, r)


def says_of_unsolved(w: World, r: Request, plan: callback.Callback) -> float:
    """The probability that a citizen calls resolved what is not."""
    if r.status == OPEN:
        return plan.while_open
    if r.gamed == r.rounds and w.city.ranking is not None and w.city.ranking.gaming is not None:
        return w.city.ranking.gaming.persuaded
    return plan.resolved.if_false


def put_on_sheet(w: World, r: Request, unit: int, when: float, what: int, number: int) -> None:
    """Count something for a unit, if there is one, and for the request's district, in the month in which it was."""
    month = rules.count_at_most(w.city.turns, when)
    w.counts[len(w.city.pools) + r.district, month, what] += number
    if unit >= 0:
        w.counts[unit, month, what] += number


def take_off_sheet(w: World, r: Request) -> None:
    """The scored answer, if there is one, counts no more, unless its sheet has been frozen."""
    plan = w.city.sheet
    assert plan is not None
    if r.scored_cell >= 0 and not r.excluded and sheet.is_open(w.city.turns, plan.published, r.called_back, w.env.now):
        put_on_sheet(w, r, r.scored_unit, r.called_back, r.scored_cell, -1)


def dispute(w: World, r: Request) -> None:
    """After the first scored answer that is negative, the unit may ask to leave the request out of the rates."""
    plan = w.city.callback.exclusion if w.city.callback is not None else None
    if plan is None or r.disputed or (r.said_satisfied if plan.on_satisfied else r.said_resolved) != 0:
        return
    r.disputed = True
    asks, more = plan.asks, None if w.city.ranking is None else w.city.ranking.exclusion
    if more is not None and r.owner_unit >= 0:
        asks = ranking.asks(asks, w.pools[r.owner_unit].pressure, more.share)
    if chance(w, asks, callback.EXCLUSION_ASKED, r.key):
        start(review_exclusion(w, r, plan))


def review_exclusion(w: World, r: Request, plan: callback.Exclusion) -> Course:
    """An errand decides of it, beside all that happens to the request, whose row waits for that."""
    w.under_review[r.key] = r
    key, work = int(child(r.key, callback.EXCLUSION, 0)), lasts(w, plan.work, callback.EXCLUSION_WORK, r.key)
    yield from errand(w, key, at(w, plan.family, r), work)
    if chance(w, plan.granted, callback.EXCLUSION_GRANTED, r.key):
        take_off_sheet(w, r)
        r.excluded = 1
        forget(w, r)
    del w.under_review[r.key]
    if r.key not in w.requests:
        w.trace.request(r)


def forget(w: World, r: Request) -> None:
    """What is left out of the rates moves no trust, if that has not moved already."""
    plan = w.city.trust
    if plan is not None and r.said_satisfied >= 0 and trust.same_step(plan.turns, r.called_back, w.env.now):
        w.answered[r.district] -= 1, r.said_satisfied
