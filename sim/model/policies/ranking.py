"""Ranking and supervision (月度点评、考核监督): sheets become lists and pressure, to which units answer with effort."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from simpy import Environment, Event

from sim.model.compiling import rule
from sim.model.draws import on_grid, purpose
from sim.model.index import Index
from sim.model.policies.sheet import REQUESTS, Floats, Ints, Page, Sheet, by_head, order

GAMED = purpose("gamed")

#: The four lists, as ``facts.SCORE`` names them.
LISTS = ("leading", "improving", "to_rectify", "to_govern")


@dataclass(frozen=True)
class Effort:
    """Pressed units work longer, and better. ``overtime``: officers come for what they work longer."""

    share: float
    most: float
    overtime: bool


@dataclass(frozen=True)
class Gaming:
    """Pressed units close requests, unsolved, a ``window`` before they are due. ``highest``: the largest share of them
    that there may ever be.
    """

    share: float
    window: float
    persuaded: float
    highest: float


@dataclass(frozen=True)
class Pleading:
    """Pressed units ask for exclusions more often."""

    share: float


@dataclass(frozen=True, eq=False)
class Ranking:
    """How long the lists are, how pressure moves, and what answers it."""

    gain: float
    decay: float
    by_rank: bool  # else by how far the score is below the target
    target: float
    leading: float
    improving: float
    to_rectify: float
    to_govern: float
    per_head: bool
    effort: Effort | None
    gaming: Gaming | None
    exclusion: Pleading | None
    acts: Floats  # when sheets are published within the run
    staff: Ints  # by pool: the most officers ever planned


def plan(index: Index) -> Ranking | None:
    """From the scenario."""
    spec, score = index.policies.ranking, index.policies.callback
    if spec is None or score is None:
        return None
    lists, end = spec.lists, index.scenario.hours_of(index.scenario.time.end)
    published = index.months.turns + score.score.published
    effort, gaming, resolved = spec.effort, spec.gaming, score.resolved
    highest = 0.0
    for _ in published[published < end]:  # always last
        most = 1.0 if spec.target is None else spec.target
        highest = pressed(highest, most, spec.gain, spec.decay)
    staff = [int(pool.headcounts.max(initial=0)) for pool in index.staffing.pools]
    return Ranking(
        gain=spec.gain,
        decay=spec.decay,
        by_rank=spec.target is None,
        target=spec.target or 0.0,
        leading=lists.leading,
        improving=lists.improving,
        to_rectify=lists.to_rectify,
        to_govern=lists.to_govern,
        per_head=lists.per == "head",
        effort=None if effort is None else Effort(effort.share, effort.most, effort.overtime is not None),
        gaming=None
        if gaming is None
        else Gaming(
            gaming.share,
            gaming.window,
            resolved.if_false if gaming.persuaded is None else gaming.persuaded,
            answered(highest, gaming.share),
        ),
        exclusion=None if spec.exclusion is None else Pleading(spec.exclusion.share),
        acts=published[published < end],
        staff=np.array(staff, np.int64),
    )


# --- lists -----------------------------------------------------------------------------------------------------------


def lists(ranking: Ranking, sheet: Sheet, now: Page, before: Page | None, stream: int) -> dict[str, NDArray[np.int8]]:
    """Whether a unit is on each list: 1, 0, or −1 where it is not ranked. Those of districts are all −1."""
    units = sheet.levels >= 0
    on = {name: np.where(units & (now.rank > 0), 0, -1).astype(np.int8) for name in LISTS}
    better = np.full(len(now.score), np.nan)
    if before is not None:
        better = np.where((now.rank > 0) & (before.rank > 0), now.score - before.score, np.nan)
    many = by_head(sheet, now.counts) if ranking.per_head else now.counts[:, REQUESTS].astype(float)
    for level in np.unique(sheet.levels[units]):
        of = (sheet.levels == level) & (now.rank > 0)
        n = int(of.sum())
        on["leading"][of & (now.rank <= places(ranking.leading, n))] = 1
        on["to_rectify"][of & (now.rank > n - places(ranking.to_rectify, n))] = 1
        for name, value, share in (("improving", better, ranking.improving), ("to_govern", many, ranking.to_govern)):
            some = np.flatnonzero(of & (value > 0))
            first = order(sheet, now.month, some, value[some], stream)[: places(share, n)]
            on[name][some[first]] = 1
    return on


def places(share: float, n: int) -> int:
    """How many of n are on a list, halves rounded up."""
    return int(share * n + 0.5)


# --- pressure --------------------------------------------------------------------------------------------------------


@rule("float64(float64, float64, float64, float64)")
def pressed(pressure: Any, x: Any, gain: Any, decay: Any) -> Any:
    """The pressure of a unit after a month."""
    return max(0.0, pressure + gain * x - decay * pressure)


@rule("float64(float64, int64, int64, boolean, float64)")
def shortfall(score: Any, rank: Any, ranked: Any, by_rank: Any, target: Any) -> Any:
    """What presses a unit: from 0 for the first to 1 for the last, or how far its score is below the target; nothing
    where it has no rank.
    """
    if rank == 0:
        return 0.0
    if not by_rank:
        return max(0.0, target - score)
    return (rank - 1.0) / (ranked - 1.0) if ranked > 1 else 0.0


def pressures(ranking: Ranking, now: Page, before: Floats) -> Floats:
    """Of all places, from those before this month."""
    found = np.zeros(len(before))
    for i in range(len(before)):
        x = shortfall(now.score[i], now.rank[i], now.ranked[i], ranking.by_rank, ranking.target)
        found[i] = pressed(before[i], x, ranking.gain, ranking.decay)
    return found


# --- effort ----------------------------------------------------------------------------------------------------------


@rule("float64(float64, float64, float64)")
def effort(pressure: Any, share: Any, most: Any) -> Any:
    """The factor on work at a pressure."""
    return min(1.0 + share * pressure, most)


@rule("float64(float64, float64)")
def longer(work: Any, factor: Any) -> Any:
    """So much work (hours) with effort."""
    return work if factor == 1.0 else on_grid(work * factor)


@rule("float64(float64, float64)")
def resolves(probability: Any, factor: Any) -> Any:
    """The probability of a solution with effort: as if such a share more were tried."""
    return probability if factor == 1.0 else 1.0 - (1.0 - probability) ** factor


def overtime(officers: int, factor: float) -> int:
    """So many officers more do what a pool works longer; they come whole."""
    return int(np.ceil(round(officers * (factor - 1.0), 9)))


# --- gaming and exclusion --------------------------------------------------------------------------------------------


@rule("float64(float64, float64)")
def answered(pressure: Any, share: Any) -> Any:
    """The share of requests with which a unit answers to a pressure."""
    return min(share * pressure, 1.0)


@rule("float64(float64, float64, float64)")
def asks(usual: Any, pressure: Any, share: Any) -> Any:
    """The probability that it asks for an exclusion."""
    return min(usual + share * pressure, 1.0)


class City(Protocol):
    """What is asked of the city (``sim.model.control.View``)."""

    def pressures(self, month: int) -> tuple[Ints, Floats]: ...
    def press(self, pressure: Floats, effort: Floats, overtime: Ints) -> None: ...


def act(ranking: Ranking, env: Environment, city: City) -> Generator[Event, Any, None]:
    """The policy: when a sheet is published, units feel it."""
    pools = len(ranking.staff)
    for month, time in enumerate(ranking.acts):
        yield env.timeout(time - env.now)
        units, felt = city.pressures(month)
        pressure, factors, more = np.zeros(pools), np.ones(pools), np.zeros(pools, np.int64)
        pressure[units] = felt
        if (plan := ranking.effort) is not None:
            for unit in units.tolist():
                factors[unit] = effort(pressure[unit], plan.share, plan.most)
                more[unit] = overtime(int(ranking.staff[unit]), factors[unit]) if plan.overtime else 0
        city.press(pressure, factors, more)
