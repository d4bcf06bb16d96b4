"""How far apart the districts are, and how sure that is.

The gap of one replication is mostly luck: the largest of several uncertain values less the smallest is large even where
all districts are alike. What is reported is the gap between the districts' *means* over the replications.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.inference.relevance import within
from sim.inference.student import Cube, Student
from sim.measurement.catalogue import GAPS
from sim.measurement.grouping import group_values

if TYPE_CHECKING:
    from sim.scenario import Scenario

#: A district with fewer cases, on average over the replications, takes no part.
FEWEST = 30


def places_of(scenario: Scenario) -> list[str]:
    """The districts that are places."""
    return [name for name, district in scenario.districts.items() if district.place]


def gaps(measures: pd.DataFrame, places: Collection[str] | None = None, level: float = 0.95) -> pd.DataFrame:
    """Largest less smallest mean among the districts, of each measure that is one of equity.

    ``places``: the districts that take part; None: all. Columns: scenario, measure, gap, lower, upper, smallest and
    largest (the names of the two), districts (how many take part), unit.

    The bounds hold for the true gap, whichever two districts it lies between: each pair has a paired t-interval with
    Bonferroni's correction for the number of pairs; lower is the highest lower end of all pairs, 0 if none is above,
    and upper the highest upper end. A gap is null with fewer than two districts, or while the value of one is not
    reached; one replication gives no bounds.
    """
    rows = measures[(measures["group_by"] == "district") & measures["measure"].isin(GAPS)]
    names = {group: group_values(group)[0] for group in rows["group"].unique()}
    rows = rows.assign(group=rows["group"].map(names))
    if places is not None:
        rows = rows[rows["group"].isin(set(places))]
    found = []
    for (scenario, measure), part in rows.groupby(["scenario", "measure"], sort=False):
        cases = part.groupby("group", sort=False)["denominator"].mean()
        unit = part["unit"].iloc[0]
        part = part[part["group"].isin(cases.index[cases >= FEWEST])]
        found.append({"scenario": scenario, "measure": measure, **_gap(part, unit, level)})
    columns = ["scenario", "measure", "gap", "lower", "upper", "smallest", "largest", "districts", "unit"]
    return pd.DataFrame(found, columns=columns)


def _gap(rows: pd.DataFrame, unit: str, level: float) -> dict[str, object]:
    nothing = {"gap": np.nan, "lower": np.nan, "upper": np.nan, "smallest": None, "largest": None}
    if rows["group"].nunique() < 2:
        return {**nothing, "districts": rows["group"].nunique(), "unit": unit}
    cube = Cube(rows)
    values = cube.values[:, 0]
    if cube.unreached.any():
        return {**nothing, "districts": len(values), "unit": unit}
    means = Student(values).mean
    smallest, largest = int(np.argmin(means)), int(np.argmax(means))
    pairs = np.array(list(itertools.combinations(range(len(values)), 2)))
    apart = Student(values[pairs[:, 0]] - values[pairs[:, 1]])
    margin = apart.half_width(1 - (1 - level) / len(pairs))
    lower, upper = (np.abs(apart.mean) + sign * margin for sign in (-1, 1))
    return {
        "gap": means[largest] - means[smallest],
        "lower": max(float(lower.max()), 0.0),
        "upper": float(within(upper.max(), "equity_gap", unit)),
        "smallest": cube.keys["group"].iloc[smallest],
        "largest": cube.keys["group"].iloc[largest],
        "districts": len(values),
        "unit": unit,
    }
