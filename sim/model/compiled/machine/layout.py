"""The records and arrays of the compiled engine: what it reads of a city, and what is going on in it.

Indices are −1 where there is none; missing moments are NaN, as in the tables that leave. [d]: by district, [c]: by
category, [k]: by urgency class, [f]: by unit family, [p]: by pool, [r]: by roster. Rows of different length lie
one after the other; ``…_edges`` tell where each begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model import facts
from sim.model.city import CategoryPlan, ChannelPlan, City, DistrictPlan, Part
from sim.model.compiled.machine.packing import optional_plans, record_of
from sim.model.initial import STANDING
from sim.model.policies.one_hotline import Line
from sim.model.policies.time_limits import Limits
from sim.model.policies.whistle import OfClass
from sim.model.staffing import Family

#: Bytes that the processor's caches hold and fetch as one.
CACHE_LINE = 64


_FACTS = {field.name: field.type for field in (*facts.PROBLEM, *facts.REQUEST)}


def _record(*parts: str, size: int = 0) -> np.dtype[Any]:
    """A record of fields; each part gives a type, as NumPy writes it, and the names of fields that have it. ``fact``
    stands for the type that ``facts`` declares.

    Where a ``size`` in bytes is given, the record is so long.
    """
    listed = [(name, kind) for kind, *names in map(str.split, parts) for name in names]
    fields = [(name, _FACTS[name] if kind == "fact" else kind) for name, kind in listed]
    record = np.dtype(fields, align=True)
    assert record.fields is not None
    places = [record.fields[name][1] for name, _ in fields]
    assert size == 0 or size >= record.itemsize, (size, record.itemsize)
    named = {"names": [name for name, _ in fields], "formats": [kind for _, kind in fields], "offsets": places}
    return np.dtype({**named, "itemsize": size or record.itemsize}, align=True)  # type: ignore[call-overload, no-any-return]


def _also(record: np.dtype[Any], **names: str) -> np.dtype[Any]:
    """A record some of whose fields have a second name, for which another type may be given before the first one."""
    assert record.fields is not None
    fields = {name: record.fields[name][:2] for name in record.names or ()}
    for name, given in names.items():
        *kind, other = given.split()
        fields[name] = (np.dtype(kind[0]) if kind else fields[other][0], fields[other][1])
    formats, places = zip(*fields.values(), strict=True)
    named = {"names": list(fields), "formats": formats, "offsets": places, "itemsize": record.itemsize}
    return np.dtype(named, align=True)  # type: ignore[call-overload, no-any-return]


# --- what the city is like -------------------------------------------------------------------------------------------

CATEGORY, CHANNEL, DISTRICT = record_of(CategoryPlan), record_of(ChannelPlan), record_of(DistrictPlan)
PART, LIMITS, FAMILY = record_of(Part), record_of(Limits), record_of(Family)
PHONE_LINE, WHISTLE_OF_CLASS = record_of(Line), record_of(OfClass)

#: The stages that may be absent and the mechanisms that may be off, by name.
PLANS = {name: record_of(plan, optional=True) for name, plan in optional_plans(City)}

# --- what is going on ------------------------------------------------------------------------------------------------

#: ``queue``: the visit that comes first, where due dates decide; ``to_go``: of those waiting, patrols.
POOL = _record(
    "i4 planned extra headcount busy waiting to_go queue roster", "i1 on_duty discipline pauses is_street is_table"
)
#: The first and the last visit of those that wait.
QUEUE_LIST = _record("i4 first last")
#: An event of the schedule; their order is (time, kind, key, number).
EVENT = _record("f8 time", "u8 key", "i4 who", "u2 number", "i1 kind what", size=24)
#: One of a later bucket, and the next of its bucket (or the next free place).
LATER = _record("f8 time", "u8 key", "i4 who", "u2 number", "i1 kind what", "i4 next", size=CACHE_LINE // 2)
#: A task of a request (see ``tasks``): ``stage`` is what it goes on with (see ``journey``). At a pool it has a
#: ``number``, the serial of its visit; ``child`` (where due dates do not decide: which line it stands in), ``next`` and
#: ``previous`` are its place in a queue. Away from any the number is 0; while it waits there, ``until`` is when that
#: ends and ``cause`` what it waits for, else ``until`` is NaN. Nothing is at a pool and away at once: two fields have
#: two names.
TASK = _also(
    _record(
        "u8 key",
        "f8 queued started work rank",
        "i4 home pool child next previous",
        "u2 number",
        "i1 kind stage",
        size=CACHE_LINE,
    ),
    until="rank",
    cause="kind",
)
#: Of a whistled part: whose it is, which, the next of this request (or the next free slot), until when it is to be
#: begun.
PART_SLOT = _record("f8 report_due", "i4 request next n")
#: ``parts``: one of its whistled parts that are not over; ``turned``: when it turned to the hotline, until it is a
#: request with a ``right`` unit and one (``unit``) that the desk has just chosen; later this is ``part``: which of
#: the parts that are done one after the other; ``tries`` and ``told`` (which line is right) are of intake, and later
#: an ``attempt`` of a callback and whether it ``reached``; ``cover``: a cause that covers all others just now;
#: ``awaits``: it waits for the end of its callback; ``overtaken``: who else has fixed its problem (see ``codes``). An
#: errand stands in a slot too, with the status ``NO_REQUEST``: its main task is at a pool (``unit``), or waits for
#: the next time (``dispatches``); ``right`` is the request that is reviewed, or the number of the theme.
#: ``effort``: the factor on its work in this round; ``scored_…``: who owned it at the scored answer, and what that was
#: (see ``policies.sheet``); ``gaming_at``: when its owner may close it unsolved, which has it (``in_hands``) or not;
#: ``overdue_at``: when it is escalated for being late, ``escalations``: how often it has been, ``to_go_up``: whether
#: what is left of its handling is for a higher unit.
#: What every event touches comes first.
REQUEST = _also(
    _record(
        "fact key",
        "f8 mark due_now",
        "fact status",
        "i1 cover overtaken whistled reached asked asking awaits exclusion",
        "fact resolved said_contacted said_resolved said_satisfied excluded",
        "i1 last_answer",
        "fact from_firm",
        "fact rounds whistles",
        "u2 visits",
        "u1 attempt asks",
        "i4 problem parts right unit",
        "fact owner_unit first_unit",
        "fact hours",
        "fact contacted contact_due due arrived answered_wait call_wait picked_up_wait",
        "fact dispatched first_closed closed called_back",
        "fact problem_key repeat_of contact",
        "fact district category channel urgency",
        "i4 next previous street right_family",
        "fact hops calls abandoned picked_up within_15s within_20s",
        "u2 dispatches wrongs",
        "f8 effort gaming_at",
        "i4 scored_unit",
        "fact gamed",
        "i1 scored_cell in_hands",
        "fact escalated",
        "f8 overdue_at",
        "u2 escalations",
        "i1 to_go_up",
        "fact said_level",
        "fact sent_up",
        size=6 * CACHE_LINE,
    ),
    turned="f8 right",
    part="unit",
    tries="attempt",
    told="reached",
)
#: ``first``: the first of its open requests (or the next free slot); ``users``: who still refers to it; ``reports``,
#: ``surplus_reports``: how many were to come so far; ``reported``: the contacts that came, but for repeats;
#: ``found_after``: so many hours of patrol in its district find it, NaN where that is not to come; ``marks``: how often
#: that was drawn; ``below``, ``sibling``, ``before``: its place among those hidden in its district.
PROBLEM = _record(
    "fact key fixed_by born first_report fixed",
    "f8 given_up",
    "fact district category",
    "i4 first open users reports surplus_reports reported",
    "fact found",
    "f8 found_after",
    "i4 marks below sibling before",
    size=2 * CACHE_LINE,
)

#: The patrol of a district: so many hours have been worked until ``since``, so many people are ``out``. ``first``: the
#: problem that is found first of those hidden there; ``at`` (NaN: nobody is out) and ``key``: its finding;
#: ``unsolved``: problems that may be found.
BEAT = _record("f8 hours since at", "u8 key", "i8 unsolved", "i4 first out")

#: The arrays of a world: what they hold, and in how many dimensions.
ARRAYS: dict[str, tuple[Any, int]] = {
    "tables": (np.float64, 2),
    "constants": (np.float64, 1),  # by table: the duration that it always gives, NaN where it varies
    "categories": (CATEGORY, 1),  # [c]
    "districts": (DISTRICT, 1),  # [d]
    "channels": (CHANNEL, 1),
    "channel_names": (np.uint64, 1),
    "channel_share": (np.float64, 1),
    "phone_lines": (PHONE_LINE, 1),
    "line_of": (np.int64, 2),  # [channel, c]
    "answered_by": (np.int64, 2),  # [channel, number]
    "number_weights": (np.float64, 2),  # [channel, number]
    "number_names": (np.uint64, 2),  # [channel, number]
    "class_names": (np.uint64, 1),
    "unit_names": (np.uint64, 1),
    "unit_families": (FAMILY, 1),  # [f]
    "family_volume": (np.float64, 2),  # [d, f]
    "urgency": (np.float64, 2),  # [c, k]
    "right_unit": (np.float64, 2),  # [c, f]
    "confused_with": (np.float64, 2),  # [c, f]
    "limits": (LIMITS, 2),  # [c, k]
    "resolve": (np.float64, 1),  # [c] by round
    "resolve_edges": (np.int64, 1),
    "joint_parts": (PART, 1),  # [c]
    "joint_part_edges": (np.int64, 1),
    "opens": (np.float64, 1),  # [r] open hours
    "closes": (np.float64, 1),
    "before": (np.float64, 1),
    "hour_edges": (np.int64, 1),
    "today": (np.int64, 2),  # [r, day] the last interval that has begun at midnight
    "workdays": (np.float64, 2),  # of the limits: midnight, first opening, last closing, [3, day]
    "whistle_of_class": (WHISTLE_OF_CLASS, 1),  # [k]
    "whistle_budget": (np.int64, 2),  # [p, month]
    "goes_from": (np.int8, 1),  # [p] whether what is this unit's is sent up
    "month_turns": (np.float64, 1),
    "upkeep_begins": (np.float64, 1),
    "upkeep_keys": (np.uint64, 2),  # [desk, time]
    "report_workdays": (np.float64, 2),  # as ``workdays``, of the limits to report
    "patrol_keys": (np.uint64, 1),  # of those who send out, alone
    "patrol_times": (np.float64, 1),  # when people are sent out on patrol, as the plan has it
    "patrol_spans": (np.float64, 1),
    "patrol_shares": (np.float64, 1),
    "patrol_dates": (np.uint64, 1),
    "patrol_steps": (np.uint64, 1),
    "place_pool": (np.int64, 1),  # to places
    "place_district": (np.int64, 1),
    "place_key": (np.uint64, 1),
    "place_share": (np.float64, 1),
    "patrol_short": (np.float64, 1),
    "times": (np.float64, 1),  # [r] when headcounts change
    "time_edges": (np.int64, 1),
    "on_duty": (np.int8, 1),  # [r] at these times
    "counts": (np.int64, 1),  # [p] headcounts at the times of its roster
    "count_edges": (np.int64, 1),
    "rostered": (np.int64, 1),  # [r] pools that share a roster
    "rostered_edges": (np.int64, 1),
    "helpers": (np.int64, 1),  # [p] who serves its queue
    "helper_edges": (np.int64, 1),
    "helped": (np.int64, 1),  # [p] whose queues it serves
    "helped_edges": (np.int64, 1),
    "head_start": (np.float64, 2),  # [p, k]
    "watch_limit": (np.float64, 1),  # waits that are counted [p]: those longer than so many hours
    "watch_edges": (np.int64, 1),
    # what is going on
    "pools": (POOL, 1),
    "trust": (np.float64, 1),  # [d] in force today
    "trust_turns": (np.float64, 1),  # when a step ends
    "answered": (np.int64, 2),  # scored answers on satisfaction, and of these satisfied, [d, 2]
    "seen": (np.int64, 2),  # by themes, [``monthly_theme.COUNTED``, c]
    "handling": (np.float64, 2),  # factors, [``monthly_theme.TURNED``, c]
    "effort_done": (np.int64, 1),  # pieces of the effort for a theme that have been worked
    "effort_last": (np.float64, 1),  # when the last of them was
    "counts_of": (np.int64, 2),  # answers and requests, [place, month · COUNTS + count], see ``policies.sheet``
    "published": (np.float64, 1),  # by month: when its sheets are frozen
    "pressures": (np.float64, 1),  # [p] on units
    "efforts": (np.float64, 1),  # [p] factors on work that begins
    "watch_begun": (np.int64, 1),  # visits begun since the last check, as ``watch_limit``
    "watch_late": (np.int64, 1),  # … that had waited longer
    "lines": (QUEUE_LIST, 1),  # [p, level, k]
    "roster_step": (np.int64, 1),  # [r] which of its times comes next
    "row": (EVENT, 1),  # the last one happens first
    "heap": (EVENT, 1),
    "later": (LATER, 1),
    "buckets": (np.int32, 1),  # the first of the later events of each bucket
    "requests": (REQUEST, 1),
    "blank": (REQUEST, 1),  # what a request is like before anything has happened to it, alone
    "tasks": (TASK, 1),  # main courses and callbacks; those of parts lie before them
    "parts": (PART_SLOT, 1),
    "blown": (np.int64, 2),  # whistles, [p, month]
    "upkept": (np.int64, 1),  # turns of the month until a desk's list was last brought up to date, [p]
    "problems": (PROBLEM, 1),
    "beats": (BEAT, 1),  # [d]
    "patrols": (np.int64, 2),  # that are under way, [p, d]
    "patrols_to_go": (np.int64, 1),  # that wait, by place
    "patrol_weights": (np.int64, 1),  # by which hours are spread over the districts, [d]
    "complaints": (np.int64, 2),  # [month, d]
    "standing": (STANDING, 1),  # what is open at the start
    "birth_time": (np.float64, 1),
    "birth_key": (np.uint64, 1),
    "birth_report": (np.uint64, 1),
    "birth_district": (np.int64, 1),
    "birth_category": (np.int64, 1),
    # rows that are ready to leave
    "request_rows": (facts.REQUEST_ROW, 1),
    "visit_rows": (facts.VISIT_ROW, 1),
    "problem_rows": (facts.PROBLEM_ROW, 1),
}

#: A world in one record: where the arrays are, the state of everything, and the plans of the mechanisms. ``classes``:
#: how many there are of urgency; ``levels``: of visits in queues, ``ordinary``: which that of most is; ``bucket``:
#: events of this one and of those before it are in the row (``in_row`` of them) or in the heap (``in_heap``);
#: ``pending``: events in all; ``buckets_per_hour``: buckets an hour; ``prefetched_…``: see ``schedule.prefetch``;
#: ``born``: births of the chunk, ``next_born``: the first still to come; ``contacts``: how many there have been;
#: ``in_flight``, ``unsolved``: requests and problems in use; ``free_…``: the first slot that is free again,
#: ``taken_…``: those from this one on were never taken; ``widest``: the most open requests that any problem has had;
#: ``too_much``: a counter has run over; ``…_out``: rows that are ready to leave.
WORLD = np.dtype(
    [
        ("address", "u8", (len(ARRAYS),)),
        ("length", "i8", (len(ARRAYS),)),
        ("width", "i8", (len(ARRAYS),)),
        *_record(
            "f8 now end buckets_per_hour",
            "u8 stream",
            "i8 classes levels ordinary contacts bucket in_row in_heap pending born next_born",
            "i8 in_flight unsolved widest too_much",
            "i8 requests_out visits_out problems_out free_request free_problem free_later free_part",
            "i8 taken_requests taken_problems taken_later taken_parts parts_in_use prefetched_first prefetched_second",
        ).descr,
        *PLANS.items(),
    ],
    align=True,
)
