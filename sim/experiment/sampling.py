"""Numbers that nobody knows: what an experiment says of their ranges, and the values at which it looks.

A Latin hypercube (McKay, Beckman & Conover 1979): of n points each range has one in each nth of it, in an order of its
own. The order depends on the seed and the path alone, so that it is the same wherever the line stands in the file.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from sim.scenario import Finding, Scenario
from sim.scenario.calendars import Section
from sim.scenario.errors import Path, ReadError, nearest, quoted, read_path
from sim.scenario.nodes import Node, spot_of
from sim.scenario.numbers import NUMBER, Flag, Plain, Text, choice


class Sample(Section):
    """At how many points of the ranges the experiment is made, each with all of it."""

    points: Annotated[int, Field(ge=2, le=1000)]


class Uncertainty(Section):
    """A number that nobody knows: as likely anywhere in `range`, in `whole` numbers if told, or any of `values`."""

    range: Annotated[list[Any], Field(min_length=2, max_length=2)] | None = None
    whole: Flag = False
    values: Annotated[list[Any], Field(min_length=2)] | None = None
    note: Text


class Claim(Section):
    """What a mechanism is said to do to a measure: alone in the city `before`, in the `base` with all others, or in
    both.
    """

    mechanism: Text
    measure: Text
    change: Annotated[str, choice("rises", "falls")]
    city: Annotated[str, choice("before", "base", "both")] = Field(default="both", alias="in")

    @property
    def turned(self) -> tuple[str, ...]:
        """How the mechanism is turned where it is looked at: on in the city before, off in the base."""
        return {"before": ("on",), "base": ("off",), "both": ("on", "off")}[self.city]


def drawn(uncertainties: Mapping[str, Uncertainty], points: int, seed: int) -> list[dict[str, str]]:
    """The value of each path at each point, as one would write it in a scenario."""
    by_path = {path: _column(path, uncertainty, points, seed) for path, uncertainty in uncertainties.items()}
    return [{path: column[k] for path, column in by_path.items()} for k in range(points)]


def _column(path: str, uncertainty: Uncertainty, points: int, seed: int) -> list[str]:
    from scipy.stats.qmc import LatinHypercube

    named = int.from_bytes(hashlib.sha256(path.encode()).digest()[:8])
    shares = LatinHypercube(d=1, seed=np.random.default_rng([seed, named])).random(points)[:, 0].tolist()
    if uncertainty.values is not None:
        return [flow(uncertainty.values[int(share * len(uncertainty.values))]) for share in shares]
    assert uncertainty.range is not None
    low, high, unit = read_range(uncertainty.range)
    if uncertainty.whole:
        return [f"{int(low + math.floor(share * (high - low + 1)))}{unit}" for share in shares]
    rounded = (float(f"{low + share * (high - low):.4g}") for share in shares)
    return [f"{min(max(value, low), high):g}{unit}" for value in rounded]


def read_range(ends: list[Any]) -> tuple[float, float, str]:
    """Both ends as numbers, and the unit that they have in common, with a space before it. Raises ``ReadError``."""
    found = [NUMBER.match(str(end).strip()) for end in ends]
    if not all(found):
        raise ReadError("two numbers are wanted, such as [0.1, 0.3] or [15 min, 60 min]; for all else write values")
    low, high = (float(match.group().replace("_", "")) for match in found if match)
    units = [str(end).strip()[match.end() :].strip() for end, match in zip(ends, found, strict=True) if match]
    if units[0] != units[1]:
        raise ReadError(f"both ends need the same unit, not {quoted(units[0])} and {quoted(units[1])}")
    if not low < high:
        raise ReadError("the first end is to be lower than the second")
    return low, high, f" {units[0]}" if units[0] else ""


# --- what can be wrong ------------------------------------------------------------------------------------------------


def check_sample(root: Node, uncertainties: Mapping[str, Uncertainty], factors: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with the ranges."""
    if ("sample" in root.map) != bool(uncertainties):
        has, lacks = ("sample", "uncertainties") if "sample" in root.map else ("uncertainties", "sample")
        yield spot_of(root, (has,), True).finding(
            (has,), f"{lacks} is wanted, too: the one is nothing without the other"
        )
    if "held" in root.map and "sample" not in root.map:
        yield spot_of(root, ("held",), True).finding(("held",), "without a sample all numbers are held")
    for path, uncertainty in uncertainties.items():
        at = ("uncertainties", path)
        try:
            read_path(path)
        except ReadError as wrong:
            yield spot_of(root, at, True).finding(at, str(wrong))
        if path in factors:
            yield spot_of(root, at, True).finding(at, "is a factor already: it is the one or the other")
        if (uncertainty.range is None) == (uncertainty.values is None):
            yield spot_of(root, at, True).finding(at, "a range, or values, is wanted, and not both")
        yield from _check_range(root, at, uncertainty)


def _check_range(root: Node, at: Path, uncertainty: Uncertainty) -> Iterator[Finding]:
    if uncertainty.range is None:
        if uncertainty.whole:
            yield spot_of(root, (*at, "whole"), True).finding((*at, "whole"), "is for a range; values are as written")
        return
    try:
        low, high, _ = read_range(uncertainty.range)
    except ReadError as wrong:
        yield spot_of(root, (*at, "range")).finding((*at, "range"), str(wrong))
        return
    if uncertainty.whole and not (low.is_integer() and high.is_integer()):
        yield spot_of(root, (*at, "range")).finding((*at, "range"), "whole numbers are wanted at both ends")


def check_claims(root: Node, claims: Mapping[str, Claim], measures: Sequence[str]) -> Iterator[Finding]:
    """What can be said of claims without the cities."""
    if claims and not {"sample", "one_by_one"} <= set(root.map):
        what = "claims are about mechanisms over ranges: one_by_one, sample and uncertainties are wanted, too"
        yield spot_of(root, ("claims",), True).finding(("claims",), what)
    for says, claim in claims.items():
        if claim.measure not in measures:
            at, hint = ("claims", says, "measure"), nearest(claim.measure, measures)
            yield spot_of(root, at).finding(
                at, f"{quoted(claim.measure)} is not among the measures of the experiment{hint}"
            )


def check_turned(root: Node, claims: Mapping[str, Claim], turned: Sequence[str]) -> Iterator[Finding]:
    """Claims about a mechanism by which the two cities do not differ."""
    for says, claim in claims.items():
        if claim.mechanism not in turned:
            at = ("claims", says, "mechanism")
            said = f"the two cities do not differ by {quoted(claim.mechanism)}{nearest(claim.mechanism, turned)}"
            yield spot_of(root, at).finding(at, said)


def check_cities(
    root: Node, uncertainties: Mapping[str, Uncertainty], held: Mapping[str, str], cities: Sequence[Scenario]
) -> Iterator[Finding]:
    """Ranges and what is held of which the first city knows nothing, and ranges that would make one of what differs."""
    values = [{value.path: value.value_text for value in city.values()} for city in cities]
    for section, path in [*(("uncertainties", path) for path in uncertainties), *(("held", path) for path in held)]:
        spot = spot_of(root, (section, path), True)
        try:
            found = [under(path, known) for known in values]
        except ReadError as wrong:
            yield spot.finding((section, path), str(wrong))
            continue
        texts = [", ".join(known[leaf] for leaf in leaves) for known, leaves in zip(values, found, strict=True)]
        if not found[0]:
            said = f"{quoted(cities[0].name)} has no such value{nearest(path, values[0])}"
            yield spot.finding((section, path), said)
        elif section == "uncertainties" and len({text for text in texts if text}) > 1:
            said = f"the two cities differ here, {quoted(texts[0])} and {quoted(texts[1])}: one range cannot be both"
            yield spot.finding((section, path), said)


def under(path: str, leaves: Iterable[str]) -> list[str]:
    """Those of a city's values to which a path leads, or which it changes a part of. Raises ``ReadError``."""
    steps = _steps(path)
    return [leaf for leaf in leaves if all(a == b for a, b in zip(steps, _steps(leaf), strict=False))]


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(step for step, _ in read_path(path)[0])


def flow(value: Any) -> str:
    """A value as YAML on one line: what was not quoted is not quoted."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{flow(key)}: {flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    plain = isinstance(value, Plain) and not set(value) & set(",[]{}#") and ": " not in value
    return str(value) if plain else json.dumps(value, ensure_ascii=False)
