"""The tree between text and schema: plain data in which every key and value knows where it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from numbers import Integral, Real
from typing import Any, NamedTuple

from sim.scenario.errors import Finding, Path, path_text, quoted
from sim.scenario.numbers import LARGEST_NUMBER, Plain
from sim.scenario.quantities import moment_text, read_moment

DEEPEST = 50
LARGEST = 200_000  # values in Python data
LARGEST_TEXT = 5_000_000  # characters in it
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Scalar = str | int | float | bool | None


class Spot(NamedTuple):
    """A place in a text; `line` and `column` count from 1 and are 0 where there is no text."""

    file: str
    line: int = 0
    column: int = 0

    def finding(self, path: Path, message: str) -> Finding:
        """A finding at this place."""
        return Finding(self.file, self.line, self.column, path_text(path), message)


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place. `keys` has the places of a map's keys; `default` marks what nobody wrote, `empty` what
    should be there and is not (a `null` is there). What a relative value made has its `word`, and what was `before`.
    """

    value: dict[str, Node] | list[Node] | Scalar
    at: Spot
    keys: dict[str, Spot] = field(default_factory=dict)
    default: bool = False
    empty: bool = False
    word: str = ""
    before: Node | None = None

    @property
    def map(self) -> dict[str, Node]:
        """The entries, none if this is no map."""
        return self.value if isinstance(self.value, dict) else {}

    def plain(self) -> Any:
        """The value without places. What is null or empty is absent."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items() if child.value is not None}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


def find(root: Node, path: Path) -> Node | None:
    """The node at this path."""
    node = root
    for step in path:
        if isinstance(node.value, dict) and str(step) in node.value:
            node = node.value[str(step)]
        elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        else:
            return None
    return node


def spot_of(root: Node, path: Path, on_key: bool = False) -> Spot:
    """The place of the value at this path, or of its key; for what is missing, of the key it is missing
    under.
    """
    node, key = root, root.at
    for depth, step in enumerate(path):
        child = find(node, (step,))
        if child is None:
            return key
        key = node.keys.get(str(step), child.at)
        if on_key and depth == len(path) - 1:
            return key
        node = child
    return node.at


def select(root: Node, pattern: tuple[str, ...]) -> Iterator[tuple[Path, Node]]:
    """Every node whose path is the pattern, in which `*` is any key or list index."""
    found: list[tuple[Path, Node]] = [((), root)]
    for step in pattern:
        deeper: list[tuple[Path, Node]] = []
        for path, node in found:
            if step != "*":
                deeper += [((*path, step), node.map[step])] if step in node.map else []
            elif isinstance(node.value, list):
                deeper += [((*path, i), child) for i, child in enumerate(node.value)]
            else:
                deeper += [((*path, key), child) for key, child in node.map.items()]
        found = deeper
    yield from (entry for entry in found if entry[1].value is not None)


def node_of(data: Any) -> Node:
    """The tree of plain data for JSON, which has no places."""
    if isinstance(data, dict):
        return Node({key: node_of(entry) for key, entry in data.items()}, Spot(""))
    return Node([node_of(entry) for entry in data] if isinstance(data, list) else data, Spot(""))


def from_python(data: Any, file: str, findings: list[Finding]) -> Node:
    """The tree of Python data: maps, lists, text, numbers, flags, dates. What it cannot hold becomes a
    finding.
    """
    spot = Spot(file)
    count = size = 0

    def key_of(key: Any, path: Path) -> str | None:
        if isinstance(key, bool) or not isinstance(key, (str, Real, date)):
            findings.append(spot.finding(path, f"a key must be text, not {quoted(repr_of(key))}"))
            return None
        text = moment_text(read_moment(key)) if isinstance(key, date) else repr_of(key)
        return text if readable(text, path) else None

    def readable(text: str, path: Path) -> bool:
        nonlocal size
        size += len(text)
        found = UNPRINTABLE.search(text)
        if found:
            findings.append(spot.finding(path, f"the character U+{ord(found.group()):04X} cannot stand in text"))
        return not found

    def build(value: Any, path: Path) -> Node:
        nonlocal count
        count += 1
        if count > LARGEST:
            return Node(None, spot, empty=True)
        if len(path) > DEEPEST:
            findings.append(spot.finding(path[:3], f"deeper than {DEEPEST} levels"))
            count = LARGEST  # one such line is enough
            return Node(None, spot, empty=True)
        if isinstance(value, dict):
            entries: dict[str, Node] = {}
            for key, entry in value.items():
                text = key_of(key, path)
                if text is not None and text in entries:
                    findings.append(spot.finding((*path, text), "the key is there twice"))
                elif text is not None:
                    entries[text] = build(entry, (*path, text))
            return Node(entries, spot)
        if isinstance(value, (list, tuple)):
            return Node([build(entry, (*path, i)) for i, entry in enumerate(value)], spot)
        if value is None or isinstance(value, bool):
            return Node(value, spot)
        if isinstance(value, str):
            return Node(value, spot) if readable(value, path) else Node(None, spot, empty=True)
        if isinstance(value, Integral):
            number = int(value)
            if abs(number) > LARGEST_NUMBER:  # before Python refuses to write so many digits
                findings.append(spot.finding(path, f"the number is too large: at most {LARGEST_NUMBER:g}"))
                return Node(None, spot, empty=True)
            return Node(number, spot)
        if isinstance(value, Real):
            return Node(float(value), spot)
        if isinstance(value, date):
            return Node(Plain(value.isoformat().replace("T", " ")), spot)
        findings.append(spot.finding(path, f"a scenario cannot hold a {type(value).__name__}"))
        return Node(None, spot, empty=True)

    root = build(data, ())
    if count > LARGEST and not findings:
        findings.append(spot.finding((), f"more than {LARGEST:,} values"))
    if size > LARGEST_TEXT:
        findings.append(spot.finding((), f"more than {LARGEST_TEXT:,} characters"))
    return root


def repr_of(value: Any) -> str:
    """Text as it is, anything else as Python shows it, whatever happens."""
    try:
        return str(value)
    except Exception:  # a foreign object's own failure is no reason to fail
        return type(value).__name__
