"""A city as flat arrays, and the state of one replication: what the compiled engine reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.model import facts
from sim.model.city import City
from sim.model.compiled.machine import layout
from sim.model.compiled.machine.packing import optional_values, values_of
from sim.model.compiled.machine.schedule import AHEAD, ROW
from sim.model.compiled.machine.tasks import TASKS_PER_REQUEST
from sim.model.demand import Births
from sim.model.draws import Tables, quantile
from sim.model.index import NO_WORKING_TIME
from sim.model.policies import sheet
from sim.model.policies.monthly_theme import COUNTED, TURNED

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
        for name, record in layout.PLANS.items():
            self.record[name] = optional_values(getattr(city, name), record)
        self["stream"] = stream
        self["free_request"] = self["free_problem"] = -1
        self["prefetched_first"] = self["prefetched_second"] = -1
        self["free_later"] = self["free_part"] = -1
        buckets_per_hour = _buckets_per_hour(city)
        self["end"], self["buckets_per_hour"] = city.end, buckets_per_hour
        self.most_patrols = 0 if city.act_before is None else city.act_before.most
        self["bucket"], self["classes"] = -1, len(city.scenario.classes)
        self["ordinary"] = 1 + (city.whistle is not None) + (city.supervision is not None)
        self["levels"] = self["ordinary"] + 1 + city.has_errands
        lines = np.zeros(self["levels"] * len(city.pools) * self["classes"], layout.QUEUE_LIST)
        lines["first"] = lines["last"] = -1
        names = ("heap", "later", "requests", "parts", "problems")
        empty = {name: np.zeros(0, layout.ARRAYS[name][0]) for name in names}
        buckets = np.full(int(city.end * buckets_per_hour) + 2 + 2 * AHEAD, -1, np.int32)
        self.put(
            **_matters(city),
            **_organisation(city),
            pools=_pools(city),
            row=np.zeros(ROW, layout.EVENT),
            buckets=buckets,
            roster_step=np.zeros(len(city.rosters), np.int64),
            lines=lines,
            trust=np.ones(len(city.districts)),
            trust_turns=np.zeros(0) if city.trust is None else city.trust.turns,
            answered=np.zeros((len(city.districts), 2)),
            **_themes(city),
            pressures=np.zeros(len(city.pools)),
            efforts=np.ones(len(city.pools)),
            published=np.zeros(0) if city.sheet is None else city.sheet.published,
            counts_of=_counts(city),
        )
        self.put(blank=_blank(), **empty, **_rows(0))
        self._tasks = _lines(1, layout.TASK)  # one that nobody has, those of parts, those of requests
        self.put(tasks=self._tasks[1:])

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

    def add_births(self, births: Births) -> None:
        """The next chunk of births."""
        self["born"], self["next_born"] = len(births.time), 0
        self.put(birth_time=births.time, birth_key=births.key, birth_report=births.report)
        self.put(birth_district=births.district, birth_category=births.category)

    def add_standing(self, standing: Records) -> None:
        """What is open at the start (see ``initial``), as births of before it."""
        self["born"], self["next_born"] = len(standing), 0
        self.put(standing=standing, birth_time=standing["arrived"])

    def make_room(self, name: str, slots: int) -> None:
        """Room for so many events, requests in flight, or problems; what is never used of it costs nothing."""
        old = self.arrays[name]
        new = _lines(slots, old.dtype)
        new[: len(old)] = old
        self.put(**{name: new})
        if name in ("requests", "parts"):
            self._make_room_for_tasks(len(old) if name == "parts" else len(self.arrays["parts"]))
        elif name == "later":
            self.make_room("heap", slots + 8)
        elif name == "heap":
            new["time"][len(old) : 8] = np.inf  # behind the last event, of which there is none yet

    def _make_room_for_tasks(self, parts: int) -> None:
        """Room for the tasks of all requests and parts there is room for; until now there was for so many parts."""
        before, tasks = len(self.arrays["parts"]) + 1, TASKS_PER_REQUEST * len(self.arrays["requests"])
        new = _lines(before + tasks, layout.TASK)
        first = before - (parts + 1)
        new[first : first + len(self._tasks)] = self._tasks
        self._tasks = new
        self.put(tasks=new[before:])

    def make_room_for_rows(self, rows: int) -> None:
        """Room for the rows of so many contacts; those that have not left yet stay."""
        new = _rows(rows)
        for name, room in new.items():
            out = self[f"{name.split('_')[0]}s_out"]
            room[:out] = self.arrays[name][:out]
        self.put(**new)


def _lines(slots: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Empty records, beginning with a cache line."""
    memory = np.zeros(slots * dtype.itemsize + layout.CACHE_LINE, np.uint8)
    skipped = -memory.ctypes.data % layout.CACHE_LINE
    return memory[skipped : skipped + slots * dtype.itemsize].view(dtype)


#: Events that a bucket of the schedule holds, about; and events that a contact or a birth brings.
EVENTS_PER_BUCKET, EVENTS_PER_BIRTH = 8, 4


def _buckets_per_hour(city: City) -> float:
    """How many buckets the schedule cuts an hour into: a power of two, so that all instants fall where they belong."""
    events = EVENTS_PER_BIRTH * float(city.births.sum())
    return float(2.0 ** np.clip(np.round(np.log2(max(events, 1e-9) / EVENTS_PER_BUCKET)), -8, 14))


def _rows(rows: int) -> dict[str, Any]:
    return {
        "request_rows": np.empty(rows, facts.REQUEST_ROW),
        "visit_rows": np.empty(4 * rows, facts.VISIT_ROW),
        "problem_rows": np.empty(rows, facts.PROBLEM_ROW),
    }


# --- the city --------------------------------------------------------------------------------------------------------


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


def _records(plans: Sequence[Any], kind: np.dtype[Any]) -> Records:
    """A record for each plan."""
    return np.array([values_of(plan) for plan in plans], kind)


def _matters(city: City) -> dict[str, Any]:
    """Districts, channels and categories."""
    classes, families, plans = len(city.scenario.classes), len(city.unit_families), city.categories
    limits = [_records(plan.limits, layout.LIMITS) for plan in plans]
    resolve, resolve_edges = _ragged([plan.resolve for plan in plans], float)
    parts, part_edges = _ragged([_records(plan.parts, layout.PART) for plan in plans], layout.PART)
    return {
        "tables": city.tables,
        "constants": _constants(city.tables),
        "categories": _records(plans, layout.CATEGORY),
        "districts": _records(city.districts, layout.DISTRICT),
        "channels": _records(city.channels, layout.CHANNEL),
        "channel_names": city.channel_names,
        "channel_share": city.channel_share,
        "phone_lines": _records(city.lines.plans, layout.PHONE_LINE),
        "line_of": city.lines.of,
        "answered_by": city.lines.answered_by,
        "number_weights": city.lines.weights,
        "number_names": city.lines.names,
        "class_names": city.class_names,
        "unit_names": city.unit_names,
        "unit_families": _records(city.unit_families, layout.FAMILY),
        "family_volume": city.family_volume,
        "urgency": _matrix([plan.urgency for plan in plans], classes),
        "right_unit": _matrix([plan.right_unit for plan in plans], families),
        "confused_with": _matrix([plan.confused_with for plan in plans], families),
        "limits": np.array(limits).reshape(len(limits), classes),
        "resolve": resolve,
        "resolve_edges": resolve_edges,
        "joint_parts": parts,
        "joint_part_edges": part_edges,
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
    limits = city.time_limits
    arrays["workdays"] = (NO_WORKING_TIME if limits is None else limits.working_time).workdays
    arrays |= _whistles(city) | _upkeep(city) | _watches(city) | _patrols(city)
    arrays["month_turns"] = city.turns
    sent_up = None if city.supervision is None else city.supervision.sent_up
    arrays["goes_from"] = np.zeros(0, np.int8) if sent_up is None else sent_up.goes_from
    arrays["on_duty"] = np.array([there for roster in rosters for there in roster.on_duty], np.int8)
    classes = len(city.scenario.classes)
    return arrays | {"head_start": _matrix([plan.head_start for plan in city.pools], classes)}


def _whistles(city: City) -> dict[str, Any]:
    """Who may blow the whistle, and how often each has blown."""
    plan = city.whistle
    if plan is None:
        nothing = np.zeros((0, 0))
        return {
            "whistle_of_class": np.zeros(0, layout.WHISTLE_OF_CLASS),
            "whistle_budget": nothing,
            "blown": nothing,
            "report_workdays": nothing,
        }
    return {
        "whistle_of_class": _records(plan.classes, layout.WHISTLE_OF_CLASS),
        "whistle_budget": plan.budget,
        "blown": np.zeros_like(plan.budget),
        "report_workdays": plan.working_time.workdays,
    }


def _upkeep(city: City) -> dict[str, Any]:
    """When duty lists are brought up to date, and were."""
    lists = None if city.dispatch is None else city.dispatch.duty_list
    plan = None if lists is None else lists.upkeep
    return {
        "upkeep_begins": np.zeros(0) if plan is None else plan.begins,
        "upkeep_keys": np.zeros((0, 0)) if plan is None else plan.keys,
        "upkept": np.zeros(len(city.pools)),
    }


def _themes(city: City) -> dict[str, Any]:
    """What themes are chosen by, take and turn."""
    categories, most = len(city.categories), 0 if city.monthly_theme is None else city.monthly_theme.most
    return {
        "seen": np.zeros((len(COUNTED), categories)),
        "handling": np.ones((len(TURNED), categories)),
        "effort_done": np.zeros(most),
        "effort_last": np.full(most, np.nan),
    }


def _watches(city: City) -> dict[str, Any]:
    """Waits that are counted: one pool after the other, as the plan lists them."""
    surge = city.surge
    pools, limits = (np.zeros(0, np.int64), np.zeros(0)) if surge is None else (surge.watch_pool, surge.watch_limit)
    return {
        "watch_limit": limits,
        "watch_edges": np.searchsorted(pools, np.arange(len(city.pools) + 1)),
        "watch_begun": np.zeros(len(limits), np.int64),
        "watch_late": np.zeros(len(limits), np.int64),
    }


def _patrols(city: City) -> dict[str, Any]:
    """Who is sent out, when and where to, and the beats."""
    plan, places, districts = city.act_before, 0, 0
    if plan is not None:
        places, districts = len(plan.place_pool), len(city.districts)
    nobody = np.zeros(0)
    beats = np.zeros(districts, layout.BEAT)
    beats["first"], beats["at"] = -1, np.nan
    return {
        "patrol_keys": nobody if plan is None else plan.key,
        "patrol_times": nobody if plan is None else plan.times,
        "patrol_spans": nobody if plan is None else plan.spans,
        "patrol_shares": nobody if plan is None else plan.shares,
        "patrol_dates": nobody if plan is None else plan.dates,
        "patrol_steps": nobody if plan is None else plan.steps,
        "place_pool": nobody if plan is None else plan.place_pool,
        "place_district": nobody if plan is None else plan.place_district,
        "place_key": nobody if plan is None else plan.place_key,
        "place_share": nobody if plan is None else plan.place_share,
        "patrol_short": nobody if plan is None else plan.short,
        "beats": beats,
        "patrols": np.zeros((len(city.pools), districts)),
        "patrols_to_go": np.zeros(places),
        "patrol_weights": np.zeros(districts),
        "complaints": np.zeros((len(city.turns) + 1, districts)),
    }


def _counts(city: City) -> Ints:
    """Answers and requests by place, the months of each one after the other."""
    counts = sheet.nothing(city.sheet, len(city.districts))
    return counts.reshape(len(counts), -1) if len(counts) else counts[:, :, 0]


def _pools(city: City) -> Records:
    pools = np.zeros(len(city.pools), layout.POOL)
    for p, plan in enumerate(city.pools):
        pauses = city.rosters[plan.roster].pauses
        pools[p]["queue"], pools[p]["roster"], pools[p]["discipline"] = -1, plan.roster, plan.discipline
        pools[p]["pauses"], pools[p]["is_street"] = pauses, plan.level == "street"
        pools[p]["is_table"] = plan.is_table
    return pools


def _blank() -> Records:
    """A request before anything has happened to it."""
    blank = np.zeros(1, layout.REQUEST)
    for field in facts.REQUEST:
        if field.name in (layout.REQUEST.names or ()):
            blank[field.name] = field.initial
    blank["due_now"], blank["effort"] = np.inf, 1.0
    for name in [
        "right",
        "right_family",
        "unit",
        "parts",
        "next",
        "previous",
        "last_answer",
        "cover",
        "scored_unit",
        "scored_cell",
    ]:
        blank[name] = -1
    return blank
