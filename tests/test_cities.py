"""The random cities use everything that the scenario format knows: no key is left out of laws and twins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cities import cities
from hypothesis import HealthCheck, Phase, given, settings

from sim.scenario import Scenario, from_dict
from sim.scenario.shape import Shape

Key = tuple[str, ...]


def keys_of(shape: Shape, path: Key = ()) -> Iterator[Key]:
    """Every key of the schema; `*` stands for a name or a place in a list."""
    for key, below in shape.fields.items():
        yield (*path, key)
        yield from keys_of(below, (*path, key))
    if shape.is_map or shape.is_list:
        yield from keys_of(shape.item, (*path, "*"))


def keys_in(shape: Shape, data: Any, path: Key = ()) -> Iterator[Key]:
    """Those that occur in the data of a scenario."""
    if shape.section and isinstance(data, dict):
        for key, value in data.items():
            below = shape.child(key)
            assert below is not None, key
            yield (*path, key)
            yield from keys_in(below, value, (*path, key))
    elif shape.is_map or isinstance(data, list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from keys_in(shape.item, value, (*path, "*"))


@pytest.mark.long
def test_random_cities_know_every_key_of_the_schema() -> None:
    found: set[Key] = set()

    @settings(
        max_examples=400,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cities())
    def look(city: dict[str, Any]) -> None:
        found.update(keys_in(Shape(Scenario), city))

    look()
    assert sorted(set(keys_of(Shape(Scenario))) - found) == []


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(cities())
def test_random_cities_are_scenarios(city: dict[str, Any]) -> None:
    from_dict(city)
