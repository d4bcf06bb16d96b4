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

from sim.model.city import City
from sim.model.pools import KINDS
from sim.model.records import CAUSES, REQUEST_FIELDS, STATUSES, VISIT_FIELDS, Rows
from sim.outcomes.levels import Levels
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


def tabulate(city: City, found: Rows, seed: int, replication: int) -> Outcomes:
    """The tables of what an engine wrote down."""
    requests, row_of = _requests(city, found, replication)
    levels = Levels(city)
    levels.add(found)
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
        levels=levels.table(replication),
        problems=_problems(city, found, replication),
        pools=pools_table(city),
    )


def pools_table(city: City) -> pd.DataFrame:
    """What each pool is."""
    return pd.DataFrame(
        {
            "pool": [p.name for p in city.pools],
            "kind": ["unit" if p.level else "pool" for p in city.pools],
            "level": [p.level for p in city.pools],
            "district": [city.districts[p.district] if p.district >= 0 else "" for p in city.pools],
            "wage": [p.wage for p in city.pools],
            "overtime": [p.overtime for p in city.pools],
        }
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
