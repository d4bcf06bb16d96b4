"""How requests are handled, from those opened July–September: deadlines, never-closed shares, time to close."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rows import END, START, Table

from sim.model import rules
from sim.model.city import build_city
from sim.scenario import from_dict

Numbers = NDArray[np.float64]

#: Categories with fewer rows to fit on than this share one time to close.
ENOUGH = 20
#: The calendar of the city's own deadlines in working days, as the rows show it: they end at the same clock time so
#: many weekdays later; what comes before 8:30, after 17:00 or on a weekend counts from the next morning at 8:30; public
#: holidays are not left out.
DEADLINES: dict[str, Any] = {"open": {"mon-fri": "8:30-17:00"}}
#: A row counts half for every so many hours before October. September is foretold somewhat better from July and August
#: so (holdout.py); a shorter half-life does better still, but would leave less than half of the rows' weight.
HALF_LIFE = 30 * 24.0
#: Where the quantiles of lead time are given; close together above, where they rise steeply.
PROBABILITIES: Numbers = np.array([*range(0, 80, 5), 80, 82.5, 85, 87.5, 90, 92.5, 95, 96.5, 98, 99, 99.5, 100]) / 100
_TOLERANCE = 0.05  # hours; targets in the data are a few seconds off


def _office() -> tuple[Any, ...]:
    """The opening hours and the open days of that calendar, as the model's rule of workdays takes them."""
    town = {
        "name": "deadlines",
        "time": {"start": f"{START:%Y-%m-%d}", "end": f"{END:%Y-%m-%d}"},
        "districts": {"Boston": {}},
        "calendars": {"deadlines": DEADLINES},
        "units": {"Desk": {"staff": 1}},
        "categories": {"Matter": {"total": "1 / d", "unit": "Desk", "work": "1 h"}},
        "policies": {"time_limits": {"resolve": "1 workday", "calendar": "deadlines"}},
    }
    city = build_city(from_dict(town))
    assert city.time_limits is not None
    working_time = city.time_limits.working_time
    opens, closes, _, today = city.rosters[working_time.roster].hours
    return opens, closes, today, working_time.workdays


OFFICE = _office()


def working_days(rows: Table, days: int) -> Numbers:
    """Hours from opening to the deadline of so many working days, by the model's rule and the city's calendar."""
    return np.array([rules.add_workdays(*OFFICE, arrived, days, False) - arrived for arrived in rows.arrived])


def _candidates(dated: Table) -> dict[str, Numbers]:
    """Limits that occur among these rows, with what each allows every row (hours); the commonest first."""
    allowance = (dated.due - dated.arrived).to_numpy()
    hits: dict[str, tuple[int, Numbers]] = {}
    for days in range(1, 61):
        allowed = working_days(dated, days)
        hits[f"{days} workdays"] = int((np.abs(allowance - allowed) < _TOLERANCE).sum()), allowed
    for days in np.unique(np.round(allowance / 24)):
        allowed = np.full(len(dated), 24.0 * days)
        hits[f"{days:.0f} d"] = int((np.abs(allowance - allowed) < _TOLERANCE).sum()), allowed
    # whole calendar weeks look like working days to most rows: the one that explains more rows wins
    ordered = sorted((item for item in hits.items() if item[1][0] and item[0] != "0 d"), key=lambda i: -i[1][0])
    return {limit: allowed for limit, (_, allowed) in ordered}


def _dated(rows: Table) -> Table:
    """The rows with a deadline, none if most have no deadline."""
    dated = rows[rows.due.notna()]
    return dated if 2 * len(dated) >= len(rows) else dated.iloc[:0]


def limit_of(rows: Table) -> str | None:
    """The commonest allowance of these rows as a limit (``3 workdays``, ``30 d``), None where most have none."""
    return next(iter(_candidates(_dated(rows))), None)


def share_explained(rows: Table) -> float:
    """The share of the dated rows whose own deadline is that of ``limit_of``."""
    dated = _dated(rows)
    allowed = next(iter(_candidates(dated).values()))
    return float((np.abs(dated.due - dated.arrived - allowed) < _TOLERANCE).mean())


def nearest_limit(rows: Table) -> str | None:
    """For a mixture of types: the allowance among theirs under which the share that is late comes nearest to their
    own; None where most have no deadline."""
    dated = _dated(rows)
    own = float((dated.hours > dated.due - dated.arrived).mean()) if len(dated) else 0.0
    late = {limit: float((dated.hours > a).mean()) for limit, a in _candidates(dated).items()}
    return min(late, key=lambda limit: abs(late[limit] - own), default=None)


def pooled(rows: Table) -> Table:
    """The name under which each row's time to close is fitted: its category, or ``small`` for all small ones."""
    size = rows.category.map(rows.category.value_counts())
    return rows.category.where(size >= ENOUGH, "small")


def recency(arrived: Numbers, until: float) -> Numbers:
    """Weights of requests that arrived at these hours: half for every HALF_LIFE before ``until``."""
    return np.asarray(0.5 ** ((until - arrived) / HALF_LIFE), dtype=float)


def never_closed(rows: Table, weights: Numbers) -> float:
    """The share of these rows that is never closed."""
    return round(float(weights[np.isinf(rows.hours)].sum() / weights.sum()), 4)


def _quantiles(values: Numbers, weights: Numbers, at: Numbers) -> Numbers:
    order = np.argsort(values)
    mass = weights[order]
    return np.interp(at, (np.cumsum(mass) - mass / 2) / mass.sum(), values[order])


def lead_times(
    closed: Numbers, closed_weights: Numbers, handled: Numbers, handled_weights: Numbers, steps: int = 200
) -> tuple[Numbers, Numbers]:
    """The distribution of lead time which, added to the simulated time until an officer has done the work, explains
    the observed time to close best, as quantiles: (probabilities, hours).

    ``closed``: hours to close of closed rows; ``handled``: simulated hours from arrival to the end of the officer's
    work, of requests of the same months. Lead time is independent of the wait, as in the model, and never negative:
    a deconvolution of two samples by the iteration of Richardson (1972) and Lucy (1974), which raises the likelihood
    at every step, on a logarithmic grid.
    """
    leads = np.concatenate([[0.0], np.geomspace(0.25, max(closed.max(), 1.0), 250)])
    edges = np.concatenate([[0.0], np.geomspace(0.25, 2 * (leads[-1] + handled.max()), 200)])
    counts = np.histogram(closed, edges, weights=closed_weights)[0]
    waits = _quantiles(handled, handled_weights, (np.arange(1000) + 0.5) / 1000)
    given = np.stack([np.histogram(waits + lead, edges)[0] for lead in leads], axis=1) / len(waits)
    given[:, 0] = np.maximum(given[:, 0], 1e-9)  # whoever was faster than any simulated officer needed no lead time
    mass = np.full(len(leads), 1 / len(leads))
    for _ in range(steps):
        mass *= given.T @ (counts / np.maximum(given @ mass, 1e-12)) / counts.sum()
    return PROBABILITIES, _quantiles(leads, mass, PROBABILITIES)
