"""Supervision (督办): requests that are late, come back or are reported by several are escalated."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.model.draws import purpose
from sim.model.index import Index, Table
from sim.model.staffing import Family

ESCALATED = purpose("escalated")  # keys of errands
SUPERVISION_WORK = purpose("supervision work")


@dataclass(frozen=True)
class Supervision:
    """What escalates a request, and what work supervisors have with it."""

    family: Family
    work: Table
    overdue_by: float  # hours, infinity: being late does not
    repeats: bool
    duplicates: bool


def plan(index: Index) -> Supervision | None:
    """From the scenario."""
    spec = index.policies.supervision
    if spec is None:
        return None
    return Supervision(
        family=index.families[spec.pool],
        work=index.table(spec.work),
        overdue_by=math.inf if spec.overdue_by is None else spec.overdue_by,
        repeats=spec.repeats,
        duplicates=spec.duplicates,
    )
