"""What is compared and what is not: other scales, currencies, citizens; what must be said first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from towns import station

import sim
from sim.cli import cli
from sim.report.comparison_text import comparison_text
from sim.report.page import comparison_page
from sim.report.text import comparison_json
from sim.scenario import Scenario


def town(**more: Any) -> Scenario:
    return station("40 / d", "30 min", 2, 3, **more)


RATED = {"Matter": {"rate": "20 / d", "unit": "Desk", "work": "30 min"}}
WAGED = {"unit": {"wage": "20 / h"}}


@pytest.mark.parametrize(
    ("base", "variant", "why"),
    [
        ({}, {"time": {"start": "2024-01-01", "end": "2024-01-03"}}, "other times"),
        ({}, {"scale": "1:2"}, "scale 1:2"),
        ({"currency": "CNY", **WAGED}, {"currency": "USD", **WAGED}, "USD"),
        ({"currency": "CNY", **WAGED}, WAGED, "no currency"),
    ],
)
def test_what_does_not_stand_side_by_side_is_refused(base: Any, variant: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why) as wrong:
        sim.compare([town(**base), town(**variant)], 1)
    assert isinstance(wrong.value, sim.IncomparableError)


def told(base: Scenario, *variants: Scenario) -> str:
    """What is said of a comparison, the same everywhere."""
    found = sim.compare([base, *variants], 2, processes=1)
    text, page = comparison_text(found), comparison_page(found)
    for remark in found.remarks:
        assert " ".join(text.split()).startswith(found.remarks[0])
        assert remark in " ".join(text.split())
        assert remark.replace("“", "“") in page
    assert "nan" not in text
    assert all(remark in comparison_json(found) for remark in found.remarks)
    return " ".join(found.remarks)


def test_two_that_say_the_same_are_said_to() -> None:
    assert "say the same" in told(town(), town(name="the same by another name"))
    assert told(town(), town(unit={"staff": 3})) == ""


def test_renamed_and_merged_categories_are_said_first() -> None:
    category = {"total": "40 / d", "unit": "Desk", "work": "30 min"}
    renamed = town(categories={"Affair": category})
    assert "only in “one station”: Matter; only in “one station (2)”: Affair" in told(town(), renamed)
    assert "Another" in told(town(), town(categories={"Matter": category, "Another": category}))
    assert "Village" in told(town(), town(districts={"Town": {}, "Village": {}}))


def test_another_demand_is_said_not_to_be_of_the_same_citizens() -> None:
    crowded = town(districts={"Town": {"population": 2}}, categories=RATED)
    plain = town(categories=RATED)
    assert "some citizens call in one of the two only" in told(plain, crowded)
    assert sim.compare([plain, crowded], 1, processes=1).paired("one station (2)") == "paired by seed"
    assert sim.compare([plain, town(categories=RATED, unit={"staff": 3})], 1).paired("one station (2)").startswith("on")


def test_missing_wages_are_said_first() -> None:
    assert "no wage for Desk: the costs do not compare" in told(town(**WAGED), town(unit={"staff": 3}))
    assert told(town(**WAGED), town(unit={"staff": 3, "wage": "30 / h"})) == ""


def test_the_scale_is_said_wherever_numbers_are(tmp_path: Path) -> None:
    whole, thinned = town(), town(scale="1:2")
    for scenario, said in ((whole, False), (thinned, True)):
        found = sim.compare([scenario, town(scale=scenario.scale, unit={"staff": 4})], 1, processes=1)
        for text in (comparison_text(found), comparison_page(found)):
            assert ("Scale 1:2: counts" in text) == said
        path = tmp_path / "town.yaml"
        path.write_text(yaml.safe_dump(scenario.resolved()), encoding="utf-8")
        out = tmp_path / f"run-{said}"
        printed = CliRunner().invoke(cli, ["run", str(path), "-n", "1", "--out", str(out)], catch_exceptions=False)
        assert ("Scale 1:2: counts" in printed.output) == said
        assert ("Scale 1:2: counts" in (out / "report.html").read_text(encoding="utf-8")) == said


def test_a_value_set_for_all_is_said_to_hold_for_all(tmp_path: Path) -> None:
    path, more = tmp_path / "town.yaml", tmp_path / "more.yaml"
    path.write_text(yaml.safe_dump(town().resolved()), encoding="utf-8")
    more.write_text("extends: town.yaml\nname: More\nunits: {Desk: {staff: 3}}\n", encoding="utf-8")
    arguments = ["compare", str(path), str(more), "-n", "1", "--set", "units.Desk.staff=4"]
    printed = CliRunner().invoke(cli, [*arguments, "--out", str(tmp_path / "page.html")], catch_exceptions=False)
    assert printed.output.splitlines()[-1].startswith("Report")
    words = " ".join(printed.output.split())
    assert "--set units.Desk.staff=4 holds for every scenario, the baseline too." in words
    assert words.index("--set") < words.index("less one station")
    assert "say the same" in words
