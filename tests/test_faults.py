"""Sweeps that are killed, starved, damaged and run twice at once: what is finished is kept, and resuming gives the same
table to the last byte.

`make faults` kills fifty times instead of five.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from processes import program, start

from sim.cli import cli
from sim.experiment.drafts import WriteError
from sim.experiment.parallel import WorkerDiedError
from sim.experiment.sweeps import making, run_store
from sim.experiment.sweeps.designs import Design, load_design
from sim.experiment.sweeps.executors import processes
from sim.experiment.sweeps.planning import ahead, missing
from sim.experiment.sweeps.status import status
from sim.experiment.sweeps.sweep import Sweep, make_missing, sweep

KILLS = int(os.environ.get("CITYSIM_KILLS", "5"))
#: Kills of workers, of which each costs new ones that import all anew.
WORKERS = KILLS

#: Runs of a few milliseconds each.
TOWN = """
format: 2
name: A tiny town
time: {start: 2024-01-01, end: 2024-01-03}
districts: {Town: {}}
units: {Desk: {staff: 2, calendar: day}}
calendars: {day: {open: {mon-sun: 9:00-17:00}}}
categories: {Matter: {total: 40 / d, unit: Desk, work: 10 min}}
"""
EXPERIMENT = """
question: How many officers does a tiny town need?
base: town.yaml
factors:
  units.Desk.staff: [1, 2, 3, 4]
measures: [time_to_close_p50, breach_share, requests]
replications: 5
"""


def written(folder: Path, text: str = EXPERIMENT) -> Design:
    (folder / "town.yaml").write_text(TOWN)
    (folder / "experiment.yaml").write_text(text)
    return load_design(folder / "experiment.yaml")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Design:
    return written(tmp_path_factory.mktemp("experiment"))


@pytest.fixture(scope="module")
def undisturbed(planned: Design, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The table, as it should be."""
    found = sweep(planned, tmp_path_factory.mktemp("undisturbed"), processes=1)
    assert found.made == 20
    return text_of(found)


def text_of(found: Sweep) -> str:
    return found.table.to_csv(index=False)


def runs(folder: Path) -> int:
    return len(list((folder / "done").glob("*.json")))


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process")


@forks
def test_the_main_process_is_killed(planned: Design, undisturbed: str, tmp_path: Path) -> None:
    """At random moments, again and again; what is there after one kill is there after the next."""
    draw, there = random.Random(), []
    for _ in range(KILLS):
        child = os.fork()
        if child == 0:
            sweep(planned, tmp_path, processes=1)
            os._exit(0)
        time.sleep(draw.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        there.append(20 - missing(planned, tmp_path))
    assert there == sorted(there)
    found = sweep(planned, tmp_path, processes=1)
    assert found.made == 20 - there[-1]
    assert text_of(found) == undisturbed
    assert not [path for path in (tmp_path / "done").iterdir() if path.name.startswith(".")]


def workers_of(process: int) -> list[int]:
    """The processes that make its runs."""
    found = subprocess.run(["ps", "--ppid", str(process), "-o", "pid=,args="], capture_output=True, text=True)
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "loky" in line and "tracker" not in line]


@pytest.mark.skipif(sys.platform != "linux", reason="ps tells the processes of another one in its own way here")
def test_workers_are_killed(tmp_path: Path) -> None:
    """At random moments of a sweep, which goes on with others."""
    planned, out = (
        written(tmp_path, EXPERIMENT.replace("replications: 5", f"replications: {4 * WORKERS}")),
        tmp_path / "out",
    )
    draw, killed, words, over = random.Random(), list[int](), list[str](), threading.Event()

    def kill() -> None:
        while len(killed) < WORKERS and not over.wait(draw.uniform(0.0, 0.2)):
            before = runs(out)
            for worker in draw.sample(alive := workers_of(os.getpid()), min(1, len(alive))):
                os.kill(worker, signal.SIGKILL)
                killed.append(worker)
            while killed and runs(out) == before and not over.wait(0.02):
                pass  # until it goes on

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        found = sweep(planned, out, processes=2, tell=words.append)
    finally:
        over.set()
        killer.join()
    assert killed
    assert [word for word in words if "killed" in word]
    assert not found.failed
    assert text_of(found) == text_of(sweep(planned, tmp_path / "undisturbed", processes=1))


def dies(*_: Any) -> None:
    """Work that never ends well."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.hostile
def test_what_kills_its_workers_each_time_ends_the_sweep(
    planned: Design, undisturbed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody starts processes for ever."""
    words: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr("sim.experiment.sweeps.executors._run", dies)
        with pytest.raises(WorkerDiedError):
            sweep(planned, tmp_path, processes=2, tell=words.append)
    assert len([word for word in words if "killed" in word]) == 2
    assert text_of(sweep(planned, tmp_path, processes=1)) == undisturbed


def test_a_full_disk(planned: Design, undisturbed: str, tmp_path: Path) -> None:
    """Is said; what found room is kept, and the rest is made when there is more."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no small disk can be had here: {mounted.stderr.decode().strip()}")
    try:
        with pytest.raises(WriteError, match="No space left"):
            sweep(planned, folder / "out", processes=1)
        there = 20 - missing(planned, folder / "out")
        assert 3 < there < 20
        subprocess.run(["mount", "-o", "remount,size=20m", folder], check=True)
        found = sweep(planned, folder / "out", processes=1)
        assert found.made == 20 - there
        assert text_of(found) == undisturbed
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("together", [7, 1000])
def test_damaged_files(
    together: int, planned: Design, undisturbed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Are found, said and made anew, in files of one run and of many."""
    monkeypatch.setattr(run_store, "TOGETHER", together)
    sweep(planned, tmp_path, processes=1)
    run_store.RunStore(tmp_path).compact()
    first, second, *_ = sorted((tmp_path / "done").iterdir(), key=lambda path: (path.suffix != ".parquet", path.name))
    assert first.suffix == (".parquet" if together == 7 else ".json")
    first.write_bytes(first.read_bytes()[:-5])
    second.write_bytes(second.read_bytes().replace(b"0", b"1", 1))
    words: list[str] = []
    lost = missing(planned, tmp_path)
    assert lost == 2 * (together if together == 7 else 1)
    assert len(status(tmp_path).damaged) == 2
    mended = sweep(planned, tmp_path, processes=1, tell=words.append)
    assert [word.split()[0] for word in words] == sorted(map(str, (first, second)))
    assert all("damaged" in word and "anew" in word for word in words)
    assert mended.made == lost
    assert text_of(mended) == undisturbed
    words.clear()
    assert sweep(planned, tmp_path, processes=1, tell=words.append).made == 0
    assert not words


@forks
def test_two_at_once(planned: Design, undisturbed: str, tmp_path: Path) -> None:
    """In one folder, with packs that both of them make."""
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                run_store.TOGETHER = 10
                for module in (sys.modules["sim.experiment.sweeps.sweep"], run_store):
                    module.TOGETHER = 10  # type: ignore[attr-defined]
                code = 0 if text_of(sweep(planned, tmp_path, processes=1)) == undisturbed else 2
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
    assert list((tmp_path / "done").glob("*.parquet"))
    found = sweep(planned, tmp_path, processes=1)
    assert found.made == 0
    assert text_of(found) == undisturbed


@pytest.mark.parametrize("error", [ZeroDivisionError("by nothing"), making.CitysimError("no luck")])
def test_a_point_that_raises(
    error: Exception, planned: Design, undisturbed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is kept, the rest goes on, and the exit code is 4; later it is tried again."""
    import sim.experiment.streaming as streaming

    whole = streaming.stream_measures

    def sometimes(city: Any, seed: int, replication: int, *rest: Any, **named: Any) -> Any:
        if city.scenario.units["Desk"].staff.each == 3:
            raise error
        return whole(city, seed, replication, *rest, **named)

    file = tmp_path / "experiment.yaml"
    written(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(streaming, "stream_measures", sometimes)
        command = ["sweep", str(file), "--out", str(tmp_path / "out"), "--processes", "1"]
        result = CliRunner().invoke(cli, command, standalone_mode=False)
    assert result.return_value == 4
    assert str(error) in result.output
    found = status(tmp_path / "out")
    assert (found.done, found.left, len(found.failed)) == (15, 0, 5)
    assert {name for name, _ in found.failed} == {"units.Desk.staff 3"}
    assert all(str(error) in word for word in found.failed.values())
    assert text_of(sweep(planned, tmp_path / "out", processes=1)) == undisturbed
    assert status(tmp_path / "out").failed == {}


def test_a_base_that_means_another_scenario_makes_no_run(
    planned: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was altered while the sweep ran: no number stands under the name of another scenario."""
    other = planned.points[0].variant.base.text.replace("40 / d", "41 / d")
    monkeypatch.setattr(run_store.RunStore, "base", lambda store, name: other)
    found = sweep(planned, tmp_path, processes=1)
    assert found.made == 0
    assert "do not give the scenario" in found.failed[planned.points[0].name, 0]


def test_sources_that_change_meanwhile_make_no_run(
    planned: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = ahead(planned, tmp_path, processes=1)
    monkeypatch.setattr(making, "programs", lambda: "others")
    made, failed = make_missing(planned, tmp_path, work, processes(lambda word: None))
    assert made == 0
    assert len(failed) == 20
    assert "changed since the sweep began" in failed[planned.points[0].name, 0]


def test_nothing_but_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of them, and exit code 4."""
    written(tmp_path)

    def fails(*_: Any, **__: Any) -> None:
        raise making.CitysimError("no luck")

    monkeypatch.setattr("sim.experiment.streaming.stream_measures", fails)
    command = ["sweep", str(tmp_path), "--out", str(tmp_path / "out"), "--processes", "1"]
    result = CliRunner().invoke(cli, command, standalone_mode=False)
    assert result.return_value == 4, result.exception
    assert "no luck" in (tmp_path / "out" / "report.html").read_text()


@forks
def test_ctrl_c(undisturbed: str, tmp_path: Path) -> None:
    """Exit code 130; what is finished is kept."""
    planned = written(tmp_path)
    child = os.fork()
    if child == 0:
        import sim.start

        for stream in (1, 2):
            os.dup2(os.open(tmp_path / f"said{stream}", os.O_CREAT | os.O_WRONLY), stream)
        sys.argv[1:] = ["sweep", str(tmp_path), "--out", str(tmp_path / "out"), "--processes", "1"]
        sim.start.main()
    while runs(tmp_path / "out") < 5:
        time.sleep(0.005)
    os.kill(child, signal.SIGINT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
    assert "Traceback" not in (tmp_path / "said2").read_text()
    there = 20 - missing(planned, tmp_path / "out")
    assert 5 <= there < 20
    found = sweep(planned, tmp_path / "out", processes=1)
    assert found.made == 20 - there
    assert text_of(found) == undisturbed


@pytest.mark.hostile
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_the_command(number: int, undisturbed: str, tmp_path: Path) -> None:
    planned = written(tmp_path)
    command = ("sweep", str(tmp_path), "--out", str(tmp_path / "out"), "--processes", "2")
    process = start(program(tmp_path), *command, start_new_session=True)
    while runs(tmp_path / "out") < 5 and process.poll() is None:
        time.sleep(0.01)
    workers = workers_of(process.pid)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
    until = time.monotonic() + 10
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < until
        time.sleep(0.1)
    there = 20 - missing(planned, tmp_path / "out")
    assert there >= 5
    assert text_of(sweep(planned, tmp_path / "out", processes=1)) == undisturbed
