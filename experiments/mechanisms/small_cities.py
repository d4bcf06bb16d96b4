"""The cities of the pictures: as small as a mechanism can be seen in, each with one office, pool or category or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import sim
from sim.scenario import Scenario, from_dict

Data = dict[str, Any]
PLENTY = {"staff": 99}


def runs(scenario: Scenario, of: Callable[[sim.Outcomes], object], replications: int) -> np.ndarray:
    """What is asked of each replication, [replication, …]."""
    return np.array([of(sim.simulate(scenario, k, engine="compiled")) for k in range(replications)], dtype=float)


def exponential(mean: str) -> Data:
    """A duration with this mean."""
    return {"distribution": "exponential", "mean": mean}


def causes(people_on_causes: int) -> Scenario:
    """Ten people who are always busy: 300 matters wait, 12 come an hour, each takes an hour. Some of the ten work 240 h
    on a theme instead, which takes half of the births away from the tenth day on.
    """
    theme: Data = {}
    if people_on_causes:
        how = {"among": ["Matter"], "pool": "team", "effort": "240 h", "lag": "119 h", "rule": "list", "removes": 0.5}
        theme = {"pools": {"team": {"staff": people_on_causes}}, "policies": {"monthly_theme": how}}
    return from_dict(
        {
            "name": "causes or cases",
            "time": {"start": "2024-01-01", "end": "2024-01-25"},
            "districts": {"Town": {}},
            "units": {"Desk": {"staff": 10 - people_on_causes}},
            "categories": {"Matter": {"total": "12 / h", "unit": "Desk", "work": exponential("1 h")}},
            "demand": {"shocks": {"begin": {"from": "2024-01-01", "until": "2024-01-01 01:00", "factor": 26}}},
            **theme,
        }
    )


def patrolled(by: str | None) -> Scenario:
    """Two districts with as many problems; in the quiet one they are reported a fifth as often. Ten inspectors."""
    patrols = {"pool": "inspectors", "hours": "80 h", "rate": "0.0006 / h", "visible": {"Hole": 1}}
    return from_dict(
        {
            "name": "two districts",
            "time": {
                "start": "2024-01-01",
                "count_from": "2024-03-01",
                "count_until": "2024-12-01",
                "end": "2025-03-01",
            },
            "calendars": {"day": {"open": {"mon-sun": "8:00-16:00"}}},
            "districts": {"Loud": {}, "Quiet": {"reporting": 0.2}},
            "pools": {"inspectors": {"staff": 10, "calendar": "day"}},
            "units": {"Office": PLENTY},
            "categories": {"Hole": {"total": "20 / d", "reports": {"every": "10 d"}, "unit": "Office", "work": "1 h"}},
            "policies": {} if by is None else {"act_before": {**patrols, "by": by}},
        }
    )


def table(brought: float) -> Scenario:
    """So many neighbours a week bring a matter to a table with two seats, three hours a week, half an hour each."""
    council = {
        "unit": "Office",
        "share": {"Dispute": 1},
        "settles": 0.6,
        "first": "2024-01-02 09:00",
        "every": "7 d",
        "hours": "3 h",
        "seats": 2,
        "work": "30 min",
        "wait": "14 d",
    }
    return from_dict(
        {
            "name": "a table in the neighbourhood",
            "time": {
                "start": "2024-01-01",
                "count_from": "2024-03-01",
                "count_until": "2025-12-01",
                "end": "2026-01-01",
            },
            "districts": {"Town": {}},
            "channels": {"phone": {"share": 1, "pool": "hotline", "talk": "6 min"}},
            "pools": {"hotline": PLENTY},
            "units": {"Office": PLENTY},
            "categories": {"Dispute": {"total": f"{brought / 7} / d", "unit": "Office", "work": "1 h"}},
            "policies": {"council": council},
        }
    )


def trusting(solved: float) -> Scenario:
    """Problems of which half are reported while trust is 1; citizens are satisfied if theirs is solved."""
    callback = {
        "pool": "callers",
        "work": "1 min",
        "resolved": {"if_true": 1, "if_false": 0},
        "satisfied": {"intercept": -9, "said_resolved": 18},
    }
    return from_dict(
        {
            "name": "trust",
            "time": {"start": "2023-01-01", "end": "2025-02-01"},
            "districts": {"Town": {}},
            "pools": {"callers": PLENTY},
            "units": {"Desk": PLENTY},
            "categories": {
                "Problem": {
                    "total": "100 / d",
                    "unit": "Desk",
                    "work": "1 h",
                    "resolve": solved,
                    "reports": {"reported": 0.5},
                }
            },
            "policies": {"callback": callback, "trust": {"gain": 0.4, "decay": 0.1, "neutral": 0.8}},
        }
    )


def listed(upkeep: str | None) -> Scenario:
    """A desk that sends 92 of 100 to the right office while its list is up to date; of what is right 2 % go wrong each
    month. Somebody works on the list every so often, or never.
    """
    lists: Data = {"drift": 0.02, **({"upkeep": {"every": upkeep, "work": "40 h"}} if upkeep else {})}
    return from_dict(
        {
            "name": "a desk and its list",
            "time": {"start": "2023-01-01", "end": "2025-01-05"},
            "districts": {"Town": {}},
            "pools": {"desk": {"staff": 20}},
            "units": {"Right": PLENTY, "Wrong": PLENTY},
            "dispatch": {"pool": "desk", "work": "6 min", "accuracy": 0.92, "redispatch_accuracy": 0.7, "max_hops": 3},
            "categories": {"Matter": {"total": "300 / d", "unit": "Right", "work": "1 h", "confused_with": "Wrong"}},
            "policies": {"precise_dispatch": {"duty_list": lists}},
        }
    )


def excluding(asks: float) -> Scenario:
    """Of 100 requests 75 are solved; units ask to leave out a share of those of which citizens say that they are not,
    and half of that is granted.
    """
    review = {"pool": "reviewers", "work": "30 min"}
    callback = {
        "pool": "callers",
        "work": "6 min",
        "resolved": {"if_true": 0.95, "if_false": 0.1},
        "exclusion": {"asks": asks, "granted": 0.5, "review": review},
    }
    return from_dict(
        {
            "name": "exclusion",
            "time": {"start": "2024-01-01", "end": "2024-07-01"},
            "districts": {"Town": {}},
            "pools": {"callers": PLENTY, "reviewers": PLENTY},
            "units": {"Desk": PLENTY},
            "categories": {"Matter": {"total": "40 / d", "unit": "Desk", "work": "1 h", "resolve": 0.75}},
            "policies": {"callback": callback},
        }
    )
