"""One scenario from several layers: a file over the file it extends, and single values over all of them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel

from sim.scenario.becoming import Becoming, below, changeable
from sim.scenario.errors import Finding, Path, ReadError, nearest, path_text, quoted, read_path
from sim.scenario.meant import meant, pattern_text
from sim.scenario.nodes import DEEPEST, Node, Spot, node_of
from sim.scenario.patterns import WILD
from sim.scenario.relative import read_relative
from sim.scenario.schema import Scenario
from sim.scenario.shape import Shape
from sim.scenario.sources import Became, written
from sim.scenario.staff_side import Pool
from sim.scenario.weights import without_default
from sim.scenario.yaml_loader import parse_yaml

OVERRIDES = "--set"
_MOST_PLACES = 200_000  # that wildcards of one scenario may reach
_MOST_KNOWN = 20_000  # paths among which what was meant is looked for


class Step(NamedTuple):
    """A step of a path, and where it stands; `wild` is any name."""

    key: str
    at: Spot
    wild: bool


def merge(base: Node | None, over: Node, shape: Shape | None, findings: list[Finding], path: Path = ()) -> Node:
    """`over` on top of `base`, without relative values: see `Layers.merge`."""
    return Layers(findings, plain=True).merge(base, over, shape, path)


@dataclass
class Layers:
    """Puts layers and single values on top of each other. What is wrong is added to `findings`.

    In layers that are `plain` there are neither relative values nor wildcards; of those that are `incomplete` it is
    not said that a value is missing.
    """

    findings: list[Finding]
    plain: bool = False
    incomplete: bool = False
    becoming: Becoming = field(default_factory=Becoming)
    places: int = 0  # that wildcards reached
    missed: list[Path] = field(default_factory=list)  # that have no value which a relative one could change
    reached: int = 0

    # -- files ------------------------------------------------------------------------------------------

    def put_all(self, layers: Iterable[Node]) -> Node | None:
        """Files on top of each other, each on what it extends: first what it says of `*`, that is of each name there,
        then all else.
        """
        root, shape = None, Shape(Scenario)
        for over in layers:
            wild = _wild(over, shape)
            try:
                for part in (over,) if wild is None else (wild, _tame(over, shape)):
                    root = self.merge(root, part, shape)
                    self.becoming.settle(root)
            except _TooManyError as wrong:
                self.findings.append(over.at.finding((), str(wrong)))
        return root

    def merge(
        self, base: Node | None, over: Node, shape: Shape | None, path: Path = (), was: Node | None = None
    ) -> Node:
        """`over` on top of `base`: maps merge, everything else replaces, a `null` takes away what is inherited.

        Maps that are one whole (distributions, shares, staff) replace; a key that is one of two ways to say the same
        thing removes the other way. A relative value changes what `was` there, in a whole too. A key or an item
        without a value, and a `null` that can take nothing away, are added to `findings`.
        """
        was = was or base
        if isinstance(over.value, list):
            return Node([self._item(item, shape, (*path, i)) for i, item in enumerate(over.value)], over.at)
        if not isinstance(over.value, dict):
            return self._value(over, was, shape, path)
        mergeable = base is not None and (shape is None or shape.section is not None or shape.is_map)
        entries, keys = (dict(base.map), dict(base.keys)) if base and mergeable else ({}, {})
        there = was.map if was else {}
        over = self._of_shifts(over, there, shape)
        for rival in _rivals(shape, over):
            entries.pop(rival, None)
        for key, child in over.map.items():
            spot = over.keys.get(key, child.at)
            for name in self._names(key, child, spot, entries, shape, path):
                self._enter(entries, keys, name, child, spot, shape, path, self._was(there, name, shape, was))
        return Node(entries, over.at, keys)

    @staticmethod
    def _was(there: Mapping[str, Node], key: str, shape: Shape | None, parent: Node | None) -> Node | None:
        """What a relative value would change: what is there, or a default."""
        return there.get(key) or (default_of(shape, key) if parent is not None else None)

    def _value(self, over: Node, was: Node | None, shape: Shape | None, path: Path) -> Node:
        """A value, or what a relative one makes of what was there."""
        try:
            word = None if self.plain else self.becoming.word(over, shape)
            if word is None:
                return over
            if was is None and self.incomplete:
                return Node(None, over.at, empty=True)
            return self.becoming.change(word, over, was, shape, path)
        except ReadError as wrong:
            self.findings.append(over.at.finding(path, str(wrong)))
            return Node(None, over.at, empty=True)  # so that nobody calls it missing

    def _of_shifts(self, over: Node, there: Mapping[str, Node], shape: Shape | None) -> Node:
        """A relative `staff` where people keep shifts is one of all their shifts."""
        staff = over.map.get("staff")
        if staff is None or "shifts" in over.map or not self._is_of_shifts("staff", staff, there, shape):
            return over
        keys = {"shifts" if key == "staff" else key: spot for key, spot in over.keys.items()}
        return Node({"shifts" if key == "staff" else key: child for key, child in over.map.items()}, over.at, keys)

    def _is_of_shifts(self, key: str, value: Node, there: Mapping[str, Node], shape: Shape | None) -> bool:
        keeps = shape is not None and shape.section is not None and issubclass(shape.section, Pool)
        return key == "staff" and keeps and "staff" not in there and "shifts" in there and self._is_relative(value)

    def _is_relative(self, value: Node, shape: Shape | None = None) -> bool:
        """Whether the value is relative, or meant so."""
        if self.plain or not changeable(shape):
            return False
        try:
            return read_relative(value.value) is not None
        except ReadError:
            return True

    def _names(
        self, key: str, child: Node, spot: Spot, entries: Mapping[str, Node], shape: Shape | None, path: Path
    ) -> Iterable[str]:
        """The names that a key stands for: itself or, of `*`, each name that is inherited."""
        if key != WILD or self.plain or shape is None or not shape.is_map:
            return (key,)
        names = [name for name, entry in entries.items() if entry.value is not None]
        self._reach(len(names) * _size(child))
        if not names and not self.incomplete:
            self.findings.append(
                spot.finding((*path, key), "“*” is each name that is inherited, and there is none here")
            )
        return names

    def _reach(self, places: int) -> None:
        self.places += places
        if self.places > _MOST_PLACES:
            raise _TooManyError(f"“*” stands for too much: more than {_MOST_PLACES:,} values")

    def _item(self, item: Node, shape: Shape | None, path: Path) -> Node:
        if item.value is None:
            what = "nothing stands here: leave the item out" if item.empty else "null cannot stand in a list"
            self.findings.append(item.at.finding(path, what))
            return Node(None, item.at, empty=True)
        return self.merge(None, item, shape.child(path[-1]) if shape else None, path)

    def _enter(
        self,
        entries: dict[str, Node],
        keys: dict[str, Spot],
        key: str,
        child: Node,
        spot: Spot,
        shape: Shape | None,
        path: Path,
        was: Node | None,
    ) -> None:
        """Put the child under the key, or take away what is there."""
        path = (*path, key)
        unknown = shape is not None and shape.section is not None and key not in shape.fields
        if child.value is not None:
            leaf = unknown and not isinstance(child.value, (dict, list))
            entries[key] = child if leaf else self.merge(entries.get(key), child, below(shape, key), path, was)
            keys[key] = spot
            return
        if child.empty:
            self.findings.append(child.at.finding(path, without_value(key)))
            entries[key], keys[key] = child, spot  # so that nobody calls it missing
        elif shape and unknown:
            self.findings.append(spot.finding(path, "unknown key" + nearest(key, shape.fields)))
        elif shape and not shape.section and key not in entries:
            message = f"null takes away what is inherited, but there is no {quoted(key)} here{nearest(key, entries)}"
            self.findings.append(spot.finding(path, message))
        else:
            entries.pop(key, None)

    # -- single values ----------------------------------------------------------------------------------

    def put(self, root: Node, steps: Sequence[Step], value: Node) -> Node:
        """The tree with the value at the path or, where steps are wild, at each path of a name that is there; unlike
        `merge` it also reaches into wholes (`work.mean`) and lists.
        """
        self.missed, self.reached = [], 0
        many = any(step.wild for step in steps)
        try:
            made = self._put(root, steps, value, Shape(Scenario), (), many)
        except _TooManyError as wrong:
            self.findings.append(steps[0].at.finding((), str(wrong)))
            return root
        if not self.reached and (many or self.missed) and not self.incomplete:
            pattern = tuple(step.key for step in steps)
            known = (tuple(map(str, path)) for path in itertools.islice(_leaves(root), _MOST_KNOWN))
            what = f"no value of the scenario is at {quoted(pattern_text(pattern))}{meant(known, pattern)}"
            self.findings.append(steps[0].at.finding((), what))
        elif self.missed:
            names = ", ".join(path_text(path) for path in self.missed[:4]) + " …" * (len(self.missed) > 4)
            what = f"{quoted(str(value.value))} of {self.reached} values; there is none at {names}"
            self.becoming.notes.append(steps[0].at.finding((), what))
        self.becoming.settle(made)
        return made

    def _put(self, node: Node, steps: Sequence[Step], value: Node, shape: Shape | None, path: Path, many: bool) -> Node:
        """The node itself where nothing is put into it."""
        step, rest = steps[0], steps[1:]
        if isinstance(node.value, list):
            return self._put_items(node, steps, value, shape, path, many)
        if many and not isinstance(node.value, dict):
            self.missed.append((*path, step.key))
            return node
        entries, keys = dict(node.map), dict(node.keys)
        names = [name for name, child in node.map.items() if child.value is not None] if step.wild else [step.key]
        if step.wild:
            self._reach(len(names))
        changed = False
        for name in names:
            if not rest and self._is_of_shifts(name, value, node.map, shape):
                name = "shifts"
            there, inner, at = node.map.get(name), below(shape, name), (*path, name)
            if rest and there is not None:
                child = self._put(there, rest, value, inner, at, many)
                if child is there:
                    continue
                self._replace(entries, shape, name, step.at)
                entries[name], keys[name] = child, step.at
            elif self._misses(there or default_of(shape, name), rest, value, inner):
                self.missed.append((*at, *(later.key for later in rest)))
                continue
            else:
                self._replace(entries, shape, name, step.at)
                nested = _nest(rest, value, step.at)
                self._enter(entries, keys, name, nested, step.at, shape, path, there or default_of(shape, name))
                self._reached(there if not rest else None, value, at, rest, many)
            changed = True
        return Node(entries, step.at, keys) if changed else node

    def _put_items(
        self, node: Node, steps: Sequence[Step], value: Node, shape: Shape | None, path: Path, many: bool
    ) -> Node:
        step, rest = steps[0], steps[1:]
        assert isinstance(node.value, list)
        items = list(node.value)
        there = step.key.isdecimal() and len(step.key) < 8 and int(step.key) < len(items)
        if not there and not step.wild:
            if many:
                self.missed.append((*path, step.key))
            else:
                what = f"there is no item {quoted(step.key)}: the list has {len(items)}"
                self.findings.append(step.at.finding((), what))
            return node
        if step.wild:
            self._reach(len(items))
        for i in range(len(items)) if step.wild else [int(step.key)]:
            at, inner, was = (*path, i), below(shape, i), items[i]
            if rest:
                items[i] = self._put(was, rest, value, inner, at, many)
            elif value.value is None:
                items[i] = self._item(Node(None, step.at, empty=value.empty), shape, at)
            else:
                items[i] = self.merge(was, value, inner, at)
            if not rest:
                self._reached(was, value, at, rest, many)
        return Node(items, step.at) if any(new is not old for new, old in zip(items, node.value, strict=True)) else node

    def _misses(self, was: Node | None, rest: Sequence[Step], value: Node, shape: Shape | None) -> bool:
        """Whether there is nothing to change, or no name for `*`."""
        if any(step.wild for step in rest):
            return True
        for step in rest:
            was, shape = None, below(shape, step.key)
        return was is None and self._is_relative(value, shape)

    def _reached(self, was: Node | None, value: Node, path: Path, rest: Sequence[Step], many: bool) -> None:
        """A value was put there; where it is one of many, that is remembered."""
        self.reached += 1
        if many and not self._is_relative(value):
            before = "" if was is None else written(was.plain())
            whole = path_text((*path, *(step.key for step in rest)))
            said = written(value.plain())
            self.becoming.became.append(Became(whole, before, said, "", value.at.file, value.at.line))

    def _replace(self, entries: dict[str, Node], shape: Shape | None, key: str, at: Spot) -> None:
        for rival in _rivals(shape, Node({key: Node(True, at)}, at)):
            entries.pop(rival, None)


def apply_overrides(layers: Layers, root: Node, overrides: Sequence[str | None]) -> Node:
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
            steps = [_step(override, key, Spot(OVERRIDES, number, column)) for key, column in segments]
            if override[end + 1 :].lstrip().startswith("*"):
                raise ReadError(f"to multiply write ×0.9 or x0.9, not {quoted(override[end + 1 :])}")
        except ReadError as wrong:
            layers.findings.append(Spot(OVERRIDES, number, 1).finding((), str(wrong)))
            continue
        value = parse_yaml(" " * (end + 1) + override[end + 1 :], OVERRIDES, layers.findings, first_line=number)
        if value is not None:
            root = layers.put(root, steps, value)
    return root


def _step(override: str, key: str, at: Spot) -> Step:
    in_quotes = override[at.column - 1] == '"'
    if not in_quotes and "*" in key and key != WILD:
        what = "“*” is one whole step, as in units.*.staff; a name that has one stands in quotes"
        raise ReadError(f"{what}, and not {quoted(key)}")
    return Step(key, at, key == WILD and not in_quotes)


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


def _nest(steps: Sequence[Step], value: Node, spot: Spot) -> Node:
    """The value under the path, where nothing was before."""
    for step, outer in reversed(list(zip(steps, [spot, *(step.at for step in steps)], strict=False))):
        value = Node({step.key: value}, outer, {step.key: step.at})
    return value


class _TooManyError(Exception):
    """Wildcards stand for more than a scenario may hold."""


def _size(node: Node) -> int:
    """How many values there are."""
    below = node.value if isinstance(node.value, list) else node.map.values()
    return 1 + sum(map(_size, below))


def _leaves(node: Node, path: Path = ()) -> Iterator[Path]:
    """The path of each value."""
    if isinstance(node.value, (dict, list)):
        for key, child in node.value.items() if isinstance(node.value, dict) else enumerate(node.value):
            yield from _leaves(child, (*path, key))
    else:
        yield path


def _wild(over: Node, shape: Shape | None) -> Node | None:
    """What a layer says below `*` alone, None where it says nothing there."""
    if shape is None:
        return None
    kept = {}
    for key, child in over.map.items():
        found = child if key == WILD and shape.is_map else _wild(child, below(shape, key))
        if found is not None:
            kept[key] = found
    return Node(kept, over.at, {key: over.keys[key] for key in kept if key in over.keys}) if kept else None


def _tame(over: Node, shape: Shape | None) -> Node:
    """What a layer says elsewhere."""
    if shape is None or not isinstance(over.value, dict):
        return over
    kept = {
        key: _tame(child, below(shape, key)) for key, child in over.value.items() if key != WILD or not shape.is_map
    }
    return Node(kept, over.at, {key: spot for key, spot in over.keys.items() if key in kept})


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
