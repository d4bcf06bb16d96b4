"""Three answers to pressure by rank, each alone, reported and true: the figure of docs/mechanisms/ranking.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

import sim
from sim.inference import interval
from sim.scenario import Scenario, from_dict

UNITS, REPLICATIONS = 20, 5
FIGURE = Path(__file__).resolve().parents[2] / "docs/mechanisms/ranking.svg"
ANSWERS: dict[str, dict[str, Any]] = {
    "effort": {"effort": {"share": 0.4, "most": 1.5}},
    "gaming": {"gaming": {"share": 0.4, "window": "12 h", "persuaded": 0.9}},
    "exclusion": {"exclusion": {"share": 0.4}},
}


def town(answer: dict[str, Any] | None) -> Scenario:
    """Twenty alike offices, each with a category of its own; nobody waits, 70 of 100 are solved."""
    names = [f"Office {n + 1:02}" for n in range(UNITS)]
    callback = {
        "pool": "callers",
        "work": "2 min",
        "resolved": {"if_true": 0.95, "if_false": 0.2},
        "score": {"weights": {"resolution": 1}},
        "exclusion": {"asks": 0.1, "granted": 0.5, "review": {"pool": "callers", "work": "10 min"}},
    }
    ranking = {} if answer is None else {"ranking": {"gain": 0.3, "decay": 0.2, **answer}}
    return from_dict(
        {
            "name": "alike offices",
            "time": {"start": "2024-01-01", "end": "2025-01-01"},
            "districts": {"Town": {}},
            "pools": {"callers": {"staff": 99}},
            "units": {name: {"staff": 99, "level": "street"} for name in names},
            "categories": {
                name: {"total": "10 / d", "unit": name, "work": "1 h", "lead": "20 h", "resolve": 0.7} for name in names
            },
            "policies": {"time_limits": {"resolve": "24 h"}, "callback": callback, **ranking},
        }
    )


def rates(answer: dict[str, Any] | None, replication: int) -> tuple[np.ndarray, np.ndarray]:
    """By month of the answer: the share said to be resolved, without what is excluded, and the share that is."""
    rows = sim.simulate(town(answer), replication, engine="compiled").requests
    rows = rows[rows["called_back"].notna()]
    month = (np.datetime64("2024-01-01T00") + rows["called_back"].to_numpy().astype("timedelta64[h]")).astype(
        "datetime64[M]"
    )
    counted = rows["excluded"].to_numpy(dtype=bool) == False  # noqa: E712
    said, true = ((rows[name] == True).to_numpy(dtype=float) for name in ("said_resolved", "resolved"))  # noqa: E712
    months = np.unique(month)[:12]
    return (
        np.array([said[counted & (month == m)].mean() for m in months]),
        np.array([true[month == m].mean() for m in months]),
    )


def main() -> None:
    """Simulate, print, draw."""
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), sharey=True, layout="constrained")
    for axis, (name, answer) in zip(axes, ANSWERS.items(), strict=True):
        found = [rates(answer, k) for k in range(REPLICATIONS)]
        for label, which, style in (("reported", 0, "o-"), ("true", 1, "s--")):
            means = [interval([f[which][m] for f in found]) for m in range(12)]
            middle = np.array([100 * mean.mean for mean in means])
            half = np.array([100 * (mean.mean - mean.lower) for mean in means])
            color = "#0072b2" if which == 0 else "#d55e00"
            axis.errorbar(range(1, 13), middle, half, fmt=style, color=color, markersize=3, linewidth=1, label=label)
            print(f"{name}, {label}: {middle[0]:.1f} % in January, {middle[11]:.1f} ± {half[11]:.1f} % in December")
        axis.set(title=f"{name} alone", xlabel="month")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("resolved, %")
    axes[0].legend(frameon=False)
    plt.rcParams["svg.hashsalt"] = "citysim"
    figure.savefig(FIGURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
