"""A scenario as one file that needs no other: what it extends, what was set and its sources folded in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from sim.scenario.errors import path_text
from sim.scenario.loading import Opened, _Loader
from sim.scenario.nodes import Node, Spot
from sim.scenario.numbers import Plain
from sim.scenario.patterns import DEEP, WILD, Patterns, Steps
from sim.scenario.schema import FORMATS, Scenario
from sim.scenario.sources import Origin, Source, SourceRule
from sim.scenario.yaml_loader import parse_yaml

#: So long a line may be; longer maps and lists take a line for each entry.
_WIDTH = 110
#: YAML takes a longer key only behind a question mark.
_LONGEST_KEY = 1000

#: What means itself without quotes wherever it stands.
_SAFE = re.compile(r"(?:[\w+]|[-.](?=[\w.]))(?:[\w+/%.-]|:(?=\w)| (?=[\w+/%.-]))*")
_NO_TEXT = frozenset({"null", "Null", "NULL"})
#: What JSON leaves as it is but breaks a line of YAML, or is no character of its own there.
_BREAKS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")

_HEAD = """\
# This scenario, complete: with what it extended, what was set on the command line, and its sources. It runs anywhere.
"""


def complete_text(scenario: Scenario) -> str:
    """A scenario file that loads to an equal scenario, whose values have the same sources.

    What is a default is left out. The scenario must come from the loader.
    """
    origin = scenario._origin
    assert origin is not None, "the loader gives every scenario its origin"
    entries = {"format": Node(FORMATS[-1], origin.root.at)}
    entries |= {key: origin.root.map[key] for key in Scenario.model_fields if key in origin.root.map}
    rules = _rules(scenario.written_sources(), origin)
    if rules:
        at = origin.root.at
        sources = {pattern_text(pattern): _source_node(source, at) for pattern, source in rules.items()}
        entries["sources"] = Node(dict(sources), at)
    return _HEAD + "\n".join(_block(Node(entries, origin.root.at), 0)) + "\n"


def read_complete(text: str, name: str) -> Scenario:
    """The scenario in such a text, however large: what several files say is one text here. Raises `ScenarioError`."""
    return opened_complete(text, name).load()


def opened_complete(text: str, name: str) -> Opened:
    """Such a text, read once, to be loaded with one override after the other."""
    loader = _Loader()
    loader.add(parse_yaml(text, name, loader.findings), name, None, ())
    return Opened(loader)


def pattern_text(pattern: Steps) -> str:
    """A pattern as people write it."""
    return ".".join(step if step in (WILD, DEEP) else path_text((step,)) for step in pattern)


def _source_node(source: Source, at: Spot) -> Node:
    return Node({key: Node(Plain(text), at) for key, text in source.model_dump(exclude_none=True).items()}, at)


# --- YAML -------------------------------------------------------------------------------------------------------------


def _block(node: Node, depth: int) -> Iterator[str]:
    """The lines of a map's entries or a list's items; values that fit stand beside their keys."""
    indent = "  " * depth
    heads = ["-"] * len(node.value) if isinstance(node.value, list) else [f"{_key(key)}:" for key in _said(node)]
    children = node.value if isinstance(node.value, list) else list(_said(node).values())
    for head, child in zip(heads, children, strict=True):
        if len(head) > _LONGEST_KEY:
            yield f"{indent}? {head[:-1]}"
            head = ":"
        flow = _flow(child)
        # names stand one below the other at the top, each with what belongs to it on one line where it fits
        fits = len(indent) + len(head) + len(flow) < _WIDTH and (depth > 0 or not _nested(child))
        if fits or not (_said(child) or isinstance(child.value, list)):
            yield f"{indent}{head} {flow}"
        else:
            yield f"{indent}{head}"
            yield from _block(child, depth + 1)


def _said(node: Node) -> dict[str, Node]:
    """The entries of a map that somebody wrote; a key without a value is as good as absent."""
    return {key: child for key, child in node.map.items() if child.value is not None and not child.default}


def _nested(node: Node) -> bool:
    return any(child.map for child in _said(node).values())


def _flow(node: Node) -> str:
    """On one line."""
    if isinstance(node.value, dict):
        entries = ((_key(key), _flow(child)) for key, child in _said(node).items())
        return "{" + ", ".join(f"{'? ' * (len(key) > _LONGEST_KEY)}{key}: {text}" for key, text in entries) + "}"
    if isinstance(node.value, list):
        return "[" + ", ".join(map(_flow, node.value)) + "]"
    return _scalar(node.value)


def _scalar(value: str | int | float | bool | None) -> str:
    """As the loader reads it back: what stood without quotes stays so, as far as YAML lets it."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if not isinstance(value, str):
        return repr(value)
    return str(value) if isinstance(value, Plain) and _is_safe(value) else _quoted(value)


def _key(text: str) -> str:
    return text if _is_safe(text) else _quoted(text)


def _is_safe(text: str) -> bool:
    return _SAFE.fullmatch(text) is not None and text not in _NO_TEXT and not text.startswith(("---", "..."))


def _quoted(text: str) -> str:
    return _BREAKS.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(text, ensure_ascii=False))


# --- sources ----------------------------------------------------------------------------------------------------------


def _rules(sources: Mapping[Steps, Source | None], origin: Origin) -> dict[Steps, Source]:
    """Patterns that give each written value its source, and none to those that have none.

    The patterns of all files at once may reach further than each did in its own: those that would are parted, and
    what they would still say wrongly is said path by path.
    """
    tree = _Tree(sources)
    kept: dict[Steps, Source] = {}
    for rule in sorted(origin.rules, key=lambda rule: rule.layer):
        for pattern in tree.parted(rule.pattern):
            kept.setdefault(pattern, rule.source)
    patterns = Patterns(SourceRule(pattern, source, 0) for pattern, source in kept.items())
    for path, source in sources.items():
        found = patterns.best(path)
        if source is not None and (found is None or found.source != source):
            kept[path] = source
    return kept


class _Tree:
    """The paths of values; of each branch, whether anything in it has no source."""

    def __init__(self, sources: Mapping[Steps, Source | None]) -> None:
        self.below: dict[str, _Tree] = {}
        self.bare = False
        self.ends = False
        for path, source in sources.items():
            branch = self
            branch.bare |= source is None
            for step in path:
                branch = branch.below.setdefault(step, _Tree({}))
                branch.bare |= source is None
            branch.ends = True

    def parted(self, pattern: Steps) -> Iterator[Steps]:
        """The pattern if all that it fits has a source, else patterns that fit just that."""
        if not pattern or pattern == (DEEP,):
            if not self.bare and (pattern or self.ends):
                yield pattern
            elif pattern:
                for step, branch in self.below.items():
                    for rest in branch.parted((DEEP,) if branch.below else ()):
                        yield (step, *rest)
            return
        step, *others = pattern
        rest = tuple(others)
        if step != WILD:
            found = self.below.get(step)
            yield from ((step, *part) for part in (found.parted(rest) if found else ()))
            return
        parts = {name: list(branch.parted(rest)) for name, branch in self.below.items()}
        if all(found in ([], [rest]) for found in parts.values()) and not self._bare_at(rest):
            if any(parts.values()):
                yield pattern
            return
        for name, own in parts.items():
            yield from ((name, *part) for part in own)

    def _bare_at(self, rest: Steps) -> bool:
        """Whether a branch has a value without a source where the pattern fits, so that nothing is left of it there."""
        return any(branch.fits_bare(rest) for branch in self.below.values())

    def fits_bare(self, pattern: Steps) -> bool:
        """Whether the pattern fits a value without a source."""
        if not pattern:
            return self.ends and self.bare
        if pattern == (DEEP,):
            return self.bare
        step, *rest = pattern
        found = self.below.values() if step == WILD else [self.below[step]] if step in self.below else []
        return any(branch.fits_bare(tuple(rest)) for branch in found)
