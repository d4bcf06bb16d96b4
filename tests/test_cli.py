"""The command line: what it prints where, its exit codes, and the run folders it leaves."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pytest

from sim.cli import run_command
from sim.experiment.tables import SMALL_TABLES
from sim.model.facts import CONTACT_TABLES

ROOT = Path(__file__).resolve().parent.parent
TEACHING = str(ROOT / "scenarios" / "teaching.yaml")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def citysim(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    """The program in a process of its own."""
    command = [sys.executable, "-c", "from sim.cli import main; main()", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_run_prints_measures_and_leaves_a_complete_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", TEACHING, "-n", "2", "--out", "here"]) == 0
    out, err = capsys.readouterr()
    assert "Response rate" in out
    assert "95 % interval" in out
    assert out.rstrip().endswith("Report: here/report.html")
    assert "2 of 2 done" in err
    assert max(len(line) for line in out.splitlines()) <= 80
    folder = Path("here")
    names = {path.name for path in folder.iterdir()}
    tables = {f"{n}.parquet" for n in ("measures", "pools", "late_in_any_case", *SMALL_TABLES, *CONTACT_TABLES)}
    assert names == tables | {"manifest.json", "scenario.yaml", "report.html", "given"}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["replications"] == 2
    originals = {"teaching.yaml", "base.yaml", "sources.yaml"}
    assert manifest["sha256"].keys() == names - {"manifest.json", "given"} | {f"given/{name}" for name in originals}
    for name in originals:
        assert (folder / "given" / name).read_bytes() == (ROOT / "scenarios" / name).read_bytes()
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_program_says_nothing_but_its_progress_on_stderr() -> None:
    process = citysim("run", TEACHING, "-n", "1", "--out", "here")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Report: " in out
    assert len(err.splitlines()) == 2
    assert citysim("validate", "nowhere.yaml").wait(timeout=60) == 3


def test_a_stored_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    import sim
    from sim.experiment.store import read

    assert run_command(["run", TEACHING, "-n", "2", "--seed", "7", "--out", "here"]) == 0
    fresh = sim.run(sim.load(TEACHING), replications=2, seed=7)
    stored = read(Path("here"))
    assert stored.scenario.digest == fresh.scenario.digest
    pd.testing.assert_frame_equal(stored.measures, fresh.measures, check_dtype=False)
    assert stored.summary().equals(fresh.summary())


def test_a_run_folder_is_never_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", TEACHING, "-n", "1", "--keep", "measures"]
    assert run_command([*arguments, "--out", "here"]) == 0
    before = Path("here/manifest.json").read_bytes()
    assert run_command([*arguments, "--out", "here"]) == 3
    assert "never overwritten" in capsys.readouterr().err
    assert Path("here/manifest.json").read_bytes() == before
    assert run_command(arguments) == 0
    assert run_command(arguments) == 0
    assert len(list(Path("results").iterdir())) == 2
    assert not Path("here/requests.parquet").exists()


def test_a_place_that_cannot_be_written_is_noticed_before_simulating(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def simulated(*_: object, **__: object) -> None:
        pytest.fail("simulated first")

    monkeypatch.setattr("sim.experiment.runs.run", simulated)
    monkeypatch.setattr("sim.experiment.compare.compare", simulated)
    Path("file").write_text("")
    for command in (["run", TEACHING], ["compare", TEACHING, TEACHING]):
        for out, code in (("file", 3), ("file/below", 1), ("a\0b", 2), ("new/" + 300 * "x", 1)):
            assert run_command([*command, "--out", out]) == code
            assert "Traceback" not in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_an_error_while_simulating_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object, **__: object) -> None:
        assert len(list(Path("results").iterdir())) == 1
        raise ValueError

    monkeypatch.setattr("sim.experiment.runs.run", wrong)
    with pytest.raises(ValueError):  # noqa: PT011
        run_command(["run", TEACHING])
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_two_that_want_one_place_at_the_same_moment_both_find_one(kind: Literal["file", "folder"]) -> None:
    from sim.experiment.drafts import Draft, TakenError, draft

    wanted = Path("results/page.html")

    def filled(place: Draft, text: str) -> Path:
        (place.beside / "x" if kind == "folder" else place.beside).write_text(text)
        return place.keep()

    with (
        draft(wanted, kind, "number") as one,
        draft(wanted, kind, "number") as two,
        draft(wanted, kind, "refuse") as no,
    ):
        assert filled(one, "1") == wanted
        assert filled(two, "2") == Path("results/page-2.html")
        with pytest.raises(TakenError):
            filled(no, "3")
    assert sorted(path.name for path in Path("results").iterdir()) == ["page-2.html", "page.html"]
    assert (wanted / "x" if kind == "folder" else wanted).read_text() == "1"


def test_the_commit_is_that_of_the_checkout_and_of_no_other() -> None:
    from sim.experiment.versions import commit

    inside = Path("repository/site-packages")
    inside.mkdir(parents=True)
    run = partial(subprocess.run, check=True, capture_output=True, cwd=inside.parent)
    run(["git", "init"])
    run(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--allow-empty", "-m", "x"])
    assert commit(inside) is None
    assert len(commit(inside.parent) or "") == 40


def test_json_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", TEACHING, "-n", "2", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (rate,) = [m for m in document["measures"] if m["measure"] == "response_rate" and m["group_by"] == ""]
    assert rate["group"] == []
    assert 0 <= rate["mean"] <= 1
    shares = [m for m in document["measures"] if m["unit"] == "share" and m["upper"] is not None]
    shares = [m for m in shares if m["measure"] not in ("utilisation", "resolution_gap")]
    assert all(0 <= m["lower"] <= m["mean"] <= m["upper"] <= 1 for m in shares)  # as on the page
    assert any(m["lower"] == 0 < m["mean"] for m in shares)
    assert any(m["upper"] == 1 > m["mean"] for m in shares)
    assert run_command(["compare", TEACHING, TEACHING, "-n", "2", "--json"]) == 0
    differences = json.loads(capsys.readouterr().out)["differences"]
    assert {row["difference"] for row in differences} <= {0.0, None}
    assert run_command(["show", TEACHING, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["loads"]


def test_two_files_that_say_the_same_compare_as_exactly_zero(capsys: pytest.CaptureFixture[str]) -> None:
    Path("copy.yaml").write_text(
        "extends: teaching.yaml\nname: The same, said differently\nunits: {Roads: {staff: 3}}\n"
    )
    for name in ("teaching.yaml", "base.yaml", "sources.yaml"):
        Path(name).write_bytes((ROOT / "scenarios" / name).read_bytes())
    assert run_command(["compare", "teaching.yaml", "copy.yaml", "-n", "3"]) == 0
    out = capsys.readouterr().out
    assert "0.0 % faster, 0.0 % slower" in out
    assert max(len(line) for line in out.splitlines()) <= 80


@pytest.mark.long
def test_one_officer_more_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("teaching.yaml", "base.yaml", "sources.yaml"):
        Path(name).write_bytes((ROOT / "scenarios" / name).read_bytes())
    Path("more.yaml").write_text("extends: teaching.yaml\nname: More\nunits: {Street offices: {staff: 8}}\n")
    assert run_command(["compare", "teaching.yaml", "more.yaml", "-n", "8", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["differences"]
    (busy,) = [r for r in rows if r["measure"] == "utilisation" and r["group"] == ["Street offices"]]
    assert busy["upper"] < 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["run"], 2),
        (["run", TEACHING, "--engine", "steam"], 2),
        (["run", TEACHING, "-n", "0"], 2),
        (["dance"], 2),
        (["compare", TEACHING], 2),
        (["run", "no-such-file.yaml"], 3),
        (["run", TEACHING, "--set", "units.Roads.staff=2.5"], 3),
        (["validate", "no-such-file.yaml"], 3),
        (["report", "nowhere"], 3),
        (["explain", "nowhere", "abc"], 3),
        (["--version"], 0),
        (["--help"], 0),
        (["scenarios"], 0),
        (["schema"], 0),
        (["validate", TEACHING], 0),
        (["show", TEACHING], 0),
    ],
)
def test_exit_codes(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(arguments) == code
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert bool(err) == (code != 0)


def test_show_says_what_the_pools_receive_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", TEACHING, "--set", "units.Roads.staff=2"]) == 0
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= 80
    out = " ".join(out.split())
    assert "Roads receives 13.9 h of work a day and has 11.4: its backlog grows by about 2.4 visits a day" in out
    assert "assumption · an invented town for teaching" in out


def test_explain_tells_a_life_whose_hours_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    import sim
    from sim.report.explain import explain

    assert run_command(["run", TEACHING, "-n", "1", "--out", "here"]) == 0
    run = sim.run(sim.load(TEACHING), replications=1)
    requests = run.tables.requests
    assert requests is not None
    for key in requests["request"].iloc[:: len(requests) // 16]:
        total, age = explain(run, key).splitlines()[-1].split(" h  in all; age ")
        assert total.strip() == age.removesuffix(" h")
    capsys.readouterr()
    assert run_command(["explain", "here", key]) == 0
    assert capsys.readouterr().out.strip() == explain(run, key).strip()
    assert run_command(["explain", "here", "zzzz"]) == 3
    assert run_command(["explain", "here", ""]) == 3


def test_explain_tells_lead_times_and_calls_that_nobody_answers() -> None:
    import sim
    from sim.report.explain import explain
    from sim.scenario import from_dict

    scenario = from_dict(
        {
            "name": "a town that is called back",
            "time": {"start": "2024-01-01", "count_until": "2024-01-11", "end": "2024-02-01"},
            "districts": {"Town": {}},
            "pools": {"callers": {"staff": 99}},
            "units": {"Desk": {"staff": 99}},
            "categories": {"Matter": {"total": "9 / d", "unit": "Desk", "work": "1 h", "lead": "30 h"}},
            "policies": {
                "callback": {
                    "pool": "callers",
                    "work": "2 min",
                    "ring": "1 min",
                    "reach": 0.5,
                    "retries": 2,
                    "retry_after": "3 h",
                }
            },
        }
    )
    run = sim.run(scenario, replications=1, keep="all")
    assert run.tables.requests is not None
    assert run.tables.visits is not None
    calls = run.tables.visits.query("kind == 'callback'").groupby("request").size()
    seen = set()
    for row in run.tables.requests.head(60).itertuples():
        said = " ".join(explain(run, str(row.request)).split())
        assert "lead time (parts, contractors, approvals): 30.0 h" in said
        heard, rings = row.called_back == row.called_back, int(calls[row.request])
        assert said.count("; nobody answers") == rings - heard
        seen.add((heard, rings))
    assert seen == {(True, 1), (True, 2), (True, 3), (False, 3)}


def test_explain_without_a_request_lists_some(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", TEACHING, "-n", "1", "--out", "here"]) == 0
    capsys.readouterr()
    assert run_command(["explain", "here"]) == 0
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= 80
    for kind in ("longest:", "handled again:", "merged:", "closed late:"):
        assert kind in out
    keys = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert len(keys) >= 6
    for key in set(keys):
        assert run_command(["explain", "here", key]) == 0
        story = capsys.readouterr().out.splitlines()
        for before, after in pairwise(story):  # a callback of the same second comes after the closing
            assert not ("callback (" in before and "closed by" in after and before[:24] == after[:24])


def test_show_of_a_path_shows_only_what_is_below(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["show", TEACHING, "units."]) == 0
    out = capsys.readouterr().out
    assert "units.Roads.staff = 3" in out
    assert all(line.startswith(("units.", "    ")) for line in out.splitlines())
    assert run_command(["show", TEACHING, "units.", "--json"]) == 0
    assert {v["path"].split(".")[0] for v in json.loads(capsys.readouterr().out)["values"]} == {"units"}
    assert run_command(["show", TEACHING, "nothing"]) == 3


def test_report_writes_the_page_anew() -> None:
    assert run_command(["run", TEACHING, "-n", "2", "--out", "here"]) == 0
    page = Path("here/report.html").read_text(encoding="utf-8")
    assert run_command(["report", "here", "--out", "again.html"]) == 0
    assert Path("again.html").read_text(encoding="utf-8") == page


def test_a_scenario_too_big_for_memory_is_refused_before_it_starts(capsys: pytest.CaptureFixture[str]) -> None:
    begin = time.monotonic()
    assert (
        run_command(["run", TEACHING, "--set", "time.end=2420-01-01", "--set", "districts.Riverside.population=1e9"])
        == 3
    )
    assert time.monotonic() - begin < 10
    assert "GB of memory" in capsys.readouterr().err
    assert not Path("results").exists()


@pytest.mark.long
def test_ctrl_c_leaves_no_folder_and_no_process() -> None:
    changes = ("--set", "districts.Riverside.population=3e6", "--processes", "2")
    process = citysim("run", TEACHING, "-n", "4", *changes, start_new_session=True)
    assert process.stderr is not None
    assert "4 replications" in process.stderr.readline()
    time.sleep(4)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not Path("results").exists() or not list(Path("results").iterdir())
    assert gone(process.pid, 5)  # what the interpreter keeps for its own order ends a moment later


def test_workers_do_not_outlive_a_killed_parent() -> None:
    changes = ("--set", "districts.Riverside.population=3e6", "--processes", "2")
    process = citysim("run", TEACHING, "-n", "4", *changes, start_new_session=True)
    assert process.stderr is not None
    assert "4 replications" in process.stderr.readline()
    time.sleep(2.5)  # they have begun to simulate
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert gone(process.pid, 10)


def gone(group: int, seconds: float) -> bool:
    """Whether no process of the group is left after so long."""
    for _ in range(int(10 * seconds)):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_a_full_disk_ends_in_one_line_and_no_partial_folder() -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    process = citysim("run", TEACHING, "-n", "1", "--out", "out/here", preexec_fn=small_files)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.strip().splitlines()[-1].startswith("citysim: cannot write the run to out/here")
    assert "Traceback" not in err
    assert not Path("out").exists()
