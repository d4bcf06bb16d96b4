"""What goes on in one replication of the reference engine: problems, requests and their tasks, pools, the rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

import numpy as np
from simpy import Environment, Event

from sim.model import facts
from sim.model.city import City
from sim.model.demand import Turned
from sim.model.facts import IN_INTAKE
from sim.model.index import NO_WORKING_TIME
from sim.model.policies import sheet
from sim.model.policies.monthly_theme import COUNTED, TURNED
from sim.model.rows import Rows

if TYPE_CHECKING:
    from sim.model.clockwork import Moment
    from sim.model.reference.pools import Pool, Visit


class World:
    """One replication of a city on a SimPy environment."""

    def __init__(self, env: Environment, city: City, stream: int, trace: Trace, turned: Turned | None) -> None:
        self.env, self.city, self.stream, self.trace, self.turned = env, city, stream, trace, turned
        self.answered = np.zeros((len(city.districts), 2), np.int64)  # on satisfaction, and of these satisfied
        self.counts = sheet.nothing(city.sheet, len(city.districts))  # answers and requests by place and month
        self.pools: list[Pool] = []
        self.requests: dict[int, Request] = {}  # those that are not over
        self.errands: dict[int, Errand] = {}  # likewise
        self.under_review: dict[int, Request] = {}  # those of which it is not decided whether they are excluded
        self.problems: list[Problem] = []
        self.contacts = 0  # so far
        limits = city.time_limits
        self.working_time = NO_WORKING_TIME if limits is None else limits.working_time
        theme = city.monthly_theme
        self.seen_by_category = np.zeros((len(COUNTED), len(city.categories)), np.int64)
        self.efforts = [Effort() for _ in range(0 if theme is None else theme.most)]  # for themes
        self.handling = np.ones((len(TURNED), len(city.categories)))  # factors of categories
        self.blown = None if city.whistle is None else np.zeros_like(city.whistle.budget)  # by pool and month
        self.upkept = [0] * len(city.pools)  # turns of the month until a desk's list was last brought up to date
        self.beats: list[Beat] = []
        if city.act_before is not None:
            self.beats = [Beat() for _ in city.districts]
            self.to_go = [0] * len(city.act_before.place_pool)  # patrols that wait, by place
            self.complaints = np.zeros((len(city.turns) + 1, len(city.districts)), np.int64)  # by month and district
        surge = city.surge
        self.watches = (
            []
            if surge is None
            else [Watch(*of) for of in zip(surge.watch_pool.tolist(), surge.watch_limit.tolist(), strict=True)]
        )
        self.limits_from_arrival = limits is not None and limits.from_arrival  # else from the first unit on

    def trust(self, district: int) -> float:
        """Of a district, in force today."""
        return 1.0 if self.turned is None else float(self.turned.trust[district])


class Watch:
    """A count of the visits begun at a pool, and of those of them that had waited too long."""

    __slots__ = ("counts", "limit", "pool")

    def __init__(self, pool: int, limit: float) -> None:
        self.pool, self.limit, self.counts = pool, limit, (0, 0)

    def count(self, waited: float) -> None:
        """One more has begun."""
        begun, late = self.counts
        self.counts = begun + 1, late + (waited > self.limit)


class Beat:
    """The patrol of a district: so many hours have been worked until ``since``, so many people are ``out``.

    ``hidden``: by the hours after which they are found, problems; ``next``: the finding of the first of them.
    """

    __slots__ = ("at", "find", "hidden", "hours", "key", "next", "out", "since", "unsolved")

    def __init__(self) -> None:
        self.hours = self.since = 0.0
        self.out = self.unsolved = 0
        self.hidden: list[tuple[float, int, Problem]] = []
        self.next: Moment | None = None
        self.at, self.key = math.nan, 0  # when, and the key of the request that comes of it
        self.find: Callable[[Event], None]


@dataclass
class Effort:
    """For a theme: the keys of its pieces, how many have been worked, and when the last of them was."""

    keys: list[int] = field(default_factory=list)
    done: int = 0
    last: float = math.nan


class Problem:
    """Something wrong in the city, from its birth until it is fixed. ``found_after``: so many hours of patrol in its
    district find it, NaN where that is not to come; ``marks``: how often that was drawn.
    """

    __slots__ = (
        *("born", "category", "district", "first_report", "fixed", "fixed_by", "found", "key"),
        *("reports", "requests", "users", "found_after", "marks"),
    )

    def __init__(self, key: int, district: int, category: int, born: float) -> None:
        self.key, self.district, self.category, self.born = key, district, category, born
        self.first_report = self.found = self.fixed = self.found_after = math.nan
        self.fixed_by = self.reports = self.marks = 0
        self.users = 0  # contacts that are not over, and those and findings that are still to come
        self.requests: dict[int, Request] = {}  # its contacts that are neither closed nor ended


class Task:
    """What a request does at one time: its main course, its callback, or a whistled part. Each is a process."""

    __slots__ = ("cause", "timer", "visit")

    def __init__(self) -> None:
        self.visit: Visit | None = None  # at a pool
        self.timer: Moment | None = None  # what it waits for, away from any pool
        self.cause = IN_INTAKE  # … and why

    @property
    def queueing(self) -> Visit | None:
        """Its visit, where it is at a pool and nobody has begun with it."""
        return self.visit if self.visit is not None and math.isnan(self.visit.started) else None


class Errand:
    """People's time that belongs to no request: to a queue it is like a request, with nothing urgent about it."""

    __slots__ = ("begun", "contact", "due_now", "key", "rounds", "task", "urgency", "visits")

    def __init__(self, key: int, contact: int, begun: Callable[[Pool], None] | None) -> None:
        self.key, self.contact = key, contact
        self.begun = begun  # what is done when somebody of a pool begins with it
        self.urgency = self.rounds = self.visits = 0
        self.due_now = math.inf
        self.task = Task()


class Request:
    """A contact, and the request it may become.

    What is known of it afterwards is declared in ``facts``, where its initial values are; the rest is what the engine
    needs while it goes on.
    """

    answered_wait: float
    dispatched: float
    contact_due: float
    contacted: float
    due: float
    first_closed: float
    closed: float
    ended: float
    called_back: float
    call_wait: float
    channel: int
    from_firm: int
    urgency: int
    first_unit: int
    owner_unit: int
    status: int
    hops: int
    rounds: int
    resolved: int
    said_contacted: int
    said_resolved: int
    said_satisfied: int
    said_level: int
    whistles: int
    gamed: int
    escalated: float
    sent_up: float
    excluded: int
    calls: int
    abandoned: int
    picked_up: int
    within_15s: int
    within_20s: int
    picked_up_wait: float

    def __init__(
        self,
        key: int,
        contact: int,
        problem: Problem | None,
        repeat_of: int,
        arrived: float,
        district: int,
        category: int,
    ) -> None:
        self.key, self.contact, self.problem, self.repeat_of = key, contact, problem, repeat_of
        self.arrived, self.district, self.category = arrived, district, category
        self.matter = problem.key if problem is not None else key  # what is the same for all reports of a problem
        self.street = 0
        self.right = self.right_family = -1  # the unit that should have it
        self.due_now = math.inf  # of the present round
        self.visits = self.dispatches = self.wrongs = self.asks = 0
        self.hours = [0.0] * len(facts.CAUSES)
        self.turned = arrived  # to the hotline
        self.mark = arrived  # until when the hours are booked
        self.cover = -1  # a cause that covers all others just now
        self.main, self.call = Task(), Task()  # its main course and its callback
        self.parts: list[Task] = []  # whistled parts that are not over
        self.join: Moment | None = None  # set while the main course waits for the end of the parts
        self.answer: Moment | None = None  # set while it waits for the end of the callback
        self.asked = False  # the callback of this round is over
        self.disputed = False  # a scored negative answer has been given
        self.told = False  # which line is the right one
        self.alone = False  # inspectors have found the problem, and no citizen has reported it yet
        self.cleared = False  # a theme has fixed its problem while its owner had it
        self.scored_unit = self.scored_cell = -1  # who owned it at the scored answer, and what that was
        self.in_hands = self.gaming = False  # its owner has it, and no other unit; … and is closing it unsolved
        self.gaming_at = math.nan  # when its owner may do so
        self.overdue_at = math.nan  # when it is escalated for being late
        self.escalations = 0
        self.to_go_up = False  # what is left of its handling is for a higher unit
        self.effort = 1.0  # the factor on its work in this round
        self.last_answer = -1  # what the citizen said of this round: resolved (1) or not (0)

    @property
    def problem_key(self) -> int:
        """The key of its problem, 0 for none."""
        return self.problem.key if self.problem is not None else 0

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All that it does at one time."""
        return self.main, self.call, *self.parts


for _fact in facts.REQUEST:
    if _fact.name not in ("hours", "problem_key"):
        setattr(Request, _fact.name, _fact.initial)

_request, _problem = (attrgetter(*(f.name for f in fields)) for fields in (facts.REQUEST, facts.PROBLEM))
_visit = itemgetter(*(f.name for f in facts.VISIT))
_pack_request, _pack_visit, _pack_problem = (
    facts.packing(fields).pack for fields in (facts.REQUEST, facts.VISIT, facts.PROBLEM)
)


@dataclass
class Trace:
    """The rows of one replication while the reference engine writes them."""

    requests: bytearray = field(default_factory=bytearray)
    visits: bytearray = field(default_factory=bytearray)
    problems: bytearray = field(default_factory=bytearray)

    def rows(self) -> Rows:
        """What has been written."""
        return Rows(
            np.frombuffer(self.requests, facts.REQUEST_ROW),
            np.frombuffer(self.visits, facts.VISIT_ROW),
            np.frombuffer(self.problems, facts.PROBLEM_ROW),
        )

    def request(self, r: Request) -> None:
        """Write a request's row."""
        *values, hours = _request(r)
        self.requests += _pack_request(*values, *hours)

    def visit(self, visit: Visit, round_: int, worked: float) -> None:
        """Write a visit's row."""
        row = {
            "contact": visit.request.contact,
            "number": visit.number,
            "home": visit.home.number,
            "pool": visit.pool.number,
            "kind": visit.kind,
            "round": round_,
            "queued": visit.queued,
            "started": visit.started,
            "ended": visit.ended,
            "worked": worked,
            "report_due": visit.report_due,
        }
        self.visits += _pack_visit(*_visit(row))

    def problem(self, p: Problem) -> None:
        """Write a problem's row."""
        self.problems += _pack_problem(*_problem(p))
