"""YAML text to a tree that knows its places, read as people mean it and safe against hostile text.

PyYAML's event stream is used, not its constructors: no tag can build anything, `9:00` and `no` stay text
until a field asks for a number or a flag, duplicate keys are seen, and neither depth nor aliases can
exhaust the machine.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from sim.scenario.errors import MOST_FINDINGS, Finding, Path, quoted
from sim.scenario.files import LARGEST_FILE
from sim.scenario.nodes import DEEPEST, UNPRINTABLE, Node, Spot
from sim.scenario.numbers import Plain

ALIAS_BUDGET = 10_000  # nodes that all aliases of one document may add

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STAR = 'to multiply write ×0.9 or x0.9, for each name "*" in quotes'
_NULL = ("", "~", "null", "Null", "NULL")


def parse_yaml(text: str, file: str, findings: list[Finding], first_line: int = 1) -> Node | None:
    """The tree of one YAML document; None if the text cannot be read as one. What is wrong is added to
    `findings`.
    """
    text = text.removeprefix("\ufeff")
    builder = _Builder(file, findings, first_line)
    bad = list(itertools.islice(UNPRINTABLE.finditer(text), MOST_FINDINGS))
    for found in bad:
        line = text.count("\n", 0, found.start())
        spot = Spot(file, first_line + line, found.start() - text.rfind("\n", 0, found.start()))
        findings.append(spot.finding((), _unprintable(found.group())))
    if bad:
        return None
    try:
        return builder.build(yaml.parse(text, Loader=_Loader))
    except _Hopeless as hopeless:
        findings.append(hopeless.finding)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        lines = text.splitlines() or [""]
        spot = Spot(file, first_line, 1)
        if mark is not None and mark.line < len(lines):
            spot = builder.spot(mark)
        elif mark is not None:  # the parser stands after the end
            spot = Spot(file, first_line + len(lines) - 1, len(lines[-1]) + 1)
        star = f"; {_STAR}" if error.context == "while scanning an alias" else ""
        findings.append(spot.finding((), "not YAML: " + ", ".join(filter(None, (error.context, error.problem))) + star))
    except yaml.YAMLError as error:
        findings.append(Spot(file, first_line, 1).finding((), f"not YAML: {quoted(error)}"))
    return None


def _unprintable(character: str) -> str:
    return f"the character U+{ord(character):04X} cannot stand in a scenario"


class _Hopeless(Exception):  # noqa: N818
    """Reading on makes no sense."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding


@dataclass
class _Frame:
    """A map or list that is being read. `key` is the key whose value comes next; entries under no key are
    dropped.
    """

    node: Node
    path: Path
    anchor: str | None
    key: str | None = None
    value_next: bool = False


@dataclass
class _Builder:
    file: str
    findings: list[Finding]
    first_line: int
    frames: list[_Frame] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    root: Node | None = None
    copied: int = 0
    characters: int = 0  # of what is copied

    def spot(self, mark: Any) -> Spot:
        return Spot(self.file, mark.line + self.first_line, mark.column + 1)

    def finding(self, spot: Spot, message: str) -> None:
        self.findings.append(spot.finding(self.path(), message))
        if len(self.findings) > MOST_FINDINGS:
            raise _Hopeless(spot.finding((), "too many problems to read on"))

    def path(self) -> Path:
        """Where the next value goes."""
        if not self.frames:
            return ()
        frame = self.frames[-1]
        if isinstance(frame.node.value, list):
            return (*frame.path, len(frame.node.value))
        return (*frame.path, frame.key) if frame.value_next and frame.key is not None else frame.path

    def build(self, events: Iterator[Any]) -> Node:
        documents = 0
        for event in events:
            spot = self.spot(event.start_mark)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Hopeless(spot.finding((), "a second document: one file is one scenario"))
            elif isinstance(event, yaml.AliasEvent):
                self.alias(str(event.anchor), spot)
            elif isinstance(event, yaml.NodeEvent):
                self.node(event, spot)
            elif isinstance(event, yaml.CollectionEndEvent):
                frame = self.frames.pop()
                if frame.anchor:
                    self.anchors[frame.anchor] = frame.node
        return self.root or Node(None, Spot(self.file, self.first_line, 1), empty=True)

    def node(self, event: Any, spot: Spot) -> None:
        if event.tag is not None:
            self.finding(spot, f"tags are not read: {quoted(event.tag)}")
        if isinstance(event, yaml.ScalarEvent):
            plain = bool(event.implicit[0])
            bad = UNPRINTABLE.search(event.value)
            if bad:  # by an escape such as "\\0"
                self.finding(spot, _unprintable(bad.group()))
                event.value = UNPRINTABLE.sub("\ufffd", event.value)
            if self.key_comes():
                self.key(event.value, plain, spot)
                return
            if plain and event.value in _NULL:
                node = Node(None, spot) if event.value else Node(None, self.key_spot(spot), empty=True)
            else:
                node = Node(Plain(event.value) if plain else event.value, spot)
            if event.anchor:
                self.anchors[event.anchor] = node
            self.put(node)
            return
        if len(self.frames) >= DEEPEST:
            raise _Hopeless(spot.finding(self.path()[:3], f"deeper than {DEEPEST} levels"))
        if event.anchor:
            self.anchors[event.anchor] = None  # not complete: an alias to it would be a loop
        node, path = Node({} if isinstance(event, yaml.MappingStartEvent) else [], spot), self.path()
        if self.key_comes():
            self.finding(spot, "a key must be text, not a map or a list")
            self.frames[-1].key, self.frames[-1].value_next = None, True
        else:
            self.put(node)
        self.frames.append(_Frame(node, path, event.anchor))

    def key_comes(self) -> bool:
        return bool(self.frames) and isinstance(self.frames[-1].node.value, dict) and not self.frames[-1].value_next

    def key_spot(self, spot: Spot) -> Spot:
        """The place of the key whose value comes next; of the value where there is no key."""
        frame = self.frames[-1] if self.frames else None
        return frame.node.keys.get(frame.key, spot) if frame and frame.key is not None else spot

    def key(self, text: str, plain: bool, spot: Spot) -> None:
        frame = self.frames[-1]
        frame.key, frame.value_next = None, True
        if plain and text == "<<":
            self.finding(spot, "merge keys (<<) are not read: use extends")
        elif plain and not text:
            self.finding(spot, "a key is missing")
        elif text in frame.node.keys:
            frame.key = text
            self.finding(spot, f"the key is there twice, first in line {frame.node.keys[text].line}")
            frame.key = None
        else:
            frame.key = text
            frame.node.keys[text] = spot

    def put(self, node: Node) -> None:
        """The node where the next value goes."""
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        if isinstance(frame.node.value, list):
            frame.node.value.append(node)
        elif isinstance(frame.node.value, dict):
            if frame.key is not None:
                frame.node.value[frame.key] = node
            frame.key, frame.value_next = None, False

    def alias(self, anchor: str, spot: Spot) -> None:
        if self.key_comes():
            self.finding(spot, "an alias cannot be a key")
            self.frames[-1].key, self.frames[-1].value_next = None, True
            return
        if anchor not in self.anchors:
            self.finding(spot, f"there is no anchor {quoted(anchor)}; {_STAR}")
        elif self.anchors[anchor] is None:
            self.finding(spot, f"the alias {quoted(anchor)} is inside what it stands for")
        found = self.anchors.get(anchor)
        self.put(self.copy(found, len(self.frames), spot) if found else Node(None, spot, empty=True))

    def copy(self, node: Node, depth: int, spot: Spot) -> Node:
        """A copy for an alias, so that no two places share a map; the budget bounds what aliases can blow
        up.
        """
        self.copied += 1
        self.characters += len(str(node.value)) if isinstance(node.value, str) else sum(map(len, node.keys))
        if self.copied > ALIAS_BUDGET:
            raise _Hopeless(spot.finding((), f"the aliases stand for more than {ALIAS_BUDGET:,} values"))
        if self.characters > LARGEST_FILE:
            raise _Hopeless(spot.finding((), f"the aliases stand for more than {LARGEST_FILE // 1_000_000} MB"))
        if depth > DEEPEST:
            raise _Hopeless(spot.finding((), f"deeper than {DEEPEST} levels"))
        if isinstance(node.value, dict):
            entries = {key: self.copy(child, depth + 1, spot) for key, child in node.value.items()}
            return Node(entries, node.at, dict(node.keys))
        if isinstance(node.value, list):
            return Node([self.copy(child, depth + 1, spot) for child in node.value], node.at)
        return node
