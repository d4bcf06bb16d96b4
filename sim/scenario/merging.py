"""One scenario from several layers: a file over the file it extends, and single values over all of them."""

from __future__ import annotations

from collections.abc import Sequence

from sim.scenario.errors import Problem, ReadError, quoted, read_path
from sim.scenario.nodes import Node, Spot
from sim.scenario.schema import Scenario
from sim.scenario.shape import Shape
from sim.scenario.yaml_loader import parse_yaml

OVERRIDES = "--set"


def merge(base: Node, over: Node, shape: Shape | None = None) -> Node:
    """`over` on top of `base`: maps merge, everything else replaces, a key without a value removes the
    inherited one.

    Maps that are one whole (distributions, shares, staff) replace; a key that is one of two ways to say the
    same thing removes the other way.
    """
    mergeable = shape is None or shape.section is not None or shape.is_map
    if not (mergeable and isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    entries, keys = dict(base.value), dict(base.keys)
    for rival in _rivals(shape, over):
        entries.pop(rival, None)
    for key, child in over.value.items():
        if child.value is None:
            entries.pop(key, None)
        else:
            below = merge(entries[key], child, shape.child(key) if shape else None) if key in entries else child
            entries[key], keys[key] = below, over.keys.get(key, child.at)
    return Node(entries, over.at, keys)


def _rivals(shape: Shape | None, over: Node) -> set[str]:
    """The keys of `base` that are other ways to say what `over` says."""
    groups: tuple[tuple[str, ...], ...] = getattr(shape.section, "RIVALS", ()) if shape else ()
    said = [group for group in groups if any(key in over.map and over.map[key].value is not None for key in group)]
    return {key for group in groups if group not in said for key in group} if said else set()


def apply_overrides(root: Node, overrides: Sequence[str], problems: list[Problem]) -> Node:
    """The tree with each `path=value` put into it, in order; places are `--set:number of the
    override:column`.
    """
    for number, override in enumerate(overrides, start=1):
        try:
            segments, end = read_path(override)
            if end == len(override):
                raise ReadError(f"write path=value, not {quoted(override)}")
        except ReadError as wrong:
            problems.append(Spot(OVERRIDES, number, 1).problem((), str(wrong)))
            continue
        value = parse_yaml(" " * (end + 1) + override[end + 1 :], OVERRIDES, problems, first_line=number)
        if value is not None:
            steps = [(segment, Spot(OVERRIDES, number, column)) for segment, column in segments]
            root = _put(root, steps, value, Shape(Scenario), problems)
    return root


def _put(node: Node, steps: list[tuple[str, Spot]], value: Node, shape: Shape | None, problems: list[Problem]) -> Node:
    """The tree with the value at the path; unlike `merge` it also reaches into wholes (`work.mean`) and
    lists.
    """
    if not steps:
        return merge(node, value, shape)
    (key, spot), rest = steps[0], steps[1:]
    below = shape.child(key) if shape else None
    if isinstance(node.value, list):
        if not (key.isdecimal() and int(key) < len(node.value)):
            problems.append(spot.problem((), f"there is no item {quoted(key)}: the list has {len(node.value)}"))
            return node
        items = list(node.value)
        items[int(key)] = _put(items[int(key)], rest, value, below, problems)
        return Node(items, spot)
    entries, keys = dict(node.map), dict(node.keys)
    if not rest and value.value is None:
        entries.pop(key, None)
        return Node(entries, node.at, keys)
    for rival in _rivals(shape, Node({key: value}, spot)):
        entries.pop(rival, None)
    entries[key] = _put(entries[key], rest, value, below, problems) if key in entries else _nest(rest, value, spot)
    keys[key] = spot
    return Node(entries, spot, keys)


def _nest(steps: list[tuple[str, Spot]], value: Node, spot: Spot) -> Node:
    """The value under the path, where nothing was before."""
    for (key, at), outer in reversed(list(zip(steps, [spot, *(at for _, at in steps)], strict=False))):
        value = Node({key: value}, outer, {key: at})
    return value
