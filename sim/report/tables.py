"""What makes requests late."""

from __future__ import annotations

from sim.report.blocks import Cell, Table
from sim.report.figures_dots import with_interval
from sim.report.figures_shares import LAYERS
from sim.report.formats import number
from sim.report.results import Results


def largest_causes(results: Results) -> Table | None:
    """What makes requests late: breaches by their largest cause; None without breaches."""
    found = results.by("breaches_by_largest_cause", "cause")
    if not any(value.mean > 0 for value in found.values()):
        return None
    hours, parts = (results.by(measure, "cause") for measure in ("hours_by_cause", "hours_by_cause_share"))
    late = results.by("breaches_by_largest_cause_share", "cause")
    rows: list[list[Cell]] = []
    for cause in (cause for cause in LAYERS if hours[cause].mean > 0):
        days, share = number(hours[cause].mean / 24, ""), with_interval(parts[cause])
        rows.append([LAYERS[cause].name, days, share, found[cause].text, with_interval(late[cause])])
    heads = ["cause", "days spent", "share of all", "late requests it is the main cause of", "share of late requests"]
    return Table.plain("Whole city: hours by cause, and what makes requests late", heads, rows)
