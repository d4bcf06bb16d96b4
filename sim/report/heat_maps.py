"""Heat maps of what two levers do together, a panel for each measure and value of a third."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from sim.experiment.sweeps.paths import short_names
from sim.experiment.sweeps.responses import Responses
from sim.inference.student import Floats
from sim.measurement import REGISTRY
from sim.report import charts, svg
from sim.report.blocks import Figure, Table
from sim.report.formats import city_rows, number
from sim.report.names import clean

#: Fewer cells are read better from a table; so many measures and values of a third lever are drawn.
_LEAST, _MEASURES, _THIRD = 6, 6, 3


def heat_figure(found: Responses, measures: Sequence[str], table: Table, key: str) -> Figure | None:
    """Means over the two levers with the longest lists; None where there are no two, or cells are few."""
    experiment = found.experiment
    levels = found.levels()
    axes = sorted((path for path in levels if len(levels[path]) > 1), key=lambda path: -len(levels[path]))
    if len(axes) < 2 or experiment.sample is not None or experiment.design == "one_at_a_time":
        return None
    across, down, *others = axes
    if len(levels[across]) * len(levels[down]) < _LEAST:
        return None
    third = others[0] if others and len(levels[others[0]]) <= _THIRD else None
    cubes = {measure: _means(found, measure, down, across, third, levels) for measure in measures[:_MEASURES]}
    cubes = {measure: cube for measure, cube in cubes.items() if np.isfinite(cube).any()}
    names = {path: clean(name) for path, name in short_names(experiment.turned).items()}
    layers = levels[third] if third else [""]
    panels = [(measure, layer) for measure in cubes for layer in range(len(layers))]
    columns = len(layers) if third else min(len(panels), 3)
    left = charts.label_width(levels[down], 12) + 0.2
    wide, tall = (svg.WIDTH - left) / columns, 0.3 * len(levels[down]) + 1.05
    rows = -(-len(panels) // columns)
    with svg.drawing(rows * tall + 0.05) as figure:
        for place, (measure, layer) in enumerate(panels):
            row, column = divmod(place, columns)
            low, high = float(np.nanmin(cubes[measure])), float(np.nanmax(cubes[measure]))
            ax = svg.axes(figure, left + column * wide, (rows - 1 - row) * tall + 0.45, wide - 0.16, tall - 1.05)
            _cells(ax, cubes[measure][layer], low, high, REGISTRY[measure].unit)
            ax.set_xticks(range(len(levels[across])), [clean(text) for text in levels[across]])
            ax.set_yticks(range(len(levels[down])), [clean(text) if column == 0 else "" for text in levels[down]])
            ax.set_xlabel(names[across])
            ax.set_ylabel(names[down] if column == 0 else "")
            head = REGISTRY[measure].english + (f", {names[third]} {clean(layers[layer])}" if third else "")
            unit = REGISTRY[measure].unit
            ax.set_title(
                f"{charts.wrapped(head, wide / charts.EM)}\npale {number(low, unit)}, dark {number(high, unit)}",
                loc="left",
                fontsize=svg.SIZE - 0.5,
                color=svg.INK,
            )
        title = f"{names[down]} and {names[across]}{f' in {clean(found.base)}' if found.base else ''}"
        image = svg.inline(figure, key, title, clean(experiment.question))
    rest = [names[path] for path in (others[1:] if third else others)]
    over = f" and over {', '.join(rest)}" if rest else ""
    note = f"Means over the replications{over}. The scale stands above each panel, one for each measure."
    return Figure(key, f"{title[0].upper()}{title[1:]}", "", image, table, note)


def _means(
    found: Responses, measure: str, down: str, across: str, third: str | None, levels: dict[str, list[str]]
) -> Floats:
    """[value of the third lever, of the one down, of the one across]"""
    means = {row.scenario: float(row.mean) for row in city_rows(found.sweep.summary) if row.measure == measure}
    layers = levels[third] if third else [""]
    cells: Floats = np.full((len(layers), len(levels[down]), len(levels[across])), np.nan)
    for k, i, j in np.ndindex(*cells.shape):
        at = {down: levels[down][i], across: levels[across][j], **({third: layers[k]} if third else {})}
        own = [means.get(point.name, math.nan) for point in found.points if at.items() <= point.settings.items()]
        cells[k, i, j] = float(np.mean(own)) if own else math.nan
    return cells


def _cells(ax: Axes, values: Floats, low: float, high: float, unit: str) -> None:
    """Each value in its cell, the darker the higher between the ends of the scale."""
    ax.set_xlim(-0.5, values.shape[1] - 0.5)
    ax.set_ylim(values.shape[0] - 0.5, -0.5)
    for i, j in np.ndindex(*values.shape):
        value = float(values[i, j])
        share = (value - low) / (high - low) if high > low else 0.0
        if math.isfinite(value):
            ax.add_patch(Rectangle((j - 0.48, i - 0.46), 0.96, 0.92, fc=charts.shade(share), lw=0))
        ink = "white" if share > 0.72 else svg.INK
        ax.text(j, i, number(value, unit), ha="center", va="center_baseline", color=ink, fontsize=svg.SIZE - 1)
