"""Enterprise line (企业专线): firms call a line of their own, from which their calls may go on to the general one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sim.model import rules
from sim.model.compiling import rule
from sim.model.draws import purpose
from sim.model.index import Index, Table
from sim.model.policies import online
from sim.model.staffing import Family
from sim.scenario.demand_side import Category

FROM_FIRM = purpose("from a firm")


@dataclass(frozen=True)
class EnterpriseLine:
    """Who answers firms, and after how many hours a call goes on. ``talk`` −1: as on the general line."""

    family: Family
    talk: Table
    overflow_after: float


@dataclass(frozen=True)
class Firms:
    """The probability that a phone contact comes from a firm."""

    share: float


def plan(index: Index) -> EnterpriseLine | None:
    """From the scenario."""
    policy = index.policies.enterprise_line
    if policy is None:
        return None
    after = math.inf if policy.overflow_after is None else policy.overflow_after
    talk = index.table(policy.talk, online.phone_factor(index))
    return EnterpriseLine(index.families[policy.pool], talk, after)


def of_category(category: Category) -> Firms:
    """From the scenario."""
    return Firms(category.from_firms or 0.0)


@rule("boolean(float64[:], float64[:], int64[:], float64)")
def is_open(opens: Any, closes: Any, today: Any, t: Any) -> Any:
    """Whether somebody is on duty by the roster, whose hours are as ``rules.open_until`` has them."""
    i = rules.interval(opens, today, t)
    return i >= 0 and t < closes[i]


@rule("float64(float64[:], float64[:], int64[:], float64, float64)")
def goes_on(opens: Any, closes: Any, today: Any, t: Any, after: Any) -> Any:
    """When a call that waits since ``t``, when the line was open, goes on: so many hours later, or when it closes."""
    i, latest = rules.interval(opens, today, t), t + after
    while closes[i] < latest and i + 1 < opens.shape[0] and opens[i + 1] == closes[i]:
        i += 1
    return min(closes[i], latest)
