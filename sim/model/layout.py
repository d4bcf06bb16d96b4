"""The records of the compiled engine: one 64-bit word is F a float (hours), U a key; I and B are small integers.

Indices are −1 where there is none; missing moments are NaN, as in the tables that leave.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model.records import CAUSES


def _record(*rows: tuple[str, int], **names: str) -> np.dtype[Any]:
    """A record of rows of floats (name, length) and of single values by kind."""
    kinds = {"F": "f8", "U": "u8", "L": "i8", "I": "i4", "B": "i1"}
    singles = [(name, kinds[kind]) for kind, part in names.items() for name in part.split()]
    return np.dtype([*((name, "f8", (length,)) for name, length in rows), *singles], align=True)


# --- what the city is like -------------------------------------------------------------------------------------------

PLAN = _record(
    F="""duplicates ask_before extension_probability extension_length coverage reach contacted_if_false
    contacted_if_true resolved_if_false resolved_if_true reopen_probability call_again""",
    I="""dispatch_first dispatch_per dispatch_work review max_hops backstop desk_first desk_per desk_work contact_work
    coordination parking_time callback_first callback_per retries retry_after call_work ring reopen_at_most
    call_again_after limit_roster""",
    B="dispatch desk limits_from_arrival extension callback after_due reopen_to_dispatch score_last",
)
CATEGORY = _record(
    F="report_gap give_up accuracy redispatch_accuracy answered out_of_scope never_closed parking",
    I="work lead",
    B="is_report is_confused",
)
PART = _record(F="probability", I="first per work lead")
CHANNEL = _record(F="redial", I="first per talk patience redial_after redial_at_most", B="has_pool")
FAMILY = _record(I="first per")
DISTRICT = _record(F="reporting", I="first_street streets")

# --- what is going on ------------------------------------------------------------------------------------------------

#: ``events``: the size of the schedule; ``born``: births of the chunk, ``next_born``: the first still to come;
#: ``contacts``: how many there have been; ``widest``: the most open requests that any problem has had.
CLOCK = _record(
    F="now",
    U="stream",
    L="contacts events born next_born widest request_rows visit_rows problem_rows",
    I="free_request free_problem requests problems",
)
#: ``queue``: the visit that comes first; ``step``: which of its roster's headcounts holds.
POOL = _record(I="headcount busy queue roster", B="discipline pauses is_street")
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
PROBLEM = _record(F="born first_report fixed given_up", U="key fixed_by", I="district category first open users reports")
