"""The dictionary of the tables: docs/tables.md is what ``python -m sim.experiment.dictionary`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.measurement.table import MEASURE_COLUMNS
from sim.model.facts import KINDS, LEVELS, SATISFACTIONS, STATUSES
from sim.outcomes.columns import Column
from sim.outcomes.levels import LEVEL_COLUMNS
from sim.outcomes.replication import (
    CALL_COLUMNS,
    PROBLEM_COLUMNS,
    REQUEST_COLUMNS,
    SCORE_COLUMNS,
    THEME_COLUMNS,
    TRUST_COLUMNS,
    VISIT_COLUMNS,
)
from sim.outcomes.tables import POOL_COLUMNS

_INTRODUCTION = """# Tables

<!-- Made by `python -m sim.experiment.dictionary > docs/tables.md`; a test compares the two. -->

A run folder holds these tables, each as `NAME.parquet`; `requests`, `visits` and `problems` only where everything was
kept (`--keep all`, the default up to a million contacts). In Python they are `sim.simulate(…).NAME`, for measures
`sim.measures(…)`; `sim.run(…)` has those of all replications below each other. A table has the same columns in every
run of a version. `late_in_any_case.parquet`, up to a million contacts, has rows like those of `measures`: the share of
late requests in replication 0, were nobody ever to wait for staff.

Times are hours since `time.start` of the scenario; names are as the scenario writes them; keys are the same in every
scenario that has the same citizens. Types are those in the file, as DuckDB calls them, and those in pandas. Read from a
file, a column of names is `str` in pandas, a column of truth values without a null `bool`, and one of nulls alone
`object`.

`citysim export FOLDER TABLE` prints one as CSV in UTF-8, `--out FILE.csv` writes it to a new file, `--replication 0`
takes one replication. Each column of hours since the start has the date beside it (`arrived`, then `arrived_date`): the
city's own time to the nearest second, such as 2024-03-04T09:20:00. Null is empty, and an empty text is `""`. Excel
takes names in Chinese for another encoding unless the file begins with a mark that it is UTF-8: `--bom` puts it there.
"""


class Table(NamedTuple):
    """A table that a run writes: what a row is, and its columns."""

    row: str
    columns: Sequence[Column]


TABLES = {
    "requests": Table(
        "One row a contact, in the order in which they came. Every hour of its age belongs to one "
        "[cause](model.md#where-the-hours-go).",
        REQUEST_COLUMNS,
    ),
    "visits": Table("One row a stay of a contact at a pool, in the order of `requests`, then of stays.", VISIT_COLUMNS),
    "problems": Table("One row a problem, in the order of births.", PROBLEM_COLUMNS),
    "levels": Table("One row a pool and hour.", LEVEL_COLUMNS),
    "calls": Table(
        "One row for each time that people were called in by [surge staffing](mechanisms/surge.md), in their order.",
        CALL_COLUMNS,
    ),
    "trust": Table("One row a district and step of [trust](mechanisms/trust.md), in the order of time.", TRUST_COLUMNS),
    "themes": Table("One row a [monthly theme](mechanisms/monthly-theme.md), in the order of choice.", THEME_COLUMNS),
    "scores": Table(
        "One row a unit or district and calendar month, where there are callbacks: the "
        "[sheet](mechanisms/ranking.md) of what citizens said.",
        SCORE_COLUMNS,
    ),
    "pools": Table("One row a pool; all replications have the same.", POOL_COLUMNS),
    "measures": Table("One row a measure and group; [measures.md](measures.md) defines each measure.", MEASURE_COLUMNS),
}


class Kind(NamedTuple):
    """How values are stored, and their unit, or which there are."""

    parquet: str
    pandas: str
    values: str


_TEXT, _NAME, _DOUBLE = ("VARCHAR", "str"), ("VARCHAR", "category"), ("DOUBLE", "float64")

#: By what the values of a column are ``of``.
KINDS_OF = {
    "key": Kind(*_TEXT, "16 hex digits"),
    "text": Kind(*_TEXT, "text"),
    "channels": Kind(*_NAME, "name in `channels`"),
    "districts": Kind(*_NAME, "name in `districts`"),
    "categories": Kind(*_NAME, "name in `categories`"),
    "classes": Kind(*_NAME, "name in `classes`"),
    "pools": Kind(*_NAME, "name in table `pools`"),
    "statuses": Kind(*_NAME, ", ".join(f"`{status}`" for status in STATUSES)),
    "kinds": Kind(*_NAME, ", ".join(f"`{kind}`" for kind in KINDS)),
    "levels": Kind(*_NAME, ", ".join(f"`{level}`" for level in LEVELS)),
    "satisfactions": Kind(*_NAME, ", ".join(f"`{level}`" for level in SATISFACTIONS)),
    "months": Kind(*_NAME, "year and month, such as `2024-03`"),
    "share": Kind(*_DOUBLE, "share of 1"),
    "number": Kind("BIGINT", "int64", "number"),
    "number or null": Kind("BIGINT", "Int64", "number"),
    "yes or no": Kind("BOOLEAN", "boolean", "true, false"),
    "hours": Kind(*_DOUBLE, "hours"),
    "hours since the start": Kind(*_DOUBLE, "hours since the start"),
    "hour since the start": Kind("BIGINT", "int64", "whole hours since the start"),
    "mean of the hour": Kind(*_DOUBLE, "number, mean of the hour"),
    "money an hour": Kind(*_DOUBLE, "`currency` an hour"),
    "factor": Kind(*_DOUBLE, "factor"),
    "in its unit": Kind(*_DOUBLE, "as `unit` says"),
    "what it is of": Kind(*_DOUBLE, "as [measures.md](measures.md) says after “of:”"),
}


def dictionary() -> str:
    """The text of docs/tables.md."""
    return _INTRODUCTION + "".join(_section(name, table) for name, table in TABLES.items())


def _section(name: str, table: Table) -> str:
    head = "| column | Parquet | pandas | unit or values | meaning | null |\n| --- | --- | --- | --- | --- | --- |\n"
    return f"\n## `{name}`\n\n{table.row}\n\n{head}" + "".join(_line(column) for column in table.columns)


def _line(column: Column) -> str:
    kind = KINDS_OF[column.of]
    cells = (f"`{column.name}`", kind.parquet, kind.pandas, kind.values, column.meaning, column.null or "never")
    return "| " + " | ".join(cells) + " |\n"


if __name__ == "__main__":
    print(dictionary(), end="")
