"""What is open when the run begins: how many requests of a category stand at a unit, and how old they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from sim.scenario.distributions import Distribution, read_distribution
from sim.scenario.errors import Fault, ReadError, nearest
from sim.scenario.numbers import described, read_count

#: Ages where only a count is given: evenly spread over so many hours (30 days).
SPAN = 720.0
EVENLY = Distribution("scipy", name="uniform", loc=0.0, scale=SPAN)
#: Older ones, on average, are a slip of the pen (hours).
_OLDEST_MEAN = 100 * 8766.0


@dataclass(frozen=True, slots=True)
class Standing:
    """So many open requests, as old as ``ages`` draws them."""

    count: int
    ages: Distribution = EVENLY

    def written(self) -> dict[str, Any]:
        """Plain data that reads back the same."""
        return {"count": self.count, "ages": self.ages.written()}


def _read_standing(value: Any) -> Standing:
    """A count, or a map with `count` and perhaps `ages`."""
    if isinstance(value, Standing):
        return value
    if not isinstance(value, dict):
        if isinstance(value, (list, tuple)) or value is None:
            raise ReadError(f"a count, or a map with “count” and “ages” is wanted, not {described(value)}")
        return Standing(read_count(value))
    keys = ("count", "ages")
    faults = [Fault(f"unknown key{nearest(key, keys)}", (key,), True) for key in value if key not in keys]
    count, ages = 0, EVENLY
    if "count" not in value:
        faults.append(Fault("“count”, the number of open requests, is wanted"))
    else:
        try:
            count = read_count(value["count"])
        except ReadError as wrong:
            faults += wrong.under("count")
    if "ages" in value:
        try:
            ages = read_distribution(value["ages"])
            if not ages.mean <= _OLDEST_MEAN:
                raise ReadError("so many years: on average requests are at most 100 years old")
        except ReadError as wrong:
            faults += wrong.under("ages")
    if faults:
        raise ReadError(*faults)
    return Standing(count, ages)


StandingField = Annotated[
    Standing,
    BeforeValidator(_read_standing),
    PlainSerializer(Standing.written, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "object", "required": ["count"]}]}),
]
#: By unit and category.
Initial = dict[str, dict[str, StandingField]]
