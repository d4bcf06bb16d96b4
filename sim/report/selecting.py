"""Values of a scenario by their paths: by how these begin, or by a pattern; and what was meant where none has one."""

from __future__ import annotations

from collections.abc import Sequence

from sim.errors import CitysimError
from sim.scenario import Value
from sim.scenario.errors import ReadError, quoted, read_path
from sim.scenario.meant import meant
from sim.scenario.patterns import DEEP, WILD
from sim.scenario.sources import read_pattern


class UnknownPathError(CitysimError):
    """No value of the scenario has such a path."""


def select(values: Sequence[Value], path: str) -> list[Value]:
    """Those whose path begins with this text, as `units.R`; else those at or below the path, in which `*` is any one
    step and `**` all that follow, as `units.*.staff`.

    Raises ``UnknownPathError`` where there are none.
    """
    found = [value for value in values if value.path.startswith(path)]
    if found:
        return found
    try:
        pattern = read_pattern(path.removesuffix("."))
    except ReadError as wrong:
        raise UnknownPathError(str(wrong)) from None
    steps = pattern[:-1] if pattern[-1] == DEEP else pattern
    found = [value for value in values if _fits(_steps(value), steps)]
    if found:
        return found
    raise UnknownPathError(f"no value of the scenario is at {quoted(path)}{meant(map(_steps, values), steps)}")


def _steps(value: Value) -> tuple[str, ...]:
    return tuple(step for step, _ in read_path(value.path)[0])


def _fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether the path begins so."""
    return len(path) >= len(pattern) and all(step in (WILD, own) for step, own in zip(pattern, path, strict=False))
