"""The measures of one scenario as the report asks for them: a mean with its interval, by measure and group."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.inference import gaps, summary
from sim.inference.gaps import FEWEST, places_of
from sim.measurement import REGISTRY
from sim.measurement.grouping import group_values
from sim.report.formats import interval, number, rows_of

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario

#: What the report shows of each grouping; a grouping of two dimensions is large, so only of these measures.
_GROUPS = ("", "district", "category", "unit", "pool", "cause", "measure")
_PAIRS = {
    "district+category": ("breach_share",),
    "unit+cause": ("hours_by_cause",),
}


@dataclass(frozen=True)
class Estimate:
    """The mean of a measure over the replications. ``cases``: its mean denominator; NaN for totals.

    Without a value it is either of nothing (no cases), or not reached: it falls among open requests in some
    replication.
    """

    measure: str
    mean: float
    lower: float
    upper: float
    unit: str
    cases: float
    reached: bool

    @property
    def text(self) -> str:
        """The mean as people read it."""
        return number(self.mean, self.unit) if self.reached else "not reached"

    @property
    def interval(self) -> str:
        """Its interval, empty with one replication."""
        return interval(self)

    @property
    def known(self) -> bool:
        """Whether there is a mean."""
        return not math.isnan(self.mean)

    @property
    def badness(self) -> float:
        """Greater is worse; what is not reached is worst. NaN without cases or where neither way is better."""
        better = REGISTRY[self.measure].better
        if better is None:
            return math.nan
        if not self.reached:
            return math.inf
        return self.mean if better == "lower" else -self.mean


@dataclass(frozen=True)
class Gap:
    """How far apart the means of the districts are, and between which two."""

    estimate: Estimate
    smallest: str
    largest: str


class Results:
    """Estimates by measure and group of one scenario."""

    def __init__(self, measures: pd.DataFrame, scenario: Scenario) -> None:
        self.scenario, self.places = scenario, frozenset(places_of(scenario))
        wanted = measures["group_by"].isin(_GROUPS)
        for group_by, names in _PAIRS.items():
            wanted |= (measures["group_by"] == group_by) & measures["measure"].isin(names)
        self.measures = measures[wanted]
        keys = ["measure", "group_by", "group"]
        numbers = self.measures[[*keys, "denominator"]].assign(
            unreached=self.measures["value"].isna() & (self.measures["denominator"] > 0)
        )
        more = numbers.groupby(keys, sort=False).agg(cases=("denominator", "mean"), unreached=("unreached", "any"))
        apart = gaps(self.measures, self.places)
        table = summary(self.measures, apart=apart).merge(more.reset_index(), on=keys, validate="one_to_one")
        self._groups: dict[tuple[str, str], dict[tuple[str, ...], Estimate]] = {}
        for row in rows_of(table):
            group = group_values(row.group)
            found = Estimate(row.measure, row.mean, row.lower, row.upper, row.unit, row.cases, not row.unreached)
            self._groups.setdefault((row.measure, row.group_by), {})[group] = found
        self._ends = {row.measure: (row.smallest, row.largest) for row in rows_of(apart)}

    def city(self, measure: str) -> Estimate:
        """A measure of the whole city."""
        return self._groups[measure, ""][()]

    def by(self, measure: str, dimension: str) -> dict[str, Estimate]:
        """A measure by the groups of one dimension, in the order of the scenario; empty where there are none."""
        return {group[0]: found for group, found in self._groups.get((measure, dimension), {}).items()}

    def gap(self, measure: str) -> Gap | None:
        """The gap between districts of a measure; None where it is none of equity, or has no value."""
        found = self._groups.get(("equity_gap", "measure"), {}).get((measure,))
        if found is None or not found.known:
            return None
        return Gap(found, *self._ends[measure])

    def worst_district(self, measure: str) -> tuple[list[str], Estimate] | None:
        """The district or districts where the measure is worst, among places with enough cases; None with fewer than
        two that have a value.
        """
        found = {
            name: value
            for name, value in self.by(measure, "district").items()
            if not math.isnan(value.badness) and name in self.places and not value.cases < FEWEST
        }
        if len(found) < 2:
            return None
        worst = max(value.badness for value in found.values())
        names = [name for name, value in found.items() if value.badness == worst]
        return (names, found[names[0]]) if len(names) < len(found) or worst == math.inf else None

    def largest(self, dimension: str, most: int, measure: str = "requests") -> list[str]:
        """The names of the groups with most requests, in falling order; without cases only if there are no others."""
        sizes = {name: value.mean for name, value in self.by(measure, dimension).items()}
        ranked = sorted(sizes, key=lambda name: -sizes[name])
        return [name for name in ranked if sizes[name] > 0][:most] or ranked[:most]

    def units(self) -> dict[str, float]:
        """The units with their requests."""
        return {name: found.mean for name, found in self.by("requests", "unit").items()}

    def raw(self, measure: str, group_by: str) -> pd.DataFrame:
        """The rows of each replication, with the values of the group in the columns "first" and "second"."""
        rows = self.measures[(self.measures["measure"] == measure) & (self.measures["group_by"] == group_by)]
        values = {group: group_values(group) for group in rows["group"].unique()}
        return rows.assign(
            first=rows["group"].map({group: value[0] for group, value in values.items()}),
            second=rows["group"].map({group: value[1] for group, value in values.items()}),
        )
