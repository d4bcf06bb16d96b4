"""Random numbers as pure functions.

Every draw is ``uniform(stream, purpose, key, index)``: the replication's stream, a named purpose, the 64-bit key of
the thing it is drawn for, and the natural number of the occasion (try, hop, round). Nothing has a hidden state, so
two scenarios differ, request by request, only where a policy touched them.

The generator is Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"). Its
128-bit counter holds (key, purpose, index), its 64-bit key the stream.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.model.compiling import rule, standalone

#: Instants and durations are multiples of 1/TICKS hours (3.4 µs), so that their sums are exact in float64.
TICKS = float(2**30)

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ELEVEN = np.uint64(11)
_IDENTITY = np.uint64(0x6369747973696D31)  # the Philox key under which things are named, not drawn


@rule("UniTuple(uint64, 2)(uint64, uint64, uint64)")
def philox(key: Any, high: Any, low: Any) -> Any:
    """Philox4x32-10: the four output words of one block, as two 64-bit numbers (words 1·0 and 3·2).

    ``low`` holds counter words 0 and 1, ``high`` words 2 and 3, ``key`` the two key words; the first of each is the
    less significant half.
    """
    c0, c1 = low & _LOW, low >> _SHIFT
    c2, c3 = high & _LOW, high >> _SHIFT
    k0, k1 = key & _LOW, key >> _SHIFT
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _LOW, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return (c1 << _SHIFT) | c0, (c3 << _SHIFT) | c2


@rule("float64(uint64)")
def unit(bits: Any) -> Any:
    """A number of the open interval (0, 1): the upper 53 bits, then a half."""
    return (np.float64(bits >> _ELEVEN) + 0.5) * (1.0 / 9007199254740992.0)


@rule("float64(uint64, uint64, uint64, uint64)")
def uniform(stream: Any, purpose: Any, key: Any, index: Any) -> Any:
    """A number of the open interval (0, 1)."""
    bits, _ = philox(stream, (index << _SHIFT) | purpose, key)
    return unit(bits)


@rule("uint64(uint64)")
def mixed(bits: Any) -> Any:
    """The bits scrambled, one to one: the output function of SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable
    pseudorandom number generators").
    """
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


@standalone("float64[:](uint64, uint64, uint64[::1], uint64[::1])")
def uniforms(stream: Any, purpose: Any, keys: Any, indices: Any) -> Any:
    """``uniform`` for arrays of keys and indices of equal length."""
    out = np.empty(keys.shape[0])
    for i in range(keys.shape[0]):
        out[i] = uniform(stream, purpose, keys[i], indices[i])
    return out


@rule("uint64(uint64, uint64, uint64, uint64)")
def block(stream: Any, purpose: Any, key: Any, index: Any) -> Any:
    """64 random bits, of which several numbers are made by ``mixed``."""
    bits, _ = philox(stream, (index << _SHIFT) | purpose, key)
    return bits


@rule("uint64(uint64, uint64, uint64)")
def child(key: Any, tag: Any, index: Any) -> Any:
    """The key of the ``index``-th thing that belongs to ``key``: a report of a problem, a repeat of a contact."""
    name, _ = philox(_IDENTITY, (index << _SHIFT) | tag, key)
    return name


@rule("float64(float64)")
def on_grid(hours: Any) -> Any:
    """Hours rounded to the grid of instants; infinity stays infinity."""
    return np.floor(hours * 1073741824.0 + 0.5) / 1073741824.0 if hours < 1e9 else math.inf


# --- names -----------------------------------------------------------------------------------------------------------


def name_key(*names: str) -> int:
    """The 64-bit key of a name or of several (BLAKE2b), the same for ever and on every machine."""
    text = "\x1f".join(names).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def errand_key(mechanism: str, place: str, date: str, ordinal: int = 0) -> int:
    """The key of an errand: of which mechanism, at which pool, on which day, the how-many-th of that day."""
    return name_key("errand", mechanism, place, date, str(ordinal))


def purpose(name: str) -> int:
    """The 32-bit number of a named purpose of drawing. Purposes are stable for ever."""
    return name_key("purpose", name) & 0xFFFFFFFF


def stream(seed: int, replication: int) -> int:
    """The Philox key of one replication: of (seed, replication), by Philox itself."""
    low, _ = philox(_IDENTITY, np.uint64(replication), np.uint64(seed & (2**64 - 1)))
    return int(low)


# --- quantile tables ---------------------------------------------------------------------------------------------

#: Tables cover each tail from 1/2 down to 2⁻⁴⁰, in octaves of 32 cells.
OCTAVES, CELLS = 39, 32
Tables = NDArray[np.float64]

_HALF = 1022 << 52  # the bits of 1/2
_CELL_BITS = 47  # of the 52 bits of an octave, those within one of its cells
_CELL = 1 << _CELL_BITS


@rule("float64(float64[:, :], int64, float64)")
def quantile(tables: Any, shape: Any, u: Any) -> Any:
    """The value of table ``shape`` at probability ``u`` in (0, 1), in hours, on the grid of instants.

    Rows 2·shape and 2·shape + 1 hold the lower and the upper tail. Node ``32·o + c`` stands at the tail probability
    min(u, 1 − u) = 2⁻⁽ᵒ⁺¹⁾ · (1 − c/64); between nodes the value is linear.
    """
    upper = u > 0.5
    tail, row = 1.0 - u if upper else u, 2 * shape + upper
    # The bits of a float read as a number are linear within an octave and go on from one to the next, as the nodes do.
    depth = _HALF - np.float64(tail).view(np.int64)
    at = depth >> _CELL_BITS
    if at >= OCTAVES * CELLS:
        return on_grid(tables[row, OCTAVES * CELLS])
    left = tables[row, at]
    return on_grid(left + (tables[row, at + 1] - left) * ((depth & (_CELL - 1)) / _CELL))


@rule("float64(float64[:, :], int64, uint64, uint64, uint64, uint64)")
def duration(tables: Any, shape: Any, stream: Any, purpose: Any, key: Any, index: Any) -> Any:
    """A duration in hours drawn from table ``shape``."""
    return quantile(tables, shape, uniform(stream, purpose, key, index))
