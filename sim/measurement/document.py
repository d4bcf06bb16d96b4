"""The documentation of the measures: docs/measures.md is what ``python -m sim.measurement.document`` prints."""

from __future__ import annotations

from sim.measurement.catalogue import GAPS, SECTIONS, Measure

_INTRODUCTION = """# Measures 指标

<!-- Made by `python -m sim.measurement.document > docs/measures.md`; a test compares the two. -->

Every run reports these measures, in a [table](tables.md#measures) with one row for each measure and group. The
definitions below are the only ones: figures, reports and comparisons read them from the same list.

**Who is counted.** A *contact* (来电) is counted if it arrived in the window from `count_from` to
`count_until`; what happens to it later counts too, up to `end`. A *request* (工单) is a contact that
became a work order: it was dispatched, or is open at the end on its way to dispatch. Problems are
counted if they were born in the window, calls if they belong to a counted contact, and pools over the
whole hours inside the window. One measure counts everything: `backlog_end`, all that is open at the end;
`backlog_end_counted` beside it is of the window.

**What is null.** A share or mean of nothing is null, never 0; so are the rates of a scenario without
callbacks. What is open at the end is never dropped. Open requests rank after all closed ones, and a
mean, quantile or index that would need to know when they close is null: *not reached*. Then the
denominator, the number of cases, is above 0. The twin `…_among_closed` (`…_among_fixed`) stands beside
it and leaves the open ones out.

**Merged requests.** A request that ended because its problem was fixed under another request has no
closing of its own: it is part of `requests` and `merged_share`, not of the times to close. Duplicates
recognised before dispatch are contacts, not requests.

**Quantiles** come from one fixed logarithmic histogram with bins of 0.5 %: a quantile is the geometric
middle of the bin in which it falls, hence within 0.25 % of the exact value, and exactly 0 for 0. The
p-quantile of n cases is the ⌈p·n⌉-th smallest. A comparison has the requests themselves: there, quantiles of
the time to close are exact for the whole city, units, districts and categories. All other differences of
quantiles that are smaller than a bin (the column `grid` of `differences`) are told as “<” its width: they may be
nothing. For the same reason the interval of a quantile over the replications is never narrower than a bin.

**Groups.** `group_by` is empty for the whole city, or names dimensions joined by `+`; `group` is a JSON
list of their values. The unit of a request is its owner (first recipient, if that policy is on), the
class its urgency, the district that of the contact. The month is that of the arrival or birth, but for
the rates of the callback that of the scored answer. Every known district, category, class, channel,
unit, pool and month has its row, with 0 cases too; combinations without cases are left out of shares
and means.

**Sums** are exact, in whatever order cases are added: the same run has the same measures, bit for bit, from
either engine, from tables or while it runs.

**Numerator and denominator.** Where both are given, value = numerator / denominator. Totals have no
denominator, quantiles and indices no numerator.

**What matters.** A difference is called better or worse if it is clear (p below 0.05, adjusted by Holm's rule)
and not smaller than what matters: 0.5 percentage points of a share, 0.005 of a score, 1 % of the baseline's time,
count or cost, by convention and by unit of measure; `--relevant` of `citysim compare` and `relevance` of
`sim.compare` set others, and the column `relevant` of `differences` has it. If all of its interval is smaller than
that, it is no relevant difference; else it is not clear. A single request is faster or slower if its time to close
changes by 1 % (or what `--relevant` says) of what it is in the baseline, and a minute at least.

**Intervals** end where their measure does: those of shares and scores at 0 and 1, of times and counts at 0.

★ marks the headline measures, on which comparisons are judged, with Holm's correction; ↑ or ↓ says
which way is better.
"""


def document() -> str:
    """The text of docs/measures.md."""
    parts = [_INTRODUCTION]
    for title, entries in SECTIONS.items():
        parts.append(f"\n## {title}\n")
        parts += [_entry(measure) for measure in entries]
    parts.append("\nMeasures with an `equity_gap`: " + ", ".join(f"`{name}`" for name in GAPS) + ".\n")
    return "".join(parts)


def _entry(measure: Measure) -> str:
    arrow = {"higher": " ↑", "lower": " ↓", None: ""}[measure.better]
    star = " ★" if measure.headline else ""
    groups = ", ".join(group or "city" for group in measure.groups)
    of = f"of: {measure.denominator}" if measure.denominator else "total"
    return (
        f"\n### `{measure.identifier}`{star}{arrow}\n"
        f"{measure.english} · {measure.chinese}\n\n"
        f"- {measure.definition}\n"
        f"- {of}\n"
        f"- unit: {measure.unit}; by: {groups}\n"
    )


if __name__ == "__main__":
    print(document(), end="")
