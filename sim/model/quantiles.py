"""Tables of quantiles, by which durations are drawn.

The commonest distributions are told by ``scipy.special``, to the last bit as ``scipy.stats`` has them: that takes most
of a second to be imported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sim.model.draws import CELLS, OCTAVES, Tables

if TYPE_CHECKING:
    from sim.scenario.distributions import Distribution


def _tail_nodes() -> NDArray[np.float64]:
    octave, cell = np.divmod(np.arange(OCTAVES * CELLS + 1), CELLS)
    return np.asarray(np.ldexp(1.0 - cell / (2 * CELLS), -octave - 1))


TAILS = _tail_nodes()  #: probabilities of the nodes


def _lognorm(tails: Any, s: float) -> tuple[Any, Any]:
    z = special.ndtri(tails)
    return np.exp(s * z), np.exp(s * -z)


def _gamma(tails: Any, a: float) -> tuple[Any, Any]:
    return special.gammaincinv(a, tails), special.gammainccinv(a, tails)


#: The quantiles at probabilities, and at one minus them, of location 0 and scale 1, from the shapes in SciPy's order.
_COMMONEST: dict[str, Callable[..., tuple[Any, Any]]] = {
    "expon": lambda tails: (-special.log1p(-tails), -np.log(tails)),
    "lognorm": _lognorm,
    "gamma": _gamma,
    "erlang": _gamma,
}


def at_nodes(spec: Distribution) -> NDArray[np.float64]:
    """The values, in hours, at the nodes of the lower and of the upper tail: two rows."""
    if spec.kind == "constant":
        return np.full((2, TAILS.size), spec.value)
    if spec.kind == "quantiles":
        return np.asarray(np.interp(np.stack([TAILS, 1.0 - TAILS]), spec.probabilities, spec.values))
    if spec.name in _COMMONEST:
        rows = np.stack(_COMMONEST[spec.name](TAILS, *(value for _, value in spec.shapes)))
        return np.asarray(rows * spec.scale + spec.loc)
    frozen = spec.frozen()
    return np.stack([np.asarray(frozen.ppf(TAILS)), np.asarray(frozen.isf(TAILS))])


#: A tail that holds more of the mean than this beyond 2⁻⁴⁰ is cut off there; else all quantiles carry what is missing.
_SMALL = 1e-3


def _table(spec: Distribution) -> NDArray[np.float64]:
    """The two rows of one distribution; its mean is made exact by a factor, unless its tail is too heavy for that."""
    rows = at_nodes(spec)
    if spec.kind == "scipy" and 0 < spec.mean < math.inf:
        inner = np.sum((rows[:, 1:] + rows[:, :-1]) / 2 * -np.diff(TAILS))
        factor = spec.mean / (inner + rows[:, -1].sum() * TAILS[-1])
        if abs(factor - 1.0) < _SMALL:
            rows *= factor
    return rows


def tables_of(specs: Iterable[Distribution]) -> Tables:
    """Quantile tables of several distributions, or of none: rows 2·i and 2·i + 1 are those of the i-th."""
    return np.ascontiguousarray(np.concatenate([np.zeros((0, TAILS.size)), *map(_table, specs)]))
