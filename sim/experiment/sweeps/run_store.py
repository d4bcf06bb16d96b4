"""The finished runs of a sweep: a file each, by the thousand put together into packs.

A run is known by a name, the hash of all that its numbers depend on, and its file also by what was asked of it. So a
file never changes: it is written beside its place and renamed, by any number of processes and machines at once, and
what stands there is finished. A run of which more is asked later has two files; who reads takes what all files say.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sim.experiment.drafts import draft
from sim.experiment.sweeps.packs import COLUMNS, ROWS, names_in, read_pack_rows, whole_pack, write_pack
from sim.model.owners import own_file

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.sweeps.variants import Base

Read = TypeVar("Read")

#: So many runs stand together in one file; what is damaged costs no more than these.
TOGETHER = 1_000
_RUN, _PACK = ".json", ".parquet"


@dataclass(frozen=True)
class Made:
    """A finished run. ``about``: what it was, by which it can be made again. ``asked``: the measures that were looked
    for, also those that its city does not have. ``rows``: their values, see ``packs.ROWS``.
    """

    name: str
    about: dict[str, Any]
    asked: tuple[str, ...]
    rows: list[list[Any]]


@dataclass(frozen=True)
class Kept:
    """What is there: by run what was asked of it; those that stand in several files; files that are damaged."""

    asked: dict[str, frozenset[str]]
    several: frozenset[str]
    damaged: tuple[Path, ...]

    def has(self, name: str, asked: Collection[str]) -> bool:
        """Whether this run is there with all of these measures."""
        return name in self.asked and self.asked[name].issuperset(asked)


@dataclass(frozen=True)
class RunStore:
    """The runs in the folder of a sweep, which need not be there yet, and the bases of their scenarios."""

    folder: Path

    @property
    def done(self) -> Path:
        """Where the runs are."""
        return self.folder / "done"

    def base(self, name: str) -> str:
        """The text of a base."""
        return _base(self.folder / "bases" / f"{name}.yaml")

    def add_base(self, base: Base) -> None:
        """Keep a base. Raises ``WriteError``."""
        path = self.folder / "bases" / f"{base.name}.yaml"
        if not path.exists() or path.read_bytes() != base.text.encode():
            with draft(path, "file", "replace") as file:
                file.beside.write_text(base.text, encoding="utf-8", newline="\n")
                file.keep()

    def add(self, made: Made) -> None:
        """Keep a run. Raises ``WriteError``."""
        text = json.dumps(asdict(made), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        with draft(self.done / _file_name(made.name, made.asked), "file", "replace") as file:
            file.beside.write_text(f"{text}\n{_checksum(text)}\n", encoding="utf-8", newline="\n")
            file.keep()

    def kept(self) -> Kept:
        """What is there; every file is held against its checksum."""
        return self._as_it_stands(self._kept)

    def read(self, names: Sequence[str]) -> pd.DataFrame:
        """All values of these runs, in any order: ``place``, that of the run among them, and the columns ``ROWS``."""
        return self._as_it_stands(lambda runs, packs: self._read(runs, packs, names))

    def compact(self) -> None:
        """Put runs together, as often as there are enough of them. Raises ``WriteError``.

        They are removed when the pack has its name and is on the disk: a stop between leaves them twice, which changes
        nothing.
        """
        files = self._files()[0]
        while len(files) >= TOGETHER:
            some, files = files[:TOGETHER], files[TOGETHER:]
            read: dict[Path, Made] = {}
            for path in some:
                with suppress(FileNotFoundError):  # somebody else puts them together, too
                    made = _content(path)
                    if made is not None:
                        read[path] = made
            if read:
                with draft(self.done / f"pack{_PACK}", "file", "replace") as file:
                    write_pack(_table(list(read.values())), file.beside)
                    _see_on_disk(file.beside)
                    replace(file, wanted=self.done / f"{_file_checksum(file.beside)}{_PACK}").keep()
                _see_on_disk(self.done)
            for path in read:
                path.unlink(missing_ok=True)

    def clear(self, damaged: Sequence[Path]) -> None:
        """Take damaged files away, but for those that somebody has made anew meanwhile."""
        for path in damaged:
            aside = own_file(self.done)
            with suppress(FileNotFoundError):
                path.replace(aside)
                if _is_whole(aside, path):
                    aside.replace(path)
            aside.unlink(missing_ok=True)

    def _files(self) -> tuple[list[Path], list[Path]]:
        """Those of one run, and packs, by name."""
        try:
            paths = sorted(path for path in self.done.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return [], []
        return [path for path in paths if path.suffix == _RUN], [path for path in paths if path.suffix == _PACK]

    def _as_it_stands(self, read: Callable[[list[Path], list[Path]], Read]) -> Read:
        """What is read of all files; once more where somebody puts them together meanwhile."""
        while True:
            with suppress(FileNotFoundError):
                return read(*self._files())

    def _kept(self, runs: list[Path], packs: list[Path]) -> Kept:
        damaged = [path for path in packs if not _is_whole(path, path)]
        told = names_in([path for path in packs if path not in damaged])
        for path in runs:
            made = _content(path)
            if made is None:
                damaged.append(path)
            else:
                told.append((made.name, frozenset(made.asked)))
        asked: dict[str, frozenset[str]] = {}
        several = set()
        for name, measures in told:
            if name in asked:
                several.add(name)
                measures = measures | asked[name]
            asked[name] = measures
        return Kept(asked, frozenset(several), tuple(damaged))

    def _read(self, runs: list[Path], packs: list[Path], names: Sequence[str]) -> pd.DataFrame:
        import pandas as pd

        kept, places = self._kept(runs, packs), {name: place for place, name in enumerate(names)}
        made = [_content(path) for path in runs if path.name.partition("-")[0] in places]
        single = _table([one for one in made if one is not None]).dropna(subset=["measure"])
        single.insert(0, "place", single["run"].map(places).astype("int64"))
        table = read_pack_rows([path for path in packs if path not in kept.damaged], names)
        if len(single):
            table = pd.concat([table, single[["place", *ROWS]]] if len(table) else [single[["place", *ROWS]]])
        if several := [places[name] for name in kept.several if name in places]:
            twice = table["place"].isin(several)
            once = table[twice].drop_duplicates(["place", "measure", "group_by", "group"])
            table = pd.concat([table[~twice], once])
        return table.reset_index(drop=True)


@cache
def _base(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _file_name(name: str, asked: Sequence[str]) -> str:
    return f"{name}-{_checksum(json.dumps(sorted(asked)))[:8]}{_RUN}"


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _file_checksum(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _see_on_disk(path: Path) -> None:
    """What is in a file, or the names in a folder, also where the machine stops the next moment."""
    if path.is_dir() and os.name != "posix":
        return  # folders are not opened there
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_whole(path: Path, named: Path) -> bool:
    """Whether a file is as it was written under this name. Raises ``FileNotFoundError``."""
    if named.suffix == _RUN:
        return _content(path) is not None
    return _file_checksum(path) == named.stem and whole_pack(path)


def _content(path: Path) -> Made | None:
    """The run in a file; None where it is not whole. Raises ``FileNotFoundError``."""
    try:
        text, _, digest = path.read_bytes().decode("utf-8").rstrip("\n").rpartition("\n")
    except UnicodeDecodeError:
        return None
    if _checksum(text) != digest:
        return None
    told = json.loads(text)
    return Made(told["name"], told["about"], tuple(told["asked"]), told["rows"])


def _table(runs: Sequence[Made]) -> pd.DataFrame:
    """Runs as a table, a row a value; a run without any has one row of nothing."""
    import pandas as pd

    nothing = [[None] * len(ROWS)]
    rows = [
        (made.name, json.dumps(made.about, ensure_ascii=False), json.dumps(made.asked), *row)
        for made in runs
        for row in made.rows or nothing
    ]
    return pd.DataFrame(rows, columns=["run", "about", "asked", *ROWS]).astype(COLUMNS)
