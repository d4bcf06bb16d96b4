"""The monthly sheet (考核表): what citizens said of each unit and district in a calendar month, scored and ranked.

An answer counts in the month in which it is given, for the unit that owns the request then. A sheet is frozen when it
is published: what becomes known later changes it no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.model.compiling import rule
from sim.model.draws import name_key, purpose, uniforms
from sim.model.facts import LEVELS
from sim.model.index import Index, next_month
from sim.model.rules import count_at_most

if TYPE_CHECKING:
    from sim.scenario.policies import ScoreWeights

TIES = purpose("ties of rank")

#: What is counted by place and month: answers by their ``cell``, and requests.
CELLS, REQUESTS, COUNTS = 8, 8, 9

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sheet:
    """Whose sheets there are, and when. Places are numbered: the pools, of which only units have a sheet, then the
    districts. ``repeats``, ``out_of_scope``: whether these are among a place's requests.
    """

    repeats: bool
    out_of_scope: bool
    pools: int
    published: Floats  # by month: when its sheet is frozen
    months: Ints  # year · 100 + month
    whole: Bools  # whether the run covers the month
    weights: tuple[float, ...]  # of response, resolution, satisfaction
    per_head: float  # what a request by head of those who live there takes off the score
    is_scored: bool  # whether all that has a weight is known
    places: Ints  # that have a sheet
    levels: Ints  # of these: whom each is ranked with, as in ``facts.LEVELS``; −1: the other districts
    names: NDArray[np.uint64]  # of these: the keys of their names
    heads: Floats  # of these: inhabitants


def plan(index: Index) -> Sheet | None:
    """From the scenario."""
    scenario, staffing, spec = index.scenario, index.staffing, index.policies.callback
    if spec is None:
        return None
    months = index.months
    begins = (scenario.time.start.replace(day=1, hour=0, minute=0, second=0, microsecond=0), *months.dates)
    ends = np.array([scenario.hours_of(next_month(begin)) for begin in begins])
    units = [p for p, pool in enumerate(staffing.pools) if pool.level]
    people = [float(district.population) for district in scenario.districts.values()]
    heads = []
    for pool in (staffing.pools[p] for p in units):
        streets = staffing.streets[pool.district] if pool.street >= 0 else 1
        heads.append(people[pool.district] / streets if pool.district >= 0 else sum(people))
    names = [staffing.pools[p].name for p in units] + list(scenario.districts)
    per_head = 0.0 if spec.score.per_head is None else spec.score.per_head.weight * spec.score.per_head.residents
    weights, ranking = weights_of(spec.score.weights), index.policies.ranking
    known = (scenario.contact is not None, True, spec.satisfied is not None)
    first, districts = len(staffing.pools), len(people)
    return Sheet(
        repeats=ranking is not None and ranking.lists.repeats,
        out_of_scope=ranking is not None and ranking.lists.out_of_scope,
        pools=first,
        published=ends + spec.score.published,
        months=np.array([begin.year * 100 + begin.month for begin in begins], np.int64),
        whole=np.array(months.shares) == 1.0,
        weights=weights,
        per_head=per_head,
        is_scored=all(there for weight, there in zip(weights, known, strict=True) if weight > 0),
        places=np.array([*units, *range(first, first + districts)], np.int64),
        levels=np.array([LEVELS.index(staffing.pools[p].level) for p in units] + [-1] * districts, np.int64),
        names=np.array([name_key(name) for name in names], np.uint64),
        heads=np.array(heads + people),
    )


def weights_of(weights: ScoreWeights) -> tuple[float, float, float]:
    """Those of response, resolution and satisfaction, in this order."""
    return weights.response, weights.resolution, weights.satisfaction


# --- what engines count ----------------------------------------------------------------------------------------------


def nothing(sheet: Sheet | None, districts: int) -> Ints:
    """What has been counted before anything happens, [place, month, count]."""
    if sheet is None:
        return np.zeros((0, 0, COUNTS), np.int64)
    return np.zeros((sheet.pools + districts, len(sheet.months), COUNTS), np.int64)


@rule("int64(boolean, boolean, int64)")
def cell(responded: Any, resolved: Any, satisfied: Any) -> Any:
    """Where an answer is counted: of three bits the highest says responded, the lowest satisfied."""
    return 4 * responded + 2 * resolved + (satisfied == 1)


@rule("boolean(float64[::1], float64[::1], float64, float64)")
def is_open(turns: Any, published: Any, answered: Any, now: Any) -> Any:
    """Whether the sheet on which an answer counts has not been frozen yet."""
    return now < published[count_at_most(turns, answered)]


# --- scores and ranks ------------------------------------------------------------------------------------------------


def points(weights: Sequence[float], given: Sequence[Floats]) -> Floats:
    """Weighted sums of response, resolution and satisfaction: the score is this over the answers."""
    return np.asarray(np.sum([weight * sums for weight, sums in zip(weights, given, strict=True)], axis=0))


@dataclass(frozen=True, eq=False)
class Page:
    """The sheets of a month, by place: ``counts`` [place, count], the score (NaN: none), the rank (0: none) and how
    many are ranked with it.
    """

    month: int
    counts: Ints
    score: Floats
    rank: Ints
    ranked: Ints


def having(counts: Ints, *bits: int) -> Ints:
    """Answers that have all of these bits, by place."""
    cells = [c for c in range(CELLS) if all(c & bit for bit in bits)]
    return np.asarray(counts[:, cells].sum(axis=1))


def page(sheet: Sheet, month: int, counted: Ints, stream: int) -> Page:
    """Score and rank what has been counted, [place, month, count]."""
    counts = counted[sheet.places, month]
    answers, given = having(counts), [having(counts, bit).astype(float) for bit in (4, 2, 1)]
    known = (answers > 0) & sheet.is_scored
    score = np.where(known, points(sheet.weights, given) / np.maximum(answers, 1), np.nan)
    if sheet.per_head > 0.0:
        score = score - sheet.per_head * by_head(sheet, counts)
    rank, ranked = np.zeros((2, len(score)), np.int64)
    if sheet.whole[month]:
        for level in np.unique(sheet.levels):
            members = np.flatnonzero((sheet.levels == level) & known)
            rank[members[order(sheet, month, members, score[members], stream)]] = 1 + np.arange(len(members))
            ranked[members] = len(members)
    return Page(month, counts, score, rank, ranked)


def by_head(sheet: Sheet, counts: Ints) -> Floats:
    """Requests by head of those who live there, by place; 0 where nobody does."""
    return np.asarray(counts[:, REQUESTS] / np.where(sheet.heads > 0, sheet.heads, np.inf))


def order(sheet: Sheet, month: int, members: Ints, value: Floats, stream: int) -> Ints:
    """The order of places by a value, the largest first; ties by a draw."""
    names = np.ascontiguousarray(sheet.names[members])
    lots = uniforms(np.uint64(stream), np.uint64(TIES), names, np.full(len(names), sheet.months[month], np.uint64))
    return np.lexsort((names, lots, -value))
