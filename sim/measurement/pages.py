"""The histogram of ``histogram.py`` for each of many groups at once, filled by compiled code.

Bins lie on pages of 64, and only pages on which something is counted take room.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.measurement.compiled import maker, part
from sim.measurement.grouping import Floats, Ints
from sim.measurement.histogram import EDGES, NOT_REACHED, REPRESENTATIVE

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


@part
def bin_of(hours: Any, log: Any) -> Any:
    """What ``bins`` gives for one duration, whose logarithm is known."""
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


@part
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
