"""How large a scenario and its numbers may be; beyond that is an error with a place, never a failure."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_texts import TOWN, file_wrongs, files, town, wrongs

from sim.scenario import ScenarioError, from_dict, from_text, load

PARTS = "parts: [" + ", ".join(["{unit: Roads, work: 1 h}"] * 256) + "]"


def test_256_parts_are_possible_and_no_more() -> None:
    text = town(("kind: consultation, ", ""))
    assert len(from_text(text.replace("unit: Parks,", f"unit: Parks, {PARTS},")).categories["Question"].parts) == 256
    [line] = wrongs(text.replace("unit: Parks,", f"unit: Parks, {PARTS.replace('[', '[{unit: Roads, work: 1 h}, ')},"))
    assert line.endswith("categories.Question.parts: at most 256 parts are possible, not 257")


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("12000}", "1e308}", "districts.Old Town.population"),
        ("12000}", f"{'9' * 5000}}}", "districts.Old Town.population"),
        ("5000 / year", "1e307 / s", "categories.Noise.total"),
        ("5000 / year", "5000 / year\n    by_district: {Old Town: 1e200}", "categories.Noise.by_district.Old Town"),
        ("dispatch:", f"demand: {{hours: {[1e308] * 24}}}\ndispatch:", "demand.hours.0"),
        ("dispatch:", "demand: {weekdays: {sat: 1e308, sun: 1e308}}\ndispatch:", "demand.weekdays.sat"),
        ("{Roads: 0.9, Parks: 0.1}", "{Roads: 1e308, Parks: 1e308}", "categories.Noise.unit.Roads"),
        ("share: 0.1}", "share: 1e308}", "channels.web.share"),
        ("staff: 3,", "staff: {total: 1e300},", "units.Roads.staff.total"),
        (
            "{distribution: lognormal, mean: 2 h, cv: 1.5}",
            "{distribution: lognorm, s: 1e300, scale: 1 h}",
            "categories",
        ),
        ("dispatch:", "scale: 1:1e400\ndispatch:", "scale"),
    ],
)
def test_numbers_beyond_all_measure(before: str, after: str, path: str) -> None:
    found = wrongs(town((before, after)))
    assert any(line.split(": ")[1].startswith(path) for line in found), found


def test_the_largest_numbers_that_are_read_do_not_overflow() -> None:
    big = town(
        ("12000}", "1e15, activity: 1e15}"), ("8000}", "1e15, activity: 1e15}"), ("5000 / year", "1e15 / h"),
        ("dispatch:", f"demand: {{hours: {[1e15] * 24}, weekdays: {{sat: 1e15}}, months: {{1: 1e15}}}}\ndispatch:"),
    )  # fmt: skip
    assert from_text(big).categories["Noise"].total == 1e15


def test_python_numbers_of_many_digits() -> None:
    with pytest.raises(ScenarioError) as caught:
        from_dict({"name": 10**5000, "scale": -(10**5000), "description": 1e308})
    assert [str(finding) for finding in caught.value.findings][:2] == [
        "<data>: name: the number is too large: at most 1e+15",
        "<data>: scale: the number is too large: at most 1e+15",
    ]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (".".join(["a"] * 5000) + "=1", "a path of at most 50 steps is wanted, not of 5,000"),
        ("pools.hotline.shifts." + "9" * 5000 + ".staff=1", "there is no item “9999"),
        ("units.Roads.staff=" + "9" * 5000, "is too large"),
        ("units." + "x" * 5000 + ".staff=1", "unreachable"),
        ("units.Roads.staff=" + "[" * 60, "deeper than 50 levels"),
        (".".join(["categories"] + ['"x"'] * 49) + "=" + "{a: " * 40 + "1" + "}" * 40, "unknown key"),
    ],
)
def test_overrides_without_measure(override: str, message: str, tmp_path: Path) -> None:
    found = file_wrongs(files(tmp_path, town=TOWN), tmp_path, (override,))
    assert any(message in line for line in found), found


def test_all_files_together_have_a_size(tmp_path: Path) -> None:
    comment = "#" * 2_600_000 + "\n"
    path = files(tmp_path, overlay=comment + "extends: town.yaml\n", town=comment + TOWN)
    assert file_wrongs(path, tmp_path) == [
        "overlay.yaml:2:10: extends: all its files together are larger than 5 MB"
    ]  # fmt: skip
    files(tmp_path, overlay="extends: town.yaml\n")
    assert load(path).digest == from_text(TOWN).digest


def test_what_aliases_stand_for_has_a_size() -> None:
    text = town(("name: Small town", f"name: &x {'n' * 10_000}"))
    few = "".join(f"  R{i}: {{population: 1, label: *x}}\n" for i in range(100))
    assert len(from_text(text.replace("channels:", few + "channels:")).districts) == 102
    many = "".join(f"  R{i}: {{population: 1, label: *x}}\n" for i in range(600))
    [line] = wrongs(text.replace("channels:", many + "channels:"))
    assert line.endswith(": the aliases stand for more than 5 MB")


def test_python_data_has_a_size() -> None:
    with pytest.raises(ScenarioError) as caught:
        from_dict({"name": "x" * 5_000_001})
    assert "<data>: more than 5,000,000 characters" in [str(finding) for finding in caught.value.findings]
