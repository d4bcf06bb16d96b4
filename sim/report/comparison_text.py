"""A comparison as text for an 80-column terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sim.inference.pairs import OF_SAME
from sim.measurement import REGISTRY
from sim.measurement.grouping import group_values
from sim.report.changes import other_requests, own_policies, recovered, shortened
from sim.report.formats import (
    SMALLEST,
    beside,
    difference,
    difference_interval,
    few_due,
    number,
    rows_of,
    smallest,
    time_unit,
    times,
)
from sim.report.modelled import thinned
from sim.report.names import clean
from sim.report.officers import OFFICERS, units_first
from sim.report.variants import Variant, variants
from sim.report.verdicts import BETTER, NONE, OTHER, UNCLEAR, WORSE, faster_means, meaning, verdict

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.compare import Comparison
    from sim.inference import Relevance

WIDTH = 79
MARKS = {BETTER: "▲", WORSE: "▼", OTHER: "≠"}
_MARKS_OF_CITY = {**MARKS, NONE: "="}

#: What the tables by district and category show, the first five that the scenarios model; that of units has officers.
_OF_GROUPS = (
    ("response_rate", "response"),
    ("resolution_rate", "resolved"),
    ("satisfaction_rate", "satisfied"),
    ("breach_share", "late"),
    ("true_resolution_share", "truly res."),
    ("time_to_close_p50", "median"),
    ("time_to_close_p90", "90 %"),
)
_OF_UNITS = (
    ("breach_share", "late"),
    ("time_to_close_p50", "median"),
    ("time_to_close_p90", "90 %"),
    ("utilisation", "busy"),
    ("resolution_rate", "resolved"),
    ("satisfaction_rate", "satisfied"),
)
_COLUMNS, _CELL, _NAME, _STAFF = 5, 11, 22, 10
_MOST_GROUPS = 8
#: Of the units, what is told with intervals, and of how many of them.
_TOLD, _MOST_TURNED = ("breach_share", "time_to_close_p50"), 5

#: What a group's cell of a table says, and the verdict, by measure and group.
_Cells = dict[tuple[str, str], tuple[str, str]]


def comparison_text(comparison: Comparison) -> str:
    """For each variant: what differs, the headline measures, groups beside each other, who gains and who loses."""
    said = [textwrap.fill(clean(remark), WIDTH) for remark in (*comparison.remarks, thinned(comparison.scenarios[0]))]
    lines = [*(line for line in said if line), ""] if any(said) else []
    for variant in variants(comparison):
        lines += _lines(variant)
    return "\n".join(lines)


def _lines(variant: Variant) -> list[str]:
    comparison = variant.comparison
    head = [
        f"{variant.name}",
        f"  minus {comparison.names[0]}",
        f"  {times(comparison.replications)} {comparison.paired(variant.name)}, seed {comparison.seed}",
        "",
    ]
    groups = [line for dimension in ("district", "category") for line in _groups(variant, dimension)]
    parts = _what_differs(variant), _units(variant), _city(variant), _same_requests(variant), groups, _gains(variant)
    return [*head, *(line for part in parts for line in part)]


def _what_differs(variant: Variant) -> list[str]:
    told = own_policies(variant.comparison, variant.name)
    told += variant.differs
    said = [textwrap.fill(clean(line), WIDTH - 2, subsequent_indent="    ") for line in told]
    lines = ["What differs:", *(textwrap.indent(line, "  ") for line in said), ""] if said else []
    for tell in (other_requests, recovered):
        if remark := tell(variant.comparison, variant.name):
            lines += [textwrap.fill(clean(remark), WIDTH), ""]
    return lines


def _city(variant: Variant) -> list[str]:
    """The headline measures of the whole city."""
    lines = [f"  {'measure':23}{'baseline':>9}{'here':>9}{'difference':>11}  95 % interval", "─" * WIDTH]
    headline = [row for (_, by, _), row in variant.rows.items() if by == "" and REGISTRY[row.measure].headline]
    for row in headline:
        lines.append(_line(row, *variant.texts(row.measure, "∞")))
    legend = (
        f"▲ clearly better, ▼ clearly worse: {meaning(variant.comparison.relevance)}; = no relevant difference, all of "
        "the interval is smaller; no mark: not clear, more replications (-n) may tell"
    )
    if variant.comparison.replications == 1:
        legend = "One replication: there are no intervals, and nothing can be called clear"
    if variant.others:
        legend += "; ≠ of other requests: no verdict"
    lines += ["", textwrap.fill(f"{legend}.", WIDTH)]
    told = ((REGISTRY[row.measure].english, smallest(row)) for row in headline)
    found = [f"{measure} {least}" for measure, least in told if least != "–"]
    if variant.comparison.replications > 1 and found:
        lines += ["", textwrap.fill(f"{SMALLEST}: {'; '.join(found)}.", WIDTH)]
    return [*lines, ""]


def _same_requests(variant: Variant) -> list[str]:
    """How the requests that both have fare."""
    city = variant.pairs[variant.pairs["group_by"] == ""]
    if not city["compared"].sum():
        return ["Requests in both: none closes in both", ""]
    shares = {kind: city[kind].mean() for kind in ("faster", "slower", "unchanged", "open_in_both")}
    said = ", ".join(f"{100 * share:.1f} % {kind.replace('_', ' ')}" for kind, share in shares.items())
    told = f"Requests in both ({city['compared'].mean():,.0f}): {said}. {moved_by(city, variant.comparison.relevance)}"
    lines = [textwrap.fill(told, WIDTH), ""]
    if not variant.others:
        return lines
    for row in rows_of(variant.same_requests()):
        if row.measure not in variant.hidden:
            lines.append(_line(row, *beside([row.before, row.after], row.unit)))
    return [*lines, ""]


def moved_by(city: pd.DataFrame, relevance: Relevance) -> str:
    """From when on requests are called faster and slower, and by how much they are, in sentences."""
    by = [f"half of the {kind} by {_median(city, kind)} or more" for kind in ("faster", "slower") if _shown(city, kind)]
    return f"Faster, slower: {faster_means(relevance)}{''.join(f'; {what}' for what in by)}."


def _shown(city: pd.DataFrame, kind: str) -> bool:
    """Whether a share of requests is more than 0.0 %."""
    return bool(city[kind].mean() >= 0.0005)


def _median(city: pd.DataFrame, kind: str) -> str:
    hours = float(city.loc[city[kind] > 0, f"{kind}_by"].mean())
    return "more than the run is long" if math.isinf(hours) else number(hours, "h")


def _units(variant: Variant) -> list[str]:
    """The units first: how many officers they have in both, and what came of it."""
    cells, columns = _of_all(variant, "unit", _OF_UNITS), [c for c in _OF_UNITS if c[0] not in variant.hidden][:4]
    chosen = units_first(variant.base, variant.staff, _MOST_GROUPS)
    if not chosen:
        return []
    heads = [head if REGISTRY[m].unit != "share" else f"{head} %" for m, head in columns]
    title = f"  {'by unit':{_NAME}}{'officers':>{_STAFF}}"
    lines = [f"{title}{''.join(f'{head:>{_CELL}}' for head in heads)}", "─" * WIDTH]
    for name in chosen:
        of_name = [cells.get((measure, name), ("–", UNCLEAR)) for measure, _ in columns]
        staff = _arrow(*(str(of.get(name, "–")) for of in variant.staff))
        lines.append(_row(name, of_name, f"{staff:>{_STAFF}}"))
    more = len(variant.staff[0].keys() | variant.staff[1].keys()) - len(chosen)
    lines += [f"… and {more} more in the report"] if more > 0 else []
    note = f"{OFFICERS} One number: the same in both, as far as it is written."
    note += " ∞: not reached, too many are open at the end." if any("∞" in line for line in lines) else ""
    return [*lines, "", *_turned_units(variant, chosen), textwrap.fill(note, WIDTH), ""]


def _turned_units(variant: Variant, chosen: Sequence[str]) -> list[str]:
    """By how much more or less is late, and how much later half is closed, with intervals: where officers differ, and
    where it is clear.
    """
    lines = list[str]()
    for name in chosen:
        rows = [variant.rows.get((m, "unit", name)) for m in _TOLD if m not in variant.hidden]
        staff = {of.get(name) for of in variant.staff}
        own = [row for row in rows if row is not None and verdict(row) != OTHER and difference_interval(row)]
        if len(staff) > 1 or any(verdict(row) in MARKS for row in own):
            told = [_told(row) for row in own]
            lines += [f"{clean(name)}: {', '.join(told)}"] if told else []
    if not lines:
        return []
    more = f"; … and {len(lines) - _MOST_TURNED} more" if len(lines) > _MOST_TURNED else ""
    said = f"Differences, with 95 % intervals: {'; '.join(lines[:_MOST_TURNED])}{more}."
    return [textwrap.fill(said, WIDTH), ""]


def _told(row: Any) -> str:
    """A difference with its interval, after what it is of."""
    what = "late" if row.measure == "breach_share" else "median"
    return f"{what} {difference(row)} ({difference_interval(row)})"


def _row(name: str, cells: Sequence[tuple[str, str]], staff: str = "") -> str:
    """A group's line of a table."""
    others = any(word == OTHER for _, word in cells)
    marks = {BETTER: MARKS[BETTER], WORSE: MARKS[WORSE]}
    told = (
        f"{text}{marks.get(word, '') if '→' in text else ''}" for text, word in cells
    )  # no mark on what looks alike
    line = f"{'≠' if others else ' '} {cut_name(name, _NAME - 1):{_NAME}}{staff}"
    return f"{line}{''.join(f' {text:>{_CELL - 1}}' for text in told)}".rstrip()


def _groups(variant: Variant, dimension: str) -> list[str]:
    """The districts or categories of which something is told otherwise, those that clearly change, then those with most
    requests: what they had in the baseline, and what they have here.

    Where the requests are others, it is told of those in both.
    """
    same = variant.others
    cells = _of_same(variant, dimension) if same else _of_all(variant, dimension, _OF_GROUPS)
    columns = [(m, head) for m, head in _OF_GROUPS if m not in variant.hidden and (not same or m in OF_SAME)]
    ranked = variant.base.largest(dimension, len(variant.base.by("requests", dimension)))
    clear = {name for (_, name), (_, word) in cells.items() if word in (BETTER, WORSE)}
    chosen = sorted(ranked, key=lambda name: (name not in variant.touched, name not in clear))[:_MOST_GROUPS]
    if not chosen or not columns:
        return []
    heads = [head if REGISTRY[m].unit != "share" else f"{head} %" for m, head in columns[:_COLUMNS]]
    title = f"by {dimension}{', in both' if same else ''}"
    lines = [f"  {title:{_NAME}}{''.join(f'{head:>{_CELL}}' for head in heads)}", "─" * WIDTH]
    short = told_apart(chosen, _NAME - 1)
    for name in chosen:
        of_name = [cells.get((measure, name), ("–", UNCLEAR)) for measure, _ in columns[:_COLUMNS]]
        lines.append(_row(short[name], of_name))
    more = len(variant.base.by("requests", dimension)) - len(chosen)
    return [*lines, *([f"… and {more} more in the report"] if more > 0 else []), ""]


def _of_all(variant: Variant, dimension: str, measures: Sequence[tuple[str, str]]) -> _Cells:
    """Of all requests of each group."""
    cells: _Cells = {}
    for measure, _ in measures:
        by = "pool" if measure == "utilisation" else dimension
        before, after = (results.by(measure, by) for results in (variant.base, variant.results))
        for name in before.keys() & after.keys():
            both = before[name], after[name]
            if measure != "breach_share" or not any(few_due(estimate.cases) for estimate in both):
                means = [estimate.mean if estimate.reached else math.inf for estimate in both]
                cells[measure, name] = _short(means, measure), verdict(variant.rows.get((measure, by, name)))
    return cells


def _of_same(variant: Variant, dimension: str) -> _Cells:
    """Of the requests of each group that both scenarios have."""
    found = rows_of(variant.same_requests(dimension))
    return {
        (row.measure, group_values(row.group)[0]): (_short([row.before, row.after], row.measure), verdict(row))
        for row in found
    }


def _gains(variant: Variant) -> list[str]:
    """The groups whose median time to close clearly falls or rises."""
    lines = ["Median time to close, clear changes:"]
    for dimension in ("unit", "district", "category"):
        lines += _clear(variant, dimension)
    return lines


def _clear(variant: Variant, dimension: str) -> Iterator[str]:
    rows = [row for (m, by, _), row in variant.rows.items() if m == "time_to_close_p50" and by == dimension]
    ranked = sorted((r for r in rows if not math.isnan(r.difference)), key=lambda row: -abs(row.difference))
    for head, word in (("earlier", BETTER), ("later", WORSE)):
        found = [row for row in ranked if verdict(row) == word]
        names = [f"{group_values(row.group)[0]} ({difference(row)})" for row in found[:5]]
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        others = sum(verdict(row) == OTHER for row in ranked)
        none = "none clearly" if not others else f"none clearly; {others} have other requests"
        line = f"  by {dimension}, {head}: {'; '.join(names) or none}{more}"
        yield textwrap.fill(line, WIDTH, subsequent_indent=" " * 6)


def _line(row: Any, before: str, after: str) -> str:
    """A measure of the whole city."""
    name = f"{_MARKS_OF_CITY.get(verdict(row), ' ')} {REGISTRY[row.measure].english[:23]:23}"
    return f"{name}{before:>9}{after:>9}{difference(row):>11}  {difference_interval(row)}".rstrip()


def cut_name(name: str, most: int) -> str:
    """At most so many characters; of “unit · place” the place stays."""
    family, separator, place = name.partition(" · ")
    if len(name) > most and separator and len(place) + 6 < most:
        return f"{family[: most - len(place) - 4]}… · {place}"
    return shortened(name, most)


def told_apart(names: Sequence[str], most: int) -> dict[str, str]:
    """Each name in at most so many characters: its beginning, or both ends where beginnings are the same."""
    cut = {name: cut_name(name, most) for name in names}
    same = [name for name in names if list(cut.values()).count(cut[name]) > 1]
    half = (most - 1) // 2
    return cut | {name: f"{name[: most - 1 - half]}…{name[-half:]}" for name in same}


def _short(means: list[float], measure: str) -> str:
    """“before→after” in few characters, shares in percent, in one unit; once where both are written alike."""
    length, unit = 0.01, ""
    if REGISTRY[measure].unit == "h":
        length, unit = time_unit(max((mean for mean in means if math.isfinite(mean)), default=1.0))
    digits = 0 if any(99.95 <= mean / length < math.inf for mean in means) and unit else 1
    texts = ["–" if math.isnan(m) else "∞" if math.isinf(m) else f"{m / length:.{digits}f}" for m in means]
    texts = ["100" if text == "100.0" else text for text in texts]
    last = max((i for i, mean in enumerate(means) if math.isfinite(mean)), default=None)
    if last is not None:
        texts = [f"{text}{unit}" if i == last else text for i, text in enumerate(texts)]
        texts = [texts[1]] if texts[1] in (texts[0], f"{texts[0]}{unit}") else texts
    return _arrow(*texts)


def _arrow(before: str, after: str | None = None) -> str:
    """“before→after”, one of them where they are the same."""
    return before if after is None or before == after else f"{before}→{after}"
