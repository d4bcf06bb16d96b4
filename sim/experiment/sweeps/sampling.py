"""Ranges, of levers and of what nobody knows: what an experiment says of them, and the values at which it looks.

A Latin hypercube (McKay, Beckman & Conover 1979): of n points each range has one in each nth of it, in an order of its
own. The order depends on the seed and the path alone, so that it is the same wherever the line stands in the file.
A Sobol sequence (Sobol 1967; scrambled after Owen 1998) spreads 2^m points evenly over all ranges together: a range
more or less moves the others.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from sim.scenario import Finding, Scenario
from sim.scenario.calendars import Section
from sim.scenario.errors import Path, ReadError, nearest, quoted, read_path
from sim.scenario.nodes import Node, spot_of
from sim.scenario.numbers import NUMBER, Flag, Plain, Text, choice

#: A number, the word of a relative value before it, and what stands behind it.
_END = re.compile(rf"(×|x|by)?\s*({NUMBER.pattern})\s*(.*)", re.DOTALL)
_LARGEST = 10_000


class Sample(Section):
    """At how many points of the ranges the experiment is made, each with all of it, and how they lie."""

    points: Annotated[int, Field(ge=2, le=_LARGEST)]
    method: Annotated[str, choice("latin_hypercube", "sobol")] = "latin_hypercube"


class Range(Section):
    """A lever that may stand anywhere in `range`, in `whole` numbers if told."""

    range: Annotated[list[Any], Field(min_length=2, max_length=2)]
    whole: Flag = False


class Uncertainty(Section):
    """A number that nobody knows: in a `range`, in `whole` numbers if told, or any of `values`.

    As likely anywhere in the range, unless it says how it lies there: `most_likely` (a triangle), a `mean` with a
    standard deviation `sd` (normal, cut off at the ends), or `by_factors` (as likely doubled as halved: uniform in the
    logarithm).
    """

    range: Annotated[list[Any], Field(min_length=2, max_length=2)] | None = None
    whole: Flag = False
    values: Annotated[list[Any], Field(min_length=2)] | None = None
    most_likely: Any = None
    mean: Any = None
    sd: Any = None
    by_factors: Flag = False
    note: Text = ""
    source: Text = ""

    @property
    def why(self) -> str:
        """The note and the source, whichever there are."""
        return "; ".join(text for text in (self.note, self.source) if text)


class Ends(NamedTuple):
    """Both ends of a range as numbers, and what stands before and behind them."""

    low: float
    high: float
    before: str
    after: str

    def written(self, value: float | int) -> str:
        """A number of the range as one would write it in a scenario."""
        form = ("+" if self.before == "by " else "") + ("d" if isinstance(value, int) else "g")
        return f"{self.before}{value:{form}}{self.after}"


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
        mode = _inside(given.most_likely, ends)
        left = (mode - low) / (high - low)
        if share < left:
            return low + math.sqrt(share * (high - low) * (mode - low))
        return high - math.sqrt((1 - share) * (high - low) * (high - mode))
    if given.mean is not None:
        from scipy.special import ndtr, ndtri

        mean, sd = _inside(given.mean, ends), _like(given.sd, ends)
        below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
        found: float = mean + sd * float(ndtri(below + share * (above - below)))
        return found
    if given.by_factors:
        return float(low * (high / low) ** share)
    return low + share * (high - low)


def read_range(ends: list[Any]) -> Ends:
    """Both ends as numbers, and the word and the unit that they have in common. Raises ``ReadError``."""
    found = [parts_of(str(end)) for end in ends]
    if not all(number for _, number, _ in found):
        raise ReadError(
            "two numbers are wanted, such as [0.1, 0.3], [15 min, 60 min] or [×0.9, ×1.1]; for all else write values"
        )
    words, numbers, units = zip(*found, strict=True)
    if units[0] != units[1]:
        raise ReadError(f"both ends need the same unit, not {quoted(units[0])} and {quoted(units[1])}")
    if words[0] != words[1]:
        raise ReadError(f"both ends are to be written alike, not {quoted(ends[0])} and {quoted(ends[1])}")
    low, high = (float(number.replace("_", "")) for number in numbers)
    if not low < high:
        raise ReadError("the first end is to be lower than the second")
    return Ends(low, high, "by " if words[0] == "by" else words[0], f" {units[0]}" if units[0] else "")


def parts_of(text: str) -> tuple[str, str, str]:
    """The word before a number, the number, and its unit; all empty if it is none."""
    match = _END.fullmatch(text.strip())
    return ("", "", "") if match is None else (match[1] or "", match[2], match[3])


def numbers_of(texts: Sequence[str]) -> list[float] | None:
    """Values as numbers, if all are, written alike: with the same word before and the same unit behind them."""
    found = [parts_of(text) for text in texts]
    if not found or len({(word, unit) for word, _, unit in found}) > 1 or not found[0][1]:
        return None
    return [float(number.replace("_", "")) for _, number, _ in found]


def _like(value: Any, ends: Ends) -> float:
    """A number that is written as the ends of a range are. Raises ``ReadError``."""
    word, number, unit = parts_of(str(value))
    if not number or (word, unit) != (ends.before.strip(), ends.after.strip()):
        raise ReadError(f"a number is wanted, written as the ends of the range ({ends.written(ends.low)})")
    return float(number.replace("_", ""))


def _inside(value: Any, ends: Ends) -> float:
    number = _like(value, ends)
    if not ends.low <= number <= ends.high:
        raise ReadError(f"{quoted(value)} is not in the range")
    return number


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
        yield from _check_form(root, at, uncertainty)
        if uncertainty.range is not None:
            yield from check_range(root, at, uncertainty)


def check_path(root: Node, at: Path, path: str) -> Iterator[Finding]:
    """What cannot be read as a path."""
    try:
        read_path(path)
    except ReadError as wrong:
        yield spot_of(root, at, True).finding(at, str(wrong))


def check_range(root: Node, at: Path, given: Range | Uncertainty) -> Iterator[Finding]:
    """What is wrong with one range."""
    assert given.range is not None
    try:
        ends = read_range(given.range)
    except ReadError as wrong:
        yield spot_of(root, (*at, "range")).finding((*at, "range"), str(wrong))
        return
    if given.whole and not (ends.low.is_integer() and ends.high.is_integer()):
        yield spot_of(root, (*at, "range")).finding((*at, "range"), "whole numbers are wanted at both ends")
    if not isinstance(given, Uncertainty):
        return
    if given.by_factors and ends.low <= 0:
        yield spot_of(root, (*at, "range")).finding((*at, "range"), "by factors, both ends are to be above 0")
    for key, read in (("most_likely", _inside), ("mean", _inside), ("sd", _like)):
        value = getattr(given, key)
        if value is None:
            continue
        try:
            number = read(value, ends)
        except ReadError as wrong:
            yield spot_of(root, (*at, key)).finding((*at, key), str(wrong))
            continue
        if key == "sd" and not number > 0:
            yield spot_of(root, (*at, key)).finding((*at, key), "is to be above 0")


def _check_form(root: Node, at: tuple[str, str], given: Uncertainty) -> Iterator[Finding]:
    """How a number lies in its range is said in one way, and of a range."""
    forms = [key for key in ("most_likely", "mean", "by_factors") if getattr(given, key) not in (None, False)]
    told = [
        key for key in ("whole", "most_likely", "mean", "sd", "by_factors") if key in root.map[at[0]].map[at[1]].map
    ]
    if given.range is None and told:
        yield spot_of(root, (*at, told[0]), True).finding((*at, told[0]), "is for a range; values are as written")
    elif len(forms) + given.whole > 1:
        both = " and ".join(["whole", *forms] if given.whole else forms)
        yield spot_of(root, at, True).finding(at, f"{both}: one of them is wanted")
    elif (given.mean is None) != (given.sd is None):
        yield spot_of(root, at, True).finding(at, "mean and sd are wanted together")


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


#: What has names of its own in a scenario: “Roads staff”, and not “staff” alone.
_OF_NAMES = ("units", "pools", "categories", "districts", "channels")


def short_names(paths: Iterable[str], least: int = 1) -> dict[str, str]:
    """For each path its last steps, ``least`` of them, as many as tell it from the others and whose it is; without
    “policies”.
    """
    steps = {path: _steps_of(path.removeprefix("policies.")) for path in paths}
    names: dict[str, str] = {}
    for path, own in steps.items():
        others = [other for key, other in steps.items() if key != path]
        count = next((n for n in range(least, len(own)) if all(own[-n:] != other[-n:] for other in others)), len(own))
        count = max(count, len(own) - 1) if own[0] in _OF_NAMES else count
        names[path] = " ".join("all" if step == "*" else step for step in own[-count:]).replace("_", " ")
    return names


def _steps_of(path: str) -> tuple[str, ...]:
    try:
        return _steps(path)
    except ReadError:
        return (path,)


def flow(value: Any) -> str:
    """A value as YAML on one line: what was not quoted is not quoted."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{flow(key)}: {flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    plain = isinstance(value, Plain) and not set(value) & set(",[]{}#") and ": " not in value
    return str(value) if plain else json.dumps(value, ensure_ascii=False)
