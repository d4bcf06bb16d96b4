"""Numbers that come in maps and lists: shares, weights by hour, factors by weekday and month."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from sim.scenario.calendars import WEEKDAYS
from sim.scenario.errors import Fault, ReadError, nearest, quoted, read_each
from sim.scenario.numbers import described, read_not_negative, read_probability, read_text
from sim.scenario.shape import WHOLE


def without_default(schema: dict[str, Any]) -> None:
    """For the JSON schema: the default depends on other parts of the scenario (defaults.py)."""
    schema.pop("default", None)


def sums_to_one(shares: dict[str, float]) -> dict[str, float]:
    """The shares, if they sum to 1 (± 1e-9)."""
    total = math.fsum(shares.values())
    if abs(total - 1) > 1e-9:
        raise ReadError(f"the shares must sum to 1, but sum to {total:.10g}")
    return shares


def _read_shares(value: Any) -> dict[str, float]:
    """One name, or a map from names to shares that sum to 1."""
    if isinstance(value, dict):
        return sums_to_one(read_each(value.items(), read_probability))
    if isinstance(value, (list, tuple)) or value is None:
        raise ReadError(f"a name or a map from names to shares is wanted, not {described(value)}")
    return {read_text(value): 1.0}


def _read_profile(value: Any) -> tuple[float, ...]:
    """24 weights, one for each hour of the day, not all 0."""
    if not isinstance(value, (list, tuple)):
        raise ReadError(f"a list of 24 weights is wanted, not {described(value)}")
    if len(value) != 24:
        raise ReadError(f"24 weights are wanted, one for each hour, not {len(value)}")
    weights = tuple(read_each(enumerate(value), read_not_negative).values())
    if not 0 < sum(weights) < math.inf:
        raise ReadError("the weights must not all be 0")
    return weights


def _read_factors(value: Any, names: tuple[str, ...]) -> dict[str, float]:
    """A factor for each of the names, 1 where none is given."""
    if not isinstance(value, dict):
        raise ReadError(f"a map is wanted, not {described(value)}")
    faults = [
        Fault(f"{quoted(key)} is not one of {', '.join(names)}{nearest(key, names)}", (key,), True)
        for key in value
        if key not in names
    ]
    try:
        factors = read_each(value.items(), read_not_negative)
    except ReadError as wrong:
        faults += wrong.faults
    if faults:
        raise ReadError(*faults)
    return {**dict.fromkeys(names, 1.0), **factors}


def _read_by_round(value: Any) -> tuple[float, ...]:
    """One probability, or a list of them by round, of which the last repeats."""
    if not isinstance(value, (list, tuple)):
        return (read_probability(value),)
    if not value:
        raise ReadError("at least one probability is wanted")
    return tuple(read_each(enumerate(value), read_probability).values())


_MONTHS = tuple(str(month) for month in range(1, 13))
_WEIGHT = {"type": "number", "minimum": 0}
_PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
_FACTOR_MAP = WithJsonSchema({"type": "object", "additionalProperties": _WEIGHT})

Shares = Annotated[
    dict[str, float],
    WHOLE,
    BeforeValidator(_read_shares),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": _PROBABILITY}]}),
]
Profile = Annotated[
    tuple[float, ...],
    BeforeValidator(_read_profile),
    WithJsonSchema({"type": "array", "items": _WEIGHT, "minItems": 24, "maxItems": 24}),
]
WeekdayFactors = Annotated[dict[str, float], BeforeValidator(lambda value: _read_factors(value, WEEKDAYS)), _FACTOR_MAP]
MonthFactors = Annotated[
    dict[int, float],
    BeforeValidator(lambda value: {int(month): f for month, f in _read_factors(value, _MONTHS).items()}),
    PlainSerializer(lambda factors: {str(month): f for month, f in factors.items()}, when_used="json"),
    _FACTOR_MAP,
]
ByRound = Annotated[
    tuple[float, ...],
    BeforeValidator(_read_by_round),
    WithJsonSchema({"anyOf": [_PROBABILITY, {"type": "array", "items": _PROBABILITY}]}),
]
