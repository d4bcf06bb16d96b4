"""Results as text for an 80-column terminal, and as JSON for machines."""

from __future__ import annotations

import json
import math
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.ample import what_staff_changes
from sim.inference import gaps, summary
from sim.inference.gaps import places_of
from sim.measurement import REGISTRY
from sim.model.city import build_city
from sim.report.against import against_targets, targets_text
from sim.report.changes import other_requests, own_policies, policy_text, what_differs
from sim.report.comparison_text import WIDTH, cut_name
from sim.report.departments import changes, what_people_could_change
from sim.report.formats import FEW_DUE, anything_goes, few_due, gap, gap_interval, times
from sim.report.given_backlog import when_it_is_done
from sim.report.modelled import LEVELS, disturbances, missing_wages, not_modelled, open_at_start, thinned
from sim.report.names import clean
from sim.report.officers import officers
from sim.report.results import Results

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.compare import Comparison
    from sim.experiment.recovery import Recovery
    from sim.experiment.runs import Run

#: What a run prints, in this order; a measure that the scenario has no answer to is left out.
CITY_LINES = (
    "contacts",
    "requests",
    "response_rate",
    "resolution_rate",
    "satisfaction_rate",
    *LEVELS,
    "score",
    "true_resolution_share",
    "breach_share",
    "contact_breach_share",
    "lateness_mean_among_closed",
    "time_to_close_p50",
    "time_to_close_p90",
    "time_to_close_p50_among_closed",
    "time_to_close_mean_among_closed",
    "closed_share",
    "backlog_end",
    "answered_within_15s",
    "phone_wait_mean",
    "abandonment_share",
    "lost_share",
    "deflected_share",
    "hops_mean",
    "rounds_mean",
    "repeat_share",
    "whistles",
    "report_rate",
    "escalated_share",
    "sent_up_share",
    "utilisation",
    "cost",
)

_OF_UNITS = ("requests", "time_to_close_p50", "time_to_close_p90", "breach_share")


def run_text(run: Run) -> str:
    """The measures of the whole city with 95 % intervals, and the busiest units."""
    results, (_, without) = Results(run.measures, run.scenario), not_modelled(run.scenario)
    lines = [
        f"{run.scenario.name}",
        f"{times(run.replications)}, seed {run.seed}, engine {run.engine}, {run.seconds:.1f} s",
        *textwrap.wrap(thinned(run.scenario), WIDTH),
        *textwrap.wrap(clean(disturbances(run.scenario)), WIDTH),
        *textwrap.wrap(clean(open_at_start(run.scenario)), WIDTH),
        *textwrap.wrap(when_it_is_done(run), WIDTH),
        *(textwrap.fill(f"own policy: {clean(policy_text(name))}", WIDTH) for name in run.policies),
        f"counted: {run.scenario.time.count_from:%Y-%m-%d %H:%M} … {run.scenario.time.count_until:%Y-%m-%d %H:%M}",
        "",
        f"{'measure':38} {'mean':>12}  95 % interval",
        "─" * WIDTH,
    ]
    for name in CITY_LINES:
        found = results.city(name)
        if name not in without and (found.known or not found.reached):
            lines.append(f"{REGISTRY[name].english[:38]:38} {found.text:>12}  {found.interval}".rstrip())
    if "breach_share" not in without and (apart := results.gap("breach_share")) is not None:
        label = "Gap between districts, limits missed"
        size, range_ = gap(apart.estimate.mean, apart.estimate.unit), gap_interval(apart.estimate)
        if anything_goes(apart.estimate):
            size, range_ = "–", "too few replications to tell"
        lines += [f"{label:38} {size:>12}  {range_}".rstrip()]
        lines += [textwrap.fill(f"  between {apart.smallest} and {apart.largest}", WIDTH, subsequent_indent=" " * 4)]
    if told := list(targets_text(run.scenario, results, WIDTH)):
        lines += ["", *told]
    if warning := missing_wages(run.scenario):
        lines += ["", textwrap.fill(clean(warning), WIDTH)]
    lines += ["", *_by_unit(run, results), ""]
    return "\n".join(lines)


def _by_unit(run: Run, results: Results) -> list[str]:
    """The ten units with the most requests: what is late of them, and what staff could change of that."""
    chosen = results.largest("unit", 10)
    if not chosen:
        return []
    columns = [results.by(measure, "unit") for measure in _OF_UNITS]
    busy, due = results.by("utilisation", "pool"), results.by("breach_share", "unit")
    changed = what_staff_changes(run, "unit")
    head = f"{'by staff':>9}" if changed else ""
    lines = [f"{'unit':23}{'requests':>8}{'late':>8}{head}{'median':>12}{'90 %':>12}{'busy':>8}", "─" * WIDTH]
    few = [name for name in chosen if few_due(due[name].cases)]
    for name in chosen:
        requests, median, most, late = (column[name].text for column in columns)
        late, by_staff = ("–", "–") if name in few else (late, changes(changed.get(name)))
        told = f"{by_staff:>9}" if changed else ""
        lines.append(
            f"{cut_name(name, 22):23}{requests:>8}{late:>8}{told}{median:>12}{most:>12}{busy[name].text:>8}".rstrip()
        )
    if len(results.units()) > len(chosen):
        more = len(results.units()) - len(chosen)
        lines.append(f"… and {more} more unit{'s' if more > 1 else ''} in the report")
    if few:
        lines.append(FEW_DUE)
    if sentence := what_people_could_change(run, results):
        lines += ["", textwrap.fill(f"By staff: {sentence}", WIDTH)]
    return lines


# --- JSON -----------------------------------------------------------------------------------------------------------


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain data; null for what has no value."""
    rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records", double_precision=15))
    for row in rows:
        if "group" in row and isinstance(row["group"], str):
            row["group"] = json.loads(row["group"])
    return rows


def measures_json(run: Run, folder: Path) -> str:
    """The summary of a run."""
    apart = gaps(run.measures, places_of(run.scenario))
    document = {
        "scenario": run.scenario.name,
        "digest": run.scenario.digest,
        "scale": run.scenario.scale,
        "notes": [str(note) for note in run.scenario.notes],
        "seed": run.seed,
        "replications": run.replications,
        "engine": run.engine,
        "policies": list(run.policies),
        "folder": str(folder),
        "measures": records(summary(run.measures, apart=apart)),
        "gaps": records(apart),
        "targets": [
            {
                "target": one.name,
                **one.target.model_dump(exclude={"fitted_to"}),
                "simulated": one.simulated.mean,
                "lower": one.simulated.lower,
                "upper": one.simulated.upper,
                "inside": one.off == 0,
                "fitted_to": one.target.fitted_to,
            }
            for one in against_targets(run.scenario, Results(run.measures, run.scenario))
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _recovery(back: Recovery) -> dict[str, Any]:
    """Hours since the start; null where it is not within the run. ``risen``: open requests of the baseline."""
    moments = ("disturbed_until", "recovered_at", "earliest", "latest")
    told = {name: _moment(getattr(back, name)) for name in moments}
    units = {unit: {n: _moment(h) for n, h in zip(moments[1:], at, strict=True)} for unit, at in back.units.items()}
    return {**told, "risen": list(back.risen), "units": units}


def _moment(hours: float) -> float | None:
    return None if math.isnan(hours) else hours


def comparison_json(comparison: Comparison) -> str:
    """The differences of a comparison."""
    base, *cities = map(build_city, comparison.scenarios)
    document = {
        "scenarios": list(comparison.names),
        "seed": comparison.seed,
        "replications": comparison.replications,
        "scale": comparison.scenarios[0].scale,
        "remarks": list(comparison.remarks),
        "what_differs": {
            name: [*own_policies(comparison, name), *what_differs(base, city)]
            for name, city in zip(comparison.names[1:], cities, strict=True)
        },
        "policies": {name: list(own) for name, own in zip(comparison.names, comparison.policies, strict=True)},
        "officers": {name: officers(city) for name, city in zip(comparison.names, [base, *cities], strict=True)},
        "relevance": asdict(comparison.relevance),
        "recovered": {name: _recovery(back) for name, back in comparison.recovered.items()},
        "other_requests": {name: other_requests(comparison, name) for name in comparison.names[1:]},
        "differences": records(comparison.differences),
        "requests": records(comparison.requests),
    }
    return json.dumps(document, ensure_ascii=False, indent=1)
