"""Two engines, one model: whatever the city, the readable and the compiled one agree to the last bit.

`make twins` draws thousands of cities (`CITYSIM_TWINS=5000`), the ordinary tests dozens, others each time. A city in
which the engines differ is printed whole.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from cities import cities
from hypothesis import HealthCheck, given, settings
from towns import FULL, OTHER_WAYS, same_tables

import sim
from sim.scenario import Scenario, from_dict

CITIES = int(os.environ.get("CITYSIM_TWINS", "40"))
many = settings(max_examples=CITIES, print_blob=True, suppress_health_check=list(HealthCheck))


def twins(scenario: Scenario, replication: int = 0, seed: int = 1, policies: tuple[Any, ...] = ()) -> bool:
    """Whether both engines have the same tables."""
    simpy, compiled = (
        sim.simulate(scenario, replication, seed=seed, engine=engine, policies=policies)
        for engine in ("simpy", "compiled")
    )
    return same_tables(simpy, compiled)


def surge(env: Any, city: Any) -> Any:
    """Every half hour: one officer more where somebody waits, one less where nobody does."""
    while True:
        pools = city.snapshot()
        city.propose(staff={name: 1 if pool.waiting else -1 for name, pool in pools.items()})
        yield env.timeout(0.5)


def move(env: Any, city: Any) -> Any:
    """Every day at 9:00 and 17:00, as offices open and close: two officers from the shortest queue to the longest."""
    yield env.timeout(9)
    while True:
        queues = sorted((pool.waiting, name) for name, pool in city.snapshot().items())
        city.propose(staff={name: 0 for _, name in queues} | {queues[0][1]: -2, queues[-1][1]: 2})
        yield env.timeout(8)
        yield env.timeout(16)


@many
@given(cities())
def test_random_cities(city: dict[str, Any]) -> None:
    assert twins(from_dict(city))


#: Everything that may be repeated is, as often as a scenario may ask for it: more than 255 hops, 200 of all else.
AGAIN_AND_AGAIN = {
    "name": "again and again",
    "time": {"start": "2024-03-04", "count_until": "2024-03-05", "end": "2024-03-20"},
    "districts": {"Town": {}},
    "channels": {
        "phone": {
            **{"share": 0.5, "pool": "hotline", "talk": "10 min", "patience": "10 s"},
            "redial": {"probability": 1, "after": "1 min", "at_most": 200},
        },
        "web": {"share": 0.5},
    },
    "pools": {"hotline": {"staff": 0}, "desk": {"staff": 9}, "callers": {"staff": 9}},
    "units": {"Roads": {"staff": 9}, "Parks": {"staff": 9}},
    "dispatch": {
        **{"pool": "desk", "work": "1 s", "review": "1 s", "max_hops": 300},
        **{"accuracy": 0, "redispatch_accuracy": 0},
    },
    "categories": {
        "Pothole": {"total": "1 / d", "unit": "Roads", "confused_with": "Parks", "work": "1 min", "resolve": 0}
    },
    "policies": {
        "callback": {
            **{"pool": "callers", "work": "1 min", "reach": 0.02, "retries": 200, "retry_after": "1 min"},
            "reopen": {"at_most": 200},
        }
    },
}


def test_what_is_repeated_as_often_as_can_be() -> None:
    scenario = from_dict(AGAIN_AND_AGAIN)
    assert twins(scenario)
    out = sim.simulate(scenario)
    assert out.requests["hops"].max() == 300
    assert out.requests["rounds"].max() > 100
    assert out.visits.loc[out.visits["kind"] == "intake"].groupby("request").size().max() == 201


#: The due date is over when limits begin to run: the callback joins its queue before parking moves that date.
ASKED_AS_PARKED = {
    "name": "asked in the instant in which they are parked",
    "time": {"start": "2024-01-01", "end": "2024-01-05"},
    "districts": {"Town": {}},
    "pools": {"desk": {"staff": 9}, "callers": {"staff": 1, "discipline": "due"}},
    "channels": {"phone": {"share": 1, "pool": "desk", "talk": "10 min"}},
    "units": {"Works": {"staff": 9}},
    "categories": {"Matter": {"total": "100 / d", "unit": "Works", "work": "1 h"}},
    "policies": {
        "time_limits": {"from": "arrival", "resolve": "1 min", "parking": {"share": 0.5, "time": "1 d"}},
        "callback": {"pool": "callers", "after": "due", "work": "20 min"},
    },
}


def test_a_callback_has_the_place_of_the_due_date_at_which_it_was_begun() -> None:
    assert twins(from_dict(ASKED_AS_PARKED))


def on_the_half_hour(part: Any) -> Any:
    """The same with constant times, so that much happens at one instant: when an office opens, and on from there."""
    if isinstance(part, dict):
        if "distribution" in part or "quantiles" in part:
            return "30 min"
        return {key: on_the_half_hour(value) for key, value in part.items()}
    return [on_the_half_hour(value) for value in part] if isinstance(part, list) else part


@many
@given(cities())
def test_random_cities_with_many_ties(city: dict[str, Any]) -> None:
    assert twins(from_dict(on_the_half_hour(city)))


@many
@given(cities())
def test_random_cities_with_policies(city: dict[str, Any]) -> None:
    assert twins(from_dict(on_the_half_hour(city)), policies=(surge, move))


@pytest.mark.parametrize("seed", [1, 2, 2**63 - 1])
@pytest.mark.parametrize("replication", [0, 7])
@pytest.mark.parametrize("town", [FULL, OTHER_WAYS], ids=lambda town: town["name"])
def test_towns_in_which_everything_happens(town: dict[str, Any], replication: int, seed: int) -> None:
    assert twins(from_dict(town), replication, seed)


@pytest.mark.parametrize("name", ["teaching", pytest.param("beijing-2020", marks=pytest.mark.long)])
def test_scenarios_that_ship(name: str) -> None:
    assert twins(sim.load(name, ["time.end=2024-03-18"] if name == "teaching" else []))
