"""Dispatch, and precise dispatch (精准派单): how often the desk finds the right unit, and what it spares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.model.compiling import rule
from sim.model.draws import errand_key, purpose
from sim.model.index import Index, Table
from sim.model.policies import online
from sim.model.staffing import Family
from sim.scenario.demand_side import Category

if TYPE_CHECKING:
    from sim.model.load import Sums

DESK_WORK = purpose("dispatch work")
ACCURACY = purpose("accuracy")
WRONG_UNIT = purpose("wrong unit")
DUPLICATE = purpose("duplicate")
DISTRICT_WORK = purpose("district desk work")
REVIEW_WORK = purpose("review work")
UPKEEP_WORK = purpose("duty list upkeep work")


@dataclass(frozen=True)
class DistrictDesk:
    """The desk of the district, which what goes to a street passes."""

    family: Family
    work: Table


@dataclass(frozen=True, eq=False)
class Upkeep:
    """The errand that brings the duty list of a desk up to date."""

    work: Table
    begins: NDArray[np.float64]  # when it is asked for
    keys: NDArray[np.uint64]  # [desk, time]


@dataclass(frozen=True, eq=False)
class DutyList:
    """The list of who is responsible for what (职责清单), which goes out of date at each turn of the month."""

    drift: float  # the share of what is right that is wrong a month later
    upkeep: Upkeep | None


@dataclass(frozen=True, eq=False)
class Dispatch:
    """The desk that finds the unit; a wrong one sends the request back after a review."""

    family: Family
    work: Table
    review: Table
    max_hops: int
    backstop: int  # unit family, −1: the right unit
    district_desk: DistrictDesk | None
    duplicates: float  # the probability that a report of a problem that is known is recognised
    duty_list: DutyList | None


@dataclass(frozen=True)
class Accuracy:
    """How often the desk finds the right unit: at first while its list is up to date, and after a wrong one."""

    level: float
    again: float
    at_least: float

    @property
    def at_first(self) -> float:
        """That of the first look, while the duty list is up to date."""
        return float(accuracy(self.level, 0.0, 0, 1.0, self.at_least))


def plan(index: Index) -> Dispatch | None:
    """From the scenario."""
    spec, precise = index.scenario.dispatch, index.policies.precise_dispatch
    if spec is None:
        return None
    desk = spec.district_desk
    if precise is not None and precise.direct_to_street:
        desk = None
    return Dispatch(
        family=index.families[spec.pool],
        work=index.table(spec.work, online.desk_factor(index)),
        review=index.table(spec.review),
        max_hops=spec.max_hops,
        backstop=-1 if spec.backstop is None else index.units.index(spec.backstop),
        district_desk=None if desk is None else DistrictDesk(index.families[desk.pool], index.table(desk.work)),
        duplicates=0.0 if precise is None else precise.duplicates,
        duty_list=_duty_list(index),
    )


def _duty_list(index: Index) -> DutyList | None:
    policy, dispatch = index.policies.precise_dispatch, index.scenario.dispatch
    if policy is None or policy.duty_list is None or dispatch is None:
        return None
    upkeep, months = policy.duty_list.upkeep, index.months
    if upkeep is None:
        return DutyList(policy.duty_list.drift, None)
    chosen = slice(upkeep.every - 1, None, upkeep.every)
    dates = [f"{date:%Y-%m-%d}" for date in months.dates[chosen]]
    desks = [pool.name for pool in index.staffing.pools if pool.family == dispatch.pool]
    keys = [[errand_key("duty list", desk, date) for date in dates] for desk in desks]
    kept = Upkeep(index.effort(upkeep.work), months.turns[chosen], np.array(keys, np.uint64))
    return DutyList(policy.duty_list.drift, kept)


def of_category(index: Index, name: str, category: Category) -> Accuracy:
    """From the scenario.

    A scalar is the level of all that name none themselves: the category's own accuracy wins over it, and
    ``by_category`` over that; what is below ``at_least``, also the assisted desk's, is raised. A second look is as good
    as the first unless the scenario says otherwise.
    """
    dispatch, precise = index.scenario.dispatch, index.policies.precise_dispatch
    if dispatch is None:
        return Accuracy(1.0, 1.0, 0.0)
    level, again, at_least = dispatch.accuracy, dispatch.redispatch_accuracy, online.at_least(index)
    if precise is not None:
        level = level if precise.accuracy is None else precise.accuracy
        again = again if precise.redispatch_accuracy is None else precise.redispatch_accuracy
        at_least = max(at_least, precise.at_least or 0.0)
    level = level if category.accuracy is None else category.accuracy
    if precise is not None:
        level = precise.by_category.get(name, level)
    return Accuracy(level, max(level, at_least) if again is None else again, at_least)


@rule("float64(float64, float64, int64, float64, float64)")
def accuracy(level: Any, drift: Any, months: Any, error_factor: Any, at_least: Any) -> Any:
    """How often the first look of the desk is right, in this precedence: the level of the category; the duty list,
    which nobody has kept for so many months; a factor on the error of what is left; at least so good.
    """
    right = level * (1.0 - drift) ** float(months) if months > 0 else level
    if error_factor != 1.0:
        right = 1.0 - (1.0 - right) * error_factor
    return min(max(right, at_least, 0.0), 1.0)


def mean_accuracy(dispatch: Dispatch, finds: Accuracy, turns: NDArray[np.float64], begin: float, until: float) -> float:
    """That of the first look over a time, in hours, in which the list is brought up to date without delay."""
    lists = dispatch.duty_list
    if lists is None:
        return finds.at_first
    kept = np.zeros(0) if lists.upkeep is None else lists.upkeep.begins
    edges = np.array([begin, *turns[(turns > begin) & (turns < until)], until])
    passed = np.searchsorted(turns, edges[:-1], "right")
    upkept = np.array([0, *np.searchsorted(turns, kept, "right")])[np.searchsorted(kept, edges[:-1], "right")]
    found = [accuracy(finds.level, lists.drift, int(m), 1.0, finds.at_least) for m in passed - upkept]
    return float(np.diff(edges) @ found / (until - begin))


def load(dispatch: Dispatch, sums: Sums, begin: float, until: float) -> None:
    """The upkeep of the desks' lists that is asked for in this time, in hours."""
    plan = None if dispatch.duty_list is None else dispatch.duty_list.upkeep
    if plan is not None:
        times = np.count_nonzero((begin <= plan.begins) & (plan.begins < until))
        streets = np.array([float(district.streets) for district in sums.city.districts])
        desks = {
            "city": np.full(len(streets), 1.0 / len(streets)),
            "district": np.ones(len(streets)),
            "street": streets,
        }
        sums.add_beside(dispatch.family, desks[dispatch.family.per] * 24.0 * times / (until - begin), plan.work)
