"""What an engine writes down: the life of requests and problems, as rows of numbers.

Rows leave for flat arrays when a request ends, so that live objects are only those of open requests.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim.model.clockwork import Moment
    from sim.model.pools import Visit

#: Every hour of a request's age belongs to one cause, by this precedence.
CAUSES = (
    "rework",
    "bounced",
    "other_units",
    "parked",
    "unit_closed",
    "unit_queue",
    "work",
    "lead_time",
    "dispatch",
    "intake",
    "callback",
)
(
    REWORK,
    BOUNCED,
    OTHER_UNITS,
    PARKED,
    UNIT_CLOSED,
    UNIT_QUEUE,
    WORK,
    LEAD_TIME,
    IN_DISPATCH,
    IN_INTAKE,
    IN_CALLBACK,
) = range(11)

STATUSES = (
    "answered",
    "deflected",
    "settled",
    "out_of_scope",
    "lost",
    "merged",
    "closed",
    "intake_open",
    "open",
)
ANSWERED, DEFLECTED, SETTLED, OUT_OF_SCOPE, LOST, MERGED, CLOSED, INTAKE_OPEN, OPEN = range(9)

#: Columns of a request's row, all float64; NaN is null, indices and booleans are whole numbers. ``calls``: how often it
#: came to intake; ``abandoned``: how often in vain; ``call_wait``: hours waited there in all.
REQUEST_FIELDS = (
    "arrived",
    "channel",
    "district",
    "category",
    "urgency",
    "first_unit",
    "owner_unit",
    "status",
    "answered_wait",
    "dispatched",
    "contact_due",
    "contacted",
    "due",
    "first_closed",
    "closed",
    "ended",
    "hops",
    "rounds",
    "resolved",
    "called_back",
    "said_contacted",
    "said_resolved",
    "said_satisfied",
    "calls",
    "abandoned",
    "call_wait",
    *(f"hours_{cause}" for cause in CAUSES),
)
#: ``home`` is the pool whose queue it stood in, ``pool`` the one that served it (or its home, as long as none has).
VISIT_FIELDS = ("row", "visit", "home", "pool", "kind", "round", "queued", "started", "ended", "worked")
PROBLEM_FIELDS = ("district", "category", "born", "first_report", "fixed")

#: What is made of these rows: the tables that grow with the number of contacts.
CONTACT_TABLES = ("requests", "visits", "problems")


class Problem:
    """Something wrong in the city, from its birth until it is fixed."""

    __slots__ = ("born", "category", "district", "first_report", "fixed", "fixed_by", "key", "requests")

    def __init__(self, key: int, district: int, category: int, born: float) -> None:
        self.key, self.district, self.category, self.born = key, district, category, born
        self.first_report = self.fixed = math.nan
        self.fixed_by = 0
        self.requests: dict[int, Request] = {}  # its contacts that are neither closed nor ended


class Request:
    """A contact, and the request it may become."""

    __slots__ = (
        "abandoned",
        "answer",
        "answered_wait",
        "arrived",
        "asked",
        "asks",
        "call",
        "call_wait",
        "called_back",
        "calls",
        "category",
        "channel",
        "closed",
        "contact_due",
        "contacted",
        "cover",
        "dispatched",
        "dispatches",
        "district",
        "due",
        "due_now",
        "ended",
        "first_closed",
        "first_unit",
        "hops",
        "hours",
        "key",
        "last_answer",
        "mark",
        "number",
        "owner",
        "place",
        "problem",
        "repeat_of",
        "resolved",
        "right",
        "right_family",
        "rounds",
        "said_contacted",
        "said_resolved",
        "said_satisfied",
        "status",
        "street",
        "timer",
        "timer_cause",
        "urgency",
        "visit",
        "visits",
    )

    def __init__(
        self,
        key: int,
        number: int,
        problem: Problem | None,
        repeat_of: int,
        arrived: float,
        district: int,
        category: int,
    ) -> None:
        self.key, self.number, self.problem, self.repeat_of = key, number, problem, repeat_of
        self.arrived, self.district, self.category = arrived, district, category
        self.place = problem.key if problem is not None else key  # what is the same for all reports of a problem
        self.channel = self.urgency = self.street = 0
        self.right = self.right_family = self.first_unit = self.owner = -1
        self.status = INTAKE_OPEN
        self.answered_wait = self.dispatched = self.contacted = self.first_closed = self.closed = math.nan
        self.ended = self.called_back = math.nan
        self.contact_due = self.due = self.due_now = math.inf
        self.resolved = self.said_contacted = self.said_resolved = self.said_satisfied = math.nan
        self.hops = self.rounds = self.visits = self.dispatches = self.asks = 0
        self.calls = self.abandoned = 0
        self.call_wait = 0.0
        self.hours = [0.0] * 11
        self.mark = arrived  # until when the hours are booked
        self.cover = -1  # a cause that covers all others just now
        self.visit: Visit | None = None  # where it is just now, but for a callback while it is handled
        self.timer: Moment | None = None  # what it waits for just now, away from any pool
        self.timer_cause = IN_INTAKE
        self.call: Visit | None = None  # the callback under way
        self.answer: Moment | None = None  # set while it waits for the end of its callback
        self.asked = False  # the callback of this round is over
        self.last_answer = math.nan  # what the citizen said of this round: resolved (1) or not (0)

    def spend(self, cause: int, until: float) -> None:
        """Book the hours since the last booking under a cause."""
        self.hours[cause if self.cover < 0 else self.cover] += until - self.mark
        self.mark = until


@dataclass(frozen=True)
class Rows:
    """What an engine has written down, or a part of it: keys are 64-bit numbers, 0 where there is none; the columns are
    those of ``REQUEST_FIELDS``, ``VISIT_FIELDS``, ``PROBLEM_FIELDS``.
    """

    request_keys: NDArray[np.uint64]  # [n, (request, problem, repeat_of)]
    request_numbers: NDArray[np.int64]  # [n] which contact a row tells of
    request_rows: NDArray[np.float64]  # [n, field]
    visit_rows: NDArray[np.float64]  # [m, field]
    problem_keys: NDArray[np.uint64]  # [p, (problem, fixed_by)]
    problem_rows: NDArray[np.float64]  # [p, field]
    staff_changes: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))  # (time, pool, officers added)

    @staticmethod
    def nothing(staff_changes: Sequence[tuple[float, int, int]] = ()) -> Rows:
        """No rows, but what policies have changed."""
        return Trace().rows(staff_changes)


@dataclass
class Trace:
    """The rows of one replication while the reference engine writes them."""

    request_keys: array[int] = field(default_factory=lambda: array("Q"))  # request, problem, repeat_of
    request_rows: array[float] = field(default_factory=lambda: array("d"))
    request_numbers: array[int] = field(default_factory=lambda: array("q"))  # which contact a row tells of
    visit_rows: array[float] = field(default_factory=lambda: array("d"))
    problem_keys: array[int] = field(default_factory=lambda: array("Q"))  # problem, fixed_by
    problem_rows: array[float] = field(default_factory=lambda: array("d"))

    def rows(self, staff_changes: Sequence[tuple[float, int, int]]) -> Rows:
        """What has been written, and what policies have changed."""
        return Rows(
            np.frombuffer(self.request_keys, np.uint64).reshape(-1, 3),
            np.frombuffer(self.request_numbers, np.int64),
            np.frombuffer(self.request_rows, np.float64).reshape(-1, len(REQUEST_FIELDS)),
            np.frombuffer(self.visit_rows, np.float64).reshape(-1, len(VISIT_FIELDS)),
            np.frombuffer(self.problem_keys, np.uint64).reshape(-1, 2),
            np.frombuffer(self.problem_rows, np.float64).reshape(-1, len(PROBLEM_FIELDS)),
            np.array(staff_changes, float).reshape(-1, 3),
        )

    def request(self, r: Request) -> None:
        """Write a request's row."""
        self.request_keys.extend((r.key, r.problem.key if r.problem is not None else 0, r.repeat_of))
        self.request_numbers.append(r.number)
        self.request_rows.extend(
            (
                r.arrived,
                r.channel,
                r.district,
                r.category,
                r.urgency,
                r.first_unit,
                r.owner,
                r.status,
                r.answered_wait,
                r.dispatched,
                r.contact_due,
                r.contacted,
                r.due,
                r.first_closed,
                r.closed,
                r.ended,
                r.hops,
                r.rounds,
                r.resolved,
                r.called_back,
                r.said_contacted,
                r.said_resolved,
                r.said_satisfied,
                r.calls,
                r.abandoned,
                r.call_wait,
                *r.hours,
            )
        )

    def visit(self, visit: Visit, round_: int, worked: float) -> None:
        """Write a visit's row."""
        self.visit_rows.extend(
            (
                visit.request.number,
                visit.number,
                visit.home.number,
                visit.pool.number,
                visit.kind,
                round_,
                visit.queued,
                visit.started,
                visit.ended,
                worked,
            )
        )

    def problem(self, p: Problem) -> None:
        """Write a problem's row."""
        self.problem_keys.extend((p.key, p.fixed_by))
        self.problem_rows.extend((p.district, p.category, p.born, p.first_report, p.fixed))
