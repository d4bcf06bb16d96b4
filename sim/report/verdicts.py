"""Whether a difference is clear: the one meaning of the word, in the terminal and in the report."""

from __future__ import annotations

from typing import Any

from sim.measurement import REGISTRY

#: Differences are called clear where Holm's p is below it.
LEVEL = 0.05

BETTER, WORSE, UNCLEAR, NONE = "better", "worse", "not clear", "no difference"

MEANING = f"p below {LEVEL}, adjusted by Holm’s rule"


def verdict(row: Any | None) -> str:
    """What a row of differences says, corrected for the number of its family (``sim.inference.differences``)."""
    if row is None:
        return UNCLEAR
    if row.difference == 0 and row.lower == row.upper:
        return NONE
    better = REGISTRY[row.measure].better
    if better is None or not row.p_holm < LEVEL:
        return UNCLEAR
    return BETTER if (row.difference > 0) == (better == "higher") else WORSE
