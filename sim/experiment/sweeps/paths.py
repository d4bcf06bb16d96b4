"""Paths of a scenario's values, as an experiment names them: what they lead to, and what they are called in reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from sim.scenario import Finding
from sim.scenario.errors import Path, ReadError, read_path
from sim.scenario.nodes import Node, spot_of


def check_path(root: Node, at: Path, path: str) -> Iterator[Finding]:
    """What cannot be read as a path."""
    try:
        read_path(path)
    except ReadError as wrong:
        yield spot_of(root, at, True).finding(at, str(wrong))


def under(path: str, leaves: Iterable[str]) -> list[str]:
    """Those of a city's values to which a path leads, or which it changes a part of. Raises ``ReadError``."""
    steps = _steps(path)
    return [leaf for leaf in leaves if all(a == b for a, b in zip(steps, _steps(leaf), strict=False))]


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(step for step, _ in read_path(path)[0])


#: What has names of its own in a scenario: “Roads staff”, and not “staff” alone.
_OF_NAMES = ("units", "pools", "categories", "districts", "channels")


def short_names(paths: Iterable[str], least: int = 1) -> dict[str, str]:
    """For each path its last steps, ``least`` of them, as many as tell it from the others and whose it is; without
    “policies”.
    """
    steps = {path: _steps_of(path.removeprefix("policies.")) for path in paths}
    names: dict[str, str] = {}
    for path, own in steps.items():
        others = [other for key, other in steps.items() if key != path]
        count = next((n for n in range(least, len(own)) if all(own[-n:] != other[-n:] for other in others)), len(own))
        count = max(count, len(own) - 1) if own[0] in _OF_NAMES else count
        names[path] = " ".join("all" if step == "*" else step for step in own[-count:]).replace("_", " ")
    return names


def _steps_of(path: str) -> tuple[str, ...]:
    try:
        return _steps(path)
    except ReadError:
        return (path,)
