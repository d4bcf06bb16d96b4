"""A city as flat arrays, and the state of one replication: what the compiled engine reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.model import facts
from sim.model.city import City
from sim.model.compiled.machine import layout
from sim.model.compiled.machine.codes import CALL
from sim.model.compiled.machine.schedule import AHEAD, ROW
from sim.model.compiled.machine.tasks import EACH
from sim.model.demand import Births
from sim.model.draws import Tables, quantile
from sim.model.facts import IN_INTAKE
from sim.model.staffing import Family

PER = {"city": 0, "district": 1, "street": 2}

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]


class World:
    """The arrays of ``layout``, and the record that tells compiled code where they are.

    ``record`` has one element of ``layout.WORLD``; ``arrays`` keeps alive what it points to.
    """

    def __init__(self, city: City, stream: int) -> None:
        """Before anything has happened; without room for anything."""
        self.record = np.zeros(1, layout.WORLD)
        self.arrays: dict[str, NDArray[Any]] = {}
        for name, value in _policies(city).items():
            self[name] = value
        self["stream"] = stream
        self["free_request"] = self["free_problem"] = -1
        self["fetched_first"] = self["fetched_second"] = -1
        self["free_later"] = -1
        self["end"], self["per_hour"] = city.end, _spans_per_hour(city)
        self["near"], self["classes"] = -1, len(city.scenario.classes)
        lines = np.zeros(2 * len(city.pools) * self["classes"], layout.LINE_OF_CLASS)
        lines["first"] = lines["last"] = -1
        names = ("heap", "later", "requests", "visits", "problems")
        empty = {name: np.zeros(0, layout.ARRAYS[name][0]) for name in names}
        spans = np.full(int(city.end * _spans_per_hour(city)) + 2 + 2 * AHEAD, -1, np.int32)
        steps = np.zeros(len(city.rosters), np.int64)
        self.put(
            **_matters(city),
            **_organisation(city),
            pools=_pools(city),
            row=np.zeros(ROW, layout.EVENT),
            spans=spans,
            steps=steps,
            lines=lines,
        )
        self.put(blank=_blank(), **empty, **_rows(0))

    def __getitem__(self, name: str) -> int:
        return int(self.record[name][0])

    def __setitem__(self, name: str, value: float) -> None:
        self.record[name][0] = value

    def put(self, **arrays: NDArray[Any]) -> None:
        """New arrays in the place of old ones."""
        for name, array in arrays.items():
            kind, dimensions = layout.ARRAYS[name]
            array = np.ascontiguousarray(array, kind)
            assert array.ndim == dimensions, name
            number = list(layout.ARRAYS).index(name)
            self.arrays[name] = array
            self.record["address"][0, number], self.record["length"][0, number] = array.ctypes.data, len(array)
            self.record["width"][0, number] = array.shape[-1]

    # --- room ----------------------------------------------------------------------------------------------------

    def bear(self, births: Births) -> None:
        """The next chunk of births."""
        self["born"], self["next_born"] = len(births.time), 0
        self.put(birth_time=births.time, birth_key=births.key, birth_report=births.report)
        self.put(birth_district=births.district, birth_category=births.category)

    def make_room(self, name: str, slots: int) -> None:
        """Room for so many events, requests in flight, or problems; what is never used of it costs nothing."""
        old = self.arrays[name]
        new = _lines(slots, old.dtype)
        new[: len(old)] = old
        self.put(**{name: new})
        if name == "requests":
            self.make_room("visits", EACH * slots)
        elif name == "later":
            self.make_room("heap", slots + 8)
        elif name == "heap":
            new["time"][len(old) : 8] = np.inf  # behind the last event, of which there is none yet

    def make_room_for_rows(self, rows: int) -> None:
        """Room for the rows of so many contacts; those that have not left yet stay."""
        new = _rows(rows)
        for name, room in new.items():
            out = self[f"{name.split('_')[0]}s_out"]
            room[:out] = self.arrays[name][:out]
        self.put(**new)


def _lines(slots: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Empty records, beginning with a cache line."""
    memory = np.zeros(slots * dtype.itemsize + layout.LINE, np.uint8)
    skipped = -memory.ctypes.data % layout.LINE
    return memory[skipped : skipped + slots * dtype.itemsize].view(dtype)


#: Events that a span of time holds, about; and events that a contact or a birth brings.
EVENTS_A_SPAN, EVENTS_A_BIRTH = 8, 4


def _spans_per_hour(city: City) -> float:
    """How many spans the schedule cuts an hour into: a power of two, so that all instants fall where they belong."""
    events = EVENTS_A_BIRTH * float(city.births.sum())
    return float(2.0 ** np.clip(np.round(np.log2(max(events, 1e-9) / EVENTS_A_SPAN)), -8, 14))


def _rows(rows: int) -> dict[str, Any]:
    return {
        "request_rows": np.empty(rows, facts.REQUEST_ROW),
        "visit_rows": np.empty(4 * rows, facts.VISIT_ROW),
        "problem_rows": np.empty(rows, facts.PROBLEM_ROW),
    }


# --- the city --------------------------------------------------------------------------------------------------------


def _place(family: Family | None) -> tuple[int, int]:
    return (-1, 0) if family is None else (family.first, PER[family.per])


def _ragged(rows: Sequence[Any], kind: Any) -> tuple[NDArray[Any], Ints]:
    """Rows of different length one after the other, and where each begins."""
    edges = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    return np.concatenate([np.empty(0, kind), *(np.asarray(row, kind) for row in rows)]), edges


def _matrix(rows: Sequence[Any], width: int) -> Floats:
    return np.array([list(row) for row in rows], float).reshape(len(rows), width)


def _constants(tables: Tables) -> Floats:
    """The duration that a table always gives, which need not be drawn; NaN where it varies."""
    both_tails = tables.reshape(len(tables) // 2, 2 * tables.shape[1])
    constant = both_tails.min(axis=1, initial=np.inf) == both_tails.max(axis=1, initial=-np.inf)
    values = [quantile(tables, shape, 0.5) if constant[shape] else np.nan for shape in range(len(constant))]
    return np.array(values, float)


def _only(weights: Floats) -> int:
    """The one that has weight, −1 where there are several: it need not be drawn."""
    return int(weights.argmax()) if np.count_nonzero(weights) == 1 else -1


def _matters(city: City) -> dict[str, Any]:
    """Districts, channels and categories."""
    classes, families = len(city.scenario.classes), len(city.unit_families)
    categories = np.zeros(len(city.categories), layout.CATEGORY)
    for c, plan in enumerate(city.categories):
        derived = {
            "is_confused": plan.confused_with is not None,
            "only_family": _only(plan.right_unit),
            "only_urgency": _only(plan.urgency),
        }
        for name in layout.CATEGORY.names or ():
            categories[c][name] = derived[name] if name in derived else getattr(plan, name)
    channels = np.zeros(len(city.channels), layout.CHANNEL)
    for n, line in enumerate(city.channels):
        place, redial = _place(line.family), line.redial
        times = (line.talk, line.patience, redial.after, redial.at_most)
        channels[n] = (redial.probability, *place, *times, line.family is not None)
    parts = [[(p.probability, *_place(p.family), p.work, p.lead) for p in plan.parts] for plan in city.categories]
    limits = [
        [(contact.amount, resolve.amount, contact.kind, resolve.kind) for contact, resolve in zip(*both, strict=True)]
        for both in ((plan.contact_limit, plan.resolve_limit) for plan in city.categories)
    ]
    resolve, resolve_edges = _ragged([plan.resolve for plan in city.categories], float)
    part_records, part_edges = _ragged(parts, layout.PART)
    nobody = np.zeros(families)
    confused = [nobody if plan.confused_with is None else plan.confused_with for plan in city.categories]
    coefficients = None if city.callback is None else city.callback.satisfied
    places = list(zip(city.reporting, city.first_street, city.streets, strict=True))
    return {
        "tables": city.tables,
        "constants": _constants(city.tables),
        "categories": categories,
        "districts": np.array(places, layout.DISTRICT),
        "channels": channels,
        "channel_names": city.channel_names,
        "channel_share": city.channel_share,
        "class_names": city.class_names,
        "unit_names": city.unit_names,
        "unit_families": np.array([_place(f) for f in city.unit_families], layout.FAMILY),
        "family_volume": _matrix(city.family_volume, families),
        "urgency": _matrix([plan.urgency for plan in city.categories], classes),
        "right_unit": _matrix([plan.right_unit for plan in city.categories], families),
        "confused_with": _matrix(confused, families),
        "limits": np.array(limits, layout.LIMIT).reshape(len(limits), classes),
        "resolve": resolve,
        "resolve_edges": resolve_edges,
        "joint_parts": part_records,
        "joint_part_edges": part_edges,
        "satisfied": np.zeros(6) if coefficients is None else coefficients,
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
        arrays[name], arrays["hour_edges"] = _ragged([roster.hours[i] for roster in rosters], float)
    arrays["today"] = np.stack([roster.hours[3] for roster in rosters]) if rosters else np.zeros((0, 0))
    arrays["workdays"] = city.workdays
    arrays["on_duty"] = np.array([there for roster in rosters for there in roster.on_duty], np.int8)
    classes = len(city.scenario.classes)
    return arrays | {"head_start": _matrix([plan.head_start for plan in city.pools], classes)}


def _pools(city: City) -> Records:
    pools = np.zeros(len(city.pools), layout.POOL)
    for p, plan in enumerate(city.pools):
        pauses = city.rosters[plan.roster].pauses
        pools[p]["queue"], pools[p]["roster"], pools[p]["discipline"] = -1, plan.roster, plan.discipline
        pools[p]["pauses"], pools[p]["is_street"] = pauses, plan.level == "street"
    return pools


def _blank() -> Records:
    """A request before anything has happened to it."""
    blank = np.zeros(1, layout.REQUEST)
    for field in facts.REQUEST:
        if field.name in (layout.REQUEST.names or ()):
            blank[field.name] = field.initial
    blank["until"], blank["due_now"] = np.nan, np.inf
    for name in ["right", "right_family", "unit", "next", "previous", "last_answer", "cover"]:
        blank[name] = -1
    blank["stage"], blank["timer_cause"] = CALL, IN_INTAKE
    return blank


def _policies(city: City) -> dict[str, Any]:
    """The parameters of the policies."""
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
        values |= {"extension": True, "ask_before": e.ask_before.amount, "ask_before_kind": e.ask_before.kind}
        values |= {"extension_length": e.length.amount, "extension_length_kind": e.length.kind}
        values["extension_probability"] = e.probability
    if city.parking is not None:
        values |= {"parking": city.parking.amount, "parking_kind": city.parking.kind}
    if (c := city.callback) is not None:
        values["callback"], values["call_work"] = True, c.work
        values["asks_satisfaction"] = c.satisfied is not None
        values["callback_first"], values["callback_per"] = _place(c.family)
        values["contacted_if_false"], values["contacted_if_true"] = c.contacted
        values["resolved_if_false"], values["resolved_if_true"] = c.resolved
        same = "after_due coverage reach retries retry_after ring reopen_to_dispatch reopen_at_most reopen_probability"
        values |= {name: getattr(c, name) for name in f"{same} call_again call_again_after score_last".split()}
    return values
