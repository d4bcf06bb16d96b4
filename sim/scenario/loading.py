"""From files, text or data to a checked scenario; everything that is wrong is said at once."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from sim.scenario.checks import check
from sim.scenario.csv_tables import unfold
from sim.scenario.defaults import fill
from sim.scenario.errors import MOST_FINDINGS, Finding, Path, ReadError, ScenarioError, nearest, quoted
from sim.scenario.files import LARGEST_FILE, find_base, find_scenario, inside, read_file, read_table
from sim.scenario.formats import changed, read_format
from sim.scenario.merging import OVERRIDES, merge, without_value
from sim.scenario.needs import findings as idle
from sim.scenario.needs import overruled
from sim.scenario.nodes import Node, Spot, from_python, spot_of
from sim.scenario.overrides import Overrides
from sim.scenario.scale import more_than_its_share
from sim.scenario.schema import FORMATS, Scenario
from sim.scenario.shape import Shape
from sim.scenario.sources import Origin, Source, SourceRule, read_pattern
from sim.scenario.together import across, no_holidays, outside, within
from sim.scenario.tree import Tree
from sim.scenario.validating import validated
from sim.scenario.yaml_loader import parse_yaml

SOURCES_FILE = "sources.yaml"
LONGEST_CHAIN = 50  # of files that extend each other


def load(path: str | os.PathLike[str], overrides: Sequence[str | None] = ()) -> Scenario:
    """Read a scenario.

    `path` is its file, read with the files it extends; a word alone, such as `teaching`, is also the name of one that
    ships. `overrides` like `units.Roads.staff=4` hold over what the files say; None counts as one of another scenario.

    Returns the scenario, complete and checked. Raises `ScenarioError` with every finding.
    """
    return opened(path).load(overrides)


def opened(path: str | os.PathLike[str]) -> Opened:
    """The files of a scenario, read once, to be loaded with one override after the other."""
    loader, found = _Loader(), find_scenario(os.fspath(path))
    name = str(found)
    try:
        root = loader.parse(read_file(found), name)
        loader.add(root, name, found.resolve().parent, (found.resolve(),))
    except ReadError as wrong:
        loader.findings.append(Spot(name).finding((), str(wrong)))
    return Opened(loader)


def load_all(paths: Sequence[str], overrides: Sequence[Sequence[str | None]]) -> list[Scenario]:
    """Several scenarios, each with overrides of its own; the errors of all are reported together."""
    loaded: list[Scenario] = []
    findings: dict[Finding, None] = {}
    for path, own in zip(paths, overrides, strict=True):
        try:
            loaded.append(load(path, own))
        except ScenarioError as wrong:
            findings |= dict.fromkeys(wrong.findings)
    if findings:
        raise ScenarioError(list(findings))
    return loaded


def from_text(text: str, name: str = "<text>") -> Scenario:
    """The scenario in this YAML text, which cannot extend a file. Raises `ScenarioError`."""
    loader = _Loader()
    try:
        loader.add(loader.parse(text, name), name, None, ())
    except ReadError as wrong:
        loader.findings.append(Spot(name).finding((), str(wrong)))
    return loader.finish()


def from_dict(data: Mapping[str, Any], folder: str | os.PathLike[str] | None = None) -> Scenario:
    """The scenario in this plain data; `folder` is where `extends` and sources.yaml are looked for.

    Raises `ScenarioError`, whose findings have paths but no lines.
    """
    loader = _Loader()
    root = from_python(data, "<data>", loader.findings)
    loader.add(root, "<data>", None if folder is None else FilePath(folder).resolve(), ())
    return loader.finish()


@dataclass(frozen=True)
class Opened:
    """A scenario whose files are read, see `opened`."""

    loader: _Loader

    def load(self, overrides: Sequence[str | None] = ()) -> Scenario:
        """As `load` does."""
        return replace(self.loader, findings=[*self.loader.findings]).finish(overrides)


@dataclass
class _Loader:
    """Collects layers, the loaded file first, then the file it extends and so on, and all findings."""

    findings: list[Finding] = field(default_factory=list)
    layers: list[Node] = field(default_factory=list)
    formats: list[int] = field(default_factory=list)  # of the layers
    files: list[str] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)  # and the first file that names each
    rules: list[SourceRule] = field(default_factory=list)
    incomplete: bool = False  # a layer cannot be read, so that what is missing may stand there
    size: int = 0  # bytes of all texts

    def parse(self, text: str, name: str) -> Node | None:
        """The tree of one text. Raises `ReadError` if all texts together are too large to be kept as one file."""
        self.weigh(text)
        return parse_yaml(text, name, self.findings)

    def weigh(self, text: str) -> None:
        size = len(text.encode(errors="replace"))
        self.size += size
        if self.size > LARGEST_FILE:
            what = "" if size > LARGEST_FILE else "all its files together are "
            raise ReadError(f"{what}larger than {LARGEST_FILE // 1_000_000} MB")

    def add(self, root: Node | None, file: str, folder: FilePath | None, chain: tuple[FilePath, ...]) -> None:
        """One layer, its sources, and the layers it extends; `chain` has the files that led here."""
        self.files.append(file)
        if root is None:
            self.incomplete = True
            return
        if not isinstance(root.value, dict):
            self.incomplete = True
            self.findings.append(root.at.finding((), "a scenario is a map of keys and values"))
            return
        entries = dict(root.value)
        extends, sources, written = (self.taken(entries, key) for key in ("extends", "sources", "format"))
        try:
            self.formats.append(1 if written is None else read_format(written.value))
        except ReadError as wrong:
            self.formats.append(FORMATS[-1])
            self.findings.append(spot_of(root, ("format",)).finding(("format",), str(wrong)))
        self.layers.append(self.with_tables(Node(entries, root.at, root.keys), file, folder, chain))
        if sources is not None:
            self.add_sources(sources, folder, file)
        if extends is not None:
            try:
                self.extend(extends.value, file, folder, chain)
            except ReadError as wrong:
                self.incomplete = True
                self.findings.append(extends.at.finding(("extends",), str(wrong)))

    def taken(self, entries: dict[str, Node], key: str) -> Node | None:
        """A key that is the file's own and not the scenario's; None where it is absent or null."""
        node = entries.pop(key, None)
        if node is not None and node.empty:
            self.findings.append(node.at.finding((key,), without_value(key)))
        return None if node is None or node.value is None else node

    def extend(self, given: Any, file: str, folder: FilePath | None, chain: tuple[FilePath, ...]) -> None:
        if not isinstance(given, str) or not given:
            raise ReadError("the path of a file is wanted")
        target, given = find_base(folder, given)
        if target in chain:
            circle = [path.name for path in chain[chain.index(target) :]]
            raise ReadError(f"goes round in a circle: {' → '.join([*circle, target.name])}")
        if len(chain) >= LONGEST_CHAIN:
            raise ReadError(f"more than {LONGEST_CHAIN} files, each extending the next")
        text, name = read_file(target, quoted(given)), self.beside(given, file, folder, chain)
        self.add(self.parse(text, name), name, target.parent, (*chain, target))

    @staticmethod
    def beside(given: str, file: str, folder: FilePath | None, chain: tuple[FilePath, ...]) -> str:
        """The name of a file that another names."""
        return os.path.join(os.path.dirname(file) if chain else folder or "", given)

    def with_tables(self, root: Node, file: str, folder: FilePath | None, chain: tuple[FilePath, ...]) -> Node:
        """The layer with what its tables say."""

        def read(given: str) -> tuple[str, str]:
            if folder is None:
                raise ReadError("only a file can have a table beside it: this text has no folder")
            if not given.lower().endswith(".csv"):
                raise ReadError(f"the name of a CSV file is wanted, not {quoted(given)}")
            name = self.beside(given, file, folder, chain)
            text = read_table(inside(folder, given), quoted(given))
            self.weigh(text)
            self.tables.setdefault(name, file)
            return text, name

        before = len(self.findings)
        whole = unfold(root, Shape(Scenario), read, self.findings)
        assert whole is not None, "a scenario is no table itself"
        self.incomplete = self.incomplete or len(self.findings) > before
        return whole

    # -- sources -----------------------------------------------------------------------------------------

    def add_sources(self, sources: Node, folder: FilePath | None, file: str) -> None:
        """The rules of one file; a source that is only named stands in sources.yaml beside the file."""
        if not isinstance(sources.value, dict):
            self.findings.append(sources.at.finding(("sources",), "a map from path patterns to sources is wanted"))
            return
        sources = merge(None, sources, Shape(dict[str, Source]), self.findings, ("sources",))
        named = any(isinstance(node.value, str) for node in sources.map.values())
        shelf = self.read_shelf(folder, file) if named and folder is not None else {}
        for key, node in sources.map.items():
            path: Path = ("sources", key)
            pattern = None
            try:
                pattern = read_pattern(key)
            except ReadError as wrong:
                self.findings.append(spot_of(sources, (key,), True).finding(path, str(wrong)))
            if node.value is None:
                continue
            if isinstance(node.value, str):
                if node.value not in shelf:
                    message = f"there is no source {quoted(node.value)} in {SOURCES_FILE}"
                    self.findings.append(node.at.finding(path, message + nearest(node.value, shelf)))
                    continue
                node, path = shelf[node.value], (str(node.value),)
            source = validated(Source, node, path, self.findings, self.incomplete)
            if source is not None and pattern is not None:
                self.rules.append(SourceRule(pattern, source, len(self.files) - 1))

    def read_shelf(self, folder: FilePath, file: str) -> dict[str, Node]:
        """The entries of sources.yaml beside the file."""
        name = os.path.join(os.path.dirname(file), SOURCES_FILE)
        try:
            root = self.parse(read_file(inside(folder, SOURCES_FILE)), name)
        except ReadError as wrong:
            self.findings.append(Spot(name).finding((), str(wrong)))
            root = None
        if root and not isinstance(root.value, dict):
            self.findings.append(root.at.finding((), "a map from names to sources is wanted"))
        return merge(None, root, Shape(dict[str, Source]), self.findings).map if root else {}

    # -- checking ----------------------------------------------------------------------------------------

    def finish(self, overrides: Sequence[str | None] = ()) -> Scenario:
        self.incomplete = self.incomplete or not self.layers
        layers = Overrides(self.findings, incomplete=self.incomplete)
        root = layers.put_all(reversed(self.layers)) or Node({}, Spot(OVERRIDES))
        root = layers.apply(root, overrides)
        fill(root)
        found: list[Finding] = []
        scenario, tree = validated(Scenario, root, (), found, self.incomplete), Tree(root)
        checks = itertools.chain(within(tree), *(() if self.incomplete else (check(tree), across(tree), idle(tree))))
        found = [*layers.becoming.told(found), *itertools.islice(checks, MOST_FINDINGS)]
        # what cannot be read is said once and not judged
        unread = {(finding.place, finding.path or finding.message): finding for finding in reversed(self.findings)}
        self.findings = list(reversed(unread.values()))
        self.findings += [finding for finding in found if (finding.place, finding.path) not in unread]
        if scenario is None or self.findings:
            raise ScenarioError(self.in_order(self.findings))
        return scenario.with_origin(
            Origin(
                root,
                tuple(self.files),
                tuple(self.rules),
                tuple(self.in_order((*layers.becoming.notes, *self.notes(tree, scenario)))),
                dict(self.tables),
                tuple(layers.becoming.became),
            )
        )

    def notes(self, tree: Tree, scenario: Scenario) -> Iterator[Finding]:
        """What is no error but should be known."""
        for layer, number in zip(self.layers, self.formats, strict=True):
            if number < FORMATS[-1]:
                yield from changed(layer, scenario)
        for path, message in (*overruled(tree), *outside(tree), *no_holidays(tree), *more_than_its_share(scenario)):
            yield tree.finding(path, message)

    def in_order(self, found: Iterable[Finding]) -> list[Finding]:
        """Findings in the order of the files, each before its tables, and of their text, each of them once."""
        files = [*self.files, OVERRIDES]

        def place(finding: Finding) -> tuple[int, str, int, int]:
            file = self.tables.get(finding.file, finding.file)
            rank = files.index(file) if file in files else len(files)
            return rank, finding.file if finding.file in self.tables else "", finding.line, finding.column

        return sorted(dict.fromkeys(found), key=place)
