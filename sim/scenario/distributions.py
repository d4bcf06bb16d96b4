"""Distributions of durations as data: what a scenario says, checked and brought to one form.

SciPy is imported only where a scenario gives SciPy's own parameters, or asks for the mean of a rarer distribution; a
mean with a coefficient of variation is turned into parameters here. Formulas: Johnson, Kotz, Balakrishnan, Continuous
Univariate Distributions (1994), by matching the first two moments.
"""

from __future__ import annotations

import functools
import itertools
import math
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from sim.scenario.errors import Fault, ReadError, nearest, quoted
from sim.scenario.moments import BY_MOMENTS, MEANS, Parameters
from sim.scenario.numbers import described, number_in, read_number, read_text, refuse_plus
from sim.scenario.quantities import duration_text, read_duration, read_positive_duration, read_signed_duration, to_tick

#: SciPy finds some quantiles by search; a table has so many, and may take so long (seconds of processor time).
_QUANTILES, _LONGEST = 2 * 1249, 20.0

_EVERYDAY = {"exponential": "expon", "lognormal": "lognorm", "weibull": "weibull_min", "normal": "norm"}
#: The commonest, with their shapes: above 0 they exist, and begin where they are told to. SciPy is not asked about
#: them: that would take half a second to be imported.
_COMMONEST = {"expon": [], "lognorm": ["s"], "gamma": ["a"], "erlang": ["a"]}


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of durations.

    `constant`: always `value` hours. `scipy`: `scipy.stats.<name>` with `shapes` in SciPy's order, `loc`
    and `scale` in hours. `quantiles`: the inverse distribution function goes linearly through
    (probabilities, values in hours).
    """

    kind: Literal["constant", "scipy", "quantiles"]
    value: float = 0.0
    name: str = ""
    shapes: Parameters = ()
    loc: float = 0.0
    scale: float = 1.0
    probabilities: tuple[float, ...] = ()
    values: tuple[float, ...] = ()

    @property
    def mean(self) -> float:
        """The mean in hours; infinite for a tail too heavy to have one."""
        if self.kind == "constant":
            return self.value
        if self.kind == "quantiles":
            corners = list(zip(self.probabilities, self.values, strict=True))
            return math.fsum((p1 - p0) * (v0 + v1) / 2 for (p0, v0), (p1, v1) in itertools.pairwise(corners))
        if self.name in MEANS:
            return MEANS[self.name](*(value for _, value in self.shapes)) * self.scale + self.loc
        return _scipy_mean(self)

    def divided(self, by: float) -> Distribution:
        """The distribution of a `by`-th of these durations."""
        if by == 1:
            return self
        values = tuple(value / by for value in self.values)
        return replace(self, value=self.value / by, loc=self.loc / by, scale=self.scale / by, values=values)

    def frozen(self) -> Any:
        """The `scipy.stats` distribution with these parameters, in hours; only for kind `scipy`."""
        import scipy.stats

        return getattr(scipy.stats, self.name)(*(value for _, value in self.shapes), loc=self.loc, scale=self.scale)

    def written(self) -> str | dict[str, Any]:
        """Plain data that reads back to an equal distribution."""
        if self.kind == "constant":
            return duration_text(self.value)
        if self.kind == "quantiles":
            pairs = zip(self.probabilities, self.values, strict=True)
            return {"quantiles": {repr(p): duration_text(value) for p, value in pairs}}
        loc, scale = duration_text(self.loc), duration_text(self.scale)
        return {"distribution": self.name, **dict(self.shapes), "loc": loc, "scale": scale}


@functools.lru_cache(maxsize=4096)
def _scipy_mean(distribution: Distribution) -> float:
    mean = float(distribution.frozen().mean())
    return math.inf if math.isnan(mean) else mean


def constant(hours: float) -> Distribution:
    """The distribution that is always this many hours."""
    return Distribution("constant", value=to_tick(hours))


def read_distribution(value: Any) -> Distribution:
    """A duration (constant), a map with `distribution`, or a map with `quantiles`."""
    if isinstance(value, Distribution):
        return value
    if isinstance(value, dict) and "quantiles" in value:
        others = [key for key in value if key != "quantiles"]
        if others:
            raise ReadError(*(Fault("cannot stand beside “quantiles”", (key,), True) for key in others))
        return _read_quantiles(value["quantiles"])
    if isinstance(value, dict) and "distribution" in value:
        return _read_named(value)
    if isinstance(value, dict):
        raise ReadError("a distribution is named by “distribution” or given by “quantiles”")
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise ReadError(f"a duration or a distribution is wanted, not {described(value)}")
    return constant(read_duration(value))


def _read_quantiles(value: Any) -> Distribution:
    if not isinstance(value, dict):
        raise ReadError(Fault("a map from probability to duration is wanted", ("quantiles",)))
    faults: list[Fault] = []
    corners: list[tuple[float, float, str]] = []
    for key, duration in value.items():
        probability, hours = math.nan, math.nan
        try:
            probability = _read_tail(key)
        except ReadError as wrong:
            faults.append(Fault(str(wrong), ("quantiles", key), True))
        try:
            hours = read_duration(duration)
        except ReadError as wrong:
            faults += wrong.under("quantiles", key)
        if not math.isnan(probability):
            corners.append((probability, hours, key))
    corners.sort()
    for (p0, v0, _), (p1, v1, key) in itertools.pairwise(corners):
        if p0 == p1:
            faults.append(Fault(f"the quantile {p1:g} is given twice", ("quantiles", key), True))
        elif v1 < v0:
            faults.append(Fault(f"less than the quantile at {p0:g}: quantiles cannot fall", ("quantiles", key)))
    if len(corners) == len(value) and not (corners and corners[0][0] == 0 and corners[-1][0] == 1):
        faults.append(Fault("the quantiles 0 and 1 are wanted (least and greatest)", ("quantiles",)))
    if faults:
        raise ReadError(*faults)
    return Distribution(
        "quantiles", probabilities=tuple(p for p, _, _ in corners), values=tuple(v for _, v, _ in corners)
    )


def _read_tail(key: str) -> float:
    refuse_plus(key)
    probability = number_in(key)
    if probability is None or not 0 <= probability <= 1:
        raise ReadError(f"a probability between 0 and 1 is wanted, not {quoted(key)}")
    return probability + 0.0


def _read_named(value: Mapping[str, Any]) -> Distribution:
    try:
        given = read_text(value["distribution"]).strip()
    except ReadError as wrong:
        raise ReadError(*wrong.under("distribution")) from None
    name = _EVERYDAY.get(given.lower(), given)
    if "mean" in value or "cv" in value:
        return _from_moments(name, given, value)
    return _from_parameters(name, given, value)


def _read_cv(value: Any) -> float:
    refuse_plus(value)
    return read_number(value)


def _from_moments(name: str, given: str, value: Mapping[str, Any]) -> Distribution:
    faults: list[Fault] = []
    if name not in BY_MOMENTS:
        try:
            wanted = " and ".join([*_shape_names(_scipy(name, given)), "loc", "scale"])
            faults.append(Fault(f"{given} is not given by mean and cv, but by {wanted}", ("distribution",)))
        except ReadError as wrong:
            faults += wrong.faults
    faults += [
        Fault(f"cannot stand beside mean and cv{nearest(key, ['mean', 'cv'])}", (key,), True)
        for key in value
        if key not in ("distribution", "mean", "cv") and name in BY_MOMENTS
    ]
    moments = {"cv": 1.0} if name == "expon" else {}
    for key, read in (("mean", read_duration), ("cv", _read_cv)):
        if key in value:
            try:
                moments[key] = read(value[key])
                if moments[key] <= 0 or (key == "cv" and not 1e-4 <= moments[key] <= 1e4):
                    raise ReadError("must be more than 0" if key == "mean" else "must be between 0.0001 and 10000")
            except ReadError as wrong:
                faults += wrong.under(key)
        elif key not in moments and name in BY_MOMENTS:
            faults.append(Fault(f"{given} needs {key} beside {'cv' if key == 'mean' else 'mean'}"))
    if faults:
        raise ReadError(*faults)
    shapes, loc, scale = BY_MOMENTS[name](moments["mean"], moments["cv"])
    if not to_tick(scale) > 0:
        raise ReadError(Fault("too short for this cv: the scale is less than a millisecond", ("mean",)))
    return Distribution("scipy", name=name, shapes=shapes, loc=to_tick(loc), scale=to_tick(scale))


# -- SciPy's own parameters ----------------------------------------------------------------------


def _scipy(name: str, given: str) -> Any:
    import scipy.stats

    found = getattr(scipy.stats, name, None)
    if not isinstance(found, scipy.stats.rv_continuous):
        known = [key for key, entry in vars(scipy.stats).items() if isinstance(entry, scipy.stats.rv_continuous)]
        hint = nearest(given, [*_EVERYDAY, *known])
        raise ReadError(
            Fault(f"there is no continuous distribution {quoted(given)} in scipy.stats{hint}", ("distribution",))
        )
    return found


def _shape_names(found: Any) -> list[str]:
    return [name.strip() for name in found.shapes.split(",")] if found.shapes else []


def _from_parameters(name: str, given: str, value: Mapping[str, Any]) -> Distribution:
    faults: list[Fault] = []
    try:
        shape_names = _COMMONEST[name] if name in _COMMONEST else _shape_names(_scipy(name, given))
    except ReadError as unknown:  # what can be read without it is read all the same
        shape_names, faults = [], list(unknown.faults)
        value = {key: entry for key, entry in value.items() if key in ("loc", "scale")}
    numbers: dict[str, float] = {"loc": 0.0}
    for key, entry in value.items():
        if key == "distribution":
            continue
        if key not in shape_names and key not in ("loc", "scale"):
            known = [*shape_names, "loc", "scale", *(("mean", "cv") if name in BY_MOMENTS else ())]
            message = f"unknown key: {given} has {', '.join(known)}{nearest(key, known)}"
            faults.append(Fault(message, (key,), True))
            continue
        try:
            read = {"loc": read_signed_duration, "scale": read_positive_duration}.get(key, read_number)
            numbers[key] = read(entry)
        except ReadError as wrong:
            faults += wrong.under(key)
    missing = [key for key in (*shape_names, "scale") if key not in value]
    if missing and "distribution" in value:
        way = " (or mean and cv)" if name in BY_MOMENTS else ""
        faults.append(Fault(f"{given} needs {' and '.join(missing)}{way}"))
    if faults:
        raise ReadError(*faults)
    shapes = tuple((key, numbers[key]) for key in shape_names)
    made = Distribution("scipy", name=name, shapes=shapes, loc=numbers["loc"], scale=numbers["scale"])
    if made.name == "erlang" and made.shapes[0][1] != int(made.shapes[0][1]):
        raise ReadError(Fault("the shape of an Erlang distribution is a whole number", ("a",)))
    if name in _COMMONEST and made.loc >= 0 and all(value > 0 for _, value in shapes):
        return made
    _check_support(made, given)
    seconds = _table_seconds(made)
    if seconds > _LONGEST:
        message = f"SciPy would need about {seconds:,.0f} s for the quantiles of {given}: give some by “quantiles”"
        raise ReadError(Fault(message, ("distribution",)))
    return made


@functools.lru_cache(maxsize=4096)
def _table_seconds(made: Distribution) -> float:
    """How long the table of quantiles will take, from a handful of them."""
    frozen, tails = made.frozen(), (0.25, 2.0**-10, 2.0**-30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frozen.ppf(0.5)  # the first call may have to load something
        began = time.thread_time()
        frozen.ppf(tails)
        frozen.isf(tails)
    return _QUANTILES * (time.thread_time() - began) / (2 * len(tails))


def _check_support(made: Distribution, given: str) -> None:
    low, high = (float(end) for end in made.frozen().support())
    if math.isnan(low) or math.isnan(high):
        shapes = ", ".join(f"{name} = {value:g}" for name, value in made.shapes)
        raise ReadError(f"{given} does not exist with {shapes}")
    if low < 0:
        least = f"down to {duration_text(low)}" if math.isfinite(low) else "without end"
        raise ReadError(f"a duration cannot be negative, but {given} with these parameters reaches below 0, {least}")


Dist = Annotated[
    Distribution,
    BeforeValidator(read_distribution),
    PlainSerializer(Distribution.written, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "examples": ["5 min"]},
                {
                    "type": "object",
                    "required": ["distribution"],
                    "properties": {"distribution": {"type": "string"}},
                },
                {
                    "type": "object",
                    "required": ["quantiles"],
                    "properties": {"quantiles": {"type": "object"}},
                },
            ]
        }
    ),
]
