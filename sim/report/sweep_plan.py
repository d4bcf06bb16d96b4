"""What a sweep will take, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from sim.report.became import became_lines
from sim.report.comparison_text import WIDTH
from sim.report.names import clean

if TYPE_CHECKING:
    from sim.experiment.sweeps.designs import Design
    from sim.experiment.sweeps.forecast import Forecast
    from sim.experiment.sweeps.planning import Shard

#: So many points are told of with what values became in them.
_POINTS = 12


def forecast_text(forecast: Forecast) -> str:
    """Time and disk of the runs that are missing, and how that is known."""
    on = f"on {forecast.processes} processes" if forecast.processes > 1 else "on one process"
    how = f"{forecast.known_from:,} {'runs just now' if forecast.sampled else 'earlier runs'}"
    return textwrap.fill(
        f"The missing runs take {lasting(forecast.seconds)} {on}, by the time of {how}, and "
        f"{_size(forecast.bytes)} of disk with the table.",
        WIDTH,
    )


def became_text(design: Design) -> str:
    """What relative values and values for any name became, in the first points; empty where there are none."""
    lines = []
    for point in design.points[:_POINTS]:
        if became := point.scenario.became:
            lines += ["", clean(point.name), *(f"  {clean(line)}" for line in became_lines(became))]
    if lines and len(design.points) > _POINTS:
        lines += ["", f"… and {len(design.points) - _POINTS:,} points more, alike"]
    return "\n".join(lines)


def unfinished_text(part: Shard, made: int, failed: Mapping[tuple[str, int], str], left: int) -> str:
    """What a part of a sweep has brought, where other parts are missing."""
    said = (
        f"Part {part.number} of {part.of} is done: {made:,} runs were made. {left:,} runs of other parts are missing; "
    )
    lines = [textwrap.fill(f"{said}who sweeps when all are there writes the table and the report.", WIDTH)]
    lines += [f"{clean(name)}, replication {k}: {clean(word)}" for (name, k), word in failed.items()]
    return "\n".join(lines)


def lasting(seconds: float) -> str:
    """A time to wait, roughly: as one plans with it."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 100:
        return f"about {seconds:.0f} s"
    if seconds < 100 * 60:
        return f"about {seconds / 60:.0f} min"
    whole = timedelta(hours=round(seconds / 3600))
    return f"about {seconds / 3600:.0f} h" if whole.days < 3 else f"about {seconds / 86400:.0f} days"


def _size(count: float) -> str:
    return (
        "less than 1 MB"
        if count < 1e6
        else f"about {count / 1e6:,.0f} MB"
        if count < 1e9
        else f"about {count / 1e9:,.1f} GB"
    )
