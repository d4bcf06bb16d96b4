"""Many runs of a sweep in one Parquet file: a row a value, tidy, for whoever opens it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.parquet import connection, source, write_table

if TYPE_CHECKING:
    import pandas as pd

#: Of a value.
ROWS = ("measure", "group_by", "group", "value", "numerator", "denominator", "unit")
NUMBERS = ("value", "numerator", "denominator")
_WORDS = ("measure", "group_by", "group", "unit")
#: The types of all columns, with those of the run that a value is of.
COLUMNS = {name: "float64" if name in NUMBERS else "str" for name in ("run", "about", "asked", *ROWS)}


def write_pack(table: pd.DataFrame, path: Path) -> None:
    """Write runs. The same runs give the same bytes."""
    write_table(table, path)


def whole_pack(path: Path) -> bool:
    """Whether a file can be opened as such."""
    try:
        with connection() as files:
            files.execute(f"SELECT run, about, asked FROM {source([path])} LIMIT 0")
    except OSError:
        return False
    return True


def names_in(packs: Sequence[Path]) -> list[tuple[str, frozenset[str]]]:
    """The runs in packs with what was asked of each, as often as they stand there."""
    if not packs:
        return []
    with connection() as files:
        question = f"SELECT DISTINCT filename, run, asked FROM {_named(packs)} ORDER BY filename, run"
        found = files.execute(question).fetchall()
    return [(run, _asked(asked)) for _, run, asked in found]


def read_pack_rows(packs: Sequence[Path], runs: Sequence[str]) -> pd.DataFrame:
    """The values of these runs in packs; ``place``: that of the run among them."""
    import pandas as pd

    if not packs or not runs:
        return pd.DataFrame({name: pd.Series(dtype=COLUMNS.get(name, "int64")) for name in ("place", *ROWS)})
    words = ", ".join(f'"{name}"' for name in _WORDS)
    with connection() as files:
        # few texts stand in millions of rows: each is fetched once
        kinds = files.execute(f"SELECT DISTINCT {words} FROM {source(packs)} WHERE measure IS NOT NULL").df()
        files.register("kinds", kinds.assign(kind=range(len(kinds))))
        files.register("wanted", pd.DataFrame({"run": runs, "place": range(len(runs))}))
        question = f"SELECT place, kind, {', '.join(NUMBERS)} FROM {source(packs)}"
        found = files.execute(f"{question} JOIN wanted USING (run) JOIN kinds USING ({words})").df()
    kind = found.pop("kind").to_numpy()
    return found.assign(**{name: kinds[name].array.take(kind) for name in _WORDS})[["place", *ROWS]]


def _named(packs: Sequence[Path]) -> str:
    return source(packs).removesuffix(")") + ", filename = true)"


@cache
def _asked(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))
