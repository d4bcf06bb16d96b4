"""What can be wrong with a scenario, and how it is said.

A reader of one value raises `ReadError`; the loader turns each of its faults into a `Finding` with a place,
and raises one `ScenarioError` with all of them.
"""

from __future__ import annotations

import difflib
import itertools
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from sim.errors import CitysimError

Path = tuple[str | int, ...]
K = TypeVar("K", str, int)
T = TypeVar("T")
MOST_FINDINGS = 1000  # that are listed one by one


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `line` and `column` count from 1 and are 0 where there is no text to point
    at.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    @property
    def place(self) -> tuple[str, int, int]:
        """File, line, column."""
        return self.file, self.line, self.column

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ScenarioError(CitysimError):
    """A scenario that cannot be used; `findings` has everything that is wrong with it, in the order of the
    text.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__(self.findings)

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


@dataclass(frozen=True)
class Fault:
    """Something wrong inside one value: `at` leads from the value to the place, at its key if `on_key`."""

    message: str
    at: Path = ()
    on_key: bool = False


class ReadError(ValueError):
    """A value that cannot be read, with every fault found in it."""

    def __init__(self, *faults: Fault | str) -> None:
        self.faults = tuple(Fault(fault) if isinstance(fault, str) else fault for fault in faults)
        super().__init__("; ".join(fault.message for fault in self.faults))

    def under(self, *at: str | int) -> list[Fault]:
        """The same faults seen from further out."""
        return [Fault(fault.message, (*at, *fault.at), fault.on_key) for fault in self.faults]


def read_each(entries: Iterable[tuple[K, Any]], read: Callable[[Any], T]) -> dict[K, T]:
    """Every entry read, by key or index. Raises one `ReadError` with the faults of all entries."""
    made: dict[K, T] = {}
    faults: list[Fault] = []
    for key, value in entries:
        try:
            made[key] = read(value)
        except ReadError as wrong:
            faults += wrong.under(key)
    if faults:
        raise ReadError(*faults)
    return made


def quoted(value: object) -> str:
    """The value as a message shows it: short, on one line."""
    text = " ".join(str(value).split())
    return f"“{text[:57]}…”" if len(text) > 60 else f"“{text}”"


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, or the only one that begins with it; None where none is like it."""
    by_small_letters = {candidate.casefold(): candidate for candidate in itertools.islice(known, 300)}
    found = difflib.get_close_matches(name.casefold()[:200], by_small_letters, n=1, cutoff=0.6)
    if found:
        return by_small_letters[found[0]]
    begin = [known for small, known in by_small_letters.items() if small.startswith(name.casefold())]
    return begin[0] if name and len(begin) == 1 else None


def nearest(name: str, known: Iterable[str]) -> str:
    """`, did you mean “x”?` for the known name most like this one, else nothing."""
    found = closest(name, known)
    return "" if found is None else f", did you mean {quoted(found)}?"


def path_text(path: Path) -> str:
    """A path as people write it: segments joined by dots, quoted where a name would be misread."""
    return ".".join(_segment_text(str(segment)) for segment in path)


def _segment_text(segment: str) -> str:
    plain = segment and segment == segment.strip() and segment.isprintable() and not set(segment) & set('."=*\\')
    return segment if plain else json.dumps(segment, ensure_ascii=not segment.isprintable())


_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_PLAIN = re.compile(r'[^".=]+')


def read_path(text: str) -> tuple[list[tuple[str, int]], int]:
    """The segments of a dotted path with the column (from 1) of each, and how far in the text the path goes.

    The path ends at the first `=` outside quotes or at the end of the text. Raises `ReadError`.
    """
    segments: list[tuple[str, int]] = []
    position = 0
    while True:
        in_quotes = _QUOTED.match(text, position)
        found = in_quotes or _PLAIN.match(text, position)
        if not found:
            raise ReadError(f"a path such as units.Roads.staff is wanted, not {quoted(text)}")
        try:
            segment = json.loads(found.group()) if in_quotes else found.group().strip()
        except json.JSONDecodeError:
            raise ReadError(f"{quoted(found.group())} is not a quoted name") from None
        segments.append((segment, position + 1))
        position = found.end()
        if position == len(text) or text[position] == "=":
            return segments, position
        if text[position] != ".":
            raise ReadError(f"a dot is wanted after {quoted(found.group())}")
        position += 1
