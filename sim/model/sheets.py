"""The sheets of a run, month by month: from what an engine has counted to scores, ranks, lists and pressure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.model.city import City
from sim.model.facts import CELL_BITS
from sim.model.policies import ranking, sheet
from sim.model.policies.sheet import REQUESTS, Floats, Ints, Page


class Sheets:
    """Those of one replication; a month's are made once, when they are published or at the end."""

    def __init__(self, city: City, stream: int) -> None:
        assert city.sheet is not None
        self.city, self.sheet, self.stream = city, city.sheet, stream
        self.units: Ints = self.sheet.places[self.sheet.levels >= 0]  # the pools that have a sheet
        self.pages: list[Page] = []
        self.pressures: list[Floats] = []  # after each month, by place

    def judge(self, month: int, counted: Ints) -> Floats:
        """The pressure of the units after a month; ``counted`` as in ``Engine.counted``."""
        while len(self.pages) <= month:
            self._add(len(self.pages), counted)
        return self.pressures[month][self.sheet.levels >= 0]

    def _add(self, month: int, counted: Ints) -> None:
        now = sheet.page(self.sheet, month, counted, self.stream)
        if (plan := self.city.ranking) is not None:
            before = self.pressures[-1] if self.pressures else np.zeros(len(now.score))
            self.pressures.append(ranking.pressures(plan, now, before))
        self.pages.append(now)

    def rows(self, counted: Ints) -> Iterator[tuple[float | int, ...]]:
        """All of them, as ``facts.SCORE``, month by month: the units, then the districts."""
        plan, of = self.city.ranking, self.sheet
        for month in range(len(of.months)):
            if month == len(self.pages):
                self._add(month, counted)
            now, before = self.pages[month], self.pages[month - 1] if month else None
            on = np.full((len(ranking.LISTS), len(now.score)), -1)
            pressure = np.full(len(now.score), np.nan)
            if plan is not None:
                on = np.stack(list(ranking.lists(plan, of, now, before, self.stream).values()))
                pressure = np.where(of.levels >= 0, self.pressures[month], np.nan)
            published = of.published[month] if of.published[month] < self.city.end else np.inf
            sums = np.stack([sheet.having(now.counts, *bits) for bits in CELL_BITS], axis=1)
            for i, place in enumerate(of.places.tolist()):
                is_unit = place < of.pools
                yield (
                    month,
                    place if is_unit else -1,
                    -1 if is_unit else place - of.pools,
                    int(of.levels[i]),
                    float(published),
                    bool(of.whole[month]),
                    *sums[i].tolist(),
                    int(now.counts[i, REQUESTS]),
                    float(now.score[i]),
                    int(now.rank[i]),
                    int(now.ranked[i]),
                    *on[:, i].tolist(),
                    float(pressure[i]),
                )
