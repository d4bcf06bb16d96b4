"""From the tables of outcomes back to raw rows, for the fold. Names that the scenario does not know get a code too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measurement.fold import Fold, Names
from sim.measurement.grouping import Bools, Floats, Ints
from sim.model import facts
from sim.model.facts import STATUSES
from sim.model.rows import Rows

if TYPE_CHECKING:
    from sim.outcomes import Outcomes


def fold_tables(outcomes: Outcomes) -> Fold:
    """All of a replication, added up from its tables."""
    contacts, problems, scenario = outcomes.requests, outcomes.problems, outcomes.scenario
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
        "said_level": facts.SATISFACTIONS,
    }
    fold = Fold(scenario, names, outcomes.count_from, outcomes.count_until, outcomes.end)
    requests = _rows(_with_calls(contacts, outcomes.visits, outcomes.end), facts.REQUEST, codes)
    requests["repeat_of"] = contacts["repeat_of"].notna()
    visits = np.zeros(0, facts.VISIT_ROW)
    if scenario.policies.whistle is not None:
        parts = outcomes.visits.loc[outcomes.visits["report_due"].notna()]
        visits = _rows(parts, facts.VISIT, {"pool": names.owners, "kind": facts.KINDS})
    fixed = _rows(problems, facts.PROBLEM, codes)
    for key, fixer in facts.FIXERS.items():
        fixed["fixed_by"][(problems["fixed_by"] == fixer).to_numpy(bool, na_value=False)] = key
    rows = Rows(requests, visits, fixed)
    fold.add(rows)
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


def _rows(table: pd.DataFrame, fields: Sequence[facts.Field], codes: Mapping[str, Iterable[str]]) -> NDArray[np.void]:
    """Rows, in which what tables do not tell is as it was in the beginning; so are keys, which are not read back.

    Raises ``OverflowError`` where a count is more than an engine can write.
    """
    rows = np.zeros(len(table), facts.record(fields))
    for field in fields:
        rows[field.name] = field.initial
        if field.name == "hours":
            hours = [_numbers(table[f"{field.column}{cause}"]) for cause in facts.CAUSES]
            rows[field.name] = np.stack(hours, axis=1)
        elif field.of == "key" or field.name not in table:
            continue
        elif field.name in codes:
            rows[field.name] = _codes(table[field.name], codes[field.name])
        elif field.of == "yes or no":
            rows[field.name] = np.nan_to_num(_numbers(table[field.name]), nan=-1)
        else:
            numbers = _numbers(table[field.name])
            if field.of == "number" and numbers.max(initial=0) > np.iinfo(field.type).max:
                raise OverflowError(f"{field.column or field.name}: {numbers.max():,.0f} is more than can be counted")
            rows[field.name] = numbers
    return rows


def _with_calls(contacts: pd.DataFrame, visits: pd.DataFrame, end: float) -> pd.DataFrame:
    """The contacts with what their visits at intake add up to."""
    intake = visits.loc[visits["kind"].isin(("intake", "wrong_line"))]
    number = pd.Index(contacts["request"]).get_indexer(pd.Index(intake["request"]))
    started, ended = (_numbers(intake[name])[number >= 0] for name in ("started", "ended"))
    right = (intake["kind"] == "intake").to_numpy()[number >= 0]
    queued = _began(intake, visits)[number >= 0]
    number = number[number >= 0]
    picked_up = ~np.isnan(started)
    waited = np.where(picked_up, started, np.where(np.isnan(ended), end, ended)) - queued
    answered_wait = np.full(len(contacts), np.nan)
    answered_wait[number[picked_up & right]] = waited[picked_up & right]

    def count(calls: Bools) -> Ints:
        return np.bincount(number[calls], minlength=len(contacts))

    return contacts.assign(
        answered_wait=answered_wait,
        calls=np.bincount(number, minlength=len(contacts)),
        abandoned=count(~picked_up & ~np.isnan(ended)),
        picked_up=count(picked_up),
        within_15s=count(picked_up & (waited <= facts.QUICK)),
        within_20s=count(picked_up & (waited <= facts.SOON)),
        call_wait=np.bincount(number, waited, minlength=len(contacts)),
        picked_up_wait=np.bincount(number[picked_up], waited[picked_up], minlength=len(contacts)),
    )


def _began(calls: pd.DataFrame, visits: pd.DataFrame) -> Floats:
    """When each call began: where it has come from the line for firms, when it joined the queue there."""
    queued = _numbers(calls["queued"])
    before = visits.loc[visits["kind"] == "overflow"]
    if len(before):
        began = before.assign(visit=before["visit"] + 1).set_index(["request", "visit"])["queued"]
        there = _numbers(began.reindex(pd.MultiIndex.from_frame(calls[["request", "visit"]])))
        queued = np.where(np.isnan(there), queued, there)
    return queued
