"""Phone lines, and one hotline (整合热线): which number citizens call, and what becomes of many lines' people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.model.draws import name_key, purpose
from sim.model.index import Index, Table
from sim.model.policies import online
from sim.model.staffing import Family
from sim.scenario import Scenario
from sim.scenario.calendars import Shift
from sim.scenario.demand_side import Channel
from sim.scenario.demand_side import Line as LineSpec
from sim.scenario.staff_side import Headcount, Pool

WRONG = purpose("wrong line")
WHICH = purpose("which line")
WRONG_TALK = purpose("talk on a wrong line")
WRONG_PATIENCE = purpose("patience on a wrong line")
WRONG_GAP = purpose("gap after a wrong line")

AnyPool = TypeVar("AnyPool", bound=Pool)


@dataclass(frozen=True)
class Line:
    """Who answers the contacts of some categories on a channel. ``number``: which of the channel's numbers to call."""

    family: Family
    talk: Table
    patience: Table
    number: int


@dataclass(frozen=True)
class WrongLine:
    """How many call another number than theirs, and what they hear there."""

    share: float
    talk: Table
    again: bool
    after: Table


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines of all channels; a channel with a pool of its own is one line.

    ``of``: the line of a contact, −1: there is no intake, [channel, category]. Of each number of a channel, [channel,
    number]: the line that answers it, whether there is one, and the key of its name.
    """

    plans: tuple[Line, ...]
    of: NDArray[np.int64]
    answered_by: NDArray[np.int64]
    weights: NDArray[np.float64]
    names: NDArray[np.uint64]


def wrong_line(index: Index, channel: Channel) -> WrongLine | None:
    """From the scenario."""
    spec = channel.wrong_line
    if spec is None:
        return None
    talk = index.table(spec.talk, online.talk_factor(index, channel))
    return WrongLine(spec.share, talk, spec.again, index.table(spec.after))


def lines(index: Index, channels: Sequence[tuple[str, Channel]]) -> Lines:
    """From the scenario, once the lines are merged; ``channels`` in the order of the city."""
    categories = list(index.scenario.categories)
    plans: list[Line] = []
    of = np.full((len(channels), len(categories)), -1, np.int64)
    width = max(len(channel.lines or "1") for _, channel in channels)
    answered_by = np.full((len(channels), width), -1, np.int64)
    names = np.zeros((len(channels), width), np.uint64)
    for c, (name, channel) in enumerate(channels):
        numbers: list[str] = []
        for line_name, line in _listed(name, channel):
            number, factor = line_name, online.talk_factor(index, channel)
            if channel.lines is not None and _is_merged(index.scenario, line):
                number, factor = line.pool, factor * _factor(index.scenario)
            if number not in numbers:
                answered_by[c, len(numbers)], names[c, len(numbers)] = len(plans), name_key(number)
                numbers.append(number)
            for category in _matters(channel, line, categories):
                of[c, categories.index(category)] = len(plans)
            talk, patience = line.talk or channel.talk, line.patience or channel.patience
            family = index.families[line.pool]
            plans.append(Line(family, index.table(talk, factor), index.table(patience), numbers.index(number)))
    return Lines(tuple(plans), of, answered_by, np.where(answered_by >= 0, 1.0, 0.0), names)


def _listed(name: str, channel: Channel) -> list[tuple[str, LineSpec]]:
    """The lines of a channel by name: the order in which a file lists them means nothing."""
    if channel.lines is not None:
        return sorted(channel.lines.items())
    return [] if channel.pool is None else [(name, LineSpec(pool=channel.pool))]


def _matters(channel: Channel, line: LineSpec, categories: Sequence[str]) -> Sequence[str]:
    """The categories for which a line is there: its own, or all that are no other line's."""
    if line.categories is not None:
        return line.categories
    others = {name for other in (channel.lines or {}).values() for name in other.categories or ()}
    return [name for name in categories if name not in others]


def _is_merged(scenario: Scenario, line: LineSpec) -> bool:
    """Whether the calls of a line come to the one hotline; lines that are taken have its pool already."""
    policy = scenario.policies.one_hotline
    return policy is not None and line.pool == policy.into


def _factor(scenario: Scenario) -> float:
    policy = scenario.policies.one_hotline
    return 1.0 if policy is None else policy.talk_factor


def load(lines: Lines, channel: int, category: int, wrong: WrongLine) -> Iterator[tuple[Family, float]]:
    """Of the contacts of a category on a channel: wrong calls by where they go, where nobody hangs up."""
    own, others = lines.plans[lines.of[channel, category]].number, lines.weights[channel].sum() - 1.0
    if others == 0.0:
        return
    calls = wrong.share / (1.0 - wrong.share) if wrong.again else wrong.share
    for number, line in enumerate(lines.answered_by[channel]):
        if line >= 0 and number != own:
            yield lines.plans[line].family, calls / others


# --- one hotline -----------------------------------------------------------------------------------------------------


def merged(scenario: Scenario) -> Scenario:
    """The scenario in which the calls of the lines that are taken come to one pool, and theirs are no more."""
    policy = scenario.policies.one_hotline
    if policy is None:
        return scenario
    channels, gone = dict(scenario.channels), set[str]()
    for name, channel in channels.items():
        if channel.lines is not None:
            taken = [line for line in channel.lines if policy.takes is None or line in policy.takes]
            gone |= {channel.lines[line].pool for line in taken}
            moved = {line: channel.lines[line].model_copy(update={"pool": policy.into}) for line in taken}
            channels[name] = channel.model_copy(update={"lines": channel.lines | moved})
    gone.discard(policy.into)
    pools = dict(scenario.pools)
    if policy.shifts == "sum":
        pools[policy.into] = _together(pools[policy.into], [pools[name] for name in sorted(gone)])
    pools = {n: _helping(n, pool, gone, policy.into) for n, pool in pools.items() if n not in gone}
    units = {name: _helping(name, unit, gone, policy.into) for name, unit in scenario.units.items()}
    return scenario.model_copy(update={"channels": channels, "pools": pools, "units": units})


def _together(into: Pool, others: list[Pool]) -> Pool:
    """A pool with the people of the others beside its own."""
    pools = [into, *others]
    if all(pool.staff is not None for pool in pools) and len({pool.calendar for pool in pools}) == 1:
        heads = [pool.staff for pool in pools if pool.staff is not None]
        if any(head.each is None for head in heads):
            return into.model_copy(update={"staff": Headcount(total=sum(h.each or h.total or 0 for h in heads))})
        return into.model_copy(update={"staff": Headcount(each=sum(head.each or 0 for head in heads))})
    shifts = tuple(shift for pool in pools for shift in pool.shifts or _always(pool))
    holidays = next((pool.holidays for pool in pools if pool.shifts), None)
    return into.model_copy(update={"staff": None, "calendar": None, "shifts": shifts, "holidays": holidays})


def _always(pool: Pool) -> tuple[Shift, ...]:
    """People who are always on duty, as a shift."""
    people = 0 if pool.staff is None else pool.staff.each or pool.staff.total or 0
    return (Shift.model_validate({"days": "mon-sun", "hours": "0:00-24:00", "staff": people}),) if people else ()


def _helping(name: str, pool: AnyPool, gone: set[str], into: str) -> AnyPool:
    """A pool that helps the one hotline where it helped what is gone."""
    if not gone.intersection(pool.also_serves):
        return pool
    served = dict.fromkeys(into if other in gone else other for other in pool.also_serves)
    return pool.model_copy(update={"also_serves": tuple(other for other in served if other != name)})
