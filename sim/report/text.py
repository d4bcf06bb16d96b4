"""Results as text for an 80-column terminal, and as JSON for machines."""

from __future__ import annotations

import json
import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.measurement import REGISTRY
from sim.report.formats import difference, difference_interval, interval, number, p_value, rows_of
from sim.report.verdicts import BETTER, MEANING, WORSE, verdict

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.compare import Comparison
    from sim.experiment.runs import Run

WIDTH = 79

#: What a run prints, in this order; a measure that the scenario has no answer to is left out.
CITY_LINES = (
    "contacts",
    "requests",
    "response_rate",
    "resolution_rate",
    "satisfaction_rate",
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
    "hops_mean",
    "rounds_mean",
    "repeat_share",
    "utilisation",
    "cost",
    "equity_gap",
)


def run_text(run: Run) -> str:
    """The measures of the whole city with 95 % intervals, and the busiest units."""
    table = run.summary()
    lines = [
        f"{run.scenario.name}",
        f"{run.replications} replications, seed {run.seed}, engine {run.engine}, {run.seconds:.1f} s",
        f"counted: {run.scenario.time.count_from:%Y-%m-%d %H:%M} … {run.scenario.time.count_until:%Y-%m-%d %H:%M}",
        "",
        f"{'measure':38} {'mean':>12}  95 % interval",
        "─" * WIDTH,
    ]
    city = {row.measure: row for row in rows_of(table[table["group_by"] == ""])}
    for name in CITY_LINES:
        row = city.get(name)
        if row is not None and (not math.isnan(row.mean) or name.startswith("time_to_close_p")):
            mean = number(row.mean, row.unit) if not math.isnan(row.mean) else "not reached"
            lines.append(f"{REGISTRY[name].english[:38]:38} {mean:>12}  {interval(row)}")
    lines += ["", *_by_unit(table), ""]
    return "\n".join(lines)


def _by_unit(table: pd.DataFrame) -> list[str]:
    """The ten units with the most requests."""
    wanted = ("requests", "time_to_close_p50", "time_to_close_p90", "breach_share")
    units: dict[str, dict[str, Any]] = {}
    for row in rows_of(table[(table["group_by"] == "unit") & table["measure"].isin(wanted)]):
        units.setdefault(json.loads(row.group)[0], {})[row.measure] = row
    for row in rows_of(table[(table["group_by"] == "pool") & (table["measure"] == "utilisation")]):
        units.get(json.loads(row.group)[0], {})["utilisation"] = row
    ranked = sorted(units.items(), key=lambda item: -item[1]["requests"].mean)[:10]
    heads = ("requests", "median", "90 %", "late", "busy")
    lines = [f"{'unit':33}" + "".join(f"{head:>9}" for head in heads), "─" * WIDTH]
    for name, rows in ranked:
        cells = [number(rows[m].mean, rows[m].unit) if m in rows else "–" for m in (*wanted, "utilisation")]
        lines.append(f"{name[:33]:33}" + "".join(f"{cell:>9}" for cell in cells))
    if len(units) > len(ranked):
        lines.append(f"… and {len(units) - len(ranked)} more units in the report")
    return lines


def comparison_text(comparison: Comparison) -> str:
    """For each variant: the headline measures as paired differences, who gains and who loses."""
    lines = []
    for variant in comparison.names[1:]:
        lines += _variant(comparison, variant)
    return "\n".join(lines)


def _variant(comparison: Comparison, variant: str) -> list[str]:
    table = comparison.differences
    table = table[table["scenario"] == variant]
    lines = [
        f"{variant}",
        f"  less {comparison.names[0]}",
        f"  {comparison.replications} replications on the same citizens, seed {comparison.seed}",
        "",
        f"{'measure':30} {'difference':>11}  {'95 % interval':25} {'p (Holm)':>8}",
        "─" * WIDTH,
    ]
    for row in rows_of(table[(table["group_by"] == "") & table["p_holm"].notna()]):
        lines.append(
            f"{REGISTRY[row.measure].english[:30]:30} {difference(row):>11}  "
            f"{difference_interval(row):25} {p_value(row.p_holm):>8}"
        )
    pairs = comparison.requests
    pairs = pairs[pairs["scenario"] == variant]
    city = pairs[pairs["group_by"] == ""]
    shares = {kind: city[kind].mean() for kind in ("faster", "slower", "unchanged", "open_in_both")}
    said = ", ".join(f"{100 * share:.1f} % {kind.replace('_', ' ')}" for kind, share in shares.items())
    lines += [
        "",
        f"Requests: {said}",
        "",
        f"Time to close, 50 %, clear changes ({MEANING}):",
    ]
    for dimension in ("district", "category"):
        lines += _gains(table, dimension)
    return lines


def _gains(table: pd.DataFrame, dimension: str) -> list[str]:
    """The groups whose median time to close clearly falls or rises."""
    rows = table[(table["group_by"] == dimension) & (table["measure"] == "time_to_close_p50")]
    ranked = sorted(rows_of(rows[rows["difference"].notna()]), key=lambda row: -abs(row.difference))
    lines = []
    for head, word in (("earlier", BETTER), ("later", WORSE)):
        found = [row for row in ranked if verdict(row) == word]
        names = [f"{json.loads(row.group)[0]} ({difference(row)})" for row in found[:5]]
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        line = f"  by {dimension}, {head}: {'; '.join(names) or 'none clearly'}{more}"
        lines.append(textwrap.fill(line, WIDTH, subsequent_indent=" " * 6))
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
    document = {
        "scenario": run.scenario.name,
        "digest": run.scenario.digest,
        "seed": run.seed,
        "replications": run.replications,
        "engine": run.engine,
        "folder": str(folder),
        "measures": records(run.summary()),
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def comparison_json(comparison: Comparison) -> str:
    """The differences of a comparison."""
    document = {
        "scenarios": list(comparison.names),
        "seed": comparison.seed,
        "replications": comparison.replications,
        "differences": records(comparison.differences),
        "requests": records(comparison.requests),
    }
    return json.dumps(document, ensure_ascii=False, indent=1)
