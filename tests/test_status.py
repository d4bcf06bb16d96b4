"""How far a sweep is, its parts, and what is foretold of it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from test_faults import EXPERIMENT, text_of, written

from sim.cli import cli
from sim.experiment.manifest import RunFolderError
from sim.experiment.sweeps import status as statuses
from sim.experiment.sweeps.designs import Design
from sim.experiment.sweeps.forecast import forecast
from sim.experiment.sweeps.journal import journal, read_journals
from sim.experiment.sweeps.making import Order, Told
from sim.experiment.sweeps.plan import write_plan
from sim.experiment.sweeps.planning import Shard, ahead, jobs_of
from sim.experiment.sweeps.status import status
from sim.experiment.sweeps.sweep import sweep
from sim.report.sweep_plan import lasting
from sim.report.sweep_status import status_json, status_text


def citysim(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)), standalone_mode=False)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Design:
    return written(tmp_path_factory.mktemp("experiment"))


@pytest.fixture(scope="module")
def whole(planned: Design, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep that is done."""
    folder = tmp_path_factory.mktemp("whole")
    sweep(planned, folder, processes=1)
    return folder


def test_parts_are_the_whole_and_nothing_twice(planned: Design) -> None:
    jobs = jobs_of(planned)
    for of in (1, 3, 7, 60):
        assert [job for number in range(of) for job in Shard(number + 1, of).part(jobs)] == jobs


def test_a_design_in_parts_gives_the_same_table(planned: Design, whole: Path, tmp_path: Path) -> None:
    """In any order; the last part writes the table, and no part before."""
    file, out = tmp_path / "experiment.yaml", tmp_path / "out"
    written(tmp_path)
    for number in (3, 1):
        result = citysim("sweep", file, "--out", out, "--shard", f"{number}/3", "--processes", 1)
        assert result.return_value == 0, result.output
        assert f"Part {number} of 3 is done" in result.output
        assert not (out / "table.csv").exists()
    assert "7 runs of other parts are missing" in " ".join(result.output.split())
    assert (status(out).done, status(out).left, status(out).whole) == (13, 7, 2)
    result = citysim("sweep", file, "--out", out, "--shard", "2/3", "--processes", 1)
    assert "Table:" in result.output
    assert (out / "table.csv").read_text() == text_of(sweep(planned, whole))


@pytest.mark.parametrize("part", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3"])
def test_a_part_that_there_is_not(part: str, tmp_path: Path) -> None:
    written(tmp_path)
    result = CliRunner().invoke(cli, ["sweep", str(tmp_path), "--shard", part])
    assert result.exit_code == 2
    assert "2/8" in result.output


def test_what_is_done(whole: Path) -> None:
    result = citysim("status", whole)
    assert "20 of 20 runs are done; 4 of 4 points are whole." in result.output
    assert "Nobody" not in result.output
    told = json.loads(citysim("status", whole, "--json").output)
    assert (told["done"], told["left"], told["failed"], told["at_work"], told["until"]) == (20, 0, [], [], None)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no folder of a sweep"):
        status(tmp_path)
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(RunFolderError, match=r"plan\.json"):
        status(tmp_path)


def test_who_is_at_work_and_until_when(planned: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the rate of the latest runs; who has ended, is gone or was not heard of for long is not at work."""
    now = 1_800_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    names = [job.name for job in jobs_of(planned)]
    write_plan(planned, Order(1, "auto", ("requests",)), tmp_path)
    with journal(tmp_path, runs=20) as book:
        assert status(tmp_path).workers[0].until is None
        for name in names[:10]:
            now += 3.0
            book.add(Told(name, 5.5, "no luck" if name == names[3] else ""))
        found = status(tmp_path)
        (worker,) = found.workers
        assert (worker.runs, worker.over, worker.until) == (20, 10, now + 10 * 3.0)
        assert found.until == worker.until
        assert found.failed == {(planned.points[0].name, 3): "no luck"}
        text = status_text(found)
        assert "10 of its 20 runs are over; it will be done at about" in " ".join(text.split())
        assert status_json(found)["at_work"][0]["over"] == 10
        with monkeypatch.context() as patched:
            patched.setattr(statuses, "gone", lambda owner: True)
            assert status(tmp_path).workers == ()
        now += 1_000.0
        assert status(tmp_path).workers == ()  # not heard of
        now -= 1_000.0
        assert status(tmp_path).workers
    assert status(tmp_path).workers == ()
    assert "Nobody is at work on the 19 runs that are left" in status_text(status(tmp_path))


def test_a_line_that_was_cut_off_is_none(planned: Design, tmp_path: Path) -> None:
    with journal(tmp_path, runs=2) as book:
        book.add(Told("a", 1.0))
        book.add(Told("b", 2.0, "wrong"))
    (file,) = (tmp_path / "journal").iterdir()
    file.write_text(file.read_text().rpartition('"failed"')[0])
    assert [entry.told.name for entry in read_journals(tmp_path).entries] == ["a"]
    assert read_journals(tmp_path).failed == {}


def test_time_is_foretold_from_earlier_runs_else_from_a_sample(
    planned: Design, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = ahead(planned, tmp_path, processes=1)
    sampled = forecast(planned, tmp_path, work)
    assert (sampled.runs, sampled.sampled, sampled.known_from) == (20, True, 2)
    assert not list(tmp_path.iterdir())
    took = [entry.told.seconds for entry in read_journals(whole).entries]
    earlier = forecast(planned, whole, work)
    assert (earlier.sampled, earlier.known_from) == (False, 20)
    assert earlier.seconds == pytest.approx(sum(took))
    files = sum(path.stat().st_size for path in (whole / "done").iterdir())
    assert files < earlier.bytes < 10 * files + 4_096 * 20


def test_what_a_sample_loads_at_first_is_not_foretold_for_every_task(
    planned: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.experiment.sweeps import forecast as forecasts

    monkeypatch.setattr(forecasts, "as_done", lambda *_: enumerate([(3.0, 0.5), (0.25, 0.7)]))
    work = ahead(planned, tmp_path, processes=1)
    assert forecast(planned, tmp_path, work).seconds == pytest.approx(20 * 0.6 + len(work.tasks) * 0.25)


def test_a_sample_that_takes_long_is_given_up(planned: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is reckoned by the hours that were simulated."""
    from sim.experiment import streaming
    from sim.experiment.sweeps import forecast as forecasts

    def slow(city: Any, *_: Any, watch: Any, **__: Any) -> None:
        for hour in range(100):
            time.sleep(0.01)
            watch(city.end * (hour + 1) / 100)
        raise AssertionError("nobody gave it up")

    monkeypatch.setattr(streaming, "stream_measures", slow)
    monkeypatch.setattr(forecasts, "_LONG", 0.2)
    found = forecast(planned, tmp_path, ahead(planned, tmp_path, processes=1))
    assert 0.8 < found.seconds / 20 < 4.0  # a run would take a second


def test_the_plan_says_how_long_and_how_much(tmp_path: Path) -> None:
    written(tmp_path)
    result = citysim("sweep", tmp_path, "--out", tmp_path / "out", "--dry-run")
    assert "The missing runs take a few seconds on one process" in result.output
    assert "less than 1 MB of disk" in " ".join(result.output.split())
    assert not (tmp_path / "out").exists()


def test_the_plan_says_what_relative_values_became(tmp_path: Path) -> None:
    written(
        tmp_path, EXPERIMENT.replace("[1, 2, 3, 4]", "[×1, ×4.5, by +3]").replace("units.Desk.staff", "units.*.staff")
    )
    result = citysim("sweep", tmp_path, "--dry-run")
    assert "  units.Desk.staff: 2 → 9" in result.output
    assert "  units.Desk.staff: 2 → 5" in result.output


def test_times_are_told_as_one_plans_with_them() -> None:
    told = {3: "a few seconds", 61: "about 61 s", 1800: "about 30 min", 36_000: "about 10 h", 400_000: "about 5 days"}
    assert {seconds: lasting(seconds) for seconds in told} == told


def test_runs_of_an_earlier_format_are_said_to_be_made_anew(planned: Design, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / f"{jobs_of(planned)[0].name}.json").write_text("[]\n")
    words: list[str] = []
    assert sweep(planned, tmp_path, processes=1, tell=words.append).made == 20
    assert "earlier format" in words[0]
