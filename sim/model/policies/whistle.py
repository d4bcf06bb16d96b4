"""Whistle and report (吹哨报到): the owner of a joint matter blows, and the other units' parts are done at one time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.model.compiling import rule
from sim.model.index import Index, Span, WorkingTime

#: Whistles that nobody blows in a month: there is no budget.
UNLIMITED = 2**62


@dataclass(frozen=True)
class OfClass:
    """What a whistle means for requests of one urgency class."""

    whistles: bool
    report_by: Span


@dataclass(frozen=True, eq=False)
class Whistle:
    """When owners blow, and until when other units are to report."""

    after_own: bool  # in the usual place of the parts; else before the owner's own work
    at_least: int  # parts that are needed
    from_round: int
    classes: tuple[OfClass, ...]
    most_parts: int  # that a matter of any category has
    working_time: WorkingTime  # of ``report_by``
    budget: NDArray[np.int64]  # whistles that an owner may blow, [pool, month]


def plan(index: Index) -> Whistle | None:
    """From the scenario."""
    policy, scenario = index.policies.whistle, index.scenario
    if policy is None:
        return None
    chosen = policy.when.urgency or scenario.classes
    return Whistle(
        after_own=policy.blown == "after_own",
        at_least=policy.when.parts,
        from_round=policy.when.round,
        classes=tuple(OfClass(c in chosen, index.span(policy.report_by.get(c))) for c in scenario.classes),
        most_parts=max(len(category.parts) for category in scenario.categories.values()),
        working_time=index.working_time(policy.calendar),
        budget=_budget(index),
    )


def _budget(index: Index) -> NDArray[np.int64]:
    """Whistles of each unit in each month: at a scale split like staff, in parts of months in proportion."""
    policy, shares = index.policies.whistle, index.months.shares
    if policy is None or policy.budget is None:
        return np.full((len(index.staffing.pools), len(shares)), UNLIMITED, np.int64)
    whole = index.staffing.split_over_units(policy.budget)
    return np.array(np.floor(np.outer(whole, shares) + 1e-9), np.int64)


@rule("boolean(int64, int64, boolean, int64, int64, int64, int64)")
def blows(at_least: Any, from_round: Any, of_class: Any, needed: Any, round_: Any, blown: Any, budget: Any) -> Any:
    """Whether an owner whose request needs so many parts blows in this round, having blown so often this month."""
    return of_class and needed >= max(at_least, 1) and round_ >= from_round and blown < budget
