"""Rows of a replication on disk, from when they are written until they can be read in the order of the tables.

A contact is written down when it is over; tables tell of contacts in the order in which they came. So rows go to files
by the number of their contact, and are put in order file by file: memory follows the size of one, not the horizon.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.model.city import City
from sim.model.records import PROBLEM_FIELDS, REQUEST_FIELDS, VISIT_FIELDS, Rows
from sim.outcomes.replication import Raw

#: Contacts of a part, and about as many problems.
PART = 1 << 16

Words = NDArray[np.uint64]


class Spool:
    """Takes rows piece by piece, in the order of an engine; gives them back part by part, in the order of the tables.

    ``folder`` must exist and be empty; nothing is left in it when all parts have been read.
    """

    def __init__(self, city: City, folder: Path) -> None:
        self.city, self.folder = city, folder
        births = float(city.births.sum()) * city.end
        self.span = city.end / max(1, math.ceil(births / PART))  # hours in which the problems of a part are born
        self.parts = self.waiting = 0
        self.pieces: list[tuple[Words, Words, Words]] = []

    def add(self, rows: Rows) -> None:
        """Take a copy of these rows. Raises ``OSError`` where the disk is full."""
        requests = _words(rows.request_keys, rows.request_numbers, rows.request_rows)
        self.pieces.append((requests, _words(rows.visit_rows), _words(rows.problem_keys, rows.problem_rows)))
        self.waiting += len(requests)
        if self.waiting >= PART:
            self._write()

    def _write(self) -> None:
        """Put what waits into its files."""
        if not self.pieces:
            return
        requests, visits, problems = (np.concatenate(kind) for kind in zip(*self.pieces, strict=True))
        self.pieces, self.waiting = [], 0
        self._append("requests", requests, requests[:, 3].astype(np.int64) // PART)
        self._append("visits", visits, _floats(visits)[:, 0].astype(np.int64) // PART)
        self._append("problems", problems, (_floats(problems)[:, 4] // self.span).astype(np.int64))

    def _append(self, kind: str, words: Words, part: NDArray[np.int64]) -> None:
        order = np.argsort(part, kind="stable")
        parts, begins = np.unique(part[order], return_index=True)
        for number, piece in zip(parts, np.split(words[order], begins[1:]), strict=False):
            with open(self._file(kind, int(number)), "ab") as file:
                file.write(piece.tobytes())
            self.parts = max(self.parts, int(number) + 1)

    def _file(self, kind: str, part: int) -> Path:
        return self.folder / f"{kind}-{part}"

    def _read(self, kind: str, part: int, width: int) -> Words:
        path = self._file(kind, part)
        if not path.exists():
            return np.zeros((0, width), np.uint64)
        words = np.fromfile(path, np.uint64).reshape(-1, width)
        path.unlink()
        return words

    def read(self) -> Iterator[Raw]:
        """The parts, at least one: contacts one after the other, and problems in the order of their births."""
        self._write()
        for part in range(max(self.parts, 1)):
            requests = self._read("requests", part, 4 + len(REQUEST_FIELDS))
            visits = self._read("visits", part, len(VISIT_FIELDS))
            problems = self._read("problems", part, 2 + len(PROBLEM_FIELDS))
            yield Raw(
                self.city,
                Rows(
                    request_keys=requests[:, :3],
                    request_numbers=requests[:, 3].view(np.int64),
                    request_rows=_floats(requests[:, 4:]),
                    visit_rows=_floats(visits),
                    problem_keys=problems[:, :2],
                    problem_rows=_floats(problems[:, 2:]),
                ),
            )


def _words(*columns: NDArray[Any]) -> Words:
    """Columns of 64 bits beside each other, as they are; a copy."""
    return np.column_stack([c.view(np.uint64) for c in columns])


def _floats(words: Words) -> NDArray[np.float64]:
    return words.view(np.float64)
