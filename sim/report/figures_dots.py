"""Figures of dots with intervals: time to close by category, truth beside report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.report import charts, svg
from sim.report.blocks import Cell, Figure, Table
from sim.report.formats import number
from sim.report.names import Name, Names, measure_name
from sim.report.results import Estimate, Results

#: A figure shows so many categories, districts, other groups in rows at most; a table so many.
MOST_CATEGORIES, MOST_DISTRICTS, MOST_LINES = 12, 20, 40
CITY = Name("Whole city")


def dot(found: Estimate | None) -> charts.Dot | None:
    """An estimate as a point."""
    if found is None or not found.known:
        return None
    return charts.Dot(found.mean, found.lower, found.upper)


def with_interval(found: Estimate | None) -> str:
    """An estimate in a cell."""
    if found is None:
        return "–"
    return f"{found.text} ({found.interval})" if found.interval else found.text


def left_out(shown: int, known: int, what: str) -> str:
    return f"Shown are the {shown} {what} with most requests, of {known}." if shown < known else ""


# --- time to close ---------------------------------------------------------------------------------------------------


def time_to_close(results: Results, names: Names) -> Figure | None:
    """Median and 90 % quantile by category; None where nothing closed or could."""
    quantiles = {p: results.by(f"time_to_close_{p}", "category") for p in ("p50", "p90")}
    cases = {name for name, found in quantiles["p50"].items() if found.cases > 0}
    chosen = [name for name in results.largest("category", 10**6) if name in cases]
    if not chosen:
        return None
    shown = sorted(chosen[:MOST_CATEGORIES], key=lambda name: -_or_infinite(quantiles["p50"][name]))
    marks = (charts.Mark("half of the requests (median)", "o", svg.BLUE), charts.Mark("90 % of them", "D", svg.ORANGE))
    values = [e for name in shown for e in (quantiles["p50"][name], quantiles["p90"][name]) if e.known]
    hours = [x for e in values for x in (e.mean, e.lower, e.upper) if not math.isnan(x)]
    place = charts.log_hours([e.mean for e in values])
    labels = [names.category(name).text for name in shown]
    left = charts.label_width(labels)
    title = "Time to close by category"
    with svg.drawing(0.78 + 0.27 * len(shown)) as figure:
        right = 0.2 if all(quantiles[p][name].reached for p in quantiles for name in shown) else 1.3
        ax = svg.axes(figure, left, 0.5, svg.WIDTH - left - right, 0.27 * len(shown))
        charts.rows(ax, labels)
        spread = [place(h) for h in hours] or [0.0, 1.0]
        charts.time_axis(ax, min(spread), max(spread), "time from arrival to first closing (logarithmic)")
        for mark, p in zip(marks, quantiles, strict=True):
            points = [dot(quantiles[p][name]) for name in shown]
            moved = [x and charts.Dot(place(x.value), place(x.lower), place(x.upper)) for x in points]
            charts.dots(ax, mark, moved, -0.12 if p == "p50" else 0.12)
        for row, name in enumerate(shown):
            unreached = [p for p in quantiles if not quantiles[p][name].reached]
            if unreached:
                text = "neither reached" if len(unreached) == 2 else "90 % not reached"
                ax.annotate(text, (1.01, row), xycoords=("axes fraction", "data"), va="center", color=svg.GREY)
        charts.legend(figure, marks, left)
        known = [name for name in shown if quantiles["p50"][name].known]
        never = [names.category(name).text for name in shown if not quantiles["p50"][name].reached]
        reading = "In no category is the median reached: half of the requests or more are open at the end."
        if known:
            slow, fast = known[0], known[-1]
            slowest = f"{names.category(slow).text}, half of the requests take more than {quantiles['p50'][slow].text}"
            if never:
                slowest = f"{', '.join(never)}: half of the requests or more are open at the end"
            fastest = f"{names.category(fast).text} ({quantiles['p50'][fast].text})"
            reading = f"Slowest: {slowest}. Fastest: {fastest}."
        image = svg.inline(figure, "time", title, reading)
    times = [f"time_to_close_{p}" for p in ("p50", "p90", "p95", "p99", "mean_among_closed")]
    columns = ["requests", *times, "closed_share"]
    by_column = [results.by(measure, "category") for measure in columns]
    lines: list[list[Cell]] = [
        [names.category(name), *(c[name].text for c in by_column)]
        for name in sorted(chosen[:MOST_LINES], key=lambda name: -_or_infinite(quantiles["p50"][name]))
    ]
    heads: list[Cell] = ["category", *(measure_name(measure) for measure in columns)]
    note = (
        "Line through a point: 95 % interval. Requests open at the end rank after all closed ones; “not reached” means "
        f"that the quantile falls among them. {left_out(len(shown), len(chosen), 'categories')}"
    )
    cut = left_out(MOST_LINES, len(chosen), "categories")
    table = Table.plain(f"{title}: means over the replications", heads, lines, cut)
    return Figure("time", title, reading, image, table, note)


def _or_infinite(found: Estimate) -> float:
    return found.mean if found.known else math.inf


# --- truth beside report ---------------------------------------------------------------------------------------------


def truth(results: Results, names: Names, asked: bool) -> Figure | None:
    """Closed, truly resolved, said to be resolved, satisfied; None without requests."""
    marks = {
        "closed_share": charts.Mark("closed", "s", svg.GREY, filled=False),
        "true_resolution_share": charts.Mark("truly resolved", "o", svg.BLUE),
        "resolution_rate": charts.Mark("said resolved", "^", svg.ORANGE),
        "satisfaction_rate": charts.Mark("said satisfied", "D", svg.PURPLE, filled=False),
    }
    if not asked:
        marks = {measure: marks[measure] for measure in ("closed_share", "true_resolution_share")}
    if not results.city("closed_share").known:
        return None
    chosen: list[tuple[str, str]] = [("", "")]
    for dimension, most in (("district", MOST_CATEGORIES), ("category", MOST_CATEGORIES)):
        chosen += [(dimension, name) for name in results.largest(dimension, most)]
    found = [_estimates(results, list(marks), dimension, name) for dimension, name in chosen]
    row_names = [CITY, *(names.of(dimension, name) for dimension, name in chosen[1:])]
    labels = [name.text for name in row_names]
    left, tall = charts.label_width(labels), 0.25 * len(labels)
    title = "Closed, resolved and satisfied" if asked else "Closed and truly resolved"
    reading = _truth_reading(found[0], results, asked)
    with svg.drawing(0.3 + tall + 0.28) as figure:
        ax = svg.axes(figure, left, 0.3, svg.WIDTH - left - 0.2, tall)
        charts.rows(ax, labels, bold=[0])
        lowest = [e.mean for line in found for e in line if e is not None and e.known]
        charts.share_axis(ax, low=min([*lowest, found[0][-1].lower if found[0][-1] else 1.0]) - 0.02)
        for column, mark in enumerate(marks.values()):
            points = [dot(line[column]) for line in found]
            shift = -0.13 if column < 2 else 0.13
            charts.dots(ax, mark, [points[0], *(p and charts.Dot(p.value) for p in points[1:])], shift)
        firsts = [i for i, (dimension, _) in enumerate(chosen) if i and dimension != chosen[i - 1][0]]
        for first in firsts:
            ax.axhline(first - 0.5, color=svg.GREY, lw=0.8)
        charts.legend(figure, list(marks.values()), left)
        image = svg.inline(figure, "truth", title, reading)
    rows: list[list[Cell]] = [[n, *(with_interval(e) for e in line)] for n, line in zip(row_names, found, strict=True)]
    shown = Table.plain(f"{title}: means with 95 % intervals", ["", *map(measure_name, marks)], rows)
    note = "Closed and truly resolved: of all requests."
    if not asked:
        note += " Without a callback, nobody asks the citizens whether their matter was solved."
    else:
        note += " Said resolved, said satisfied: of the scored answers to callbacks, hence not of the same requests."
    note += " Lines through the points of the city: 95 % intervals. Districts, then categories, with most requests."
    return Figure("truth", title, reading, image, shown, note)


def _estimates(results: Results, measures: Sequence[str], dimension: str, name: str) -> list[Estimate | None]:
    if not dimension:
        return [results.city(measure) for measure in measures]
    return [results.by(measure, dimension).get(name) for measure in measures]


def _truth_reading(city: Sequence[Estimate | None], results: Results, asked: bool) -> str:
    shares = [number(found.mean, "share") for found in city if found is not None]
    first = f"{shares[0]} of the requests were closed, {shares[1]} truly resolved at their last closing."
    gap, false = results.city("resolution_gap"), results.city("false_resolution_share")
    if not asked or not gap.known:
        return first
    points = number(abs(gap.mean), "share").replace("%", "percentage points")
    side = "more" if gap.mean > 0 else "fewer"
    text = f"{first} Of the same scored requests, citizens called solved {points} {side} than truly were"
    return f"{text}; {number(false.mean, 'share')} of what they called solved was not." if false.known else f"{text}."
