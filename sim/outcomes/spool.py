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
from sim.model.facts import PROBLEM_ROW, REQUEST_ROW, VISIT_ROW
from sim.model.rows import Rows
from sim.outcomes.replication import Raw

#: Contacts of a part, and about as many problems.
PART = 1 << 16

Records = NDArray[np.void]


class Spool:
    """Takes rows piece by piece, in the order of an engine; gives them back part by part, in the order of the tables.

    ``folder`` must exist and be empty; nothing is left in it when all parts have been read.
    """

    def __init__(self, city: City, folder: Path) -> None:
        self.city, self.folder = city, folder
        births = float(city.births.sum()) * city.end
        self.span = city.end / max(1, math.ceil(births / PART))  # hours in which the problems of a part are born
        self.parts = self.waiting = 0
        self.pieces: list[tuple[Records, Records, Records]] = []

    def add(self, rows: Rows) -> None:
        """Take a copy of these rows. Raises ``OSError`` where the disk is full."""
        self.pieces.append((rows.requests.copy(), rows.visits.copy(), rows.problems.copy()))
        self.waiting += len(rows.requests)
        if self.waiting >= PART:
            self._write()

    def _write(self) -> None:
        """Put what waits into its files."""
        if not self.pieces:
            return
        requests, visits, problems = (np.concatenate(kind) for kind in zip(*self.pieces, strict=True))
        self.pieces, self.waiting = [], 0
        self._append("requests", requests, requests["contact"] // PART)
        self._append("visits", visits, visits["contact"] // PART)
        self._append("problems", problems, (problems["born"] // self.span).astype(np.int64))

    def _append(self, kind: str, rows: Records, part: NDArray[np.int64]) -> None:
        order = np.argsort(part, kind="stable")
        parts, begins = np.unique(part[order], return_index=True)
        for number, piece in zip(parts, np.split(rows[order], begins[1:]), strict=False):
            with open(self._file(kind, int(number)), "ab") as file:
                file.write(piece.tobytes())
            self.parts = max(self.parts, int(number) + 1)

    def _file(self, kind: str, part: int) -> Path:
        return self.folder / f"{kind}-{part}"

    def _read(self, kind: str, part: int, record: np.dtype[Any]) -> Records:
        path = self._file(kind, part)
        if not path.exists():
            return np.zeros(0, record)
        rows = np.fromfile(path, record)
        path.unlink()
        return rows

    def read(self) -> Iterator[Raw]:
        """The parts, at least one: contacts one after the other, and problems in the order of their births."""
        self._write()
        for part in range(max(self.parts, 1)):
            requests = self._read("requests", part, REQUEST_ROW)
            visits = self._read("visits", part, VISIT_ROW)
            yield Raw(self.city, Rows(requests, visits, self._read("problems", part, PROBLEM_ROW)))
