"""The units of a variant beside the baseline: officers, and what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from sim.measurement import REGISTRY
from sim.report.blocks import Cell, Table
from sim.report.comparison_text import MARKS
from sim.report.formats import FEW_DUE, beside, difference, difference_interval, few_due
from sim.report.names import Names, measure_name
from sim.report.officers import OFFICERS, units_first
from sim.report.verdicts import OTHER, verdict

if TYPE_CHECKING:
    from sim.report.variants import Variant

_MOST = 10
_MEASURES = ("requests", "breach_share", "time_to_close_p50", "time_to_close_p90", "utilisation")


def units_table(variant: Variant, names: Names) -> list[Table]:
    """The units first, those whose officers differ before the others; none where the scenarios have no units."""
    chosen = units_first(variant.base, variant.staff, _MOST)
    measures = [measure for measure in _MEASURES if measure not in variant.hidden]
    few, lines = False, list[list[Cell]]()
    for name in chosen:
        cells = [_cell(variant, measure, name) for measure in measures]
        few = few or None in cells
        staff = _arrow(*(str(of.get(name, "–")) for of in variant.staff))
        lines.append([names.pool(name), staff, *("–" if cell is None else cell for cell in cells)])
    more = len(variant.staff[0].keys() | variant.staff[1].keys()) - len(chosen)
    note = (
        f"{OFFICERS} Baseline → variant, one number where both are written alike. ▲ clearly better, ▼ clearly worse, "
        "≠ other requests (no verdict), no mark: no relevant difference, or not clear. In brackets: 95 % interval of "
        "the difference by itself; the marks ask for more, as so many units are looked at (Holm)."
    )
    note += f" And {more} more unit{'s' * (more > 1)}." if more > 0 else ""
    note += f" {FEW_DUE}" if few else ""
    heads: list[Cell] = ["unit", "officers", *map(measure_name, measures)]
    return [Table("By unit", heads, [("", lines)], note=note)] if lines else []


def _cell(variant: Variant, measure: str, name: str) -> Cell | None:
    """A measure in the baseline and here, with the interval of the difference where that has a verdict or officers
    differ; None where it is one of a handful of requests.
    """
    by = "pool" if measure == "utilisation" else "unit"
    both = [found[name] for results in (variant.base, variant.results) if name in (found := results.by(measure, by))]
    if len(both) < 2:
        return "–"
    if measure == "breach_share" and any(few_due(estimate.cases) for estimate in both):
        return None
    written = beside([estimate.mean for estimate in both], both[0].unit)
    texts = [text if estimate.reached else "not reached" for text, estimate in zip(written, both, strict=True)]
    if texts[0] == texts[1]:
        return texts[0]
    row = variant.rows.get((measure, by, name))
    mark = MARKS.get(verdict(row), "") if REGISTRY[measure].better else ""
    text = _arrow(*map(_together, texts)) + f"\u00a0{mark}" * bool(mark)
    turned = len({of.get(name) for of in variant.staff}) > 1
    if not (mark or turned) or row is None or verdict(row) == OTHER or not (spans := difference_interval(row)):
        return text
    told = Markup("{} <br><span class='quiet'>{} <br>({})</span>")
    return told.format(text, *map(_together, (difference(row), spans)))


def _together(text: str) -> str:
    """Words that stay on one line."""
    return text.replace(" ", "\u00a0")


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"
