"""The values of ranges at which an experiment looks.

A Latin hypercube (McKay, Beckman & Conover 1979): of n points each range has one in each nth of it, in an order of its
own. The order depends on the seed and the path alone, so that it is the same wherever the line stands in the file.
A Sobol sequence (Sobol 1967; scrambled after Owen 1998) spreads 2^m points evenly over all ranges together: a range
more or less moves the others.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from sim.experiment.sweeps.paths import check_path, under
from sim.experiment.sweeps.ranges import (
    Ends,
    Range,
    Uncertainty,
    check_form,
    check_range,
    flow,
    number_inside,
    number_like,
    read_range,
)
from sim.scenario import Finding, Scenario
from sim.scenario.calendars import Section
from sim.scenario.errors import ReadError, nearest, quoted
from sim.scenario.nodes import Node, spot_of
from sim.scenario.numbers import choice

_LARGEST = 10_000


class Sample(Section):
    """At how many points of the ranges the experiment is made, each with all of it, and how they lie."""

    points: Annotated[int, Field(ge=2, le=_LARGEST)]
    method: Annotated[str, choice("latin_hypercube", "sobol")] = "latin_hypercube"


def drawn(
    ranges: Mapping[str, Range | Uncertainty], points: int, seed: int, method: str = "latin_hypercube"
) -> list[dict[str, str]]:
    """The value of each path at each point, as one would write it in a scenario."""
    columns = _sobol(sorted(ranges), points, seed) if method == "sobol" else None
    by_path = {
        path: [_value(range_, share) for share in (columns[path] if columns else _hypercube(path, points, seed))]
        for path, range_ in ranges.items()
    }
    return [{path: column[k] for path, column in by_path.items()} for k in range(points)]


def _hypercube(path: str, points: int, seed: int) -> list[float]:
    from scipy.stats.qmc import LatinHypercube

    named = int.from_bytes(hashlib.sha256(path.encode()).digest()[:8])
    shares: list[float] = LatinHypercube(d=1, seed=np.random.default_rng([seed, named])).random(points)[:, 0].tolist()
    return shares


def _sobol(paths: Sequence[str], points: int, seed: int) -> dict[str, list[float]]:
    from scipy.stats.qmc import Sobol

    shares = Sobol(d=len(paths), scramble=True, seed=np.random.default_rng(seed)).random(points)
    return {path: shares[:, number].tolist() for number, path in enumerate(paths)}


def _value(given: Range | Uncertainty, share: float) -> str:
    """What stands at this share of the way through a range, or of a list of values."""
    uncertain = given if isinstance(given, Uncertainty) else None
    if uncertain is not None and uncertain.values is not None:
        return flow(uncertain.values[int(share * len(uncertain.values))])
    assert given.range is not None
    ends = read_range(given.range)
    if given.whole:
        return ends.written(int(ends.low + math.floor(share * (ends.high - ends.low + 1))))
    value = ends.low + share * (ends.high - ends.low) if uncertain is None else _quantile(uncertain, ends, share)
    return ends.written(min(max(float(f"{value:.4g}"), ends.low), ends.high))


def _quantile(given: Uncertainty, ends: Ends, share: float) -> float:
    """The number below which this share of what is thought possible lies."""
    low, high = ends.low, ends.high
    if given.most_likely is not None:
        mode = number_inside(given.most_likely, ends)
        left = (mode - low) / (high - low)
        if share < left:
            return low + math.sqrt(share * (high - low) * (mode - low))
        return high - math.sqrt((1 - share) * (high - low) * (high - mode))
    if given.mean is not None:
        from scipy.special import ndtr, ndtri

        mean, sd = number_inside(given.mean, ends), number_like(given.sd, ends)
        below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
        found: float = mean + sd * float(ndtri(below + share * (above - below)))
        return found
    if given.by_factors:
        return float(low * (high / low) ** share)
    return low + share * (high - low)


# --- what can be wrong ------------------------------------------------------------------------------------------------


def check_sample(
    root: Node,
    sample: Sample | None,
    uncertainties: Mapping[str, Uncertainty],
    levers: Sequence[str],
    ranges: Mapping[str, Range],
) -> Iterator[Finding]:
    """What is wrong with the ranges. ``ranges``: those of the ``levers`` that are no lists."""
    if sample is None and (uncertainties or ranges):
        has = ("uncertainties",) if uncertainties else ("levers", next(iter(ranges)))
        yield spot_of(root, has, True).finding(
            has, "sample is wanted, too, such as sample: {points: 64}: at how many points of the ranges to look"
        )
    if sample is not None and not uncertainties and not ranges:
        yield spot_of(root, ("sample",), True).finding(
            ("sample",), "ranges of uncertainties, or of levers, are wanted, too: the one is nothing without the other"
        )
    if sample is not None and sample.method == "sobol" and sample.points.bit_count() != 1:
        below = 1 << (sample.points.bit_length() - 1)
        at = ("sample", "points")
        said = f"Sobol’s points lie evenly where they are a power of two: {below} or {2 * below}, not {sample.points}"
        yield spot_of(root, at).finding(at, said)
    if "held" in root.map and "sample" not in root.map:
        yield spot_of(root, ("held",), True).finding(("held",), "without a sample all numbers are held")
    for path, uncertainty in uncertainties.items():
        at = ("uncertainties", path)
        yield from check_path(root, at, path)
        if path in levers:
            what = "factor" if "factors" in root.map else "lever"
            yield spot_of(root, at, True).finding(at, f"is a {what} already: it is the one or the other")
        if not uncertainty.why:
            yield spot_of(root, at, True).finding(at, "is missing a note or a source: why this and no other range")
        if (uncertainty.range is None) == (uncertainty.values is None):
            yield spot_of(root, at, True).finding(at, "a range, or values, is wanted, and not both")
        yield from check_form(root, at, uncertainty)
        if uncertainty.range is not None:
            yield from check_range(root, at, uncertainty)


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
