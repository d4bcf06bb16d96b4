"""A table of a stored run as CSV, with the date beside each moment; DuckDB reads and writes it row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.errors import CitysimError
from sim.experiment import store
from sim.experiment.dictionary import KINDS_OF, TABLES
from sim.experiment.drafts import draft
from sim.experiment.parquet import connection, name_of, source
from sim.experiment.runs import Run
from sim.outcomes.columns import Column
from sim.scenario.errors import nearest

#: What columns are ``of`` that hold moments.
MOMENTS = ("hours since the start", "hour since the start")
#: By it Excel knows that a file is UTF-8; else it takes names in Chinese for those of another encoding.
BOM = "\ufeff"
_ROWS = 10_000  # at a time


class NoSuchTableError(CitysimError):
    """The run has no such table, or not of this replication."""


def csv_lines(folder: Path, name: str, replication: int | None = None, bom: bool = False) -> Iterator[str]:
    """The lines of a table of the run in ``folder``, of all its replications or of one, in the order of the file.

    Numbers are the shortest text that reads back as the same number; null is empty, an empty text is ``""``; a column
    ``x`` of moments is followed by ``x_date``, in the city's own time to the second (ISO 8601).

    Raises ``RunFolderError``, and ``NoSuchTableError`` before the first line is asked for.
    """
    run = store.read(folder)
    columns = _columns(run, name, replication)
    return _lines(run, folder / f"{name}.parquet", columns, replication, bom)


def write_csv(lines: Iterator[str], out: Path) -> Path:
    """Write a new file of them, whole or not at all. Raises ``TakenError`` where something stands there."""
    with draft(out, "file", "refuse") as place:
        with place.beside.open("w", encoding="utf-8", newline="") as file:
            file.writelines(f"{line}\n" for line in lines)
        return place.keep()


def _columns(run: Run, name: str, replication: int | None) -> Sequence[Column]:
    """Those of the table. Raises ``NoSuchTableError``."""
    there = [table for table in TABLES if table in run.tables.kept or table in ("pools", "measures")]
    if name not in TABLES:
        meant = nearest(name, there) or ";"
        raise NoSuchTableError(f"there is no table {name}{meant} this run has {', '.join(there)}")
    if name not in there:
        again = ": run again with --keep all" if not run.tables.has_contacts else ""
        raise NoSuchTableError(f"this run kept no table {name}{again}; it has {', '.join(there)}")
    columns = TABLES[name].columns
    if replication is not None and columns[0].name not in ("replication", "scenario"):
        raise NoSuchTableError(f"{name} is the same in all replications: leave --replication out")
    if replication is not None and not 0 <= replication < run.replications:
        raise NoSuchTableError(f"the run has the replications 0 … {run.replications - 1}")
    return columns


def _lines(run: Run, path: Path, columns: Sequence[Column], replication: int | None, bom: bool) -> Iterator[str]:
    cells: dict[str, str] = {}
    for column in columns:
        cells[column.name] = _cell(column)
        if column.of in MOMENTS:
            cells[f"{column.name}_date"] = _date(column)
    yield BOM * bom + ",".join(cells)
    where = "" if replication is None else f" WHERE replication = {int(replication)}"
    asked = f"SELECT concat_ws(',', {', '.join(cells.values())}) FROM {source([path])}{where}"
    with connection() as files:
        files.execute("SET VARIABLE start = ?::TIMESTAMP", [run.scenario.time.start])
        found = files.execute(asked)
        while rows := found.fetchmany(_ROWS):
            yield from (line for (line,) in rows)


def _cell(column: Column) -> str:
    """The SQL of a cell: text in quotes where it would be misread, empty for null."""
    value = name_of(column.name)
    if KINDS_OF[column.of].parquet != "VARCHAR":
        return f"coalesce({value}::VARCHAR, '')"
    misread = f"""{value} = '' OR regexp_matches({value}, '[",\\r\\n]')"""
    quoted = f"""'"' || replace({value}, '"', '""') || '"'"""
    return f"CASE WHEN {misread} THEN {quoted} ELSE coalesce({value}, '') END"


def _date(column: Column) -> str:
    """The SQL of the date of a moment, to the nearest second: 9:20 is no whole number of parts of an hour."""
    passed = f"to_seconds(round({name_of(column.name)} * 3600)::BIGINT)"
    return f"coalesce(strftime(getvariable('start') + {passed}, '%Y-%m-%dT%H:%M:%S'), '')"
