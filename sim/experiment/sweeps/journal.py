"""What happened in a sweep, beside its results: how each run went.

Each process that makes runs writes a file of its own, a line a run, so that any number of them can. Nothing of it goes
into results: it says how long runs take, what failed, and when the rest will be done.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from sim.experiment.drafts import WriteError
from sim.experiment.sweeps.making import Told
from sim.model.owners import owner

_FOLDER = "journal"


@dataclass(frozen=True)
class Entry:
    """How a run went: when it was over, in seconds since 1970, by whom of the journals."""

    told: Told
    at: float
    journal: str


class Journal:
    """The file of one process."""

    def __init__(self, file: TextIOWrapper) -> None:
        self._file = file

    def add(self, told: Told) -> None:
        """Write a line. Raises ``WriteError``."""
        self._write({**asdict(told), "seconds": round(told.seconds, 4), "at": round(time.time(), 2)})

    def _write(self, line: Mapping[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as wrong:
            raise WriteError(f"cannot write {self._file.name}: {wrong.strerror or wrong}") from wrong


@contextmanager
def journal(folder: Path, **about: Any) -> Iterator[Journal]:
    """A new journal in the folder of a sweep; its first line says what is ahead. Raises ``WriteError``."""
    path = folder / _FOLDER / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}-{os.urandom(3).hex()}.jsonl"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "x", encoding="utf-8", newline="\n")  # noqa: SIM115
    except OSError as wrong:
        raise WriteError(f"cannot write {path}: {wrong.strerror or wrong}") from wrong
    opened = Journal(file)
    try:
        opened._write({"began": round(time.time(), 2), "owner": owner(), **about})
        yield opened
    finally:
        with suppress(WriteError, OSError):
            opened._write({"ended": round(time.time(), 2)})
            file.close()


@dataclass(frozen=True)
class Read:
    """The journals of a sweep. ``heads``: the first line of each, with ``ended`` where it is; ``entries``: how runs
    went, the last word on each run last.
    """

    heads: dict[str, dict[str, Any]]
    entries: list[Entry]

    @property
    def failed(self) -> dict[str, str]:
        """What went wrong last, by run, where it did."""
        last = {entry.told.name: entry.told.failed for entry in self.entries}
        return {name: word for name, word in last.items() if word}


def read_journals(folder: Path) -> Read:
    """What all of them say; a last line that was cut off is none."""
    heads: dict[str, dict[str, Any]] = {}
    entries: list[Entry] = []
    for path in sorted((folder / _FOLDER).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, KeyError, TypeError):
                said = json.loads(line)
                if "name" in said:
                    told = Told(said["name"], said["seconds"], said["failed"])
                    entries.append(Entry(told, said["at"], path.name))
                else:
                    heads.setdefault(path.name, {}).update(said)
    return Read(heads, sorted(entries, key=lambda entry: entry.at))
