"""Judge ``scenarios/boston-2011.yaml`` on October–December: ``python experiments/boston-2011/judge.py``.

Prints, for the six large departments, simulated | observed | July–September repeated, and what 10 % fewer officers
would do. One definition of each figure serves data and simulation: counted are requests opened October–December; what
is not closed 540 days after the window is open, and open requests rank after all closed ones.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rows import (
    COUNT_FROM,
    COUNT_UNTIL,
    DEFAULT_ROWS,
    DEPARTMENTS,
    END,
    LARGE,
    PROJECT,
    START,
    Table,
    fitting,
    judged,
    load,
)
from scipy import stats

import sim

SCENARIO = PROJECT / "scenarios/boston-2011.yaml"
HOUR = pd.Timedelta(hours=1)
WINDOW = (COUNT_FROM - START) / HOUR, (COUNT_UNTIL - START) / HOUR
CENSORED = (END - START) / HOUR
FIGURES = {
    "requests": "requests",
    "p50": "median to close, h (open ranked last)",
    "p90": "p90 to close, h (open ranked last)",
    "p50_among_closed": "median among closed, h",
    "p90_among_closed": "p90 among closed, h",
    "late_or_open": "late or open, share of those with a deadline",
}


def figures(requests: Table) -> Table:
    """The figures of one department's requests: columns arrived, closed, due (hours since START, NaN where none).

    Quantiles are the smallest time that at least that share needs at most; NaN where it is not reached.
    """
    closed = requests.closed.where(requests.closed < CENSORED)
    hours = np.sort((closed - requests.arrived).fillna(np.inf).to_numpy())
    ended = hours[np.isfinite(hours)]
    dated = requests.due.notna()

    def quantile(values: np.ndarray, share: float) -> float:
        value = values[int(np.ceil(share * len(values))) - 1] if len(values) else np.nan
        return float(value) if np.isfinite(value) else np.nan

    found = {
        "requests": len(requests),
        "p50": quantile(hours, 0.5),
        "p90": quantile(hours, 0.9),
        "p50_among_closed": quantile(ended, 0.5),
        "p90_among_closed": quantile(ended, 0.9),
        "late_or_open": float((~(closed[dated] <= requests.due[dated])).mean()) if dated.any() else np.nan,
    }
    return pd.Series(found)


def by_department(requests: Table, names: Iterable[str]) -> Table:
    """The figures by department, in this order; needs the column ``department``."""
    return pd.DataFrame({name: figures(requests[requests.department == name]) for name in names}).T


@dataclass(frozen=True)
class Simulated:
    """Figures by replication and department, and the officers' utilisation in the window likewise."""

    figures: Table
    utilisation: Table


def simulate(overrides: list[str], replications: int) -> Simulated:
    """Simulate the scenario with these changes."""
    scenario = sim.load(SCENARIO, overrides)
    found, busy = {}, {}
    names = [DEPARTMENTS[code] for code in LARGE]
    for k in range(replications):
        out = sim.simulate(scenario, replication=k)
        counted = out.counted[["arrived", "first_closed", "due", "owner_unit"]]
        found[k] = by_department(counted.set_axis(["arrived", "closed", "due", "department"], axis=1), names)
        hours = out.levels[out.levels.hour.between(WINDOW[0], WINDOW[1] - 1)].groupby("pool", observed=True)
        busy[k] = (hours.busy.sum() / hours.on_duty.sum()).reindex(names)
        print(f"replication {k + 1} of {replications}", file=sys.stderr, flush=True)
    return Simulated(pd.concat(found, names=["replication", "department"]), pd.DataFrame(busy).T)


def fewer_officers() -> list[str]:
    """Overrides that leave each large department 10 % fewer officers, at least one."""
    staff = {name: unit.staff.each for name, unit in sim.load(SCENARIO).units.items() if unit.staff}
    names = [DEPARTMENTS[code] for code in LARGE]
    return [f"units.{n}.staff={(staff[n] or 0) - max(1, round((staff[n] or 0) / 10))}" for n in names]


def comparison(simulated: Table, rows: Table) -> Table:
    """Simulated (mean over replications) beside observed and the baseline, by department and figure."""
    mean = simulated.groupby("department", sort=False).mean()
    # a quantile that some replications do not reach is not reached
    mean = mean.where(simulated.notna().groupby("department", sort=False).all())
    coded = rows.assign(department=rows.department.map(DEPARTMENTS))
    columns = {
        "simulated": mean,
        "observed": by_department(judged(coded), mean.index),
        "July-Sept repeated": by_department(fitting(coded), mean.index),
    }
    return pd.concat({k: t.stack(future_stack=True) for k, t in columns.items()}, axis=1)


def paired(base: Simulated, fewer: Simulated) -> Table:
    """Relative change of each department's median with fewer officers: mean and 95 % interval over replications.

    Where the median falls among open requests, that among the closed stands for it.
    """
    result = {}
    for name in base.utilisation.columns:
        one, two = (s.figures.xs(name, level="department") for s in (base, fewer))
        reached = bool((one.p50.notna() & two.p50.notna()).all())
        figure = "p50" if reached else "p50_among_closed"
        change = two[figure] / one[figure] - 1
        half = stats.t.ppf(0.975, len(change) - 1) * change.std() / np.sqrt(len(change))
        result[name] = {
            "utilisation": base.utilisation[name].mean(),
            "utilisation, fewer": fewer.utilisation[name].mean(),
            "median": figure,
            "change": change.mean(),
            "from": change.mean() - half,
            "to": change.mean() + half,
        }
    return pd.DataFrame(result).T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="?", default=DEFAULT_ROWS, help="Boston's row file (csv.gz)")
    parser.add_argument("--replications", type=int, default=60)
    options = parser.parse_args()
    rows = load(options.rows)
    base = simulate([], options.replications)
    table = comparison(base.figures, rows)
    reaction = paired(base, simulate(fewer_officers(), options.replications))
    print(f"Mean of {options.replications} replications\n")
    print(table.rename(index=FIGURES).round(3).to_string(na_rep="not reached"))
    wide = table.unstack()
    misses = {
        "median, simulated / observed": wide["simulated"]["p50"] / wide["observed"]["p50"],
        "the same, July-Sept repeated": wide["July-Sept repeated"]["p50"] / wide["observed"]["p50"],
        "late or open, simulated - observed": wide["simulated"]["late_or_open"] - wide["observed"]["late_or_open"],
        "the same for July-Sept": wide["July-Sept repeated"]["late_or_open"] - wide["observed"]["late_or_open"],
    }
    names = list(base.utilisation)
    print("\n" + pd.DataFrame(misses).loc[names].round(3).to_string(na_rep="not reached"))
    print("\nTen per cent fewer officers (at least one): relative change of the median, 95 % interval of the pairs\n")
    print(reaction.to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
