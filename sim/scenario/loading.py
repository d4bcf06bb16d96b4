"""From files, text or data to a checked scenario. (Thin version.)"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

import yaml
from pydantic import ValidationError

from sim.scenario.defaults import fill
from sim.scenario.errors import Problem, ScenarioError
from sim.scenario.nodes import from_python, spot_of
from sim.scenario.quantities import Plain
from sim.scenario.schema import Scenario


def _plainly(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _plainly(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plainly(value) for value in data]
    return None if data in ("", "null", "~") else Plain(data)


def _merge(base: Any, over: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return {**base, **{key: _merge(base.get(key), value) for key, value in over.items()}}


def load(path: str | FilePath, overrides: Sequence[str] = ()) -> Scenario:
    data = _read(FilePath(path))
    for override in overrides:
        where, _, value = override.partition("=")
        layer: Any = _plainly(yaml.load(value, Loader=yaml.BaseLoader))
        for step in reversed(where.split(".")):
            layer = {step: layer}
        data = _merge(data, layer)
    return from_dict(data)


def _read(path: FilePath) -> Any:
    data = _plainly(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader))
    base = data.pop("extends", None)
    return _merge(_read(path.parent / base), data) if base else data


def from_text(text: str, name: str = "<text>") -> Scenario:
    return from_dict(_plainly(yaml.load(text, Loader=yaml.BaseLoader)))


def from_dict(data: Any, folder: str | FilePath | None = None) -> Scenario:
    problems: list[Problem] = []
    root = from_python({k: v for k, v in data.items() if k not in ("sources", "extends")}, "<data>", problems)
    fill(root)
    try:
        return Scenario.model_validate(root.plain())
    except ValidationError as error:
        for entry in error.errors(include_url=False):
            problems.append(spot_of(root, entry["loc"]).problem(entry["loc"], entry["msg"]))
    raise ScenarioError(problems)
