"""From files to a scenario: defaults, extends, overrides, canonical form."""

from __future__ import annotations

import json
import pickle
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from scenario_texts import TOWN, files, town, town_scenario, wrongs

from sim.scenario import Limit, Scenario, from_dict, from_text, json_schema, load
from sim.scenario.demand_side import Reports
from sim.scenario.distributions import constant
from sim.scenario.staff_side import Headcount

POLICIES = """\
policies:
  instant_answer: {answered: 0.58}
  first_recipient: {coordination: 1 h}
  time_limits:
    from: arrival
    contact: 24 h
    resolve: {urgent: 24 h, ordinary: 3 workdays}
    by_category: {Noise: 8 workhours}
    calendar: office
    extension: {ask_before: 1 d, probability: 0.3, length: 7 d}
    parking: {share: 0.05, time: 30 d}
  classified_handling: {discipline: aged, head_start: {urgent: 4 h}, out_of_scope: 0.02}
  precise_dispatch: {accuracy: 0.97}
  callback:
    pool: desk
    work: 3 min
    satisfied: {said_resolved: 2.5, late: -0.5}
    reopen: {probability: 0.5}
    call_again: {probability: 0.2, after: 2 d}
contact: {work: 5 min}
"""


# -- defaults ------------------------------------------------------------------------------------------------------


def test_defaults_that_come_from_elsewhere() -> None:
    scenario = from_text(TOWN)
    assert scenario.time.count_from == datetime(2024, 3, 4)
    assert scenario.time.count_until == scenario.time.end == datetime(2024, 3, 11)
    assert scenario.dispatch is not None
    assert scenario.dispatch.redispatch_accuracy is None, "as the first look, by category"
    noise = scenario.categories["Noise"]
    assert noise.accuracy is None, "as the desk's, unless precise dispatch says another"
    assert noise.group == "Noise"
    assert noise.urgency == {"ordinary": 1.0}
    assert noise.by_district == {"Old Town": 1.0, "New Town": 1.0}
    assert noise.hours == (1.0,) * 24
    assert scenario.units["Roads"].discipline == "fcfs"
    profile = ", ".join(str(hour) for hour in range(24))
    scenario = from_text(TOWN + f"demand: {{hours: [{profile}]}}\n" + POLICIES)
    assert scenario.categories["Question"].hours == tuple(range(24))
    assert scenario.units["Roads"].discipline == "aged"
    assert scenario.units["Roads"].head_start == {"urgent": 4.0}
    assert scenario.pools["hotline"].discipline == "fcfs"
    limits = scenario.policies.time_limits
    assert limits is not None
    assert limits.contact == {"urgent": Limit(hours=24.0), "ordinary": Limit(hours=24.0)}
    assert limits.resolve["ordinary"] == Limit(workdays=3)
    assert limits.by_category["Noise"].in_working_time


def test_defaults_of_the_schema() -> None:
    scenario = from_text(
        "name: One desk\ntime: {start: 2024-01-01, end: 2024-01-02}\ndistricts: {City: {}}\n"
        "units: {Desk: {staff: 1}}\ncategories: {All: {total: 1 / h, unit: Desk, work: 30 min}}\n"
    )
    assert list(scenario.channels) == ["direct"]
    assert scenario.channels["direct"].share == 1
    assert scenario.channels["direct"].pool is None
    assert scenario.classes == ("ordinary",)
    assert scenario.scale == 1
    assert scenario.categories["All"].resolve == (1.0,)
    assert scenario.categories["All"].reports == Reports()
    assert scenario.demand.weekdays["sun"] == scenario.demand.months[12] == 1
    assert scenario.units["Desk"].staff == Headcount(each=1)
    assert scenario.policies.callback is None


def test_default_weights_of_the_score() -> None:
    callback = from_text(TOWN + POLICIES).policies.callback
    assert callback is not None
    weights = callback.score.weights
    assert (weights.response, weights.resolution, weights.satisfaction) == (0.2, 0.4, 0.4)
    assert callback.retry_after == constant(24.0)


def test_who_is_never_passed_on_needs_no_unit() -> None:
    changes = ("unit: Parks, work: 20 min}", "}")
    always = "policies: {instant_answer: {answered: 1}}\n"
    assert from_text(town(changes) + always).categories["Question"].unit is None
    assert any("its requests need a unit" in line for line in wrongs(town(changes)))


def test_hours_since_the_start() -> None:
    scenario = from_text(TOWN)
    assert scenario.hours_of(scenario.time.end) == 168
    assert scenario.hours_of(datetime(2024, 3, 4, 0, 20)) * 2**30 == round(2**30 / 3)
    assert scenario.hours_of(datetime(2024, 3, 3)) == -24


def test_forms_that_mean_the_same() -> None:
    one = town_scenario(
        ("unit: {Roads: 0.9, Parks: 0.1}", "unit: Roads\n    confused_with: Parks"),
        ("talk: 5 min", "talk: 300 s"),
        ("mon-fri: 9:00-17:00", "mon-wed: 9:00-17:00, thu-fri: [9:00-17:00]"),
        ("{distribution: lognormal, mean: 2 h, cv: 1.5}", "{cv: 15e-1, mean: 120 min, distribution: lognorm}"),
        ("classes: [urgent, ordinary]", "classes: [urgent, ordinary]\nscale: 1:1"),
    )
    two = town_scenario(
        ("unit: {Roads: 0.9, Parks: 0.1}", "unit: {Roads: 1}\n    confused_with: {Parks: 1}\n    resolve: [1]"),
        ("name: Small town", "name: Another name\ndescription: of the same\nsources: {time.**: {kind: data}}"),
    )
    assert one.digest == two.digest
    assert one.digest != from_text(TOWN).digest
    assert {**one.resolved(), "name": "", "description": ""} == {
        **{key: part for key, part in two.resolved().items() if key != "sources"},
        "name": "",
        "description": "",
    }


# -- canonical form ------------------------------------------------------------------------------------------------


def test_resolved_is_json_and_reads_back() -> None:
    shocks = "demand: {day_factor: {city: 0.2}, shocks: {S: {from: 2024-03-05, until: 2024-03-06 06:00, factor: 2}}}\n"
    text = TOWN + shocks + POLICIES + "sources:\n  time.**: {kind: data, note: from the calendar}\n"
    scenario = from_text(text)
    again = from_dict(json.loads(json.dumps(scenario.resolved(), allow_nan=False)))
    assert again == scenario
    assert again.digest == scenario.digest
    assert again.resolved() == scenario.resolved()
    assert again.resolved()["sources"]["time.start"] == {"kind": "data", "note": "from the calendar"}
    assert from_text(yaml.safe_dump(scenario.resolved(), allow_unicode=True)).digest == scenario.digest
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_the_digest_sees_every_number() -> None:
    digests = {
        town_scenario(change).digest
        for change in [
            ("talk: 5 min", "talk: 6 min"),
            ("staff: 3,", "staff: 4,"),
            ("cv: 1.5", "cv: 1.6"),
            ("accuracy: 0.9", "accuracy: 0.91"),
            ("Old Town", "Elder Town"),
        ]
    }
    assert len(digests | {from_text(TOWN).digest}) == 6


def test_a_scenario_cannot_be_changed() -> None:
    scenario: Any = from_text(TOWN)
    with pytest.raises(Exception, match="frozen"):
        scenario.name = "x"


def test_the_json_schema_knows_every_key() -> None:
    schema = json_schema()
    assert {"extends", "sources", "policies", "time"} <= set(schema["properties"])
    assert "required" not in schema  # of a file that extends another
    assert schema["$defs"]["Scenario"]["required"] == ["name", "time", "districts", "categories"]
    assert "from" in schema["$defs"]["TimeLimits"]["properties"]
    assert "default" not in schema["$defs"]["Category"]["properties"]["accuracy"]
    json.dumps(schema, allow_nan=False)


# -- extends -------------------------------------------------------------------------------------------------------


def extended(folder: Path, overlay: str, *overrides: str) -> Scenario:
    return load(files(folder, overlay="extends: town.yaml\n" + overlay, town=TOWN), overrides)


def test_maps_merge_lists_and_scalars_replace(tmp_path: Path) -> None:
    scenario = extended(tmp_path, "name: Variant\nclasses: [a, b, c]\ndistricts: {Third: {population: 5}}\n")
    assert scenario.name == "Variant"
    assert scenario.classes == ("a", "b", "c")
    assert list(scenario.districts) == ["Old Town", "New Town", "Third"]


def test_null_takes_away_what_is_inherited(tmp_path: Path) -> None:
    overlay = "dispatch: null\npools: {desk: null}\ndistricts: {New Town: ~}\nchannels: {phone: {redial: null}}\n"
    scenario = extended(tmp_path, overlay)
    assert scenario.dispatch is None
    assert list(scenario.pools) == ["hotline"]
    assert list(scenario.districts) == ["Old Town"]
    assert scenario.channels["phone"].redial is None


def test_alternatives_replace_as_a_whole(tmp_path: Path) -> None:
    overlay = (
        "categories:\n  Noise:\n    rate: 2 / year\n    unit: {Parks: 1}\n"
        "    work: {distribution: exponential, mean: 1 h}\n"
        "units: {Roads: {shifts: [{days: mon-sun, hours: 0:00-24:00, staff: 1}]}, Parks: {staff: {total: 8}}}\n"
        "pools: {hotline: {staff: 5}}\n"
        "dispatch: {backstop: Roads}\n"
    )
    scenario = extended(tmp_path, overlay)
    noise = scenario.categories["Noise"]
    assert noise.total is None
    assert noise.unit == {"Parks": 1.0}
    assert noise.work is not None
    assert (noise.work.name, noise.work.shapes) == ("expon", ())
    assert scenario.units["Roads"].staff is None
    assert scenario.units["Roads"].calendar is None
    assert scenario.units["Parks"].staff == Headcount(total=8)
    assert scenario.units["Parks"].calendar == "office"
    assert scenario.pools["hotline"].shifts is None
    assert scenario.pools["hotline"].staff == Headcount(each=5)


def test_a_chain_of_files_in_folders(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    files(tmp_path / "parts", middle="extends: town.yaml\nname: Middle\nunits: {Roads: {staff: 9}}", town=TOWN)
    top = files(tmp_path, top="extends: parts/middle.yaml\nunits: {Roads: {wage: 20 / h}}")
    scenario = load(top)
    assert scenario.name == "Middle"
    assert scenario.units["Roads"].staff == Headcount(each=9)
    assert scenario.units["Roads"].wage == 20
    assert from_dict({"extends": "parts/middle.yaml"}, folder=tmp_path).name == "Middle"


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    (tmp_path / "town.yaml").write_bytes(b"\xef\xbb\xbf" + TOWN.replace("\n", "\r\n").encode())
    assert load(tmp_path / "town.yaml").digest == from_text(TOWN).digest


# -- overrides -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "same_as"),
    [
        ("units.Roads.staff=4", ("staff: 3,", "staff: 4,")),
        ("categories.Noise.work.cv = 2", ("cv: 1.5", "cv: 2")),
        ("categories.Noise.work=3 h", ("{distribution: lognormal, mean: 2 h, cv: 1.5}", "3 h")),
        ("categories.Noise.rate=1 / year", ("total: 5000 / year", "rate: 1 / year")),
        ("pools.hotline.shifts.0.staff=7", ("staff: 4}", "staff: 7}")),
        ("units.Roads={staff: 8, calendar: null}", ("Roads: {staff: 3, calendar: office}", "Roads: {staff: 8}")),
        ("units.Roads.calendar=null", ("Roads: {staff: 3, calendar: office}", "Roads: {staff: 3}")),
        ('districts."Old Town".streets=3', ("12000}", "12000, streets: 3}")),
        ("districts.Old Town.label=a=b", ("12000}", "12000, label: a=b}")),
        ("districts.Old Town.label='=: x'", ("12000}", "12000, label: '=: x'}")),
        ("contact.work=5 min", ("categories:", "contact: {work: 5 min}\ncategories:")),
    ],
)
def test_an_override_says_what_the_file_could_say(override: str, same_as: tuple[str, str], tmp_path: Path) -> None:
    assert load(files(tmp_path, town=TOWN), [override]).digest == town_scenario(same_as).digest


def test_later_overrides_win(tmp_path: Path) -> None:
    path = files(tmp_path, town=TOWN)
    assert load(path, ["units.Roads.staff=4", "units.Roads.staff=5"]).units["Roads"].staff == Headcount(each=5)


# -- speed ---------------------------------------------------------------------------------------------------------


def test_a_scenario_of_the_size_of_beijing_loads_fast() -> None:
    districts = "".join(f"  District {i}: {{population: {1000 + i}, streets: 20}}\n" for i in range(16))
    units = "".join(f"  Unit {i}:\n    staff: {i + 3}\n    calendar: office\n    wage: 40 / h\n" for i in range(40))
    categories = "".join(
        f"  Category {i}:\n    total: {i + 1}000 / year\n    urgency: {{urgent: 0.1, ordinary: 0.9}}\n"
        f"    unit: {{Unit {i}: 0.5, Unit {i + 20}: 0.5}}\n    resolve: [0.8, 0.6]\n    hours: {[1] * 24}\n"
        f"    confused_with: {{Roads: 0.5, Parks: 0.5}}\n    reports: {{every: 5 d, give_up: 30 d}}\n"
        f"    by_district: {{District 1: 1.2}}\n    work: {{distribution: weibull, mean: 2 h, cv: 1.5}}\n"
        f"    lead: {{quantiles: {{0: 0 h, 0.5: 2 d, 1: 40 d}}}}\n"
        for i in range(20)
    )
    text = town(
        ("  New Town: {population: 8000}\n", "  New Town: {population: 8000}\n" + districts),
        ("dispatch:", units + "dispatch:"),
        ("categories:\n", "categories:\n" + categories),
    )
    assert text.count("\n") > 400
    from_text(TOWN)
    began = time.perf_counter()
    from_text(text)
    assert time.perf_counter() - began < 0.5  # 0.05 s when nothing else runs
