"""Who is first, and how sure that is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.inference.student import Cube, Student
from sim.measurement import REGISTRY


def ranks(measures: pd.DataFrame, measure: str, group_by: str, level: float = 0.95) -> pd.DataFrame:
    """The groups of a measure, such as districts or units, by rank, with an interval of the rank.

    Columns: scenario, group, mean, rank (1 = best), lower, upper. The bounds are those of Mogstad, Romano,
    Shaikh & Wilhelm (2024, Rev. Econ. Stud. 91, 476–518): a group ranks after those that are surely better
    and before those that are surely worse, by paired t-intervals with Bonferroni's correction over its
    rivals. Groups without a value, or with one not reached, are left out; one replication gives no bounds.
    A ValueError if the table has no such rows, or if neither way is better.
    """
    better = REGISTRY[measure].better
    if better is None:
        raise ValueError(f"of {measure}, neither high nor low values are better: it cannot be ranked")
    sign = 1.0 if better == "higher" else -1.0
    rows = measures[(measures["measure"] == measure) & (measures["group_by"] == group_by)]
    if rows.empty:
        raise ValueError(f"there is no {measure} by “{group_by}” among the measures")
    cube = Cube(rows)
    parts = []
    for number, scenario in enumerate(cube.scenarios):
        student = Student(cube.values[:, number])
        kept = (student.n > 0) & ~cube.unreached[:, number].any(axis=1)
        values, mean = sign * cube.values[kept, number], student.mean[kept]
        rivals = max(len(values) - 1, 1)
        bounds = []
        for own in values:
            ahead = Student(values - own)
            margin = ahead.half_width(1 - (1 - level) / rivals)
            surely_better = np.count_nonzero(ahead.mean - margin > 0)
            surely_worse = np.count_nonzero(ahead.mean + margin < 0)
            bounds.append((1 + surely_better, len(values) - surely_worse))
        known = student.n[kept] > 1
        lower, upper = np.array(bounds, dtype=np.float64).reshape(-1, 2).T
        part = pd.DataFrame(
            {
                "scenario": scenario,
                "group": cube.keys["group"][kept],
                "mean": mean,
                "rank": pd.Series(-sign * mean).rank(method="min").to_numpy().astype(np.int64),
                "lower": np.where(known, lower, np.nan),
                "upper": np.where(known, upper, np.nan),
            }
        )
        parts.append(part.sort_values(["rank", "group"]))
    return pd.concat(parts, ignore_index=True)
