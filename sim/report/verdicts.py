"""What a difference means to whoever decides: the one meaning of each word, in the terminal and in the report."""

from __future__ import annotations

import math
from typing import Any

from sim.inference.relevance import Relevance
from sim.measurement import REGISTRY
from sim.report.formats import difference, difference_interval, number, shows

#: Differences are called clear where Holm's p is below it.
LEVEL = 0.05

BETTER, WORSE, UNCLEAR, NONE, OTHER = "better", "worse", "not clear", "no relevant difference", "other requests"

CLEAR = f"p below {LEVEL}, adjusted by Holm’s rule"


def verdict(row: Any | None) -> str:
    """What a row of differences says, corrected for the number of its family (``sim.inference.differences``).

    Better and worse: clear, and not smaller than what matters nor than what is written. No relevant difference: all of
    the interval is smaller than that, or is written as 0. Not clear: neither, so that more replications may tell.
    """
    if row is None:
        return UNCLEAR
    if row.other_requests:
        return OTHER
    nothing = row.grid == 0.0 and not math.isnan(row.lower) and not shows(difference(row) + difference_interval(row))
    if nothing or (-row.relevant < row.lower - row.grid and row.upper + row.grid < row.relevant):
        return NONE
    better = REGISTRY[row.measure].better
    matters = abs(row.difference) >= max(row.relevant, row.grid) and shows(difference(row))
    if better is None or not matters or not row.p_holm < LEVEL:
        return UNCLEAR
    return BETTER if (row.difference > 0) == (better == "higher") else WORSE


def meaning(relevance: Relevance) -> str:
    """What is called clearly better or worse, for a legend."""
    return f"{CLEAR}, and a difference of at least {smallest_relevant(relevance)}"


def smallest_relevant(relevance: Relevance) -> str:
    """The smallest differences that matter, by what a measure is told in."""
    points = number(relevance.points, "share").replace("%", "pp")
    return (
        f"{points} (shares), {relevance.points:g} (scores) or {_part(relevance)} of the baseline (times, counts, costs)"
    )


def faster_means(relevance: Relevance) -> str:
    """From when on a request is called faster or slower."""
    return f"by {_part(relevance)} of its time or more, and a minute at least"


def _part(relevance: Relevance) -> str:
    return f"{100 * relevance.part:g} %"
