"""What a planner asks first: which department is late, how much of that people could change, how busy they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.experiment.ample import Staff, what_staff_changes
from sim.model.city import build_city
from sim.report.blocks import Cell, Table
from sim.report.figures_shares import LAYERS
from sim.report.formats import FEW_DUE, few_due, gap, number
from sim.report.names import Names, measure_name
from sim.report.officers import OFFICERS, officers
from sim.report.results import Results

if TYPE_CHECKING:
    from sim.experiment.runs import Run

#: Departments shown by themselves: those with most requests.
MOST = 12

_TIMES = ("time_to_close_p50", "time_to_close_p90")
_DUE = "Late: of the requests whose limit ended within the run, so that late × requests is more than are late."
#: Causes that need more words.
_SAID = {"lead_time": "lead time: parts, contractors, approvals, on which nobody here works"}
_STAFF = (
    "Staff could change: what is late minus what would be if nobody ever waited for staff, on the same citizens "
    "(opening hours and shifts stay). The rest is lead time, other units, parking and closed offices."
)


def what_people_could_change(run: Run, results: Results) -> str:
    """How much of what is late more staff could change, in sentences; empty where a run does not know."""
    city = what_staff_changes(run, "").get("")
    if city is None or math.isnan(city.changes):
        return ""
    late, anyway, changes = number(city.late, "share"), number(city.in_any_case, "share"), gap(city.changes, "share")
    return (
        f"Of the {late} that are late, more staff could change {changes} at most: where nobody ever "
        f"waits for staff, {anyway} of the same citizens’ requests are late all the same, and no number of officers "
        f"brings it below that.{_main_cause(results)}"
    )


def _main_cause(results: Results) -> str:
    """What most of the late requests spend most time on, in a sentence."""
    shares = results.by("breaches_by_largest_cause_share", "cause")
    known = [cause for cause, share in shares.items() if share.known]
    if not known:
        return ""
    most = max(known, key=lambda cause: shares[cause].mean)
    return (
        f" {shares[most].text} of the late requests spend most of their time on {_SAID.get(most, LAYERS[most].name)}."
    )


def departments(run: Run, results: Results, names: Names, without: set[str], most: int = MOST) -> Table | None:
    """The units with most requests: what is late of them, what people could change of that; None without units."""
    chosen = results.largest("unit", most)
    if not chosen:
        return None
    has_limits = "breach_share" not in without
    late, busy, requests = results.by("breach_share", "unit"), results.by("utilisation", "pool"), results.units()
    times = [results.by(measure, "unit") for measure in _TIMES]
    staff, changed = officers(build_city(run.scenario)), what_staff_changes(run, "unit")
    rows: list[list[Cell]] = []
    for name in chosen:
        cells: list[Cell] = [names.pool(name), number(requests[name], "")]
        if has_limits:
            few = few_due(late[name].cases)
            cells.append("–" if few else late[name].text)
            if changed:
                cells.append("–" if few else changes(changed.get(name)))
        rows.append([*cells, *(column[name].text for column in times), f"{staff[name]:,}", busy[name].text])
    heads: list[Cell] = ["unit", measure_name("requests")]
    notes = []
    if has_limits:
        notes.append(_DUE)
        heads.append("late")
        if changed:
            heads.append("… staff could change")
            notes.append(_STAFF)
        if any(few_due(late[name].cases) for name in chosen):
            notes.append(FEW_DUE)
    heads += ["median", "90 %", "officers", measure_name("utilisation")]
    known = len(results.units())
    if len(chosen) < known:
        notes.insert(0, f"Of {known} units, the {len(chosen)} with most requests.")
    return Table.plain("By department", heads, rows, " ".join([*notes, OFFICERS]))


def changes(found: Staff | None) -> str:
    """What staff could change, as people read it."""
    return "–" if found is None or math.isnan(found.changes) else gap(found.changes, "share")
