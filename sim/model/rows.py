"""What an engine writes down of a replication, and how much of it there may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim.errors import CitysimError
from sim.model import facts

#: A request's visits are numbered in 16 bits.
MAX_VISITS = 2**16 - 1


class TooManyVisitsError(CitysimError, OverflowError):
    """Something sends a request round in circles."""

    def __init__(
        self, message: str = f"a request pays more than {MAX_VISITS:,} visits: it goes round in circles"
    ) -> None:
        super().__init__(message)  # an argument, as the error is made anew from it on its way out of a worker


@dataclass(frozen=True)
class Acts:
    """What policies have done, in the order of time."""

    #: (time, pool, officers beyond the plan, of whom so many were called in, and so many work overtime)
    staff: Sequence[tuple[float, int, int, int, int]] = ()
    calls: Sequence[tuple[float | int, ...]] = ()  # as ``facts.CALL``
    turns: Sequence[tuple[float | int, ...]] = ()  # as ``facts.TURN``
    themes: Sequence[tuple[float | int, ...]] = ()  # as ``facts.THEME``
    scores: Sequence[tuple[float | int, ...]] = ()  # as ``facts.SCORE``


@dataclass(frozen=True)
class Rows:
    """What an engine has written down, or a part of it: records as ``facts`` declares them."""

    requests: NDArray[np.void]  # of ``facts.REQUEST_ROW``
    visits: NDArray[np.void]  # of ``facts.VISIT_ROW``
    problems: NDArray[np.void]  # of ``facts.PROBLEM_ROW``
    staff_changes: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 5)))  # as ``Acts.staff``
    calls: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, facts.CALL_ROW))
    turns: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, facts.TURN_ROW))
    themes: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, facts.THEME_ROW))
    scores: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, facts.SCORE_ROW))

    @staticmethod
    def nothing() -> Rows:
        """No rows."""
        return Rows(
            np.zeros(0, facts.REQUEST_ROW),
            np.zeros(0, facts.VISIT_ROW),
            np.zeros(0, facts.PROBLEM_ROW),
        )

    def after(self, acts: Acts) -> Rows:
        """These rows, and what policies have done."""
        changes = np.array(acts.staff, float).reshape(-1, 5)
        kinds = {"calls": facts.CALL_ROW, "turns": facts.TURN_ROW, "themes": facts.THEME_ROW, "scores": facts.SCORE_ROW}
        done = {name: np.array(list(getattr(acts, name)), kind) for name, kind in kinds.items()}
        return replace(self, staff_changes=changes, **done)
