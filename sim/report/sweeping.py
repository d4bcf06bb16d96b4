"""The sections of a sweep's report: curves over what was varied, or what each mechanism does, and all numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes

from sim.inference import Relevance
from sim.measurement import REGISTRY
from sim.report import charts, svg
from sim.report.blocks import Block, Cell, Figure, Section, Table, Text
from sim.report.claims import claims_blocks, ranges_section
from sim.report.formats import difference, difference_interval, interval, number, p_value, rows_of, time_unit, times
from sim.report.modelled import thinned
from sim.report.names import clean, marked, measure_name
from sim.report.provenance import versions, window
from sim.report.sweep_text import BELOW_GRID, point_name, shown_measures
from sim.report.verdicts import meaning, verdict

if TYPE_CHECKING:
    from sim.experiment.designs import Point
    from sim.experiment.sweep import Sweep

_LOOKS = (
    (svg.BLUE, "o", "-"),
    (svg.VERMILLION, "D", "--"),
    (svg.GREEN, "s", ":"),
    (svg.PURPLE, "^", "-."),
    (svg.ORANGE, "v", "-"),
    (svg.SKY, "P", "--"),
)
_TURNED = {
    "off": charts.Mark("taken away from all", "D", svg.VERMILLION),
    "on": charts.Mark("alone, added to the city before", "o", svg.BLUE),
}

#: The axis of a measure that never falls below this share of its highest value does not begin at 0.
_FLAT = 0.75

_Found = dict[tuple[str, str], Any]


def sweep_sections(sweep: Sweep) -> list[Section]:
    """The whole report."""
    design = sweep.design
    if design.experiment.sample is not None:
        return _over_ranges(sweep)
    summary: _Found = {(row.scenario, row.measure): row for row in rows_of(sweep.summary)}
    compared: _Found = {(row.scenario, row.measure): row for row in rows_of(sweep.differences)}
    measures = shown_measures(design)
    said: list[Block] = [Text(line) for line in (thinned(design.points[0].scenario),) if line]
    said += [Text(f"{name}, replication {k} failed: {clean(word)}") for (name, k), word in sweep.failed.items()]
    figure = (
        _mechanisms(sweep, measures, compared) if design.experiment.one_by_one else _curves(sweep, measures, summary)
    )
    said += [figure] if figure is not None else []
    return [
        Section("found", "What was found", said),
        Section("means", "Means", [_means(sweep, measures, summary)]),
        Section("differences", "Differences", [_differences(sweep, measures, compared)]),
        Section("run", "What was run", [_what_was_run(sweep)]),
    ]


def _over_ranges(sweep: Sweep) -> list[Section]:
    """Of a sample: what holds over all of it. The numbers of each point stand in the table beside the report."""
    said: list[Block] = [Text(line) for line in (thinned(sweep.design.points[0].scenario),) if line]
    said += [Text(f"{name}, replication {k} failed: {clean(word)}") for (name, k), word in sweep.failed.items()]
    found = Section("found", "What was found", [*said, *claims_blocks(sweep)])
    return [found, ranges_section(sweep.design), Section("run", "What was run", [_what_was_run(sweep)])]


# --- curves over a factor ---------------------------------------------------------------------------------------------


def _curves(sweep: Sweep, measures: Sequence[str], found: _Found) -> Figure | None:
    """Each measure over the factor with most numbers, a line for each combination of the others."""
    design, factors = sweep.design, sweep.design.experiment.factors
    numeric = [path for path in factors if len(_numbers(path, design.points)) > 1]
    if not numeric:
        return None
    across = max(numeric, key=lambda path: len(_numbers(path, design.points)))
    others = [path for path in factors if path != across]
    lines: dict[tuple[str, ...], list[Point]] = {}
    for point in design.points:
        lines.setdefault(tuple(point.settings[path] for path in others), []).append(point)
    if len(lines) > len(_LOOKS):
        return None
    names = [", ".join(f"{_short(path)} {value}" for path, value in zip(others, key, strict=True)) for key in lines]

    def panel(measure: str) -> charts.Panel:
        unit = _unit(measure, found)

        def draw(ax: Axes) -> None:
            lowest, highest = math.inf, 0.0
            for (colour, marker, style), points in zip(_LOOKS, lines.values(), strict=False):
                rows = [(float(p.settings[across]), found.get((p.name, measure))) for p in points]
                known = [(x, row) for x, row in rows if row is not None and not math.isnan(row.mean)]
                y = [row.mean / unit[0] for _, row in known]
                ends = [(row.mean, row.mean) if math.isnan(row.upper) else (row.lower, row.upper) for _, row in known]
                below = [(row.mean - lower) / unit[0] for (_, row), (lower, _) in zip(known, ends, strict=True)]
                above_ = [(upper - row.mean) / unit[0] for (_, row), (_, upper) in zip(known, ends, strict=True)]
                x = [x for x, _ in known]
                ax.errorbar(x, y, [below, above_], color=colour, marker=marker, ls=style, ms=4, lw=1.4, elinewidth=1)
                highest = max([highest, *(upper / unit[0] for _, upper in ends)])
                lowest = min([lowest, *(lower / unit[0] for lower, _ in ends)])
            if lowest < _FLAT * highest:
                charts.from_zero(ax, highest)
            ax.grid(axis="y")

        return charts.Panel(f"{REGISTRY[measure].english} {unit[1]}".strip(), draw)

    above = 0.32 if len(lines) > 1 else 0.05
    title = f"By {_short(across)}"
    with svg.drawing(charts.panels_height(len(measures), above, wide=True)) as figure:
        charts.panels(figure, [panel(measure) for measure in measures], above, wide=True)
        if len(lines) > 1:
            marks = [charts.Mark(n, m, c) for n, (c, m, _) in zip(names, _LOOKS, strict=False)]
            charts.legend(figure, marks, 0.1)
        image = svg.inline(figure, "curves", title, clean(design.experiment.question))
    note = (
        "Means over the replications; bars: 95 % intervals. All points simulate the same citizens. Axes of measures "
        "that vary by less than a quarter do not begin at 0."
    )
    return Figure("curves", title, "", image, _means(sweep, measures, found), note)


def _numbers(path: str, points: Sequence[Point]) -> set[float]:
    """The values of a factor, none if some are no numbers."""
    try:
        return {float(point.settings[path]) for point in points}
    except ValueError:
        return set()


def _unit(measure: str, found: _Found) -> tuple[float, str]:
    """By what a measure is divided in a figure, and the unit that this leaves."""
    if REGISTRY[measure].unit == "share":
        return 0.01, "(%)"
    if REGISTRY[measure].unit == "h":
        means = [row.mean for (_, name), row in found.items() if name == measure and not math.isnan(row.mean)]
        length, sign = time_unit(max(means, default=1.0))
        return length, f"({sign})"
    return 1.0, ""


def _short(path: str) -> str:
    return clean(path.rpartition(".")[2].replace("_", " "))


# --- mechanisms one by one --------------------------------------------------------------------------------------------


def _mechanisms(sweep: Sweep, measures: Sequence[str], compared: _Found) -> Figure | None:
    """What each mechanism changes, taken away from all and added alone; a panel for each measure."""
    points = [point for point in sweep.design.points if point.against != point.name]
    keys = list(dict.fromkeys(point.settings["mechanism"] for point in points))
    labels = [point_name(next(p for p in points if p.settings["mechanism"] == key)) for key in keys]
    chosen = [m for m in measures if any((p.name, m) in compared for p in points)][:6]
    if not keys or not chosen:
        return None
    columns = 3
    left, tall = charts.label_width(labels, 16), 0.27 * len(labels)
    width, lines = (svg.WIDTH - left) / columns, -(-len(chosen) // columns)
    each = tall + 0.85
    with svg.drawing(lines * each + 0.25) as figure:
        for number_, measure in enumerate(chosen):
            line, column = divmod(number_, columns)
            bottom = (lines - 1 - line) * each + 0.45
            ax = svg.axes(figure, left + column * width + 0.06, bottom, width - 0.16, tall)
            charts.rows(ax, labels if column == 0 else [""] * len(labels), 16)
            length, unit = _unit(measure, compared) if REGISTRY[measure].unit != "h" else _span_unit(measure, compared)
            for turned, mark in _TURNED.items():
                rows = [
                    next((compared.get((p.name, measure)) for p in points if _is(p, key, turned)), None) for key in keys
                ]
                for others in (False, True):
                    dots = [
                        None
                        if row is None or math.isnan(row.difference) or row.other_requests != others
                        else charts.Dot(row.difference / length, row.lower / length, row.upper / length)
                        for row in rows
                    ]
                    look = replace(mark, filled=not others)
                    charts.dots(ax, look, dots, 0.15 if turned == "on" else -0.15)
            ax.axvline(0, color=svg.INK, lw=0.9)
            ax.grid(axis="x")
            better = {"higher": "better →", "lower": "← better", None: ""}[REGISTRY[measure].better]
            ax.set_xlabel(f"{better} {unit.replace('%', 'pp')}".strip())
            ax.set_title(REGISTRY[measure].english, loc="left", fontsize=svg.SIZE, color=svg.INK)
        charts.legend(figure, list(_TURNED.values()), 0.1)
        title = "What each mechanism changes"
        image = svg.inline(figure, "mechanisms", title, clean(sweep.design.experiment.question))
    note = (
        "Differences with 95 % intervals, paired by replication over the same citizens. Hollow: other contacts became "
        "requests, so that these are no effects on the same ones."
    )
    return Figure("mechanisms", title, "", image, _differences(sweep, measures, compared), note)


def _is(point: Point, key: str, turned: str) -> bool:
    return point.settings["mechanism"] == key and point.settings["turned"] == turned


def _span_unit(measure: str, compared: _Found) -> tuple[float, str]:
    ends = [abs(row.difference) for (_, name), row in compared.items() if name == measure]
    length, sign = time_unit(max((end for end in ends if not math.isnan(end)), default=1.0))
    return length, f"({sign})"


# --- numbers ----------------------------------------------------------------------------------------------------------


def _means(sweep: Sweep, measures: Sequence[str], found: _Found) -> Table:
    lines: list[list[Cell]] = []
    for point in sweep.design.points:
        cells: list[Cell] = [_titled(point)]
        for measure in measures:
            row = found.get((point.name, measure))
            span = "" if row is None else interval(row)
            cells.append("–" if row is None else f"{number(row.mean, row.unit)}{f' ({span})' if span else ''}")
        lines.append(cells)
    return Table.plain("Means with 95 % intervals", ["point", *map(measure_name, measures)], lines)


def _differences(sweep: Sweep, measures: Sequence[str], compared: _Found) -> Table:
    groups: list[tuple[Cell, list[list[Cell]]]] = []
    points = sweep.design.points
    for baseline in dict.fromkeys(point.against for point in points):
        lines: list[list[Cell]] = []
        for point in points:
            for measure in measures:
                row = compared.get((point.name, measure))
                if point.against == baseline and point.name != baseline and row is not None:
                    lines.append(
                        [
                            _titled(point),
                            measure_name(measure),
                            difference(row),
                            difference_interval(row),
                            p_value(row.p_holm),
                            verdict(row),
                        ]
                    )
        groups.append((f"minus {clean(baseline)}", lines))
    note = (
        f"Paired by replication. Better, worse: {meaning(Relevance())}; p is adjusted over the points and measures of "
        f"one baseline. No relevant difference: all of the interval is smaller. {BELOW_GRID}"
    )
    heads = ["point", "measure", "difference", "95 % interval", "p (Holm)", "verdict"]
    return Table("Differences", heads, groups, words=frozenset({0, 1, 5}), note=note)


def _titled(point: Point) -> Cell:
    turned = {"off": "without ", "on": "alone: "}.get(point.settings.get("turned", ""), "")
    along = f" (and without {', '.join(point.takes_along)})" if point.takes_along else ""
    return marked(f"{turned}{point_name(point)}{along}")


def _what_was_run(sweep: Sweep) -> Table:
    design = sweep.design
    lines: list[Sequence[Cell]] = [
        ["base", marked(design.points[0].scenario.name)],
        ["simulated", window(design.points[0].scenario)],
        ["points", str(len(design.points))],
        ["replications", times(design.experiment.replications)],
        ["seed", str(design.experiment.seed)],
        ["versions", versions()],
    ]
    return Table("This sweep", ["what", "value"], [("", lines)], words=frozenset({0, 1}))
