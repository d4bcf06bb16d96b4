"""Does what happened lately foretell better? ``python experiments/boston-2011/holdout.py``.

September is foretold from July and August, each type's requests weighted by how lately they came, at September's mix
of types: the evidence behind ``handling.HALF_LIFE``. October–December is not looked at.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from arrivals import categorise
from rows import DEFAULT_ROWS, LARGE, START, Table, fitting, load

SEPTEMBER = pd.Timestamp("2011-09-01")
HALF_LIVES = (np.inf, 60.0, 30.0, 15.0)  # days


def weighted_median(hours: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(hours)
    mass = np.cumsum(weights[order])
    return float(hours[order][np.searchsorted(mass, mass[-1] / 2)])


def foretold(past: Table, future: Table, half_life: float) -> tuple[float, float]:
    """Median time to close (open ranked last) and share late or open of the future, from the past."""
    age = (SEPTEMBER - START) / pd.Timedelta(days=1) - past.arrived / 24
    weights = 0.5 ** (age / half_life)
    mix = future.category.value_counts() / weights.groupby(past.category).sum()
    weights = weights * past.category.map(mix).fillna(0.0)
    dated = past.due.notna()
    late = past.hours > past.due - past.arrived
    share = float((late * weights)[dated].sum() / weights[dated].sum())
    return weighted_median(past.hours.to_numpy(), weights.to_numpy()), share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="?", default=DEFAULT_ROWS, help="Boston's row file (csv.gz)")
    rows = load(parser.parse_args().rows)
    rows["category"] = categorise(rows)
    rows = fitting(rows)
    lines = {}
    for half_life in HALF_LIVES:
        medians, shares = [], []
        for code in LARGE:
            mine = rows[rows.department == code]
            past, future = mine[mine.opened < SEPTEMBER], mine[mine.opened >= SEPTEMBER]
            median, late = foretold(past, future, half_life)
            own, own_late = foretold(future, future, np.inf)
            shares.append(abs(late - own_late))
            if np.isfinite(median) and np.isfinite(own):
                medians.append(abs(np.log(median / own)))
        lines[half_life] = {"|log median ratio|": np.mean(medians), "|late or open, difference|": np.mean(shares)}
    print("Mean over the six large departments, by half-life in days\n")
    print(pd.DataFrame(lines).T.round(3).to_string())


if __name__ == "__main__":
    main()
