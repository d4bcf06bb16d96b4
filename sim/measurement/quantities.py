"""What one contact, call or problem adds to the sums from which measures are made.

Indicators are 0 or 1, durations are in hours. The names stand in the order of the catalogue, which defines them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.measurement.compiled import part
from sim.model.records import ANSWERED, CAUSES, INTAKE_OPEN, LOST, MERGED, OPEN, OUT_OF_SCOPE

_SECOND = 1 / 3600

#: Of the scored, by what the citizen said but for the first two.
RATES = ("scored", "responded", "said_resolved", "said_satisfied", "said_contacted")
CALLS = ("calls", "within_15s", "within_20s", "wait", "picked_up", "wait_picked_up", "abandoned")
CONTACTS = (
    *(*RATES, "answered_callback"),
    *("own", "truly_resolved", "closed", "scored_and_resolved", "falsely_resolved", "resolved_by_street"),
    *("late", "due_passed", "contact_late", "contact_due_passed", "lateness", "late_stopped", "lateness_stopped"),
    *("contacts", "requests", "asked", "answered", "out_of_scope", "merged", "by_phone", "lost", "repeats", "open"),
    *("hops", "bounced", "rounds", "reopened"),
    *("hours", "x_ln_x"),
    *CALLS,
    *(f"hours_{cause}" for cause in CAUSES),
    *(f"blamed_{cause}" for cause in CAUSES),
)
PROBLEMS = ("problems", "fixed", "hours", "observed", "unreported")

#: Where the calls and the two lists of causes begin.
FIRST_CALL, FIRST_CAUSE = CONTACTS.index("calls"), CONTACTS.index(f"hours_{CAUSES[0]}")

#: A problem that nobody reports for so many hours counts as unreported.
PATIENCE = 90 * 24.0


def record(names: tuple[str, ...]) -> np.dtype[Any]:
    """Numbers by name."""
    return np.dtype([(name, np.float64) for name in names])


@part
def contact(q: Any, r: Any, end: Any, by_phone: Any, consultation: Any, street_level: Any, again: Any, out: Any) -> Any:
    """Fill in a contact's quantities ``q`` but for calls and causes, from its row ``r``.

    ``again``: it is a repeat; ``out``: it is excluded from scoring.
    Returns its hours to closing (infinite while open, NaN of what never closes itself) and their logarithm.
    """
    is_open = r.status == OPEN
    request = is_open or not math.isnan(r.dispatched)
    closed = not math.isnan(r.first_closed)
    own = closed or is_open  # closes itself, now or later; what was merged before any closing does not
    resolved = r.resolved == 1.0

    answered = request and not math.isnan(r.called_back)
    scored = answered and not out
    said_resolved = scored and r.said_resolved == 1.0
    q.scored = scored
    q.responded = scored and not math.isnan(r.contacted) and not r.contacted > r.contact_due
    q.said_resolved = said_resolved
    q.said_satisfied = scored and r.said_satisfied == 1.0
    q.said_contacted = scored and r.said_contacted == 1.0
    q.answered_callback = answered and own

    q.own = own
    q.truly_resolved = own and resolved
    q.closed = closed
    q.scored_and_resolved = scored and resolved
    q.falsely_resolved = said_resolved and not resolved
    q.resolved_by_street = own and resolved and street_level

    stopped = r.first_closed if closed else r.ended  # the resolve-by clock: at the latest when merged
    due_passed = request and r.due <= end
    late = due_passed and not stopped <= r.due
    late_stopped = late and not math.isnan(stopped)
    lateness = (stopped if stopped <= end else end) - r.due if late else 0.0
    contact_due_passed = request and r.contact_due <= end
    q.late = late
    q.due_passed = due_passed
    q.contact_late = contact_due_passed and not (r.contacted <= r.contact_due or r.ended <= r.contact_due)
    q.contact_due_passed = contact_due_passed
    q.lateness = lateness
    q.late_stopped = late_stopped
    q.lateness_stopped = lateness if late_stopped else 0.0

    asked = consultation and r.status != LOST and r.status != INTAKE_OPEN
    q.contacts = 1.0
    q.requests = request
    q.asked = asked
    q.answered = asked and r.status == ANSWERED
    q.out_of_scope = r.status == OUT_OF_SCOPE
    q.merged = r.status == MERGED
    q.by_phone = by_phone
    q.lost = by_phone and r.status == LOST
    q.repeats = again
    q.open = is_open
    q.hops = r.hops if request else 0.0
    q.bounced = request and r.hops > 0
    q.rounds = r.rounds if request else 0.0
    q.reopened = closed and r.rounds > 1

    q.hours = q.x_ln_x = log = 0.0
    if closed:
        hours = r.first_closed - r.arrived
        if hours > 0.0:
            log = math.log(hours)
        q.hours = hours
        q.x_ln_x = hours * log
        return hours, log
    return (math.inf if own else math.nan), log


@part
def causes(q: Any, hours: Any, on_the_clock: Any, late: Any) -> Any:
    """Fill in the hours by cause, and to which cause a late request is put down: the largest, the first of equals."""
    n = len(CAUSES)
    largest, most = 0, -1.0
    for cause in range(n):
        q[cause] = hours[cause]
        q[n + cause] = 0.0
        counts = hours[cause] if on_the_clock[cause] else 0.0
        if counts > most:
            largest, most = cause, counts
    if late:
        q[n + largest] = 1.0


@part
def call(q: Any, queued: Any, started: Any, ended: Any, end: Any) -> Any:
    """Add a call to the sums ``q`` of a contact's calls, in the order of ``CALLS``."""
    picked_up = not math.isnan(started)
    abandoned = not picked_up and not math.isnan(ended)
    wait = (started if picked_up else ended if abandoned else end) - queued
    q[0] += 1.0
    q[1] += picked_up and wait <= 15 * _SECOND
    q[2] += picked_up and wait <= 20 * _SECOND
    q[3] += wait
    if picked_up:
        q[4] += 1.0
        q[5] += wait
    q[6] += abandoned


@part
def problem(q: Any, r: Any, end: Any) -> Any:
    """Fill in a problem's quantities ``q``, from its row ``r``; returns the hours it lasted, and their logarithm."""
    observed = r.born + PATIENCE <= end
    fixed = not math.isnan(r.fixed)
    hours = r.fixed - r.born if fixed else math.inf
    q.problems = 1.0
    q.fixed = fixed
    q.hours = hours if fixed else 0.0
    q.observed = observed
    q.unreported = observed and not r.first_report - r.born <= PATIENCE
    return hours, math.log(hours) if 0.0 < hours < math.inf else 0.0
