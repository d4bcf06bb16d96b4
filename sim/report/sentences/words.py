"""Words that the sentences share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.model.city import CategoryPlan, City
    from sim.scenario.policies import Limit


def few(names: list[str]) -> str:
    """The first names of several."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def mean(city: City, of: Callable[[CategoryPlan], tuple[float, float] | None]) -> float:
    """The mean of what a category has (a weight and a value), by expected births; 0 where nothing has weight."""
    births = city.births.sum(axis=0)
    pairs = [(n * found[0], found[1]) for n, c in zip(births, city.categories, strict=True) if (found := of(c))]
    total = sum(weight for weight, _ in pairs)
    return float(sum(weight * value for weight, value in pairs) / total) if total > 0 else 0.0


def of_100(share: float) -> str:
    """97.25 % as “97.2”; what is not quite none or all does not become it."""
    text = f"{100 * share:.1f}".removesuffix(".0")
    if text in ("0", "100") and share not in (0.0, 1.0):
        return "fewer than 0.1" if share < 0.5 else "more than 99.9"
    return text


def count(n: int, one: str, several: str) -> str:
    return f"{n} {one if n == 1 else several}"


def limit_text(limit: Limit) -> str:
    """Exact, in the unit in which people would say it."""
    if limit.hours is None:
        return limit.written()
    if limit.hours >= 48 and limit.hours % 24 == 0:
        return f"{limit.hours / 24:.0f} d"
    minutes = limit.hours * 60
    return f"{minutes:.0f} min" if limit.hours < 1 and minutes % 1 == 0 else limit.written()


def by_class(city: City, limits: Mapping[str, Limit]) -> str:
    """Limits of the urgency classes, said once where they are the same, and without names where it is that of all."""
    of: dict[str, list[str]] = {}
    for name, limit in limits.items():
        of.setdefault(limit_text(limit), []).append(name)
    if len(of) == 1 and set(limits) >= set(city.scenario.classes):
        return next(iter(of))
    return ", ".join(f"{text} ({', '.join(names)})" for text, names in of.items())
