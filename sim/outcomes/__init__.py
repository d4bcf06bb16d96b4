"""What happened: one replication of a scenario, as tables with fixed columns."""

from __future__ import annotations

from sim.outcomes.levels import LEVEL_COLUMNS, Levels
from sim.outcomes.replication import (
    PROBLEM_COLUMNS,
    REQUEST_COLUMNS,
    VISIT_COLUMNS,
    Outcomes,
)

__all__ = [
    "LEVEL_COLUMNS",
    "PROBLEM_COLUMNS",
    "REQUEST_COLUMNS",
    "VISIT_COLUMNS",
    "Levels",
    "Outcomes",
]
