"""What every law needs: the list of them, and how one is broken. A law takes a run and fails if the run breaks it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from ledger import Ledger

Law = Callable[[Ledger], None]
LAWS: dict[str, Law] = {}


def law(check: Law) -> Law:
    """Put it on the list."""
    LAWS[check.__name__] = check
    return check


def none(broken: pd.Series | np.ndarray, table: pd.DataFrame) -> None:
    """No row is broken; says which are."""
    assert not np.any(broken), "\n" + table[np.asarray(broken)].head(5).dropna(axis=1, how="all").to_string()


def broken_laws(run: Ledger) -> dict[str, str]:
    """What each broken law has to say."""
    found = {}
    for name, check in LAWS.items():
        try:
            check(run)
        except AssertionError as failure:
            found[name] = str(failure)
    return found
