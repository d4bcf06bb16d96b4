"""What is compared and what is not: other scales, currencies, citizens; what must be said first."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from pages import sound
from towns import FULL, full, station

import sim
from sim.cli import cli
from sim.model.city import build_city
from sim.report.comparing_units import units_table
from sim.report.comparison_text import comparison_text, told_apart
from sim.report.names import Names
from sim.report.officers import officers
from sim.report.page import comparison_page
from sim.report.text import comparison_json
from sim.report.variants import variants
from sim.scenario import Scenario, ScenarioError


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
    assert words.index("--set") < words.index("minus one station")
    assert "Write 2:units.Desk.staff=4 for the second." in words
    assert "say the same" in words


def test_a_value_may_be_set_for_one_of_them(tmp_path: Path) -> None:
    """By its number, from 1; what is wrong with it stands at its own place, and a number that none has is refused."""
    path = tmp_path / "town.yaml"
    path.write_text(yaml.safe_dump(town().resolved()), encoding="utf-8")

    def compared(*sets: str, scenarios: int = 3) -> Result:
        options = [word for said in sets for word in ("--set", said)]
        page = tmp_path / f"{len(list(tmp_path.iterdir()))}.html"
        return CliRunner().invoke(
            cli, ["compare", *[str(path)] * scenarios, "-n", "1", "--json", *options, "--out", str(page)]
        )

    found = compared("1:units.Desk.staff=5", "units.Desk.overtime=2", "3:units.Desk.staff=4", "3:name=last")
    document = json.loads(found.stdout)
    assert document["officers"] == {"one station": {"Desk": 5}, "one station (2)": {"Desk": 2}, "last": {"Desk": 4}}
    assert document["what_differs"]["one station (2)"] == ["units.Desk.staff: 5 → 2"]
    assert document["remarks"][:1] == [
        "--set units.Desk.overtime=2 holds for every scenario, the baseline too. Write 2:units.Desk.overtime=2 for the "
        "second.",
    ]
    for number in ("0", "4"):
        refused = compared(f"{number}:units.Desk.staff=5")
        assert refused.exit_code == 2
        assert f"there is no scenario {number} here (1 is {path}, 2 is {path}, 3 is {path})" in refused.output
    wrong = compared("units.Desk.staff=5", "2:units.Desk.staff=2.5")
    assert isinstance(wrong.exception, ScenarioError)
    assert [str(finding).startswith("--set:2:18: units.Desk.staff") for finding in wrong.exception.findings] == [True]
    for command in ("run", "show", "mechanisms", "validate"):
        refused = CliRunner().invoke(cli, [command, str(path), "--set", "2:units.Desk.staff=5"])
        assert (refused.exit_code, "there is no scenario 2 here" in refused.output) == (2, True)


def test_what_matters_is_what_the_reader_says(tmp_path: Path) -> None:
    path = tmp_path / "town.yaml"
    path.write_text(yaml.safe_dump(town().resolved()), encoding="utf-8")
    arguments = ["compare", str(path), str(path), "-n", "2", "--set", "2:units.Desk.staff=3"]
    told = {}
    for number, (sizes, said) in enumerate(
        (
            ((), "0.5 pp (shares), 0.005 (scores) or 1 % of the baseline"),
            (("20%", "3 pp"), "3.0 pp (shares), 0.03 (scores) or 20 % of the baseline"),
        )
    ):
        options = [word for size in sizes for word in ("--relevant", size)]
        page = tmp_path / f"{number}.html"
        found = CliRunner().invoke(cli, [*arguments, *options, "--out", str(page)], catch_exceptions=False)
        words = " ".join(found.stdout.split())
        for text in (words, page.read_text(encoding="utf-8").replace("\u00a0", " ")):
            assert said in text
        told[sizes] = words
    faster = [float(words.split("Requests in both (")[1].split(": ")[1].split(" %")[0]) for words in told.values()]
    assert faster[0] > faster[1] > 0
    for sizes in (["5"], ["-1%"], ["1%", "2%"], ["1h"]):
        options = [word for size in sizes for word in ("--relevant", size)]
        assert CliRunner().invoke(cli, [*arguments, *options]).exit_code == 2


def test_quantiles_of_a_comparison_are_those_of_the_requests() -> None:
    """The ⌈p·n⌉-th smallest of the whole city, units, districts and categories, where measures have a bin's middle."""
    base, other = full(), full(contact={"work": "40 min"})
    found = sim.compare([base, other], 2, processes=1)
    rows = found.measures.set_index(["scenario", "replication", "measure", "group_by", "group"])["value"]
    checked = 0
    for scenario, name in zip((base, other), found.names, strict=True):
        for replication in range(2):
            out = sim.simulate(scenario, replication)
            requests = out.counted
            hours = (requests["first_closed"] - requests["arrived"]).where(requests["status"] != "open", math.inf)
            hours = hours.mask(requests["first_closed"].notna(), requests["first_closed"] - requests["arrived"])
            bins = sim.measures(out).set_index(["measure", "group_by", "group"])["value"]
            for dimension, column in (("", None), ("unit", "owner_unit"), ("district",) * 2, ("category",) * 2):
                for group in [None] if column is None else requests[column].dropna().unique():
                    of = hours if column is None else hours[requests[column] == group]
                    of = of.dropna().sort_values().to_numpy()
                    key = json.dumps([] if group is None else [group])
                    for measure, share in (("time_to_close_p50", 0.5), ("time_to_close_p90_among_closed", 0.9)):
                        values = of[of < math.inf] if "among" in measure else of
                        at = (name, replication, measure, dimension, key)
                        if at not in rows.index or not len(values):
                            continue
                        exact = values[math.ceil(share * len(values) - 1e-9) - 1]
                        assert rows[at] == exact or (math.isnan(rows[at]) and exact == math.inf)
                        assert exact == math.inf or bins[at[2:]] == pytest.approx(exact, rel=0.0026)
                        checked += exact < math.inf
    assert checked > 40
    shown = found.differences.query("grid > 0 and group_by in ('', 'unit', 'district', 'category')")
    assert {*shown["measure"]} == {"birth_to_fix_p50"}  # the other is not reached
    assert (found.differences.query("measure == 'time_to_close_p50' and group_by == 'month'")["grid"] > 0).any()


def test_units_come_first_with_their_officers_in_both() -> None:
    base = full()
    units = {name: {**spec} for name, spec in FULL["units"].items()}
    units["Works"]["staff"] = 9
    served = {name: {**spec} for name, spec in FULL["categories"].items()}
    served["Noise"]["unit"] = "Newcomers"
    units["Newcomers"] = {"staff": 4}
    found = sim.compare([base, full(name="More", units=units, categories=served)], 2, processes=1)
    text, page = comparison_text(found), sound(comparison_page(found)).words
    here = officers(build_city(base))["Works"]
    row = next(line for line in text.splitlines() if line[2:].startswith("Works"))
    assert f"Works {here}→9" in " ".join(row.split())
    assert "Newcomers –→4" in " ".join(text.split())
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  by unit"))
    assert lines.index(row) in (at + 2, at + 3)  # before units whose officers are as many
    assert at < next(i for i, line in enumerate(lines) if line.startswith("  measure"))
    assert f"{here} → 9" in page
    assert re.search("Newcomers *– → 4", page)
    assert page.index("By unit") < page.index("headline measures")


def test_names_that_begin_alike_are_told_apart() -> None:
    names = ["Request for Pothole Repair", "Request for Pothole Repair (Internal)", "Street"]
    assert told_apart(names, 21) == {
        names[0]: "Request fo…ole Repair",
        names[1]: "Request fo…(Internal)",
        "Street": "Street",
    }
    assert told_apart(["A long name of a place"], 10) == {"A long name of a place": "A long na…"}


def test_units_with_other_requests_have_no_interval() -> None:
    """Their difference is not that of a rule: an interval beside it would be read as an effect."""
    busy = town(categories=RATED, unit={"staff": 3})
    found = sim.compare([town(categories=RATED), busy], 3, processes=1)
    other = dataclasses.replace(found, differences=found.differences.assign(other_requests=True))
    assert "Differences, with 95 % intervals" in comparison_text(found)
    assert "Differences, with 95 % intervals" not in comparison_text(other)
    names = Names(found.scenarios[0])
    cells = [str(units_table(variants(one)[0], names)[0].groups[0][1]) for one in (found, other)]
    assert ["<br>" in cell for cell in cells] == [True, False]
