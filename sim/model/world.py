"""A city as flat arrays, and the state of one replication: what the compiled engine reads and writes.

``World`` holds arrays only. The first group says what the city is like and never changes, the second what is going on:
requests in flight, problems, queues, the schedule, and the rows that are ready to leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model import layout
from sim.model.city import City
from sim.model.demand import Births
from sim.model.records import PROBLEM_FIELDS, REQUEST_FIELDS, VISIT_FIELDS
from sim.model.staffing import Family

PER = {"city": 0, "district": 1, "street": 2}

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]
Records = NDArray[np.void]


class World(NamedTuple):
    """The city, then its state. [d]: by district, [c]: by category, [k]: by urgency class, [f]: by unit family, [p]: by
    pool, [r]: by roster. Rows of different length lie one after the other; ``edges`` tell where each begins.
    """

    plan: Records  # one record
    tables: Floats
    categories: Records  # [c]
    districts: Records  # [d]
    channels: Records
    channel_share: Floats
    unit_families: Records  # [f]
    family_volume: Floats  # [d, f]
    urgency: Floats  # [c, k]
    right_unit: Floats  # [c, f]
    confused_with: Floats  # [c, f]
    limits: Floats  # [c, k, (contact, resolve), (hours, in working time?)]
    resolve: Floats  # [c], by round
    resolve_edges: Ints
    parts: Records  # [c]
    part_edges: Ints
    satisfied: Floats
    opens: Floats  # [r] open hours
    closes: Floats
    before: Floats
    hour_edges: Ints
    times: Floats  # [r] when headcounts change
    time_edges: Ints
    counts: Ints  # [p] headcounts at the times of its roster
    count_edges: Ints
    rostered: Ints  # [r] pools that share a roster
    rostered_edges: Ints
    helpers: Ints  # [p] who serves its queue
    helper_edges: Ints
    helped: Ints  # [p] whose queues it serves
    helped_edges: Ints
    head_start: Floats  # [p, k]
    # what is going on
    clock: Records  # one record
    pools: Records
    events: Records
    requests: Records
    visits: Records
    problems: Records
    birth_time: Floats
    birth_key: Keys
    birth_district: Ints
    birth_category: Ints
    request_keys: Keys  # rows that are ready to leave
    request_numbers: Ints
    request_rows: Floats
    visit_rows: Floats
    problem_keys: Keys
    problem_rows: Floats


def build_world(city: City, stream: int) -> World:
    """The world before anything has happened."""
    clock = np.zeros(1, layout.CLOCK)
    clock["stream"], clock["free_request"], clock["free_problem"] = stream, -1, -1
    empty = {
        "clock": clock,
        "pools": _pools(city),
        "events": np.zeros(0, layout.EVENT),
        "requests": np.zeros(0, layout.REQUEST),
        "visits": np.zeros(0, layout.VISIT),
        "problems": np.zeros(0, layout.PROBLEM),
        **dict(zip(_BIRTHS, (np.empty(0, t) for t in ("f8", "u8", "i8", "i8")), strict=True)),
    }
    return World(plan=_plan(city), **_matters(city), **_organisation(city), **empty, **_rows(0))


# --- room ------------------------------------------------------------------------------------------------------------

_BIRTHS = ("birth_time", "birth_key", "birth_district", "birth_category")


def with_births(world: World, births: Births) -> World:
    """The same with the next chunk of births."""
    world.clock[0]["born"], world.clock[0]["next_born"] = len(births.time), 0
    columns = (births.time, births.key, births.district, births.category)
    return world._replace(**dict(zip(_BIRTHS, columns, strict=True)))


def with_requests(world: World, slots: int) -> World:
    """The same with room for so many requests in flight."""
    requests = _longer(world.requests, slots)
    _free(world, requests["next"], len(world.requests), "free_request")
    return world._replace(requests=requests, visits=_longer(world.visits, 2 * slots))


def with_problems(world: World, slots: int) -> World:
    """The same with room for so many problems."""
    problems = _longer(world.problems, slots)
    _free(world, problems["first"], len(world.problems), "free_problem")
    return world._replace(problems=problems)


def with_events(world: World, slots: int) -> World:
    """The same with room for so many events."""
    return world._replace(events=_longer(world.events, slots))


def with_rows(world: World, rows: int) -> World:
    """The same with room for so many rows on their way out; those that are there must have left."""
    return world._replace(**_rows(rows))


def _longer(old: Records, length: int) -> Records:
    new = np.zeros(length, old.dtype)
    new[: len(old)] = old
    return new


def _free(world: World, link: NDArray[np.int32], used: int, head: str) -> None:
    """New slots go to the list of free ones."""
    link[used:] = np.append(np.arange(used + 1, len(link)), world.clock[0][head])
    world.clock[0][head] = used


def _rows(rows: int) -> dict[str, Any]:
    return {
        "request_keys": np.empty((rows, 3), np.uint64),
        "request_numbers": np.empty(rows, np.int64),
        "request_rows": np.empty((rows, len(REQUEST_FIELDS))),
        "visit_rows": np.empty((4 * rows, len(VISIT_FIELDS))),
        "problem_keys": np.empty((rows, 2), np.uint64),
        "problem_rows": np.empty((rows, len(PROBLEM_FIELDS))),
    }


# --- the city --------------------------------------------------------------------------------------------------------


def _place(family: Family | None) -> tuple[int, int]:
    return (-1, 0) if family is None else (family.first, PER[family.per])


def _ragged(rows: Sequence[Sequence[Any]], kind: Any) -> tuple[NDArray[Any], Ints]:
    """Rows of different length one after the other, and where each begins."""
    edges = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    return np.array([value for row in rows for value in row], kind), edges


def _matrix(rows: Sequence[Sequence[float]], width: int) -> Floats:
    return np.array([list(row) for row in rows], float).reshape(len(rows), width)


def _matters(city: City) -> dict[str, Any]:
    """Districts, channels and categories."""
    classes, families = len(city.scenario.classes), len(city.unit_families)
    categories = np.zeros(len(city.categories), layout.CATEGORY)
    for c, plan in enumerate(city.categories):
        categories[c]["is_confused"] = plan.confused_with is not None
        for name in set(layout.CATEGORY.names or ()) - {"is_confused"}:
            categories[c][name] = getattr(plan, name)
    channels = np.zeros(len(city.channels), layout.CHANNEL)
    for n, line in enumerate(city.channels):
        place, redial = _place(line.family), line.redial
        times = (line.talk, line.patience, redial.after, redial.at_most)
        channels[n] = (redial.probability, *place, *times, line.family is not None)
    parts = [[(p.probability, *_place(p.family), p.work, p.lead) for p in plan.parts] for plan in city.categories]
    limits = [list(zip(plan.contact_limit, plan.resolve_limit, strict=True)) for plan in city.categories]
    resolve, resolve_edges = _ragged([plan.resolve for plan in city.categories], float)
    part_records, part_edges = _ragged(parts, layout.PART)
    nobody = np.zeros(families)
    confused = [nobody if plan.confused_with is None else plan.confused_with for plan in city.categories]
    places = list(zip(city.reporting, city.first_street, city.streets, strict=True))
    return {
        "tables": city.tables,
        "categories": categories,
        "districts": np.array(places, layout.DISTRICT),
        "channels": channels,
        "channel_share": city.channel_share,
        "unit_families": np.array([_place(f) for f in city.unit_families], layout.FAMILY),
        "family_volume": _matrix(city.family_volume, families),
        "urgency": _matrix([plan.urgency for plan in city.categories], classes),
        "right_unit": _matrix([plan.right_unit for plan in city.categories], families),
        "confused_with": _matrix(confused, families),
        "limits": np.array(limits, float).reshape(len(limits), classes, 2, 2),
        "resolve": resolve,
        "resolve_edges": resolve_edges,
        "parts": part_records,
        "part_edges": part_edges,
        "satisfied": np.zeros(6) if city.callback is None else city.callback.satisfied,
    }


def _organisation(city: City) -> dict[str, Any]:
    """Rosters and pools."""
    pools, rosters = range(len(city.pools)), city.rosters
    helped = [[p, *plan.helps] for p, plan in enumerate(city.pools)]
    ragged = {
        "time": ("times", [roster.times for roster in rosters], float),
        "count": ("counts", [plan.headcounts for plan in city.pools], np.int64),
        "rostered": (
            "rostered",
            [[p for p in pools if city.pools[p].roster == r] for r in range(len(rosters))],
            np.int64,
        ),
        "helper": ("helpers", [[p, *(q for q in pools if q != p and p in helped[q])] for p in pools], np.int64),
        "helped": ("helped", helped, np.int64),
    }
    arrays: dict[str, Any] = {}
    for name, (values, rows, kind) in ragged.items():
        arrays[values], arrays[f"{name}_edges"] = _ragged(rows, kind)  # type: ignore[arg-type]
    for i, name in enumerate(("opens", "closes", "before")):
        arrays[name], arrays["hour_edges"] = _ragged([roster.hours[i] for roster in rosters], float)  # type: ignore[misc]
    classes = len(city.scenario.classes)
    return arrays | {"head_start": _matrix([plan.head_start for plan in city.pools], classes)}


def _pools(city: City) -> Records:
    pools = np.zeros(len(city.pools), layout.POOL)
    for p, plan in enumerate(city.pools):
        pauses = city.rosters[plan.roster].pauses
        pools[p] = (0, 0, -1, plan.roster, plan.discipline, pauses, plan.level == "street")
    return pools


def _plan(city: City) -> Records:
    plan = np.zeros(1, layout.PLAN)
    values: dict[str, Any] = {
        "contact_work": city.contact_work,
        "coordination": city.coordination,
        "parking_time": city.parking_time,
        "limits_from_arrival": city.limits_from_arrival,
        "limit_roster": city.limit_roster,
    }
    if (d := city.dispatch) is not None:
        values["dispatch"], values["desk"] = True, d.district_desk is not None
        values["dispatch_first"], values["dispatch_per"] = _place(d.family)
        values["desk_first"], values["desk_per"] = _place(d.district_desk)
        values |= {"dispatch_work": d.work, "review": d.review, "max_hops": d.max_hops, "backstop": d.backstop}
        values |= {"desk_work": d.district_work, "duplicates": d.duplicates}
    if (e := city.extension) is not None:
        values |= {"extension": True, "ask_before": e.ask_before}
        values |= {"extension_probability": e.probability, "extension_length": e.length}
    if (c := city.callback) is not None:
        values["callback"], values["call_work"] = True, c.work
        values["callback_first"], values["callback_per"] = _place(c.family)
        values["contacted_if_false"], values["contacted_if_true"] = c.contacted
        values["resolved_if_false"], values["resolved_if_true"] = c.resolved
        same = "after_due coverage reach retries retry_after ring reopen_to_dispatch reopen_at_most reopen_probability"
        values |= {name: getattr(c, name) for name in f"{same} call_again call_again_after score_last".split()}
    for name, value in values.items():
        plan[0][name] = value
    return plan
