"""A whole scenario as it was written, to be asked what stands where: the checks between its parts read it.

They read the tree, not the models, so that they work, and point, whatever else is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sim.scenario.errors import Finding, Path, ReadError
from sim.scenario.nodes import Node, find, select, spot_of

T = TypeVar("T")


@dataclass
class Tree:
    """The tree of a scenario with its defaults filled in (`defaults.fill`)."""

    root: Node

    def at(self, pattern: str) -> Iterator[tuple[Path, Node]]:
        """Every value whose path is the dotted pattern, in which `*` is any key or list index."""
        return select(self.root, tuple(pattern.split(".")))

    def has(self, path: Path) -> bool:
        """Whether somebody wrote something there, or meant to."""
        node = find(self.root, path)
        return node is not None and (node.value is not None or node.empty)

    def written(self, pattern: str) -> Iterator[tuple[Path, Node]]:
        """As `at`, without what is filled in and without empty maps of names; a policy may be empty and is there."""
        at = self.at(pattern)
        return ((path, node) for path, node in at if not node.default and (node.value != {} or len(path) == 2))

    def items(self, *path: str | int) -> Iterator[tuple[Path, Node]]:
        """The entries of the map or list at this path."""
        node = find(self.root, path)
        return (((*path, *below), child) for below, child in select(node, ("*",))) if node else iter(())

    def text(self, path: Path, otherwise: str = "") -> str:
        """The text of a value, of what is filled in for it or, without either, another."""
        node = find(self.root, path)
        return otherwise if node is None or node.value is None else str(node.value)

    def read(self, path: Path, reader: Callable[[Any], T]) -> T | None:
        """What the reader makes of a value; None where there is none, or none it can read."""
        node = find(self.root, path)
        try:
            return None if node is None or node.value is None else reader(node.plain())
        except ReadError:
            return None

    def keys(self, *path: str | int) -> list[str]:
        """The keys of a map that stand for something."""
        node = find(self.root, path)
        return [key for key, child in node.map.items() if child.value is not None or child.empty] if node else []

    def finding(self, path: Path, message: str, on_key: bool = False) -> Finding:
        """Something to say about this path, at its value or its key."""
        return spot_of(self.root, path, on_key).finding(path, message)
