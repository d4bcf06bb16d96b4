"""Parameters of a distribution from its mean and coefficient of variation, without SciPy.

Formulas by matching the first two moments: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions
(1994). Each function takes the mean (hours) and cv, both > 0, and returns the shapes in SciPy's order, loc
and scale (hours).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from sim.scenario.errors import Fault, ReadError

Parameters = tuple[tuple[str, float], ...]


def _expon(mean: float, cv: float) -> tuple[Parameters, float, float]:
    if abs(cv - 1) > 1e-9:
        raise ReadError(Fault("an exponential distribution has cv 1: leave it out", ("cv",)))
    return (), 0.0, mean


def _lognorm(mean: float, cv: float) -> tuple[Parameters, float, float]:
    return (("s", math.sqrt(math.log1p(cv * cv))),), 0.0, mean / math.sqrt(1 + cv * cv)


def _gamma(mean: float, cv: float) -> tuple[Parameters, float, float]:
    return (("a", 1 / cv**2),), 0.0, mean * cv**2


def _erlang(mean: float, cv: float) -> tuple[Parameters, float, float]:
    phases = max(1, round(1 / cv**2))
    if abs(cv * math.sqrt(phases) - 1) > 1e-3:
        near = 1 / math.sqrt(phases)
        raise ReadError(Fault(f"an Erlang distribution has cv 1/√k, the nearest is {near:.6g} (k = {phases})", ("cv",)))
    return (("a", float(phases)),), 0.0, mean / phases


def _invgauss(mean: float, cv: float) -> tuple[Parameters, float, float]:
    return (("mu", cv**2),), 0.0, mean / cv**2


def _uniform(mean: float, cv: float) -> tuple[Parameters, float, float]:
    half = math.sqrt(3) * cv * mean
    if half > mean * (1 + 1e-12):
        raise ReadError(Fault("a uniform distribution of durations has a cv of at most 1/√3 = 0.577", ("cv",)))
    return (), max(0.0, mean - half), 2 * half


def _weibull_min(mean: float, cv: float) -> tuple[Parameters, float, float]:
    """cv² + 1 = Γ(1+2/c)/Γ(1+1/c)² falls in c, so the shape is found by halving an interval in log c."""
    if not 0.01 <= cv <= 100:
        raise ReadError(Fault("a Weibull distribution is found for a cv from 0.01 to 100 only", ("cv",)))
    target, low, high = math.log1p(cv * cv), math.log(0.05), math.log(1000)
    for _ in range(200):
        middle = (low + high) / 2
        c = math.exp(middle)
        low, high = (middle, high) if math.lgamma(1 + 2 / c) - 2 * math.lgamma(1 + 1 / c) > target else (low, middle)
    c = math.exp((low + high) / 2)
    return (("c", c),), 0.0, mean / math.gamma(1 + 1 / c)


BY_MOMENTS: dict[str, Callable[[float, float], tuple[Parameters, float, float]]] = {
    "expon": _expon,
    "lognorm": _lognorm,
    "gamma": _gamma,
    "erlang": _erlang,
    "weibull_min": _weibull_min,
    "invgauss": _invgauss,
    "uniform": _uniform,
}

#: The mean for location 0 and scale 1, from the shapes, of those whose mean SciPy need not be asked for.
MEANS: dict[str, Callable[..., float]] = {
    "expon": lambda: 1.0,
    "lognorm": lambda s: math.sqrt(math.exp(s * s)),
    "gamma": lambda a: a,
    "erlang": lambda a: a,
}
