"""How the counted requests of a replication fare, as far as scenarios are compared by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.experiment.recovery import OpenByDay
from sim.experiment.streaming import stream_measures
from sim.inference import Relevance
from sim.inference.pairs import Matched, hours_to_close
from sim.measurement import REGISTRY
from sim.measurement.grouping import group_text
from sim.model.facts import REQUEST
from sim.model.rows import Rows
from sim.outcomes.tables import named, names_of

if TYPE_CHECKING:
    from sim.model.city import City
    from sim.model.control import Policy
    from sim.model.simulation import Engine, Watch

#: The groups in which quantiles of the time to close are those of the requests themselves, by their column.
EXACT = {"": None, "unit": "owner_unit", "district": "district", "category": "category"}

_COLUMNS = (
    *("request", "arrived", "contact_due", "contacted", "due", "first_closed", "status", "district", "category"),
    *("owner_unit", "resolved", "said_resolved", "said_satisfied", "excluded"),
)
_QUANTILES = {m.identifier: m.percent for m in REGISTRY.values() if m.percent and "time_to_close" in m.identifier}

Floats = NDArray[np.float64]


def closings(
    city: City, seed: int, engine: Engine, policies: Sequence[Policy], replication: int, watch: Watch
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Floats]]:
    """The measures of a replication, with exact quantiles; of its counted contacts no more than what tells how they
    fare; and how many requests are open at each midnight, in the city ("") and by kind of unit.
    """
    scenario = city.scenario
    begin, until = scenario.hours_of(scenario.time.count_from), scenario.hours_of(scenario.time.count_until)
    fields = [field for field in REQUEST if field.column in _COLUMNS]
    kept: dict[str, list[Any]] = {field.name: [] for field in fields}

    opened = OpenByDay(city, seed, replication)

    def keep(rows: Rows) -> None:
        opened.add(rows)
        arrived = rows.requests["arrived"]
        counted = (arrived >= begin) & (arrived < until)
        for name, pieces in kept.items():
            pieces.append(rows.requests[name][counted])

    found, _ = stream_measures(city, seed, replication, engine, policies, keep, watch)
    names, columns = names_of(city), dict[str, Any](replication=replication)
    for field in fields:
        values = np.concatenate(kept[field.name])
        columns[field.column] = named(values, names[field.of]) if field.of in names else values
    table = pd.DataFrame(columns)
    return _with_exact(found, table), table, {"": opened.counts(), **opened.by_unit()}


def pairs(before: pd.DataFrame, after: pd.DataFrame, end: float, relevance: Relevance) -> Iterator[dict[str, Any]]:
    """The counted requests against the baseline's: all of them, by district, by category."""
    matched = Matched(before, after, end, relevance)
    yield {"group_by": "", "group": "[]", **asdict(matched.all())}
    for dimension in ("district", "category"):
        for group, pair in matched.by(dimension):
            yield {"group_by": dimension, "group": group_text([group]), **asdict(pair)}


def _with_exact(measures: pd.DataFrame, requests: pd.DataFrame) -> pd.DataFrame:
    """The measures with the quantiles of the time to close that the requests have, in place of bins of a histogram:
    of the whole city, units, districts and categories. The p-quantile of n is the ⌈p·n⌉-th smallest.
    """
    hours = hours_to_close(requests).to_numpy(np.float64)
    own = np.flatnonzero(~np.isnan(hours))
    own = own[np.argsort(hours[own], kind="stable")]
    exact: dict[tuple[str, str, str], float] = {}
    for group_by, column in EXACT.items():
        names: list[str] = ["[]"]
        codes: pd.Series[Any] = pd.Series(np.zeros(len(own), np.int8))
        if column is not None:
            names = [group_text([name]) for name in requests[column].cat.categories]
            codes = requests[column].cat.codes.iloc[own]
        order = np.argsort(codes.to_numpy(), kind="stable")
        begins = np.searchsorted(codes.to_numpy()[order], np.arange(len(names) + 1))
        for number, group in enumerate(names):
            among = hours[own[order[begins[number] : begins[number + 1]]]]
            for measure, percent in _QUANTILES.items():
                of = among[np.isfinite(among)] if measure.endswith("_among_closed") else among
                if len(of):
                    exact[measure, group_by, group] = of[max(1, -(-percent * len(of) // 100)) - 1]
    rows = measures["measure"].isin(_QUANTILES) & measures["group_by"].isin(EXACT) & measures["value"].notna()
    keys = zip(*(measures.loc[rows, name] for name in ("measure", "group_by", "group")), strict=True)
    values = measures["value"].to_numpy(np.float64, copy=True)
    values[rows.to_numpy(bool)] = [exact[key] for key in keys]
    return measures.assign(value=values)
