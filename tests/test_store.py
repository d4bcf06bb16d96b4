"""Run folders: what is read back is what was written, and a run can be run again from its folder alone."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scenario_texts import TOWN, files

from sim.cli import run_command
from sim.experiment import manifest
from sim.experiment.parquet import read_table, write_table
from sim.experiment.store import read
from sim.scenario import load

ROOT = Path(__file__).resolve().parent.parent
TEACHING = str(ROOT / "scenarios" / "teaching.yaml")
Content = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder, to be copied."""
    folder = tmp_path_factory.mktemp("made") / "run"
    assert run_command(["run", TEACHING, "-n", "2", "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(made, "here"))


def all_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def refused(folder: Path, named: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The report of the folder is refused, and the file that is not as it was is named."""
    capsys.readouterr()
    assert run_command(["report", str(folder), "--out", "page.html"]) == 3, named
    out, err = capsys.readouterr()
    assert out == ""
    assert named in err
    assert str(folder) in err
    assert len(err.splitlines()) == 1
    assert not Path("page.html").exists()


# --- what was altered is found ---


def alterations(data: bytes, luck: random.Random) -> Iterator[bytes]:
    """Bits flipped in many places; cut short, emptied, lengthened, zeroed, doubled."""
    for at in (0, 1, len(data) // 2, len(data) - 1, *(luck.randrange(len(data)) for _ in range(12))):
        yield data[:at] + bytes([data[at] ^ (1 << luck.randrange(8))]) + data[at + 1 :]
    yield from (data[:-1], data[: len(data) // 2], b"", data + b"\n", data + b" ", b"\0" * len(data), data + data)


@pytest.mark.hostile
def test_whatever_is_altered_is_found_and_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    luck = random.Random(11)
    page = (here / "report.html").read_bytes()
    for path in all_files(here):
        data, name = path.read_bytes(), path.relative_to(here).as_posix()
        for altered in alterations(data, luck):
            path.write_bytes(altered)
            if name == "report.html":  # remade, not read
                assert run_command(["report", str(here), "--out", "page.html"]) == 0
                assert Path("page.html").read_bytes() == page
                Path("page.html").unlink()
            else:
                refused(here, name, capsys)
        path.write_bytes(data)
    assert run_command(["report", str(here)]) == 0


def test_what_is_missing_or_exchanged_is_found_and_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [path.relative_to(here).as_posix() for path in all_files(here)]
    for name in names:
        path, aside = here / name, here / "aside"
        path.rename(aside)
        if name != "report.html":
            refused(here, name, capsys)
            path.mkdir()
            refused(here, name, capsys)
            path.rmdir()
        aside.rename(path)
    for one, other in (("measures.parquet", "levels.parquet"), ("requests.parquet", "visits.parquet")):
        data = (here / one).read_bytes()
        (here / one).write_bytes((here / other).read_bytes())
        refused(here, one, capsys)
        (here / one).write_bytes(data)


def test_a_table_that_is_not_listed_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["run", TEACHING, "-n", "1", "--keep", "measures", "--out", "few"]) == 0
    assert run_command(["run", TEACHING, "-n", "1", "--out", "all"]) == 0
    page = Path("few/report.html").read_bytes()
    for name in ("requests", "visits", "problems"):
        shutil.copy(f"all/{name}.parquet", f"few/{name}.parquet")
    assert run_command(["report", "few", "--out", "again.html"]) == 0
    assert Path("again.html").read_bytes() == page
    assert run_command(["explain", "few"]) == 3


def certified(folder: Path, change: Callable[[Content], object]) -> None:
    """Edit the manifest and make its own checksum anew, as somebody could."""
    content = json.loads((folder / manifest.NAME).read_text(encoding="utf-8"))
    change(content)
    manifest.write({key: value for key, value in content.items() if key != "own_sha256"}, folder / manifest.NAME)


WRONG: list[Any] = [None, True, -1, 0.5, "x", "", [], [1], {}, {"a": 1}, 10**400, "../../etc/passwd"]


def test_a_manifest_of_nonsense_is_refused_in_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / manifest.NAME
    text = path.read_text(encoding="utf-8")
    content = json.loads(text)
    read_back = {"seed", "replications", "engine", "policies", "seconds", "sha256", "scenario_digest"}
    for key in content:
        for value in (*WRONG, float("nan"), float("inf")):
            path.write_text(json.dumps({**content, key: value}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            if value != content[key]:
                refused(here, "manifest.json", capsys)
        less = {other: value for other, value in content.items() if other != key}
        path.write_text(json.dumps(less, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        refused(here, "manifest.json", capsys)
    for key in sorted(read_back):
        for value in WRONG:
            path.write_text(text, encoding="utf-8")
            certified(here, lambda content, key=key, value=value: content.update({key: value}))  # type: ignore[misc]
            fine = (key, value) in [("policies", []), ("seconds", 0.5)]
            if not fine:
                refused(here, str(here), capsys)
    for nonsense in (b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"[" * 100_000, b"NaN", b'{"format": NaN}'):
        path.write_bytes(nonsense)
        refused(here, "manifest.json", capsys)
    for name in ("../outside", "/etc/passwd", "a\0b", "given/../../x"):
        path.write_text(text, encoding="utf-8")
        certified(here, lambda content, name=name: content["sha256"].update({name: "0" * 64}))  # type: ignore[misc]
        refused(here, "manifest.json", capsys)


def test_another_scenario_under_a_new_checksum_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = here / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("staff: 3", "staff: 4", 1))
    certified(here, lambda content: content["sha256"].update({"scenario.yaml": manifest.sha256(scenario)}))
    refused(here, "scenario.yaml means another scenario", capsys)
    for nonsense in (b"name: [", b"\xff", b"name: x\n"):
        scenario.write_bytes(nonsense)
        certified(here, lambda content: content["sha256"].update({"scenario.yaml": manifest.sha256(scenario)}))
        refused(here, "scenario.yaml", capsys)


def test_another_format_is_refused_with_its_version(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads((here / manifest.NAME).read_text(encoding="utf-8"))
    for found in (1, 3, "2", 2.0, None, [2]):
        (here / manifest.NAME).write_text(json.dumps({**content, "format": found, "citysim": "0.0.9"}))
        refused(here, "written by citysim 0.0.9", capsys)


def test_a_report_written_anew_leaves_the_folder_consistent(here: Path) -> None:
    page, before = (here / "report.html").read_bytes(), (here / manifest.NAME).read_bytes()
    assert run_command(["report", str(here)]) == 0
    assert (here / manifest.NAME).read_bytes() == before
    (here / "report.html").write_text("an older page")
    certified(here, lambda content: content["sha256"].update({"report.html": manifest.sha256(here / "report.html")}))
    assert run_command(["report", str(here)]) == 0
    assert (here / "report.html").read_bytes() == page
    assert (here / manifest.NAME).read_bytes() == before
    assert manifest.checksums(here) == manifest.read(here)["sha256"]
    assert run_command(["report", str(here), "--out", "here/../here/report.html"]) == 0
    assert manifest.checksums(here) == manifest.read(here)["sha256"]


# --- a run can be run again ---


def test_the_scenario_of_a_folder_runs_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "inner").mkdir()
    base = files(tmp_path / "inner", town=TOWN + "sources: {units.**: town, time.end: {kind: expert}}\n")
    (tmp_path / "inner" / "sources.yaml").write_text("town: {kind: data, title: A, note: 'b, c'}\n")
    overlay = "extends: inner/town.yaml\nname: Over\nunits: {Parks: {staff: 7}}\nsources: {units.Parks.staff: mine}\n"
    path = files(tmp_path, town=overlay, sources="mine: {kind: expert}\n")
    given = ["run", str(path), "-n", "1", "--set", "pools.desk.staff=3", "--set", "time.end=2024-03-08"]
    monkeypatch.chdir(tmp_path)
    assert run_command([*given, "--out", "first"]) == 0
    loaded = load(path, ["pools.desk.staff=3", "time.end=2024-03-08"])
    assert {p.name: p.read_bytes() for p in Path("first/given").iterdir()} == {
        "town.yaml": path.read_bytes(),
        "sources.yaml": (tmp_path / "sources.yaml").read_bytes(),
        "town-2.yaml": base.read_bytes(),
        "sources-2.yaml": (tmp_path / "inner" / "sources.yaml").read_bytes(),
    }
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy("first/scenario.yaml", elsewhere / "alone.yaml")
    monkeypatch.chdir(elsewhere)
    alone = load("alone.yaml")
    assert alone == loaded
    assert alone.digest == loaded.digest
    assert [(v.path, v.source) for v in alone.values()] == [(v.path, v.source) for v in loaded.values()]
    assert run_command(["run", "alone.yaml", "-n", "1", "--out", "again"]) == 0
    for table in sorted(tmp_path.glob("first/*.parquet")):
        assert Path("again", table.name).read_bytes() == table.read_bytes()
    assert Path("again/scenario.yaml").read_bytes() == Path("alone.yaml").read_bytes()
    assert Path("again/report.html").read_bytes() == (tmp_path / "first/report.html").read_bytes()


def test_a_link_to_secrets_is_not_among_the_originals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "secret").write_text("secret: {kind: data}\n")
    path = files(tmp_path / "scenarios", town=TOWN)
    (tmp_path / "scenarios" / "sources.yaml").symlink_to(tmp_path / "secret")
    monkeypatch.chdir(tmp_path)
    assert run_command(["run", str(path), "-n", "1", "--out", "here"]) == 0
    assert [p.name for p in Path("here/given").iterdir()] == ["town.yaml"]


def test_a_stored_run_has_the_scenario_that_was_run(here: Path) -> None:
    assert read(here).scenario == load(TEACHING)


def test_a_folder_whose_pools_have_no_families_yet_is_read(here: Path) -> None:
    path, page, pools = here / "pools.parquet", (here / "report.html").read_bytes(), read(here).pools
    write_table(read_table(path).drop(columns=["family", "street"]), path)
    certified(here, lambda content: content["sha256"].update({path.name: manifest.sha256(path)}))
    pd.testing.assert_frame_equal(read(here).pools, pools)
    assert run_command(["report", str(here)]) == 0
    assert (here / "report.html").read_bytes() == page
