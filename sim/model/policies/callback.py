"""Callback and scoring (回访考评): citizens are asked, and what they say is scored, reopened, or called in again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from sim.model.compiling import rule
from sim.model.draws import purpose
from sim.model.facts import CALLBACK
from sim.model.index import NO_TABLE, Index, Table
from sim.model.staffing import Family

if TYPE_CHECKING:
    from sim.model.load import Sums

COVERAGE = purpose("callback coverage")
REACH = purpose("callback reach")
RETRY = purpose("callback retry")
CALL_WORK = purpose("callback work")
RING = purpose("callback ring")
SAID_CONTACTED = purpose("said contacted")
SAID_RESOLVED = purpose("said resolved")
SAID_SATISFIED = purpose("said satisfied")
REOPENS = purpose("reopens")
CALLS_AGAIN = purpose("calls again")
AGAIN_GAP = purpose("calls again after")
EXCLUSION = purpose("exclusion")
EXCLUSION_ASKED = purpose("exclusion asked")
EXCLUSION_GRANTED = purpose("exclusion granted")
EXCLUSION_WORK = purpose("exclusion review")


@dataclass(frozen=True)
class Says:
    """The probability of saying yes, given what truly is."""

    if_false: float
    if_true: float


@dataclass(frozen=True)
class Exclusion:
    """The unit may ask to leave a request out of the rates, of which a review decides."""

    family: Family  # who reviews
    on_satisfied: bool  # else where the citizen says that it is not resolved
    asks: float
    granted: float
    work: Table


@dataclass(frozen=True)
class Levels:
    """Where the levels of satisfaction beside the middle ones begin, as log odds from its border."""

    very_satisfied: float
    satisfied: float
    very_dissatisfied: float


@dataclass(frozen=True, eq=False)
class Callback:
    """Whom the hotline asks, and what comes of it."""

    family: Family
    after_due: bool  # else after closing
    coverage: float
    reach: float
    retries: int
    retry_after: Table
    work: Table
    ring: Table
    contacted: Says
    resolved: Says
    while_open: float  # … while it is open
    asks_satisfaction: bool
    satisfied: Annotated[NDArray[np.float64], 6]  # the coefficients of ``felt``
    levels: Levels | None  # … in five levels, too
    reopen_to_dispatch: bool
    reopen_at_most: int  # 0: never reopened
    reopen_probability: float
    call_again: float
    call_again_after: Table
    exclusion: Exclusion | None
    score_last: bool  # else the first answer is scored


def plan(index: Index) -> Callback | None:
    """From the scenario."""
    spec = index.policies.callback
    if spec is None:
        return None
    said = spec.satisfied
    coefficients = np.zeros(6)
    if said is not None:
        coefficients[:] = said.intercept, said.said_resolved, said.late, said.log_days, said.hops, said.rounds
    reopen, again = spec.reopen, spec.call_again
    return Callback(
        family=index.families[spec.pool],
        after_due=spec.after == "due",
        coverage=spec.coverage,
        reach=spec.reach,
        retries=spec.retries,
        retry_after=index.table(spec.retry_after),
        work=index.table(spec.work),
        ring=index.table(spec.ring),
        contacted=Says(spec.contacted.if_false, spec.contacted.if_true),
        resolved=Says(spec.resolved.if_false, spec.resolved.if_true),
        while_open=spec.resolved.if_false if spec.resolved.while_open is None else spec.resolved.while_open,
        asks_satisfaction=said is not None,
        satisfied=coefficients,
        levels=_levels(index),
        # who is responsible from the first stays so
        reopen_to_dispatch=reopen is not None and reopen.to == "dispatch" and index.policies.first_recipient is None,
        reopen_at_most=0 if reopen is None else reopen.at_most,
        reopen_probability=0.0 if reopen is None else reopen.probability,
        call_again=0.0 if again is None else again.probability,
        call_again_after=NO_TABLE if again is None else index.table(again.after),
        exclusion=_exclusion(index),
        score_last=spec.score.round == "last",
    )


def _levels(index: Index) -> Levels | None:
    said = None if index.policies.callback is None else index.policies.callback.satisfied
    if said is None or said.levels is None:
        return None
    return Levels(said.levels.very_satisfied, said.levels.satisfied, said.levels.very_dissatisfied)


def _exclusion(index: Index) -> Exclusion | None:
    spec = index.policies.callback
    if spec is None or spec.exclusion is None:
        return None
    policy = spec.exclusion
    family, work = index.families[policy.review.pool], index.table(policy.review.work)
    return Exclusion(family, policy.on == "satisfied", policy.asks, policy.granted, work)


@rule("float64(float64[:], boolean, boolean, float64, int64, int64)")
def felt(weights: Any, said_resolved: Any, late: Any, hours: Any, hops: Any, rounds: Any) -> Any:
    """The log odds of being satisfied.

    ``weights``: intercept, said_resolved, late, log_days (log of 1 + days since arrival), hops, rounds (beyond the
    first).
    """
    x = weights[0] + weights[1] * said_resolved + weights[2] * late
    return x + (weights[3] * math.log(1.0 + hours / 24.0) + weights[4] * hops + weights[5] * (rounds - 1))


@rule("boolean(float64, float64)")
def satisfied(u: Any, x: Any) -> Any:
    """Whether the citizen says to be satisfied, at such log odds: that is so where x is above the log odds of u."""
    return u < 1.0 / (1.0 + math.exp(-x))


@rule("int64(float64, float64, float64, float64, float64)")
def level(u: Any, x: Any, very_satisfied: Any, content: Any, very_dissatisfied: Any) -> Any:
    """In which of five levels, the last the best: how far x is above or below the log odds of u, with the same luck."""
    if satisfied(u, x):
        if satisfied(u, x - very_satisfied):
            return 4
        return 3 if satisfied(u, x - content) else 2
    return 1 if satisfied(u, x - very_dissatisfied) else 0


def load(
    callback: Callback, sums: Sums, closed: NDArray[np.float64], truth: NDArray[np.float64], new: bool
) -> NDArray[np.float64]:
    """The calls after a round of so many requests a day, by district, of which such shares are truly not resolved, and
    resolved; returns the shares that are reopened. ``new``: it is their first round.
    """
    missed = (1.0 - callback.reach) ** np.arange(2 + callback.retries)
    reached = 1.0 - missed[-1]
    asked = closed * callback.coverage
    sums.add(CALLBACK, callback.family, asked * reached, callback.work, new=new)
    sums.add(CALLBACK, callback.family, asked * missed[-1], callback.ring, new=new)
    sums.add(CALLBACK, callback.family, asked * (missed[:-1].sum() - 1.0), callback.ring, new=False)
    say_resolved = np.array([callback.resolved.if_false, callback.resolved.if_true])
    unsolved = truth * (1.0 - say_resolved)
    if (exclusion := callback.exclusion) is not None and new:
        bad = unsolved.sum()
        if exclusion.on_satisfied:  # of who is not late, at once: waiting is left out
            satisfied = [1.0 / (1.0 + math.exp(-callback.satisfied[:2] @ (1, said))) for said in (0, 1)]
            bad = 1.0 - bad * satisfied[0] - (1.0 - bad) * satisfied[1]
        sums.add_beside(exclusion.family, asked * reached * bad * exclusion.asks, exclusion.work)
    return np.asarray(unsolved * callback.coverage * reached * callback.reopen_probability)
