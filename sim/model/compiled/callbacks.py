"""Asking citizens, after closing or at the due date."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import purposes, rules
from sim.model.compiled.basics import at, book, chance, draw, lasts, write_request
from sim.model.compiled.errands import errand, new_errand
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import (
    AT_CLOSING,
    AT_DUE,
    DECIDED,
    DUE,
    ENDS,
    IS_DUE,
    NO_CITIZEN,
    NOBODY,
    OVER_BUT_REVIEW,
    RANG,
    REDIAL,
    REVIEWED,
    RINGS_AGAIN,
    UNDER_REVIEW,
    UNDISPUTED,
)
from sim.model.compiled.machine.memory import free_request
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import CALLING, task_of
from sim.model.compiled.pools import visit
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.draws import child
from sim.model.facts import CALLBACK, CLOSED, MERGED, OPEN
from sim.model.policies import callback, ranking, sheet, trust
from sim.model.policies.monthly_theme import UNSOLVED


@outlined
def watch_due(w: Any, i: Any, r: Any) -> Any:
    """Where citizens are asked at the due date: wait for it beside the handling."""
    not_inlined()
    r.asked = 0
    if w.callback.on and w.callback.after_due and r.due_now < math.inf and r.asking != NO_CITIZEN:
        expect_due(w, i, r)


@inlined
def expect_due(w: Any, i: Any, r: Any) -> Any:
    """Wait for the due date, which may have been moved; then ask."""
    if w.now < r.due_now:
        schedule(w, r.due_now, DUE, r.key, 4, IS_DUE, task_of(i, CALLING))
    elif r.status == OPEN or r.status == CLOSED:
        r.asking = AT_DUE
        if ask_citizen(w, i, r):
            r.asked, r.asking = 1, NOBODY


@outlined
def ask_citizen(w: Any, i: Any, r: Any) -> Any:
    """Some are asked, some reached, at most ``1 + retries`` times. Says whether it is over already."""
    not_inlined()
    r.asks += 1
    r.attempt = 0
    if not chance(w, w.callback.coverage, callback.COVERAGE, r.key, r.asks - 1):
        return True
    ring(w, i, r)
    return False


@outlined
def ring(w: Any, i: Any, r: Any) -> Any:
    """One attempt."""
    not_inlined()
    index = (r.asks - 1) * purposes.PER_ROUND + r.attempt
    r.reached = chance(w, w.callback.reach, callback.REACH, r.key, index)
    if r.reached:
        work = lasts(w, w.callback.work, callback.CALL_WORK, r.key, index)
    else:
        work = lasts(w, w.callback.ring, callback.RING, r.key, index)
    visit(w, task_of(i, CALLING), r, at(w, w.callback.family, r), CALLBACK, work, RANG)


@inlined
def ring_done(w: Any, i: Any) -> Any:
    """An attempt is over; there may be another. Says whether the main course goes on, which has waited for the end."""
    r = state.request(w, i)
    book(w, task_of(i, CALLING), r, w.now)
    if r.reached:
        answers(w, i, r)
    if not r.reached and r.status != MERGED and r.attempt < w.callback.retries:
        r.attempt += 1
        index = (r.asks - 1) * purposes.PER_ROUND + r.attempt
        gap = lasts(w, w.callback.retry_after, callback.RETRY, r.key, index)
        schedule(w, w.now + gap, REDIAL, r.key, 0, RINGS_AGAIN, task_of(i, CALLING))
        return False
    at_closing = r.asking == AT_CLOSING
    r.asked, r.asking = 1, NOBODY
    return at_closing or r.awaits != 0


@inlined
def answers(w: Any, i: Any, r: Any) -> Any:
    """What the citizen says depends on what truly happened and how it felt; the scored answer is kept."""
    now, n = w.now, r.asks - 1
    until = now if math.isnan(r.closed) or r.status == OPEN else r.closed
    contacted, resolved = r.contacted <= r.contact_due, r.status == CLOSED and r.resolved == 1
    yes = w.callback.contacted.if_true if contacted else w.callback.contacted.if_false
    said_contacted = chance(w, yes, callback.SAID_CONTACTED, r.key, n)
    yes = w.callback.resolved.if_true if resolved else says_of_unsolved(w, r)
    said_resolved = chance(w, yes, callback.SAID_RESOLVED, r.key, n)
    said_satisfied: Any = -1
    said_level: Any = -1
    if w.callback.asks_satisfaction:
        late, hours, rounds = until > r.due_now, until - r.arrived, max(r.rounds, 1)
        felt = callback.felt(w.callback.satisfied, said_resolved, late, hours, r.hops, rounds)
        luck = draw(w, callback.SAID_SATISFIED, r.key, n)
        said_satisfied = np.int64(callback.satisfied(luck, felt))
        if w.callback.levels.on:
            levels = w.callback.levels
            said_level = callback.level(luck, felt, levels.very_satisfied, levels.satisfied, levels.very_dissatisfied)
    r.last_answer = said_resolved
    if w.callback.score_last or math.isnan(r.called_back):
        if w.callback.score_last:
            take_off_sheet(w, r)
        r.called_back, r.said_contacted = now, said_contacted
        r.said_resolved, r.said_satisfied = said_resolved, said_satisfied
        if w.callback.levels.on:
            r.said_level = said_level
        if w.trust.on:
            state.answered(w)[r.district, 0] += 1
            state.answered(w)[r.district, 1] += said_satisfied
        if w.monthly_theme.on and not said_resolved:
            state.seen(w)[UNSOLVED, r.category] += 1
        cell = sheet.cell(contacted, said_resolved, said_satisfied)
        if w.callback.score_last or w.callback.exclusion.on:
            r.scored_unit, r.scored_cell = r.owner_unit, cell
        if not r.excluded:
            put_on_sheet(w, r, np.int64(r.owner_unit), now, cell, 1)
        if w.callback.exclusion.on:
            dispute(w, i, r)


@inlined
def says_of_unsolved(w: Any, r: Any) -> Any:
    """The probability that a citizen calls resolved what is not."""
    if r.status == OPEN:
        return w.callback.while_open
    if w.ranking.gaming.on and r.gamed == r.rounds:
        return w.ranking.gaming.persuaded
    return w.callback.resolved.if_false


@outlined
def put_on_sheet(w: Any, r: Any, unit: Any, when: Any, what: Any, number: Any) -> Any:
    """Count something for a unit, if there is one, and for the request's district, in the month in which it was."""
    not_inlined()
    at_month = rules.count_at_most(state.month_turns(w), when) * sheet.COUNTS + what
    state.counts_of(w)[w.sheet.pools + r.district, at_month] += number
    if unit >= 0:
        state.counts_of(w)[unit, at_month] += number


@outlined
def take_off_sheet(w: Any, r: Any) -> Any:
    """The scored answer, if there is one, counts no more, unless its sheet has been frozen."""
    not_inlined()
    if (
        r.scored_cell >= 0
        and not r.excluded
        and sheet.is_open(state.month_turns(w), state.published(w), r.called_back, w.now)
    ):
        put_on_sheet(w, r, r.scored_unit, r.called_back, r.scored_cell, -1)


@outlined
def dispute(w: Any, i: Any, r: Any) -> Any:
    """After the first scored answer that is negative, the unit may ask to leave the request out of the rates."""
    not_inlined()
    said = r.said_satisfied if w.callback.exclusion.on_satisfied else r.said_resolved
    if r.exclusion != UNDISPUTED or said != 0:
        return
    r.exclusion = DECIDED
    asks = w.callback.exclusion.asks
    if w.ranking.exclusion.on and r.owner_unit >= 0:
        asks = ranking.asks(asks, state.pressures(w)[r.owner_unit], w.ranking.exclusion.share)
    if chance(w, asks, callback.EXCLUSION_ASKED, r.key, 0):
        review_exclusion(w, i, r)


@inlined
def review_exclusion(w: Any, i: Any, r: Any) -> Any:
    """An errand decides of it, beside all that happens to the request, whose row waits for that."""
    r.exclusion = UNDER_REVIEW
    number = new_errand(w, at(w, w.callback.exclusion.family, r))
    e = state.request(w, number)
    e.key, e.right = child(r.key, np.uint64(callback.EXCLUSION), np.uint64(0)), i
    errand(w, number, e, lasts(w, w.callback.exclusion.work, callback.EXCLUSION_WORK, r.key, 0), REVIEWED)


@outlined
def review_exclusion_done(w: Any, e: Any) -> Any:
    """… and when it is over, it is decided."""
    not_inlined()
    r = state.request(w, e.right)
    over, r.exclusion = r.exclusion == OVER_BUT_REVIEW, DECIDED
    if chance(w, w.callback.exclusion.granted, callback.EXCLUSION_GRANTED, r.key, 0):
        take_off_sheet(w, r)
        r.excluded = 1
        forget(w, r)
    if over:
        write_request(w, r, r.mark)
        free_request(w, e.right)
    return ENDS


@inlined
def forget(w: Any, r: Any) -> Any:
    """What is left out of the rates moves no trust, if that has not moved already."""
    if w.trust.on and r.said_satisfied >= 0 and trust.same_step(state.trust_turns(w), r.called_back, w.now):
        state.answered(w)[r.district, 0] -= 1
        state.answered(w)[r.district, 1] -= r.said_satisfied
