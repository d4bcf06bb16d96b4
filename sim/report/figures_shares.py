"""Figures of shares: breaches by district and category, hours by cause and unit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measurement import REGISTRY
from sim.model.facts import CAUSES
from sim.report import charts, svg
from sim.report.blocks import Cell, Figure, Table
from sim.report.figures_dots import CITY, MOST_CATEGORIES, MOST_DISTRICTS
from sim.report.formats import number
from sim.report.names import OTHERS, Name, Names
from sim.report.results import Results
from sim.report.series import as_series, merging_note

#: A share of fewer requests is marked as one of a few.
_FEW = 10
#: Ems that the name of a column takes at most before it goes on beside itself.
_HIGHEST = 15.0

LAYERS = {
    "intake": charts.Layer("intake", svg.YELLOW),
    "dispatch": charts.Layer("dispatch", svg.ORANGE),
    "bounced": charts.Layer("at wrong units", svg.PURPLE, "xxx"),
    "unit_closed": charts.Layer("unit closed", "#c9d0d6"),
    "unit_queue": charts.Layer("unit’s queue", svg.VERMILLION),
    "work": charts.Layer("work", svg.BLUE),
    "lead_time": charts.Layer("lead time", svg.SKY, "///"),
    "other_units": charts.Layer("other units", svg.GREEN),
    "parked": charts.Layer("parked", "white", "|||"),
    "rework": charts.Layer("rework", svg.BLACK),
    "callback": charts.Layer("callback", "white", "..."),
}
assert set(LAYERS) == set(CAUSES)


# --- breaches --------------------------------------------------------------------------------------------------------


def breaches(results: Results, names: Names) -> Figure | None:
    """Breach share by district and category; None where no request had a due date."""
    table = results.raw("breach_share", "district+category")
    table = table[table["denominator"] > 0]
    if table.empty:
        return None
    districts, categories = (
        [name for name in results.largest(dimension, most) if name in set(table[column])]
        for dimension, most, column in (("district", MOST_DISTRICTS, "first"), ("category", MOST_CATEGORIES, "second"))
    )
    table = table.assign(
        first=table["first"].where(table["first"].isin(districts), OTHERS),
        second=table["second"].where(table["second"].isin(categories), OTHERS),
    )
    share = _share(table, ["first", "second"])
    rows = [*districts, *([OTHERS] if OTHERS in set(table["first"]) else [])]
    columns = [*categories, *([OTHERS] if OTHERS in set(table["second"]) else [])]
    inner = np.array([[share.get((row, column), math.nan) for column in columns] for row in rows])
    by_row, by_column, city = (_share(table, keys) for keys in (["first"], ["second"], []))
    last = [by_column.get((column,), math.nan) for column in columns]
    right = [*(by_row.get((row,), math.nan) for row in rows), city[()]]
    values = np.column_stack([np.vstack([inner, last]), right])
    due = _due(table, [*rows, ""], [*columns, ""])
    few = due < _FEW
    row_names = [*(names.district(row) for row in rows), CITY]
    column_names = [*(names.category(column) for column in columns), Name("All")]
    late = table.groupby(["first", "second"], sort=False)["numerator"].sum().drop(OTHERS, level=0, errors="ignore")
    late = late.drop(OTHERS, level=1, errors="ignore")
    late = late[late.index.get_level_values(0).isin(results.places)]
    reading = f"{number(float(city[()]), 'share')} of the requests missed their limit."
    if len(late):
        most: Any = late.idxmax()
        where = f"{names.district(most[0]).text}, {names.category(most[1]).text}"
        reading += f" Most of the late ones: {where} ({number(share[most], 'share')} were late)."
    title = "Breaches by district and category, %"
    labels = [name.text for name in row_names]
    texts = [charts.wrapped(name.text, _HIGHEST) for name in column_names]
    left = charts.label_width(labels, 19)
    tall, above = 0.27 * (len(rows) + 1), charts.label_width([name.text for name in column_names], _HIGHEST) + 0.35
    width = min(svg.WIDTH - left - 0.15, 0.9 * len(column_names))
    with svg.drawing(above + tall + 0.05) as figure:
        ax = svg.axes(figure, left, 0.05, width, tall)
        charts.rows(ax, labels, 19, bold=[len(rows)])
        charts.cells(ax, values, few)
        charts.scale(figure, left)
        ax.set_xlim(-0.5, len(columns) + 0.5)
        ax.grid(visible=False)
        ax.xaxis.tick_top()
        ax.spines["bottom"].set_visible(False)
        ax.set_xticks(range(len(columns) + 1), texts, rotation=90, color=svg.INK, linespacing=0.95)
        ax.tick_params(axis="x", length=0, pad=2)
        ax.axvline(len(columns) - 0.5, color="white", lw=3)
        ax.axhline(len(rows) - 0.5, color="white", lw=3)
        image = svg.inline(figure, "breaches", title, reading)
    cells: list[list[Cell]] = [
        [name, *(number(float(value), "share") for value in line)] for name, line in zip(row_names, values, strict=True)
    ]
    shown = Table.plain("Breach share: means over the replications", ["district", *column_names], cells)
    measure = REGISTRY["breach_share"]
    note = (
        f"Of {measure.denominator}: {measure.definition}. The darker, the more; white in parentheses: of fewer than "
        f"{_FEW} requests (mean over the replications); – where no request came due."
    )
    return Figure("breaches", title, reading, image, shown, note)


def _due(table: pd.DataFrame, rows: list[str], columns: list[str]) -> NDArray[np.float64]:
    """Requests that came due in each cell, means over the replications; "" for all rows or columns."""
    mean = table.groupby(["first", "second"], sort=False)["denominator"].sum() / table["replication"].nunique()
    cells: dict[Any, float] = mean.to_dict()
    for row, column in list(cells):
        for place in ((row, ""), ("", column), ("", "")):
            cells[place] = cells.get(place, 0.0) + cells[row, column]
    return np.array([[cells.get((row, column), 0.0) for column in columns] for row in rows])


def _share(table: pd.DataFrame, keys: list[str]) -> dict[tuple[str, ...], float]:
    """Mean over the replications of each group's share."""
    sums = table.groupby(["replication", *keys], sort=False)[["numerator", "denominator"]].sum()
    share = sums["numerator"] / sums["denominator"]
    if not keys:
        return {(): float(share.mean())}
    means = share.groupby(keys, sort=False).mean()
    return {key if isinstance(key, tuple) else (key,): float(value) for key, value in means.items()}


# --- hours by cause ------------------------------------------------------------------------------------------------


def causes(results: Results, names: Names, sizes: dict[str, float]) -> Figure | None:
    """Where the hours of requests go, by unit; None without any."""
    table = results.raw("hours_by_cause", "unit+cause")
    mean: dict[Any, float] = table.groupby(["first", "second"], sort=False)["value"].mean().to_dict()
    series = [s for s in as_series(names, sizes) if sum(mean.get((u, c), 0.0) for u in s.members for c in CAUSES) > 0]
    if not series:
        return None
    hours = np.array([[sum(mean.get((u, c), 0.0) for u in sorted(s.members)) for c in LAYERS] for s in series])
    used = [i for i in range(len(LAYERS)) if hours[:, i].sum() > 0]
    layers, hours = [list(LAYERS.values())[i] for i in used], hours[:, used]
    share = hours / hours.sum(axis=1, keepdims=True)
    longest = float(hours.sum(axis=1).max() / 24)
    unit = 1000.0 if longest >= 5000 else 1.0
    labels, title = [s.name.text for s in series], "Hours by cause and unit"
    left, above = charts.label_width(labels), 0.19 * -(-len(layers) // 6) + 0.1
    width, tall = (svg.WIDTH - left - 0.5) / 2, 0.3 * len(series)
    city = {cause: found.mean for cause, found in results.by("hours_by_cause_share", "cause").items()}
    parts = [f"{LAYERS[c].name} {number(city[c], 'share')}" for c in sorted(city, key=lambda c: -city[c])[:3]]
    reading = f"Most hours in the whole city go to: {', '.join(parts)}."
    with svg.drawing(above + tall + 0.5) as figure:
        days, shares = (svg.axes(figure, left + i * (width + 0.3), 0.45, width, tall) for i in (0, 1))
        charts.rows(days, labels)
        charts.rows(shares, [""] * len(labels))
        charts.stacked(days, layers, hours / 24 / unit)
        charts.stacked(shares, layers, share)
        charts.share_axis(shares, "share of the unit's hours")
        charts.from_zero_across(days, longest / unit)
        days.set_xlabel(f"{'thousand ' if unit > 1 else ''}days that requests spent (a replication)")
        shares.set_xlim(0, 1.02)
        charts.layer_legend(figure, layers, 0.1, 6)
        image = svg.inline(figure, "causes", title, reading)
    rows: list[list[Cell]] = [
        [
            s.name,
            *(f"{number(h / 24, '')} ({number(p, 'share')})" for h, p in zip(line, part, strict=True)),
            number(float(line.sum()) / 24, ""),
        ]
        for s, line, part in zip(series, hours, share, strict=True)
    ]
    shown = Table.plain(
        "Days by cause and unit, with their share: means over the replications",
        ["unit", *(layer.name for layer in layers), "all"],
        rows,
    )
    note = f"Every hour between arrival and end belongs to one cause. {merging_note(series)}"
    return Figure("causes", title, reading, image, shown, note)
