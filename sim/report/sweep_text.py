"""A sweep as text for an 80-column terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sim.inference import Relevance
from sim.measurement import REGISTRY
from sim.report.claims import claims_text
from sim.report.comparison_text import MARKS, WIDTH, cut_name
from sim.report.formats import difference, number, rows_of, times
from sim.report.mechanisms import MECHANISMS
from sim.report.modelled import in_neither, thinned
from sim.report.names import clean
from sim.report.verdicts import meaning, verdict

if TYPE_CHECKING:
    from sim.experiment.designs import Design, Point
    from sim.experiment.sweep import Sweep

_NAME, _CELL, _BLOCK = 31, 12, 4

#: Of the differences of a sweep, whose quantiles come from histograms.
BELOW_GRID = "“<”: smaller than the bins (0.5 %) from which quantiles are read, so that it may also be nothing."


def point_name(point: Point) -> str:
    """A point as people read it: the mechanism that is turned, or the values of its factors without their paths."""
    if "mechanism" in point.settings:
        key = point.settings["mechanism"]
        return MECHANISMS[key].english if key else clean(point.name)
    return ", ".join(f"{path.rpartition('.')[2]} {value}" for path, value in point.settings.items())


def shown_measures(design: Design) -> list[str]:
    """The measures of the experiment that some of its scenarios model."""
    hidden = in_neither([point.scenario for point in design.points])
    return [measure for measure in design.experiment.measures if measure not in hidden]


def plan_text(design: Design, missing: int) -> str:
    """What would be run."""
    lines = [textwrap.fill(clean(design.experiment.question), WIDTH), "", *_size(design, missing), ""]
    for point in (point for point in design.points if point.sample < 2):
        along = f" (and without {', '.join(point.takes_along)})" if point.takes_along else ""
        lines.append(textwrap.fill(f"{point.name}{along}", WIDTH, initial_indent="  ", subsequent_indent="      "))
    return "\n".join(lines)


def _size(design: Design, missing: int) -> list[str]:
    runs = len(design.points) * design.experiment.replications
    said = (
        f"{len(design.points)} points, {times(design.experiment.replications)} each on the same citizens, seed "
        f"{design.experiment.seed}: {runs:,} runs, of which {missing:,} are missing."
    )
    if design.experiment.sample is not None:
        said += f" These are the points at the first of {design.experiment.sample.points} samples of the "
        said += f"{len(design.experiment.uncertainties)} ranges; the others have the same."
    return [textwrap.fill(said, WIDTH)]


def sweep_text(sweep: Sweep) -> str:
    """The means of each point; of mechanisms turned one by one, the differences they make; over ranges, what holds."""
    design = sweep.design
    if design.experiment.sample is not None:
        return claims_text(sweep)
    lines = [textwrap.fill(clean(design.experiment.question), WIDTH), ""]
    lines += (
        [textwrap.fill(thinned(design.points[0].scenario), WIDTH), ""] if thinned(design.points[0].scenario) else []
    )
    measures, name = shown_measures(design), _columns(design)
    for begin in range(0, len(measures), _BLOCK):
        block = measures[begin : begin + _BLOCK]
        told = _differences(sweep, block) if design.experiment.one_by_one else _means(sweep, block)
        lines += [*_heads(block, name), *told, ""]
    if design.experiment.one_by_one:
        said = f"▲ clearly better, ▼ clearly worse: {meaning(Relevance())}; ≠ of other requests. {BELOW_GRID}"
        lines += [textwrap.fill(said, WIDTH), ""]
    lines += [f"{name}, replication {k}: {clean(word)}" for (name, k), word in sweep.failed.items()]
    return "\n".join(lines)


def _columns(design: Design) -> str:
    """The heads of the columns of factors, one column each, as far as there is room for them."""
    return _in_columns([path.rpartition(".")[2].replace("_", " ") for path in design.experiment.factors])


def _in_columns(values: Sequence[str]) -> str:
    width = _NAME // max(len(values), 1)
    return "".join(f"{cut_name(value, width - 1):{width}}" for value in values)


def _heads(measures: Sequence[str], name: str) -> list[str]:
    words = [textwrap.wrap(REGISTRY[measure].english, _CELL - 1)[:3] for measure in measures]
    deep = max(map(len, words), default=0)
    rows = list(zip(*([*[""] * (deep - len(word)), *word] for word in words), strict=True))
    lines = [f"{name if row is rows[-1] else '':{_NAME}}{''.join(f'{word:>{_CELL}}' for word in row)}" for row in rows]
    return [*(line.rstrip() for line in lines), "─" * WIDTH]


def _means(sweep: Sweep, measures: Sequence[str]) -> Iterator[str]:
    found = {(row.scenario, row.measure): row for row in rows_of(sweep.summary)}
    for point in sweep.design.points:
        rows = [found.get((point.name, measure)) for measure in measures]
        cells = ("–" if row is None else number(row.mean, row.unit) for row in rows)
        name = _in_columns(list(point.settings.values()))
        yield f"{name:{_NAME}}{''.join(f'{cell:>{_CELL}}' for cell in cells)}"


def _differences(sweep: Sweep, measures: Sequence[str]) -> Iterator[str]:
    """Two tables below each other: off in the base, on in the city before."""
    found = {(row.scenario, row.measure): row for row in rows_of(sweep.differences)}
    means = {(row.scenario, row.measure): number(row.mean, row.unit) for row in rows_of(sweep.summary)}
    points = sweep.design.points
    for baseline in (point for point in points if point.against == point.name):
        cells = (means.get((baseline.name, measure), "–") for measure in measures)
        yield f"{cut_name(clean(baseline.name), _NAME - 1):{_NAME}}{''.join(f'{cell:>{_CELL}}' for cell in cells)}"
        for point in points:
            if point.against != baseline.name or point is baseline:
                continue
            rows = [found.get((point.name, measure)) for measure in measures]
            told = ("–" if row is None else f"{difference(row)}{MARKS.get(verdict(row), ' ')}" for row in rows)
            sign = "−" if point.settings["turned"] == "off" else "+"
            name = cut_name(f"{sign} {point_name(point)}", _NAME - 1)
            yield f"{name:{_NAME}}{''.join(f'{cell:>{_CELL}}' for cell in told)}".rstrip()
