"""What a sweep over ranges says, in words: a sentence, and a line for each claim or change."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sim.experiment.sweeps.claims import Judged, judged, over_sample
from sim.experiment.sweeps.paths import short_names
from sim.inference.signs import Signs, share_interval
from sim.measurement import REGISTRY
from sim.report.blocks import Block, Cell, Section, Table, Text
from sim.report.comparison_text import WIDTH
from sim.report.formats import beside, shows
from sim.report.names import clean, marked, measure_name

if TYPE_CHECKING:
    from sim.experiment.sweeps.designs import Design, Point
    from sim.experiment.sweeps.ranges import Uncertainty
    from sim.experiment.sweeps.sweep import Sweep

ALWAYS, MOSTLY, EITHER, NOTHING, REVERSED, NEVER = (
    "holds at all points",
    "holds mostly",
    "either sign",
    "nothing moves",
    "mostly the reverse",
    "the reverse at all points",
)
#: How the sentence says it of one claim, and of several.
_SAID = {
    ALWAYS: ("holds at all points", "hold at all points"),
    MOSTLY: ("holds at most points", "hold at most points"),
    EITHER: ("has either sign", "have either sign"),
    NOTHING: ("moves nothing", "move nothing"),
    REVERSED: ("turns out the reverse at most points", "turn out the reverse at most points"),
    NEVER: ("turns out the reverse at all points", "turn out the reverse at all points"),
}
_CITY = {"on": "alone", "off": "among all"}


def verdict_over(holds: int, against: int, n: int) -> str:
    """What the signs over the sample say of a claim; mostly is where the interval of the share lies above a half."""
    if 2 * (n - holds - against) > n:
        return NOTHING
    if n in (holds, against):
        return ALWAYS if holds == n else NEVER
    if share_interval(holds, n).lower > 0.5:
        return MOSTLY
    return REVERSED if share_interval(against, n).lower > 0.5 else EITHER


def claims_sentence(found: Sequence[Judged], design: Design) -> str:
    """How many claims hold, and what that means."""
    assert design.experiment.sample is not None
    points, ranges = design.experiment.sample.points, len(design.experiment.uncertainties)
    counts = Counter(verdict_over(j.holds, j.against, j.effects.n) for j in found)
    told = ", ".join(f"{counts[word]} {_SAID[word][counts[word] > 1]}" for word in _SAID if counts[word])
    least = f"{100 * share_interval(points, points).lower:.0f}"
    return (
        f"Of {len(found)} claims, each in one city, at {points} points of {ranges} ranges at once: {told}. A sign that "
        f"is the same at all {points} points is so in at least {least} % of the ranges (95 %). This says nothing of "
        "how large an effect is, or of what is held."
    )


def claims_text(sweep: Sweep, said: Sequence[str] = ()) -> str:
    """A sweep over ranges for an 80-column terminal; what is ``said`` comes first."""
    design, found = sweep.design, list(judged(sweep))
    lines = [textwrap.fill(clean(design.experiment.question), WIDTH), ""]
    for sentence in said:
        lines += [textwrap.fill(sentence, WIDTH), ""]
    if found:
        lines += [textwrap.fill(claims_sentence(found, design), WIDTH), ""]
    for j in found:
        low, middle, high = _effects(j.effects, j.unit)
        lines.append(textwrap.fill(f"{clean(j.says)} ({_CITY[j.turned]})", WIDTH))
        verdict = verdict_over(j.holds, j.against, j.effects.n)
        told = f"{verdict}: {j.holds} of {j.effects.n}; {_short(j)} {middle}, {low} to {high}"
        lines.append(textwrap.fill(told, WIDTH, initial_indent="    ", subsequent_indent="    "))
        if j.goes_with is not None:
            lines.append(textwrap.fill(f"with {_goes(j.goes_with)}", WIDTH, initial_indent="    "))
    lines += [""] if found else _changes(sweep)
    lines += [f"{name}, replication {k}: {clean(word)}" for (name, k), word in sweep.failed.items()]
    return "\n".join(lines)


def _short(j: Judged) -> str:
    return f"{REGISTRY[j.claim.measure].english}{' ≠' if j.other_requests else ''}"


def _changes(sweep: Sweep) -> Iterator[str]:
    """Where nothing is claimed: in how many points each pair moves a measure up and down."""
    for (_, measure), over in over_sample(sweep).items():
        signs, name = over.changes, _turned(over.point)
        low, middle, high = _effects(signs, over.unit)
        told = f"{name}: {REGISTRY[measure].english} up in {signs.above}, down in {signs.below} of {signs.n}; "
        yield textwrap.fill(f"{told}{middle}, {low} to {high}", WIDTH, subsequent_indent="    ")
    yield ""


def _turned(point: Point) -> str:
    """What is turned at a point: a mechanism, or factors without their paths."""
    if "mechanism" in point.settings:
        return f"{point.settings['mechanism'].replace('_', ' ')} {point.settings['turned']}"
    names = short_names(point.settings)
    return ", ".join(f"{names[path]} {value}" for path, value in point.settings.items())


def _effects(signs: Signs, unit: str) -> list[str]:
    """The least, the middle and the greatest, in one unit; of shares in percentage points, small ones more exactly."""
    numbers = (signs.lowest, signs.middle, signs.highest)
    if unit == "share" and max(map(abs, numbers)) < 0.01:
        texts = [f"{100 * value:.2f} %".replace("-", "−") for value in numbers]
    else:
        texts = beside(numbers, unit)
    signed = [f"+{text}" if value > 0 and shows(text) else text for value, text in zip(numbers, texts, strict=True)]
    return [text.replace("%", "pp") if unit == "share" else text for text in signed]


def _goes(goes: tuple[str, float]) -> str:
    return f"{goes[0]} ({goes[1]:+.2f})".replace("-", "−")


# --- in the report ----------------------------------------------------------------------------------------------------


def claims_blocks(sweep: Sweep) -> list[Block]:
    """The sentence, the table of claims, and what every pair changes."""
    found = list(judged(sweep))
    blocks: list[Block] = []
    if found:
        blocks += [Text(claims_sentence(found, sweep.design)), _claims(found)]
    return [*blocks, _all_changes(sweep)]


def _claims(found: Sequence[Judged]) -> Table:
    lines: list[list[Cell]] = []
    for j in found:
        low, middle, high = _effects(j.effects, j.unit)
        share = j.share
        lines.append(
            [
                marked(f"{j.says} ({_CITY[j.turned]})"),
                verdict_over(j.holds, j.against, j.effects.n),
                f"{j.holds} of {j.effects.n} ({100 * share.lower:.0f}–{100 * share.upper:.0f} %)",
                f"{_short(j)}: {middle}, {low} to {high}",
                "" if j.goes_with is None else _goes(j.goes_with),
            ]
        )
    heads = ["claim", "verdict", "points (share, 95 %)", "effect: the middle, least to greatest", "goes most with"]
    note = (
        "Alone: the mechanism added to the city before; among all: what it does in the city with all, found by taking "
        "it away. "
        "Mostly: the interval of the share lies above a half. Share: that of the ranges in which the sign holds, after "
        "Clopper and Pearson. Goes most with: the assumption with the largest rank correlation, where p is below 0.01 "
        "after Holm’s rule; of few points, one may stand there that by chance lies like another. ≠: of other requests."
    )
    return Table("Claims over the ranges", heads, [("", lines)], words=frozenset({0, 1, 3, 4}), note=note)


def _all_changes(sweep: Sweep) -> Table:
    lines: list[list[Cell]] = []
    for (_, measure), over in over_sample(sweep).items():
        low, middle, high = _effects(over.changes, over.unit)
        counts = [f"{number}" for number in (over.changes.above, over.changes.below, over.changes.n)]
        lines.append([marked(_turned(over.point)), measure_name(measure), *counts, middle, f"{low} … {high}"])
    heads = ["what is turned", "measure", "up", "down", "of points", "change, middle", "all"]
    note = "Each point minus its own baseline at the same point of the ranges, with the same citizens."
    return Table("Changes at the points of the ranges", heads, [("", lines)], words=frozenset({0, 1}), note=note)


def ranges_section(design: Design) -> Section:
    """What was varied and what was held."""
    experiment = design.experiment
    varied: list[list[Cell]] = [[marked(p), _range(u), marked(u.why)] for p, u in experiment.uncertainties.items()]
    blocks: list[Block] = [
        Table("Varied", ["assumed", "from … to", "why"], [("", varied)], words=frozenset({0, 1, 2})),
    ]
    if experiment.held:
        held: list[list[Cell]] = [[marked(path), marked(why)] for path, why in experiment.held.items()]
        blocks.append(Table("Held", ["assumed", "why"], [("", held)], words=frozenset({0, 1})))
    return Section("ranges", "What is assumed", blocks)


def _range(uncertainty: Uncertainty) -> Cell:
    ends = uncertainty.range if uncertainty.values is None else uncertainty.values
    return marked((" … " if uncertainty.values is None else " | ").join(str(end) for end in ends or ()))
