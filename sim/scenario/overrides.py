"""Single values over all layers: `path=value`, as `--set` says them, in which `*` is any name that is there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sim.scenario.becoming import below
from sim.scenario.defaults import default_of
from sim.scenario.errors import Path, ReadError, path_text, quoted, read_path
from sim.scenario.meant import meant, pattern_text
from sim.scenario.merging import OVERRIDES, Layers, TooManyError, rivals
from sim.scenario.nodes import DEEPEST, Node, Spot, find
from sim.scenario.patterns import WILD
from sim.scenario.schema import Scenario
from sim.scenario.shape import Shape
from sim.scenario.sources import Became, written
from sim.scenario.yaml_loader import parse_yaml

_MOST_KNOWN = 20_000  # paths among which what was meant is looked for
_MOST_MEANT = 20  # findings beside which that is still done


class Step(NamedTuple):
    """A step of a path, and where it stands; `wild` is any name."""

    key: str
    at: Spot
    wild: bool


@dataclass
class Overrides(Layers):
    """Layers with single values over them."""

    count: int = 0  # of places that one value reached
    reached: list[tuple[Path, Node | None]] = field(default_factory=list)  # and what was there
    missed: list[Path] = field(default_factory=list)  # where there is nothing that it could change

    def apply(self, root: Node, overrides: Sequence[str | None]) -> Node:
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
                self.findings.append(Spot(OVERRIDES, number, 1).finding((), str(wrong)))
                continue
            value = parse_yaml(" " * (end + 1) + override[end + 1 :], OVERRIDES, self.findings, first_line=number)
            if value is not None:
                root = self.put(root, steps, value)
        return root

    def put(self, root: Node, steps: Sequence[Step], value: Node) -> Node:
        """The tree with the value at the path or, where steps are wild, at each path of a name that is there; unlike
        `merge` it also reaches into wholes (`work.mean`) and lists.
        """
        self.count, self.reached, self.missed = 0, [], []
        many = any(step.wild for step in steps)
        try:
            made = self._put(root, steps, value, Shape(Scenario), (), many)
        except TooManyError as wrong:
            self.findings.append(steps[0].at.finding((), str(wrong)))
            return root
        if not self.count and (many or self.missed) and not self.incomplete:
            pattern = tuple(step.key for step in steps)
            known = (tuple(map(str, path)) for path in itertools.islice(_leaves(root), _MOST_KNOWN))
            hint = meant(known, pattern) if len(self.findings) < _MOST_MEANT else ""
            what = f"no value of the scenario is at {quoted(pattern_text(pattern))}{hint}"
            self.findings.append(steps[0].at.finding((), what))
        elif self.missed:
            names = ", ".join(path_text(path) for path in self.missed[:4]) + " …" * (len(self.missed) > 4)
            what = f"{quoted(written(value.plain()))} is said of {self.count}; there is no such value at {names}"
            self.becoming.notes.append(steps[0].at.finding((), what))
        self.becoming.settle(made)
        for path, was in self.reached if many else ():
            before, now = ("" if node is None else written(node.plain()) for node in (was, find(made, path)))
            if before or now:
                self.becoming.became.append(Became(path_text(path), before, now, "", OVERRIDES, steps[0].at.line))
        return made

    def _put(self, node: Node, steps: Sequence[Step], value: Node, shape: Shape | None, path: Path, many: bool) -> Node:
        """The node itself where nothing is put into it."""
        step, rest = steps[0], steps[1:]
        if isinstance(node.value, list):
            return self._put_items(node, steps, value, shape, path, many)
        nothing_below = not isinstance(node.value, dict) and node.value is not None
        if many and nothing_below and (step.wild or self.is_relative(value, _under(shape, steps))):
            self.missed.append((*path, step.key))
            return node
        entries, keys = dict(node.map), dict(node.keys)
        names = [name for name, child in node.map.items() if child.value is not None] if step.wild else [step.key]
        if step.wild:
            self.reach(len(names))
        changed = False
        for name in names:
            if not rest and self.is_of_shifts(name, value, node.map, shape):
                name = "shifts"
            there, inner, at = node.map.get(name), below(shape, name), (*path, name)
            if rest and there is not None:
                child = self._put(there, rest, value, inner, at, many)
                if child is there:
                    continue
                for rival in rivals(shape, {name: value}):
                    entries.pop(rival, None)
                entries[name], keys[name] = child, step.at
            elif self._misses(there or default_of(shape, name), rest, value, inner):
                self.missed.append((*at, *(later.key for later in rest)))
                continue
            else:
                for rival in rivals(shape, {name: value}):
                    entries.pop(rival, None)
                nested = _nest(rest, value, step.at)
                self.enter(entries, keys, name, nested, step.at, shape, path, there or default_of(shape, name))
                self._reached(there if not rest else None, value, at, rest, inner)
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
            self.reach(len(items))
        for i in range(len(items)) if step.wild else [int(step.key)]:
            at, inner, was = (*path, i), below(shape, i), items[i]
            if rest:
                items[i] = self._put(was, rest, value, inner, at, many)
            elif value.value is None:
                items[i] = self.item(Node(None, step.at, empty=value.empty), shape, at)
            else:
                items[i] = self.merge(was, value, inner, at)
            if not rest:
                self._reached(was, value, at, rest, inner)
        return Node(items, step.at) if any(new is not old for new, old in zip(items, node.value, strict=True)) else node

    def _misses(self, was: Node | None, rest: Sequence[Step], value: Node, shape: Shape | None) -> bool:
        """Whether there is nothing to change, or no name for `*`."""
        nothing = was is None or bool(rest)
        return any(step.wild for step in rest) or (nothing and self.is_relative(value, _under(shape, rest)))

    def _reached(self, was: Node | None, value: Node, path: Path, rest: Sequence[Step], shape: Shape | None) -> None:
        """A value was put there; relative ones are remembered by themselves."""
        self.count += 1
        if not self.is_relative(value, _under(shape, rest)):
            self.reached.append(((*path, *(step.key for step in rest)), was))


def _step(override: str, key: str, at: Spot) -> Step:
    in_quotes = override[at.column - 1] == '"'
    if not in_quotes and "*" in key and key != WILD:
        what = "“*” is one whole step, as in units.*.staff; a name that has one stands in quotes"
        raise ReadError(f"{what}, and not {quoted(key)}")
    return Step(key, at, key == WILD and not in_quotes)


def _under(shape: Shape | None, steps: Sequence[Step]) -> Shape | None:
    for step in steps:
        shape = below(shape, step.key)
    return shape


def _nest(steps: Sequence[Step], value: Node, spot: Spot) -> Node:
    """The value under the path, where nothing was before."""
    for step, outer in reversed(list(zip(steps, [spot, *(step.at for step in steps)], strict=False))):
        value = Node({step.key: value}, outer, {step.key: step.at})
    return value


def _leaves(node: Node, path: Path = ()) -> Iterator[Path]:
    """The path of each value."""
    if isinstance(node.value, (dict, list)):
        for key, child in node.value.items() if isinstance(node.value, dict) else enumerate(node.value):
            yield from _leaves(child, (*path, key))
    else:
        yield path
