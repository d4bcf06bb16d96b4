"""How often an experiment is repeated: until a measure is known well enough, or as long as there is time for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field

from sim.measurement import REGISTRY
from sim.scenario import Finding
from sim.scenario.calendars import Section
from sim.scenario.errors import ReadError, nearest, quoted
from sim.scenario.nodes import Node, spot_of
from sim.scenario.numbers import NUMBER, Plain, Text, number_in
from sim.scenario.quantities import read_positive_duration

_BUDGET = re.compile(r"([0-9][0-9_]*)\s*runs?")


class HalfWidth(NamedTuple):
    """Half of an interval at most: so much, in the unit of the measure, or such a part of the mean."""

    size: float
    of_mean: bool = False


class Precision(Section):
    """Replications are added until the mean of ``measure`` has at every point an interval of at most ± ``half_width``,
    but no more than ``at_most``.
    """

    measure: Text
    half_width: Text
    at_most: Annotated[int, Field(ge=2)] = 100


class Limit(NamedTuple):
    """So many runs, or so many seconds."""

    runs: int = 0
    seconds: float = 0.0


def _read_budget(value: Any) -> Limit:
    text = str(value).strip()
    if runs := _BUDGET.fullmatch(text):
        return Limit(runs=int(runs.group(1).replace("_", "")))
    if isinstance(value, str) and number_in(text) is None:
        return Limit(seconds=round(3600 * read_positive_duration(value), 3))
    raise ReadError(f"a budget is in runs or in time: write {text} runs, or {text} min, not {quoted(text)}")


Budget = Annotated[Limit, BeforeValidator(_read_budget)]


def read_half_width(text: str, measure: str) -> HalfWidth:
    """Such as “0.5 pp” of a share, “30 min” of a time, “2 %” of the mean of any measure. Raises ``ReadError``."""
    unit, written = REGISTRY[measure].unit, text.strip()
    match = NUMBER.match(written)
    after = written[match.end() :].strip() if match else ""
    found = float(match.group().replace("_", "")) if match else 0.0
    if match and after == "%":
        half = HalfWidth(found / 100, of_mean=True)
    elif match and after == "pp" and unit in ("share", "score"):
        half = HalfWidth(found / 100)
    elif unit == "h" and match and after:
        half = HalfWidth(read_positive_duration(Plain(written)))
    elif unit not in ("share", "h") and match and not after:
        half = HalfWidth(found)
    else:
        wanted = {"share": "0.5 pp", "score": "0.5 pp", "h": "30 min"}.get(unit, "10")
        raise ReadError(f"{quoted(text)} is no half-width of {measure}: write such as {wanted}, or 2 % (of its mean)")
    if not half.size > 0:
        raise ReadError("a half-width is above 0")
    return half


#: What is wanted where nobody says how well: what matters in a comparison (``sim.inference.Relevance``).
USUAL = ("0.5pp", "1%")


def half_widths(measures: Sequence[str], sizes: Sequence[str] = ()) -> dict[str, HalfWidth]:
    """For each measure the size that is in its unit, else the part of the mean, of the usual ones if there are none.

    Raises ``ReadError`` for what is no measure or no size, a measure without a size, and a size without a measure.
    """
    found, used = dict[str, HalfWidth](), set[str]()
    for measure in measures:
        if measure not in REGISTRY:
            raise ReadError(f"there is no measure {quoted(measure)}{nearest(measure, REGISTRY)} (docs/measures.md)")
        wrong: list[ReadError] = []
        for size in sorted(sizes or USUAL, key=lambda text: text.strip().endswith("%")):
            try:
                half = read_half_width(size, measure)
            except ReadError as error:
                wrong.append(error)
                continue
            if measure not in found:
                found[measure] = half
                used.add(size)
        if measure not in found:
            raise wrong[0]
    if unused := [size for size in sizes if size not in used]:
        raise ReadError(f"{quoted(unused[0])} is the half-width of none of {', '.join(measures)}")
    return found


def check_precision(root: Node, precision: Precision, measures: Sequence[str]) -> Iterator[Finding]:
    """What is wrong with the precision that is wanted."""
    at = ("precision", "measure")
    if precision.measure not in measures:
        hint = nearest(precision.measure, measures)
        said = f"{quoted(precision.measure)} is not among the measures of the experiment{hint}"
        yield spot_of(root, at).finding(at, said)
    elif precision.measure in REGISTRY:
        at = ("precision", "half_width")
        try:
            read_half_width(precision.half_width, precision.measure)
        except ReadError as wrong:
            yield spot_of(root, at).finding(at, str(wrong))


def check_budget(root: Node, budget: Limit, points: int) -> Iterator[Finding]:
    """A budget that does not pay for one run of each point."""
    if budget.runs and budget.runs < points:
        said = f"{budget.runs} runs are fewer than the {points:,} points: each of them is to be run once at least"
        yield spot_of(root, ("budget",)).finding(("budget",), said)
