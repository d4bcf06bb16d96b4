"""The format of scenario files, and which words meant something else in an earlier one.

Each file says its own (`format: 2`), so that files of several formats can extend each other; 1 where it says nothing.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Callable, Iterator
from typing import Any

from sim.scenario.errors import Finding, Path, ReadError, quoted
from sim.scenario.nodes import Node, select, spot_of
from sim.scenario.numbers import read_number
from sim.scenario.policies import in_working_time
from sim.scenario.schema import FORMATS, Scenario


def read_format(value: Any) -> int:
    """The number of a format that can be read."""
    try:
        number = read_number(value)
    except ReadError:
        number = math.nan
    if number not in FORMATS:
        known = " and ".join(map(str, FORMATS))
        raise ReadError(f"{quoted(value)} is no format of scenario files that is known here: they are {known}")
    return int(number)


def changed(layer: Node, scenario: Scenario) -> Iterator[Finding]:
    """What a file of format 1 says that now means something else: a sentence for each kind of word, at the first one.

    `layer` is what stands in the file, `scenario` what all files together say.
    """
    for patterns, means_else, sentence in _CHANGES:
        found = [
            path
            for pattern in patterns
            for path, node in select(layer, tuple(pattern.split(".")))
            if means_else(scenario, path, node)
        ]
        if found:
            first = min(found, key=lambda path: spot_of(layer, path, True)[1:])
            others = len(found) - 1
            more = f" (so {'do' if others > 1 else 'does'} {others} more)" if others else ""
            yield spot_of(layer, first, True).finding(first, f"means something else since format 2: {sentence}{more}")


def _in_workdays(scenario: Scenario, path: Path, node: Node) -> bool:
    return in_working_time(node.value) and "workday" in str(node.value)


def _factors_have_another_mean(scenario: Scenario, path: Path, node: Node) -> bool:
    """Whether the factors by weekday or month, over a week or a year, are not 1 in the mean."""
    weekdays, months = scenario.demand.weekdays, scenario.demand.months
    days = [monthrange(scenario.time.start.year, month)[1] for month in months]
    week = math.fsum(weekdays.values()) / 7
    year = math.fsum(n * factor for n, factor in zip(days, months.values(), strict=True)) / sum(days)
    return abs(week - 1) > 1e-9 or abs(year - 1) > 1e-9


def _some_are_their_own(scenario: Scenario, path: Path, node: Node) -> bool:
    return any(category.accuracy is not None for category in scenario.categories.values())


def _second_look_was_worse_or_better(scenario: Scenario, path: Path, node: Node) -> bool:
    """Whether a second look, where nothing is said of it, had another accuracy than the first."""
    dispatch, precise = scenario.dispatch, scenario.policies.precise_dispatch
    if dispatch is None or dispatch.redispatch_accuracy is not None:
        return False
    if precise is None:
        return _some_are_their_own(scenario, path, node)
    turned = precise.accuracy is not None or bool(precise.by_category)
    return precise.redispatch_accuracy is None and (turned or _some_are_their_own(scenario, path, node))


def _nobody_is_asked(scenario: Scenario, path: Path, node: Node) -> bool:
    callback = scenario.policies.callback
    return callback is not None and callback.satisfied is None


def _several(scenario: Scenario, path: Path, node: Node) -> bool:
    return len(node.map) > 1


_LIMITS = ("contact", "contact.*", "resolve", "resolve.*", "by_category.*")
_CHANGES: tuple[tuple[tuple[str, ...], Callable[[Scenario, Path, Node], bool], str], ...] = (
    (
        tuple(f"policies.time_limits.{key}" for key in _LIMITS),
        _in_workdays,
        "workdays end at the same clock time so many open days later; they were so many open hours of a mean day",
    ),
    (
        ("demand.weekdays", "demand.months", "categories.*.rate", "categories.*.total"),
        _factors_have_another_mean,
        "factors by weekday and month are divided by their mean, so that a rate or total is what is born; the mean of "
        "these is not 1",
    ),
    (
        ("policies.precise_dispatch.accuracy",),
        _some_are_their_own,
        "categories that name an accuracy keep it; at_least raises those below it",
    ),
    (
        ("dispatch", "policies.precise_dispatch"),
        _second_look_was_worse_or_better,
        "without a redispatch_accuracy a second look is as accurate as the first; it had dispatch.accuracy",
    ),
    (
        ("policies.callback",),
        _nobody_is_asked,
        "without “satisfied” there is no satisfaction rate; it was a toss of a coin",
    ),
    (
        ("channels", "categories.*.urgency", "categories.*.unit", "categories.*.confused_with"),
        _several,
        "the same seed draws other citizens' channels, classes and units, so that a new one moves only who goes to it",
    ),
)
