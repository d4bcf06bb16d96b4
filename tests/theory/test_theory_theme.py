"""Monthly theme (每月一题) against exact values, at full length: `make theory`.

Causes or cases: with all staff busy all the time, what is open is a straight line, and the horizon from which fewer are
open when two of ten people work on causes instead is known exactly (truths 8.horizon).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from theory_method import exponential

import sim
from sim.scenario import Scenario, from_dict

pytestmark = pytest.mark.theory

RATE, PEOPLE, THEIRS, REMOVES, EFFORT, LAG = 12.0, 10, 2, 0.5, 240.0, 119.0
REPLICATIONS = 120
#: Hours from the beginning of the effort to its effect, and to the midnight from which on births fall.
EFFECT, FALL = EFFORT / THEIRS + LAG, 240.0


def city(theme: dict[str, Any] | None) -> Scenario:
    """All that is born comes at once to ten people, or to eight of them while two work on causes; 300 wait at the
    beginning, who come in the first hour.
    """
    data: dict[str, Any] = {
        "name": "causes or cases",
        "time": {"start": "2024-01-01", "end": "2024-01-20"},
        "districts": {"Town": {}},
        "units": {"Desk": {"staff": PEOPLE - (THEIRS if theme is not None else 0)}},
        "categories": {"Matter": {"total": f"{RATE} / h", "unit": "Desk", "work": exponential(1.0)}},
        "demand": {"shocks": {"begin": {"from": "2024-01-01", "until": "2024-01-01 01:00", "factor": 26}}},
    }
    if theme is not None:
        data["pools"] = {"team": {"staff": THEIRS}}
        how = {"among": ["Matter"], "pool": "team", "effort": f"{EFFORT} h", "lag": f"{LAG} h", "rule": "list"}
        data["policies"] = {"monthly_theme": {**how, "removes": REMOVES, **theme}}
    return from_dict(data)


def is_open(out: sim.Outcomes, hour: float) -> float:
    """Requests that are open at a moment."""
    r = out.requests
    return float(((r["arrived"] <= hour) & ~(r["closed"] <= hour)).sum())


def turning_points(theme: dict[str, Any], hours: tuple[float, float]) -> np.ndarray:
    """In each pair of cities with the same citizens: what more is open where causes are worked on, at two moments."""
    cases, causes = city(None), city(theme)
    found = []
    for k in range(REPLICATIONS):
        pair = [sim.simulate(scenario, k, engine="compiled") for scenario in (causes, cases)]
        assert pair[0].themes["begins"].tolist() == [EFFECT]
        found.append([is_open(pair[0], hour) - is_open(pair[1], hour) for hour in hours])
    return np.array(found)


@pytest.mark.parametrize("clears", [0.0, 0.2])
def test_from_when_on_causes_beat_cases(clears: float) -> None:
    gain = RATE * REMOVES - THEIRS  # an hour, once births have fallen
    behind = THEIRS * FALL  # what the two have not done until then
    cleared = clears * (300 + (RATE - PEOPLE + THEIRS) * EFFECT)  # of those that are open then
    exact = FALL + (behind - cleared) / gain
    hours = (exact - 30, exact + 30)
    more = turning_points({"clears": clears}, hours)
    means, slope = more.mean(axis=0), np.diff(more.mean(axis=0))[0] / 60
    found = hours[0] - means[0] / slope
    se = (more.mean(axis=1)).std(ddof=1) / np.sqrt(REPLICATIONS) / gain
    assert 1.96 * se <= 0.03 * exact
    assert abs(found - exact) <= 4 * se + 1.0  # officers idle in the first minutes
    assert abs(slope + gain) < 0.5
    if clears == 0:
        assert exact == FALL * RATE * REMOVES / gain == 360
    else:
        assert abs(found - 360) > 4 * se, "clearing ignored"
