"""One scenario from several layers: a file over the file it extends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sim.scenario.becoming import Becoming, below, changeable
from sim.scenario.defaults import default_of
from sim.scenario.errors import Finding, Path, ReadError, nearest, quoted
from sim.scenario.nodes import Node, Spot
from sim.scenario.patterns import WILD
from sim.scenario.relative import is_meant
from sim.scenario.schema import Scenario
from sim.scenario.shape import Shape
from sim.scenario.staff_side import Pool

OVERRIDES = "--set"
_MOST_PLACES = 50_000  # that wildcards of one scenario may reach


def merge(base: Node | None, over: Node, shape: Shape | None, findings: list[Finding], path: Path = ()) -> Node:
    """`over` on top of `base`, without relative values: see `Layers.merge`."""
    return Layers(findings, plain=True).merge(base, over, shape, path)


@dataclass
class Layers:
    """Puts layers on top of each other. What is wrong is added to `findings`.

    In layers that are `plain` there are neither relative values nor wildcards; of those that are `incomplete` it is
    not said that a value is missing.
    """

    findings: list[Finding]
    plain: bool = False
    incomplete: bool = False
    becoming: Becoming = field(default_factory=Becoming)
    places: int = 0  # that wildcards reached

    def put_all(self, layers: Iterable[Node]) -> Node | None:
        """Files on top of each other, each on what it extends: first what it says of `*`, that is of each name there,
        then all else.
        """
        root, shape = None, Shape(Scenario)
        for over in layers:
            wild = _wild(over, shape) if _has_star(over) else None
            try:
                for part in (over,) if wild is None else (wild, _tame(over, shape)):
                    root = self.merge(root, part, shape)
                    self.becoming.settle(root)
            except TooManyError as wrong:
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
            return Node([self.item(item, shape, (*path, i)) for i, item in enumerate(over.value)], over.at)
        if not isinstance(over.value, dict):
            return self._value(over, was, shape, path)
        mergeable = base is not None and (shape is None or shape.section is not None or shape.is_map)
        entries, keys = (dict(base.map), dict(base.keys)) if base and mergeable else ({}, {})
        there = was.map if was else {}
        over = self._of_shifts(over, there, shape)
        for rival in rivals(shape, over.map):
            entries.pop(rival, None)
        for key, child in over.map.items():
            spot = over.keys.get(key, child.at)
            for name in self._names(key, child, spot, entries, shape, path):
                self.enter(entries, keys, name, child, spot, shape, path, self._was(there, name, shape, was))
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
            if (was is None and self.incomplete) or (was is not None and was.empty):  # that is said already
                return Node(None, over.at, empty=True)
            return self.becoming.change(word, over, was, shape, path)
        except ReadError as wrong:
            self.findings += [over.at.finding((*path, *fault.at), fault.message) for fault in wrong.faults]
            return was or Node(None, over.at, empty=True)  # so that nobody calls it missing

    def _of_shifts(self, over: Node, there: Mapping[str, Node], shape: Shape | None) -> Node:
        """A relative `staff` where people keep shifts is one of all their shifts."""
        staff = over.map.get("staff")
        if staff is None or "shifts" in over.map or not self.is_of_shifts("staff", staff, there, shape):
            return over
        keys = {"shifts" if key == "staff" else key: spot for key, spot in over.keys.items()}
        return Node({"shifts" if key == "staff" else key: child for key, child in over.map.items()}, over.at, keys)

    def is_of_shifts(self, key: str, value: Node, there: Mapping[str, Node], shape: Shape | None) -> bool:
        keeps = shape is not None and shape.section is not None and issubclass(shape.section, Pool)
        return key == "staff" and keeps and "staff" not in there and "shifts" in there and self.is_relative(value)

    def is_relative(self, value: Node, shape: Shape | None = None) -> bool:
        """Whether the value is relative, or meant so."""
        return not self.plain and is_meant(value.value) and changeable(shape)

    def _names(
        self, key: str, child: Node, spot: Spot, entries: Mapping[str, Node], shape: Shape | None, path: Path
    ) -> Iterable[str]:
        """The names that a key stands for: itself or, of `*`, each name that is inherited."""
        if key != WILD or self.plain or shape is None or not shape.is_map:
            return (key,)
        names = [name for name, entry in entries.items() if entry.value is not None]
        self.reach(len(names) * _size(child))
        if not names and not self.incomplete:
            self.findings.append(
                spot.finding((*path, key), "“*” is each name that is inherited, and there is none here")
            )
        return names

    def reach(self, places: int) -> None:
        self.places += places
        if self.places > _MOST_PLACES:
            raise TooManyError(f"“*” stands for too much: more than {_MOST_PLACES:,} values")

    def item(self, item: Node, shape: Shape | None, path: Path) -> Node:
        if item.value is None:
            what = "nothing stands here: leave the item out" if item.empty else "null cannot stand in a list"
            self.findings.append(item.at.finding(path, what))
            return Node(None, item.at, empty=True)
        return self.merge(None, item, shape.child(path[-1]) if shape else None, path)

    def enter(
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


def without_value(key: str) -> str:
    if key[:1].isdecimal():  # {staff: 1,200}
        return f"{quoted(key)} has no value: write numbers without a comma (1200, 0.6)"
    return (
        f"{quoted(key)} has no value: write null to take away what is inherited, {{}} for all defaults, and put text "
        "that has a comma in quotes"
    )


def rivals(shape: Shape | None, over: Mapping[str, Node]) -> set[str]:
    """The keys of a base that are other ways to say what `over` says."""
    groups: tuple[tuple[str, ...], ...] = getattr(shape.section, "RIVALS", ()) if shape else ()
    said = [group for group in groups if any(key in over and over[key].value is not None for key in group)]
    return {key for group in groups if group not in said for key in group} if said else set()


class TooManyError(Exception):
    """Wildcards stand for more than a scenario may hold."""


def _size(node: Node) -> int:
    """How many values there are."""
    below = node.value if isinstance(node.value, list) else node.map.values()
    return 1 + sum(map(_size, below))


def _has_star(node: Node) -> bool:
    return WILD in node.map or any(map(_has_star, node.map.values()))


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
