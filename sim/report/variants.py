"""The variants of a comparison beside its baseline, as the terminal and the report tell of them."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from sim.inference import same_requests
from sim.measurement.grouping import group_values
from sim.model.city import build_city
from sim.report.changes import changed_values, what_differs
from sim.report.formats import beside, rows_of
from sim.report.modelled import in_neither
from sim.report.officers import officers
from sim.report.results import Results
from sim.scenario.errors import read_path

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.compare import Comparison
    from sim.model.city import City

#: Rows of differences by measure, dimension ("" for the whole city) and group.
Rows = dict[tuple[str, str, str], Any]


class Variant:
    """A variant beside the baseline.

    ``hidden``: measures that neither models. ``rows``: the differences in all others, of groups of one dimension.
    ``others``: whether the whole city's requests are others than in the baseline. ``staff``: officers by unit, in the
    baseline and here.
    """

    def __init__(self, comparison: Comparison, number: int, base: Results, base_city: City) -> None:
        self.comparison = comparison
        self.number, self.name, self.scenario = number, comparison.names[number], comparison.scenarios[number]
        self.base, self.results = base, _results(comparison, number)
        self.hidden = in_neither((comparison.scenarios[0], self.scenario))
        table = comparison.differences
        self.rows: Rows = {}
        for row in rows_of(table[(table["scenario"] == self.name) & ~table["measure"].isin(self.hidden)]):
            group = group_values(row.group)
            if len(group) < 2:
                self.rows[row.measure, row.group_by, group[0] if group else ""] = row
        self.others = any(row.other_requests for (_, by, _), row in self.rows.items() if by == "")
        self.cities = base_city, build_city(self.scenario)
        self.staff = officers(self.cities[0]), officers(self.cities[1])
        self.pairs = comparison.requests[comparison.requests["scenario"] == self.name]

    @cached_property
    def differs(self) -> list[str]:
        """What differs from the baseline, in sentences."""
        return what_differs(*self.cities)

    @cached_property
    def touched(self) -> frozenset[str]:
        """The names of what has values that differ, such as those of categories."""
        values = changed_values(self.comparison.scenarios[0], self.scenario)
        return frozenset(step for value in values for step, _ in read_path(value.path)[0])

    def same_requests(self, group_by: str = "") -> pd.DataFrame:
        """What differs in the requests that both have, of the whole city or by group."""
        return same_requests(self.pairs, self.name, group_by, relevance=self.comparison.relevance)

    def texts(self, measure: str, unreached: str) -> list[str]:
        """A measure of the whole city in the baseline and here."""
        found = [results.city(measure) for results in (self.base, self.results)]
        texts = beside([estimate.mean for estimate in found], found[0].unit)
        return [text if estimate.reached else unreached for estimate, text in zip(found, texts, strict=True)]


@lru_cache(maxsize=1)
def variants(comparison: Comparison) -> list[Variant]:
    """All of them, in their order; made once for the terminal and the page."""
    base, city = _results(comparison, 0), build_city(comparison.scenarios[0])
    return [Variant(comparison, number, base, city) for number in range(1, len(comparison.names))]


def _results(comparison: Comparison, number: int) -> Results:
    measures = comparison.measures
    return Results(measures[measures["scenario"] == comparison.names[number]], comparison.scenarios[number])
