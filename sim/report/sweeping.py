"""The sections of a sweep's report: curves over what was varied, or what each mechanism does, and all numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sim.experiment.sweeps.repeating import precision_words
from sim.experiment.sweeps.responses import responses
from sim.inference import Relevance
from sim.measurement import REGISTRY
from sim.report import charts, svg
from sim.report.blocks import Block, Cell, Figure, Section, Table, Text
from sim.report.by_group import group_section
from sim.report.claims import claims_blocks, ranges_section
from sim.report.formats import city_rows, difference, difference_interval, interval, number, p_value, times
from sim.report.heat_maps import heat_figure
from sim.report.lever_figures import LINES, changes_figure, curves_figures, curves_note, unit_of
from sim.report.levers import effects_table, levers_sentences
from sim.report.modelled import thinned
from sim.report.names import clean, marked, measure_name
from sim.report.provenance import versions, window
from sim.report.sweep_text import BELOW_GRID, point_name, shown_measures
from sim.report.verdicts import meaning, verdict

if TYPE_CHECKING:
    from sim.experiment.sweeps.designs import Point
    from sim.experiment.sweeps.sweep import Sweep

_TURNED = {
    "off": charts.Mark("taken away from all", "D", svg.VERMILLION),
    "on": charts.Mark("alone, added to the city before", "o", svg.BLUE),
}

_Found = dict[tuple[str, str], Any]


def sweep_sections(sweep: Sweep) -> list[Section]:
    """The whole report."""
    design = sweep.design
    if design.experiment.ranged:
        return _over_levers(sweep)
    if design.experiment.sample is not None:
        return _over_ranges(sweep)
    summary: _Found = {(row.scenario, row.measure): row for row in city_rows(sweep.summary)}
    compared: _Found = {(row.scenario, row.measure): row for row in city_rows(sweep.differences)}
    measures = shown_measures(design)
    said = _said(sweep)
    table = _means(sweep, measures, summary)
    if design.experiment.one_by_one:
        figure = _mechanisms(sweep, measures, compared)
        said += [figure] if figure is not None else []
    else:
        said += [Text(sentence) for sentence in levers_sentences(sweep, measures[0])] if measures else []
        said += _figures(sweep, measures, table)
    return [
        Section("found", "What was found", said),
        Section("means", "Means", [table]),
        *([] if design.experiment.one_by_one else [Section("levers", "Levers", [effects_table(sweep, measures)])]),
        *([] if design.experiment.one_by_one else group_section(sweep, measures)),
        Section("differences", "Differences", [_differences(sweep, measures, compared)]),
        Section("run", "What was run", [_what_was_run(sweep)]),
    ]


def _said(sweep: Sweep) -> list[Block]:
    """What must be known before any number."""
    said: list[Block] = [Text(line) for line in (thinned(sweep.design.points[0].scenario),) if line]
    return said + [Text(f"{name}, replication {k} failed: {clean(word)}") for (name, k), word in sweep.failed.items()]


def _over_ranges(sweep: Sweep) -> list[Section]:
    """Of a sample: what holds over all of it. The numbers of each point stand in the table beside the report."""
    measures, said = shown_measures(sweep.design), _said(sweep)
    turned = measures and not sweep.design.experiment.one_by_one
    said += [Text(sentence) for sentence in levers_sentences(sweep, measures[0])] if turned else []
    found = Section("found", "What was found", [*said, *claims_blocks(sweep)])
    levers = [Section("levers", "Levers", [effects_table(sweep, measures)])] if turned else []
    groups = group_section(sweep, measures) if turned else []
    return [
        found,
        *levers,
        *groups,
        ranges_section(sweep.design),
        Section("run", "What was run", [_what_was_run(sweep)]),
    ]


def _over_levers(sweep: Sweep) -> list[Section]:
    """Of levers with ranges: what they do. The numbers of each point stand in the table beside the report."""
    measures, table = shown_measures(sweep.design), effects_table(sweep, shown_measures(sweep.design))
    said = _said(sweep) + [Text(sentence) for sentence in levers_sentences(sweep, measures[0])]
    ranges = [ranges_section(sweep.design)] if sweep.design.experiment.uncertainties else []
    return [
        Section("found", "What was found", [*said, *_figures(sweep, measures, table)]),
        Section("levers", "Levers", [table]),
        *group_section(sweep, measures),
        *ranges,
        Section("run", "What was run", [_what_was_run(sweep)]),
    ]


def _figures(sweep: Sweep, measures: Sequence[str], table: Table) -> list[Block]:
    """Curves over levers that are numbers, heat maps of two, or changes one at a time, for each base."""
    figures: list[Figure | None] = []
    for number_, found in enumerate(responses(sweep)):
        key = f"base{number_}-" if number_ else ""
        if found.experiment.design == "one_at_a_time":
            figures.append(changes_figure(found, measures, table, f"{key}changes"))
            continue
        lines = [curve for measure in measures for curve in found.lines(measure, LINES)]
        note = curves_note(found, measures[0], lines=True)
        figures += curves_figures(found, lines, table, f"{key}curves", note)
        means = [curve for measure in measures for curve in found.curves(measure)]
        if found.ranged or len({curve.lever for curve in means}) > 1 or not lines:
            figures += curves_figures(found, means, table, f"{key}responses", curves_note(found, measures[0]))
        figures.append(heat_figure(found, measures, table, f"{key}heat"))
    return [figure for figure in figures if figure is not None]


# --- mechanisms one by one --------------------------------------------------------------------------------------------


def _mechanisms(sweep: Sweep, measures: Sequence[str], compared: _Found) -> Figure | None:
    """What each mechanism changes, taken away from all and added alone; a panel for each measure."""
    points = [point for point in sweep.design.points if point.against != point.name]
    keys = list(dict.fromkeys(point.settings["mechanism"] for point in points))
    labels = [point_name(next(p for p in points if p.settings["mechanism"] == key)) for key in keys]
    chosen = [m for m in measures if any((p.name, m) in compared for p in points)][:6]
    if not keys or not chosen:
        return None
    grid = charts.RowGrid(labels, len(chosen))
    with svg.drawing(grid.height) as figure:
        for place, measure in enumerate(chosen):
            ax = grid.axes(figure, place)
            spans = [row.difference for (_, name), row in compared.items() if name == measure]
            length, unit = unit_of(measure, spans)
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
        ["base", marked(", ".join(dict.fromkeys(design.experiment.bases or [design.points[0].scenario.name])))],
        ["simulated", window(design.points[0].scenario)],
        ["points", str(len(design.points))],
        ["replications", times(design.experiment.replications)],
        *([["precision", marked(precision_words(sweep))]] if design.experiment.precision else []),
        ["seed", str(design.experiment.seed)],
        ["versions", versions()],
    ]
    return Table("This sweep", ["what", "value"], [("", lines)], words=frozenset({0, 1}))
