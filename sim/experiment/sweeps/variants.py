"""A scenario as its base and what is set in it: small enough to be held by the thousand, kept and sent to others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from sim.scenario import Scenario, ScenarioError
from sim.scenario.loading import Opened, opened
from sim.scenario.writing import complete_text, opened_complete

#: Digests of scenarios that were read before, by the name of their base and what is set in it.
Known = Mapping[tuple[str, tuple[str, ...]], str]


@dataclass(frozen=True)
class Base:
    """A scenario of a file, which is read once, and its text as one file that needs no other. ``known``: digests that
    need not be found out; ``wanted``: where there is such a list, what is set goes into it, and nothing is read.
    """

    text: str
    opened: Opened = field(repr=False, compare=False)
    known: Known = field(repr=False, compare=False, default_factory=dict)
    wanted: list[tuple[str, ...]] | None = field(repr=False, compare=False, default=None)

    @staticmethod
    def read(file: str) -> Base:
        """Raises ``ScenarioError``."""
        files = opened(file)
        return Base(complete_text(files.load()), files)

    @cached_property
    def name(self) -> str:
        """The checksum of its text, under which it is kept."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]

    def variant(self, sets: Sequence[str] = ()) -> Variant:
        """The base with this set in it, which is checked where it is not known. Raises ``ScenarioError``, with the
        lines of its files.
        """
        if self.wanted is not None:
            self.wanted.append(tuple(sets))
            return Variant(self, tuple(sets), "")
        digest = self.known.get((self.name, tuple(sets)))
        return Variant(self, tuple(sets), digest or self.opened.load(sets).digest)

    @property
    def scenario(self) -> Scenario:
        """With nothing set in it."""
        return read_variant(self.text, ())


@dataclass(frozen=True)
class Variant:
    """A base and what is set in it. ``digest``: that of the scenario which this is."""

    base: Base
    sets: tuple[str, ...]
    digest: str

    @property
    def scenario(self) -> Scenario:
        """Read from the text of the base, where it was not read lately."""
        return read_variant(self.base.text, self.sets)


@lru_cache(maxsize=32)
def read_variant(text: str, sets: tuple[str, ...]) -> Scenario:
    """The scenario in the text of a base with this set in it. Raises ``ScenarioError``."""
    return _opened(text).load(sets)


def digest_of(text: str, sets: tuple[str, ...]) -> str:
    """That of such a scenario; empty where something is wrong with it."""
    try:
        return _opened(text).load(sets).digest
    except ScenarioError:
        return ""


@lru_cache(maxsize=4)
def _opened(text: str) -> Opened:
    return opened_complete(text, "base")
