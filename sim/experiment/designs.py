"""An experiment: a question, a base scenario, what is varied, and the points at which the city is simulated.

`factors` are paths of the scenario with the values each takes, in all combinations; values that are long to write may
have names. The path of a mechanism takes `on` (as in the base) and `off`. `one_by_one` turns each mechanism by which
the base differs from the city before: off in the base, that is as it was before, and on there, that is as in the base.
With `sample`, all of this is made at so many points of the ranges of `uncertainties`, each with a baseline of its own;
`claims` say which pairs are wanted, and what is expected of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.experiment.reading import read_ahead
from sim.experiment.sampling import (
    Claim,
    Sample,
    Uncertainty,
    check_cities,
    check_claims,
    check_sample,
    check_turned,
    drawn,
    flow,
    under,
)
from sim.experiment.turning import block_of, scenario_file, without
from sim.experiment.variants import Base, Known, Variant
from sim.measurement import REGISTRY
from sim.scenario import Finding, Scenario, ScenarioError
from sim.scenario.calendars import Section
from sim.scenario.errors import ReadError, nearest, quoted, read_path
from sim.scenario.files import read_file
from sim.scenario.merging import OVERRIDES
from sim.scenario.nodes import Node, Spot, spot_of
from sim.scenario.numbers import Text
from sim.scenario.policies import Policies
from sim.scenario.validating import validated
from sim.scenario.yaml_loader import parse_yaml

#: What an experiment that lists no measures is judged by.
HEADLINES = tuple(measure.identifier for measure in REGISTRY.values() if measure.headline)

_FILE = "experiment.yaml"
_SWITCHED = {"on": "on", "off": "off", "True": "on", "False": "off"}
#: A design with more points is surely not meant.
_MOST_POINTS = 10_000


class OneByOne(Section):
    """Each mechanism in turn off in the base, as in the city `before`; and on there, as in the base."""

    before: Text


class Experiment(Section):
    """What an experiment file says."""

    format: Literal[1] = 1
    question: Text
    base: Text
    factors: dict[str, Annotated[list[Any] | dict[str, Any], Field(min_length=1)]] = Field(default={})
    one_by_one: OneByOne | None = None
    sample: Sample | None = None
    uncertainties: dict[str, Uncertainty] = Field(default={})
    held: dict[str, Text] = Field(default={})
    claims: dict[str, Claim] = Field(default={})
    measures: Annotated[list[Text], Field(min_length=1)] = Field(default=[*HEADLINES])
    replications: Annotated[int, Field(ge=1)] = 5
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1


@dataclass(frozen=True)
class Point:
    """A scenario of the design, by its ``variant``. ``settings``: the value of each factor as it is written.
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
    experiment, root = _read(file)
    folder = file.resolve().parent
    try:
        names = [experiment.base] + ([experiment.one_by_one.before] if experiment.one_by_one else [])
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


# --- the file ---------------------------------------------------------------------------------------------------------


def _read(file: Path) -> tuple[Experiment, Node]:
    findings: list[Finding] = []
    try:
        root = parse_yaml(read_file(file), str(file), findings)
    except ReadError as wrong:
        raise ScenarioError([Spot(str(file)).finding((), str(wrong))]) from wrong
    if root is None:
        raise ScenarioError(findings)
    experiment = validated(Experiment, root, (), findings) if isinstance(root.value, dict) else None
    if not isinstance(root.value, dict):
        findings.append(root.at.finding((), "an experiment is a map of keys and values"))
    if experiment is not None:
        findings += _checked(experiment, root)
    if experiment is None or findings:
        raise ScenarioError(findings)
    return experiment, root


def _checked(experiment: Experiment, root: Node) -> Iterator[Finding]:
    for number, name in enumerate(experiment.measures):
        if name not in REGISTRY:
            at = ("measures", number)
            said = f"there is no measure {quoted(name)}{nearest(name, REGISTRY)} (docs/measures.md has all)"
            yield spot_of(root, at).finding(at, said)
    if bool(experiment.factors) == bool(experiment.one_by_one):
        yield root.at.finding((), "an experiment has factors, or one_by_one, and not both")
    yield from check_sample(root, experiment.uncertainties, experiment.factors)
    yield from check_claims(root, experiment.claims, experiment.measures)
    points = 1 if experiment.sample is None else experiment.sample.points
    for path, values in experiment.factors.items():
        points *= len(values)
        try:
            read_path(path)
        except ReadError as wrong:
            yield spot_of(root, ("factors", path), True).finding(("factors", path), str(wrong))
            continue
        for name, value in root.map["factors"].map[path].map.items():
            if value.value is None:
                yield value.at.finding(("factors", path, name), "a value is wanted; null can stand in a list")
        if _is_switch(path):
            yield from _switches(path, values, root)
    if points > _MOST_POINTS:
        yield spot_of(root, ("factors",), True).finding(
            ("factors",), f"{points:,} points are more than {_MOST_POINTS:,}"
        )


def _switches(path: str, values: list[Any] | dict[str, Any], root: Node) -> Iterator[Finding]:
    for number, value in enumerate(values):
        if isinstance(values, dict) or str(value) not in _SWITCHED:
            at = ("factors", path, number)
            yield spot_of(root, at).finding(at, f"a mechanism is on or off, not {quoted(value)}")


def _of_experiment(finding: Finding, root: Node, file: str) -> Finding:
    """What is wrong with a point, at the line of the experiment's file that turned it where there is one."""
    if finding.file != OVERRIDES:
        return finding
    path = finding.path
    near = (at for at in _turning(root) if path and (path.startswith(at[1]) or at[1].startswith(f"{path}.")))
    at = next(near, ())
    spot = spot_of(root, at, bool(at)) if at else Spot(file)
    return Finding(spot.file, spot.line, spot.column, finding.path, finding.message)


def _turning(root: Node) -> list[tuple[str, str]]:
    """The places of the paths that the experiment turns."""
    return [(name, key) for name in ("factors", "uncertainties") if name in root.map for key in root.map[name].map]


# --- the points -------------------------------------------------------------------------------------------------------


def _made(experiment: Experiment, root: Node, bases: Sequence[Base]) -> list[Point]:
    """All of them."""
    return _sampled(experiment, root, bases) if experiment.sample else _points(experiment, root, bases, ((), ()))


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
    for number, values in enumerate(drawn(experiment.uncertainties, total, experiment.seed), start=1):
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
    named = [_named(path, values) for path, values in factors.items()]
    for chosen in itertools.product(*named):
        settings = {path: name for path, (name, _) in zip(factors, chosen, strict=True)}
        name = ", ".join(f"{path} {value}" for path, value in settings.items())
        sets = [f"{path}={value}" for path, (_, value) in zip(factors, chosen, strict=True) if not _is_switch(path)]
        off = [path.split(".")[1] for path, value in settings.items() if value == "off" and _is_switch(path)]
        try:
            variant, along = without(base, off, [*assumed, *sets], "all" if off else "nothing")
        except ScenarioError as wrong:
            findings |= dict.fromkeys(wrong.findings)
            continue
        for path, value in settings.items():
            if value == "on" and _is_switch(path) and not block_of(base.scenario, path.split(".")[1]):
                spot = spot_of(root, ("factors", path), True)
                findings[spot.finding(("factors", path), "the base does not have it, so it cannot be on as there")] = (
                    None
                )
        points.append(Point(name, settings, variant, "", tuple(along)))
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


def _is_switch(path: str) -> bool:
    head, _, key = path.partition(".")
    return head == "policies" and "." not in key


def _named(path: str, values: list[Any] | dict[str, Any]) -> list[tuple[str, str]]:
    """The values of a factor with their names, as they are written where they have none."""
    if isinstance(values, dict):
        return [(name, flow(value)) for name, value in values.items()]
    texts = [_SWITCHED[str(value)] if _is_switch(path) else flow(value) for value in values]
    return list(zip(texts, texts, strict=True))
