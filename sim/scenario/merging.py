"""One scenario from several layers: a file over the file it extends, and single values over all of them."""

from __future__ import annotations

from collections.abc import Sequence

from sim.scenario.errors import Finding, Path, ReadError, nearest, quoted, read_path
from sim.scenario.nodes import DEEPEST, Node, Spot
from sim.scenario.schema import Scenario
from sim.scenario.shape import Shape
from sim.scenario.yaml_loader import parse_yaml

OVERRIDES = "--set"


def merge(base: Node | None, over: Node, shape: Shape | None, findings: list[Finding], path: Path = ()) -> Node:
    """`over` on top of `base`: maps merge, everything else replaces, a `null` takes away what is inherited.

    Maps that are one whole (distributions, shares, staff) replace; a key that is one of two ways to say the
    same thing removes the other way. A key or an item without a value, and a `null` that can take nothing away,
    are added to `findings`.
    """
    if isinstance(over.value, list):
        return Node([_item(item, shape, findings, (*path, i)) for i, item in enumerate(over.value)], over.at)
    if not isinstance(over.value, dict):
        return over
    mergeable = base is not None and (shape is None or shape.section is not None or shape.is_map)
    entries, keys = (dict(base.map), dict(base.keys)) if base and mergeable else ({}, {})
    for rival in _rivals(shape, over):
        entries.pop(rival, None)
    for key, child in over.value.items():
        _enter(entries, keys, key, child, over.keys.get(key, child.at), shape, findings, path)
    return Node(entries, over.at, keys)


def _item(item: Node, shape: Shape | None, findings: list[Finding], path: Path) -> Node:
    if item.value is None:
        what = "nothing stands here: leave the item out" if item.empty else "null cannot stand in a list"
        findings.append(item.at.finding(path, what))
        return Node(None, item.at, empty=True)
    return merge(None, item, shape.child(path[-1]) if shape else None, findings, path)


def _enter(
    entries: dict[str, Node],
    keys: dict[str, Spot],
    key: str,
    child: Node,
    spot: Spot,
    shape: Shape | None,
    findings: list[Finding],
    path: Path,
) -> None:
    """Put the child under the key, or take away what is there."""
    path = (*path, key)
    if child.value is not None:
        entries[key] = merge(entries.get(key), child, shape.child(key) if shape else None, findings, path)
        keys[key] = spot
        return
    if child.empty:
        findings.append(child.at.finding(path, without_value(key)))
        entries[key], keys[key] = child, spot  # so that nobody calls it missing
    elif shape and shape.section and key not in shape.fields:
        findings.append(spot.finding(path, "unknown key" + nearest(key, shape.fields)))
    elif shape and not shape.section and key not in entries:
        message = f"null takes away what is inherited, but there is no {quoted(key)} here{nearest(key, entries)}"
        findings.append(spot.finding(path, message))
    else:
        entries.pop(key, None)


def without_value(key: str) -> str:
    if key[:1].isdecimal():  # {staff: 1,200}
        return f"{quoted(key)} has no value: write numbers without a comma (1200, 0.6)"
    return (
        f"{quoted(key)} has no value: write null to take away what is inherited, {{}} for all defaults, and put text "
        "that has a comma in quotes"
    )


def _rivals(shape: Shape | None, over: Node) -> set[str]:
    """The keys of `base` that are other ways to say what `over` says."""
    groups: tuple[tuple[str, ...], ...] = getattr(shape.section, "RIVALS", ()) if shape else ()
    said = [group for group in groups if any(key in over.map and over.map[key].value is not None for key in group)]
    return {key for group in groups if group not in said for key in group} if said else set()


def apply_overrides(root: Node, overrides: Sequence[str | None], findings: list[Finding]) -> Node:
    """The tree with each `path=value` put into it, in order; places are `--set:number of the
    override:column`. None stands for one that is of another scenario.
    """
    for number, override in enumerate(overrides, start=1):
        if override is None:
            continue
        try:
            segments, end = read_path(override)
            if end == len(override):
                raise ReadError(f"write path=value, not {quoted(override)}")
            if len(segments) > DEEPEST:
                raise ReadError(f"a path of at most {DEEPEST} steps is wanted, not of {len(segments):,}")
        except ReadError as wrong:
            findings.append(Spot(OVERRIDES, number, 1).finding((), str(wrong)))
            continue
        value = parse_yaml(" " * (end + 1) + override[end + 1 :], OVERRIDES, findings, first_line=number)
        if value is not None:
            steps = [(segment, Spot(OVERRIDES, number, column)) for segment, column in segments]
            root = _put(root, steps, value, Shape(Scenario), findings, ())
    return root


def _put(
    node: Node,
    steps: list[tuple[str, Spot]],
    value: Node,
    shape: Shape | None,
    findings: list[Finding],
    path: Path,
) -> Node:
    """The tree with the value at the path; unlike `merge` it also reaches into wholes (`work.mean`) and
    lists.
    """
    (key, spot), rest = steps[0], steps[1:]
    if isinstance(node.value, list):
        if not (key.isdecimal() and len(key) < 8 and int(key) < len(node.value)):
            findings.append(spot.finding((), f"there is no item {quoted(key)}: the list has {len(node.value)}"))
            return node
        items, at = list(node.value), (*path, int(key))
        below = shape.child(int(key)) if shape else None
        if rest:
            items[int(key)] = _put(items[int(key)], rest, value, below, findings, at)
        elif value.value is None:
            items[int(key)] = _item(Node(None, spot, empty=value.empty), shape, findings, at)
        else:
            items[int(key)] = merge(items[int(key)], value, below, findings, at)
        return Node(items, spot)
    entries, keys = dict(node.map), dict(node.keys)
    for rival in _rivals(shape, Node({key: value}, spot)):
        entries.pop(rival, None)
    if rest and key in entries:
        below = shape.child(key) if shape else None
        entries[key] = _put(entries[key], rest, value, below, findings, (*path, key))
        keys[key] = spot
    else:
        _enter(entries, keys, key, _nest(rest, value, spot), spot, shape, findings, path)
    return Node(entries, spot, keys)


def _nest(steps: list[tuple[str, Spot]], value: Node, spot: Spot) -> Node:
    """The value under the path, where nothing was before."""
    for (key, at), outer in reversed(list(zip(steps, [spot, *(at for _, at in steps)], strict=False))):
        value = Node({key: value}, outer, {key: at})
    return value
