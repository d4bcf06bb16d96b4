"""How many replications, and from when on to count, for a terminal and for machines."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sim.inference.stopping import FIRST
from sim.measurement import REGISTRY
from sim.report.comparison_text import WIDTH, cut_name
from sim.report.formats import difference, gap, number, times
from sim.report.names import clean

if TYPE_CHECKING:
    from sim.experiment.replications import Known, Needed
    from sim.experiment.warming import WarmUp
    from sim.inference.stopping import Reached

#: Beyond this, nobody can run what is foretold.
_MANY = 100_000
#: So many weeks are drawn, or days of runs of fewer weeks than that.
_MOST_BARS, _WEEKS = 30, 6


def replications_text(found: Needed) -> str:
    """The half-width after more and more replications, and how many are enough; of many measures, that of all."""
    what = clean(" minus ".join(reversed(found.names)))
    lines = [textwrap.fill(what, WIDTH), f"Half-widths of 95 % intervals, seed {found.seed}", ""]
    if len(found.known) > 2:
        lines += [*_overview(found), ""]
    else:
        for known in found.known:
            lines += [*_table(known, found), ""]
    lines += [textwrap.fill(sentence, WIDTH) for sentence in _answers(found)]
    return "\n".join(lines) + "\n"


def _overview(found: Needed) -> Iterator[str]:
    """One line a measure."""
    value = "difference" if len(found.names) > 1 else "mean"
    yield f"{'measure':28} {value:>12} {f'± after {found.made}':>12} {'wanted':>11} {'enough':>12}"
    yield "─" * WIDTH
    for known in found.known:
        one, unit = known.after(found.made), REGISTRY[known.measure].unit
        name = cut_name(REGISTRY[known.measure].english, 28)
        if math.isnan(one.mean):
            yield f"{name:28} {'not reached' if math.isnan(one.wanted) else '–':>12}"
            continue
        enough = next((f"{n:,}" for n in found.looks if n >= FIRST and known.after(n).enough), _about(one))
        wanted = gap(one.wanted, unit)
        yield f"{name:28} {_mean(one, unit, found):>12} {_half(one, unit):>12} {'± ' + wanted:>11} {enough:>12}"


def _table(known: Known, found: Needed) -> Iterator[str]:
    """One line for each number of replications."""
    measure, wanted = REGISTRY[known.measure], known.after(found.made).wanted
    pair = len(found.names) > 1
    asked = f", wanted ± {gap(wanted, measure.unit)}" if not math.isnan(wanted) else ""
    yield f"{'Difference of ' if pair else ''}{measure.english}{asked}"
    yield f"{'replications':>12} {'difference' if pair else 'mean':>14} {'half-width':>14}"
    yield "─" * 42
    for count in found.looks:
        one = known.after(count)
        if math.isnan(one.mean):
            yield f"{count:12,} {'not reached' if math.isnan(one.wanted) else '–':>14}"
            continue
        enough = "  enough" if one.enough and count >= FIRST else ""
        yield f"{count:12,} {_mean(one, measure.unit, found):>14} {_half(one, measure.unit):>14}{enough}"


def _half(one: Reached, unit: str) -> str:
    return "–" if math.isinf(one.half) else f"± {gap(one.half, unit)}"


def _mean(one: Reached, unit: str, found: Needed) -> str:
    """A mean, or a difference with its sign."""
    if len(found.names) < 2 or math.isinf(one.half):
        return number(one.mean, unit)
    lower, upper = one.mean - one.half, one.mean + one.half
    return difference(SimpleNamespace(difference=one.mean, lower=lower, upper=upper, unit=unit, grid=0.0))


def _answers(found: Needed) -> Iterator[str]:
    """What to do, and how far it may be believed."""
    last = {known.measure: known.after(found.made) for known in found.known}
    unknown = [measure for measure, one in last.items() if math.isnan(one.mean)]
    wide = {measure: one for measure, one in last.items() if not one.enough}
    if not wide and len(unknown) < len(last):
        most = max((one.half / one.wanted, measure) for measure, one in last.items() if one.wanted > 0)[1]
        of = "" if len(last) == 1 else f" (that of {REGISTRY[most].english} just so)"
        yield f"{found.made} replications are enough for the half-width that is wanted{of}: --replications {found.made}"
    for measure, one in wide.items():
        yield (
            f"{REGISTRY[measure].english}: {found.made} replications are not enough; {_about(one)} would be, "
            "if their spread stays as it is. --at-most allows more."
        )
    for measure in unknown:
        yield f"{REGISTRY[measure].english} has no value in this scenario, or is not reached before the end of the run."
    yield (
        f"Intervals are looked at after {FIRST} replications, and then where their spread foretells the end: who stops "
        "at the first narrow one stops by luck. They hold in 93 to 95 of 100 cases."
    )


def _about(one: Reached) -> str:
    return f"about {one.foretold:,}" if one.foretold < _MANY else f"more than {_MANY:,}"


def replications_json(found: Needed) -> str:
    """For machines; half-widths in the unit of the measure."""
    document = {
        "scenarios": list(found.names),
        "digests": [scenario.digest for scenario in found.scenarios],
        "seed": found.seed,
        "replications": found.made,
        "enough": found.enough,
        "at_most": found.at_most,
        "measures": [_record(known, found) for known in found.known],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _record(known: Known, found: Needed) -> dict[str, Any]:
    last = known.after(found.made)
    looks = [(count, known.after(count)) for count in found.looks]
    return {
        "measure": known.measure,
        "unit": REGISTRY[known.measure].unit,
        "wanted": _or_null(last.wanted),
        "enough": last.enough and not math.isnan(last.mean),
        "foretold": None if math.isnan(last.mean) or last.foretold >= _MANY else last.foretold,
        "looks": [{"replications": n, "mean": _or_null(r.mean), "half_width": _or_null(r.half)} for n, r in looks],
    }


def _or_null(value: float) -> float | None:
    return value if math.isfinite(value) else None


# --- warm-up ----------------------------------------------------------------------------------------------------------


def warm_up_text(found: WarmUp) -> str:
    """From when on to count, and how to write it; or why that cannot be said."""
    hours = 168 if len(found.series) >= _WEEKS * 168 else 24
    what, count = "week" if hours == 168 else "day", len(found.series) // hours
    means = found.series[: count * hours].reshape(count, hours).mean(axis=1)
    lines = [clean(found.scenario.name), f"{times(found.replications)}, seed {found.seed}", ""]
    lines += ["Visits that wait or are worked on, means of all replications", "─" * WIDTH]
    most = max(means, default=1.0) or 1.0
    for k, value in enumerate(means[:_MOST_BARS]):
        cut = found.hours is None or (k + 0.5) * hours < found.hours
        bar = ("░" if cut else "█") * round(40 * value / most)
        lines.append(f"{what} {k + 1:3}  {number(float(value), 'visits'):>12}  {bar}".rstrip())
    lines += [f"… and {count - _MOST_BARS} more"] if count > _MOST_BARS else []
    lines += ["", *(textwrap.fill(sentence, WIDTH) for sentence in _warm_up_words(found))]
    return "\n".join(lines) + "\n"


def _warm_up_words(found: WarmUp) -> Iterator[str]:
    time, begin = found.scenario.time, found.count_from
    if found.crowded:
        yield "There is no warm-up to cut: where more comes than can be done, nothing ever settles."
        yield from (f"{clean(sentence)}." for sentence in found.crowded)
        yield "Count all of it and say so, or give these pools the staff that they need."
        return
    if begin is None:
        why = "the city goes on rising or falling after what MSER-5 would cut"
        why = "MSER-5 would cut more than half of the run" if found.too_much else why
        yield (
            f"Where the warm-up ends cannot be said: {why}. The run is too short, or what comes differs over it, as "
            "with seasons and holidays. Simulate longer before the time that counts, or a town without them."
        )
        return
    cut, counted = round((found.hours or 0.0) / 24), f"The scenario counts from {time.count_from:%Y-%m-%d %H:%M}"
    if not cut:
        yield "From the start the city is as it is later: nothing need be cut."
    else:
        often = f"{cut} day{'s' if cut > 1 else ''}"
        yield f"The city fills up for {often}: count from {begin:%Y-%m-%d %H:%M} at the earliest."
    if time.count_from >= begin:
        yield f"{counted}, which is late enough."
    else:
        written = f"{begin:%Y-%m-%d}" if begin == begin.replace(hour=0, minute=0) else f"{begin:%Y-%m-%d %H:%M}"
        yield f"{counted}, which is too early. Write"
        yield f"    time: {{count_from: {written}}}"
    yield "By MSER-5 (White 1997) over the whole run; a season or a shock at its beginning looks the same."


def warm_up_json(found: WarmUp) -> str:
    """For machines."""
    document = {
        "scenario": found.scenario.name,
        "digest": found.scenario.digest,
        "seed": found.seed,
        "replications": found.replications,
        "hours": found.hours,
        "count_from": None if found.count_from is None else found.count_from.isoformat(sep=" "),
        "crowded": list(found.crowded),
        "more_than_half": found.too_much,
        "hourly": [float(value) for value in found.series],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)
