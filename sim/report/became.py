"""What relative values and wildcards made of a scenario's values, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from sim.report.show import wrapped
from sim.scenario import Became

_MOST = 12


def became_lines(became: Sequence[Became], most: int = _MOST) -> list[str]:
    """`units.Roads.staff: 3 → 2 (by -1)`, each; after so many lines how many more there are."""
    lines = [_line(one) for one in became[:most]]
    lines += [f"… and {len(became) - most:,} more"] if len(became) > most else []
    return [*lines, *_together(became)]


def _together(became: Sequence[Became]) -> list[str]:
    """Of people whom one word changes at several places, how many they were in all, and are."""
    by_word: dict[tuple[str, str, int], list[tuple[int, int]]] = {}
    for one in became:
        if one.word and "staff" in one.path.split(".") and one.before.isdecimal() and one.after.isdecimal():
            by_word.setdefault((one.word, one.file, one.line), []).append((int(one.before), int(one.after)))
    return [
        f"together {sum(before for before, _ in each):,} → {sum(after for _, after in each):,} ({word})"
        for (word, *_), each in by_word.items()
        if len(each) > 1
    ]


def _line(one: Became) -> str:
    word = f" ({one.word})" if one.word else ""
    return wrapped(f"{one.path}: {one.before or 'not given'} → {one.after or 'taken away'}{word}")
