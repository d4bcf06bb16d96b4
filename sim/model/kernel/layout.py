"""The records and arrays of the compiled engine: what it reads of a city, and what is going on in it.

Indices are −1 where there is none; missing moments are NaN, as in the tables that leave. [d]: by district, [c]: by
category, [k]: by urgency class, [f]: by unit family, [p]: by pool, [r]: by roster. Rows of different length lie
one after the other; ``…_edges`` tell where each begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model.records import CAUSES


def _record(*rows: tuple[str, int], **names: str) -> np.dtype[Any]:
    """A record of rows of floats (name, length) and of single floats, keys (U), long integers, integers, bytes."""
    kinds = {"F": "f8", "U": "u8", "L": "i8", "I": "i4", "B": "i1"}
    singles = [(name, kinds[kind]) for kind, part in names.items() for name in part.split()]
    return np.dtype([*((name, "f8", (length,)) for name, length in rows), *singles], align=True)


# --- what the city is like -------------------------------------------------------------------------------------------

CATEGORY = _record(
    F="report_gap give_up accuracy redispatch_accuracy answered out_of_scope never_closed parking",
    I="work lead",
    B="is_report is_confused",
)
PART = _record(F="probability", I="first per work lead")
CHANNEL = _record(F="redial", I="first per talk patience redial_after redial_at_most", B="has_pool")
FAMILY = _record(I="first per")
LIMIT = _record(F="contact resolve", B="contact_working resolve_working")
DISTRICT = _record(F="reporting", I="first_street streets")

# --- what is going on ------------------------------------------------------------------------------------------------

#: ``queue``: the visit that comes first.
POOL = _record(I="planned extra headcount busy waiting queue roster", B="on_duty discipline pauses is_street")
#: An event of the schedule; their order is (time, kind, key, number).
EVENT = _record(F="time", U="key", I="kind number what who")
#: Request i pays visit 2·i and is called back by visit 2·i + 1. ``child``, ``next`` and ``previous`` are its place in
#: a queue; ``joins``: about to join it.
VISIT = _record(
    F="queued started ended work rank", U="key", I="number kind home pool child next previous", B="later joins"
)
#: ``stage``: what it goes on with (see ``kernel``); ``unit``: what the desk has just chosen; ``until``: the end of a
#: wait; ``cover``: see ``records``. What it is doing: ``visiting``, ``waiting`` (away from any pool), ``calling`` (its
#: callback), ``awaits`` (the end of its callback).
REQUEST = _record(
    ("hours", len(CAUSES)),
    F="""arrived answered_wait dispatched contact_due contacted due due_now first_closed closed resolved called_back
    said_contacted said_resolved said_satisfied last_answer mark until""",
    U="key place repeat_of",
    L="contact",
    I="""problem next previous district category channel street urgency right right_family first_unit owner unit hops
    rounds visits dispatches wrongs tries part asks attempt""",
    B="stage status cover visiting waiting timer_cause calling reached asked asking awaits",
)
#: ``first``: the first of its open requests (or the next free slot); ``users``: who still refers to it.
PROBLEM = _record(
    F="born first_report fixed given_up", U="key fixed_by", I="district category first open users reports"
)

#: The arrays of a world: what they hold, and in how many dimensions.
ARRAYS: dict[str, tuple[Any, int]] = {
    "tables": (np.float64, 2),
    "categories": (CATEGORY, 1),  # [c]
    "districts": (DISTRICT, 1),  # [d]
    "channels": (CHANNEL, 1),
    "channel_share": (np.float64, 1),
    "unit_families": (FAMILY, 1),  # [f]
    "family_volume": (np.float64, 2),  # [d, f]
    "urgency": (np.float64, 2),  # [c, k]
    "right_unit": (np.float64, 2),  # [c, f]
    "confused_with": (np.float64, 2),  # [c, f]
    "limits": (LIMIT, 2),  # [c, k]
    "resolve": (np.float64, 1),  # [c] by round
    "resolve_edges": (np.int64, 1),
    "joint_parts": (PART, 1),  # [c]
    "joint_part_edges": (np.int64, 1),
    "satisfied": (np.float64, 1),
    "opens": (np.float64, 1),  # [r] open hours
    "closes": (np.float64, 1),
    "before": (np.float64, 1),
    "hour_edges": (np.int64, 1),
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
    # what is going on
    "pools": (POOL, 1),
    "events": (EVENT, 1),
    "requests": (REQUEST, 1),
    "visits": (VISIT, 1),
    "problems": (PROBLEM, 1),
    "birth_time": (np.float64, 1),
    "birth_key": (np.uint64, 1),
    "birth_district": (np.int64, 1),
    "birth_category": (np.int64, 1),
    # rows that are ready to leave
    "request_keys": (np.uint64, 2),
    "request_numbers": (np.int64, 1),
    "request_rows": (np.float64, 2),
    "visit_rows": (np.float64, 2),
    "problem_keys": (np.uint64, 2),
    "problem_rows": (np.float64, 2),
}

#: A world in one record: the policies' parameters, the state of everything, and where the arrays are.
#: ``scheduled``: how many events; ``born``: births of the chunk, ``next_born``: the first still to come; ``contacts``:
#: how many there have been; ``in_flight``, ``unsolved``: requests and problems in use; ``widest``: the most open
#: requests that any problem has had; ``…_out``: rows that are ready to leave.
WORLD = np.dtype(
    [
        ("address", "u8", (len(ARRAYS),)),
        ("length", "i8", (len(ARRAYS),)),
        ("width", "i8", (len(ARRAYS),)),
        *_record(
            F="""now duplicates ask_before extension_probability extension_length coverage reach contacted_if_false
            contacted_if_true resolved_if_false resolved_if_true reopen_probability call_again""",
            U="stream",
            L="""contacts scheduled born next_born in_flight unsolved widest requests_out visits_out problems_out
            free_request free_problem dispatch_first dispatch_per dispatch_work review max_hops backstop desk_first
            desk_per desk_work contact_work coordination parking_time callback_first callback_per retries retry_after
            call_work ring reopen_at_most call_again_after limit_roster dispatch desk limits_from_arrival extension
            callback after_due reopen_to_dispatch score_last""",
        ).descr,
    ]
)
