"""One fixed logarithmic histogram, the only source of quantiles.

Bins are half a percent wide, so a quantile is within a quarter of a percent of the exact one, however
many requests there were and however they were streamed. It is computed from integer counts alone: two
ways of filling the same counts give the same bits.

Bin 0 holds zero; bin k ≥ 1 holds [e(k−1), e(k)) with e(k) = 2⁻³⁰ · 1.005ᵏ hours, up to 950 years. The last
bin holds what was not reached before the run ended: it ranks after everything else, and a quantile that
falls there is null.

Groups have a histogram each, filled by compiled code: bins lie on pages of 64, and only pages on which something is
counted take room.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.measurement.compiled import inlined, maker
from sim.measurement.grouping import Floats, Ints

#: How wide a bin is, as a part of what it holds.
GRID = 0.005

_REGULAR = 7367  # bins of half a percent from one tick to beyond 2²³ hours

#: The edges e(0) … e(7367) in hours: repeated products, which unlike powers are the same on every machine.
EDGES: Floats = np.cumprod(np.concatenate([[2.0**-30], np.full(_REGULAR, 1.005)]))

#: The bin of what was not reached; there are ``NOT_REACHED + 1`` bins.
NOT_REACHED = _REGULAR + 1

#: What a bin's contents are taken for (hours): zero, the geometric middle, null.
REPRESENTATIVE: Floats = np.concatenate([[0.0], np.sqrt(EDGES[:-1] * EDGES[1:]), [np.nan]])

_PAGE = 64
_PAGES = NOT_REACHED // _PAGE + 1
_LOG_FIRST, _PER_LOG = math.log(EDGES[0]), 1 / math.log(1.005)


#: Cases that all groups of a histogram may have together: no count runs over below that.
MOST_CASES = 2**32


class Histograms:
    """Counts of durations for each of ``groups`` groups.

    ``page_of`` [groups, 116] says which row of ``pages`` a page is, 0 for none; ``used`` [1] how many there are.
    """

    def __init__(self, groups: int) -> None:
        self.page_of = np.zeros((groups, _PAGES), np.int32)
        self.pages = np.zeros((64, _PAGE), np.uint32)
        self.used = np.ones(1, np.int64)

    def make_room(self) -> None:
        """Twice as many pages."""
        self.pages = np.concatenate([self.pages, np.zeros_like(self.pages)])

    def quantiles(self, codes: Ints, groups: int, percents: Sequence[int]) -> tuple[Floats, Floats]:
        """Quantiles (hours; percents × groups) of all cases, and of those that were reached.

        ``codes`` tells to which of the new groups each of the old ones belongs, −1 for none.
        """
        order = np.argsort(codes, kind="stable")
        begins = np.searchsorted(codes[order], np.arange(groups + 1))
        found = np.full((2, len(percents), groups), np.nan)
        _quantiles(self.page_of, self.pages, order, begins, np.array(percents), REPRESENTATIVE, found)
        return found[0], found[1]


@inlined
def bin_of(hours: Any, log: Any) -> Any:
    """The bin of one duration (hours ≥ 0; infinity = not reached), whose logarithm is known."""
    if hours == math.inf:
        return NOT_REACHED
    if not 0.0 <= hours < EDGES[-1]:
        raise ValueError("a histogram holds durations from 0 to 950 years, in hours, or infinity")
    if hours < EDGES[0]:
        return 0
    k = min(max(int((log - _LOG_FIRST) * _PER_LOG) + 1, 1), NOT_REACHED - 1)
    while hours < EDGES[k - 1]:
        k -= 1
    while hours >= EDGES[k]:
        k += 1
    return k


@inlined
def count(page_of: Any, pages: Any, used: Any, group: Any, number: Any) -> Any:
    """One more in a bin of a group; there must be room for a page."""
    page = page_of[group, number // _PAGE]
    if page == 0:
        page = np.int32(used[0])
        page_of[group, number // _PAGE] = page
        used[0] += 1
    pages[page, number % _PAGE] += np.uint32(1)


@maker
def _quantiles(page_of: Any, pages: Any, order: Any, begins: Any, percents: Any, hours: Any, found: Any) -> None:
    counts = np.zeros(_PAGES * _PAGE, np.int64)
    for group in range(begins.shape[0] - 1):
        first, last = _PAGES, 0  # of the pages on which something is counted
        for i in range(begins[group], begins[group + 1]):
            for number in range(_PAGES):
                page = page_of[order[i], number]
                if page > 0:
                    for k in range(_PAGE):  # adding slices takes seconds to compile
                        counts[number * _PAGE + k] += pages[page, k]
                    first, last = min(first, number), max(last, number + 1)
        counted = counts[first * _PAGE : last * _PAGE]
        size = counted.sum()
        for twin in range(2):
            if size > 0:
                number, below = first * _PAGE, counted[0]
                for p in range(percents.shape[0]):
                    while below < max(1, -(-percents[p] * size // 100)):
                        number += 1
                        below += counts[number]
                    found[twin, p, group] = hours[number]
            size -= counts[NOT_REACHED]
        counted[:] = 0
