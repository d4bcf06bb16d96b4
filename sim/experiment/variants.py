"""A scenario as its base and what is set in it: small enough to be held by the thousand, kept and sent to others."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sim.scenario import Scenario, load
from sim.scenario.writing import complete_text, read_complete


@dataclass(frozen=True)
class Base:
    """A scenario of a file, and its text as one file that needs no other."""

    file: str
    text: str

    @staticmethod
    def read(file: str) -> Base:
        """Raises ``ScenarioError``."""
        return Base(file, complete_text(load(file)))

    @property
    def name(self) -> str:
        """The checksum of its text, under which it is kept."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]

    def loaded(self, sets: Sequence[str] = ()) -> Variant:
        """The base with this set in it, read from its files. Raises ``ScenarioError``, with their lines."""
        return Variant(self, tuple(sets), load(self.file, sets).digest)


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


@lru_cache(maxsize=64)
def read_variant(text: str, sets: tuple[str, ...]) -> Scenario:
    """The scenario in the text of a base with this set in it. Raises ``ScenarioError``."""
    return read_complete(text, "base", sets)
