"""What one contact, call or problem adds to the sums from which measures are made.

Indicators are 0 or 1, durations are in hours. What each of them means stands in the catalogue.

A sum is the same in whatever order its parts come: indicators are whole numbers, and durations, which are multiples of
2⁻³⁰ h, are added in two parts, multiples of 2⁻¹⁴ h and the rest. Float64 adds either exactly up to 5·10¹¹ hours and 2³²
cases. What is no multiple of anything (x ln x) is rounded to one of 2⁻³⁶ h first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.measurement.compiled import inlined
from sim.model.facts import (
    ANSWERED,
    CAUSES,
    DEFLECTED,
    FIXERS,
    INTAKE_OPEN,
    LOST,
    MERGED,
    OPEN,
    OUT_OF_SCOPE,
    SATISFACTIONS,
    SETTLED,
)

_REST = "_rest"


def _durations(*names: str) -> tuple[str, ...]:
    """Durations, then what is left of each below 2⁻¹⁴ h."""
    return (*names, *(f"{name}{_REST}" for name in names))


#: Of the scored, by what the citizen said but for the first two.
RATES = ("scored", "responded", "said_resolved", "said_satisfied", "said_contacted")
#: … and in which of five levels.
LEVELS = tuple(f"level_{name.replace(' ', '_')}" for name in SATISFACTIONS)
CALLS = (
    "calls",
    "within_15s",
    "within_20s",
    "picked_up",
    "abandoned",
    "wrong_line",
    *_durations("wait", "wait_picked_up"),
)
_BLOCKS = (
    (*RATES, *LEVELS, "answered_callback", "excluded", "scored_and_resolved", "falsely_resolved"),
    ("late", "contact_late", "late_stopped", *_durations("lateness", "lateness_stopped")),
    (
        *("own", "closed", "truly_resolved", "resolved_by_street", "due_passed", "contact_due_passed"),
        *("hops", "bounced", "rounds", "reopened", "whistles", "escalated", "sent_up"),
        *_durations("hours", "x_ln_x"),
    ),
    (
        *("contacts", "requests", "asked", "answered", "deflected", "settled", "out_of_scope", "merged", "by_phone"),
        *("lost", "repeats", "found"),
        *("open", "open_counted", *_durations(*(f"hours_{cause}" for cause in CAUSES))),
    ),
    CALLS,
    tuple(f"blamed_{cause}" for cause in CAUSES),
)
#: Those of a contact. What most contacts have none of stands in blocks that can be passed over: each begins where the
#: one before ends.
CONTACTS = tuple(name for block in _BLOCKS for name in block)
OF_ANSWERED, OF_LATE, OF_REQUESTS, OF_ALL, OF_CALLERS, BLAME, _ = (
    sum(map(len, _BLOCKS[:i])) for i in range(len(_BLOCKS) + 1)
)
FIRST_HOURS, FIRST_RESTS = (CONTACTS.index(f"hours_{CAUSES[0]}{end}") for end in ("", _REST))
ALL_THAT_IS_OPEN = CONTACTS.index("open")
PROBLEMS = ("problems", "fixed", "observed", "unreported", "noticed", "found_first", *_durations("hours"))

#: A problem that nobody reports for so many hours counts as unreported.
PATIENCE = 90 * 24.0
#: Keys up to this one stand for fixers without a request.
LAST_FIXER = max(FIXERS)


def record(names: tuple[str, ...]) -> np.dtype[Any]:
    """Numbers by name."""
    return np.dtype([(name, np.float64) for name in names])


def whole(sums: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.float64]:
    """The sums of ``names``, [slot, name], with both parts of each duration put together."""
    joined = sums.copy()
    for number, name in enumerate(names):
        if f"{name}{_REST}" in names:
            joined[:, number] += sums[:, names.index(f"{name}{_REST}")]
    return joined


@inlined
def upper(hours: Any) -> Any:
    """The nearest multiple of 2⁻¹⁴ h, for hours below 2³⁷: adding 1.5·2³⁸ leaves no finer bits."""
    return (hours + 412316860416.0) - 412316860416.0


@inlined
def round_off(x: Any) -> Any:
    """The nearest multiple of 2⁻³⁶, so that sums do not depend on their order."""
    return np.floor(x * 68719476736.0 + 0.5) / 68719476736.0


@inlined
def contact(
    q: Any, r: Any, end: Any, by_phone: Any, consultation: Any, street_level: Any, again: Any, found: Any
) -> Any:
    """Fill in a contact's quantities ``q`` but for calls, hours and blame, from its row ``r``.

    ``again``: it is a repeat; ``found``: by inspectors, so that it is a request and no contact. Blocks that a contact
    has nothing of are left as they are. Returns which it has something of (answered, late, requests), its hours to
    closing (infinite while open, NaN of what never closes itself) and their logarithm.
    """
    is_open = r.status == OPEN
    request = is_open or not math.isnan(r.dispatched)
    closed = not math.isnan(r.first_closed)
    own = closed or is_open  # closes itself, now or later; what was merged before any closing does not
    asked = consultation and r.status != LOST and r.status != INTAKE_OPEN and r.status != DEFLECTED
    q.contacts = not found
    q.found = found
    q.requests = request
    q.asked = asked
    q.answered = asked and r.status == ANSWERED
    q.deflected = r.status == DEFLECTED
    q.settled = r.status == SETTLED
    q.out_of_scope = r.status == OUT_OF_SCOPE
    q.merged = r.status == MERGED and not found
    q.by_phone = by_phone
    q.lost = by_phone and r.status == LOST
    q.repeats = again
    q.open = q.open_counted = is_open
    if not (request or own):
        return False, False, False, math.nan, 0.0

    resolved = r.resolved == 1
    answered = request and not math.isnan(r.called_back)
    if answered:
        scored = r.excluded != 1
        said_resolved = scored and r.said_resolved == 1
        q.scored = scored
        q.responded = scored and not math.isnan(r.contacted) and not r.contacted > r.contact_due
        q.said_resolved = said_resolved
        q.said_satisfied = scored and r.said_satisfied == 1
        q.said_contacted = scored and r.said_contacted == 1
        q.level_very_dissatisfied = scored and r.said_level == 0
        q.level_dissatisfied = scored and r.said_level == 1
        q.level_basically_satisfied = scored and r.said_level == 2
        q.level_satisfied = scored and r.said_level == 3
        q.level_very_satisfied = scored and r.said_level == 4
        q.answered_callback = own
        q.excluded = own and not scored
        q.scored_and_resolved = scored and resolved
        q.falsely_resolved = said_resolved and not resolved

    stopped = r.first_closed if closed else r.ended  # the resolve-by clock: at the latest when merged
    due_passed = request and r.due <= end
    late = due_passed and not stopped <= r.due
    contact_due_passed = request and r.contact_due <= end
    contact_late = contact_due_passed and not (r.contacted <= r.contact_due or r.ended <= r.contact_due)
    if late or contact_late:
        late_stopped = late and not math.isnan(stopped)
        lateness = (stopped if stopped <= end else end) - r.due if late else 0.0
        q.late = late
        q.contact_late = contact_late
        q.lateness = upper(lateness)
        q.lateness_rest = lateness - q.lateness
        q.late_stopped = late_stopped
        q.lateness_stopped = q.lateness if late_stopped else 0.0
        q.lateness_stopped_rest = q.lateness_rest if late_stopped else 0.0

    hours, log = math.inf if own else math.nan, 0.0
    q.hours = q.hours_rest = q.x_ln_x = q.x_ln_x_rest = 0.0
    if closed:
        hours = r.first_closed - r.arrived
        if hours > 0.0:
            log = math.log(hours)
        x_ln_x = round_off(hours * log)
        q.hours, q.x_ln_x = upper(hours), upper(x_ln_x)
        q.hours_rest, q.x_ln_x_rest = hours - q.hours, x_ln_x - q.x_ln_x
    q.own = own
    q.closed = closed
    q.truly_resolved = own and resolved
    q.resolved_by_street = own and resolved and street_level
    q.due_passed = due_passed
    q.contact_due_passed = contact_due_passed
    q.hops = r.hops if request else 0.0
    q.bounced = request and r.hops > 0
    q.rounds = r.rounds if request else 0.0
    q.reopened = closed and r.rounds > 1
    q.whistles = r.whistles
    q.escalated = request and not math.isnan(r.escalated)
    q.sent_up = request and not math.isnan(r.sent_up)
    return answered, late or contact_late, True, hours, log


@inlined
def largest(hours: Any, on_the_clock: Any) -> Any:
    """To which cause a late request is put down: the largest of those that count, the first of equals."""
    found, most = 0, -1.0
    for cause in range(len(CAUSES)):
        counts = hours[cause] if on_the_clock[cause] else 0.0
        if counts > most:
            found, most = cause, counts
    return found


@inlined
def calls(q: Any, r: Any) -> Any:
    """Fill in the quantities of a contact's calls: wrong lines may answer several, the right one one."""
    q.calls = r.calls
    q.abandoned = r.abandoned
    q.picked_up = r.picked_up
    q.wrong_line = r.picked_up - (not math.isnan(r.answered_wait))
    q.wait, q.wait_picked_up = upper(r.call_wait), upper(r.picked_up_wait)
    q.wait_rest, q.wait_picked_up_rest = r.call_wait - q.wait, r.picked_up_wait - q.wait_picked_up
    q.within_15s = r.within_15s
    q.within_20s = r.within_20s


@inlined
def problem(q: Any, r: Any, end: Any) -> Any:
    """Fill in a problem's quantities ``q``, from its row ``r``; returns the hours it lasted, and their logarithm."""
    observed = r.born + PATIENCE <= end
    fixed = not math.isnan(r.fixed)
    hours = r.fixed - r.born if fixed else math.inf
    q.problems = 1.0
    q.fixed = fixed
    lasted = hours if fixed else 0.0
    q.hours = upper(lasted)
    q.hours_rest = lasted - q.hours
    q.observed = observed
    by_itself = r.fixed_by != np.uint64(0) and r.fixed_by <= np.uint64(LAST_FIXER)  # nobody need have reported it
    known = r.first_report - r.born <= PATIENCE or r.found - r.born <= PATIENCE
    in_time = known or (by_itself and hours <= PATIENCE)
    q.unreported = observed and not in_time
    q.noticed = not (math.isnan(r.found) and math.isnan(r.first_report))
    q.found_first = not math.isnan(r.found) and not r.first_report <= r.found
    return hours, math.log(hours) if 0.0 < hours < math.inf else 0.0
