"""What a measure is, and by what it is grouped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Measure:
    """The definition of one measure, in words.

    ``groups``: the values of ``group_by`` under which it is reported ("" = the whole city).
    ``denominator``: what it is a share or mean of; empty for a total.
    ``better``: which way is better, None where neither is.
    ``headline``: one of the few that a comparison is judged by.
    """

    identifier: str
    english: str
    chinese: str
    unit: str
    groups: tuple[str, ...]
    definition: str
    denominator: str = ""
    better: Better | None = None
    headline: bool = False


CITY = ("",)
CONTACTS = ("", "district", "category", "class", "channel", "month", "district+category")
REQUESTS = ("", "district", "category", "unit", "class", "channel", "month", "district+category")
RATES = (*REQUESTS, "district+month", "unit+month")
CALLS = ("", "district", "channel", "month")
PROBLEMS = ("", "district", "category", "month", "district+category")
POOLS = ("", "pool")
CAUSES = ("cause", "district+cause", "category+cause", "unit+cause")
