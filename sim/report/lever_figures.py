"""Drawings of what levers do: curves with bands, changes one at a time, heat maps of two levers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from sim.experiment.sweeps.paths import short_names
from sim.experiment.sweeps.ranges import parts_of
from sim.experiment.sweeps.responses import Curve, Responses
from sim.inference.relevance import within
from sim.inference.student import Floats
from sim.measurement import REGISTRY
from sim.report import charts, svg
from sim.report.blocks import Figure, Table
from sim.report.formats import city_rows, time_unit
from sim.report.names import clean, shortened

if TYPE_CHECKING:
    from sim.experiment.sweeps.designs import Point

LOOKS = (
    (svg.BLUE, "o", "-"),
    (svg.VERMILLION, "D", "--"),
    (svg.GREEN, "s", ":"),
    (svg.PURPLE, "^", "-."),
    (svg.ORANGE, "v", "-"),
    (svg.SKY, "P", "--"),
)
#: So many measures and levers at most are drawn; the tables have all.
_ROWS, _COLUMNS, _MOST_ROWS = 6, 4, 24
#: More lines with bands than this hide each other.
LINES = 4
#: So many points beside a curve are drawn, evenly chosen.
_DOTS = 300
#: An axis has so many values written at most.
_TICKS = 8
#: The axis of a measure that never falls below this share of its highest value does not begin at 0.
FLAT = 0.75


def unit_of(measure: str, values: Sequence[float]) -> tuple[float, str]:
    """By what a measure is divided in a figure, and the unit that this leaves."""
    if REGISTRY[measure].unit == "share":
        return 0.01, "(%)"
    if REGISTRY[measure].unit == "h":
        length, sign = time_unit(max((abs(v) for v in values if math.isfinite(v)), default=1.0))
        return length, f"({sign})"
    return 1.0, ""


def curves_figures(found: Responses, curves: Sequence[Curve], table: Table, key: str, note: str) -> list[Figure]:
    """A row of panels for each measure and a column for each lever, of many levers in several figures."""
    levers = list(dict.fromkeys(curve.lever for curve in curves))
    count = -(-len(levers) // _COLUMNS)
    size = -(-len(levers) // max(count, 1))
    parts = [levers[first : first + size] for first in range(0, len(levers), size or 1)]
    return [
        _curves_figure(found, curves, part, table, f"{key}{number or ''}", note) for number, part in enumerate(parts)
    ]


def _curves_figure(
    found: Responses, curves: Sequence[Curve], levers: Sequence[str], table: Table, key: str, note: str
) -> Figure:
    """Of these levers; of a single one the measures stand side by side."""
    all_ = [list(dict.fromkeys(getattr(curve, name) for curve in curves)) for name in ("measure", "line")]
    measures, lines = all_[0][:_ROWS], all_[1][: len(LOOKS)]
    if len(measures) < len(all_[0]) or len(lines) < len(all_[1]):
        note += " The first measures and settings of the other levers are drawn; the tables have all."
    names = short_names(found.experiment.turned, 1 if len(levers) == 1 else 2)
    panels = [(measure, lever) for measure in measures for lever in levers]
    columns = len(levers) if len(levers) > 1 else min(len(measures), 3)
    marks = [charts.Mark(clean(name), m, c) for name, (c, m, _) in zip(lines, LOOKS, strict=False)]
    beside = max(1, int(svg.WIDTH // (charts.label_width([mark.name for mark in marks], 50) + 0.45)))
    above = 0.06 + 0.24 * -(-len(lines) // beside) if len(lines) > 1 else 0.05
    tall, wide = 1.75, min(svg.WIDTH / columns, 4.2)
    rows = -(-len(panels) // columns)
    with svg.drawing(above + tall * rows) as figure:
        for place, (measure, lever) in enumerate(panels):
            row, column = divmod(place, columns)
            own = [curve for curve in curves if curve.measure == measure and curve.line in lines]
            reach = _reach(own, found.differences)
            length, unit = unit_of(measure, reach)
            unit = unit.replace("%", "pp") if found.differences else unit
            ax = svg.axes(figure, column * wide + 0.5, (rows - 1 - row) * tall + 0.5, wide - 0.66, tall - 0.8)
            for curve in (curve for curve in own if curve.lever == lever):
                _curve(ax, curve, length, lines.index(curve.line), found.differences)
            _limits(ax, [end / length for end in reach], found.differences)
            if column == 0 or len(levers) == 1:
                title = f"{'Change of ' if found.differences else ''}{REGISTRY[measure].english} {unit}".strip()
                room = (wide * (columns if len(levers) > 1 else 1) - 0.5) / charts.EM
                ax.set_title(shortened(title, room), loc="left", fontsize=svg.SIZE, color=svg.INK, x=-0.02)
            ax.set_xlabel(shortened(_axis(lever, found, names), (wide - 0.1) / charts.EM))
        if len(lines) > 1:
            charts.legend(figure, marks, 0.1, beside)
        told = [names[lever] for lever in levers]
        title = clean(f"By {' and '.join([', '.join(told[:-1]), told[-1]] if len(told) > 1 else told)}")
        title += f" in {clean(found.base)}" if found.base else ""
        image = svg.inline(figure, key, title, clean(found.experiment.question))
    return Figure(key, title, "", image, table, note)


def _axis(lever: str, found: Responses, names: dict[str, str]) -> str:
    """A lever with the word and the unit of its values."""
    before, _, behind = parts_of(found.points[0].settings[lever])
    told = " ".join(text for text in (before, behind) if text)
    return clean(f"{names[lever]}{f' ({told})' if told else ''}")


def _reach(curves: Sequence[Curve], differences: bool) -> list[float]:
    """The lowest and the highest that is drawn."""
    ends = [np.concatenate(_ends(curve, differences)) for curve in curves]
    ends += [curve.dots[1] for curve in curves if curve.dots is not None]
    known = np.concatenate(ends)
    known = known[np.isfinite(known)]
    return [float(known.min()), float(known.max())] if len(known) else [0.0, 1.0]


def _curve(ax: Axes, curve: Curve, length: float, look: int, differences: bool) -> None:
    colour, marker, style = LOOKS[look]
    lower, upper = (end / length for end in _ends(curve, differences))
    ax.fill_between(curve.x, lower, upper, color=colour, alpha=0.16, lw=0)
    if curve.dots is None:
        ax.plot(curve.x, curve.mean / length, color=colour, marker=marker, ls=style, ms=4, lw=1.4)
        _ticks(ax, curve.x)
    else:
        every = -(-len(curve.dots[0]) // _DOTS)
        x, y = (of[::every] for of in curve.dots)
        ax.plot(x, y / length, color=colour, marker=marker, ls="none", ms=2.2, alpha=0.5)
        ax.plot(curve.x, curve.mean / length, color=colour, ls=style, lw=1.6)
        values = np.unique(curve.dots[0])
        if len(values) <= _TICKS and np.all(values == np.round(values)):
            _ticks(ax, values)


def _ticks(ax: Axes, values: Floats) -> None:
    """At the values of a lever, as far as there is room."""
    shown = values[:: -(-len(values) // _TICKS)]
    ax.set_xticks(shown, [f"{value:g}" for value in shown])


def _ends(curve: Curve, differences: bool) -> tuple[Floats, Floats]:
    """Both ends of a band, within what the measure can be."""
    half, unit = np.nan_to_num(curve.half), REGISTRY[curve.measure].unit
    lower, upper = (within(curve.mean + sign * half, [curve.measure], [unit], differences) for sign in (-1, 1))
    return lower, upper


def _limits(ax: Axes, reach: Sequence[float], differences: bool) -> None:
    """The panels of a measure have the same axis."""
    low, high = reach
    if differences:
        ax.axhline(0.0, color=svg.GREY, lw=0.8)
        low, high = min(low, 0.0), max(high, 0.0)
    if not differences and low >= 0 and low < FLAT * high:
        charts.from_zero(ax, high)
        return
    room = 0.06 * (high - low) or 1.0
    ax.set_ylim(low - room, high + room)
    ax.grid(axis="y")


def curves_note(found: Responses, measure: str, lines: bool = False) -> str:
    """What the lines and bands are."""
    same = "All points simulate the same citizens. Axes of measures that vary by less than a quarter do not begin at 0."
    if lines:
        return f"Means over the replications; bands: 95 % intervals. {same}"
    if not found.ranged:
        return f"Means over the replications and over all other levers; bands: 95 % intervals. {same}"
    fit = found.fit(measure)
    sample = found.experiment.sample
    dots = "Dots: simulated points" + (f", {_DOTS} of them at most" if sample and sample.points > _DOTS else "")
    said = f"{dots}. Lines: a sum of natural splines, all other levers as they are on average"
    if fit is not None and fit.straight:
        said = f"{dots}. Lines: straight, as there are too few points for curves"
    return f"{said}; bands: 95 % intervals, position by position, of the line and not of the dots. {same}"


# --- one at a time ----------------------------------------------------------------------------------------------------


def changes_figure(found: Responses, measures: Sequence[str], table: Table, key: str) -> Figure | None:
    """What each value of each lever changes, the others as in the base: a row a lever, a panel a measure."""
    sweep = found.sweep
    compared = {(row.scenario, row.measure): row for row in city_rows(sweep.differences)}
    names = short_names(found.experiment.turned, 2)
    base = next(point for point in sweep.design.points if point.against == point.name)
    turned: dict[str, list[Point]] = {lever: [] for lever in names}
    for point in found.points:
        for lever in names:
            if point.settings[lever] != base.settings[lever] and point is not base:
                turned[lever].append(point)
    levers = [lever for lever in names if turned[lever]][:_MOST_ROWS]
    rows_of_levers = [point.name for lever in levers for point in turned[lever]]
    chosen = [m for m in measures if any(_dot(compared.get((name, m)), 1.0) for name in rows_of_levers)][:_ROWS]
    if not levers or not chosen:
        return None
    values = {lever: [point.settings[lever] for point in turned[lever]] for lever in levers}
    marks, alike = _marks(values), _alike(values)
    labels = [names[lever] if alike else f"{names[lever]}: {', '.join(values[lever])}" for lever in levers]
    grid = charts.RowGrid(labels, len(chosen))
    with svg.drawing(grid.height) as figure:
        for place, measure in enumerate(chosen):
            ax = grid.axes(figure, place)
            rows = {
                (lever, p.settings[lever]): compared.get((p.name, measure)) for lever in levers for p in turned[lever]
            }
            length, unit = unit_of(measure, [row.difference for row in rows.values() if row is not None])
            for number_, (mark, of) in enumerate(marks):
                points = [_dot(rows.get((lever, of.get(lever, ""))), length) for lever in levers]
                charts.dots(ax, mark, points, shift=(number_ - (len(marks) - 1) / 2) * 0.24)
            ax.axvline(0.0, color=svg.GREY, lw=0.8)
            ax.grid(axis="x")
            ax.set_title(
                f"{REGISTRY[measure].english} {unit.replace('%', 'pp')}".strip(), loc="left", fontsize=svg.SIZE
            )
        charts.legend(figure, [mark for mark, _ in marks], 0.1)
        image = svg.inline(figure, key, "What each lever changes", clean(found.experiment.question))
    note = "One lever at a time, minus the base, with 95 % intervals, paired by replication over the same citizens."
    return Figure(key, "What each lever changes", "", image, table, note)


def _alike(values: dict[str, list[str]]) -> bool:
    """Whether levers have the same values, so that a mark can be called by one."""
    return len({text for texts in values.values() for text in texts}) <= max(map(len, values.values()))


def _marks(values: dict[str, list[str]]) -> list[tuple[charts.Mark, dict[str, str]]]:
    """A mark for each value where levers have the same, else for the first, second … of each; with what it is of."""
    names = list(dict.fromkeys(text for texts in values.values() for text in texts))
    if _alike(values):
        places = [{lever: name for lever, texts in values.items() if name in texts} for name in names]
    else:
        places = [
            {lever: texts[place] for lever, texts in values.items() if place < len(texts)}
            for place in range(max(map(len, values.values())))
        ]
        names = [f"{word} value" for word in ("first", "second", "third", "fourth", "fifth", "sixth")]
    looks = zip(names, LOOKS, places, strict=False)
    return [(charts.Mark(clean(name), shape, colour), of) for name, (colour, shape, _), of in looks]


def _dot(row: object, length: float) -> charts.Dot | None:
    if row is None or math.isnan(row.difference):  # type: ignore[attr-defined]
        return None
    ends = (row.difference, row.lower, row.upper)  # type: ignore[attr-defined]
    return charts.Dot(*(end / length for end in ends))
