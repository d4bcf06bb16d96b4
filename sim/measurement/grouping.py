"""Groups: districts, units, months … and their combinations, and sums over them.

What a row adds is not kept by row, but in *slots*: a slot holds what has been added up for one combination, say of
a district and a category. Every group is made of slots.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Dimension:
    """One property of rows: ``places`` gives the number of the label for each code of a raw row.

    What has no label has the number ``len(labels)``; the last of ``places`` is such, so that code −1 finds it.
    """

    labels: list[str]
    places: Ints


def by_name(names: Sequence[str], labels: Iterable[str]) -> Dimension:
    """What the codes 0, 1, … stand for, and the names that make groups, in their order."""
    kept = list(dict.fromkeys(labels))
    number = {label: i for i, label in enumerate(kept)}
    return Dimension(kept, np.array([*(number.get(name, len(kept)) for name in names), len(kept)], dtype=np.int64))


def by_month(start: date, first: float, last: float) -> Dimension:
    """The months ("2024-03") that [first, last) touches; the codes are days.

    Hours and days count from the midnight at which ``start`` begins.
    """

    def month(day: float) -> int:
        return int((np.datetime64(start, "D") + int(day)).astype("datetime64[M]").astype(np.int64))

    begin, end, days = month(first // 24), month(np.ceil(last / 24) - 1), int(np.ceil(last / 24))
    labels = [str(np.datetime64(number, "M")) for number in range(begin, end + 1)]
    dates = (np.datetime64(start, "D") + np.arange(days)).astype("datetime64[M]").astype(np.int64)
    places = np.append(dates - begin, -1)
    return Dimension(labels, np.where((places < 0) | (places > end - begin), len(labels), places))


@dataclass(frozen=True)
class Axis:
    """The groups of one ``group_by``: a code for each part of the sums, −1 for none, and the values of each group."""

    codes: Ints
    values: list[tuple[str, ...]]

    @cached_property
    def groups(self) -> list[str]:
        """Each group as the table of measures has it."""
        return [group_text(value) for value in self.values]

    def sum(self, parts: Floats) -> Floats:
        """The sum of the parts of each group."""
        return np.asarray(np.bincount(self._bins, parts, minlength=len(self.values) + 1)[1:], np.float64)

    @cached_property
    def _bins(self) -> Ints:
        return self.codes + 1


class Slots:
    """The slots of some ``blocks``, each of them all combinations of dimensions, and the axes that read them.

    A dimension has one more place than labels in a block, for what has no label.
    """

    def __init__(self, dimensions: Mapping[str, Dimension], blocks: Sequence[str]) -> None:
        self.dimensions, self.blocks = dimensions, [block.split("+") for block in blocks]
        self.shapes = [[len(dimensions[name].labels) + 1 for name in block] for block in self.blocks]
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        self.begins, self.count = [0, *np.cumsum(sizes).tolist()], sum(sizes)
        self._axes: dict[str, Axis] = {}

    def steps(self, block: str, name: str) -> Ints:
        """By a row's code in a dimension: its part of the slot in a block. The parts of all dimensions add up."""
        names = block.split("+")
        number, at = self.blocks.index(names), names.index(name)
        begin = self.begins[number] if at == 0 else 0
        return begin + self.dimensions[name].places * int(np.prod(self.shapes[number][at + 1 :]))

    def __getitem__(self, group_by: str) -> Axis:
        """The axis of "" (the whole city), of a dimension, or of several joined by "+" (all combinations)."""
        if group_by not in self._axes:
            names = group_by.split("+") if group_by else []
            number = self._block(group_by)
            if number is None:
                raise KeyError(group_by)
            places = dict(zip(self.blocks[number], np.indices(self.shapes[number]), strict=True))
            code = np.zeros(self.shapes[number], dtype=np.int64)
            for name in names:
                size = len(self.dimensions[name].labels)
                code = np.where((code < 0) | (places[name] == size), -1, code * size + places[name])
            codes = np.full(self.count, -1, dtype=np.int64)
            codes[self.begins[number] : self.begins[number + 1]] = code.ravel()
            self._axes[group_by] = Axis(codes, list(product(*(self.dimensions[name].labels for name in names))))
        return self._axes[group_by]

    def __contains__(self, group_by: str) -> bool:
        return self._block(group_by) is not None

    def _block(self, group_by: str) -> int | None:
        """The first block that knows all these dimensions."""
        names = set(group_by.split("+") if group_by else ())
        return next((i for i, block in enumerate(self.blocks) if names <= set(block)), None)


Axes = Slots | Mapping[str, Axis]


def group_text(values: Iterable[str]) -> str:
    """The values of a group as a JSON list."""
    return f"[{', '.join(map(_quoted, values))}]"


@lru_cache(maxsize=1 << 16)
def group_values(text: str) -> tuple[str, ...]:
    """The values of a group from its JSON list."""
    return tuple(json.loads(text))


@cache
def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
