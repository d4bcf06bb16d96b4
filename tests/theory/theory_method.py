"""How the simulator is held against queueing theory: one method for every case.

A case is an ordinary scenario, the statistics read from its tables, and what theory says they are. Replications with
fixed seeds are independent, so each statistic has a Student-t interval over them, whatever the correlation of the
waits within one. A test passes when every interval of 99.9 % holds the truth **and** is narrow. Its twin
is the same test of a city with 10 % fewer requests, and must be rejected: a test that cannot see that sees nothing.
(Twins are shorter: what shows in a short run shows in a long one.)
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from scipy.stats import t as student

import sim
from sim.scenario import Scenario, from_dict

CONFIDENCE = 0.999
START = date(2024, 1, 1)
TRUTHS: dict[str, dict[str, Any]] = {
    name: entry["values"] for name, entry in json.loads((Path(__file__).parent / "truths.json").read_text()).items()
}

Town = Callable[[int, int, float], Scenario]
Statistics = Callable[[sim.Outcomes], Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class Case:
    """One system of queueing theory.

    `town` makes the scenario from a warm-up in days, days that count, and a factor on the rate of requests. Truths by
    name of the statistic: `means` need narrow intervals in both versions, `slow` means and `tails` (second moments,
    small probabilities) in the long one, `loose` ones would take hours for that. `short`, `twin` and `long` are days a
    replication; a case without a short version is for `make theory` only. The twin must be rejected by each statistic
    of `moved`, by default every mean.
    """

    name: str
    town: Town
    statistics: Statistics
    means: Mapping[str, float]
    warm_up: int
    twin: int
    long: int
    short: int | None = None
    slow: Mapping[str, float] = field(default_factory=dict)
    tails: Mapping[str, float] = field(default_factory=dict)
    loose: Mapping[str, float] = field(default_factory=dict)
    moved: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def truths(self) -> dict[str, float]:
        """All of them."""
        return {**self.means, **self.slow, **self.tails, **self.loose}

    def measured(self, days: int, replications: int, factor: float = 1.0) -> dict[str, Interval]:
        """The interval of every statistic."""
        scenario = self.town(self.warm_up, days, factor)
        seed = crc32(self.name.encode())  # other citizens for every case
        rows = [self.statistics(sim.simulate(scenario, k, seed=seed)) for k in range(replications)]
        return {name: interval(np.array([row[name] for row in rows])) for name in rows[0]}


@dataclass(frozen=True)
class Interval:
    """A Student-t interval of 99.9 % over replications."""

    mean: float
    half: float

    def holds(self, truth: float) -> bool:
        """Whether the truth is inside."""
        return abs(self.mean - truth) <= self.half

    def __str__(self) -> str:
        return f"{self.mean:.5g} ± {self.half:.2g} ({self.half / abs(self.mean):.1%})"


def interval(values: np.ndarray) -> Interval:
    """The interval for the mean of independent replications."""
    n = len(values)
    quantile = float(student.ppf((1 + CONFIDENCE) / 2, n - 1))
    return Interval(float(values.mean()), quantile * float(values.std(ddof=1)) / math.sqrt(n))


# --- towns -----------------------------------------------------------------------------------------------------------


def exponential(hours: float) -> dict[str, Any]:
    """An exponential distribution of this mean."""
    return {"distribution": "exponential", "mean": f"{hours!r} h"}


def town(warm_up: int, days: int, **parts: Any) -> Scenario:
    """A town that counts `days` after the warm-up, and runs on a while so that waits come to their end."""
    first = START + timedelta(days=warm_up)
    last = first + timedelta(days=days)
    time = {"start": START, "count_from": first, "count_until": last, "end": last + timedelta(days=1)}
    parts = {"time": {name: str(day) for name, day in time.items()}, "districts": {"Town": {}}, **parts}
    return from_dict({"name": "theory", **parts})


def one_station(rate: float, work: Any, unit: Mapping[str, Any], **more: Any) -> Town:
    """One unit, so many requests per hour; `more` are parts of the scenario and, as `category`, of the category."""
    category = {"unit": "Desk", "work": work, **more.pop("category", {})}

    def make(warm_up: int, days: int, factor: float) -> Scenario:
        matter = {**category, "total": f"{rate * factor!r} / h"}
        return town(warm_up, days, units={"Desk": dict(unit)}, categories={"Matter": matter}, **more)

    return make


# --- statistics ------------------------------------------------------------------------------------------------------


def counted(out: sim.Outcomes, **where: str) -> pd.DataFrame:
    """Visits that began inside the count window, where columns have these values."""
    visits = out.visits
    keep = (visits["queued"] >= out.count_from) & (visits["queued"] < out.count_until)
    for column, value in where.items():
        keep &= visits[column] == value
    return visits[keep]


def waits(visits: pd.DataFrame) -> np.ndarray:
    """Hours from joining the queue to an officer, or to leaving without having seen one."""
    return (visits["started"].fillna(visits["ended"]) - visits["queued"]).to_numpy()


def levels(out: sim.Outcomes, pool: str) -> dict[str, float]:
    """Mean numbers over the count window: waiting, at work, both."""
    table = out.levels
    inside = (table["hour"] >= out.count_from) & (table["hour"] < out.count_until) & (table["pool"] == pool)
    queue, busy = (float(table.loc[inside, name].mean()) for name in ("queue", "busy"))
    return {"Lq": queue, "busy": busy, "L": queue + busy}
