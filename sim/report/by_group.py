"""What levers do to each unit, or district or category, where an experiment asks for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sim.experiment.sweeps.paths import short_names
from sim.experiment.sweeps.responses import Effect, Responses, by_group
from sim.measurement import REGISTRY
from sim.report.blocks import Block, Cell, Section, Table, Text
from sim.report.levers import change_words, is_clear, told_change
from sim.report.names import clean, marked

if TYPE_CHECKING:
    from sim.experiment.sweeps.sweep import Sweep

#: So many measures have a table in the report, and so many changes are told on the screen.
_MEASURES, _MOST = 4, 12


def group_section(sweep: Sweep, measures: Sequence[str]) -> list[Section]:
    """A table for each measure: units down, levers across, and what each changes from end to end."""
    by, blocks = sweep.design.experiment.by or "", list[Block]()
    measures = [measure for measure in measures if by in REGISTRY[measure].groups]
    for base, groups in by_group(sweep):
        for measure in measures[:_MEASURES]:
            blocks.append(_table(groups, measure, by, base))
    if not blocks:
        return []
    note = (
        "From the lowest value of each lever to its highest. *: the 95 % interval, of all levers and all of these "
        f"groups together, does not reach 0. –: no {by} has a value, or it is not reached. table.csv has all numbers."
    )
    return [Section("groups", f"By {by}", [*blocks, Text(note, note=True)])]


def _table(groups: Mapping[str, Responses], measure: str, by: str, base: str) -> Table:
    any_ = next(iter(groups.values()))
    names = short_names(any_.experiment.turned, 2)
    lines: list[list[Cell]] = []
    for group, found in groups.items():
        effects = {effect.lever: effect for effect in found.effects(measure)}
        told = [_cell(effects.get(lever)) for lever in names]
        if any(cell != "–" for cell in told):
            lines.append([marked(group), *told])
    where = f" in {base}" if base else ""
    caption = f"{REGISTRY[measure].english}{where}: what each lever changes"
    heads: list[Cell] = [by, *(marked(name) for name in names.values())]
    return Table(clean(caption), heads, [("", lines)])


def _cell(effect: Effect | None) -> str:
    if effect is None or math.isnan(effect.change.mean):
        return "–"
    return change_words(effect) + ("*" if is_clear(effect) else "")


def group_lines(sweep: Sweep, measure: str) -> list[str]:
    """The clear changes of a measure, the largest first, a line each."""
    by = sweep.design.experiment.by or ""
    found = [
        (base, group, effect)
        for base, groups in by_group(sweep)
        for group, responses in groups.items()
        for effect in responses.effects(measure)
        if is_clear(effect)
    ]
    if not by or by not in REGISTRY[measure].groups:
        return []
    if not found:
        return [f"By {by}: no lever clearly moves “{REGISTRY[measure].english}” anywhere."]
    found.sort(key=lambda one: -abs(one[2].change.mean))
    names = short_names(sweep.design.experiment.turned, 2)
    lines = [f"{REGISTRY[measure].english} by {by}, clear changes:"]
    lines += [
        f"  {clean(f'{b}, ' if b else '')}{clean(g)}: {told_change(effect, names)}" for b, g, effect in found[:_MOST]
    ]
    return lines + ([f"  … and {len(found) - _MOST} more in the report"] if len(found) > _MOST else [])
