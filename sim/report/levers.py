"""What the levers of a sweep do, in words and tables: one sentence on the first measure, and a table of all changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

from sim.experiment.sweeps.paths import short_names
from sim.experiment.sweeps.responses import Effect, Responses, responses
from sim.inference import Relevance
from sim.measurement import REGISTRY
from sim.report.blocks import Cell, Table
from sim.report.formats import beside, difference, difference_interval, gap, shows, times
from sim.report.names import clean, marked, measure_name

if TYPE_CHECKING:
    from sim.experiment.sweeps.sweep import Sweep


def levers_sentences(sweep: Sweep, measure: str) -> list[str]:
    """What was found on a measure, one sentence or two for each base."""
    return [_sentence(found, measure) for found in responses(sweep)]


def _sentence(found: Responses, measure: str) -> str:
    effects, name = found.effects(measure), REGISTRY[measure].english
    names = short_names(found.experiment.turned, 2)
    levers = len(names)
    where = f"In {clean(found.base)}: " if found.base else ""
    if not effects:
        return f"{where}What the levers do to “{name}” cannot be said: it is not reached everywhere, or points are few."
    clear, largest = [effect for effect in effects if is_clear(effect)], effects[0]
    if not clear:
        who = "the lever does not clearly move" if levers == 1 else f"of {levers} levers, none clearly moves"
        said = f"{who if where else who.capitalize()} “{name}” over what was tried. "
        said += f"The largest change seen: {told_change(largest, names)}"
        if math.isnan(largest.change.lower):
            said += ", without an interval, as there is one replication"
        return f"{where}{said}. {_over(found, measure)}"
    most = clear[0]
    word = "rises" if most.change.mean > 0 else "falls"
    who = f"{names[most.lever]} moves it" if levers == 1 else f"of {levers} levers, {names[most.lever]} moves it most"
    said = f"“{name}”: {who}. From {most.begin} to {most.end} it {word} by {gap(abs(most.change.mean), most.unit)}"
    said += f" ({_interval(most)})"
    if abs(most.change.mean) < _relevant(most):
        said += f", which is less than what matters ({gap(_relevant(most), most.unit)})"
    matter = [effect for effect in clear[1:] if abs(effect.change.mean) >= _relevant(effect)]
    more = f", and {len(matter) - 3} more" if len(matter) > 3 else ""
    rest = " No other clearly moves it." if levers > 1 else ""
    if matter:
        rest = f" Also clear: {'; '.join(told_change(effect, names) for effect in matter[:3])}{more}."
    elif len(clear) > 1:
        rest = f" No other clearly moves it by as much as matters ({gap(_relevant(most), most.unit)})."
    return f"{where}{said}.{rest} {_over(found, measure)}"


def told_change(effect: Effect, names: dict[str, str]) -> str:
    """A lever, from where to where, what it changes, and the interval."""
    span = _interval(effect)
    behind = f" ({span})" if span else ""
    return f"{names[effect.lever]} from {effect.begin} to {effect.end} {change_words(effect)}{behind}"


def change_words(effect: Effect) -> str:
    """What a lever changes, with its sign."""
    return difference(_row(effect))


def is_clear(effect: Effect) -> bool:
    """Whether the interval does not reach 0, and is not written so either."""
    change = effect.change
    if not effect.clear:
        return False
    _, lower, upper = beside([change.mean, change.lower, change.upper], effect.unit)
    return shows(lower if change.lower > 0 else upper)


def _row(effect: Effect) -> SimpleNamespace:
    """As a row of differences."""
    change = effect.change
    return SimpleNamespace(difference=change.mean, lower=change.lower, upper=change.upper, unit=effect.unit, grid=0.0)


def _interval(effect: Effect) -> str:
    return difference_interval(_row(effect))


def _relevant(effect: Effect) -> float:
    relevance = Relevance()
    if effect.unit in ("share", "score"):
        return relevance.points
    return 0.0 if math.isnan(effect.before) else relevance.part * abs(effect.before)


def _over(found: Responses, measure: str) -> str:
    """Of what the changes are means, and what the intervals mean."""
    experiment, levers = found.experiment, len(found.experiment.turned)
    what = list[str]()
    if experiment.sample is not None and found.ranged:
        what.append(f"Curves through {experiment.sample.points} points of the ranges")
        fit = found.fit(measure)
        if fit is not None and not math.isnan(fit.explained):
            share = f"{100 * fit.explained:.0f} % of the variance"
            what[-1] += f", which explain {share} ({100 * max(fit.left_out, 0):.0f} % of points left out)"
    elif experiment.design == "one_at_a_time":
        what.append("One lever at a time, the others as in the base")
    elif levers > 1:
        what.append("Means over all combinations of the others")
    if experiment.uncertainties:
        count = len(experiment.uncertainties)
        what.append(f"changes where the same is assumed of {count} uncertain number{'s' if count > 1 else ''}")
    what.append(f"{times(experiment.replications)} on the same citizens")
    together = "95 % intervals" + (", of all levers together" if levers > 1 else "")
    return f"{'; '.join(what)}; {together}."


def effects_table(sweep: Sweep, measures: Sequence[str]) -> Table:
    """What each lever does to each measure from end to end."""
    groups: list[tuple[Cell, list[list[Cell]]]] = []
    for found in responses(sweep):
        names, lines = short_names(found.experiment.turned, 2), list[list[Cell]]()
        for measure in measures:
            for effect in found.effects(measure):
                row = _row(effect)
                told = [difference(row), difference_interval(row), "yes" if is_clear(effect) else "no", _ends(effect)]
                span = f"{clean(effect.begin)} → {clean(effect.end)}"
                lines.append([marked(names[effect.lever]), measure_name(measure), span, *told])
        groups.append((clean(found.base), lines))
    note = (
        "From the lowest value of a lever to its highest; of values that are no numbers, from that of the lowest mean "
        "to that of the highest. The intervals of all levers of a measure hold together in 95 of 100 cases, after "
        "Bonferroni."
    )
    note += "".join(_explained(found, measures) for found in responses(sweep) if found.ranged)
    heads = ["lever", "measure", "from → to", "change", "95 % interval", "clear", "mean"]
    return Table("What each lever changes", heads, groups, words=frozenset({0, 1, 2, 5}), note=note)


def _explained(found: Responses, measures: Sequence[str]) -> str:
    """What share of the variance between points the curves explain."""
    fits = {measure: fit for measure in measures if (fit := found.fit(measure)) is not None}
    told = [
        f"{REGISTRY[measure].english} {100 * fit.explained:.0f} % ({100 * max(fit.left_out, 0):.0f} %)"
        for measure, fit in fits.items()
        if not math.isnan(fit.explained)
    ]
    where = f" in {clean(found.base)}" if found.base else ""
    return f" Variance that the curves explain{where} (of points left out): {', '.join(told)}." if told else ""


def _ends(effect: Effect) -> str:
    if math.isnan(effect.before):
        return "–"
    return " → ".join(beside([effect.before, effect.before + effect.change.mean], effect.unit))


def effects_cells(found: Responses, measures: Sequence[str]) -> dict[tuple[str, str], tuple[str, str, str]]:
    """For a terminal: by lever and measure the change, half of its interval, and from where to where the lever goes."""
    cells: dict[tuple[str, str], tuple[str, str, str]] = {}
    for measure in measures:
        for effect in found.effects(measure):
            row = _row(effect)
            half = row.upper - row.difference
            told = "" if math.isnan(half) else f"± {gap(half, effect.unit)}"
            span = f"{clean(effect.begin)} → {clean(effect.end)}"
            cells[effect.lever, measure] = difference(row) + ("*" if is_clear(effect) else " "), f"{told} ", span
    return cells
