"""Tables in Parquet files: written, read and asked by DuckDB, in which paths are data and the same rows give the same
bytes and the same sums.

One thread does it: several would cut a table into other row groups, and add up in another order, each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_ONE_THREAD = {"threads": "1"}


@cache
def _database(process: int) -> duckdb.DuckDBPyConnection:
    """The database of a process, opened once: that takes longer than most questions."""
    import duckdb

    return duckdb.connect(config={**_ONE_THREAD})


@contextmanager
def connection(**limits: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """To a database that holds nothing; to one of its own where it has ``limits`` (settings of DuckDB).

    Its errors are ``OSError``: a full disk, a file that is none.
    """
    import duckdb

    try:
        own = {**_ONE_THREAD, **limits}
        with duckdb.connect(config={**own}) if limits else _database(os.getpid()).cursor() as opened:
            opened.execute("SET enable_progress_bar = false")  # it would write into what a program prints
            yield opened
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as wrong:
        full = "No space left on device" in str(wrong)
        raise OSError(None, "No space left on device" if full else str(wrong).splitlines()[0]) from wrong


def _literal(text: str) -> str:
    """As text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def name_of(column: str) -> str:
    """A column's name in SQL."""
    return '"' + column.replace('"', '""') + '"'


def _is_text(path: str) -> bool:
    """Whether a path is text; where a name has a byte that is no UTF-8, Python holds a lone surrogate in its place."""
    return not any("\ud800" <= letter <= "\udfff" for letter in path)


def _located(path: Path) -> str:
    """Where a file is, as DuckDB takes it, which takes text alone: from the root, or else from where one works.

    Never a bare name: “~” is no home then, nor “s3:” a place on the net. Raises ``OSError`` where neither is text.
    """
    text = os.path.abspath(path)
    if not _is_text(text):
        text = os.path.join(os.curdir, os.path.relpath(text))
    if not _is_text(text):
        raise OSError(None, "tables cannot stand where a name has a byte that is no UTF-8")
    return text


def pattern(path: Path) -> str:
    """The pattern that only this file fits.

    Raises ``OSError`` where there is none: a backslash parts folders in a pattern, whatever the system.
    """
    text = _located(path)
    if os.altsep:  # Windows, where it parts them anyway
        text = text.replace(os.sep, os.altsep)
    if "\\" in text and set("*?[") & set(text):
        raise OSError(None, "tables cannot stand where names have a backslash and one of “*”, “?”, “[”")
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


def source(paths: Sequence[Path]) -> str:
    """What these files hold, one below the other, as a table in SQL: nothing of where they stand goes into it."""
    files = ", ".join(_literal(pattern(path)) for path in paths)
    return f"read_parquet([{files}], hive_partitioning = false)"


def copy(what: str, path: Path, compression: str = "zstd") -> str:
    """The SQL that writes a table (its name, or a question in brackets) to a file."""
    return f"COPY {what} TO {_literal(_located(path))} (FORMAT parquet, COMPRESSION {compression})"


def read_table(path: Path) -> pd.DataFrame:
    """A stored table."""
    with connection() as files:
        table: pd.DataFrame = files.execute(f"FROM {source([path])}").df()
        return table


def write_table(table: pd.DataFrame, path: Path, compression: str = "zstd") -> None:
    """Store a table."""
    with connection() as files:
        files.register("written", table)
        files.execute(copy("written", path, compression))
