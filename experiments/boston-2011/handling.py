"""How requests are handled, from those opened July–September: deadlines, never-closed shares, time to close."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

#: Categories with fewer rows to fit on than this share the time to close of all such categories of their department.
ENOUGH = 20
#: The city's own rule for deadlines in working days: what comes on a weekend, or after 17:00, counts as opened on the
#: next working day (at the same hour, or at 8:30); public holidays are not left out.
_EVENING, _MORNING = 17.0, 8.5
#: Deadlines looked for: working days, else calendar days.
_TOLERANCE = 0.05  # hours; the data's target is a second or so off


def working_days(rows: pd.DataFrame, days: int) -> Numbers:
    """Hours from opening to the deadline of so many working days, by the city's own rule."""
    opened = rows.opened
    date = opened.dt.normalize()
    hour = ((opened - date) / pd.Timedelta(hours=1)).to_numpy()
    evening = hour >= _EVENING
    start = np.asarray(date + pd.to_timedelta(evening.astype(int), unit="D"), dtype="datetime64[D]")
    due = np.busday_offset(start, days, roll="forward")
    moved = (due - np.asarray(date, dtype="datetime64[D]")) / np.timedelta64(1, "h")
    return np.asarray(moved + np.where(evening, _MORNING, hour) - hour, dtype=float)


def limit_of(rows: pd.DataFrame) -> tuple[str | None, float]:
    """The commonest allowance of these rows as a limit (``3 workdays``, ``30 d``; None where most have no deadline),
    and the share of dated rows whose target it gives exactly."""
    dated = rows[rows.due.notna()]
    if 2 * len(dated) < len(rows) or dated.empty:
        return None, float("nan")
    allowance = (dated.due - dated.arrived).to_numpy()
    best, hits = "", 0
    for days in range(1, 61):
        n = int((np.abs(allowance - working_days(dated, days)) < _TOLERANCE).sum())
        best, hits = (f"{days} workdays", n) if n > hits else (best, hits)
    whole, counts = np.unique(np.round(allowance / 24), return_counts=True)
    for day in whole[np.argsort(-counts)][:10]:
        n = int((np.abs(allowance - 24 * day) < _TOLERANCE).sum())
        if n > hits and day > 0:
            best, hits = f"{day:.0f} d", n
    return (best or None), hits / len(dated)


def probabilities(n: int) -> Numbers:
    """The probabilities at which n observations give quantiles: about six observations between neighbours, at most
    steps of 0.05, with the upper tail finer where there are enough."""
    inner = np.linspace(0, 1, int(np.clip(n // 6, 2, 20)) + 1)
    tail = [0.975, 0.99] if n >= 400 else []
    return np.unique(np.round(np.concatenate([inner, tail]), 4))


def pooled(rows: pd.DataFrame) -> pd.Series:
    """The name under which each row's time to close is fitted: its category, or its department's small ones."""
    size = rows.category.map(rows.category.value_counts())
    return rows.category.where(size >= ENOUGH, "small, " + rows.department)
