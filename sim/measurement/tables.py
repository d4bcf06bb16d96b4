"""From the tables of outcomes back to raw rows, for the fold. Names that the scenario does not know get a code too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.measurement.fold import Fold, Names
from sim.measurement.grouping import Bools, Floats, Ints
from sim.model.pools import INTAKE
from sim.model.records import PROBLEM_FIELDS, REQUEST_FIELDS, STATUSES, VISIT_FIELDS, Rows

if TYPE_CHECKING:
    from sim.outcomes import Outcomes


def fold_tables(outcomes: Outcomes) -> Fold:
    """All of a replication, added up from its tables."""
    contacts, problems, scenario = outcomes.counted, outcomes.problems, outcomes.scenario
    units = outcomes.pools.loc[outcomes.pools["kind"] == "unit"]
    owners = _names(units["pool"], contacts["owner_unit"])
    levels = dict(zip(units["pool"], units["level"], strict=True))
    names = Names(
        districts=_names(scenario.districts, contacts["district"], problems["district"]),
        categories=_names(scenario.categories, contacts["category"], problems["category"]),
        classes=_names(scenario.classes, contacts["urgency"]),
        channels=_names(scenario.channels, contacts["channel"]),
        owners=owners,
        units={name: levels.get(name, "") for name in owners},
    )
    codes = {
        "district": names.districts,
        "category": names.categories,
        "urgency": names.classes,
        "channel": names.channels,
        "owner_unit": names.owners,
        "first_unit": (),
        "status": STATUSES,
    }
    fold = Fold(scenario, names, outcomes.count_from, outcomes.count_until, outcomes.end)
    keys = np.zeros((len(contacts), 3), np.uint64)
    keys[:, 2] = contacts["repeat_of"].notna()
    rows = Rows(
        request_keys=keys,
        request_numbers=np.arange(len(contacts)),
        request_rows=_rows(contacts, REQUEST_FIELDS, codes),
        visit_rows=_calls(outcomes.visits, contacts["request"]),
        problem_keys=np.zeros((len(problems), 2), np.uint64),
        problem_rows=_rows(problems, PROBLEM_FIELDS, codes),
    )
    fold.add(rows, _flags(contacts["excluded"]))
    return fold


def _names(known: Iterable[str], *columns: pd.Series) -> list[str]:
    """The known names, then the others in the columns, in their order."""
    names = list(dict.fromkeys(known))
    found = {name for column in columns for name in column.dropna().unique()}
    return names + sorted(found - set(names))


def _codes(column: pd.Series, names: Iterable[str]) -> Ints:
    """The number of each name, −1 for none."""
    return column.astype("category").cat.set_categories(list(names)).cat.codes.to_numpy().astype(np.int64)


def _numbers(column: pd.Series) -> Floats:
    """Numbers and truth values, NaN where null."""
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _flags(column: pd.Series) -> Bools:
    """Truth values, False where null."""
    return column.astype("boolean").to_numpy(dtype=np.bool_, na_value=False)


def _rows(table: pd.DataFrame, fields: tuple[str, ...], codes: Mapping[str, Iterable[str]]) -> Floats:
    rows = np.full((len(table), len(fields)), np.nan)
    for i, name in enumerate(fields):
        if name in table.columns:
            rows[:, i] = _codes(table[name], codes[name]) if name in codes else _numbers(table[name])
    return rows


def _calls(visits: pd.DataFrame, contacts: pd.Series) -> Floats:
    """The visits at intake of these contacts."""
    intake = visits.loc[visits["kind"] == "intake"]
    number = pd.Index(contacts).get_indexer(pd.Index(intake["request"]))
    rows = np.full((len(intake), len(VISIT_FIELDS)), np.nan)
    rows[:, VISIT_FIELDS.index("row")], rows[:, VISIT_FIELDS.index("kind")] = number, INTAKE
    for name in ("queued", "started", "ended"):
        rows[:, VISIT_FIELDS.index(name)] = _numbers(intake[name])
    known: Floats = rows[number >= 0]
    return known
