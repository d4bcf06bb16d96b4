"""Limits are asked before anything is built; many replications need the memory of one."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scenario_texts import town_scenario
from towns import FULL, full

import sim
from sim.cli import run_command
from sim.experiment import memory
from sim.experiment.available import _of_container
from sim.experiment.expected import expected_contacts
from sim.experiment.memory import check_memory, needed_bytes
from sim.experiment.runs import run
from sim.scenario import Scenario, ScenarioError, from_dict, load

TEACHING = str(Path(__file__).resolve().parent.parent / "scenarios" / "teaching.yaml")


@pytest.fixture
def nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("something was built first")

    for name in ("memory.build_city", "expected.build_city", "expected.Rhythm"):
        monkeypatch.setattr(f"sim.experiment.{name}", refuse)
    monkeypatch.setattr(memory, "available_bytes", lambda: 4e9)


def place(scenario: Scenario, **more: Any) -> str:
    """Where it is said that there is not enough memory."""
    with pytest.raises(ScenarioError) as caught:
        check_memory(scenario, **more)
    (finding,) = caught.value.findings
    assert "nan" not in str(finding)
    assert len(str(finding)) < 300
    return finding.path


def many_categories(count: int) -> Scenario:
    matter = {"total": "1 / year", "unit": "Works", "work": "1 h"}
    return full(categories={**FULL["categories"], **{f"matter {i}": matter for i in range(count)}})


@pytest.mark.usefixtures("nothing_is_built")
def test_what_is_too_large_by_its_numbers_is_refused_before_anything_is_built() -> None:
    assert place(full(), replications=10**9) == "replications"
    long = full(time={"start": "2024-03-04", "end": "2970-01-01"})
    assert place(long, in_files=True) == "time.end"
    wide = many_categories(10_000)
    assert place(wide, at_once=64, in_files=True) == "categories"
    with pytest.raises(ScenarioError, match=r"replications: .* GB of memory"):
        run(full(), 10**9)
    with pytest.raises(ScenarioError, match=r"replications: .* GB of memory"):
        sim.compare([full(), full()], 10**9)


def test_repetition_without_end_is_refused_where_it_is_said() -> None:
    never = {"if_true": 0.0, "if_false": 0.0}
    asked = {**FULL["policies"]["callback"], "coverage": 1, "reach": 1, "resolved": never, "reopen": None}
    again = {**asked, "call_again": {"probability": 1, "after": "1 s"}}
    time = {"start": "2024-03-04", "end": "2060-03-04"}
    works = {name: {**c, "work": "1 s", "lead": None, "resolve": 0} for name, c in FULL["categories"].items()}
    policies = {"callback": {**again, "work": "1 s"}, "classified_handling": None, "instant_answer": None}
    assert place(full(time=time, policies=policies, categories=works)) == "policies.callback.call_again"
    often = {
        n: {**c, "resolve": 0, "reports": {"every": "1 s"}} for n, c in works.items() if c.get("kind") != "consultation"
    }
    assert place(full(time=time, categories={**works, **often})).endswith(".reports")
    few = full(policies={**FULL["policies"], "callback": {**asked, "call_again": {"probability": 0.5, "after": "1 d"}}})
    assert expected_contacts(few) < 2.1 * expected_contacts(full(policies={**FULL["policies"], "callback": None}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            [("population: 12000", "population: 1e308"), ("population: 8000", "population: 1e308")],
            "districts.Old Town.population",
        ),
        ([("rate: 0.4 / year", "rate: 1e300 / s")], "categories.Question.rate"),
        (
            [("population: 12000", "population: 1e308, activity: 1e300"), ("total: 5000", "rate: 5000")],
            "districts.Old Town.population",
        ),
    ],
)
def test_sums_beyond_all_numbers_have_a_place(changes: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        sim.simulate(town_scenario(*changes))
    assert said in str(caught.value)
    assert "nan" not in str(caught.value)


def test_simulate_asks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 1e9)
    with pytest.raises(ScenarioError, match="GB of memory"):
        sim.simulate(load("beijing-2024", ["scale=1:1"]))
    assert len(sim.simulate(full()).requests) > 0


def test_what_is_kept_of_all_replications_counts() -> None:
    town = load("beijing-2024", ["scale=1:4"])
    one, many = (needed_bytes(town, "nothing", n, 2, in_files=True) for n in (1, 20))
    assert many < 1.5 * one
    for kept in ("nothing", "tables"):
        assert needed_bytes(town, kept, 20, 2) > 2 * needed_bytes(town, kept, 1, 2)  # type: ignore[arg-type]


# --- limits ---


def test_the_limit_of_the_process_is_asked(tmp_path: Path) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

    command = [sys.executable, "-c", "from sim.cli import main; main()", "run", "beijing-2024", "--set", "scale=1:1"]
    ended = subprocess.run(command, preexec_fn=limited, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 3
    assert "GB of memory and" in ended.stderr
    assert "Traceback" not in ended.stderr


def group(folder: Path, limit: str, used: str, limit_in: str, used_in: str, cached: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / limit_in).write_text(f"{limit}\n")
    (folder / used_in).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{cached} 100\n")


def test_the_limit_of_a_container_is_asked(tmp_path: Path) -> None:
    membership = tmp_path / "membership"
    membership.write_text("0::/user/me\n")
    second = ("memory.max", "memory.current", "inactive_file")
    group(tmp_path / "2" / "user" / "me", "max", "300", *second)
    assert _of_container(tmp_path / "2", membership) == float("inf")
    group(tmp_path / "2" / "user", "1000", "300", *second)
    assert _of_container(tmp_path / "2", membership) == 800
    group(tmp_path / "2", "500", "300", *second)  # what a container sees of its own group
    assert _of_container(tmp_path / "2", membership) == 300
    membership.write_text("12:cpu,cpuacct:/a\n5:memory:/docker/x\n1:name=systemd:/\n")
    first = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    group(tmp_path / "1" / "memory", "2000", "1500", *first)
    assert _of_container(tmp_path / "1", membership) == 600
    for nonsense in ("", "nothing\n", "0::/../../etc\n"):
        membership.write_text(nonsense)
        assert _of_container(tmp_path / "none", membership) == float("inf")
    assert _of_container(tmp_path / "2", tmp_path / "absent") == float("inf")


# --- what validates can be stored ---


@pytest.mark.long
def test_memory_of_many_replications_is_that_of_one() -> None:
    program = """
import resource, sys, tempfile
from pathlib import Path
from sim.experiment.runs import run
from sim.scenario import from_dict
units = {f"U{i}": {"staff": 1} for i in range(60)}
matters = {f"M{i}": {"total": "2 / year", "unit": f"U{i}", "work": "1 h"} for i in range(60)}
town = {"name": "x", "time": {"start": "2024-01-01", "end": "2025-01-01"}, "districts": {"D": {"population": 1}}}
with tempfile.TemporaryDirectory() as folder:
    run(from_dict({**town, "units": units, "categories": matters}), int(sys.argv[1]), folder=Path(folder), processes=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    peaks = [
        int(subprocess.run([sys.executable, "-c", program, n], capture_output=True, text=True, check=True).stdout)
        for n in ("2", "12")
    ]
    levels = 60 * 8784 * 56 / 1024  # of one replication, kB
    assert peaks[1] - peaks[0] < 2 * levels


@pytest.mark.hostile
def test_ten_thousand_categories_are_run_reported_and_reproduced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [
        "name: many",
        "time: {start: 2024-03-04, end: 2024-03-05}",
        "districts: {A: {population: 9}, B: {population: 5}}",
    ]
    lines += [
        "units: {Works: {staff: 9}}",
        "sources: {categories.**: {kind: assumption, note: invented}}",
        "categories:",
    ]
    lines += [f"  matter {i}: {{total: 1 / year, unit: Works, work: 1 h}}" for i in range(10_000)]
    Path("many.yaml").write_text("\n".join(lines) + "\n")
    changes = ["--set", "categories.matter 7.total=2000 / d"]
    assert run_command(["run", "many.yaml", "-n", "1", *changes, "--keep", "measures", "--out", "here"]) == 0
    assert Path("here/scenario.yaml").stat().st_size < 2_000_000
    page = Path("here/report.html").read_bytes()
    assert run_command(["report", "here"]) == 0
    assert Path("here/report.html").read_bytes() == page
    assert run_command(["reproduce", "here"]) == 0
    assert load("here/scenario.yaml").digest == load("many.yaml", [changes[1]]).digest


@pytest.mark.hostile
def test_a_large_chain_of_files_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that validate are stored as one, which can be read back."""
    monkeypatch.chdir(tmp_path)
    data: dict[str, Any] = sim.load(TEACHING).resolved()
    del data["sources"]
    import yaml

    for number in range(4):
        note = f"{number}" * 1_150_000
        matter = {"total": "1 / year", "unit": "Roads", "work": "1 h", "label": note}
        layer: dict[str, Any] = {"categories": {f"matter {number}": matter}, "extends": f"layer{number - 1}.yaml"}
        text = yaml.safe_dump(layer if number else {**data, "categories": {**data["categories"], "matter 0": matter}})
        Path(f"layer{number}.yaml").write_text(text)
    assert run_command(["run", "layer3.yaml", "-n", "1", "--keep", "measures", "--out", "here"]) == 0
    assert Path("here/scenario.yaml").stat().st_size > 4_500_000
    assert run_command(["report", "here"]) == 0
    assert run_command(["reproduce", "here"]) == 0


@pytest.mark.long
def test_thousands_of_sources_are_stored() -> None:
    from sim.scenario.writing import complete_text, read_complete

    matter = {"total": "1 / year", "unit": "Works", "work": "1 h"}
    town = {**FULL, "categories": {**FULL["categories"], **{f"m{i}": matter for i in range(3_000)}}}
    named = {
        f"categories.m{i}.{key}": {"kind": "data", "note": f"{i}"} for i in range(3_000) for key in ("work", "**", "*")
    }
    scenario = from_dict({**town, "sources": named})
    again = read_complete(complete_text(scenario), "again")
    assert [(v.path, v.source) for v in again.values()] == [(v.path, v.source) for v in scenario.values()]
