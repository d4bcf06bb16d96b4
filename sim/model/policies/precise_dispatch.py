"""Dispatch, and precise dispatch (精准派单): how often the desk finds the right unit, and what it spares."""

from __future__ import annotations

from dataclasses import dataclass

from sim.model.draws import purpose
from sim.model.index import Index, Table
from sim.model.policies import online
from sim.model.staffing import Family
from sim.scenario.demand_side import Category

DESK_WORK = purpose("dispatch work")
ACCURACY = purpose("accuracy")
WRONG_UNIT = purpose("wrong unit")
DUPLICATE = purpose("duplicate")
DISTRICT_WORK = purpose("district desk work")
REVIEW_WORK = purpose("review work")


@dataclass(frozen=True)
class DistrictDesk:
    """The desk of the district, which what goes to a street passes."""

    family: Family
    work: Table


@dataclass(frozen=True)
class Dispatch:
    """The desk that finds the unit; a wrong one sends the request back after a review."""

    family: Family
    work: Table
    review: Table
    max_hops: int
    backstop: int  # unit family, −1: the right unit
    district_desk: DistrictDesk | None
    duplicates: float  # the probability that a report of a problem that is known is recognised


@dataclass(frozen=True)
class Accuracy:
    """How often the desk finds the right unit, at first and after a wrong one."""

    at_first: float
    again: float


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
    )


def of_category(index: Index, name: str, category: Category) -> Accuracy:
    """From the scenario.

    A scalar is the level of all that name none themselves: the category's own accuracy wins over it, and
    ``by_category`` over that; what is below ``at_least``, also the assisted desk's, is raised. A second look is as good
    as the first unless the scenario says otherwise.
    """
    dispatch, precise = index.scenario.dispatch, index.policies.precise_dispatch
    if dispatch is None:
        return Accuracy(1.0, 1.0)
    level, again, at_least = dispatch.accuracy, dispatch.redispatch_accuracy, online.at_least(index)
    if precise is not None:
        level = level if precise.accuracy is None else precise.accuracy
        again = again if precise.redispatch_accuracy is None else precise.redispatch_accuracy
        at_least = max(at_least, precise.at_least or 0.0)
    level = level if category.accuracy is None else category.accuracy
    if precise is not None:
        level = precise.by_category.get(name, level)
    first = max(level, at_least)
    return Accuracy(first, first if again is None else again)
