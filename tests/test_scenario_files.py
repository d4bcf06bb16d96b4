"""Files that cannot be read or must not be, and overrides that are wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from scenario_texts import TOWN, file_wrongs, files, place, town, wrongs

from sim.scenario import ScenarioError, from_dict, from_text, load
from sim.scenario.files import SHIPPED, known_scenarios


def test_a_missing_file(tmp_path: Path) -> None:
    assert file_wrongs(tmp_path / "none.yaml", tmp_path) == ["none.yaml: the file does not exist"]
    overlay = files(tmp_path, overlay="name: x\nextends: none.yaml\n")
    assert file_wrongs(overlay, tmp_path) == ["overlay.yaml:2:10: extends: “none.yaml” does not exist"]


def test_what_is_no_readable_file(tmp_path: Path) -> None:
    assert file_wrongs(tmp_path, tmp_path)[0].endswith("the file is a folder")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    assert file_wrongs(tmp_path / "latin.yaml", tmp_path) == ["latin.yaml: the file is not UTF-8 text (byte 10)"]
    (tmp_path / "huge.yaml").write_bytes(b"#" * 5_000_001)
    assert file_wrongs(tmp_path / "huge.yaml", tmp_path) == ["huge.yaml: the file is larger than 5 MB"]
    os.mkfifo(tmp_path / "pipe.yaml")
    assert file_wrongs(tmp_path / "pipe.yaml", tmp_path) == ["pipe.yaml: the file is no ordinary file"]
    with pytest.raises(ScenarioError, match="cannot be the name of a file"):
        load("a\0b.yaml")
    with pytest.raises(ScenarioError, match="cannot be read"):
        load("x" * 5000)


# -- scenarios by their names ------------------------------------------------------------------------------------------


def test_a_scenario_that_ships_goes_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    teaching = load(SHIPPED / "teaching.yaml")
    assert load("teaching").digest == teaching.digest
    path = files(tmp_path, mine="extends: teaching\nname: Mine\n")
    assert load(path).digest == load("mine.yaml").digest == teaching.digest
    assert from_text("extends: teaching").digest == from_dict({"extends": "teaching"}).digest == teaching.digest
    assert load(path).files[1:] == (str(SHIPPED / "teaching.yaml"), str(SHIPPED / "base.yaml"))


def test_a_file_of_that_name_goes_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = files(tmp_path, mine="extends: teaching\nname: Mine\n", teaching=TOWN)
    assert load(path).digest == load("teaching.yaml").digest != load("teaching").digest
    (tmp_path / "teaching").write_text(town(("staff: 3,", "staff: 4,")))
    assert load(path).digest == load("teaching").digest != load("teaching.yaml").digest
    (tmp_path / "scenarios").mkdir()
    files(tmp_path / "scenarios", hillside=TOWN)
    assert load("hillside").digest == load("teaching.yaml").digest
    assert "hillside" in known_scenarios()


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioError) as caught:
        load("bostn-2011")
    assert str(caught.value) == "bostn-2011: the file does not exist, did you mean “boston-2011”?"
    path = files(tmp_path, mine="extends: techning\n")
    expected = "mine.yaml:1:10: extends: “techning” does not exist, did you mean “teaching”?"
    assert file_wrongs(path, tmp_path)[0] == expected


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = files(tmp_path, secret=TOWN)
    path.chmod(0)
    assert file_wrongs(path, tmp_path)[0].startswith("secret.yaml: the file cannot be read")


def test_a_cyclic_extends(tmp_path: Path) -> None:
    path = files(tmp_path, a="name: a\nextends: b.yaml\n", b="extends: c.yaml\n", c="name: c\nextends: b.yaml")
    assert "c.yaml:2:10: extends: goes round in a circle: b.yaml → c.yaml → b.yaml" in file_wrongs(path, tmp_path)
    path = files(tmp_path, me="extends: me.yaml")
    assert "me.yaml:1:10: extends: goes round in a circle: me.yaml → me.yaml" in file_wrongs(path, tmp_path)


def test_an_endless_chain(tmp_path: Path) -> None:
    for i in range(60):
        (tmp_path / f"f{i}.yaml").write_text(f"extends: f{i + 1}.yaml")
    [line] = file_wrongs(tmp_path / "f0.yaml", tmp_path)
    assert line == "f49.yaml:1:10: extends: more than 50 files, each extending the next"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("../base.yaml", "“../base.yaml” is outside the folder of this file"),
        ("sub/../../base.yaml", "“sub/../../base.yaml” is outside the folder of this file"),
        ("/etc/passwd", "a relative path is wanted, not “/etc/passwd”"),
        ("link.yaml", "“link.yaml” is outside the folder of this file"),
        ("loop.yaml", "“loop.yaml” cannot be read"),
        ("sub", "“sub” is a folder"),
        ("[a]", "the path of a file is wanted"),
    ],
)
def test_a_path_that_leaves_the_folder(target: str, message: str, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    (inner / "sub").mkdir(parents=True)
    files(tmp_path, base=TOWN)
    (inner / "link.yaml").symlink_to(tmp_path / "base.yaml")
    (inner / "loop.yaml").symlink_to(inner / "loop.yaml")
    path = files(inner, overlay=f"name: x\nextends: {target}\n")
    assert file_wrongs(path, inner) == [f"overlay.yaml:2:10: extends: {message}"]


def test_text_and_data_without_a_folder_extend_nothing() -> None:
    assert wrongs("extends: base.yaml") == [
        "town.yaml:1:10: extends: only a file can extend another: this text has no folder"
    ]
    with pytest.raises(ScenarioError, match="this text has no folder"):
        from_dict({"extends": "base.yaml"})


def test_numbers_inherited_from_a_parent_are_shown_in_the_parent(tmp_path: Path) -> None:
    base = town(("staff: 3,", "staff: -3,"))
    path = files(tmp_path, overlay="extends: base.yaml\nunits: {Parks: {staff: -1}}", base=base)
    assert file_wrongs(path, tmp_path) == [
        "overlay.yaml:2:24: units.Parks.staff: must not be negative, but is “-1”",
        f"base.yaml:{place(base, '-3')}: units.Roads.staff: must not be negative, but is “-3”",
    ]


def test_sources_are_checked_too(tmp_path: Path) -> None:
    text = TOWN + "sources:\n  time.**: {kind: rumour}\n  a.**.b: x\n  units.**: boston\n"
    path = files(tmp_path, town=text, sources="bosten: {kind: data, titel: x}\n")
    assert file_wrongs(path, tmp_path) == [
        'town.yaml:26:19: sources."time.**".kind: must be data, literature, expert or assumption, not “rumour”',
        'town.yaml:27:3: sources."a.**.b": ** can only be the last segment',
        'town.yaml:27:11: sources."a.**.b": there is no source “x” in sources.yaml',
        'town.yaml:28:13: sources."units.**": there is no source “boston” in sources.yaml, did you mean “bosten”?',
    ]
    path = files(tmp_path, town=TOWN + "sources: {units.**: bosten}\n")
    assert file_wrongs(path, tmp_path) == ["sources.yaml:1:22: bosten.titel: unknown key, did you mean “title”?"]


# -- overrides -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("units.Roads.staff", "--set:1:1: write path=value, not “units.Roads.staff”"),
        ("=3", "--set:1:1: a path such as units.Roads.staff is wanted, not “=3”"),
        ("units..staff=3", "--set:1:1: a path such as units.Roads.staff is wanted, not “units..staff=3”"),
        ("units.Rods.staff=3", "--set:1:7: units.Rods: unreachable"),
        ("units.Roads.stuff=3", "--set:1:13: units.Roads.stuff: unknown key, did you mean “staff”?"),
        ("units.Roads.staff=-3", "--set:1:19: units.Roads.staff: must not be negative, but is “-3”"),
        ("units.Roads.calendar= ofice", "--set:1:23: units.Roads.calendar: there is no calendar “ofice”"),
        ("units.Roads.staff=[1", "--set:1:21: not YAML: "),
        ("pools.hotline.shifts.7.staff=1", "--set:1:22: there is no item “7”: the list has 2"),
        ("pools.hotline.shifts.x.staff=1", "--set:1:22: there is no item “x”: the list has 2"),
        ("time.end=2024-03-01", "--set:1:10: time.end: must be later than “start”"),
        (
            "categories.Noise.work.cv=-1",
            "--set:1:26: categories.Noise.work.cv: must be between 0.0001 and 10000",
        ),
        ('"units.Roads=3', "--set:1:1: a path such as units.Roads.staff is wanted"),
        ('"units"Roads=3', '--set:1:1: a dot is wanted after “"units"”'),
        ('"\\x"=3', '--set:1:1: “"\\x"” is not a quoted name'),
    ],
)
def test_a_wrong_override_is_shown_on_the_command_line(override: str, line: str, tmp_path: Path) -> None:
    path = files(tmp_path, town=TOWN)
    assert file_wrongs(path, tmp_path, (override,))[0].startswith(line)


def test_the_line_of_an_override_is_its_number(tmp_path: Path) -> None:
    path = files(tmp_path, town=TOWN)
    found = file_wrongs(path, tmp_path, ("units.Roads.staff=4", "units.Parks.staff=x"))
    assert found == ["--set:2:19: units.Parks.staff: a number is wanted, not “x”"]
