"""`citysim show`: all values, some of them by their paths, or on a terminal an overview."""

from __future__ import annotations

import json
import re
import sys

import pytest

from sim.cli import run_command
from sim.report.selecting import UnknownPathError, select
from sim.report.show import show_text
from sim.scenario import load

TEACHING = load("teaching")


def paths(path: str) -> list[str]:
    return [value.path for value in select(TEACHING.values(), path)]


def test_values_are_found_by_how_their_paths_begin() -> None:
    every = [value.path for value in TEACHING.values()]
    assert paths("") == every == paths("**")
    for text in ("units.", "unit", "units.R", "units.Roads.staff"):
        assert paths(text) == [path for path in every if path.startswith(text)] != []


def test_a_star_is_any_one_step() -> None:
    assert paths("units.*.staff") == ["units.Roads.staff", "units.Housing.staff", "units.Street offices.staff"]
    assert paths("*.Roads.staff") == ["units.Roads.staff"]
    assert paths("units.*") == paths("units.**") == paths("units.*.") == paths("units.")
    quoted = load("teaching", ['districts."St. Mary"={population: 100}']).values()
    assert [v.path for v in select(quoted, "*.*.population")][-1] == 'districts."St. Mary".population'
    assert len(select(quoted, 'districts."St. Mary"')) == len(select(quoted, "districts.Old Town")) - 1  # no label


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("units.Road.staff", "no value of the scenario is at “units.Road.staff”, did you mean “units.Roads.staff”?"),
        ("unit.Raods.staf", "did you mean “units.Roads.staff”?"),
        ("units.*.staf", "did you mean “units.*.staff”?"),
        ("units.Zoo.staff", ": below units there are Roads, Housing, Street offices"),
        ("xyz", ": there are name, description, scale, time, calendars, classes, districts, demand and 7 more"),
        ("units.Roads.staff.x", ": nothing stands below units.Roads.staff, it is a value"),
        ("units.*.staff.x", ": nothing stands below units.*.staff, it is a value"),
        ("units..staff", "a path such as units.Roads.staff is wanted"),
        ("**.staff", "** can only be the last segment"),
    ],
)
def test_what_no_value_has_is_answered_with_what_was_meant(
    path: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnknownPathError):
        paths(path)
    for more in ([], ["--json"]):
        assert run_command(["show", "teaching", path, *more]) == 3
        out, err = capsys.readouterr()
        assert out == ""
        assert said in err


def test_where_no_terminal_is_all_values_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--all"]):
        assert run_command(["show", "teaching", *more]) == 0
        assert capsys.readouterr().out == show_text(TEACHING) + "\n"
    assert run_command(["show", "teaching", "units.*.staff", "--json"]) == 0
    assert [value["value"] for value in json.loads(capsys.readouterr().out)["values"]] == ["3", "3", "5"]
    assert run_command(["show", "teaching", "units.", "--all"]) == 2


def test_on_a_terminal_an_overview_and_how_to_see_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shown = {}
    for scenario in ("boston-2011", "boston-2011-inspectors", "beijing-all", "teaching"):
        assert run_command(["show", scenario]) == 0
        shown[scenario] = capsys.readouterr().out
        assert len(shown[scenario].splitlines()) < 90
        assert max(map(len, shown[scenario].splitlines())) < 80
    boston = shown["boston-2011"]
    assert "Public Works                                   32     142.7     214.0   0.92" in boston
    assert f"{len(load('boston-2011').values()):,} values" in boston
    assert "citysim show boston-2011 policies.time_limits" in " ".join(boston.split())
    assert "units.Inspectional Services.staff = 29" in shown["boston-2011-inspectors"]
    assert "… and 71 pools more: citysim show beijing-all --all" in shown["beijing-all"]
    assert "Monthly theme. What they do here: citysim mechanisms beijing-all" in " ".join(shown["beijing-all"].split())
    assert "This file sets" in shown["teaching"]


def test_the_commands_it_names_show_what_it_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run_command(["show", "teaching", "--set", "units.Roads.staff=1"]) == 0
    out = capsys.readouterr().out
    assert "Roads receives 13.9 h of work a day and has" in out
    found = re.findall(r"^(\w+) +(\d+)  citysim (show teaching --set=units.Roads.staff=1 \w+)$", out, re.MULTILINE)
    assert len(found) > 8
    for section, count, command in found:
        assert run_command(command.split()) == 0
        lines = capsys.readouterr().out.splitlines()
        assert sum(line.startswith(f"{section}.") for line in lines) == int(count)
