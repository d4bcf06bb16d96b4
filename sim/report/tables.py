"""Tables of a run that stand by themselves: the units, and what makes requests late."""

from __future__ import annotations

from sim.report.blocks import Cell, Table
from sim.report.figures_dots import with_interval
from sim.report.figures_shares import LAYERS
from sim.report.formats import FEW_DUE, few_due, number
from sim.report.names import Names, measure_name
from sim.report.results import Estimate, Results
from sim.report.series import MOST_UNITS

_OF_UNITS = (
    *("requests", "backlog_end", "time_to_close_p50", "time_to_close_p90", "breach_share"),
    "true_resolution_share",
)


def units(results: Results, names: Names, without: set[str]) -> Table | None:
    """The units with most requests open at the end, each by itself; None without units.

    ``without``: measures that are not shown.
    """
    chosen = results.largest("unit", MOST_UNITS, "backlog_end")
    if not chosen:
        return None
    measures = [measure for measure in _OF_UNITS if measure not in without]
    columns = [results.by(measure, "unit") for measure in measures]
    busy = results.by("utilisation", "pool")
    rows: list[list[Cell]] = [
        [names.pool(name), *(_enough(column[name]) for column in columns), busy[name].text] for name in chosen
    ]
    heads: list[Cell] = ["unit", *map(measure_name, (*measures, "utilisation"))]
    known = len(results.units())
    note = ""
    if len(chosen) < known:
        note = f"Of {known} units, the {len(chosen)} with most."
        note = note if len(chosen) == MOST_UNITS else "The other units have none."
    if any(_enough(column[name]) != column[name].text for column in columns for name in chosen):
        note = f"{note} {FEW_DUE}".strip()
    return Table.plain("The units with most requests open at the end", heads, rows, note)


def _enough(found: Estimate) -> str:
    """In a cell; a share of late requests only where enough of them were due."""
    return "–" if found.measure == "breach_share" and few_due(found.cases) else found.text


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
