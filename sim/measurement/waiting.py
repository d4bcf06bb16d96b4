"""The calls of contacts that are not over: they count when their contact does, which is known when its row comes.

A table with chains. Who leaves makes room for who comes next, so that of the many whose contact is over in minutes all
use the same few places, which stay in the processor's cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.measurement.compiled import entry, part

_NONE = -1
#: Columns of ``links``: the first place of the chain that has this home; the contact at this place, and the next place
#: of its chain or of those that are free.
_FIRST, _NUMBER, _NEXT = 0, 1, 2


class Waiting:
    """Sums of ``width`` quantities by the number of a contact, until they are taken.

    ``size``: how many there are, and the first free place.
    """

    def __init__(self, width: int) -> None:
        self.links, self.sums = np.full((0, 3), _NONE, np.int64), np.zeros((0, width))
        self.size = np.array([0, _NONE])
        self.make_room(16)

    def make_room(self, more: int) -> None:
        """Places for ``more`` contacts; their number is a power of two."""
        old, places = len(self.links), max(len(self.links), 1)
        while places < int(self.size[0]) + more:
            places *= 2
        if places > old:
            added = np.full((places - old, 3), _NONE, np.int64)
            added[:, _NEXT] = np.append(np.arange(old + 1, places), self.size[1])
            self.size[1] = old
            self.links = np.concatenate([self.links, added])
            self.sums = np.concatenate([self.sums, np.zeros((places - old, self.sums.shape[1]))])
            _chain(self.links)


@part
def home(links: Any, number: Any) -> Any:
    """Where the chain of a contact begins."""
    return number & (links.shape[0] - 1)


@part
def is_full(links: Any, size: Any) -> Any:
    """Whether room must be made before one more contact comes."""
    return size[0] == links.shape[0]


@part
def room_for(links: Any, size: Any, number: Any) -> Any:
    """Where the sums of a contact are to be, new or known."""
    chain = home(links, number)
    at = links[chain, _FIRST]
    while at != _NONE and links[at, _NUMBER] != number:
        at = links[at, _NEXT]
    if at == _NONE:
        at = size[1]
        size[1] = links[at, _NEXT]
        size[0] += 1
        links[at, _NUMBER], links[at, _NEXT] = number, links[chain, _FIRST]
        links[chain, _FIRST] = at
    return at


@part
def take(links: Any, sums: Any, size: Any, number: Any, into: Any) -> Any:
    """Add a contact's sums ``into`` a vector, and forget them; says whether there were any."""
    before, column = home(links, number), _FIRST
    at = links[before, _FIRST]
    while at != _NONE and links[at, _NUMBER] != number:
        before, column = at, _NEXT
        at = links[at, _NEXT]
    if at == _NONE:
        return False
    for j in range(into.shape[0]):
        into[j] += sums[at, j]
        sums[at, j] = 0.0
    links[before, column] = links[at, _NEXT]
    links[at, _NUMBER], links[at, _NEXT] = _NONE, size[1]
    size[1] = at
    size[0] -= 1
    return True


@entry
def _chain(links: Any) -> None:
    """Chain all contacts anew."""
    for i in range(links.shape[0]):
        links[i, _FIRST] = _NONE
    for i in range(links.shape[0]):
        if links[i, _NUMBER] != _NONE:
            chain = home(links, links[i, _NUMBER])
            links[i, _NEXT] = links[chain, _FIRST]
            links[chain, _FIRST] = i
