"""Whether a difference is clear: the one meaning of the word, in the terminal and in the report."""

from __future__ import annotations

import math
from typing import Any

from sim.measurement import REGISTRY
from sim.report.formats import difference, shows

#: Differences are called clear where Holm's p is below it.
LEVEL = 0.05

BETTER, WORSE, UNCLEAR, NONE, OTHER = "better", "worse", "not clear", "no difference", "other requests"

MEANING = f"p below {LEVEL}, adjusted by Holm’s rule"


def verdict(row: Any | None) -> str:
    """What a row of differences says, corrected for the number of its family (``sim.inference.differences``)."""
    if row is None:
        return UNCLEAR
    if row.other_requests:
        return OTHER
    if not math.isnan(row.difference) and not shows(difference(row)) and (row.lower == row.upper or row.p_holm < LEVEL):
        return NONE  # also what is too small to be written
    better = REGISTRY[row.measure].better
    if better is None or not row.p_holm < LEVEL:
        return UNCLEAR
    return BETTER if (row.difference > 0) == (better == "higher") else WORSE
