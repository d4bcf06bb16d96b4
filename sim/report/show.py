"""What a scenario says: every resolved value with its source, and what it asks of its pools."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from sim.model.city import build_city
from sim.model.load import Load, offered_loads
from sim.report.mechanisms import in_words
from sim.report.modelled import open_at_start, thinned
from sim.report.selecting import select
from sim.scenario.sources import WAS

if TYPE_CHECKING:
    from sim.scenario import Scenario, Value


def show_text(scenario: Scenario, path: str = "") -> str:
    """For reading: the loads first, then every value with its source; with a path, only values there (see `select`)."""
    if path:
        return "\n".join(wrapped(line) for value in select(scenario.values(), path) for line in _value_lines(value))
    city = build_city(scenario)
    loads, mechanisms = offered_loads(city), [*in_words(city).values()]
    lines = [scenario.name, ""]
    if scenario.description:
        lines += [scenario.description.strip(), ""]
    lines += [*(f"Note: {note}" for note in scenario.notes), *([""] if scenario.notes else [])]
    lines += [*mechanisms, *([""] if mechanisms else [])]
    if stood := open_at_start(scenario):
        lines += [stood, ""]
    lines += [*_load_lines(loads), ""]
    if scenario.scale != 1:
        lines += [thinned(scenario), ""]
    values = scenario.values()
    lines += changes(values, scenario)
    lines += headed("Values and their sources")
    lines += [line for value in values for line in _value_lines(value)]
    unsourced = sum(v.is_number and not v.from_default and v.source is None for v in values)
    if unsourced:
        lines += ["", f"{unsourced} numbers have no source."]
    return "\n".join(wrapped(line) for line in lines)


def headed(head: str) -> list[str]:
    """A heading and the line below it."""
    return [head, "-" * len(head)]


def wrapped(line: str) -> str:
    """A line for an 80-column terminal; what runs over is indented below its beginning."""
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.fill(line, 79, subsequent_indent=indent, break_long_words=False, drop_whitespace=True) or line


def _load_lines(loads: list[Load]) -> list[str]:
    lines = [
        *headed("Offered load by pool (count window, means)"),
        f"{'pool':40} {'visits/d':>10} {'work h/d':>9} {'duty h/d':>9} {'load':>6}",
    ]
    for load in loads:
        name = " + ".join(load.pools)
        name = name if len(name) <= 40 else name[:39] + "…"
        lines.append(f"{name:40} {load.visits:10,.1f} {load.work:9,.1f} {load.duty:9,.1f} {load.offered:6.2f}")
    crowded = [load.sentence() for load in loads if load.offered >= 1]
    return lines + [""] * bool(crowded) + crowded


def changes(values: list[Value], scenario: Scenario) -> list[str]:
    """Where the scenario extends others: what its own file sets, with its tables."""
    if len(scenario.files) < 2:
        return []
    first = scenario.files[0]
    files = {first, *(table for table, file in scenario.tables.items() if file == first)}
    own = [v for v in values if v.origin_file in files]
    head = headed("Set by this file, all else comes from what it extends")
    return [*head, *(f"{v.path} = {v.value_text}" for v in own), ""]


def _value_lines(value: Value) -> tuple[str, str]:
    line = f"{value.path} = {value.value_text}"
    place = f" ({value.origin_file}:{value.line})" if value.origin_file else ""
    if value.from_default:
        return line, "    default"
    if value.source is not None:
        note = (value.source.note or "").replace(WAS, value.was or WAS, 1)
        source = " · ".join(x for x in (value.source.kind, value.source.title, note) if x)
    else:
        source = "no source" if value.is_number else "a choice"
    return line, f"    {source}{place}"


def show_json(scenario: Scenario, path: str = "") -> str:
    """For machines: values with sources, loads."""

    def source(value: Value) -> Any:
        return None if value.source is None else value.source.model_dump(exclude_none=True)

    document = {
        "name": scenario.name,
        "digest": scenario.digest,
        "notes": [str(note) for note in scenario.notes],
        "values": [
            {
                "path": v.path,
                "value": v.value_text,
                "file": v.origin_file,
                "line": v.line,
                "default": v.from_default,
                "source": source(v),
            }
            for v in select(scenario.values(), path)
        ],
        "loads": [
            {
                "pools": list(load.pools),
                "visits_per_day": load.visits,
                "work_hours_per_day": load.work,
                "duty_hours_per_day": load.duty,
                "offered_load": load.offered if load.duty > 0 else None,
            }
            for load in offered_loads(build_city(scenario))
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)
