"""How tables are made of what an engine wrote down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.model.city import City
from sim.model.pools import KINDS
from sim.model.records import REQUEST_FIELDS, STATUSES, VISIT_FIELDS
from sim.outcomes.levels import Levels
from sim.outcomes.replication import REQUEST_COLUMNS, Raw

BOOLEANS = ("resolved", "said_contacted", "said_resolved", "said_satisfied")


def make_table(name: str, raw: Raw, replication: int) -> pd.DataFrame:
    """One of ``TABLES``."""
    return _MAKERS[name](raw, replication)


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


def hex_text(keys: NDArray[np.uint64]) -> pd.Series[Any]:
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
        "problem": hex_text(keys[:, 1]),
        "repeat_of": hex_text(keys[:, 2]),
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
            "problem": hex_text(keys[:, 0]),
            "district": _named(rows[:, 0], city.districts),
            "category": _named(rows[:, 1], [c.name for c in city.categories]),
            "born": np.ascontiguousarray(rows[:, 2]),
            "first_report": np.ascontiguousarray(rows[:, 3]),
            "fixed": np.ascontiguousarray(rows[:, 4]),
            "fixed_by": hex_text(keys[:, 1]),
        }
    )


_MAKERS: dict[str, Callable[[Raw, int], pd.DataFrame]] = {
    "requests": _requests,
    "visits": _visits,
    "levels": _levels,
    "problems": _problems,
    "pools": lambda raw, replication: pools_table(raw.city),
}
