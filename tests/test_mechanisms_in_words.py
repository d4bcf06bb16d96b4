"""What `show` and `compare` say of the mechanisms: every one has its sentences, with the numbers of this scenario."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import BaseModel
from towns import full

import sim
from sim.cli import cli
from sim.model.city import build_city
from sim.report.changes import other_requests, what_differs
from sim.report.comparison_text import comparison_text
from sim.report.mechanism_list import mechanism_list
from sim.report.mechanisms import MECHANISMS, in_words
from sim.report.page import comparison_page, run_page
from sim.report.show import show_text
from sim.report.text import comparison_json
from sim.scenario import Scenario
from sim.scenario.needs import NEEDS
from sim.scenario.policies import Policies


def words(scenario: Scenario) -> dict[str, str]:
    return in_words(build_city(scenario))


def test_every_policy_has_sentences_and_nothing_else() -> None:
    assert set(MECHANISMS) == set(Policies.model_fields)


def test_only_mechanisms_that_are_on_are_told() -> None:
    everything = full(policies={"first_recipient": {"coordination": "1 h"}})
    on = {key for key in Policies.model_fields if getattr(everything.policies, key) is not None}
    assert set(words(everything)) == on
    assert len(on) > 4
    nothing = sim.load("boston-2011")
    assert set(words(nothing)) == {"time_limits"}
    for key, sentence in words(everything).items():
        assert sentence.startswith(f"{MECHANISMS[key].english} ({MECHANISMS[key].chinese}): ")
        assert " ".join(sentence.split()) in " ".join(show_text(everything).split())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("online.move.share=0.25", "of 100 who would call, 25 come online"),
        ("online.talk_factor=0.62", "Agents talk 62 % as long on the phone"),
        ("online.dispatch.at_least=1", "needs 100 % of its time and finds the right one at once in 100 of 100"),
        ("instant_answer.answered=0.625", "of 100 consultations 62.5 are answered"),
        ("instant_answer.answered=0.0004", "consultations fewer than 0.1 are answered"),
        ("instant_answer.answered=0.9999", "consultations more than 99.9 are answered"),
        ("precise_dispatch.at_least=1", "right unit at once in 100 instead of "),
        ("first_recipient.coordination=3 h", "in one visit of 3.0 h on average"),
        ("classified_handling.out_of_scope=0.035", "3.5 are out of scope"),
        ("classified_handling.discipline=due", "3 units serve by due date"),
        ("time_limits.resolve.urgent=30 h", "2 h (emergency), 30 h (urgent)"),
        ("callback.reopen.at_most=3", "their owner, up to 3 times"),
        ("callback.resolved.if_false=0.4", "40 of 100 where it is not"),
        ("callback.after=due", "when they are due, the citizens of"),
    ],
)
def test_the_numbers_are_those_of_the_scenario(change: str, said: str) -> None:
    town = sim.load("teaching", [f"policies.{change}"])
    assert said in words(town)[change.split(".")[0]]


def test_better_dispatch_is_told_beside_the_usual_one() -> None:
    town = sim.load("teaching", ["policies.precise_dispatch.accuracy=0.97"])
    usual = sim.load("teaching").dispatch
    assert usual is not None
    assert f"in 97 instead of {100 * usual.accuracy:g} of 100 cases" in words(town)["precise_dispatch"]


def test_a_duty_list_is_told_with_its_upkeep() -> None:
    time = {"start": "2024-03-04", "end": "2024-05-20"}
    lists: dict[str, Any] = {"drift": 0.02}
    said = words(full(time=time, policies={"precise_dispatch": {"duty_list": lists}}))["precise_dispatch"]
    assert "Of 100 right entries of the duty list 2 are wrong a month later; nobody keeps it up to date." in said
    lists["upkeep"] = {"work": "30 h", "every": "2 months"}
    said = words(full(time=time, policies={"precise_dispatch": {"duty_list": lists}}))["precise_dispatch"]
    assert "every 2 months the desk brings it up to date, in 30.0 h of work on average" in said


def test_exclusion_is_told_with_its_review() -> None:
    review = {"pool": "callback", "work": "20 min"}
    callback = {"pool": "callback", "work": "3 min", "exclusion": {"asks": 0.6, "granted": 0.5, "review": review}}
    said = words(full(policies={"callback": callback}))["callback"]
    assert "whose citizen says “not resolved” units ask to leave 60 out of the rates; 50 of 100 askings are" in said
    assert "granted, after a review of 20 min on average at callback." in said


def test_the_council_is_told() -> None:
    table = {"unit": "Street", "share": {"Noise": 0.25}, "settles": 0.6, "first": "2024-03-05 09:00", "every": "7 d"}
    table |= {"hours": "3 h", "seats": 1, "work": "30 min", "wait": "30 h"}
    said = words(full(policies={"council": table}))["council"]
    assert "every 7.0 d a table of Street opens for 3.0 h at each place, with 1 officer from the office." in said
    assert "Of 100 first reports are brought there: 25 of Noise; 60 of 100 are settled." in said
    assert "for a seat citizens wait up to 30.0 h, then they call." in said


def test_limits_are_said_once_where_classes_share_them() -> None:
    town = sim.load("teaching")
    said = words(town)["time_limits"]
    assert "contact the citizen within 24 h;" in said
    assert "2 h (emergency), 24 h (urgent), 7 d (ordinary), 15 d (complex)" in said


def test_who_cannot_report_is_told_of_classes_that_there_are() -> None:
    """City departments close for holidays, but no emergency has a part for them."""
    said = words(sim.load("beijing-2024"))["whistle"]
    assert "A part is to be begun within 30 min (emergency)." in said
    assert (
        "District departments: closed for up to 12.0 h; what is whistled for then does not begin within 30 min." in said
    )
    assert "City departments: closed" not in said
    said = words(sim.load("beijing-2024", ["policies.whistle.report_by.ordinary=2 h"]))["whistle"]
    assert "City departments: closed for up to " in said
    assert "does not begin within 2.0 h." in said


def test_a_comparison_begins_with_what_differs() -> None:
    base = sim.load("teaching")
    changes = [
        "name=another",
        "policies.first_recipient.coordination=1 h",
        "policies.instant_answer.answered=0.9",
        "units.Roads.staff=5",
    ]
    variant = sim.load("teaching", changes)
    told = what_differs(build_city(base), build_city(variant))
    assert any(line.startswith("On here, off in the baseline. First recipient") for line in told)
    assert any("Here: of 100 consultations 90 are" in line and "In the baseline: of 100" in line for line in told)
    assert "units.Roads.staff: 3 → 5" in told
    assert not any("coordination:" in line for line in told)  # told with its mechanism
    assert any(
        line.startswith("Off here, on in the baseline. First recipient")
        for line in what_differs(build_city(variant), build_city(base))
    )
    assert what_differs(build_city(base), build_city(sim.load("teaching", ["name=the same"]))) == []
    compared = sim.compare([base, variant], 2)
    text = comparison_text(compared)
    assert text.index("What differs:") < text.index("units.Roads.staff: 3 → 5") < text.index("difference  ")
    assert json.loads(comparison_json(compared))["what_differs"] == {"another": told}
    assert max(len(line) for line in text.splitlines()) <= 80


def test_other_requests_are_said_to_be_others() -> None:
    """With fewer answered on the spot, easy matters become requests: the median falls and nothing is better."""
    base = sim.load("teaching")
    fewer = sim.compare([base, sim.load("teaching", ["name=fewer", "policies.instant_answer.answered=0.3"])], 2)
    said = other_requests(fewer, "fewer")
    assert said.startswith("These are not the same requests: ")
    table = fewer.measures[(fewer.measures["measure"] == "requests") & (fewer.measures["group_by"] == "")]
    for mean in table.groupby("scenario")["value"].mean():
        assert f"{mean:,.0f} " in said
    assert said in " ".join(comparison_text(fewer).split())
    assert said in " ".join(comparison_page(fewer).replace("\u00a0", " ").split())
    assert json.loads(comparison_json(fewer))["other_requests"] == {"fewer": said}
    text = comparison_text(fewer)
    lines = [line for line in text.splitlines() if "Median time to close" in line]
    assert lines[0].startswith("≠")  # of all requests
    assert not lines[1].startswith("≠")  # of those in both
    assert "by district, in both" in text
    assert "Other requests in all" in comparison_page(fewer)
    staff = sim.compare([base, sim.load("teaching", ["name=staff", "units.Roads.staff=5"])], 2)
    assert other_requests(staff, "staff") == ""
    assert "not the same requests" not in comparison_text(staff)


def test_of_a_mechanism_that_is_on_in_both_only_what_differs_is_told() -> None:
    base = sim.load("teaching")
    more = sim.load("teaching", ["policies.callback.reopen.at_most=2"])
    assert what_differs(build_city(base), build_city(more)) == [
        "Callback and scoring (回访考评): Here: Of 100 that are said to be unresolved 100 go back to their owner, up "
        "to 2 times. In the baseline: Of 100 that are said to be unresolved 100 go back to their owner, once.",
        "policies.callback.reopen.at_most: 1 → 2",
    ]


def test_a_long_list_of_values_is_cut_and_counted() -> None:
    base = sim.load("teaching")
    months = [f"demand.months.{month}=0.9" for month in range(1, 10)]
    told = what_differs(build_city(base), build_city(sim.load("teaching", months)))
    assert told[-1] == "and 3 more values, which the report lists"
    assert len(told) == 7


# --- citysim mechanisms ----------------------------------------------------------------------------------------------


def leaves(model: type[BaseModel], before: str = "") -> set[str]:
    """The keys below a section as the JSON schema has them."""
    schema = model.model_json_schema(by_alias=True)

    def walk(part: dict[str, Any], path: str) -> set[str]:
        found: set[str] = set()
        for name, inner in part.get("properties", {}).items():
            inner = next((one for one in inner.get("anyOf", [inner]) if one.get("type") != "null"), inner)
            inner = inner.get("items", inner)
            inner = schema["$defs"][inner["$ref"].rsplit("/", 1)[1]] if "$ref" in inner else inner
            found |= walk(inner, f"{path}{name}.") if "properties" in inner else {f"{path}{name}"}
        return found

    return walk(schema, before)


def test_all_keys_are_listed_and_no_other() -> None:
    listed = {f"{entry['key']}.{key}" for entry in mechanism_list() for key in entry["keys"]}
    assert listed == leaves(Policies, "policies.")


def test_every_need_of_a_policy_is_listed() -> None:
    listed = {
        (f"{entry['key']}.{key}".removesuffix("."), needs)
        for entry in mechanism_list()
        for key, needs in entry["needs"].items()
    }
    written = [(f"{need.key}{f': {need.value}' if need.value else ''}", need.needs) for need in NEEDS]
    assert listed == {(key, needs) for key, needs in written if key.startswith("policies.")}


def test_the_command_says_what_is_on() -> None:
    town = sim.load("teaching")
    result = CliRunner().invoke(cli, ["mechanisms", "teaching", "--set", "policies.first_recipient.coordination=1 h"])
    assert result.exit_code == 0, result.output
    assert "In “A small town, one week” 4 of 16 are on." in result.output  # escalation is part of one
    assert "First recipient (首接负责), policies.first_recipient  – on" in result.output
    assert "Whistle and report (吹哨报到), policies.whistle  – off" in result.output
    assert max(len(line) for line in result.output.splitlines()) <= 80
    on = {entry["key"] for entry in mechanism_list(town) if entry["on"]}
    assert on == {f"policies.{key}" for key in words(town)}
    for entry in mechanism_list(town):
        assert (entry["here"] == "") == (not entry["on"])
    plain = json.loads(CliRunner().invoke(cli, ["mechanisms", "--json"]).output)
    assert plain == mechanism_list()
    alone = CliRunner().invoke(cli, ["mechanisms", "--set", "scale=1:2"])
    assert alone.exit_code == 2


def test_the_report_tells_them_too() -> None:
    town = sim.load("teaching")
    page = " ".join(run_page(sim.run(town, 1)).replace("\u00a0", " ").split())
    for sentences in words(town).values():
        assert sentences.split("): ", 1)[1] in page
