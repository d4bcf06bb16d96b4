"""Which of many patterns for sources fits a path best, without trying each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.scenario.sources import SourceRule

Steps = tuple[str, ...]
WILD, DEEP = "*", "**"


@dataclass
class _Branch:
    """The patterns that begin alike: those that end here, those that end here in `**`, and those that go on."""

    ending: list[tuple[int, SourceRule]] = field(default_factory=list)
    deep: list[tuple[int, SourceRule]] = field(default_factory=list)
    longer: dict[str, _Branch] = field(default_factory=dict)


class Patterns:
    """Rules by their patterns."""

    def __init__(self, rules: Iterable[SourceRule]) -> None:
        self.root = _Branch()
        for number, rule in enumerate(rules):
            branch, deep = self.root, rule.pattern[-1] == DEEP
            for step in rule.pattern[:-1] if deep else rule.pattern:
                branch = branch.longer.setdefault(step, _Branch())
            (branch.deep if deep else branch.ending).append((number, rule))

    def best(self, path: Steps, layer: int = 0) -> SourceRule | None:
        """Of the rules of this layer and of those above it the most specific one that fits; of equals the uppermost,
        then the first. None if none fits.
        """
        found = None
        for number, rule in self._fitting(path):
            rank = rule.rank(path)
            if rule.layer <= layer and rank is not None:
                # a pattern without wildcards is the most specific there is
                key = (not {WILD, DEEP} & set(rule.pattern), rank, -number)
                if found is None or key > found[0]:
                    found = key, rule
        return None if found is None else found[1]

    def _fitting(self, path: Steps) -> Iterator[tuple[int, SourceRule]]:
        branches = [self.root]
        for step in path:
            for branch in branches:
                yield from branch.deep
            branches = [b.longer[s] for b in branches for s in {step, WILD} if s in b.longer]
        for branch in branches:
            yield from branch.deep
            yield from branch.ending
