"""What happened: the tables of one replication, with fixed columns.

``requests``, ``visits``, ``levels`` and ``problems`` are the contract that scripts and notebooks lean on. Times are
hours since the scenario's start, names are text, a missing moment is null.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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


@dataclass(frozen=True)
class Raw:
    """What an engine wrote down of one replication, or of contacts in it that came one after the other, before it
    becomes tables.
    """

    city: City
    rows: Rows

    @cached_property
    def first(self) -> int:
        """The number of the first contact."""
        return int(self.rows.request_numbers.min(initial=np.iinfo(np.int64).max))

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The rows of requests in the order of the table."""
        order = np.empty(len(self.rows.request_numbers), np.int64)
        order[self.rows.request_numbers - self.first] = np.arange(len(order))
        return order

    @cached_property
    def requests(self) -> pd.Series[Any]:
        """The requests of the table, in its order."""
        return _hex(self.rows.request_keys[self.order, 0])


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The tables of one replication; ``requests`` has a row for each contact, inside the count window or not.

    ``levels`` holds time integrals over each hour: the mean number waiting, at work and on duty. ``pools`` tells of
    each pool: kind (unit or pool), level, district ("" for the whole city), wage per hour, overtime factor.

    Those of a simulation are made when they are first asked for.
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
    #: What the tables are made of; None where they were given.
    raw: Raw | None = field(default=None, init=False)

    @staticmethod
    def of(city: City, rows: Rows, seed: int, replication: int) -> Outcomes:
        """What an engine wrote down, its tables yet to be made."""
        out, time = object.__new__(Outcomes), city.scenario.time
        out.__dict__.update(
            scenario=city.scenario,
            replication=replication,
            seed=seed,
            end=city.end,
            count_from=city.scenario.hours_of(time.count_from),
            count_until=city.scenario.hours_of(time.count_until),
            raw=Raw(city, rows),
        )
        return out

    def __getattr__(self, name: str) -> Any:
        """A table that has not been made yet."""
        raw: Raw | None = self.__dict__.get("raw")
        if raw is None or name not in _MAKERS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        table = self.__dict__[name] = _MAKERS[name](raw, self.replication)
        return table

    @property
    def untouched(self) -> Raw | None:
        """What the tables are made of, as long as nobody holds one that could have been changed since."""
        return None if any(name in self.__dict__ for name in ("requests", "visits", "problems")) else self.raw

    def __repr__(self) -> str:
        """What it is and how much."""
        count = len(self.requests) if self.raw is None else len(self.raw.rows.request_rows)
        return f"<Outcomes of {self.scenario.name!r}, replication {self.replication}: {count:,} contacts>"

    def _repr_html_(self) -> str:
        head = self.requests.head(10).to_html(index=False, max_cols=12)
        return f"<p>{html.escape(repr(self))}</p>{head}"

    @property
    def counted(self) -> pd.DataFrame:
        """The contacts that arrived inside the count window."""
        arrived = self.requests["arrived"]
        return self.requests[(arrived >= self.count_from) & (arrived < self.count_until)]


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


def _requests(raw: Raw, replication: int) -> pd.DataFrame:
    """The table in the order in which the contacts came."""
    city = raw.city
    rows, keys = raw.rows.request_rows[raw.order], raw.rows.request_keys[raw.order]
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
        "request": raw.requests,
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
    return pd.DataFrame({name: table[name] for name in REQUEST_COLUMNS})


def _visits(raw: Raw, replication: int) -> pd.DataFrame:
    """The table in the order of requests, then of visits."""
    city, rows = raw.city, raw.rows.visit_rows
    row = rows[:, 0].astype(np.int64) - (raw.first if len(rows) else 0)
    order = np.lexsort((rows[:, 1], row))
    rows, row = rows[order], row[order]
    return pd.DataFrame(
        {
            "replication": np.full(len(rows), replication),
            "request": raw.requests.take(row).reset_index(drop=True),
            "visit": rows[:, 1].astype(np.int64),
            "pool": _named(rows[:, 3], [p.name for p in city.pools]),
            "kind": _named(rows[:, 4], KINDS),
            "round": rows[:, 5].astype(np.int64),
            **{name: np.ascontiguousarray(rows[:, i]) for i, name in enumerate(VISIT_FIELDS) if i >= 6},
        }
    )


def _levels(raw: Raw, replication: int) -> pd.DataFrame:
    levels = Levels(raw.city)
    levels.add(raw.rows)
    return levels.table(replication)


def _problems(raw: Raw, replication: int) -> pd.DataFrame:
    city, rows, keys = raw.city, raw.rows.problem_rows, raw.rows.problem_keys
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


def contact_tables(raw: Raw, replication: int) -> dict[str, pd.DataFrame]:
    """The tables that grow with the number of contacts, by their names."""
    return {name: _MAKERS[name](raw, replication) for name in ("requests", "visits", "problems")}


_MAKERS: dict[str, Callable[[Raw, int], pd.DataFrame]] = {
    "requests": _requests,
    "visits": _visits,
    "levels": _levels,
    "problems": _problems,
    "pools": lambda raw, replication: pools_table(raw.city),
}
