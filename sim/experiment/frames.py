"""Tables of many replications in memory: each text that is said again and again is kept once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd


def packed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its texts as numbers of a list of texts."""
    return table.astype({name: "category" for name in table.columns if pd.api.types.is_string_dtype(table[name])})


def unpacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Packed tables one below the other, with their texts."""
    columns: dict[str, Any] = {}
    for name in tables[0].columns:
        parts = [table[name] for table in tables]
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            columns[name] = pd.Series(pd.api.types.union_categoricals(parts).astype("str"))
        else:
            columns[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns)


def below(frames: Sequence[Any]) -> pd.DataFrame:
    """Tables one below the other."""
    whole: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return whole
