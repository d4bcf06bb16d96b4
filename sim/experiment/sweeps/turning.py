"""One scenario of an experiment: where it is found, and mechanisms turned in it with what needs them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from sim.experiment.sweeps.variants import Base, Variant
from sim.scenario import Scenario, ScenarioError
from sim.scenario.files import find_scenario


def scenario_file(name: str, folder: Path) -> str:
    """A scenario beside the experiment, else one that is known by its name or path."""
    beside = folder / name
    return str(beside if beside.is_file() else find_scenario(name))


def block_of(scenario: Scenario, key: str) -> str:
    """A mechanism as text that reads back the same, empty where it is off."""
    policy = getattr(scenario.policies, key)
    return "" if policy is None else json.dumps(policy.model_dump(mode="json", by_alias=True, exclude_none=True))


def without(
    base: Base, off: Sequence[str], sets: Sequence[str], takes_along: Literal["all", "parts", "nothing"]
) -> tuple[Variant, list[str]]:
    """The base without these mechanisms, and what it takes along of all that would have nothing to act on:
    ``parts`` of mechanisms, or whole ones, too.
    """
    along: list[str] = []
    while True:
        nulls = [f"{path}=null" for path in (*(f"policies.{key}" for key in off), *along)]
        try:
            return base.variant([*sets, *nulls]), along
        except ScenarioError as wrong:
            least = {"all": 1, "parts": 2, "nothing": 99}[takes_along]
            paths = [f.path for f in wrong.findings if f.path.startswith("policies.") and f.path not in along]
            idle = [path for path in paths if path.count(".") >= least]
            if len(idle) < len(wrong.findings):
                raise
            along += dict.fromkeys(idle)
