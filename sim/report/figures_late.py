"""The figure of late requests by department: how many are late, and how many of these staff could change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.ample import what_staff_changes
from sim.report import charts, svg
from sim.report.blocks import Cell, Figure, Table
from sim.report.formats import number
from sim.report.names import Names
from sim.report.results import Results
from sim.report.series import as_series, merging_note

if TYPE_CHECKING:
    from sim.experiment.runs import Run

_ANYWAY = charts.Layer("late in any case", svg.SKY, "///")
_STAFF = charts.Layer("staff could change", svg.VERMILLION)
_LATE = charts.Layer("late", svg.SKY)


def late_requests(run: Run, results: Results, names: Names) -> Figure | None:
    """Late requests by unit, those with most first; None where nothing came due."""
    found = results.by("breach_share", "unit")
    late = {name: one.mean * one.cases for name, one in found.items() if one.known and one.cases > 0}
    if not any(late.values()):
        return None
    changed = what_staff_changes(run, "unit")
    by_staff = {
        name: _part(changed[name].late, changed[name].changes) * count
        for name, count in late.items()
        if name in changed
    }
    series = [s for s in as_series(names, late) if sum(late[unit] for unit in s.members) > 0]
    counts = np.array([sum(late[unit] for unit in s.members) for s in series])
    staff = np.array([sum(by_staff.get(unit, 0.0) for unit in s.members) for s in series])
    layers = [_ANYWAY, _STAFF] if changed else [_LATE]
    values = np.column_stack([counts - staff, staff]) if changed else counts[:, None]
    title, labels = "Late requests by department", [s.name.text for s in series]
    reading = f"{series[0].name.text} has the most late requests: {number(float(counts[0]), '')} of "
    reading += f"{number(float(counts.sum()), '')}."
    if changed:
        reading += f" Staff without limit would change {number(float(staff.sum()), '')} of them."
    left, tall = charts.label_width(labels), 0.27 * len(series)
    with svg.drawing(0.28 + tall + 0.5) as figure:
        ax = svg.axes(figure, left, 0.45, svg.WIDTH - left - 0.3, tall)
        charts.rows(ax, labels)
        charts.stacked(ax, layers, values)
        charts.from_zero_across(ax, float(counts.max()))
        ax.set_xlabel("requests that missed their limit (mean of the replications)")
        if changed:
            charts.layer_legend(figure, layers, left, 2)
        image = svg.inline(figure, "late", title, reading)
    heads: list[Cell] = ["unit", "late", *(["staff could change"] if changed else [])]
    rows: list[list[Cell]] = [
        [s.name, number(float(n), ""), *([number(float(k), "")] if changed else [])]
        for s, n, k in zip(series, counts, staff, strict=True)
    ]
    table = Table.plain("Late requests: means over the replications", heads, rows)
    note = merging_note(series)
    if changed:
        note = f"Staff could change: those that were in time if nobody ever waited for staff. {note}"
    return Figure("late", title, reading, image, table, note.strip())


def _part(late: float, changes: float) -> float:
    """Of the late requests the part that staff could change, from 0 to 1; 0 where none is late."""
    return 0.0 if not late > 0 or math.isnan(changes) else min(max(changes / late, 0.0), 1.0)
