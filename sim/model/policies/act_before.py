"""Act before the complaint (主动治理、未诉先办): inspectors find problems that nobody has reported yet.

Their hours are errands, asked for hour by hour while their pool is on duty. A problem has an exponential mark: it is
found at the moment when the hours worked in its district since it was there exceed mark ÷ rate. Only hours worked find.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.model import rules
from sim.model.compiling import rule
from sim.model.draws import name_key, on_grid, purpose
from sim.model.index import Index
from sim.model.staffing import Family, Roster

if TYPE_CHECKING:
    from sim.model.load import Sums

MARK = purpose("patrol mark")
# keys of what comes of something else
FOUND = purpose("found by patrol")
PATROLS_OF_DAY, PATROL = purpose("patrols of a day"), purpose("patrol")

#: By what hours are spread over the districts, as compiled code knows it.
EVEN, PROBLEMS, COMPLAINTS = range(3)
#: A patrol lasts an hour at the most: then its officer is asked for anew.
ROUND = 1.0


@dataclass(frozen=True)
class Sight:
    """How soon the problems of a category are found: findings per hour worked in the district, 0: never."""

    rate: float


@dataclass(frozen=True, eq=False)
class ActBefore:
    """Patrols. ``hours``: a day, in the whole city. ``most``: people sent out at one time, at most.

    At ``times`` people are sent out for ``spans`` hours, on the day ``dates`` (of the Common Era) for the ``steps``-th
    time; by then ``shares`` of the day's hours fall due. They go to places: a district, and the pool that serves it.
    """

    family: Family
    by: Literal["even", "problems", "complaints"]
    hours: float
    work_factor: float
    most: int
    key: NDArray[np.uint64]
    times: NDArray[np.float64]
    spans: NDArray[np.float64]
    shares: NDArray[np.float64]
    dates: NDArray[np.uint64]
    steps: NDArray[np.uint64]
    place_pool: NDArray[np.int64]
    place_district: NDArray[np.int64]
    place_key: NDArray[np.uint64]
    place_share: NDArray[np.float64]  # of the district's hours
    short: NDArray[np.float64]  # while fewer than so many others wait at its pool, somebody goes


def plan(index: Index) -> ActBefore | None:
    """From the scenario; None without hours. At a scale 1:N their number is divided by N, and each counts N times."""
    spec, staffing = index.policies.act_before, index.staffing
    if spec is None or spec.hours == 0.0:
        return None
    scenario, family = index.scenario, index.families[spec.pool]
    streets = staffing.streets if family.per == "street" else [1] * len(staffing.streets)
    places = [(d, s) for d, n in enumerate(streets) for s in range(n)]
    pools = [family.at(d, s, staffing.first_street) for d, s in places]
    names = list(scenario.districts)
    hours = spec.hours / scenario.scale
    end = scenario.hours_of(scenario.time.end)
    times, spans, shares, dates, steps = _rounds(
        staffing.rosters[staffing.pools[family.first].roster], end, scenario.time.start.toordinal()
    )
    short = np.full(len(places), math.inf)
    if spec.while_ is not None:
        each = staffing.split(spec.pool, int(spec.while_.amount))
        short = np.array([each[pool - family.first] for pool in pools], float)
    at_once = float((hours * shares / spans).max(initial=0.0))
    return ActBefore(
        family=family,
        by=spec.by,
        hours=hours,
        work_factor=spec.work_factor,
        most=math.ceil(at_once) + len(places),
        key=np.array([name_key("errand", "patrol", spec.pool)], np.uint64),
        times=times,
        spans=spans,
        shares=shares,
        dates=dates,
        steps=steps,
        place_pool=np.array(pools, np.int64),
        place_district=np.array([d for d, _ in places], np.int64),
        place_key=np.array(
            [
                name_key("errand", "patrol", staffing.pools[pool].name, names[d])
                for pool, (d, _) in zip(pools, places, strict=True)
            ],
            np.uint64,
        ),
        place_share=np.array([1.0 / streets[d] for d, _ in places]),
        short=short,
    )


def _rounds(roster: Roster, end: float, first: int) -> tuple[NDArray[Any], ...]:
    """When people are sent out: at the beginning of each hour of duty of each day; until when, in hours of duty; which
    share of the day's hours that is; the date, and the how-many-th time of that day it is.
    """
    opens, closes, *_ = roster.hours
    found: list[tuple[float, float, float, int, int]] = []
    for day in range(math.ceil(end / 24.0)):
        a = int(np.searchsorted(closes, 24.0 * day, side="right"))
        b = int(np.searchsorted(opens, 24.0 * (day + 1), side="left"))
        begins, ends = np.maximum(opens[a:b], 24.0 * day), np.minimum(closes[a:b], 24.0 * (day + 1))
        before = np.concatenate([[0.0], np.cumsum(ends - begins)])
        on_duty = float(before[-1])
        for step in range(math.ceil(on_duty / ROUND)):
            since = step * ROUND
            interval = int(np.searchsorted(before, since, side="right")) - 1
            time, span = float(begins[interval] + (since - before[interval])), min(ROUND, on_duty - since)
            if time < end:
                found.append((time, span, span / on_duty, first + day, step))
    columns = [np.array([row[i] for row in found]) for i in range(5)]
    return (*(column.astype(float) for column in columns[:3]), *(column.astype(np.uint64) for column in columns[3:]))


def of_category(index: Index, name: str) -> Sight:
    """From the scenario."""
    spec = index.policies.act_before
    if spec is None or spec.hours == 0.0:
        return Sight(0.0)
    return Sight(spec.rate * spec.visible.get(name, 0.0) * index.scenario.scale)


@rule("float64(float64, float64)")
def hours_until_found(u: Any, rate: Any) -> Any:
    """The hours of patrol after which a problem is found, from a mark −ln u; a rate of 0 gives infinity."""
    return rules.exponential(u, 1.0 / rate) if rate > 0.0 else math.inf


@rule("float64(float64, int64)")
def time_until_found(hours: Any, people: Any) -> Any:
    """When so many hours of patrol have been worked by people who are out together: the first instant at which they
    are, from now on.
    """
    return np.ceil(max(hours, 0.0) / people * 1073741824.0) / 1073741824.0


@rule("float64(float64, float64, float64, int64, int64, int64)")
def hours_wanted(hours: Any, share: Any, of_district: Any, weight: Any, all_weights: Any, districts: Any) -> Any:
    """The hours of patrol that fall due at a place: a share of the day's ``hours``, of these what the district has by
    its weight (all alike where nobody has any), and of these a share.
    """
    part = weight / all_weights if all_weights > 0 else 1.0 / districts
    return hours * share * part * of_district


@rule("int64(float64, float64)")
def people_wanted(hours: Any, span: Any) -> Any:
    """How many people work so many hours within a time; what is more than whole people by less than rounding is not."""
    return math.ceil(hours / span - 1e-9)


@rule("float64(float64, int64)")
def work_of_each(hours: Any, people: Any) -> Any:
    """Hours that several people work together, each as many."""
    return on_grid(hours / people) if people > 0 else 0.0


@rule("float64(float64, float64)")
def handling_work(hours: Any, factor: Any) -> Any:
    """The work of handling what was found."""
    return on_grid(hours * factor)


def load(plan: ActBefore, sums: Sums, begin: float, until: float, duty: NDArray[np.float64]) -> None:
    """The patrols that are asked for in this time, in hours, as if they were spread evenly, within what the other work
    of each pool leaves of its ``duty`` a day.
    """
    districts, streets = len(sums.city.districts), np.array([float(d.streets) for d in sums.city.districts])
    places = streets if plan.family.per == "street" else np.ones(districts)
    days = (until - begin) / 24.0
    hours = visits = np.zeros(districts)
    for k in np.flatnonzero((begin <= plan.times) & (plan.times < until)):
        due = np.array([hours_wanted(plan.hours, plan.shares[k], 1.0 / n, 1, districts, districts) for n in places])
        hours = hours + due * places / days
        visits = visits + np.array([people_wanted(x, plan.spans[k]) for x in due]) * places / days
    sums.add_patrols(plan.family, visits, hours, duty)
