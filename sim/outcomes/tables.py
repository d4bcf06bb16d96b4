"""How tables are made of what an engine wrote down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.model import facts
from sim.model.city import City
from sim.model.facts import CAUSES, ERRAND, FIXERS, KINDS, LEVELS, SATISFACTIONS, STATUSES, Field
from sim.model.rows import Rows
from sim.outcomes.columns import Column, framed
from sim.outcomes.levels import Levels
from sim.outcomes.replication import (
    CALL_COLUMNS,
    PROBLEM_COLUMNS,
    REQUEST_COLUMNS,
    SCORE_COLUMNS,
    THEME_COLUMNS,
    TRUST_COLUMNS,
    VISIT_COLUMNS,
    Raw,
)

POOL_COLUMNS = (
    Column("pool", "text", "its name"),
    Column("family", "text", "the pool or unit of the scenario that it is an instance of"),
    Column("kind", "text", "`unit` if it handles requests, else `pool`"),
    Column("level", "text", "`street`, `district`, `department` or `utility`; empty if it is no unit"),
    Column("district", "text", "where it is; empty if it is there for the whole city"),
    Column("street", "number or null", "which street of its district it is there for, from 1; null if it is of none"),
    Column("wage", "money an hour", "of an officer; null if the scenario gives none"),
    Column("overtime", "factor", "on the wage, for work beyond those on duty"),
)


def make_table(name: str, raw: Raw, replication: int) -> pd.DataFrame:
    """One of ``TABLES``."""
    return _MAKERS[name](raw, replication)


def pools_table(city: City) -> pd.DataFrame:
    """What each pool is."""
    return framed(
        {
            "pool": [p.name for p in city.pools],
            "family": [p.family for p in city.pools],
            "kind": ["unit" if p.level else "pool" for p in city.pools],
            "level": [p.level for p in city.pools],
            "district": [city.districts[p.district].name if p.district >= 0 else "" for p in city.pools],
            "street": pd.array([p.street + 1 if p.street >= 0 else None for p in city.pools], dtype="Int64"),
            "wage": [p.wage for p in city.pools],
            "overtime": [p.overtime for p in city.pools],
        },
        POOL_COLUMNS,
    )


#: By what errands come one after the other; those that are alike in all of it are alike.
_ORDER_OF_ERRANDS = ("queued", "home", "started", "pool", "ended", "worked")

# --- requests and visits -------------------------------------------------------------------------------------------


def hex_text(keys: NDArray[np.uint64]) -> pd.Series[Any]:
    """64-bit keys as 16 hex digits; 0 is null."""
    digits = np.frombuffer(keys.astype(">u8").tobytes().hex().encode(), "S16").astype("U16")
    text = pd.Series(digits, dtype="str")
    return text.where(keys != 0)


def names_of(city: City) -> dict[str, Sequence[str]]:
    """What the indices in rows stand for, by what fields are ``of``."""
    return {
        "channels": city.channel_list,
        "districts": [d.name for d in city.districts],
        "categories": [c.name for c in city.categories],
        "classes": city.scenario.classes,
        "pools": [p.name for p in city.pools],
        "statuses": STATUSES,
        "kinds": KINDS,
        "levels": LEVELS,
        "satisfactions": SATISFACTIONS,
        "months": city.months,
    }


def named(codes: NDArray[Any], names: Sequence[str]) -> pd.Categorical:
    """Indices as names; −1 is null."""
    return pd.Categorical.from_codes(codes.astype(np.int32), pd.Index(list(names), dtype="str"))


def _truth(answers: NDArray[Any]) -> pd.Series[Any]:
    """1, 0 and −1 as booleans that may be null."""
    return pd.Series(pd.arrays.BooleanArray(answers == 1, answers < 0))


def _columns(city: City, rows: NDArray[np.void], fields: Sequence[Field]) -> dict[str, Any]:
    """The columns that a table makes of rows."""
    names, columns = names_of(city), dict[str, Any]()
    for field in fields:
        values = rows[field.name]
        if not field.column:
            continue
        if field.name == "hours":
            causes = zip(CAUSES, values.T, strict=True)
            columns |= {f"{field.column}{cause}": np.ascontiguousarray(hours) for cause, hours in causes}
        elif field.of in names:
            columns[field.column] = named(values, names[field.of])
        elif field.of == "key":
            columns[field.column] = hex_text(values)
            for key, fixer in FIXERS.items() if field.name == "fixed_by" else ():
                columns[field.column] = columns[field.column].mask(values == key, fixer)
        elif field.of == "yes or no":
            columns[field.column] = _truth(values)
        elif field.of == "number":
            columns[field.column] = values.astype(np.int64)
        elif field.of == "number or null":
            columns[field.column] = pd.array(values.astype(np.int64), dtype="Int64")
            columns[field.column][values == 0] = pd.NA
        else:
            columns[field.column] = np.where(np.isinf(values), np.nan, values)
    return columns


def _requests(raw: Raw, replication: int) -> pd.DataFrame:
    """The table in the order in which the contacts came."""
    rows = raw.rows.requests[raw.order]
    table = _columns(raw.city, rows, facts.REQUEST) | {"replication": np.full(len(rows), replication)}
    return framed(table, REQUEST_COLUMNS)


def _visits(raw: Raw, replication: int) -> pd.DataFrame:
    """The table in the order of requests, then of visits; errands stand before the request that came next."""
    rows = raw.rows.visits
    errand = rows["kind"] == ERRAND
    if errand.any():
        rows = np.concatenate([np.sort(rows[errand], order=_ORDER_OF_ERRANDS), rows[~errand]])
    order = np.lexsort((rows["number"], rows["contact"]))
    rows = rows[order]
    row = np.where(rows["kind"] == ERRAND, -1, rows["contact"] - (raw.first if len(raw.order) else 0))
    request = raw.requests.reindex(row) if errand.any() else raw.requests.take(row)
    table = _columns(raw.city, rows, facts.VISIT) | {
        "replication": np.full(len(rows), replication),
        "request": request.reset_index(drop=True),
    }
    return framed(table, VISIT_COLUMNS)


def _levels(raw: Raw, replication: int) -> pd.DataFrame:
    levels = Levels(raw.city)
    levels.add(raw.rows)
    return levels.table(replication)


def _problems(raw: Raw, replication: int) -> pd.DataFrame:
    """The table in the order of births."""
    rows = raw.rows.problems
    rows = rows[np.lexsort((rows["key"], rows["born"]))]
    table = _columns(raw.city, rows, facts.PROBLEM) | {"replication": np.full(len(rows), replication)}
    return framed(table, PROBLEM_COLUMNS)


def acts_tables(city: City, rows: Rows, replication: int) -> dict[str, pd.DataFrame]:
    """The people who were called in, how trust moved, the monthly themes and sheets, each in the order of time."""
    kinds = {
        "calls": (rows.calls, facts.CALL, CALL_COLUMNS),
        "trust": (rows.turns, facts.TURN, TRUST_COLUMNS),
        "themes": (rows.themes, facts.THEME, THEME_COLUMNS),
        "scores": (rows.scores, facts.SCORE, SCORE_COLUMNS),
    }
    return {
        name: framed(_columns(city, own, fields) | {"replication": np.full(len(own), replication)}, columns)
        for name, (own, fields, columns) in kinds.items()
    }


_MAKERS: dict[str, Callable[[Raw, int], pd.DataFrame]] = {
    "requests": _requests,
    "visits": _visits,
    "levels": _levels,
    "problems": _problems,
    "calls": lambda raw, replication: acts_tables(raw.city, raw.rows, replication)["calls"],
    "trust": lambda raw, replication: acts_tables(raw.city, raw.rows, replication)["trust"],
    "themes": lambda raw, replication: acts_tables(raw.city, raw.rows, replication)["themes"],
    "scores": lambda raw, replication: acts_tables(raw.city, raw.rows, replication)["scores"],
    "pools": lambda raw, replication: pools_table(raw.city),
}
