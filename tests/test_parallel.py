"""Replications side by side: their order, and what is seen of them while they run."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from towns import full

import sim
from sim.experiment.parallel import WORTH_A_PROCESS, each, expected_seconds, workers
from sim.experiment.sweeps.designs import load_design
from sim.experiment.sweeps.planning import ahead
from sim.model.city import Built, build_city
from sim.model.simulation import choose, replicate
from sim.terminal import progress


@pytest.mark.parametrize(
    ("asked", "seconds", "used"), [(None, 1.0, 1), (None, 9.0, 4), (3, 1.0, 3), (3, 9.0, 3), (9, 9.0, 6), (1, 9.0, 1)]
)
def test_processes_are_used_where_they_pay_or_are_asked_for(
    asked: int | None, seconds: float, used: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert workers(6, asked, seconds) == used


def test_the_same_contacts_take_longer_on_the_readable_engine() -> None:
    assert expected_seconds(1e6, "simpy") > WORTH_A_PROCESS > expected_seconds(1e6, "compiled")


def test_the_engine_is_the_one_that_is_done_first_with_all_runs(tmp_path: Path) -> None:
    """A small town once, or a few times, is done before compiled code is loaded."""
    town = sim.load("teaching")
    assert [choose(town, "auto", runs) for runs in (1, 5, 100)] == ["simpy", "simpy", "compiled"]
    assert [choose(town, engine, 100) for engine in ("simpy", "compiled")] == ["simpy", "compiled"]  # type: ignore[arg-type]
    assert sim.run(town, 2, keep="measures").engine == "simpy"
    text = (
        "question: Who?\nbase: teaching\nfactors: {units.Roads.staff: [3, 4]}\nmeasures: [requests]\nreplications: 50\n"
    )
    (tmp_path / "experiment.yaml").write_text(text)
    assert ahead(load_design(tmp_path / "experiment.yaml"), tmp_path).order.engine == "compiled"


def test_a_worker_builds_a_city_once(tmp_path: Path) -> None:
    """And is sent the scenario, not what was built of it."""
    built = Built(full())
    assert built.city is built.city
    assert pickle.loads(pickle.dumps(built)).__dict__ == {"scenario": built.scenario}
    found = each(_city_of, (built,), 6, 2, lambda done, hours: None)
    assert 1 <= len(set(found)) <= 2  # one in each of two workers, or all in the first


def _city_of(built: Built, replication: int, clock: Callable[[float], None]) -> tuple[int, int]:
    return os.getpid(), id(built.city)


def stands_still(seconds: float, replication: int, clock: Callable[[float], None]) -> int:
    """Work that tells the time and takes some."""
    clock(24.0 * (replication + 1))
    time.sleep(seconds)
    return replication


@pytest.mark.parametrize("processes", [1, 2])
def test_progress_sees_what_is_done_and_how_far_the_others_are(
    processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[tuple[int, list[float]]] = []
    found = each(stands_still, (1.0,), 3, processes, lambda done, hours: seen.append((done, list(hours))))
    assert found == [0, 1, 2]
    assert seen[-1] == (3, [])
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert (0, [24.0, 48.0][:processes]) in seen
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_an_engine_tells_the_time(engine: Any) -> None:
    told: list[float] = []
    city = build_city(full())
    replicate(city, 1, 0, engine, watch=told.append)
    assert told == sorted(set(told))
    assert told[-1] > city.end - 24.0 * 31.0
    assert told[-1] <= city.end


def test_looking_at_the_time_changes_nothing() -> None:
    town = full()
    for engine in ("simpy", "compiled"):
        watched = sim.simulate(town, engine=engine, watch=lambda hours: None)  # type: ignore[arg-type]
        assert watched.requests.equals(sim.simulate(town).requests)


def test_scenarios_of_a_comparison_are_simulated_one_after_the_other() -> None:
    town, hours = full(), list[float]()
    sim.compare([town, town], 1, progress=lambda done, now: hours.extend(now), processes=1)
    whole = town.hours_of(town.time.end)
    assert hours == sorted(hours)
    assert hours[0] <= whole < hours[-1] <= 2 * whole


def test_progress_is_told_in_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Town", full(), 2) as tick:
        for done, hours in ((0, [5.0]), (1, []), (1, [30.0]), (2, [])):
            tick(done, hours)
    assert capsys.readouterr().err.splitlines() == [
        "Town: 2 replications …",
        "Town: 1 of 2 done",
        "Town: 2 of 2 done",
    ]


def test_a_name_is_text_in_a_progress_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # stderr is a terminal, then
    with progress("[red] [/] \u202eTown\x1b[2J\nand", full(), 2) as tick:
        tick(1, [30.0])
    drawn = capsys.readouterr().err
    assert "[red] [/] \\u202eTown\\x1b[2J and" in drawn
    assert "\u202e" not in drawn


def test_a_worker_whose_parent_is_gone_before_it_has_begun_ends() -> None:
    program = "import time; from sim.experiment.parallel import _begin_worker; _begin_worker(-1); time.sleep(30)"
    assert subprocess.run([sys.executable, "-c", program], timeout=20).returncode == 1
