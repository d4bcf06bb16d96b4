"""Points by the hundred are read by other processes, and not at all where they were read before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_faults import EXPERIMENT, TOWN, written

from sim.experiment.sweeps import reading, variants
from sim.experiment.sweeps.designs import Design, load_design
from sim.experiment.sweeps.making import Order
from sim.experiment.sweeps.plan import known_points, read_plan, write_plan
from sim.scenario import ScenarioError
from sim.scenario.loading import Opened


def digests(design: Design) -> list[str]:
    return [point.variant.digest for point in design.points]


def test_a_variant_is_the_same_scenario_from_files_and_from_its_text(tmp_path: Path) -> None:
    design = written(tmp_path)
    for point in design.points:
        assert point.scenario.digest == point.variant.digest
    assert len(set(digests(design))) == 4


def test_other_processes_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = written(tmp_path)
    monkeypatch.setattr(reading, "_WORTH", 2)
    monkeypatch.setattr(reading, "_AT_ONCE", 3)
    read: list[int] = []
    parted = reading._read
    monkeypatch.setattr(reading, "_read", lambda unknown, count: read.append(len(unknown)) or parted(unknown, 1))  # type: ignore[func-returns-value]
    assert digests(written(tmp_path)) == digests(alone)
    assert read == [4]
    read.clear()
    text = EXPERIMENT.replace("[1, 2, 3, 4]", "[1, two, 3, -4]")
    with pytest.raises(ScenarioError) as caught:
        written(tmp_path, text)
    assert read == [4]
    assert [finding.line for finding in caught.value.findings] == [5, 5]  # all of them, with their place
    assert {word for word in ("two", "-4") if word in str(caught.value)} == {"two", "-4"}


def test_what_was_read_before_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = written(tmp_path)
    write_plan(design, Order(1, "auto", ("requests",)), tmp_path)
    known, loads = known_points(tmp_path), []
    load = Opened.load

    def counted(self: Opened, *sets: Any) -> Any:
        loads.append(sets)
        return load(self, *sets)

    monkeypatch.setattr(Opened, "load", counted)
    file = tmp_path / "experiment.yaml"
    assert digests(load_design(file, known)) == digests(design)
    assert len(loads) == 1  # the base
    # another base, other programs, a plan that was altered: nothing is known
    (tmp_path / "town.yaml").write_text(TOWN.replace("40 / d", "41 / d"))
    assert set(digests(load_design(file, known))).isdisjoint(digests(design))
    with monkeypatch.context() as patched:
        patched.setattr("sim.experiment.sweeps.plan.programs", lambda: "others")
        assert known_points(tmp_path) == {}
    plan = tmp_path / "plan.json"
    plan.write_text(plan.read_text().replace(digests(design)[0], digests(design)[1]))
    assert known_points(tmp_path) == {}
    with pytest.raises(Exception, match="not as it was written"):
        read_plan(tmp_path)


def test_few_scenarios_are_held(tmp_path: Path) -> None:
    text = EXPERIMENT.replace("[1, 2, 3, 4]", str(list(range(1, 50))))
    variants.read_variant.cache_clear()
    design = written(tmp_path, text)
    for point in design.points:
        assert point.scenario.units["Desk"].staff is not None
    assert variants.read_variant.cache_info().currsize == 32
