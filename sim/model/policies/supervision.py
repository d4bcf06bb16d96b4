"""Supervision (督办): requests that are late, come back or are reported by several are escalated."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.model.draws import purpose
from sim.model.index import Index, Table
from sim.model.staffing import Family

ESCALATED = purpose("escalated")  # keys of errands
SUPERVISION_WORK = purpose("supervision work")
SENT_UP = purpose("sent up")


@dataclass(frozen=True, eq=False)
class SentUp:
    """How often what is left of the handling of an escalated request goes up, and to whom."""

    share: float
    family: Family
    goes_from: NDArray[np.int8]  # whether what is this unit's goes up, by pool


@dataclass(frozen=True, eq=False)
class Supervision:
    """What escalates a request, and what work supervisors have with it."""

    family: Family
    work: Table
    overdue_by: float  # hours, infinity: being late does not
    repeats: bool
    duplicates: bool
    sent_up: SentUp | None


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
        sent_up=_sent_up(index),
    )


def _sent_up(index: Index) -> SentUp | None:
    spec = None if index.policies.supervision is None else index.policies.supervision.sent_up
    if spec is None:
        return None
    families = {*(spec.from_ or index.units)} - {spec.to}
    goes_from = [pool.family in families for pool in index.staffing.pools]
    return SentUp(spec.share, index.families[spec.to], np.array(goes_from, np.int8))
