"""Tables beside a scenario: where a map by names or a list of sections stands, its entries may come from a CSV file.

    units: {table: units.csv}

The first column has the names, every other one a key (a name where maps stand in maps) or a path such as `work.mean`.
Of a list all columns are keys, of a map of plain values the second one has these. A cell means what it would in YAML,
and an empty one that nothing is said. Places are rows and columns of the file, counted from 1 as in a spreadsheet.
"""

from __future__ import annotations

import csv
import io
import re
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sim.scenario.errors import MOST_FINDINGS, Finding, Path, ReadError, closest, path_text, quoted, read_path
from sim.scenario.nodes import UNPRINTABLE, Node, Spot
from sim.scenario.numbers import Plain
from sim.scenario.shape import Shape
from sim.scenario.yaml_loader import parse_yaml

TABLE = "table"
_BREAK = re.compile(r"\s*[\r\n]\s*")  # in a cell is a space, as in YAML
_NULL = ("~", "null", "Null", "NULL")

#: The text of a file by its path as written, and its name in messages; raises `ReadError`.
Read = Callable[[str], tuple[str, str]]


def tabular(shape: Shape | None) -> bool:
    """Whether a table may stand here: for a map by names, or a list of sections."""
    return shape is not None and (shape.is_map or _is_list(shape))


def _is_list(shape: Shape) -> bool:
    return typing.get_origin(shape.type) is tuple and shape.item.section is not None


def unfold(node: Node, shape: Shape | None, read: Read, findings: list[Finding], path: Path = ()) -> Node | None:
    """The tree with what its tables say in their places; None for a table that cannot be read.

    What is wrong is added to `findings`.
    """
    if isinstance(node.value, list):
        items = [
            unfold(item, shape and shape.child(i), read, findings, (*path, i)) for i, item in enumerate(node.value)
        ]
        return Node([item for item in items if item is not None], node.at, node.keys)
    if not isinstance(node.value, dict) or shape is None:
        return node
    entries = dict(node.value)
    given = entries.pop(TABLE) if tabular(shape) and _names_a_file(entries.get(TABLE), shape) else None
    for key, child in list(entries.items()):
        below = unfold(child, shape.child(key), read, findings, (*path, key))
        if below is None:
            del entries[key]
        else:
            entries[key] = below
    own = Node(entries, node.at, {key: spot for key, spot in node.keys.items() if key in entries})
    if given is None:
        return own
    try:
        text, name = read(str(given.value))
    except ReadError as wrong:
        findings.append(given.at.finding((*path, TABLE), str(wrong)))
        return None
    table = _Table(name, shape, path, findings).read(text)
    if _is_list(shape) and entries:
        message = "nothing can stand beside the table of a list"
        findings.append(given.at.finding((*path, TABLE), message))
    return _joined(table, own, name, findings, path) if isinstance(table.value, dict) else table


def _names_a_file(given: Node | None, shape: Shape) -> bool:
    """Whether this is no entry that bears the name `table`: sections are maps, and no plain value ends so."""
    if given is None or not isinstance(given.value, str):
        return False
    return shape.item.section is not None or given.value.lower().endswith(".csv")


def _joined(table: Node, own: Node, name: str, findings: list[Finding], path: Path) -> Node:
    """What stands in the table and what stands beside it; the same in both is an error."""
    entries, keys = dict(table.map), dict(table.keys)
    for key, child in own.map.items():
        there, at = entries.get(key), (*path, key)
        if there is None:
            entries[key], keys[key] = child, own.keys.get(key, child.at)
        elif isinstance(there.value, dict) and isinstance(child.value, dict):
            entries[key] = _joined(there, child, name, findings, at)
        else:
            findings.append(own.keys.get(key, child.at).finding(at, f"stands in row {there.at.line} of {name}, too"))
    return Node(entries, own.at, keys)


@dataclass(frozen=True)
class _Column:
    """A column of values: the steps of its path below an entry, none for a plain value."""

    number: int
    steps: tuple[str, ...]


@dataclass
class _Table:
    """One file that is read. Rows and columns count from 1."""

    file: str
    shape: Shape
    path: Path
    findings: list[Finding]
    names: dict[str, int] = field(default_factory=dict)  # with their rows

    def wrong(self, row: int, column: int, message: str, path: Path = ()) -> None:
        self.findings.append(Spot(self.file, row, column).finding((*self.path, *path), message))

    def read(self, text: str) -> Node:
        """The map or list that the text says."""
        named = not _is_list(self.shape)
        entries, keys, items = dict[str, Node](), dict[str, Spot](), list[Node]()
        first, *rows = self.cells(text) or [[]]
        columns = self.columns(first, named)
        for row, cells in enumerate(rows, start=2):
            if len(self.findings) > MOST_FINDINGS:
                self.wrong(row, 1, "too many problems to read on")
                break
            if not any(cells):
                continue
            name = self.name(row, cells[0]) if named else str(len(items))
            if name is None:
                continue
            for number, cell in enumerate(cells[len(first) :], start=len(first) + 1):
                if cell:
                    self.wrong(row, number, f"{quoted(cell)} stands below no heading; text with a comma wants quotes")
            entry = self.entry(row, name, cells, columns)
            if named and entry is not None:
                entries[name], keys[name] = entry, Spot(self.file, row, 1)
            elif entry is not None:
                items.append(entry)
        if not any(map(any, rows)):
            self.wrong(1, 1, "the table has no rows")
        at = Spot(self.file, 1, 1)
        return Node(entries, at, keys) if named else Node(items, at)

    def cells(self, text: str) -> list[list[str]]:
        """All rows; commas or semicolons part the cells, whichever the first row has more of outside quotes."""
        text = text.removeprefix("\ufeff")
        heading = "".join(text.partition("\n")[0].split('"')[::2])
        mark = ";" if heading.count(";") > heading.count(",") else ","
        rows: list[list[str]] = []
        try:
            for cells in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True):
                rows.append([_BREAK.sub(" ", cell).strip() for cell in cells])
        except csv.Error as wrong:
            self.wrong(len(rows) + 1, 1, f"not CSV: {wrong}")
        for row, cells in enumerate(rows, start=1):
            for column, cell in enumerate(cells, start=1):
                if found := UNPRINTABLE.search(cell):
                    self.wrong(row, column, f"the character U+{ord(found.group()):04X} cannot stand in a scenario")
                    cells[column - 1] = UNPRINTABLE.sub("\ufffd", cell)
        return rows

    def name(self, row: int, text: str) -> str | None:
        """That of the entry in this row; None where there is none, or the same above."""
        if not text:
            self.wrong(row, 1, "a name is missing")
        elif text in self.names:
            self.wrong(row, 1, f"the name is there twice, first in row {self.names[text]}", (text,))
        else:
            self.names[text] = row
            return text
        return None

    def columns(self, heading: Sequence[str], named: bool) -> list[_Column]:
        """Those that have a heading which the schema knows."""
        if named and heading and heading[0] in self.shape.item.fields:
            self.wrong(1, 1, f"the first column has the names, so {quoted(heading[0])} cannot be its heading")
        if not (self.shape.item.section or self.shape.item.is_map):
            if len(heading) != 2:
                self.wrong(1, 1, "two columns are wanted, of names and of values")
            return [_Column(2, ())] if len(heading) > 1 else []
        found: dict[tuple[str, ...], _Column] = {}
        for number, text in enumerate(heading, start=1):
            if named and number == 1:
                continue
            try:
                steps = self.steps(text)
                if steps in found:
                    raise ReadError(f"the column {quoted(text)} is there twice")
                found[steps] = _Column(number, steps)
            except ReadError as wrong:
                self.wrong(1, number, str(wrong))
        return sorted(found.values(), key=lambda column: len(column.steps))  # what stands below a cell comes after it

    def steps(self, text: str) -> tuple[str, ...]:
        """The path in a heading. Raises `ReadError`."""
        if not text:
            raise ReadError("a heading is missing")
        read, end = read_path(text)
        if end < len(text):
            raise ReadError(f"a key such as staff is wanted, not {quoted(text)}")
        steps = tuple(step for step, _ in read)
        shape: Shape | None = self.shape.item
        for depth, step in enumerate(steps):
            if shape and typing.get_origin(shape.type) is tuple:
                raise ReadError(f"a list stands in one cell of {path_text(steps[:depth])}, such as [0.8, 0.6]")
            if shape and shape.section and step not in shape.fields:
                meant = closest(step, shape.fields)
                there = f", did you mean {quoted(path_text((*steps[:depth], meant)))}?" if meant else ""
                raise ReadError(f"unknown column {quoted(text)}{there or ': there are ' + ', '.join(shape.fields)}")
            shape = shape.child(step) if shape else None
        return steps

    def entry(self, row: int, name: str, cells: Sequence[str], columns: Sequence[_Column]) -> Node | None:
        """What a row says; None where it is to be a plain value and says none."""
        entry = Node({}, Spot(self.file, row, 1))
        for column in columns:
            text = cells[column.number - 1] if column.number <= len(cells) else ""
            node = self.value(row, column, text, name) if text else None
            if not column.steps:
                if node is None:
                    self.wrong(row, column.number, "a value is missing", (name,))
                return node
            if node is not None:
                self.put(entry, column, node, name)
        return entry

    def put(self, entry: Node, column: _Column, node: Node, name: str) -> None:
        """The value at its path below the entry."""
        *outer, last = column.steps
        branch = entry
        for step in outer:
            branch.keys.setdefault(step, node.at)
            branch = branch.map.setdefault(step, Node({}, node.at))
            if not isinstance(branch.value, dict):
                break
        if isinstance(branch.value, dict) and last not in branch.value:
            branch.value[last], branch.keys[last] = node, node.at
        else:
            message = f"{quoted(path_text(column.steps))} is said in another column of this row, too"
            self.findings.append(node.at.finding((*self.path, name, *column.steps), message))

    def value(self, row: int, column: _Column, text: str, name: str) -> Node:
        """A cell as YAML: in brackets, braces or quotes as there, all else is one plain word."""
        at = Spot(self.file, row, column.number)
        if text[0] not in "[{\"'":
            return Node(None if text in _NULL else Plain(text), at)
        found: list[Finding] = []
        node = parse_yaml(text, self.file, found)
        for finding in found:
            self.wrong(row, column.number, finding.message, (name, *column.steps))
        return Node(None, at, empty=True) if node is None else _at(node, at)


def _at(node: Node, at: Spot) -> Node:
    """The same, all of it at this place."""
    if isinstance(node.value, dict):
        return Node({key: _at(child, at) for key, child in node.value.items()}, at, dict.fromkeys(node.keys, at))
    if isinstance(node.value, list):
        return Node([_at(item, at) for item in node.value], at)
    return Node(node.value, at, empty=node.empty)
