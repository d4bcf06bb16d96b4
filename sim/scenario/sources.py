"""Where each number comes from: sources by path pattern, and the list of all values with their sources."""

from __future__ import annotations

import functools
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from pydantic import WithJsonSchema

from sim.scenario.calendars import WEEKDAYS, Calendar, Section, read_days
from sim.scenario.demand_side import Reports
from sim.scenario.errors import Finding, Path, ReadError, path_text, read_path
from sim.scenario.nodes import Node
from sim.scenario.numbers import Text, choice, number_text
from sim.scenario.patterns import Patterns
from sim.scenario.shape import Shape

_WEEK = Shape(Calendar).fields["open"].type
_KINDS = ("data", "literature", "expert", "assumption")


#: What the grades of the scenarios that ship mean; others may have words of their own.
GRADES = {
    "V": "read in an official page or a main medium",
    "V-": "read in a secondary source or a reprint",
    "D": "arithmetic from such numbers",
    "U": "widely quoted, not verified",
    "A": "a modelling assumption",
}


#: What stands in the note of a relative value's source for the value that it changed, so that many have one source.
WAS = "what was there"


class Source(Section):
    """What a number rests on. `grade` is how well the source was verified, in the project's own words."""

    kind: Annotated[str, choice(*_KINDS), WithJsonSchema({"enum": list(_KINDS)})]
    title: Text | None = None
    authors: Text | None = None
    year: Text | None = None
    url: Text | None = None
    grade: Text | None = None
    note: Text | None = None


@dataclass(frozen=True)
class Value:
    """One value of a scenario. `origin_file` and `line` say where it was written (None and 0: nowhere, a
    default). `was` is what a relative value changed, as it was written.
    """

    path: str
    value_text: str
    origin_file: str | None
    line: int
    source: Source | None
    from_default: bool
    is_number: bool
    was: str = ""


@dataclass(frozen=True)
class SourceRule:
    """A pattern of `sources:`; `layer` counts the files, 0 the one that was loaded, 1 the one it extends."""

    pattern: tuple[str, ...]
    source: Source
    layer: int

    def rank(self, path: tuple[str, ...]) -> tuple[int, int, int] | None:
        """How specific the match is, greater is more; None if the pattern does not match the path."""
        deep = self.pattern[-1] == "**"
        fixed = self.pattern[:-1] if deep else self.pattern
        if len(path) < len(fixed) or (len(path) > len(fixed) and not deep):
            return None
        if any(step not in ("*", part) for step, part in zip(fixed, path, strict=False)):
            return None
        return sum(step != "*" for step in fixed), len(fixed), -self.layer


def read_pattern(text: str) -> tuple[str, ...]:
    """`categories.*.work`, `time.**`: `*` is one segment, `**` any number at the end."""
    segments, end = read_path(text)
    pattern = tuple(segment for segment, _ in segments)
    if end < len(text):
        raise ReadError("a pattern such as categories.*.work is wanted")
    if "**" in pattern[:-1]:
        raise ReadError("** can only be the last segment")
    return pattern


@dataclass(frozen=True)
class Became:
    """A value that a relative value (`word`) or, where that is empty, a wildcard changed: what it was (empty where
    there was none) and is now, as they are written, and where that was said.
    """

    path: str
    before: str
    after: str
    word: str
    file: str
    line: int


@dataclass(frozen=True)
class Origin:
    """What the loader knows beyond the schema: the tree with its places, the files in order, the rules for
    sources, what it has to say, the tables beside the files, each with the file that names it, and what became of
    values that were changed by relative values and wildcards.
    """

    root: Node
    files: tuple[str, ...]
    rules: tuple[SourceRule, ...]
    notes: tuple[Finding, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    became: tuple[Became, ...] = ()

    def __eq__(self, other: object) -> bool:
        """Scenarios that say the same are equal wherever they were written."""
        return isinstance(other, Origin)

    __hash__ = None  # type: ignore[assignment]

    @functools.cached_property
    def _patterns(self) -> Patterns:
        return Patterns(self.rules)

    def source_of(self, path: Path, node: Node) -> Source | None:
        """The source of the value in this node: where no rule has one, of a relative value what it changed."""
        found, changed = self._rule_of(path, node.at.file), next(_changed(node), None)
        if found is not None or changed is None or changed.before is None:
            return found
        was = self.source_of(path, changed.before)
        told = "no source" if was is None else " · ".join(filter(None, (was.kind, was.title, was.note)))
        return Source.model_construct(kind="assumption", note=f"{changed.word} of {WAS} ({told})")

    def _rule_of(self, path: Path, file: str) -> Source | None:
        """By the rules of the file that wrote a value and of files that extend it, the most specific first."""
        file = self.tables.get(file, file)
        if file not in self.files:
            return None
        rule = self._patterns.best(tuple(str(step) for step in path), self.files.index(file))
        return None if rule is None else rule.source


def list_values(origin: Origin, shape: Shape, dumped: Any, canonical: bool = False) -> Iterator[Value]:
    """Every value in the order of the schema, as written where it was written, or all in canonical form; `dumped` has
    the schema's defaults.
    """
    for path, said, leaf, node, plain in _leaves((), shape, origin.root, dumped):
        if node is None:
            yield Value(path_text(path), written(plain), None, 0, None, True, _is_number(leaf, plain))
            continue
        yield Value(
            path_text(path),
            written(plain if canonical else node.plain()),
            None if node.default else node.at.file,
            0 if node.default else node.at.line,
            None if node.default else origin.source_of(said, node),
            node.default,
            _is_number(leaf, plain if canonical else node.value),
            ", ".join(written(part.before.plain()) for part in _changed(node) if part.before is not None),
        )


def written_sources(origin: Origin, shape: Shape, dumped: Any) -> Iterator[tuple[tuple[str, ...], Source | None]]:
    """The path of every value as it was written, defaults left out, and its source; `dumped` as above."""
    for _, said, _, node, _ in _leaves((), shape, origin.root, dumped):
        if node is not None and not node.default:
            yield tuple(str(step) for step in said), origin.source_of(said, node)


def _changed(node: Node) -> Iterator[Node]:
    """What relative values changed in a value."""
    if node.before is not None:
        yield node
    for child in node.value if isinstance(node.value, list) else node.map.values():
        yield from _changed(child)


Leaf = tuple[Path, Path, Shape, Node | None, Any]


def _leaves(path: Path, shape: Shape, node: Node | None, plain: Any) -> Iterator[Leaf]:
    """The path of each value, its path as it was written, its shape, its node, and what the schema made of it."""
    if node is not None and node.value is None:
        node = None
    children: Sequence[tuple[str | int, Node | None, Any]]
    if shape.type == _WEEK and node is not None:
        yield from _days(path, shape, node, plain)
        return
    if shape.section:
        known = plain if isinstance(plain, dict) else {}
        children = [(key, node.map.get(key) if node else None, known.get(key)) for key in shape.fields]
    elif shape.is_map and node is not None and isinstance(node.value, dict):
        known = plain if isinstance(plain, dict) else {}
        children = [(key, child, known.get(key)) for key, child in node.map.items()]
    elif shape.is_map and shape.item.section and plain:
        children = [(key, None, entry) for key, entry in plain.items()]
    elif shape.is_list and node is not None and isinstance(node.value, list):
        children = list(zip(range(len(node.value)), node.value, plain or [None] * len(node.value), strict=True))
    else:
        if node is not None or plain not in (None, {}, [], ""):
            yield path, path, shape, node, plain
        return
    for key, child, entry in children:
        below = shape.child(key)
        assert below is not None, "the scenario was checked against the same schema"
        yield from _leaves((*path, key), below, child, entry)


def _days(path: Path, shape: Shape, node: Node, week: dict[str, Any]) -> Iterator[Leaf]:
    """Opening hours day by day, however the days were written; a day of several keys is where the first is."""
    for day, hours in week.items():
        keys = [key for key in node.map if WEEKDAYS.index(day) in read_days(key)]
        child = node.map[keys[0]]
        if len(keys) > 1:
            child = Node([Node(text, child.at) for text in hours], child.at)
        yield (*path, day), (*path, keys[0]), shape.item, child, hours


def _is_number(leaf: Shape, value: Any) -> bool:
    """Whether the value is one that needs a source: no text, name, choice, flag or date."""
    if leaf.type in (Reports, dict[str, float]):  # “once” or one unit's name is no number
        return isinstance(value, dict)
    if typing.get_origin(leaf.type) in (tuple, list):
        return leaf.item.type not in (str, datetime) and value not in ([], ())
    return leaf.type not in (str, bool, datetime) and typing.get_origin(leaf.type) is not typing.Literal


def written(value: Any) -> str:
    """Plain data on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(written(entry) for entry in value) + "]"
    return number_text(value) if isinstance(value, float) else str(value)
