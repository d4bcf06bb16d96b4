"""Defaults that depend on other parts of the scenario, filled into the tree before the schema reads it.

Defaults that depend on nothing stand in the schema itself; `default_of` reads them there.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from sim.scenario.nodes import Node, node_of, select
from sim.scenario.shape import Shape
from sim.scenario.weights import without_default


def fill(root: Node) -> None:
    """Fill in what the scenario does not say but other parts of it do. Filled nodes are marked `default`.

    Nothing here judges: where the source of a default is malformed the copy is too, and the schema says so.
    """
    for _, time in select(root, ("time",)):
        _fill(time, "count_from", time.map.get("start"))
        _fill(time, "count_until", time.map.get("end"))
    _fill_categories(root)
    for _, handling in select(root, ("policies", "classified_handling")):
        discipline = handling.map.get("discipline", Node("class", handling.at))
        for _, unit in select(root, ("units", "*")):
            if _absent(unit, "discipline"):
                _fill(unit, "discipline", discipline)
                _fill(unit, "head_start", handling.map.get("head_start"))


def _absent(node: Node, key: str) -> bool:
    return key not in node.map or node.map[key].value is None


def _fill(node: Node, key: str, default: Node | None) -> None:
    if default is not None and default.value is not None and isinstance(node.value, dict) and _absent(node, key):
        node.value[key] = replace(default, default=True)


def classes_of(root: Node) -> list[str]:
    """The names of the urgency classes, as far as they can be read."""
    found = [str(node.value) for _, node in select(root, ("classes", "*")) if not isinstance(node.value, (dict, list))]
    return found or ["ordinary"]


def _fill_categories(root: Node) -> None:
    hours = next((node for _, node in select(root, ("demand", "hours"))), None)
    districts = [str(path[-1]) for path, _ in select(root, ("districts", "*"))]
    for path, category in select(root, ("categories", "*")):
        _fill(category, "group", Node(str(path[-1]), category.at))
        _fill(category, "urgency", Node(classes_of(root)[-1], category.at))
        _fill(category, "hours", hours)
        _fill(category, "by_district", Node({}, category.at))
        for _, factors in select(category, ("by_district",)):
            for name in districts:
                _fill(factors, name, Node(1.0, factors.at))


def default_of(shape: Shape | None, key: str) -> Node | None:
    """A default that depends on nothing else, as it would be written."""
    given = _defaults_of(shape.section).get(key) if shape is not None and shape.section is not None else None
    return None if given is None else node_of(given)


@functools.cache
def _defaults_of(section: type[BaseModel]) -> dict[str, Any]:
    fixed = {
        name
        for name, field in section.model_fields.items()
        if not field.is_required() and field.json_schema_extra is not without_default
    }
    return section.model_construct().model_dump(mode="json", by_alias=True, include=fixed, exclude_none=True)
