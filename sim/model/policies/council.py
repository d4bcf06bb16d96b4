"""Neighbourhood council (议事厅): a share of first reports is brought to a table of local officers before the call."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.model.compiling import rule
from sim.model.draws import purpose
from sim.model.facts import COUNCIL
from sim.model.index import Index, Table
from sim.model.rules import interval
from sim.model.staffing import Family
from sim.scenario.staff_side import TABLE

if TYPE_CHECKING:
    from sim.model.load import Sums

BROUGHT = purpose("brought to the council")
SETTLED = purpose("settled by the council")
TABLE_WORK = purpose("council work")


@dataclass(frozen=True)
class Council:
    """What happens at the tables, whose people and sessions are those of their pools."""

    family: Family
    settles: float
    work: Table
    hours: float  # of a session
    wait: float  # for a seat, hours


@dataclass(frozen=True)
class Brought:
    """The share of first reports of a category that are brought to a table."""

    share: float


def plan(index: Index) -> Council | None:
    """From the scenario."""
    policy = index.policies.council
    if policy is None:
        return None
    wait = math.inf if policy.wait is None else policy.wait
    return Council(index.families[TABLE], policy.settles, index.table(policy.work), policy.hours, wait)


def of_category(index: Index, name: str) -> Brought:
    """From the scenario."""
    policy = index.policies.council
    return Brought(0.0 if policy is None else policy.share.get(name, 0.0))


@rule("boolean(float64[:], float64[:], int64[:], float64, float64)")
def ends_in_session(opens: Any, closes: Any, today: Any, now: Any, work: Any) -> Any:
    """Whether work that begins now ends before the table is closed (see ``rules.interval``)."""
    i = interval(opens, today, now)
    return i >= 0 and now + work <= closes[i]


def load(council: Council, sums: Sums, brought: NDArray[np.float64]) -> None:
    """The matters that are brought to tables, so many a day from each district, as if all found a seat."""
    sums.add(COUNCIL, council.family, brought, council.work)
