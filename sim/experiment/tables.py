"""The tables of a run: those of its contacts in memory, or in files that are read when somebody asks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.model.records import CONTACT_TABLES

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from sim.outcomes.spool import Spool

#: What putting the parts of tables together may take of memory; beyond that DuckDB goes to disk.
JOINING_BYTES = 1 << 29


@dataclass(frozen=True, eq=False)
class Tables:
    """What is kept of a run: measures, levels and, but for runs that keep measures alone, the tables of contacts.

    Each of these is a table in memory, or the Parquet file in which it stands.
    """

    measures: pd.DataFrame
    levels: pd.DataFrame
    contacts: Mapping[str, pd.DataFrame | Path] = field(default_factory=dict)

    @property
    def requests(self) -> pd.DataFrame | None:
        """All contacts, read anew from their file; None where only measures are kept."""
        return self._whole("requests")

    @property
    def visits(self) -> pd.DataFrame | None:
        """All visits, as ``requests``."""
        return self._whole("visits")

    @property
    def problems(self) -> pd.DataFrame | None:
        """All problems, as ``requests``."""
        return self._whole("problems")

    def _whole(self, name: str) -> pd.DataFrame | None:
        table = self.contacts.get(name)
        return read_table(table) if isinstance(table, Path) else table

    def query(self, question: str, *values: Any) -> pd.DataFrame:
        """The answer of an SQL question about ``requests``, ``visits`` and ``problems``; ``values`` for its ``?``."""
        with connection() as asked:
            for name, table in self.contacts.items():
                asked.register(name, asked.read_parquet(str(table)) if isinstance(table, Path) else table)
            return asked.execute(question, values).df()


@cache
def _database(process: int) -> duckdb.DuckDBPyConnection:
    """The database of a process, opened once: that takes longer than most questions."""
    import duckdb

    return duckdb.connect()


@contextmanager
def connection(**limits: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """To a database that holds nothing; to one of its own where it has ``limits`` (settings of DuckDB).

    Its errors are ``OSError``: a full disk, a file that is none.
    """
    import duckdb

    try:
        with duckdb.connect(config={**limits}) if limits else _database(os.getpid()).cursor() as opened:
            yield opened
    except (duckdb.IOException, duckdb.InvalidInputException) as wrong:
        full = "No space left on device" in str(wrong)
        raise OSError(None, "No space left on device" if full else str(wrong).splitlines()[0]) from wrong


def _text(value: object) -> str:
    """As text in SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def _copy(what: str, path: Path, compression: str) -> str:
    """The command that writes a table to a file."""
    return f"COPY {what} TO {_text(path)} (FORMAT parquet, COMPRESSION {compression})"


def read_table(path: Path) -> pd.DataFrame:
    """A stored table."""
    with connection() as files:
        table: pd.DataFrame = files.read_parquet(str(path)).df()
        return table


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Store a table."""
    with connection() as files:
        files.register("written", table)
        files.execute(_copy("written", path, "zstd"))


# --- tables of contacts, written while replications run ---------------------------------------------------------------


@contextmanager
def spooled(folder: Path, replication: int, city: Any) -> Iterator[Spool]:
    """Takes the rows of a replication; at the end its tables of contacts stand in ``folder`` part by part."""
    from sim.outcomes.spool import Spool
    from sim.outcomes.tables import make_table

    with tempfile.TemporaryDirectory(prefix="rows-", dir=folder) as rows:
        spool = Spool(city, Path(rows))
        yield spool
        with connection() as files:
            for number, part in enumerate(spool.read()):
                for name in CONTACT_TABLES:
                    path = _parts(folder, name) / f"{replication:06}-{number:06}.parquet"
                    path.parent.mkdir(exist_ok=True)
                    files.register("written", make_table(name, part, replication))
                    files.execute(_copy("written", path, "snappy"))


def _parts(folder: Path, name: str) -> Path:
    return folder / f"{name}-parts"


def _execute(files: duckdb.DuckDBPyConnection, command: str, waiting: Callable[[], None]) -> None:
    """Execute what may take long, and call ``waiting`` meanwhile. DuckDB by itself sees a Ctrl-C after seconds only."""
    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(files.execute, command)
        try:
            while not wait([done], 0.2).done:
                waiting()
            done.result()
        except BaseException:
            files.interrupt()
            raise


def join_parts(folder: Path, waiting: Callable[[], None]) -> dict[str, Path]:
    """Make one file of the parts of each table, in the order of replications; ``waiting`` is called now and then."""
    joined = {}
    for name in CONTACT_TABLES:
        parts, whole = _parts(folder, name), folder / f"{name}.parquet"
        ordered = ", ".join(_text(path) for path in sorted(parts.glob("*.parquet")))
        with connection(memory_limit=f"{JOINING_BYTES >> 20}MiB", temp_directory=str(parts / "more")) as files:
            _execute(files, _copy(f"(FROM read_parquet([{ordered}]))", whole, "zstd"), waiting)
        shutil.rmtree(parts)
        joined[name] = whole
    return joined
