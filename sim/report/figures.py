"""The figures of a run over time: arrivals and backlog by unit, load against staff."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from sim.report import charts, svg
from sim.report.blocks import Cell, Figure, Table
from sim.report.formats import number
from sim.report.names import Name
from sim.report.results import Results
from sim.report.series import Bins, Flow, Week, merging_note

if TYPE_CHECKING:
    from sim.scenario import Scenario

Floats = NDArray[np.float64]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ALL = Name("All units")
_BROWN = "#9a5b00"


def date_ticks(start: datetime, hours: float, most: int) -> tuple[list[float], list[str]]:
    """Places (hours) and dates for an axis of so many hours, no more than ``most``."""
    days = hours / 24
    for step in (1, 2, 3, 7, 14):
        places = np.arange(0, days + 1e-9, step)
        if len(places) <= most:
            dates = [start + timedelta(days=float(place)) for place in places]
            return [24 * float(place) for place in places], [f"{date.day} {date:%b}" for date in dates]
    month = start.year * 12 + start.month - 1 + (start.day > 1)
    end = start + timedelta(hours=hours)
    last = end.year * 12 + end.month - 1
    for step in (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400):
        chosen = [m for m in range(month, last + 1) if m % step == 0]
        if len(chosen) <= most:
            break
    firsts = [datetime(m // 12, m % 12 + 1, 1) for m in chosen]
    inner = [first for first in firsts if first - start < 0.93 * (end - start)]  # the last word would stand in the next
    firsts = inner if len(inner) > 1 else firsts
    words = [f"{first:%b %Y}" if i == 0 or first.month == 1 else f"{first:%b}" for i, first in enumerate(firsts)]
    if step >= 12:
        words = [f"{first:%Y}" for first in firsts]
    return [(first - start) / timedelta(hours=1) for first in firsts], words


def _over_time(scenario: Scenario, spans: Bins, values: Floats, steps: bool, ticks: int) -> Callable[[Axes], None]:
    """Draws the mean over replications with their range; steps for what happens in a bin, dots at its end for stock."""
    mean, low, high = values.mean(axis=0), values.min(axis=0), values.max(axis=0)
    end = float(spans.edges[-1])
    warm_up = scenario.hours_of(scenario.time.count_from)

    def draw(ax: Axes) -> None:
        if warm_up > 0:
            ax.axvspan(0.0, warm_up, color=svg.PALE, lw=0)
        if steps:
            charts.steps(ax, high, spans.edges, baseline=low, fill=True, color=svg.ORANGE, alpha=0.35, lw=0)
            charts.steps(ax, mean, spans.edges, color=_BROWN, lw=1.4, baseline=None)
        else:
            ax.fill_between(spans.edges[1:], low, high, color=svg.SKY, alpha=0.4, lw=0)
            few = {"marker": "o", "ms": 3} if len(mean) <= 16 else {}
            ax.plot(spans.edges[1:], mean, color=svg.BLUE, lw=1.5, **few)  # type: ignore[arg-type]
        ax.set_xlim(0, end)
        ax.set_xticks(*date_ticks(scenario.time.start, end, ticks))
        charts.from_zero(ax, float(high.max(initial=0.0)))

    return draw


def _panels_over_time(
    key: str,
    title: str,
    scenario: Scenario,
    spans: Bins,
    found: Flow,
    reading: str,
    note: str,
) -> Figure:
    steps = key == "arrivals"
    words = f"{'requests' if found.whole else 'visits'} {'a day' if steps else 'open' if found.whole else 'waiting'}"
    values = found.arrived if steps else found.stock
    names, shown = [s.name for s in found.series], list(values)
    if len(names) > 1:
        names, shown = [_ALL, *names], [np.sum(values, axis=0), *values]
    ticks = 3 if charts.panel_rows(len(names), wide=False)[1] > 3 else 4
    all_panels = [
        charts.Panel(name.text, _over_time(scenario, spans, value, steps, ticks))
        for name, value in zip(names, shown, strict=True)
    ]
    above = 0.22
    with svg.drawing(charts.panels_height(len(all_panels), above)) as figure:
        charts.axis_words(figure, words)
        charts.panels(figure, all_panels, above)
        image = svg.inline(figure, key, title, f"One small chart for each unit, {words}. {reading}")
    means = [value.mean(axis=0) for value in shown]
    lines = [[date, *(number(float(mean[i]), "") for mean in means)] for i, date in enumerate(spans.dates)]
    head = f"{spans.word} from" if spans.days > 1 else "day"
    table = Table.plain(f"{title}: means over the replications", [head, *names], lines)
    return Figure(key, title, reading, image, table, note)


def _shading(scenario: Scenario) -> str:
    time = scenario.time
    said = ""
    if time.count_from > time.start:
        said += " Shaded: before the days whose requests are counted."
    if time.count_until < time.end:
        said += f" The run goes on until {time.end:%Y-%m-%d}, so that what is open then can come to its end."
    return said


def _last_day(scenario: Scenario) -> str:
    """That of the count window."""
    return f"{scenario.time.count_until - timedelta(microseconds=1):%Y-%m-%d}"


def _span_words(spans: Bins, number_: int) -> str:
    """A bin in words."""
    return f"{spans.word} {'is' if spans.days == 1 else 'begins on'} {spans.dates[number_]}"


def _lines_and_bands(found: Flow) -> str:
    if len(found.stock[0]) == 1:
        return "Line: the one replication."
    return "Line: mean over the replications; band: their range."


def arrivals(scenario: Scenario, spans: Bins, found: Flow) -> Figure:
    """What comes in, by unit."""
    total = np.sum(found.arrived, axis=0).mean(axis=0)
    what = "requests" if found.whole else "visits"
    title = "Requests received a day" if found.whole else "Visits that join the units’ queues a day"
    most = max(found.series, key=lambda s: found.arrived[found.series.index(s)].mean())
    size = found.arrived[found.series.index(most)].mean()
    peak = int(total.argmax())
    reading = (
        f"{number(float(total.mean()), '')} {what} a day in all, most of them to {most.name.text} "
        f"({number(float(size), '')}). The busiest {_span_words(spans, peak)}: "
        f"{number(float(total[peak]), '')} a day."
    )
    note = f"{_lines_and_bands(found)} Scales differ from unit to unit.{_shading(scenario)}"
    note = f"{note} {merging_note(found.series)}"
    return _panels_over_time("arrivals", title, scenario, spans, found, reading, note)


def backlog(scenario: Scenario, spans: Bins, found: Flow, results: Results) -> Figure:
    """What is not done yet, by unit."""
    total = np.sum(found.stock, axis=0).mean(axis=0)
    at_end = [float(stock[:, -1].mean()) for stock in found.stock]
    largest = int(np.argmax(at_end))
    peak = int(total.argmax())
    if found.whole:
        title = "Open requests (backlog)"
        what = f"Number at the end of each {spans.word}, counted at the owner from dispatch to closing."
        when = "at the end"
        all_open = results.city("backlog_end").text
        what += (
            f" “Backlog at the end” ({all_open}) is that of {scenario.time.end:%Y-%m-%d}, those that wait for dispatch"
        )
        what += " among them."
    else:
        title = "Visits waiting at the units (queue)"
        what = (
            f"Mean number over each {spans.word}. The run kept no requests, so lead times are not part of it: that is"
        )
        what += f" why “Backlog at the end” ({results.city('backlog_end').text}) is larger."
        when = f"wait for an officer in the last {spans.word} that is counted"
    reading = (
        f"{number(float(total[-1]), '')} {when}, {number(at_end[largest], '')} of them at "
        f"{found.series[largest].name.text}. The highest {_span_words(spans, peak)}: "
        f"{number(float(total[peak]), '')}."
    )
    note = f"{what} {_lines_and_bands(found)} Scales differ from unit to unit.{_shading(scenario)}"
    note = f"{note} {merging_note(found.series)}"
    return _panels_over_time("backlog", title, scenario, spans, found, reading, note)


# --- load against staff ----------------------------------------------------------------------------------------------


def _week_panel(week: Week) -> Callable[[Axes], None]:
    edges = np.arange(169.0)

    def draw(ax: Axes) -> None:
        charts.steps(ax, week.on_duty, edges, fill=True, color=svg.PALE, lw=0)
        charts.steps(ax, week.busy, edges, fill=True, color=svg.SKY, alpha=0.8, lw=0)
        charts.tops(ax, week.on_duty, edges, color=svg.INK, lw=1.1)
        charts.steps(ax, week.load, edges, color=svg.VERMILLION, lw=1.1, baseline=None)
        ax.set_xlim(0, 168)
        ax.set_xticks([24.0 * day for day in range(8)], [""] * 8)
        for day, word in enumerate(_DAYS):
            ax.annotate(
                word,
                (24 * day + 12, 0),
                (0, -4),
                xycoords="data",
                textcoords="offset points",
                ha="center",
                va="top",
                fontsize=svg.SIZE - 1.5,
                color=svg.GREY,
            )
        highest = [np.nanmax(values, initial=0.0) for values in (week.on_duty, week.busy, week.load)]
        charts.from_zero(ax, float(max(highest)))

    return draw


def _busiest(week: Week) -> tuple[str, float, float]:
    """The hour of the week with most load, the load and the staff in it."""
    load = np.nan_to_num(week.load, nan=-1.0)
    hour = int(load.argmax())
    return f"{_DAYS[hour // 24]} {hour % 24}:00", float(max(load[hour], 0.0)), float(np.nan_to_num(week.on_duty[hour]))


def load(found: Sequence[Week]) -> Figure:
    """Load against staff by hour of the week."""
    title = "Load against staff by hour of the week"
    all_panels = [charts.Panel(week.series.name.text, _week_panel(week)) for week in found]
    known = [week for week in found if not math.isnan(week.utilisation)]
    reading = "Nobody is on duty in the count window."
    if known:
        most = max(known, key=lambda week: week.utilisation)
        hour, work, staff = _busiest(most)
        reading = (
            f"The busiest is {most.series.name.text}: at work for {number(most.utilisation, 'share')} of the time on "
            f"duty. Most work reaches it in the hour from {hour}: enough for {work:,.1f} officers, with {staff:,.1f} "
            "on duty."
        )
    with svg.drawing(charts.panels_height(len(all_panels), 0.3, wide=True)) as figure:
        handles = [
            Patch(fc=svg.PALE, ec=svg.INK, lw=0.9),
            Patch(fc=svg.SKY, alpha=0.8),
            Line2D([], [], color=svg.VERMILLION, lw=1.1),
        ]
        charts.keyed(figure, handles, ["officers on duty", "at work", "arriving load"], 0.4)
        charts.panels(figure, all_panels, 0.3, wide=True)
        image = svg.inline(
            figure, "load", title, f"Officers by hour of the week, a small chart for each pool. {reading}"
        )
    lines: list[list[Cell]] = []
    for week in found:
        hour, work, staff = _busiest(week)
        seen = ~np.isnan(week.on_duty)
        means = [float(values[seen].mean()) for values in (week.on_duty, week.busy, week.load)]
        cells = ["–" if math.isnan(value) else f"{value:,.1f}" for value in (*means, work, staff)]
        lines.append([week.series.name, *cells[:3], number(week.utilisation, "share"), hour, *cells[3:]])
    heads = ["pool", "on duty", "at work", "arriving load", "at work / on duty", "hour of most load", "its load"]
    table = Table(
        "Officers by pool: means over the week, and the hour with most arriving load",
        [*heads, "its staff"],
        [("", lines)],
        words=frozenset({0, 5}),
        note="The values of each hour are in levels.parquet of the run folder.",
    )
    note = (
        "Officers; means over the replications and the weeks of the count window. Arriving load: visits that arrive in "
        "the hour × their mean work, that is the officers they would keep at work if served at once. Where it stays "
        f"above the officers on duty, a queue grows. {merging_note([week.series for week in found])}"
    )
    return Figure("load", title, reading, image, table, note)
