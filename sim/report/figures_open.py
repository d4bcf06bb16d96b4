"""The figure of a disturbed city: open requests day by day beside the undisturbed one, and when it is back."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.recovery import own_shocks
from sim.inference import calm_band
from sim.report import charts, svg
from sim.report.blocks import Cell, Figure, Table
from sim.report.figures import date_ticks
from sim.report.formats import number
from sim.report.names import clean, shortened

if TYPE_CHECKING:
    from sim.experiment.compare import Comparison
    from sim.experiment.recovery import Recovery

#: Days between two rows of the table.
_STEP = 7


def open_over_time(comparison: Comparison, name: str, key: str) -> Figure | None:
    """Open requests at each midnight in the baseline and a variant; None where its demand is not disturbed."""
    back = comparison.recovered.get(name)
    if back is None:
        return None
    base, variant = comparison.scenarios[0], comparison.scenarios[comparison.names.index(name)]
    table = comparison.open.pivot(index=["scenario", "replication"], columns="hour", values="open")
    hours = table.columns.to_numpy(np.float64)
    calm, disturbed = (table.loc[each].to_numpy(np.float64) for each in (comparison.names[0], name))
    low, high = calm_band(calm)
    before, after = calm.mean(axis=0), disturbed.mean(axis=0)
    begins = min(base.hours_of(shock.from_) for shock in own_shocks(base, variant))
    peak = int((after - before).argmax())
    title = "Open requests, day by day"
    reading = (
        f"The most beyond the undisturbed city: {number(float(after[peak]), '')} on {_date(comparison, hours[peak])} "
    )
    reading += f"instead of {number(float(before[peak]), '')}. "
    is_back = not math.isnan(back.recovered_at)
    reading += f"Back on {_date(comparison, back.recovered_at)}." if is_back else "It is not back within the run."
    with svg.drawing(3.1) as figure:
        ax = svg.axes(figure, 0.65, 0.4, svg.WIDTH - 0.95, 2.25)
        ax.axvspan(begins, back.disturbed_until, color=svg.PALE, lw=0)
        ax.fill_between(hours, low, high, color=svg.SKY, alpha=0.35, lw=0)
        (calm_line,) = ax.plot(hours, before, color=svg.BLUE, lw=1.5)
        (line,) = ax.plot(hours, after, color=svg.VERMILLION, lw=1.5, ls=(0, (4, 1.5)))
        handles, names = [calm_line, line], [shortened(clean(each), 38) for each in (comparison.names[0], name)]
        if is_back:
            handles.append(ax.axvline(back.recovered_at, color=svg.INK, lw=1.2, ls=":"))
            names.append("back")
        end = base.hours_of(base.time.end)
        ax.set_xlim(0, end)
        ax.set_xticks(*date_ticks(base.time.start, end, 7))
        ax.set_ylabel("open requests")
        charts.from_zero(ax, float(max(after.max(), high[np.isfinite(high)].max(initial=0.0), 1.0)))
        charts.keyed(figure, handles, names, 0.65)
        image = svg.inline(figure, key, title, reading)
    rows: list[list[Cell]] = [
        [_date(comparison, hours[i]), *(number(float(x[i]), "") for x in (before, low, high, after))]
        for i in range(0, len(hours), _STEP)
    ]
    heads: list[Cell] = ["midnight", "baseline", "band from", "to", "variant"]
    numbers = Table.plain("Open requests: means over the replications, each week", heads, rows)
    note = (
        f"{_units(comparison, back)}Requests that are neither closed nor merged, without those nobody ever closes. "
        "Band: 95 % for one more replication of the undisturbed city. Shaded: while demand is disturbed. Back: the end "
        "of the first week from which on the mean stays in the band for four weeks; it may be out of it again later."
    )
    return Figure(key, title, reading, image, numbers, note)


def _units(comparison: Comparison, back: Recovery) -> str:
    """When each kind of unit is back, with its range."""
    if len(back.units) < 2:
        return ""
    told = []
    last_first = sorted(back.units.items(), key=lambda one: math.inf if math.isnan(one[1][0]) else one[1][0])[::-1]
    for unit, (at, earliest, latest) in last_first:
        range_ = " … ".join("not within the run" if math.isnan(h) else _date(comparison, h) for h in (earliest, latest))
        told.append(f"{clean(unit)} {'not within the run' if math.isnan(at) else _date(comparison, at)} ({range_})")
    return f"Back by unit (95 % of draws of the replications): {'; '.join(told)}. "


def _date(comparison: Comparison, hours: float) -> str:
    return f"{comparison.scenarios[0].time.start + timedelta(hours=float(hours)):%Y-%m-%d}"
