"""The points of an experiment, at which the city is simulated, and what each is compared with.

`levers` are paths of the scenario with the values each takes, in all combinations or one at a time, or with a range, of
which `sample` takes so many points; values that are long to write may have names. The path of a mechanism takes `on`
(as in the base) and `off`. The base itself is a point, and the baseline of the others. `factors` are levers with lists
alone, compared with their first combination. `one_by_one` turns each mechanism by which the base differs from the city
before: off in the base, that is as it was before, and on there, that is as in the base. With `uncertainties`, all of
this is made at so many points of their ranges, each with a baseline of its own; `claims` say which pairs are wanted,
and what is expected of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from sim.experiment.sweeps.experiments import Experiment, check_turned, is_switch, named, read_experiment, turning
from sim.experiment.sweeps.levers import as_in, homes, same_place, settings
from sim.experiment.sweeps.paths import under
from sim.experiment.sweeps.reading import read_ahead
from sim.experiment.sweeps.sampling import check_cities, drawn
from sim.experiment.sweeps.turning import block_of, scenario_file, without
from sim.experiment.sweeps.variants import Base, Known, Variant
from sim.scenario import Finding, Scenario, ScenarioError
from sim.scenario.errors import ReadError
from sim.scenario.merging import OVERRIDES
from sim.scenario.nodes import Node, Spot, spot_of
from sim.scenario.policies import Policies

_FILE = "experiment.yaml"


@dataclass(frozen=True)
class Point:
    """A scenario of the design, by its ``variant``. ``settings``: the value of each lever as it is written.
    ``against``: the name of the point that it is compared with, its own if it is a baseline. ``takes_along``: what else
    had to be off. ``sample``: the point of the ranges at which it is made, from 1; ``values``: what is assumed there.
    """

    name: str
    settings: dict[str, str]
    variant: Variant
    against: str
    takes_along: tuple[str, ...] = ()
    sample: int = 0
    values: dict[str, str] = field(default_factory=dict)

    @property
    def scenario(self) -> Scenario:
        """Read where it was not read lately."""
        return self.variant.scenario


@dataclass(frozen=True)
class Design:
    """An experiment with the points at which the city is simulated, baselines first."""

    name: str
    experiment: Experiment
    points: tuple[Point, ...]


def find_experiment(name: str) -> Path:
    """The file of a path, of a folder with an experiment.yaml, or of a name of a folder in ./experiments."""
    for path in (Path(name), Path("experiments") / name):
        if path.is_dir():
            return path / _FILE
        if path.is_file():
            return path
    return Path(name)


def load_design(file: Path, known: Known = MappingProxyType({})) -> Design:
    """Read an experiment and make its points; those that are ``known`` need not be read. Raises ``ScenarioError`` with
    all that is wrong in the file, else with all that is wrong with its points.
    """
    experiment, root = read_experiment(file)
    folder = file.resolve().parent
    try:
        names = experiment.cities + ([experiment.one_by_one.before] if experiment.one_by_one else [])
        bases = [Base.read(scenario_file(name, folder)) for name in names]
        make = partial(_made, experiment, root)
        points = make(read_ahead(bases, known, make))
    except ScenarioError as wrong:
        told = (_of_experiment(finding, root, str(file)) for finding in wrong.findings)
        raise ScenarioError(sorted(told, key=lambda finding: finding.place)) from wrong
    return Design(design_name(file), experiment, tuple(points))


def design_name(file: Path) -> str:
    """The name of an experiment: that of its file, or of the folder in which it is the only one."""
    return file.resolve().parent.name if file.name == _FILE else file.stem


def _of_experiment(finding: Finding, root: Node, file: str) -> Finding:
    """What is wrong with a point, at the line of the experiment's file that turned it where there is one."""
    if finding.file != OVERRIDES:
        return finding
    at = next((at for at in turning(root) if finding.path and _near(at[1], finding.path)), ())
    spot = spot_of(root, at, bool(at)) if at else Spot(file)
    return Finding(spot.file, spot.line, spot.column, finding.path, finding.message)


def _near(path: str, found: str) -> bool:
    try:
        return same_place(path, found)
    except ReadError:
        return False


# --- the points -------------------------------------------------------------------------------------------------------


def _made(experiment: Experiment, root: Node, bases: Sequence[Base]) -> list[Point]:
    """All of them."""
    if experiment.levers:
        return _of_levers(experiment, root, bases)
    return _sampled(experiment, root, bases) if experiment.sample else _points(experiment, root, bases, ((), ()))


def _of_levers(experiment: Experiment, root: Node, bases: Sequence[Base]) -> list[Point]:
    """Each base, and the levers turned in it, at each point of the ranges."""
    ranged, sample = experiment.ranged, experiment.sample
    draws = [dict[str, str]()]
    if sample is not None:
        draws = drawn({**ranged, **experiment.uncertainties}, sample.points, experiment.seed, sample.method)
    points: list[Point] = []
    wrong: dict[str, Finding] = {}  # by path
    for city, base in zip(experiment.cities, bases, strict=True):
        if findings := list(check_cities(root, experiment.uncertainties, experiment.held, [base.scenario])):
            raise ScenarioError(findings)
        home = homes(experiment, root, base)
        stands = as_in(base.scenario, experiment, home)
        known = [value.path for value in base.scenario.values()]
        assumed = [path for path in experiment.uncertainties if under(path, known)]
        for number, values in enumerate(draws, start=1):
            made = _Turned(experiment, root, city, base, home, stands, assumed, number if sample else 0, values)
            try:
                own = made.points()
            except ScenarioError as error:
                wrong = {finding.path: finding for finding in error.findings} | wrong
                continue
            points += own if number == 1 or experiment.uncertainties else own[1:]  # one base where nothing is assumed
    if wrong:
        raise ScenarioError(list(wrong.values()))
    return points


@dataclass(frozen=True)
class _Turned:
    """The levers turned in one base, where they stand as ``home`` and ``stands`` say, at one point of the ranges;
    ``assumed``: the uncertain numbers that it has. ``number`` 0: there are no ranges.
    """

    experiment: Experiment
    root: Node
    city: str
    base: Base
    home: dict[str, str]
    stands: dict[str, str]
    assumed: list[str]
    number: int
    values: dict[str, str]

    def points(self) -> list[Point]:
        """The base first; what stands as it is the base."""
        experiment = self.experiment
        assumed = {path: self.values[path] for path in experiment.uncertainties}
        sets = [f"{path}={assumed[path]}" for path in self.assumed]
        at = {path: self.values[path] for path in experiment.ranged}
        several, total = len(experiment.cities) > 1, experiment.sample.points if experiment.sample else 0
        before = f"{self.city}: " if several else ""
        behind = f" ({self.number} of {total})" if self.number else ""
        alone = self.number and not experiment.uncertainties  # one base for all points of the ranges
        own = (self.city if several else self.base.scenario.name) + ("" if alone else behind)
        number = 0 if alone else self.number
        stands = {**({"base": self.city} if several else {}), **self.stands}
        made = [Point(own, stands, self.base.variant(sets), own, (), number, assumed)]
        findings: dict[Finding, None] = {}
        for setting in settings(experiment, at, self.home):
            if not setting.turned:
                continue
            told = setting.names
            name = before + ", ".join(f"{path} {value}" for path, value in told.items()) + behind
            try:
                variant, along = without(
                    self.base, setting.off, [*sets, *setting.sets], "all" if setting.off else "nothing"
                )
            except ScenarioError as error:
                findings |= dict.fromkeys(error.findings)
                continue
            findings |= dict.fromkeys(_not_there(self.root, "levers", told, self.base))
            made.append(Point(name, {**stands, **told}, variant, own, tuple(along), self.number, assumed))
        if findings:
            raise ScenarioError(list(findings))
        return made


def _not_there(root: Node, section: str, told: Mapping[str, str], base: Base) -> Iterator[Finding]:
    """Mechanisms that are to be on as in the base, where it has none."""
    for path, value in told.items():
        if value == "on" and is_switch(path) and not block_of(base.scenario, path.split(".")[1]):
            said = "the base does not have it, so it cannot be on as there"
            yield spot_of(root, (section, path), True).finding((section, path), said)


def _sampled(experiment: Experiment, root: Node, bases: Sequence[Base]) -> list[Point]:
    """The points of the experiment at each point of the ranges. What a city does not have is not assumed there."""
    assert experiment.sample is not None
    cities = [base.scenario for base in bases]
    if findings := list(check_cities(root, experiment.uncertainties, experiment.held, cities)):
        raise ScenarioError(findings)
    leaves = [[value.path for value in city.values()] for city in cities]
    has = [[path for path in experiment.uncertainties if under(path, known)] for known in leaves]
    points: list[Point] = []
    wrong: dict[str, Finding] = {}  # by path
    total = experiment.sample.points
    method = experiment.sample.method
    for number, values in enumerate(drawn(experiment.uncertainties, total, experiment.seed, method), start=1):
        assumed = [[f"{path}={values[path]}" for path in paths] for paths in has]
        try:
            made = _points(experiment, root, bases, assumed)
        except ScenarioError as error:
            wrong = {finding.path: finding for finding in error.findings} | wrong
            continue
        at = f" ({number} of {total})"
        points += [replace(p, name=p.name + at, against=p.against + at, sample=number, values=values) for p in made]
    if wrong:
        raise ScenarioError(list(wrong.values()))
    return points


def _points(experiment: Experiment, root: Node, bases: Sequence[Base], assumed: Sequence[Sequence[str]]) -> list[Point]:
    """The points of the experiment, where this is assumed of the base and of the city before."""
    if experiment.one_by_one:
        return _one_by_one(experiment, root, bases, assumed)
    return _combinations(experiment, root, bases[0], assumed[0])


def _combinations(experiment: Experiment, root: Node, base: Base, assumed: Sequence[str]) -> list[Point]:
    """All combinations of the values of the factors, the last varying first; the first of all is the baseline."""
    factors = experiment.factors
    points: list[Point] = []
    findings: dict[Finding, None] = {}
    values = [named(path, given) for path, given in factors.items()]
    for chosen in itertools.product(*values):
        stands = {path: name for path, (name, _) in zip(factors, chosen, strict=True)}
        name = ", ".join(f"{path} {value}" for path, value in stands.items())
        sets = [f"{path}={value}" for path, (_, value) in zip(factors, chosen, strict=True) if not is_switch(path)]
        off = [path.split(".")[1] for path, value in stands.items() if value == "off" and is_switch(path)]
        try:
            variant, along = without(base, off, [*assumed, *sets], "all" if off else "nothing")
        except ScenarioError as wrong:
            findings |= dict.fromkeys(wrong.findings)
            continue
        findings |= dict.fromkeys(_not_there(root, "factors", stands, base))
        points.append(Point(name, stands, variant, "", tuple(along)))
    if findings:
        raise ScenarioError(list(findings))
    return [replace(point, against=points[0].name) for point in points]


def _one_by_one(
    experiment: Experiment, root: Node, bases: Sequence[Base], assumed: Sequence[Sequence[str]]
) -> list[Point]:
    """The base and the city before; then each mechanism by which they differ, as before in the base, and as in the base
    before. Where there are claims, only what they need.
    """
    variants = [base.variant(sets) for base, sets in zip(bases, assumed, strict=True)]
    base, before = (variant.scenario for variant in variants)
    turned = [key for key in Policies.model_fields if block_of(base, key) != block_of(before, key)]
    if findings := list(check_turned(root, experiment.claims, turned)):
        raise ScenarioError(findings)
    pairs = [(key, word) for word in ("off", "on") for key in turned]
    wanted = {(claim.mechanism, word) for claim in experiment.claims.values() for word in claim.turned} or {*pairs}
    cities = {"off": (variants[0], base, before, assumed[0]), "on": (variants[1], before, base, assumed[1])}
    used = [cities[word][:2] for word in cities if any(word == turn for _, turn in wanted)]
    points = [Point(s.name, {"mechanism": "", "turned": ""}, variant, s.name) for variant, s in used]
    for key, word in (pair for pair in pairs if pair in wanted):
        variant, scenario, other, own = cities[word]
        block = block_of(other, key)
        sets = [*own, f"policies.{key}=null", *([f"policies.{key}={block}"] if block else [])]
        found, along = without(variant.base, [], sets, "all" if word == "off" else "parts")
        name = f"without {key}" if word == "off" else f"{key} alone"
        points.append(Point(name, {"mechanism": key, "turned": word}, found, scenario.name, tuple(along)))
    return points
