"""What was meant by a path or pattern that leads nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sim.scenario.errors import closest, path_text, quoted
from sim.scenario.patterns import WILD

_MOST = 8  # names that are listed


def meant(paths: Iterable[tuple[str, ...]], pattern: tuple[str, ...]) -> str:
    """What follows in a message: the nearest path, or what there is where the pattern leaves all paths."""
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for step in path:
            branch = branch.setdefault(step, {})
    branches, said = [tree], list[str]()
    for step in pattern:
        known = list(dict.fromkeys(key for branch in branches for key in branch))
        like = step if step == WILD or step in known else closest(step, known)
        if like is None:
            return _what_there_is(said, known)
        branches = [below for branch in branches for key, below in branch.items() if like in (WILD, key)]
        said.append(like)
        if not branches:
            return _what_there_is(said[:-1], known)
    return f", did you mean {quoted(pattern_text(said))}?"


def _what_there_is(said: list[str], known: list[str]) -> str:
    where = f" below {pattern_text(said)}" if said else ""
    if not known:
        return f": nothing stands{where}, it is a value"
    more = f" and {len(known) - _MOST} more" if len(known) > _MOST else ""
    names = ", ".join(pattern_text([name]) for name in known[:_MOST])
    return f":{where} there {'are' if len(known) > 1 else 'is'} {names}{more}"


def pattern_text(steps: Iterable[str]) -> str:
    """A pattern as people write it, in which `*` is any step."""
    return ".".join(step if step == WILD else path_text((step,)) for step in steps)
