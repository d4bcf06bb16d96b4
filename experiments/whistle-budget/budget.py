"""How many whistles Beijing's units blow a month, and who waits for it: the figure of docs/mechanisms/whistle.md."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import sim
from sim.inference import interval

BUDGETS = (0, 10, 30, 100, None)  # whistles that each owner may blow a month, at 1:1; None: no limit
REPLICATIONS = 5
FIGURE = Path(__file__).resolve().parents[2] / "docs/mechanisms/whistle.svg"


def hours(budget: int | None, replication: int, joint: pd.Index | None) -> tuple[dict[str, float], pd.Index]:
    """Hours from the first unit to closing of joint matters, and of waiting for ordinary work at the departments.

    ``joint``: the requests with a part of another unit in the run without whistles; None: this is that run.
    """
    limit = [] if budget is None else [f"policies.whistle.budget={budget}"]
    out = sim.simulate(sim.load("beijing-2024", limit), replication)
    if joint is None:
        joint = pd.Index(out.visits.loc[out.visits["kind"] == "part", "request"].unique())
    counted = out.counted
    matters = counted[counted["request"].isin(joint)]
    works = out.visits[
        (out.visits["kind"] == "handling") & out.visits["pool"].astype(str).str.startswith("District dep")
    ]
    found = {
        "joint": float((matters["first_closed"] - matters["dispatched"]).mean()),
        "ordinary": float((works["started"] - works["queued"]).mean()),
        "whistles": float(counted["whistles"].sum()),
    }
    return found, joint


def main() -> None:
    """Simulate, print, draw."""
    rows = []
    for replication in range(REPLICATIONS):
        joint = None
        for budget in BUDGETS:
            found, joint = hours(budget, replication, joint)
            rows.append({"budget": budget, "replication": replication, **found})
    table = pd.DataFrame(rows)
    by_budget = {
        b: table[table["budget"].isna() if b is None else table["budget"] == b].set_index("replication")
        for b in BUDGETS
    }
    print(*(f"{what} without: {by_budget[0][what].mean():.2f} h" for what in ("joint", "ordinary")), sep="\n")
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    titles = {
        "joint": "Joint matters: from the first unit to closing",
        "ordinary": "Ordinary work at district departments: waiting",
    }
    names = [f"{b:,}" if b is not None else "no limit" for b in BUDGETS]
    for axis, (what, title) in zip(axes, titles.items(), strict=True):
        means = [interval((by_budget[b][what] - by_budget[0][what]).to_numpy()) for b in BUDGETS[1:]]
        for name, at in zip(names[1:], means, strict=True):
            print(f"{what}, budget {name}: {at.mean:+.2f} h ({at.lower:+.2f} … {at.upper:+.2f})")
        half = np.array([m.mean - m.lower for m in means])
        axis.axhline(0, color="#444444", linewidth=1)
        axis.errorbar(names[1:], [m.mean for m in means], half, fmt="o", color="#0072b2", capsize=4)
        axis.set(title=title, xlabel="whistles that each owner may blow a month")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("hours minus those without whistles,\nmean and 95 % interval")
    print(table.groupby(table["budget"].fillna(np.inf))["whistles"].mean())
    plt.rcParams["svg.hashsalt"] = "citysim"
    figure.savefig(FIGURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
