"""How a simulation is held against an exact value, and the table of what was found (`make sizes`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.inference import interval

#: Of the 95 % interval, each way, relative to the exact value: a wider one would let a broken model pass.
WIDTH = 0.03


class Held(NamedTuple):
    """A mean over replications beside a value; `is_exact`: it was to be met, else a broken model's, to be rejected."""

    z: float
    width: float
    is_met: bool


#: What has been held against exact values in the test that runs.
HELD: list[Held] = []


def agrees(values: np.ndarray, exact: float, width: float = WIDTH) -> bool:
    """Whether the mean over replications lies within four standard errors of a value.

    The interval must be narrow: raises `AssertionError` if it is not.
    """
    found = interval(values)
    error = float(np.std(values, ddof=1)) / np.sqrt(len(values))
    off = found.mean - exact
    half = (found.upper - found.lower) / 2 / exact
    assert half <= width, f"{found} is too wide to see much of {exact:.6g}"
    is_met = bool(abs(off) <= 4 * error)
    HELD.append(Held(off / error if error > 0 else (0.0 if off == 0 else np.inf), half, is_met))
    print(f"{found.mean:.6g}, exactly {exact:.6g}: z {HELD[-1].z:+.2f}")
    return is_met


def line(name: str, held: list[Held]) -> str:
    """A row of the table of sizes: what a test held, and what it rejected."""
    met = [one for one in held if one.is_met]
    rejected = [abs(one.z) for one in held if not one.is_met]
    if not met:
        return ""
    worst = max(met, key=lambda one: abs(one.z))
    twins = f"{len(rejected)}, from {min(rejected):.0f}" if rejected else "–"
    widest = f"{100 * max(one.width for one in met):.1f} %"
    return f"| {name} | {len(met)} | {worst.z:+.1f} | {widest} | {twins} |"
