"""What each lever of a sweep does to each measure: its change from end to end, and curves in between."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.sweeps.experiments import named
from sim.experiment.sweeps.paths import short_names
from sim.experiment.sweeps.ranges import numbers_of, read_range
from sim.inference.fitting import Fit
from sim.inference.student import Floats, Interval, Student
from sim.measurement import REGISTRY

if TYPE_CHECKING:
    from sim.experiment.sweeps.designs import Point
    from sim.experiment.sweeps.sweep import Sweep

#: Together, all changes of a measure lie within their intervals in so many of 100 cases.
LEVEL = 0.95
#: Positions at which a curve is drawn.
_GRID = 41


@dataclass(frozen=True)
class Effect:
    """How a measure changes when a lever goes from ``begin`` to ``end``, the lowest of its values and the highest, or,
    of values that are no numbers, those of the lowest and of the highest mean. ``before``: the mean at ``begin``, NaN
    where it is different at each point of what is assumed. The intervals of all levers hold together.
    """

    lever: str
    measure: str
    begin: str
    end: str
    before: float
    change: Interval

    @property
    def unit(self) -> str:
        """That of the measure."""
        return REGISTRY[self.measure].unit

    @property
    def clear(self) -> bool:
        """Whether its sign is known."""
        return self.change.lower > 0 or self.change.upper < 0


@dataclass(frozen=True, eq=False)
class Curve:
    """A measure over a lever: means with pointwise 95 % bands at ``x``, of the points where other levers stand as
    ``line`` says, or of all. ``dots``: simulated points beside a fitted curve; ``explained``, ``left_out``: what that
    is worth.
    """

    lever: str
    measure: str
    line: str
    x: Floats
    mean: Floats
    half: Floats
    dots: tuple[Floats, Floats] | None = None
    explained: float = math.nan
    left_out: float = math.nan
    straight: bool = False


class Responses:
    """What the levers do in one base, to the whole city or to a ``group`` that is one of so many ``groups``.
    ``differences``: measures are taken minus those of the base at the same point of what is assumed.
    """

    def __init__(self, sweep: Sweep, base: str = "", group: str = "[]", groups: int = 1) -> None:
        self.sweep, self.base, self.groups = sweep, base, groups
        self.experiment = sweep.design.experiment
        self.ranged, self.listed = self.experiment.ranged, self.experiment.listed
        own = [p for p in sweep.design.points if p.settings.get("base", "") == base]
        self.differences = bool(self.experiment.uncertainties)
        self.values = _values(sweep, group)
        names = {path: {name for name, _ in named(path, given)} for path, given in self.listed.items()}
        self.points = [
            point
            for point in own
            if point.against != point.name
            or (not self.ranged and (self._one_at_a_time or all(point.settings[p] in names[p] for p in names)))
        ]

        counts = Counter(point.sample for point in self.points)  # a sample that was cut short is left out
        self.points = [point for point in self.points if counts[point.sample] == max(counts.values())]

    @property
    def _one_at_a_time(self) -> bool:
        return self.experiment.design == "one_at_a_time"

    def _of(self, points: Sequence[Point], measure: str) -> Floats:
        """[replication, point]; infinite where a measure is not reached, NaN where there is none."""
        columns = [self.values[point.name, measure] for point in points]
        if self.differences:
            columns = [c - self.values[p.against, measure] for p, c in zip(points, columns, strict=True)]
        return np.stack(columns, axis=1)

    def levels(self) -> dict[str, list[str]]:
        """The values of each listed lever: numbers from the lowest, others as they are written."""
        found = {}
        for path in self.listed:
            texts = list(dict.fromkeys(point.settings[path] for point in self.points))
            numbers = numbers_of(texts)
            found[path] = texts if numbers is None else [text for _, text in sorted(zip(numbers, texts, strict=True))]
        return found

    def _settings(self, levers: Sequence[str], levels: dict[str, list[str]]) -> dict[str, list[Point]]:
        """The points at which these levers stand alike, by how they stand."""
        names = short_names(self.experiment.turned)
        found: dict[tuple[str, ...], list[Point]] = {
            stands: [] for stands in itertools.product(*(levels[path] for path in levers))
        }
        for point in self.points:
            found[tuple(point.settings[path] for path in levers)].append(point)
        return {
            ", ".join(f"{names[path]} {value}" for path, value in zip(levers, stands, strict=True)): points
            for stands, points in found.items()
            if points
        }

    # --- levers with lists --------------------------------------------------------------------------------------------

    def _levels(self, lever: str) -> dict[str, list[Point]]:
        """The points at which a lever has each of its values; all other levers stand alike at all of them."""
        levels: dict[str, list[Point]] = {}
        for point in self.points:
            if self._one_at_a_time and any(
                point.settings[path] != self.points[0].settings[path] for path in self.listed if path != lever
            ):
                continue
            levels.setdefault(point.settings[lever], []).append(point)
        numbers = numbers_of(list(levels))
        order = sorted(levels) if numbers is None else [n for _, n in sorted(zip(numbers, levels, strict=True))]
        return levels if numbers is None else {name: levels[name] for name in order}

    def _means(self, levels: dict[str, list[Point]], measure: str) -> Floats:
        """[replication, point of the ranges, level]; of a factorial there is one such point."""
        tables = [self._of(points, measure) for points in levels.values()]
        samples = np.array([point.sample for point in next(iter(levels.values()))])
        index = [np.flatnonzero(samples == number) for number in dict.fromkeys(samples.tolist())]
        return np.stack([np.stack([table[:, at].mean(axis=1) for at in index], axis=1) for table in tables], axis=2)

    def _of_list(self, lever: str, measure: str, level: float) -> Effect | None:
        levels = self._levels(lever)
        if not _balanced(levels):
            return None
        table = self._means(levels, measure)
        if np.isinf(table).any() or np.isnan(table).all():
            return None
        names, middle = list(levels), Student(table.reshape(-1, len(levels)).T).mean
        first, last = 0, len(names) - 1
        if numbers_of(names) is None and len(names) > 2:
            first, last = int(middle.argmin()), int(middle.argmax())
            level = 1 - (1 - level) / math.comb(len(names), 2)
        mean, half = _over(table[:, :, last] - table[:, :, first], level)
        change = Interval(mean, mean - half, mean + half, len(table))
        return Effect(lever, measure, names[first], names[last], self._before(middle[first]), change)

    def _before(self, mean: float) -> float:
        return math.nan if self.differences else float(mean)

    # --- levers with ranges -------------------------------------------------------------------------------------------

    def _fit(self, measure: str, points: Sequence[Point]) -> Fit | None:
        """Of the means over the lists at each point of the ranges."""
        if not points:
            return None
        table = self._of(points, measure)
        samples = np.array([point.sample for point in points])
        values = np.stack([table[:, samples == number].mean(axis=1) for number in np.unique(samples)], axis=1)
        at = np.stack([self._positions(lever, points, samples) for lever in self.ranged], axis=1)
        whole = ~np.isnan(values).any(axis=1)  # replications
        if np.isinf(values).any() or not whole.any():
            return None
        try:
            return Fit(at, values[whole])
        except ValueError:
            return None

    @staticmethod
    def _positions(lever: str, points: Sequence[Point], samples: Floats) -> Floats:
        numbers = numbers_of([point.settings[lever] for point in points])
        assert numbers is not None
        return np.array([numbers[int(np.flatnonzero(samples == number)[0])] for number in np.unique(samples)])

    def fit(self, measure: str) -> Fit | None:
        """Curves over all levers with ranges, None where points are too few, or the measure is not reached."""
        return self._fit(measure, self.points) if self.ranged else None

    # --- what is asked ------------------------------------------------------------------------------------------------

    def effects(self, measure: str) -> list[Effect]:
        """Of each lever, as far as they are known, the largest first."""
        level = 1 - (1 - LEVEL) / len(self.experiment.turned) / self.groups
        found = [effect for lever in self.listed if (effect := self._of_list(lever, measure, level)) is not None]
        fit = self.fit(measure)
        for number, lever in enumerate(self.ranged if fit is not None else ()):
            assert fit is not None
            ends = read_range(self.ranged[lever].range)
            begin, end = (ends.written(float(at[number])) for at in (fit.low, fit.high))  # no further than looked at
            before = float(fit.curve(number, [fit.low[number]])[0][0])
            found.append(Effect(lever, measure, begin, end, self._before(before), fit.change(number, level)))
        known = [effect for effect in found if not math.isnan(effect.change.mean)]
        return sorted(known, key=lambda effect: -abs(effect.change.mean))

    def curves(self, measure: str) -> Iterator[Curve]:
        """Of each lever whose values are numbers; of levers with ranges one for each setting of the lists."""
        for lever in self.listed:
            levels = self._levels(lever)
            numbers = numbers_of(list(levels))
            if numbers is None or not _balanced(levels):
                continue
            table = self._means(levels, measure)
            reached = np.where(np.isinf(table).any(axis=(0, 1)), np.nan, table)
            mean, half = zip(*(_over(reached[:, :, at], 0.95) for at in range(len(levels))), strict=True)
            yield Curve(lever, measure, "", np.array(numbers), np.array(mean), np.array(half))
        settings = self._settings(list(self.listed), self.levels()) if self.ranged else {}
        for line, points in settings.items():
            fit = self._fit(measure, points)
            if fit is None:
                continue
            values = self._of(points, measure).mean(axis=0)
            for number, lever in enumerate(self.ranged):
                x = np.linspace(fit.low[number], fit.high[number], _GRID)
                dots = np.array(numbers_of([point.settings[lever] for point in points])), values
                yield Curve(
                    *(lever, measure, line, x, *fit.curve(number, x), dots),
                    *(fit.explained, fit.left_out, fit.straight),
                )

    def lines(self, measure: str, most: int) -> Iterator[Curve]:
        """Over the lever whose list has most numbers, a curve for each setting of all others; none where there are more
        than ``most``, or no such lever.
        """
        levels = self.levels()
        numeric = [path for path, texts in levels.items() if len(texts) > 1 and numbers_of(texts) is not None]
        if self.ranged or self._one_at_a_time or not numeric:
            return
        across = max(numeric, key=lambda path: len(levels[path]))
        others = [path for path in levels if path != across]
        settings = self._settings(others, levels)
        if len(settings) > most:
            return
        for line, points in settings.items():
            x = np.array(numbers_of([point.settings[across] for point in points]))
            order = np.argsort(x, kind="stable")
            table = self._of(points, measure)[:, order]
            student = Student(np.where(np.isinf(table).any(axis=0), np.nan, table).T)
            yield Curve(across, measure, line, x[order], student.mean, student.half_width(0.95))


def responses(sweep: Sweep) -> list[Responses]:
    """What the levers do, in each base."""
    return [Responses(sweep, base) for base in _bases(sweep)]


def by_group(sweep: Sweep) -> list[tuple[str, dict[str, Responses]]]:
    """What they do in each base, by the name of each unit, or whatever the experiment tells measures by."""
    rows = sweep.measures[sweep.measures["group_by"] == (sweep.design.experiment.by or " ")]
    groups = {"".join(json.loads(group)): str(group) for group in dict.fromkeys(rows["group"])}
    return [
        (base, {name: Responses(sweep, base, group, len(groups)) for name, group in groups.items()})
        for base in (_bases(sweep) if groups else ())
    ]


def _bases(sweep: Sweep) -> list[str]:
    return list(dict.fromkeys(point.settings.get("base", "") for point in sweep.design.points))


def _balanced(levels: dict[str, list[Point]]) -> bool:
    """Whether a lever has several values with as many points each: else others stand otherwise at some of them."""
    return len(levels) > 1 and len({len(points) for points in levels.values()}) == 1


def _over(table: Floats, level: float) -> tuple[float, float]:
    """Of [replication, point of the ranges] the mean, and half of its interval: the wider of what replications differ
    by and what points do.
    """
    halves = [Student(Student(rows).mean[None]).half_width(level)[0] for rows in (table, table.T)]
    return float(Student(table.reshape(1, -1)).mean[0]), float(np.fmax(*halves))


def _values(sweep: Sweep, group: str) -> dict[tuple[str, str], Floats]:
    """By point and measure, the values of a group in each replication."""
    count, design = sweep.design.experiment.replications, sweep.design
    found = {(p.name, m): np.full(count, np.nan) for p in design.points for m in design.experiment.measures}
    of = "" if group == "[]" else design.experiment.by
    rows = sweep.measures[(sweep.measures["group_by"] == of) & (sweep.measures["group"] == group)]
    value = rows["value"].where(~(rows["value"].isna() & (rows["denominator"] > 0)), np.inf)
    for scenario, measure, k, number in zip(rows["scenario"], rows["measure"], rows["replication"], value, strict=True):
        if (scenario, measure) in found:
            found[scenario, measure][k] = number
    return found
