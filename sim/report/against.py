"""What was simulated beside what is published: the targets of a scenario."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from sim.measurement import REGISTRY
from sim.report.blocks import Cell, Section, Table, Text
from sim.report.formats import beside, gap, interval
from sim.report.names import clean, marked, measure_name
from sim.report.provenance import in_words, source_cell
from sim.report.results import Estimate, Results
from sim.scenario.errors import path_text

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.sources import Source
    from sim.scenario.targets import Target


@dataclass(frozen=True)
class Against:
    """A target, and what was simulated: counts are those of the whole city, whatever the scale."""

    name: str
    target: Target
    source: Source | None
    simulated: Estimate

    @property
    def off(self) -> float:
        """How far the nearer end of the interval (one replication: the mean) is beyond the tolerance; 0: it is inside,
        NaN: there is no value.
        """
        found, least, most = self.simulated, self.target.value - self.target.tolerance, self._most
        if not found.known:
            return math.nan
        lower, upper = (found.mean, found.mean) if math.isnan(found.lower) else (found.lower, found.upper)
        return least - upper if upper < least else most - lower if lower > most else 0.0

    @property
    def _most(self) -> float:
        return self.target.value + self.target.tolerance

    @property
    def verdict(self) -> str:
        """“inside”, or “outside by 0.2 pp”."""
        if math.isnan(self.off):
            return "not simulated"
        return "inside" if self.off == 0 else f"outside by {gap(abs(self.off), self.simulated.unit)}"

    @property
    def texts(self) -> list[str]:
        """The published and the simulated value."""
        return beside([self.target.value, self.simulated.mean], self.simulated.unit)

    @property
    def tolerance(self) -> str:
        """How far off it may be, in the unit of the published value."""
        text = beside([self.target.tolerance, self.target.value, self.simulated.mean], self.simulated.unit)[0]
        return text.replace("%", "pp")

    @property
    def interval(self) -> str:
        """That of the simulated value, in the unit of the published one."""
        largest = max(abs(self.target.value), abs(self.simulated.mean) if self.simulated.known else 0.0)
        return interval(self.simulated, largest)

    @property
    def fitted(self) -> str:
        """What was set to meet it; empty if nothing was."""
        return ", ".join(self.target.fitted_to)


def against_targets(scenario: Scenario, results: Results) -> list[Against]:
    """Every target of the scenario, in its order."""
    sources = {value.path: value.source for value in scenario.values() if value.path.startswith("targets.")}
    found = []
    for name, target in scenario.targets.items():
        estimate = results.city(target.measure)
        if REGISTRY[target.measure].denominator == "":  # a number, of one in so many citizens
            scale = scenario.scale
            bounds = estimate.mean * scale, estimate.lower * scale, estimate.upper * scale
            estimate = Estimate(estimate.measure, *bounds, estimate.unit, estimate.cases, estimate.reached)
        found.append(Against(name, target, sources.get(path_text(("targets", name, "value"))), estimate))
    return found


def targets_text(scenario: Scenario, results: Results, width: int) -> Iterator[str]:
    """Lines for a terminal; none where the scenario has no targets."""
    found = against_targets(scenario, results)
    if not found:
        return
    yield f"{'published figure':30} {'published':>12} {'simulated':>12}  "
    yield "─" * width
    for one in found:
        published, simulated = one.texts
        mark = "*" if one.target.fitted_to else ""
        yield f"{clean(one.name)[:30]:30} {published:>12} {simulated:>12}  {one.verdict}{mark}"
    if any(one.target.fitted_to for one in found):
        yield textwrap.fill("* numbers of the scenario were set to meet it: fitted, not predicted", width)


def targets_section(scenario: Scenario, results: Results) -> list[Section]:
    """The section of a report; none where the scenario has no targets."""
    found = against_targets(scenario, results)
    if not found:
        return []
    lines: list[list[Cell]] = []
    for one in found:
        published, simulated = one.texts
        span = one.interval
        lines.append(
            [
                Markup("{}<br><span class='quiet'>{}</span>").format(
                    marked(one.name), measure_name(one.target.measure).html
                ),
                f"{published} ± {one.tolerance}",
                "–" if one.source is None else source_cell(*in_words(one.source)),
                f"{simulated}{f' ({span})' if span else ''}",
                one.verdict,
                Markup("<code>{}</code>").format(one.fitted) if one.fitted else "nothing: predicted",
            ]
        )
    heads = ["figure", "published", "source", "simulated", "verdict", "set to meet it"]
    fitted = sum(bool(one.target.fitted_to) for one in found)
    inside = sum(one.off == 0 for one in found)
    sentence = (
        f"{inside} of {len(found)} inside; {fitted} of these figures were met by setting numbers of the scenario."
    )
    note = (
        "Inside: the 95 % interval over the replications meets the published value, give or take the tolerance. What "
        "was set to meet a figure says nothing about whether the model is right."
    )
    table = Table("Published figures", heads, [("", lines)], words=frozenset({0, 2, 4, 5}), note=note)
    return [Section("targets", "Beside published figures", [Text(sentence), table])]
