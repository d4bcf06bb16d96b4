"""The sections of a comparison's report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from sim.experiment.compare import SAME_CITIZENS
from sim.measurement import REGISTRY
from sim.report.blocks import Block, Cell, Heading, Section, Table, Text, Tile, Tiles
from sim.report.changes import changed_values, other_requests, own_policies, recovered, shortened
from sim.report.comparing_units import units_table
from sim.report.figures_open import open_over_time
from sim.report.figures_who import difference_cell, fates, who_gains
from sim.report.formats import beside, difference, difference_interval, p_value, rows_of, smallest
from sim.report.modelled import thinned
from sim.report.names import Names, clean, marked, measure_name
from sim.report.provenance import versions, window
from sim.report.variants import Variant, variants
from sim.report.verdicts import BETTER, LEVEL, NONE, OTHER, UNCLEAR, WORSE, smallest_relevant, verdict

if TYPE_CHECKING:
    from sim.experiment.compare import Comparison
    from sim.scenario import Scenario

_MOST_VALUES = 40
_HEADS = ["measure", "baseline", "variant", "difference", "95 % interval", "smallest shown", "p (Holm)", "verdict"]
_TILES = ("true_resolution_share", "satisfaction_rate", "breach_share", "time_to_close_p50", "backlog_end", "cost")


def comparison_title(comparison: Comparison) -> Cell:
    """What is compared with what."""
    if len(comparison.names) == 2:
        return f"{clean(comparison.names[1])} against {clean(comparison.names[0])}"
    return f"{len(comparison.names) - 1} variants against {clean(comparison.names[0])}"


def comparison_sections(comparison: Comparison) -> list[Section]:
    """The whole report."""
    scenario, names = comparison.scenarios[0], Names(comparison.scenarios[0])
    compared = variants(comparison)
    said = (*comparison.remarks, thinned(scenario))
    answers: list[Block] = [Text(clean(remark)) for remark in said if remark]
    gains: list[Block] = []
    changed: list[Block] = []
    for variant in compared:
        if len(compared) > 1:
            for blocks, what in ((answers, "answers"), (gains, "gains"), (changed, "changed")):
                blocks.append(Heading(f"{what}-{variant.number}", marked(variant.name)))
        answers += _answers(variant, comparison, names)
        gains += _gains(variant, names)
        changed += _changed(variant, scenario)
    answers.append(Text(_how_to_read(comparison), note=True))
    return [
        Section("answers", "Answers first", answers),
        Section("gains", "Who gains and who loses", gains),
        Section("changed", "What differs between the scenarios", changed),
        Section("run", "What was run", [_what_was_run(comparison)]),
    ]


def _answers(variant: Variant, comparison: Comparison, names: Names) -> list[Block]:
    headline = [m for m in REGISTRY.values() if m.headline and (m.identifier, "", "") in variant.rows]
    valued = [m.identifier for m in headline if not math.isnan(variant.rows[m.identifier, "", ""].difference)]
    if comparison.replications == 1:
        sentence = "One replication: there are no intervals, and nothing can be called clear."
    else:
        sentence = f"Of {len(valued)} headline measures of the whole city: {_in_words(valued, variant)}."
    lines: list[list[Cell]] = [_line(m.identifier, variant) for m in headline if _has_cases(m.identifier, variant)]
    table = Table(
        Markup("{} minus {}").format(marked(variant.name), marked(comparison.names[0])),
        _HEADS,
        [("", lines)],
        words=frozenset({0, 7}),
    )
    tiles = Tiles([_tile(m, variant) for m in _TILES if m in valued])
    said = [*own_policies(comparison, variant.name), *variant.differs]
    differs = [Text(clean(line)) for line in said]
    remarks = (tell(comparison, variant.name) for tell in (other_requests, recovered))
    differs += [Text(clean(remark)) for remark in remarks if remark]
    over_time = open_over_time(comparison, variant.name, f"open-{variant.number}")
    drawn = [] if over_time is None else [over_time]
    return [*differs, *drawn, *units_table(variant, names), Text(sentence), tiles, table, *_of_same(variant)]


def _in_words(valued: Sequence[str], variant: Variant) -> str:
    """Which measures are better and worse, in which there is no relevant difference, and of which it is not clear."""
    words = {word: [REGISTRY[m].english for m in valued if _judged(m, variant) == word] for word in (BETTER, WORSE)}
    parts = [f"{', '.join(found) or 'none'} clearly {word}" for word, found in words.items()]
    for word in (NONE, UNCLEAR, OTHER):
        found = [REGISTRY[m].english for m in valued if _judged(m, variant) == word]
        parts += [f"{word}{' in' if word == NONE else ':'} {', '.join(found)}"] if found else []
    return "; ".join(parts)


def _of_same(variant: Variant) -> list[Table]:
    """The requests that both have, where all requests are others."""
    if not variant.others:
        return []
    same = rows_of(variant.same_requests())
    rows = [row for row in same if row.measure not in variant.hidden]
    lines: list[list[Cell]] = [
        [
            measure_name(row.measure),
            *beside([row.before, row.after], row.unit),
            difference(row),
            difference_interval(row),
            smallest(row),
            p_value(row.p_holm),
            verdict(row),
        ]
        for row in rows
    ]
    title = "The requests that both have: the same matters of the same citizens"
    return [] if not rows else [Table(title, _HEADS, [("", lines)], words=frozenset({0, 7}))]


def _has_cases(measure: str, variant: Variant) -> bool:
    """Whether at least one of the two has a value, or one that is not reached."""
    return any(r.city(measure).known or not r.city(measure).reached for r in (variant.base, variant.results))


def _tile(measure: str, variant: Variant) -> Tile:
    row = variant.rows[measure, "", ""]
    before, after = variant.texts(measure, "not reached")
    below = Markup("{} → {}<br><strong>{}</strong>").format(marked(before), marked(after), _judged(measure, variant))
    return Tile(measure_name(measure), difference(row), difference_interval(row), below)


def _reached(measure: str, variant: Variant) -> bool:
    """Whether a measure of the whole city has a value in both."""
    return variant.base.city(measure).reached and variant.results.city(measure).reached


def _judged(measure: str, variant: Variant) -> str:
    """The verdict on a headline measure."""
    return verdict(variant.rows[measure, "", ""])


def _line(measure: str, variant: Variant) -> list[Cell]:
    row = variant.rows[measure, "", ""]
    known = not math.isnan(row.difference)
    return [
        measure_name(measure),
        *variant.texts(measure, "not reached"),
        difference(row) if known else difference_cell(row, _reached(measure, variant)),
        difference_interval(row),
        smallest(row) if known else "",
        p_value(row.p_holm),
        _judged(measure, variant) if known else "",
    ]


def _how_to_read(comparison: Comparison) -> str:
    citizens = "The same citizens with the same needs call in every scenario"
    if any(comparison.paired(name) != SAME_CITIZENS for name in comparison.names[1:]):
        citizens = "Citizens and needs that both scenarios have are the same in both"
    return (
        f"{citizens}; differences are variant minus baseline, paired "
        f"by replication, over {comparison.replications} of them, with 95 % intervals (Student’s t). p: two-sided "
        f"t-test, adjusted by Holm over the headline measures of all variants; better and worse are clear, with p "
        f"below {LEVEL}, and at least as large as what matters: {smallest_relevant(comparison.relevance)}. No relevant "
        "difference: all of the interval is smaller than that. Not clear: neither. Smallest "
        "shown: the true difference that so many replications would show in 4 of 5 cases, before that adjustment. pp: "
        "percentage points. Other requests: a rate, share or time of requests that are not nearly as many in both, for "
        "which there is no verdict. “Not reached”: the quantile falls among requests open at the end."
    )


def _gains(variant: Variant, names: Names) -> list[Block]:
    end, both, relevance = f"-{variant.number}", (variant.base, variant.results), variant.comparison.relevance
    parts = [(dimension, f"Differences by {dimension}") for dimension in ("unit", "district", "category")]
    found: list[Block | None] = [
        who_gains(variant.rows, both, names, dimension, f"by-{dimension}{end}", title, relevance)
        for dimension, title in parts
    ]
    found.append(fates(variant.pairs, variant.base, names, f"fates{end}", relevance))
    return [block for block in found if block is not None] or [Text("No group has requests in both scenarios.")]


def _changed(variant: Variant, base: Scenario) -> list[Block]:
    values, own = changed_values(base, variant.scenario), own_policies(variant.comparison, variant.name)
    told: list[Block] = [Text(clean(line)) for line in own]
    if not values:
        return [Text("Nothing: the two scenarios say the same.")] if not own else told
    lines: list[list[Cell]] = [
        [Markup("<code>{}</code>").format(clean(value.path)), _cut(value.before), _cut(value.after)]
        for value in values[:_MOST_VALUES]
    ]
    note = f"And {len(values) - _MOST_VALUES} more." if len(values) > _MOST_VALUES else ""
    heads = ["value", "baseline", "variant"]
    return [*told, Table("Values that differ", heads, [("", lines)], words=frozenset({0, 1, 2}), note=note)]


def _cut(text: str | None) -> str:
    return "–" if text is None else shortened(clean(text), 120)


def _what_was_run(comparison: Comparison) -> Table:
    lines: list[Sequence[Cell]] = [
        ["baseline" if number == 0 else "variant", marked(name), Markup("<code>{}</code>").format(scenario.digest)]
        for number, (name, scenario) in enumerate(zip(comparison.names, comparison.scenarios, strict=True))
    ]
    rest = [
        ["simulated", window(comparison.scenarios[0]), ""],
        ["replications", str(comparison.replications), ""],
        ["seed", str(comparison.seed), ""],
        ["versions", versions(), ""],
    ]
    heads = ["what", "value", "hash of the scenario (SHA-256)"]
    return Table("This comparison", heads, [("", [*lines, *rest])], words=frozenset({0, 1, 2}))
