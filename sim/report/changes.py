"""What differs between a scenario and the one it is compared with, in plain sentences."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sim.experiment.compare import SAME_CITIZENS
from sim.inference.comparison import SAME_COUNT
from sim.report.formats import number
from sim.report.mechanisms import MECHANISMS, paragraph, sentences

if TYPE_CHECKING:
    from sim.experiment.compare import Comparison
    from sim.experiment.recovery import Recovery
    from sim.model.city import City
    from sim.scenario import Scenario

_MOST_LINES = 6
#: Units that are back last.
_MOST_UNITS = 4


class Change(NamedTuple):
    """A value that is not the same in both; None where a scenario has no such value."""

    path: str
    before: str | None
    after: str | None


def what_differs(base: City, variant: City) -> list[str]:
    """One sentence each: mechanisms that are on in one of the two, or act differently, then other values.

    A mechanism that is on in one only is told as a whole; all other values that differ are listed, the first few.
    """
    before, after = sentences(base), sentences(variant)
    lines, whole = list[str](), set[str]()
    for key in MECHANISMS:
        was, now = before.get(key, []), after.get(key, [])
        if not was and now:
            lines.append(f"On here, off in the baseline. {paragraph(key, now)}")
        elif was and not now:
            lines.append(f"Off here, on in the baseline. {paragraph(key, was)}")
        elif was != now:
            new, old = ([s for s in one if s not in other] for one, other in ((now, was), (was, now)))
            told = [*_beginning("Here:", new), *_beginning("In the baseline:", old)]
            lines.append(paragraph(key, told))
        if bool(was) != bool(now):
            whole.add(key)
    values = [value for value in changed_values(base.scenario, variant.scenario) if not _is_under(value.path, whole)]
    lines += [
        f"{value.path}: {shortened(value.before or 'absent', 60)} → {shortened(value.after or 'absent', 60)}"
        for value in values[:_MOST_LINES]
    ]
    if len(values) > _MOST_LINES:
        lines.append(f"and {len(values) - _MOST_LINES} more values, which the report lists")
    return lines


def own_policies(comparison: Comparison, variant: str) -> list[str]:
    """Which policies of somebody's own in Python act in a variant, in the baseline, or in both; a sentence each."""
    here, base = comparison.policies[comparison.names.index(variant)], comparison.policies[0]
    where = {
        "Own policy here, not in the baseline": [name for name in here if name not in base],
        "Own policy in the baseline, not here": [name for name in base if name not in here],
        "Own policy in both": [name for name in here if name in base],
    }
    return [f"{word}: {policy_text(name)}." for word, names in where.items() for name in names]


def policy_text(name: str) -> str:
    """The name of a policy, of a file with no more of its checksum than people compare."""
    function, separator, digest = name.partition("@sha256:")
    return f"{function} (sha256 {digest[:12]}…)" if separator else function


#: From so many replications on the date of a recovery is not called rough.
ENOUGH_FOR_A_DATE = 20


def other_requests(comparison: Comparison, variant: str) -> str:
    """What must be said where other shares of the contacts become requests; empty where the counts nearly agree."""
    table = comparison.measures
    counts = table[(table["measure"] == "requests") & (table["group_by"] == "")].groupby("scenario")["value"].mean()
    here, baseline = float(counts[variant]), float(counts[comparison.names[0]])
    if not baseline > 0 or abs(here / baseline - 1) <= SAME_COUNT:
        return ""
    said = f"These are not the same requests: {here:,.0f} here, {baseline:,.0f} in the baseline, since"
    ends = "they have no verdict here. Read what is told of the requests in both."
    if comparison.paired(variant) != SAME_CITIZENS:
        return f"{said} other citizens call. Rates, shares and times of all requests differ for that alone; {ends}"
    return (
        f"{said} other contacts are answered on the spot or attached to another request. Rates, shares and times of "
        f"all requests differ for that alone, and may look worse where the easy ones no longer become requests; {ends}"
    )


def recovered(comparison: Comparison, variant: str) -> str:
    """When a variant that shocks disturb is back as the baseline is, in a sentence; empty where none do."""
    back = comparison.recovered.get(variant)
    if back is None:
        return ""
    until, end = (day(comparison.scenarios[0], hours) for hours in (back.disturbed_until, back.recovered_at))
    if comparison.replications < 2:
        return f"Disturbed until {until}; when it is back as the baseline is cannot be told from one replication."
    base = comparison.names[0]
    if not end:
        found = "not back within the run: its open requests never stay for four weeks"
    else:
        found = f"back from {end} on: from then on its open requests stay for four weeks"
    told = [f"Disturbed until {until}, and {found} where 95 % of replications of “{base}” are."]
    told.append(f"With other luck it would have been {_between(comparison.scenarios[0], back)}.")
    if comparison.replications < ENOUGH_FOR_A_DATE:
        told.append(f"The band is one of {comparison.replications} replications: more of them (-n) move the date.")
    told += _by_unit(comparison.scenarios[0], back)
    if back.risen:
        before, after = (number(value, "") for value in back.risen)
        told.append(
            f"“{base}” itself is not steady: {before} are open as the disturbance begins, {after} at the end of the "
            "run, so that what it would be back to grows, too: let both begin with a backlog (initial:)."
        )
    return " ".join(told)


def _by_unit(scenario: Scenario, back: Recovery) -> list[str]:
    """Which units are back last, and which not within the run."""
    never = [unit for unit, (at, *_) in back.units.items() if math.isnan(at)]
    last = sorted((at, unit) for unit, (at, *_) in back.units.items() if not math.isnan(at))[::-1][:_MOST_UNITS]
    told = [f"Not back within the run: {', '.join(never)}."] if never else []
    if last:
        told.append(f"Last of all units are back: {', '.join(f'{unit} {day(scenario, at)}' for at, unit in last)}.")
    return told if len(back.units) > 1 else []


def _between(scenario: Scenario, back: Recovery) -> str:
    """The range of the date on which it is back, in words."""
    earliest, latest = (day(scenario, hours) for hours in (back.earliest, back.latest))
    if not earliest:
        return "the same: not within the run (95 % of draws of the replications)"
    if not latest:
        return f"{earliest} at the earliest, or not within the run (95 % of draws of the replications)"
    dates = "the same date" if earliest == latest else f"{earliest} to {latest}"
    return f"{dates} (95 % of draws of the replications)"


def day(scenario: Scenario, hours: float) -> str:
    """The date of a moment; empty for NaN."""
    return "" if math.isnan(hours) else f"{scenario.time.start + timedelta(hours=hours):%Y-%m-%d}"


def changed_values(base: Scenario, variant: Scenario) -> list[Change]:
    """The values that differ, but for names, targets and what is a default in both; in the order of the scenarios."""
    said = [
        {v.path: v for v in s.values() if v.path.split(".")[0] not in ("name", "description", "targets")}
        for s in (base, variant)
    ]
    before, after = ({path: value.value_text for path, value in values.items()} for values in said)
    given = {path for values in said for path, value in values.items() if not value.from_default}
    paths = (path for path in dict.fromkeys([*before, *after]) if path in given and before.get(path) != after.get(path))
    return [Change(path, before.get(path), after.get(path)) for path in paths]


def shortened(text: str, most: int) -> str:
    """At most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _is_under(path: str, mechanisms: set[str]) -> bool:
    """Whether this is a parameter of one of these mechanisms."""
    policies, _, rest = path.partition(".")
    return policies == "policies" and rest.split(".")[0] in mechanisms


def _beginning(word: str, told: list[str]) -> list[str]:
    """Sentences after a word that says of what they are, or none."""
    return [word, *told] if told else []
