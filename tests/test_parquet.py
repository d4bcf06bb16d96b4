"""Tables in files: the same rows give the same bytes, and where a file stands is no part of what is in it."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from towns import full

from sim.cli import run_command
from sim.experiment.parquet import connection, read_table, write_table
from sim.experiment.parts import join_parts, write_part
from sim.experiment.runs import run
from sim.experiment.store import read
from sim.experiment.tables import Tables

TEACHING = str(Path(__file__).resolve().parent.parent / "scenarios" / "teaching.yaml")

#: Names of folders that are patterns, partitions, quotes or options to somebody, and another that they must not be.
NAMES = {
    "plan[1]": "plan1",
    "p*": "pq",
    "**": "q",
    "q?": "qq",
    "[!a]": "b",
    "it's": "its",
    '"quoted"': "quoted",
    "'; DROP TABLE requests; --": "x",
    "100%": "100",
    "a b": "a",
    "district=North": "North",
    "replication=7": "7",
    "-n": "n",
    "~": "home",
    "s3:": "s3",
    "{a,b}": "a",
    "a,b": "a",
    "back\\slash": "backslash",
    "$HOME": "HOME",
    "老城": "新城",
    "😀": "x",
    "two\nlines": "two",
    "t.parquet": "t",
}


def table(number: int) -> pd.DataFrame:
    return pd.DataFrame({"replication": [number, number], "district": ["South", "Isle"], "hours": [0.5, np.nan]})


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_pattern_and_no_partition(name: str, tmp_path: Path) -> None:
    folders = tmp_path / name, tmp_path / "other" / ".." / NAMES[name]
    (tmp_path / "other").mkdir()
    for number, folder in enumerate(folders):
        folder.mkdir()
        write_part(table(10 * number), folder, "requests", 0)
        write_part(table(10 * number + 1), folder, "requests", 1)
        join_parts(folder, ["requests"], lambda: None)
        write_table(table(10 * number), folder / "levels.parquet")
    for number, folder in enumerate(folders):
        assert sorted(path.name for path in folder.iterdir()) == ["levels.parquet", "requests.parquet"]
        stored = Tables(table(0), {name: folder / f"{name}.parquet" for name in ("levels", "requests")})
        pd.testing.assert_frame_equal(stored.levels, table(10 * number))
        wanted = pd.concat([table(10 * number), table(10 * number + 1)], ignore_index=True)
        pd.testing.assert_frame_equal(read_table(folder / "requests.parquet"), wanted)
        pd.testing.assert_frame_equal(stored.query("SELECT * FROM requests"), wanted)


def test_a_name_that_cannot_be_told_from_a_pattern_is_refused_before_anything_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.experiment.runs.run", lambda *_, **__: pytest.fail("simulated first"))
    for out in ("back\\[1]", "back\\**/a"):
        assert run_command(["run", TEACHING, "-n", "1", "--out", out]) == 1
        assert "a backslash and one of" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_a_run_reads_its_own_tables_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for seed, out in ((1, "plan1"), (2, "plan[1]"), (2, "district=North/a"), (2, "plain")):
        assert run_command(["run", TEACHING, "-n", "1", "--seed", str(seed), "--out", out]) == 0
    for out in ("plan[1]", "district=North/a"):
        for path in sorted(Path("plain").glob("*.parquet")):
            assert (Path(out) / path.name).read_bytes() == path.read_bytes(), path.name
        assert (Path(out) / "report.html").read_bytes() == Path("plain/report.html").read_bytes()
        stored = read(Path(out))
        assert stored.tables.requests is not None
        assert stored.tables.requests["district"].nunique() > 1
        assert run_command(["report", out, "--out", "again.html"]) == 0
        assert Path("again.html").read_bytes() == Path("plain/report.html").read_bytes()
    assert Path("plan1/levels.parquet").read_bytes() != Path("plain/levels.parquet").read_bytes()


# --- bytes ---


def big(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    pools = pd.Index([f"pool {i}" for i in range(300)], dtype="str")
    codes = random.integers(0, 300, rows).astype(np.int32)
    return pd.DataFrame(
        {
            "replication": np.repeat(np.arange(rows // 1000), 1000),
            "pool": pd.Categorical.from_codes(codes, pools),
            "hour": np.arange(rows) % 744,
            "queue": random.exponential(3.0, rows),
            "busy": np.where(random.random(rows) < 0.1, np.nan, random.random(rows)),
        }
    )


@pytest.mark.long
def test_the_same_table_gives_the_same_bytes_however_busy_the_machine_is(tmp_path: Path) -> None:
    whole, stop = big(600_000), threading.Event()

    def burden() -> None:
        while not stop.is_set():
            np.sort(np.random.default_rng(2).random(300_000))

    others = [threading.Thread(target=burden) for _ in range(3)]
    for other in others:
        other.start()
    try:
        found = set()
        for attempt in range(8):
            folder = tmp_path / str(attempt)
            folder.mkdir()
            write_table(whole, folder / "levels.parquet")
            for number in range(6):
                write_part(whole[number * 100_000 : (number + 1) * 100_000], folder, "visits", number // 2, number % 2)
            join_parts(folder, ["visits"], lambda: None)
            names = "levels.parquet", "visits.parquet"
            found.add(tuple(hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names))
    finally:
        stop.set()
    assert len(found) == 1


def test_one_thread_writes_and_adds_up(tmp_path: Path) -> None:
    """Several have cut a table into other row groups, once in a dozen runs: too seldom to be seen by trying."""
    for limits in ({}, {"memory_limit": "100MiB", "temp_directory": str(tmp_path / "it's [1]")}):
        with connection(**limits) as files:
            assert files.execute("SELECT current_setting('threads')").fetchone() == (1,)


@pytest.mark.long
def test_both_engines_and_any_number_of_processes_leave_the_same_bytes(tmp_path: Path) -> None:
    ways: list[dict[str, Any]] = [
        {"engine": engine, "processes": n} for engine in ("simpy", "compiled") for n in (1, 2)
    ]
    found: list[dict[str, bytes]] = []
    for number, way in enumerate(ways):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = run(full(), 3, keep="all", folder=folder, **way)
        write_table(made.measures, folder / "measures.parquet")
        write_table(made.pools, folder / "pools.parquet")
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert found[0].keys() == {
        f"{n}.parquet"
        for n in ("requests", "visits", "problems", "levels", "calls", "trust", "themes", "scores", "measures", "pools")
    }
    for other in found[1:]:
        assert [name for name in found[0] if other[name] != found[0][name]] == []
