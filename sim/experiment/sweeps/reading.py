"""Points by the hundred, read by as many processes as there are cores."""

from __future__ import annotations

import math
import pickle
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.parallel import as_done, unseen, workers
from sim.experiment.sweeps.variants import Base, Known, digest_of
from sim.scenario import ScenarioError

if TYPE_CHECKING:
    from sim.model.simulation import Watch

#: Below so many points to read, other processes would hardly have begun; so many are read at once.
_WORTH, _AT_ONCE = 150, 20


def read_ahead(bases: Sequence[Base], known: Known, make: Callable[[Sequence[Base]], object]) -> list[Base]:
    """The bases, knowing the digests of the points that ``make`` will make of them, as far as there is nothing wrong
    with these: what is wrong is said when they are made.
    """
    asked = [replace(base, wanted=[]) for base in bases]
    with suppress(ScenarioError):
        make(asked)
    pairs = ((base.text, base.name, sets) for base in asked for sets in dict.fromkeys(base.wanted or ()))
    unknown = [(text, name, sets) for text, name, sets in pairs if (name, sets) not in known]
    count = workers(len(unknown), None, math.inf)
    if len(unknown) >= _WORTH and count > 1:
        known = {**known, **_read(unknown, count)}
    return [replace(base, known=known) for base in bases]


def _read(unknown: Sequence[tuple[str, str, tuple[str, ...]]], count: int) -> dict[tuple[str, tuple[str, ...]], str]:
    parts = [unknown[first : first + _AT_ONCE] for first in range(0, len(unknown), _AT_ONCE)]
    found: dict[tuple[str, tuple[str, ...]], str] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "points"
        file.write_bytes(pickle.dumps(parts))
        for number, digests in as_done(_digests, (file,), len(parts), count, unseen):
            found.update(zip(((name, sets) for _, name, sets in parts[number]), digests, strict=True))
    return {point: digest for point, digest in found.items() if digest}


@cache
def _parts(file: Path) -> list[list[tuple[str, str, tuple[str, ...]]]]:
    parts: list[list[tuple[str, str, tuple[str, ...]]]] = pickle.loads(file.read_bytes())
    return parts


def _digests(file: Path, number: int, _: Watch) -> list[str]:
    """Of the points of a part; empty where something is wrong."""
    return [digest_of(text, sets) for text, _, sets in _parts(file)[number]]
