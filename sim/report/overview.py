"""A scenario on one screen: who works and how busy they are, what is on, and where its values are to be seen."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.model.city import City, build_city
from sim.model.load import Load, offered_loads
from sim.report.mechanisms import MECHANISMS, in_words
from sim.report.modelled import thinned
from sim.report.show import changes, headed, wrapped
from sim.scenario.errors import read_path

if TYPE_CHECKING:
    from sim.scenario import Scenario, Value

#: So many pools, the busiest, so many notes and so many values that a variant sets are shown.
MOST = 16


def overview_text(scenario: Scenario, said: Sequence[str]) -> str:
    """For a terminal: what a planner wants first. ``said`` are the words of the command, to which a path is added."""
    command, city = shlex.join(said), build_city(scenario)
    values = scenario.values()
    lines = [scenario.name, ""]
    if scenario.description:
        lines += [scenario.description.strip(), ""]
    if scenario.notes:
        lines += [*_some([f"Note: {note}" for note in scenario.notes], "notes", command), ""]
    lines += [*_pools(city, command), "", *_mechanisms(city, said)]
    if scenario.scale != 1:
        lines += [thinned(scenario), ""]
    lines += _own(values, scenario, command)
    lines += _sections(values, command)
    return "\n".join(wrapped(line) for line in lines)


def _own(values: Sequence[Value], scenario: Scenario, command: str) -> list[str]:
    """What the file of a variant sets, or how much that is."""
    lines = changes([value for value in values if value.path not in ("name", "description")], scenario)
    if len(lines) - 3 <= MOST:
        return lines
    return [f"This file sets {len(lines) - 3} values, all else comes from what it extends: {command} --all", ""]


def _some(lines: list[str], what: str, command: str) -> list[str]:
    """The first of them, and how many there are more."""
    more = len(lines) - MOST
    return lines if more <= 0 else [*lines[:MOST], f"… and {more} {what} more: {command} --all"]


def _pools(city: City, command: str) -> list[str]:
    """The busiest first, those without work last."""
    head = f"{'pool':40} {'officers':>8} {'visits/d':>9} {'work h/d':>9} {'load':>6}"
    lines = [*headed("Who works, and the load on them (count window, means)"), head]
    most = {pool.name: int(pool.headcounts.max()) for pool in city.pools}
    loads = sorted(offered_loads(city), key=lambda load: -load.offered)
    lines += _some([_pool(load, most) for load in loads], "pools", command)
    crowded = [load.sentence() for load in loads if load.offered >= 1]
    return lines + [""] * bool(crowded) + _some(crowded, "such pools", command)


def _pool(load: Load, most: dict[str, int]) -> str:
    name, staff = " + ".join(load.pools), sum(most[pool] for pool in load.pools)
    name = name if len(name) <= 40 else name[:39] + "…"
    return f"{name:40} {staff:8,} {load.visits:9,.1f} {load.work:9,.1f} {load.offered:6.2f}"


def _mechanisms(city: City, said: Sequence[str]) -> list[str]:
    """The limits in words, and the names of what else is on."""
    told = in_words(city)
    lines = []
    if "time_limits" in told:
        lines.append(f"{told['time_limits']} Each of them: {shlex.join([*said, 'policies.time_limits'])}")
    others = [MECHANISMS[key].english for key in told if key != "time_limits"]
    if others:
        more = shlex.join(["citysim", "mechanisms", *said[2:]])
        lines.append(f"Mechanisms that are on: {', '.join(others)}. What they do here: {more}")
    return [*lines, ""] if lines else []


def _sections(values: Sequence[Value], command: str) -> list[str]:
    """How many values stand where, and how to see them."""
    counts = Counter(read_path(value.path)[0][0][0] for value in values)
    lines = headed(f"{len(values):,} values and their sources")
    lines += [f"{name:12} {count:7,}  {command} {name}" for name, count in counts.items() if count > 1]
    lines.append(f"and {', '.join(name for name, count in counts.items() if count == 1)}")
    lines += ["", f"By a pattern: {command} {shlex.quote('units.*.staff')}. All of them: {command} --all"]
    unsourced = sum(v.is_number and not v.from_default and v.source is None for v in values)
    return [*lines, f"{unsourced:,} numbers have no source."] if unsourced else lines
