"""A sweep as text for an 80-column terminal."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sim.experiment.sweeps.paths import short_names
from sim.experiment.sweeps.responses import responses
from sim.inference import Relevance
from sim.measurement import REGISTRY
from sim.report.by_group import group_lines
from sim.report.claims import claims_text
from sim.report.comparison_text import MARKS, WIDTH, cut_name
from sim.report.formats import city_rows, difference, half_width, number, times
from sim.report.levers import effects_cells, levers_sentences
from sim.report.mechanisms import MECHANISMS
from sim.report.modelled import in_neither, thinned
from sim.report.names import clean
from sim.report.verdicts import meaning, verdict

if TYPE_CHECKING:
    from sim.experiment.sweeps.designs import Design, Point
    from sim.experiment.sweeps.sweep import Sweep

_NAME, _CELL, _BLOCK = 31, 12, 4
#: Of more levers than this there are no columns, but the names of points.
_MOST_COLUMNS = 4

#: Of the differences of a sweep, whose quantiles come from histograms.
BELOW_GRID = "“<”: smaller than the bins (0.5 %) from which quantiles are read, so that it may also be nothing."


def point_name(point: Point) -> str:
    """A point as people read it: the mechanism that is turned, or the values of the levers that make its name, with as
    much of their paths as tells them apart; the base with all of them.
    """
    if "mechanism" in point.settings:
        key = point.settings["mechanism"]
        return MECHANISMS[key].english if key else clean(point.name)
    names = short_names(point.settings)
    told = {path: f"{names[path]} {value}" for path, value in point.settings.items() if value}
    if point.against == point.name and not any(f"{path} {point.settings[path]}" in point.name for path in told):
        stands = ", ".join(told.values())
        return clean(f"{point.name} ({stands})" if 0 < len(told) <= _MOST_COLUMNS else point.name)
    turned = [text for path, text in told.items() if f"{path} {point.settings[path]}" in point.name]
    return clean(", ".join(turned))


def shown_measures(design: Design) -> list[str]:
    """The measures of the experiment that some of its scenarios model. What is modelled is a matter of bases and of
    mechanisms, not of numbers.
    """
    kinds = {
        tuple(value for path, value in point.settings.items() if path not in design.experiment.ranged): point
        for point in reversed(design.points)
        if point.sample < 2
    }
    hidden = in_neither([point.scenario for point in kinds.values()])
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
    if (precision := design.experiment.precision) is not None:
        said += f" More are added until {precision.measure} is known to ± {precision.half_width} at every point, "
        said += f"{precision.at_most} of each at most."
    if (budget := design.experiment.budget) is not None:
        spent = f"{budget.runs:,} runs" if budget.runs else f"{number(budget.seconds / 3600, 'h')}"
        said += f" The budget is {spent}: whole replications of all points, as far as it goes."
    if design.experiment.sample is not None:
        ranges = len(design.experiment.uncertainties) + len(design.experiment.ranged)
        said += f" These are the points at the first of {design.experiment.sample.points} samples of the "
        said += f"{ranges} range{'s' if ranges > 1 else ''}; the others have the same."
    return [textwrap.fill(said, WIDTH)]


def sweep_text(sweep: Sweep) -> str:
    """What was found on the first measure, and the means of each point, or what levers change over their ranges; of
    mechanisms turned one by one, the differences they make; over what nobody knows, what holds.
    """
    design = sweep.design
    measures = shown_measures(design)
    turned = measures and not design.experiment.one_by_one
    sentences = levers_sentences(sweep, measures[0]) if turned else []
    if design.experiment.sample is not None and not design.experiment.ranged:
        return claims_text(sweep, sentences)
    lines = [textwrap.fill(clean(design.experiment.question), WIDTH), ""]
    lines += (
        [textwrap.fill(thinned(design.points[0].scenario), WIDTH), ""] if thinned(design.points[0].scenario) else []
    )
    for sentence in sentences:
        lines += [textwrap.fill(sentence, WIDTH), ""]
    for begin in range(0, len(measures), _BLOCK):
        block = measures[begin : begin + _BLOCK]
        if design.experiment.one_by_one:
            lines += [*_heads(block, ""), *_differences(sweep, block), ""]
        elif design.experiment.ranged:
            lines += [*_heads(block, "from lowest to highest"), *_effects(sweep, block), ""]
        else:
            lines += [*_heads(block, _columns(design)), *_means(sweep, block), ""]
    if design.experiment.one_by_one:
        said = f"▲ clearly better, ▼ clearly worse: {meaning(Relevance())}; ≠ of other requests. {BELOW_GRID}"
        lines += [textwrap.fill(said, WIDTH), ""]
    elif design.experiment.ranged:
        lines += [textwrap.fill("* the interval does not reach 0; ± half of it, all levers together.", WIDTH), ""]
    else:
        of_each = " of each" if len(design.experiment.cities) > 1 else ""
        first = f"The first line{of_each} is the base. " if design.experiment.levers else ""
        half = "± half of the 95 % interval." if design.experiment.replications > 1 else ""
        lines += [f"{first}{half}", ""] if first or half else []
    if turned and (told := group_lines(sweep, measures[0])):
        lines += [*(textwrap.fill(line, WIDTH, subsequent_indent="    ") for line in told), ""]
    lines += [f"{name}, replication {k}: {clean(word)}" for (name, k), word in sweep.failed.items()]
    return "\n".join(lines)


def _columns(design: Design) -> str:
    """The heads of the columns of levers, one column each, as far as there is room for them."""
    names = short_names(design.points[0].settings)
    return _in_columns([clean(name) for name in names.values()] if len(names) <= _MOST_COLUMNS else ["point"])


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
    """Two lines a point: means, and below them half of their intervals."""
    found = {(row.scenario, row.measure): row for row in city_rows(sweep.summary)}
    for point in sweep.design.points:
        rows = [found.get((point.name, measure)) for measure in measures]
        cells = ["–" if row is None else number(row.mean, row.unit) for row in rows]
        halves = ["" if row is None else half_width(row) for row in rows]
        names = _stands(point) if any(halves) else _stands(point)[:1]
        for name, own in itertools.zip_longest(names, (cells, halves) if any(halves) else (cells,), fillvalue=""):
            yield f"{name:{_NAME}}{''.join(f'{cell:>{_CELL}}' for cell in own)}".rstrip()


def _stands(point: Point) -> list[str]:
    """How the levers stand, in columns where they are few, else in two lines."""
    if len(point.settings) <= _MOST_COLUMNS:
        return [_in_columns([clean(value) for value in point.settings.values()])]
    first, *rest = textwrap.wrap(point_name(point), _NAME - 2)
    return [first, *([cut_name(f"  {' '.join(rest)}", _NAME - 1)] if rest else [])]


def _effects(sweep: Sweep, measures: Sequence[str]) -> Iterator[str]:
    """Two lines a lever: what it changes from end to end, and half of the interval."""
    for found in responses(sweep):
        names = short_names(found.experiment.turned, 2)
        cells = effects_cells(found, measures)
        if found.base:
            yield cut_name(clean(found.base), WIDTH)
        for lever, name in names.items():
            own = [cells.get((lever, measure), ("– ", "", "")) for measure in measures]
            span = next((cell[2] for cell in own if cell[2]), "")
            for label, place in ((name, 0), (f"  {span}", 1)):
                told = "".join(f"{cell[place]:>{_CELL}}" for cell in own)
                yield f"{cut_name(clean(label), _NAME - 1) if place == 0 else label:{_NAME}}{told}".rstrip()


def _differences(sweep: Sweep, measures: Sequence[str]) -> Iterator[str]:
    """Two tables below each other: off in the base, on in the city before."""
    found = {(row.scenario, row.measure): row for row in city_rows(sweep.differences)}
    means = {(row.scenario, row.measure): number(row.mean, row.unit) for row in city_rows(sweep.summary)}
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
