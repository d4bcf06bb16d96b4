"""How the levers of an experiment stand at its points: in all combinations of their values, or one at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sim.experiment.sweeps.experiments import Experiment, is_switch, named
from sim.experiment.sweeps.ranges import numbers_of, parts_of
from sim.experiment.sweeps.variants import Base
from sim.scenario import Finding, Scenario, ScenarioError
from sim.scenario.errors import quoted, read_path
from sim.scenario.nodes import Node, spot_of


class Setting(NamedTuple):
    """How all levers stand: the name of each value by its path, what is to be set for it, and which mechanisms are off.
    ``turned``: those that do not stand as in the base.
    """

    names: dict[str, str]
    sets: list[str]
    off: list[str]
    turned: list[str]


def settings(experiment: Experiment, at: Mapping[str, str], home: Mapping[str, str]) -> Iterator[Setting]:
    """All settings of the listed levers, the last varying first, where those with ranges stand ``at`` their values.

    ``home`` has the name of the value at which a lever stands in the base, where it is one of its list. One at a time,
    all others stand there, or are not touched.
    """
    values = {path: named(path, given) for path, given in experiment.listed.items()}
    if experiment.design == "one_at_a_time":
        for path, all_ in values.items():
            for name, value in all_:
                if home.get(path) != name:
                    yield _setting({path: (name, value)}, {}, home)
        return
    for chosen in itertools.product(*values.values()):
        yield _setting(dict(zip(values, chosen, strict=True)), at, home)


def _setting(chosen: Mapping[str, tuple[str, str]], at: Mapping[str, str], home: Mapping[str, str]) -> Setting:
    names = {path: name for path, (name, _) in chosen.items()}
    sets = [f"{path}={value}" for path, (_, value) in chosen.items() if not is_switch(path)]
    off = [path.split(".")[1] for path, name in names.items() if name == "off" and is_switch(path)]
    turned = [path for path, name in names.items() if home.get(path) != name]
    return Setting({**names, **at}, [*sets, *(f"{path}={value}" for path, value in at.items())], off, [*turned, *at])


def homes(experiment: Experiment, root: Node, base: Base) -> dict[str, str]:
    """The name of the value, of each listed lever, at which it stands in the base already, if it is in its list.

    Raises ``ScenarioError`` with all values that the base cannot take, each tried by itself, and with levers of which
    no value changes anything: a tenth of one officer is nobody.
    """
    found: dict[str, str] = {}
    wrong: dict[Finding, None] = {}
    city, digest = base.scenario, base.variant().digest
    for path, given in experiment.listed.items():
        names, same = named(path, given), list[str]()
        for name, value in names:
            if is_switch(path):
                own = "off" if getattr(city.policies, path.split(".")[1], None) is None else "on"
                same += [name] if name == own else []
                continue
            try:
                variant = base.variant([f"{path}={value}"])
            except ScenarioError as error:
                wrong |= dict.fromkeys(error.findings)
                continue
            same += [name] if digest and variant.digest == digest else []
        if len(same) == len(names):
            said = f"changes nothing in {quoted(city.name)}: with each of its values all is as it is there"
            wrong[spot_of(root, ("levers", path), True).finding(("levers", path), said)] = None
        found |= {path: _nearest(same)} if same else {}
    if wrong:
        raise ScenarioError(list(wrong))
    return found


def _nearest(names: list[str]) -> str:
    """Of values that all leave the base as it is, the one that says so: ×1, by +0; else the first."""
    numbers, unchanged = numbers_of(names), _unchanged(names[0])
    if numbers is None or not unchanged:
        return names[0]
    neutral = float(parts_of(unchanged)[1])
    return min(zip(numbers, names, strict=True), key=lambda pair: abs(pair[0] - neutral))[1]


def _unchanged(text: str) -> str:
    """The relative value, written as this one, that changes nothing; empty if it is none."""
    word, number, unit = parts_of(text)
    behind = f" {unit}" if unit else ""
    return {"×": f"×1{behind}", "x": f"x1{behind}", "by": f"by +0{behind}"}.get(word, "") if number else ""


def as_in(base: Scenario, experiment: Experiment, home: Mapping[str, str]) -> dict[str, str]:
    """How all levers stand in the base: as in the list, as ×1 or by +0 where that is relative, else as it is written
    there; empty where no single value says it.
    """
    written = {value.path: value.value_text for value in base.values()}
    stands = {path: home.get(path, written.get(path, "")) for path in experiment.turned}
    first = {path: named(path, given)[0][1] for path, given in experiment.listed.items() if not is_switch(path)}
    first |= {path: str(given.range[0]) for path, given in experiment.ranged.items()}
    return stands | {path: _unchanged(text) for path, text in first.items() if path not in home and _unchanged(text)}


def same_place(path: str, other: str) -> bool:
    """Whether two paths lead to the same place, or one to what stands below the other; ``*`` is any step."""
    steps = [[step for step, _ in read_path(text)[0]] for text in (path, other)]
    return all(a == b or "*" in (a, b) for a, b in zip(*steps, strict=False))
