"""The figures of a comparison: who gains and who loses, and whose requests close faster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim.inference import Relevance
from sim.measurement import REGISTRY
from sim.measurement.grouping import group_values
from sim.report import charts, svg
from sim.report.blocks import Cell, Figure, Table
from sim.report.figures_dots import CITY, MOST_CATEGORIES, MOST_DISTRICTS, MOST_LINES
from sim.report.formats import difference, difference_interval, number, time_unit
from sim.report.names import Names, measure_name, shortened
from sim.report.results import Results
from sim.report.variants import Rows
from sim.report.verdicts import BETTER, NONE, OTHER, UNCLEAR, WORSE, faster_means, meaning, verdict

Floats = NDArray[np.float64]

#: What groups gain or lose by, and what the table has besides.
MEASURES = ("breach_share", "time_to_close_p50", "true_resolution_share", "satisfaction_rate")
_MORE = ("response_rate", "resolution_rate", "time_to_close_p90")

_MARKS = {
    BETTER: charts.Mark("clearly better", "o", svg.BLUE),
    WORSE: charts.Mark("clearly worse", "D", svg.VERMILLION),
    NONE: charts.Mark("too small to matter", "o", svg.GREY),
    UNCLEAR: charts.Mark("not clear", "o", svg.GREY, filled=False),
    OTHER: charts.Mark("other requests, no verdict", "s", svg.GREY, filled=False),
}
_FATES = {
    "faster": charts.Layer("faster", svg.BLUE),
    "unchanged": charts.Layer("unchanged", svg.PALE),
    "open_in_both": charts.Layer("open at the end in both", "white", "..."),
    "slower": charts.Layer("slower", svg.VERMILLION, "///"),
}


#: The parts of the figure of the same requests, and what stands in each.
_PARTS = (("By district", ("", "district")), ("By category", ("category",)))


def difference_cell(row: Any | None, reached: bool) -> str:
    """A difference with its interval."""
    if row is None or math.isnan(row.difference):
        return "–" if reached else "not reached"
    span = difference_interval(row)
    return f"{difference(row)} ({span})" if span else difference(row)


def who_gains(
    rows: Rows,
    both: tuple[Results, Results],
    names: Names,
    dimension: str,
    key: str,
    title: str,
    relevance: Relevance,
) -> Figure | None:
    """Differences by unit, district or category: a point with its interval in each; None with no group to show."""
    base = both[0]
    groups = [g for g in base.largest(dimension, MOST_LINES) if any((m, dimension, g) in rows for m in MEASURES)]
    chosen = [m for m in MEASURES if any(_known(rows.get((m, dimension, g))) for g in groups)]
    if not groups or not chosen:
        return None
    shown = groups[:MOST_DISTRICTS]
    row_names = [CITY, *(names.of(dimension, group) for group in shown)]
    labels = [name.text for name in row_names]
    widest = 24 if dimension == "unit" else 16
    left, tall = charts.label_width(labels, widest), 0.25 * len(labels)
    width = (svg.WIDTH - left) / len(chosen)
    keys = [("", ""), *((dimension, group) for group in shown)]
    clear = {word: 0 for word in _MARKS}
    with svg.drawing(0.62 + tall + 0.5) as figure:
        for number_, measure in enumerate(chosen):
            ax = svg.axes(figure, left + number_ * width + 0.06, 0.5, width - 0.16, tall)
            charts.rows(ax, labels if number_ == 0 else [""] * len(labels), widest, bold=[0])
            found = [rows.get((measure, *at)) for at in keys]
            words = [verdict(row) for row in found]
            _forest(ax, measure, found, words, (width - 0.05) / charts.EM)
            for row, word in zip(found[1:], words[1:], strict=True):
                clear[word] += _known(row)
        charts.legend(figure, list(_MARKS.values()), 0.1)
        total = sum(clear.values())
        small = f"{clear[NONE]} are too small to matter"
        other = f"; {clear[OTHER]} are of other requests, without a verdict" if clear[OTHER] else ""
        reading = f"No clear difference among the {total - clear[OTHER]} below; {small}{other}."
        if clear[OTHER] == total:
            reading = f"Other requests in all {total}: no verdict."
        elif clear[BETTER] + clear[WORSE]:
            reading = (
                f"Clear differences: {clear[BETTER]} for the better, {clear[WORSE]} for the worse, of the {total} "
            )
            reading += f"below; {small}."
        image = svg.inline(figure, key, title, reading)
    tabled = [*chosen, *(m for m in _MORE if any(_known(rows.get((m, dimension, g))) for g in groups))]
    lines: list[list[Cell]] = []
    for by, group in [("", ""), *((dimension, group) for group in groups)]:
        cells: list[Cell] = [names.of(by, group) if by else CITY]
        for measure in tabled:
            reached = all(_reached(results, measure, by, group) for results in both)
            cells.append(difference_cell(rows.get((measure, by, group)), reached))
        lines.append(cells)
    table = Table.plain(f"{title}: variant minus baseline, 95 % interval", ["group", *map(measure_name, tabled)], lines)
    cut = f" Shown are the {len(shown)} with most requests." if len(groups) > len(shown) else ""
    note = (
        f"Variant minus baseline, paired by replication. Clear: {meaning(relevance)}; p is adjusted over the groups of "
        "a measure (the whole city: over the headline measures). Too small to matter: all of the interval is "
        "smaller. An interval stands for itself: one that misses zero need not be clear. "
        f"Intervals may run out of the picture; the numbers have them whole.{cut}"
    )
    return Figure(key, title, reading, image, table, note)


def _reached(results: Results, measure: str, dimension: str, group: str) -> bool:
    found = results.by(measure, dimension).get(group) if dimension else results.city(measure)
    return found is None or found.reached


def _known(row: Any | None) -> bool:
    return row is not None and not math.isnan(row.difference)


def _forest(ax: Axes, measure: str, found: Sequence[Any | None], words: Sequence[str], most: float) -> None:
    """Points about zero, in percentage points or a unit of time; the title takes so many ems at most."""
    known = [row for row in found if row is not None and _known(row)]
    ends = [max(abs(row.lower), abs(row.upper)) for row in known if not math.isnan(row.lower)]
    largest = max((abs(row.difference) for row in known), default=0.0)
    matters = 1.2 * known[0].relevant if known else 0.0  # what is too small to matter looks small
    reach = max(1.6 * largest, float(np.quantile(ends, 0.75)) if ends else 0.0, matters)
    factor, sign = 100.0, "pp"
    if REGISTRY[measure].unit == "h":
        length, sign = time_unit(reach)
        factor = 1 / length
    reach = reach * factor or 1.0
    name, better = REGISTRY[measure], REGISTRY[measure].better

    for word, mark in _MARKS.items():
        points = [
            charts.Dot(factor * row.difference, factor * row.lower, factor * row.upper)
            if row is not None and _known(row) and own == word
            else None
            for row, own in zip(found, words, strict=True)
        ]
        charts.dots(ax, mark, points)
    ax.set_xlim(-1.05 * reach, 1.05 * reach)
    step = charts.round_step(reach)
    ticks = [-step, 0.0, step]
    ax.set_xticks(ticks, [f"{tick:+g}".replace("-", "−") if tick else "0" for tick in ticks])
    ax.axvline(0, color=svg.INK, lw=0.9)
    ax.grid(axis="x")
    arrow = {"higher": "better →", "lower": "← better", None: ""}[better]
    ax.set_xlabel(f"{arrow} ({sign})")
    ax.set_title(
        f"{shortened(name.english, most)}\n{name.chinese}",
        loc="left",
        fontsize=svg.SIZE,
        color=svg.INK,
    )


# --- the same requests in both ----------------------------------------------------------------------------------------


def fates(pairs: pd.DataFrame, base: Results, names: Names, key: str, relevance: Relevance) -> Figure | None:
    """Share of requests that close faster, slower, unchanged: the city, districts and categories."""
    means = pairs.groupby(["group_by", "group"], sort=False)[["compared", *_FATES, "only_in_a", "only_in_b"]].mean()
    found = {(by, (group_values(group) or ("",))[0]): means.loc[(by, group)] for by, group in means.index}
    chosen = [("", "")]
    for dimension in ("district", "category"):
        chosen += [(dimension, name) for name in base.largest(dimension, MOST_CATEGORIES) if (dimension, name) in found]
    chosen = [at for at in chosen if found[at]["compared"] > 0]
    if not chosen:
        return None
    shares = np.array([[float(found[at][fate]) for fate in _FATES] for at in chosen])
    row_names = [CITY if not by else names.of(by, group) for by, group in chosen]
    labels = [name.text for name in row_names]
    left = charts.label_width(labels)
    city = found["", ""]
    faster, slower, unchanged = (number(float(city[fate]), "share") for fate in ("faster", "slower", "unchanged"))
    title = "The same requests in both scenarios"
    reading = (
        f"{faster} of the requests close faster, {slower} slower, {faster_means(relevance)}; {unchanged} close at "
        "about the same time."
    )
    parts = [(word, [i for i, (by, _) in enumerate(chosen) if by in dimensions]) for word, dimensions in _PARTS]
    parts = [(word, rows) for word, rows in parts if rows]
    tall = sum(0.25 * len(rows) + 0.3 for _, rows in parts)
    with svg.drawing(0.3 + tall + 0.45) as figure:
        bottom = 0.45 + tall
        for word, rows in parts:
            bottom -= 0.25 * len(rows) + 0.3
            ax = svg.axes(figure, left, bottom, svg.WIDTH - left - 0.25, 0.25 * len(rows))
            charts.rows(ax, [labels[i] for i in rows], bold=[0] if rows[0] == 0 else [])
            charts.stacked(ax, list(_FATES.values()), shares[rows])
            last = word == parts[-1][0]
            charts.share_axis(ax, "share of the requests that both scenarios have" if last else "")
            if not last:
                ax.tick_params(axis="x", labelbottom=False)
            ax.set_title(word, loc="left", fontsize=svg.SIZE, color=svg.INK, pad=3)
        charts.layer_legend(figure, list(_FATES.values()), left, 4)
        image = svg.inline(figure, key, title, reading)
    lines: list[list[Cell]] = [
        [name, number(float(found[at]["compared"]), ""), *(number(float(share), "share") for share in line)]
        for name, at, line in zip(row_names, chosen, shares, strict=True)
    ]
    heads = ["group", "requests compared", *(layer.name for layer in _FATES.values())]
    table = Table.plain(f"{title}: means over the replications", heads, lines)
    note = (
        f"Compared by the time to first closing; {number(float(city['only_in_a']), '')} requests a replication are "
        f"only in the baseline, {number(float(city['only_in_b']), '')} only in the variant."
    )
    return Figure(key, title, reading, image, table, note)
