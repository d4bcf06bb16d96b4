"""Values of a scenario by their paths: by how these begin, or by a pattern; and what was meant where none has one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sim.errors import CitysimError
from sim.scenario import Value
from sim.scenario.errors import ReadError, closest, path_text, quoted, read_path
from sim.scenario.patterns import DEEP, WILD
from sim.scenario.sources import read_pattern

_MOST = 8  # names that are listed


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
    raise UnknownPathError(f"no value of the scenario is at {quoted(path)}{_meant(map(_steps, values), steps)}")


def _steps(value: Value) -> tuple[str, ...]:
    return tuple(step for step, _ in read_path(value.path)[0])


def _fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether the path begins so."""
    return len(path) >= len(pattern) and all(step in (WILD, own) for step, own in zip(pattern, path, strict=False))


def _meant(paths: Iterable[tuple[str, ...]], pattern: tuple[str, ...]) -> str:
    """What follows in the message: the nearest path, or what there is where the pattern leaves all paths."""
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for step in path:
            branch = branch.setdefault(step, {})
    branches, said = [tree], list[str]()
    for step in pattern:
        known = list(dict.fromkeys(key for branch in branches for key in branch))
        meant = step if step == WILD or step in known else closest(step, known)
        if meant is None:
            return _what_there_is(said, known)
        branches = [below for branch in branches for key, below in branch.items() if meant in (WILD, key)]
        said.append(meant)
        if not branches:
            return _what_there_is(said[:-1], known)
    return f", did you mean {quoted(_text(said))}?"


def _what_there_is(said: list[str], known: list[str]) -> str:
    where = f" below {_text(said)}" if said else ""
    if not known:
        return f": nothing stands{where}, it is a value"
    more = f" and {len(known) - _MOST} more" if len(known) > _MOST else ""
    return f":{where} there {'are' if len(known) > 1 else 'is'} {', '.join(map(_name, known[:_MOST]))}{more}"


def _text(steps: Iterable[str]) -> str:
    return ".".join(map(_name, steps))


def _name(step: str) -> str:
    return step if step == WILD else path_text((step,))
