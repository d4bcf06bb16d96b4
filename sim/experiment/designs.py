"""An experiment: a question, a base scenario, what is varied, and the points at which the city is simulated.

`factors` are paths of the scenario with the values each takes, in all combinations; values that are long to write may
have names. The path of a mechanism takes `on` (as in the base) and `off`. `one_by_one` turns each mechanism by which
the base differs from the city before: off in the base, that is as it was before, and on there, that is as in the base.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.measurement import REGISTRY
from sim.scenario import Finding, Scenario, ScenarioError, load
from sim.scenario.calendars import Section
from sim.scenario.errors import ReadError, nearest, quoted, read_path
from sim.scenario.files import find_scenario, read_file
from sim.scenario.merging import OVERRIDES
from sim.scenario.nodes import Node, Spot, spot_of
from sim.scenario.numbers import Plain, Text
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
    measures: Annotated[list[Text], Field(min_length=1)] = Field(default=[*HEADLINES])
    replications: Annotated[int, Field(ge=1)] = 5
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1


@dataclass(frozen=True)
class Point:
    """A scenario of the design. ``settings``: the value of each factor as it is written. ``against``: the name of the
    point that it is compared with, its own if it is a baseline. ``takes_along``: what else had to be off.
    """

    name: str
    settings: dict[str, str]
    scenario: Scenario
    against: str
    takes_along: tuple[str, ...] = ()


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


def load_design(file: Path) -> Design:
    """Read an experiment and make its points. Raises ``ScenarioError`` with all that is wrong in the file, else with
    all that is wrong with its points.
    """
    experiment, root = _read(file)
    folder = file.resolve().parent
    try:
        points = _one_by_one(experiment, folder) if experiment.one_by_one else _combinations(experiment, root, folder)
    except ScenarioError as wrong:
        raise ScenarioError([_of_experiment(finding, root, str(file)) for finding in wrong.findings]) from wrong
    return Design(folder.name if file.name == _FILE else file.stem, experiment, tuple(points))


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
    points = 1
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
            ("factors",), f"{points:,} combinations are more than {_MOST_POINTS:,}"
        )


def _switches(path: str, values: list[Any] | dict[str, Any], root: Node) -> Iterator[Finding]:
    for number, value in enumerate(values):
        if isinstance(values, dict) or str(value) not in _SWITCHED:
            at = ("factors", path, number)
            yield spot_of(root, at).finding(at, f"a mechanism is on or off, not {quoted(value)}")


def _of_experiment(finding: Finding, root: Node, file: str) -> Finding:
    """What is wrong with a point, at the factor of the experiment's file that turned it where there is one."""
    if finding.file != OVERRIDES:
        return finding
    path = finding.path
    near = (key for key in _factors(root) if path and (path.startswith(key) or key.startswith(f"{path}.")))
    at = next((("factors", key) for key in near), ())
    spot = spot_of(root, at, bool(at)) if at else Spot(file)
    return Finding(spot.file, spot.line, spot.column, finding.path, finding.message)


def _factors(root: Node) -> list[str]:
    factors = root.map.get("factors")
    return [] if factors is None else list(factors.map)


# --- the points -------------------------------------------------------------------------------------------------------


def _combinations(experiment: Experiment, root: Node, folder: Path) -> list[Point]:
    """All combinations of the values of the factors, the last varying first; the first of all is the baseline."""
    factors, base = experiment.factors, _scenario_file(experiment.base, folder)
    points: list[Point] = []
    findings: dict[Finding, None] = {}
    named = [_named(path, values) for path, values in factors.items()]
    for chosen in itertools.product(*named):
        settings = {path: name for path, (name, _) in zip(factors, chosen, strict=True)}
        name = ", ".join(f"{path} {value}" for path, value in settings.items())
        sets = [f"{path}={value}" for path, (_, value) in zip(factors, chosen, strict=True) if not _is_switch(path)]
        off = [path.split(".")[1] for path, value in settings.items() if value == "off" and _is_switch(path)]
        try:
            scenario, along = _without(base, off, sets, "all" if off else "nothing")
        except ScenarioError as wrong:
            findings |= dict.fromkeys(wrong.findings)
            continue
        for path, value in settings.items():
            if value == "on" and _is_switch(path) and getattr(scenario.policies, path.split(".")[1], None) is None:
                spot = spot_of(root, ("factors", path), True)
                findings[spot.finding(("factors", path), "the base does not have it, so it cannot be on as there")] = (
                    None
                )
        points.append(Point(name, settings, scenario, "", tuple(along)))
    if findings:
        raise ScenarioError(list(findings))
    return [Point(p.name, p.settings, p.scenario, points[0].name, p.takes_along) for p in points]


def _one_by_one(experiment: Experiment, folder: Path) -> list[Point]:
    """The base and the city before; then each mechanism by which they differ, as before in the base, and as in the base
    before.
    """
    assert experiment.one_by_one is not None
    files = [_scenario_file(name, folder) for name in (experiment.base, experiment.one_by_one.before)]
    base, before = (load(file) for file in files)
    points = [Point(s.name, {"mechanism": "", "turned": ""}, s, s.name) for s in (base, before)]
    turned = [key for key in Policies.model_fields if _block(base, key) != _block(before, key)]
    for file, scenario, other, word in ((files[0], base, before, "off"), (files[1], before, base, "on")):
        for key in turned:
            block = _block(other, key)
            sets = [f"policies.{key}=null", *([f"policies.{key}={block}"] if block else [])]
            found, along = _without(file, [], sets, "all" if word == "off" else "parts")
            name = f"without {key}" if word == "off" else f"{key} alone"
            points.append(Point(name, {"mechanism": key, "turned": word}, found, scenario.name, tuple(along)))
    return points


def _block(scenario: Scenario, key: str) -> str:
    """A mechanism as text that reads back the same, empty where it is off."""
    policy = getattr(scenario.policies, key)
    return "" if policy is None else json.dumps(policy.model_dump(mode="json", by_alias=True, exclude_none=True))


def _is_switch(path: str) -> bool:
    head, _, key = path.partition(".")
    return head == "policies" and "." not in key


def _named(path: str, values: list[Any] | dict[str, Any]) -> list[tuple[str, str]]:
    """The values of a factor with their names, as they are written where they have none."""
    if isinstance(values, dict):
        return [(name, _flow(value)) for name, value in values.items()]
    texts = [_SWITCHED[str(value)] if _is_switch(path) else _flow(value) for value in values]
    return list(zip(texts, texts, strict=True))


def _flow(value: Any) -> str:
    """A value as YAML on one line: what was not quoted is not quoted."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flow(key)}: {_flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    plain = isinstance(value, Plain) and not set(value) & set(",[]{}#") and ": " not in value
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def _scenario_file(name: str, folder: Path) -> str:
    """A scenario beside the experiment, else one that is known by its name or path."""
    beside = folder / name
    return str(beside if beside.is_file() else find_scenario(name))


def _without(
    file: str, off: Sequence[str], sets: Sequence[str], takes_along: Literal["all", "parts", "nothing"]
) -> tuple[Scenario, list[str]]:
    """The scenario without these mechanisms, and what it takes along of all that would have nothing to act on:
    ``parts`` of mechanisms, or whole ones, too.
    """
    along: list[str] = []
    while True:
        nulls = [f"{path}=null" for path in (*(f"policies.{key}" for key in off), *along)]
        try:
            return load(file, [*sets, *nulls]), along
        except ScenarioError as wrong:
            least = {"all": 1, "parts": 2, "nothing": 99}[takes_along]
            paths = [f.path for f in wrong.findings if f.path.startswith("policies.") and f.path not in along]
            idle = [path for path in paths if path.count(".") >= least]
            if len(idle) < len(wrong.findings):
                raise
            along += dict.fromkeys(idle)
