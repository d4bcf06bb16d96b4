"""What relative values and wildcards made of a scenario's values, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from sim.report.show import wrapped
from sim.scenario import Became

_MOST = 12


def became_lines(became: Sequence[Became], most: int = _MOST) -> list[str]:
    """`units.Roads.staff: 3 → 2 (by -1)`, each; after so many lines how many more there are."""
    lines = [_line(one) for one in became[:most]]
    return [*lines, f"… and {len(became) - most:,} more"] if len(became) > most else lines


def _line(one: Became) -> str:
    word = f" ({one.word})" if one.word else ""
    return wrapped(f"{one.path}: {one.before or 'not given'} → {one.after or 'taken away'}{word}")
