"""What a sweep over ranges says: in how many points each pair changes a measure up or down, and claims beside it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sim.experiment.sweeps.experiments import Claim
from sim.experiment.sweeps.ranges import Uncertainty, flow
from sim.inference.signs import Signs, goes_with, share_interval, signs
from sim.inference.student import Interval
from sim.scenario.numbers import NUMBER

if TYPE_CHECKING:
    from sim.experiment.sweeps.designs import Point
    from sim.experiment.sweeps.sweep import Sweep

#: The settings of a point, which are the same at all points of the sample.
Key = tuple[str, ...]


@dataclass(frozen=True)
class Over:
    """What a point changes, beside its baseline, over the sample. ``goes_with``: the assumption with which the change
    goes most, and their rank correlation, where one is clear. ``other_requests``: in most points it is of other
    requests.
    """

    point: Point
    measure: str
    unit: str
    changes: Signs
    goes_with: tuple[str, float] | None
    other_requests: bool


@dataclass(frozen=True)
class Judged:
    """A claim in one city, where its mechanism is ``turned``: what the mechanism does there when it is on."""

    says: str
    claim: Claim
    turned: str
    effects: Signs
    goes_with: tuple[str, float] | None
    unit: str
    other_requests: bool

    @property
    def holds(self) -> int:
        """In how many points it holds."""
        return self.effects.above if self.claim.change == "rises" else self.effects.below

    @property
    def against(self) -> int:
        """In how many points the opposite holds."""
        return self.effects.below if self.claim.change == "rises" else self.effects.above

    @property
    def share(self) -> Interval:
        """The share of points in which it holds."""
        return share_interval(self.holds, self.effects.n)


def over_sample(sweep: Sweep) -> dict[tuple[Key, str], Over]:
    """By settings and measure, in the order of the design."""
    design = sweep.design
    city = sweep.differences[sweep.differences["group_by"] == ""] if len(sweep.differences) else sweep.differences
    listed = cast(Iterable[Any], city.itertuples())
    rows = {(row.scenario, row.measure): row for row in listed}
    named = {point.name: point for point in design.points}
    points: defaultdict[Key, list[Point]] = defaultdict(list)
    for point in design.points:
        if point.against != point.name:
            points[tuple(point.settings.values())].append(point)
    found: dict[tuple[Key, str], Over] = {}
    for key, same in points.items():
        pair = same[0], named[same[0].against]
        values = {
            path: _numbers(uncertainty, path, same)
            for path, uncertainty in design.experiment.uncertainties.items()
            if _matters(path, pair)
        }
        for measure in design.experiment.measures:
            own = [rows.get((point.name, measure)) for point in same]
            effects = [math.nan if row is None else float(row.difference) for row in own]
            there = [row for row in own if row is not None]
            if there:
                others = 2 * sum(bool(row.other_requests) for row in there) > len(there)
                unit, most = str(there[0].unit), goes_with(effects, values)
                found[key, measure] = Over(same[0], measure, unit, signs(effects), most, others)
    return found


def judged(sweep: Sweep) -> Iterator[Judged]:
    """Each claim in each city in which it is made; what is not known of any point is left out."""
    found = over_sample(sweep)
    for says, claim in sweep.design.experiment.claims.items():
        for turned in claim.turned:
            over = found.get(((claim.mechanism, turned), claim.measure))
            if over is None or not over.changes.n:
                continue
            effects = over.changes if turned == "on" else over.changes.reversed
            most = over.goes_with
            if most is not None and turned == "off":
                most = (most[0], -most[1])
            yield Judged(says, claim, turned, effects, most, over.unit, over.other_requests)


def _matters(path: str, pair: Sequence[Point]) -> bool:
    """Whether one of two cities has the mechanism to which a path belongs, if it belongs to one."""
    head, _, rest = path.partition(".")
    key = rest.partition(".")[0]
    return head != "policies" or any(getattr(point.scenario.policies, key, None) is not None for point in pair)


def _numbers(uncertainty: Uncertainty, path: str, points: Sequence[Point]) -> list[float]:
    """What is assumed at each point, as numbers; of what is no range, its place in the list."""
    texts = [point.values[path] for point in points]
    if uncertainty.values is not None:
        return [float([flow(value) for value in uncertainty.values].index(text)) for text in texts]
    return [float(match.group()) for match in map(NUMBER.match, texts) if match]
