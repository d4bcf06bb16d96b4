"""The calls of contacts that are not over: they count when their contact does, which is known when its row comes.

A table with open addressing: the sums of a contact's calls stand under its number, at or after its home.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.measurement.compiled import entry, part

_EMPTY = -1


class Waiting:
    """Sums of ``width`` quantities by the number of a contact, until they are taken."""

    def __init__(self, width: int) -> None:
        self.numbers = np.full(16, _EMPTY, np.int64)
        self.sums = np.zeros((16, width))
        self.size = np.zeros(1, np.int64)

    def make_room(self, more: int) -> None:
        """At least half of the table stays empty when ``more`` contacts have come."""
        slots = len(self.numbers)
        while slots < 2 * (int(self.size[0]) + more):
            slots *= 2
        if slots > len(self.numbers):
            numbers, sums = self.numbers, self.sums
            self.numbers, self.sums = np.full(slots, _EMPTY, np.int64), np.zeros((slots, sums.shape[1]))
            _move(numbers, sums, self.numbers, self.sums)


@part
def home(numbers: Any, number: Any) -> Any:
    """Where a contact belongs: multiplicative hashing (Knuth, TAOCP 3, 6.4), but eight in a row, in number
    and so in time, stand side by side, which spares the memory.
    """
    eight = ((number & 0x7FFFFFFF) >> 3) * 2654435769 >> 12
    return (eight << 3 | number & 7) & (numbers.shape[0] - 1)


@part
def find(numbers: Any, number: Any) -> Any:
    """Where a contact is, or the empty place for it."""
    at = home(numbers, number)
    while numbers[at] != number and numbers[at] != _EMPTY:
        at = (at + 1) & (numbers.shape[0] - 1)
    return at


@part
def room_for(numbers: Any, size: Any, number: Any) -> Any:
    """Where the sums of a contact are to be, new or known."""
    at = find(numbers, number)
    if numbers[at] == _EMPTY:
        numbers[at] = number
        size[0] += 1
    return at


@part
def take(numbers: Any, sums: Any, size: Any, number: Any, into: Any) -> Any:
    """Add a contact's sums ``into`` a vector, and forget them; says whether there were any."""
    hole = find(numbers, number)
    if numbers[hole] == _EMPTY:
        return False
    for j in range(into.shape[0]):
        into[j] += sums[hole, j]
    size[0] -= 1
    last = numbers.shape[0] - 1
    at = (hole + 1) & last
    while numbers[at] != _EMPTY:  # those behind it move up, but none before its home
        if ((at - home(numbers, numbers[at])) & last) >= ((at - hole) & last):
            numbers[hole] = numbers[at]
            sums[hole] = sums[at]
            hole = at
        at = (at + 1) & last
    numbers[hole] = _EMPTY
    sums[hole] = 0.0
    return True


@part
def is_full(numbers: Any, size: Any) -> Any:
    """Whether room must be made before one more contact comes."""
    return 2 * (size[0] + 1) > numbers.shape[0]


@entry
def _move(numbers: Any, sums: Any, new_numbers: Any, new_sums: Any) -> None:
    for i in range(numbers.shape[0]):
        if numbers[i] != _EMPTY:
            at = find(new_numbers, numbers[i])
            new_numbers[at] = numbers[i]
            new_sums[at] = sums[i]
