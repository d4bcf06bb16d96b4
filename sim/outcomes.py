"""What happened: the tables of one replication, with fixed columns.

``requests``, ``visits``, ``levels`` and ``problems`` are the contract that scripts and notebooks lean on. Times are
hours since the scenario's start, names are text, a missing moment is null.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.model.city import City, build_city
from sim.model.control import Policy
from sim.model.pools import KINDS
from sim.model.records import CAUSES, REQUEST_FIELDS, STATUSES, VISIT_FIELDS, Rows
from sim.model.simulation import Engine, replicate
from sim.model.staffing import PoolPlan, Roster
from sim.scenario import Scenario

REQUEST_COLUMNS = (
    *(
        "replication",
        "request",
        "problem",
        "repeat_of",
        "arrived",
        "channel",
        "district",
        "category",
        "urgency",
    ),
    *("first_unit", "owner_unit", "status", "answered_wait", "dispatched", "contact_due", "contacted", "due"),
    *("first_closed", "closed", "ended", "hops", "rounds", "resolved", "called_back", "said_contacted"),
    *("said_resolved", "said_satisfied", "excluded", *(f"hours_{cause}" for cause in CAUSES)),
)
VISIT_COLUMNS = (
    "replication",
    "request",
    "visit",
    "pool",
    "kind",
    "round",
    "queued",
    "started",
    "ended",
    "worked",
)
LEVEL_COLUMNS = ("replication", "pool", "hour", "arrivals", "queue", "busy", "on_duty")
PROBLEM_COLUMNS = (*("replication", "problem", "district", "category", "born", "first_report", "fixed", "fixed_by"),)
BOOLEANS = ("resolved", "said_contacted", "said_resolved", "said_satisfied")


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The tables of one replication; ``requests`` has a row for each contact, inside the count window or not.

    ``levels`` holds time integrals over each hour: the mean number waiting, at work and on duty. ``pools`` tells of
    each pool: kind (unit or pool), level, district ("" for the whole city), wage per hour, overtime factor.
    """

    scenario: Scenario
    replication: int
    seed: int
    end: float
    count_from: float
    count_until: float
    requests: pd.DataFrame
    visits: pd.DataFrame
    levels: pd.DataFrame
    problems: pd.DataFrame
    pools: pd.DataFrame

    def __repr__(self) -> str:
        """What it is and how much."""
        return f"<Outcomes of {self.scenario.name!r}, replication {self.replication}: {len(self.requests):,} contacts>"

    def _repr_html_(self) -> str:
        head = self.requests.head(10).to_html(index=False, max_cols=12)
        return f"<p>{html.escape(repr(self))}</p>{head}"

    @property
    def counted(self) -> pd.DataFrame:
        """The contacts that arrived inside the count window."""
        arrived = self.requests["arrived"]
        return self.requests[(arrived >= self.count_from) & (arrived < self.count_until)]


def simulate(
    scenario: Scenario,
    replication: int = 0,
    *,
    seed: int = 1,
    engine: Engine = "auto",
    policies: Sequence[Policy] = (),
) -> Outcomes:
    """One replication of a scenario: a pure function of (scenario, seed, replication).

    Both engines, the readable ``simpy`` and the ``compiled`` one, give the same to the last bit. ``policies`` are
    SimPy processes ``policy(env, city)`` that watch the city and move its staff, see ``sim.model.control``.
    """
    city = build_city(scenario)
    return tabulate(city, replicate(city, seed, replication, engine, policies), seed, replication)


def tabulate(city: City, found: Rows, seed: int, replication: int) -> Outcomes:
    """The tables of what an engine wrote down."""
    requests, row_of = _requests(city, found, replication)
    time = city.scenario.time
    return Outcomes(
        scenario=city.scenario,
        replication=replication,
        seed=seed,
        end=city.end,
        count_from=city.scenario.hours_of(time.count_from),
        count_until=city.scenario.hours_of(time.count_until),
        requests=requests,
        visits=_visits(city, found.visit_rows, requests["request"], row_of, replication),
        levels=_levels(city, found, replication),
        problems=_problems(city, found, replication),
        pools=pd.DataFrame(
            {
                "pool": [p.name for p in city.pools],
                "kind": ["unit" if p.level else "pool" for p in city.pools],
                "level": [p.level for p in city.pools],
                "district": [city.districts[p.district] if p.district >= 0 else "" for p in city.pools],
                "wage": [p.wage for p in city.pools],
                "overtime": [p.overtime for p in city.pools],
            }
        ),
    )


# --- requests and visits -------------------------------------------------------------------------------------------


def _hex(keys: NDArray[np.uint64]) -> pd.Series[Any]:
    """64-bit keys as 16 hex digits; 0 is null."""
    digits = np.frombuffer(keys.astype(">u8").tobytes().hex().encode(), "S16").astype("U16")
    text = pd.Series(digits, dtype="str")
    return text.where(keys != 0)


def _named(codes: NDArray[np.float64], names: Sequence[str]) -> pd.Categorical:
    """Indices as names; −1 is null."""
    return pd.Categorical.from_codes(codes.astype(np.int32), pd.Index(list(names), dtype="str"))


def _truth(values: NDArray[np.float64]) -> pd.Series[Any]:
    """0, 1 and NaN as booleans that may be null."""
    missing = np.isnan(values)
    return pd.Series(pd.arrays.BooleanArray(np.where(missing, 0, values).astype(bool), missing))


def _requests(city: City, found: Rows, replication: int) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """The table in order of (arrived, request), and the row of each contact by its number."""
    rows, keys = found.request_rows, found.request_keys
    order = np.lexsort((keys[:, 0], rows[:, 0]))
    rows, keys = rows[order], keys[order]
    numbers = found.request_numbers[order]
    row_of = np.empty(len(numbers), np.int64)
    row_of[numbers] = np.arange(len(numbers))

    names = {
        "channel": [c.name for c in city.channels],
        "district": city.districts,
        "category": [c.name for c in city.categories],
        "urgency": city.scenario.classes,
        "first_unit": [p.name for p in city.pools],
        "owner_unit": [p.name for p in city.pools],
        "status": STATUSES,
    }
    table: dict[str, Any] = {
        "replication": np.full(len(rows), replication),
        "request": _hex(keys[:, 0]),
        "problem": _hex(keys[:, 1]),
        "repeat_of": _hex(keys[:, 2]),
        "excluded": pd.array(np.zeros(len(rows), bool), dtype="boolean"),
    }
    for i, name in enumerate(REQUEST_FIELDS):
        values = np.ascontiguousarray(rows[:, i])
        if name in names:
            table[name] = _named(values, names[name])
        elif name in BOOLEANS:
            table[name] = _truth(values)
        elif name in ("hops", "rounds"):
            table[name] = values.astype(np.int64)
        elif name in ("contact_due", "due"):
            table[name] = np.where(np.isinf(values), np.nan, values)
        else:
            table[name] = values
    return pd.DataFrame({name: table[name] for name in REQUEST_COLUMNS}), row_of


def _visits(
    city: City, raw: NDArray[np.float64], request: pd.Series[Any], row_of: NDArray[np.int64], replication: int
) -> pd.DataFrame:
    """The table in the order of requests, then of visits."""
    row = row_of[raw[:, 0].astype(np.int64)] if len(raw) else np.zeros(0, np.int64)
    order = np.lexsort((raw[:, 1], row))
    raw, row = raw[order], row[order]
    return pd.DataFrame(
        {
            "replication": np.full(len(raw), replication),
            "request": request.take(row).reset_index(drop=True),
            "visit": raw[:, 1].astype(np.int64),
            "pool": _named(raw[:, 3], [p.name for p in city.pools]),
            "kind": _named(raw[:, 4], KINDS),
            "round": raw[:, 5].astype(np.int64),
            **{name: np.ascontiguousarray(raw[:, i]) for i, name in enumerate(VISIT_FIELDS) if i >= 6},
        }
    )


def _problems(city: City, found: Rows, replication: int) -> pd.DataFrame:
    rows, keys = found.problem_rows, found.problem_keys
    order = np.lexsort((keys[:, 0], rows[:, 2]))
    rows, keys = rows[order], keys[order]
    return pd.DataFrame(
        {
            "replication": np.full(len(rows), replication),
            "problem": _hex(keys[:, 0]),
            "district": _named(rows[:, 0], city.districts),
            "category": _named(rows[:, 1], [c.name for c in city.categories]),
            "born": np.ascontiguousarray(rows[:, 2]),
            "first_report": np.ascontiguousarray(rows[:, 3]),
            "fixed": np.ascontiguousarray(rows[:, 4]),
            "fixed_by": _hex(keys[:, 1]),
        }
    )


# --- levels ----------------------------------------------------------------------------------------------------------


def _spread(begin: NDArray[np.float64], until: NDArray[np.float64], hours: int) -> NDArray[np.float64]:
    """Time integral over each hour of the number of intervals [begin, until) that are under way."""
    change = np.zeros(hours + 2)
    for moment, sign in ((begin, 1.0), (until, -1.0)):
        hour = np.minimum(moment.astype(np.int64), hours)
        # an edge counts for the rest of its hour, and whole from the next hour on
        rest = hour + 1 - moment
        np.add.at(change, hour, sign * rest)
        np.add.at(change, hour + 1, sign * (1.0 - rest))
    return np.cumsum(change)[:hours]


def _while_open(
    roster: Roster, begin: NDArray[np.float64], until: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intervals cut into their pieces within opening hours."""
    opens, closes, _ = roster.hours
    first = np.searchsorted(opens, begin, side="right") - 1
    pieces = np.maximum(np.searchsorted(opens, until, side="left") - first, 0)
    whole = np.repeat(np.arange(len(begin)), pieces)
    number = np.arange(len(whole)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    hours = first[whole] + number
    return np.maximum(begin[whole], opens[hours]), np.minimum(until[whole], closes[hours])


def _rows_by(code: NDArray[np.float64], n: int) -> list[NDArray[np.int64]]:
    """The numbers of the rows that have each code 0 … n − 1."""
    order = np.argsort(code, kind="stable")
    return np.split(order, np.searchsorted(code[order], np.arange(1, n))) if n else []


def _on_duty(
    plan: PoolPlan, roster: Roster, changes: NDArray[np.float64], end: float, hours: int
) -> NDArray[np.float64]:
    """Officers' hours on duty in each hour; ``changes``: (time, officers beyond the plan)."""
    times, counts = np.array(roster.times), np.array(plan.headcounts)
    if len(changes):
        begins = np.union1d(times, changes[:, 0])
        step = np.searchsorted(times, begins, side="right") - 1
        extra = np.append(0.0, changes[:, 1])[np.searchsorted(changes[:, 0], begins, side="right")]
        counts = np.where(np.array(roster.on_duty)[step], np.maximum(counts[step] + extra, 0), 0)
        times = begins
    edges = np.minimum(np.append(times, end), end)
    moments = np.cumsum(np.concatenate([[0.0], np.diff(edges) * counts]))
    return np.diff(np.interp(np.arange(hours + 1), edges, moments))


def _levels(city: City, found: Rows, replication: int) -> pd.DataFrame:
    """Hour by hour and pool: arrivals, mean queue, officers at work, officers on duty.

    An officer whose work pauses while the office is closed is not at work. A visit arrives and waits at the pool whose
    queue it stands in; those who help that pool are busy with it at their own.
    """
    raw, changes = found.visit_rows, found.staff_changes
    hours = int(np.ceil(city.end))
    frames = []
    begun = ~np.isnan(raw[:, 7])
    by_home, by_pool = _rows_by(raw[:, 2], len(city.pools)), _rows_by(raw[:, 3], len(city.pools))
    left = np.where(np.isnan(raw[:, 8]), city.end, raw[:, 8])
    out = np.where(begun, raw[:, 7], left)
    for number, plan in enumerate(city.pools):
        waited, served = by_home[number], by_pool[number]
        served = served[begun[served]]
        queued, roster = raw[waited, 6], city.rosters[plan.roster]
        work = raw[served, 7], left[served]
        if roster.pauses:
            work = _while_open(roster, *work)
        frames.append(
            {
                "arrivals": np.bincount(queued.astype(np.int64), minlength=hours)[:hours],
                "queue": _spread(queued, out[waited], hours),
                "busy": _spread(*work, hours),
                "on_duty": _on_duty(plan, roster, changes[changes[:, 1] == number][:, ::2], city.end, hours),
            }
        )
    names = [p.name for p in city.pools]
    return pd.DataFrame(
        {
            "replication": np.full(len(names) * hours, replication),
            "pool": _named(np.repeat(np.arange(len(names)), hours), names),
            "hour": np.tile(np.arange(hours), len(names)),
            **{
                column: np.concatenate([f[column] for f in frames]) if frames else np.zeros(0)
                for column in LEVEL_COLUMNS[3:]
            },
        }
    )
