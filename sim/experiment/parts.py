"""Tables that are too large for memory: each replication writes its own part, at the end the parts become one file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.parquet import connection, copy, source, write_table
from sim.model.facts import CONTACT_TABLES

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from sim.outcomes.spool import Spool

#: What putting the parts of one table together may take of memory; beyond that DuckDB goes to disk.
JOINING_BYTES = 1 << 28
#: Parts of so many bytes together are put together without such a limit: a database of its own would take longer.
SMALL = 1 << 20


@contextmanager
def spooled(folder: Path, replication: int, city: Any) -> Iterator[Spool]:
    """Takes the rows of a replication; at the end its tables of contacts stand in ``folder`` part by part."""
    from sim.outcomes.spool import Spool
    from sim.outcomes.tables import make_table

    with tempfile.TemporaryDirectory(prefix="rows-", dir=folder) as rows:
        spool = Spool(city, Path(rows))
        yield spool
        for number, raw in enumerate(spool.read()):
            for name in CONTACT_TABLES:
                write_part(make_table(name, raw, replication), folder, name, replication, number)


def write_part(table: pd.DataFrame, folder: Path, name: str, replication: int, number: int = 0) -> None:
    """Store what one replication has of a table, or a part of that."""
    path = _parts(folder, name) / f"{replication:09}-{number:06}.parquet"
    path.parent.mkdir(exist_ok=True)
    write_table(table, path, "snappy")


def _parts(folder: Path, name: str) -> Path:
    return folder / f"{name}-parts"


def join_parts(folder: Path, names: Sequence[str], waiting: Callable[[], None]) -> dict[str, Path]:
    """Make one file of the parts of each table, in the order of replications; ``waiting`` is called now and then."""
    joined = {name: folder / f"{name}.parquet" for name in names}
    with ExitStack() as opened:
        commands = []
        for name, whole in joined.items():
            parts = sorted(_parts(folder, name).iterdir())
            together = f"(FROM {source(parts)})"
            limits: dict[str, str] = {}
            if sum(part.stat().st_size for part in parts) > SMALL:
                more = str(_parts(folder, name) / "more")
                limits = {"memory_limit": f"{JOINING_BYTES >> 20}MiB", "temp_directory": more}
            commands.append((opened.enter_context(connection(**limits)), copy(together, whole)))
        _execute(commands, waiting)
    for name in names:
        shutil.rmtree(_parts(folder, name))
    return joined


def _execute(commands: Sequence[tuple[duckdb.DuckDBPyConnection, str]], waiting: Callable[[], None]) -> None:
    """Execute what may take long, each command at its own database, all at the same time, and call ``waiting``
    meanwhile. DuckDB by itself sees a Ctrl-C after seconds only.
    """
    with ThreadPoolExecutor(len(commands)) as threads:
        running = [threads.submit(files.execute, command) for files, command in commands]
        try:
            while wait(running, 0.2).not_done:
                waiting()
            for done in running:
                done.result()
        except BaseException:
            for files, _ in commands:
                files.interrupt()
            raise
