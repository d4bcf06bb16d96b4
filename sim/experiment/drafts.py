"""New folders and files: complete or absent.

A draft is made beside its final place before there is anything to write, so that a place that cannot be written is
noticed at once. It is moved there when everything is in it, and goes away when something ends before that. Where its
process is killed, the next draft in that place clears it away.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sim.errors import CitysimError
from sim.experiment.signals import held
from sim.model.owners import own_file, own_folder, remove, sweep

#: What happens where something stands in the place already.
Taken = Literal["refuse", "number", "replace"]


class TakenError(CitysimError):
    """Something stands where a run or report should go, in one line."""


class WriteError(CitysimError):
    """A run or report that cannot be written (a full disk, no permission), in one line."""


@dataclass(frozen=True)
class Draft:
    """A folder or file ``beside`` the place where it shall stand."""

    beside: Path
    wanted: Path
    taken: Taken

    def keep(self) -> Path:
        """Move it to its place and say where that is."""
        with held():
            return self._kept()

    def _kept(self) -> Path:
        self.beside.chmod(0o755 if self.beside.is_dir() else 0o644)
        place, number = self.wanted, 2
        while not self._moved(place):
            if self.taken == "refuse":
                raise TakenError(_words(place))
            place = self.wanted.with_name(f"{self.wanted.stem}-{number}{self.wanted.suffix}")
            number += 1
        return place

    def _moved(self, place: Path) -> bool:
        """Whether the place was free. Two that want it at the same moment do not both get it."""
        try:
            if self.beside.is_file() and self.taken != "replace":
                place.touch(exist_ok=False)
            elif self.beside.is_dir() and os.path.lexists(place):
                return False
            self.beside.replace(place)  # a folder does not replace one that is not empty
        except OSError as wrong:
            if wrong.errno in (errno.EEXIST, errno.ENOTEMPTY):
                return False
            raise
        return True


@contextmanager
def draft(wanted: Path, kind: Literal["folder", "file"], taken: Taken) -> Iterator[Draft]:
    """Something new that is to stand at ``wanted``; its parents are made.

    Raises at once ``TakenError`` where something stands there and is to be refused, ``WriteError`` where nothing can
    be written, then or while it is filled.
    """
    if taken == "refuse" and os.path.lexists(wanted):
        raise TakenError(_words(wanted))
    beside, made = None, list[Path]()
    try:
        with held():
            made += [parent for parent in wanted.parents if not os.path.lexists(parent)]
            beside = _beside(wanted, kind)
        yield Draft(beside, wanted, taken)
    except OSError as wrong:
        what = f"the run to {wanted}" if kind == "folder" else str(wanted)
        raise WriteError(f"cannot write {what}: {wrong.strerror or wrong}") from wrong
    finally:
        with held():
            if beside is not None:
                remove(beside)
            _remove(made)


def _beside(wanted: Path, kind: str) -> Path:
    try:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            wanted.lstat()  # such a name may be too long
        sweep(wanted.parent)
        return own_folder(wanted.parent) if kind == "folder" else own_file(wanted.parent)
    except (OSError, ValueError) as wrong:
        raise WriteError(f"cannot write to {wanted.parent}: {getattr(wrong, 'strerror', None) or wrong}") from wrong


def _remove(folders: list[Path]) -> None:
    """Those that are empty."""
    for folder in folders:
        with suppress(OSError, ValueError):
            folder.rmdir()


def _words(place: Path) -> str:
    return f"{place} exists already: it is never overwritten"
