"""A policy or a parameter that has nothing to act on is refused; one whose place another takes is said."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from scenario_texts import TOWN, place, town, wrongs

from sim.scenario import from_dict, from_text
from sim.scenario.needs import LEVELS, NEEDS
from sim.scenario.schema import Scenario
from sim.scenario.shape import shape_at

DESK = "dispatch: {pool: desk, work: 4 min, accuracy: 0.9}\n"
NOWHERE = "needs a dispatch desk (dispatch)"
CALLBACK = "callback: {pool: desk, work: 1 min, "

# a policy in a town without what it needs; what is pointed at; what is missing; what else would be there
NEEDED = [
    ("first_recipient: {coordination: 1 h}", "first_recipient", NOWHERE, DESK),
    ("precise_dispatch: {accuracy: 0.97}", "precise_dispatch", NOWHERE, DESK),
    ("precise_dispatch: {}", "precise_dispatch", NOWHERE, DESK),
    (
        "precise_dispatch: {direct_to_street: true}",
        "direct_to_street",
        "needs a district's desk to pass by (dispatch.district_desk)",
        DESK.replace("}", ", district_desk: {pool: desk, work: 1 min}}"),
    ),
    (
        "precise_dispatch: {duplicates: 0}",
        "duplicates",
        "needs a category that is reported again (reports: {every:",
        "",
    ),
    ("time_limits: {contact: 1 d}", "contact", "needs a stage in which citizens are c", "contact: {work: 5 min}\n"),
    (
        "time_limits: {extension: {ask_before: 1 d, probability: 0, length: 1 d}}",
        "extension",
        "needs a limit to resolve (policies.time_limits.resolve or by_category)",
        "",
    ),
    ("time_limits: {from: arrival}", "from", "needs a limit of contact or to resolve", ""),
    ("instant_answer: {answered: 0}", "instant_answer", "needs a category of the kind consultation", ""),
    (CALLBACK + "after: due}", "after", "needs a limit to resolve", ""),
    (CALLBACK + "reopen: {to: dispatch}}", "to:", NOWHERE, DESK),
    (
        CALLBACK + "exclusion: {on: satisfied, asks: 0, granted: 0, review: {pool: desk, work: 1 h}}}",
        "on: satisfied",
        "needs an answer to that (policies.callback.satisfied)",
        "",
    ),
    (
        "trust: {gain: 0, decay: 0.1, neutral: 0.5}",
        "trust",
        "needs callbacks that ask for satisfaction (policies.callback.satisfied)",
        "",
    ),
    (
        "surge: {triggers: [{pool: desk, when: waiting > 1, check: 1 h}], adds: 1, wage: 9 / h, from: Parks}",
        "wage",
        "needs people from outside",
        "",
    ),
    (
        "classified_handling: {discipline: due, head_start: {urgent: 1 h}}",
        "head_start",
        "needs the discipline aged",
        "",
    ),
]


def bare(*changes: tuple[str, str]) -> str:
    """The small town without a desk and without consultations."""
    return town((DESK, ""), ("kind: consultation, ", ""), *changes)


@pytest.mark.parametrize(("policy", "part", "missing", "there"), NEEDED)
def test_what_a_policy_needs(policy: str, part: str, missing: str, there: str) -> None:
    text = bare()
    if part in ("direct_to_street", "duplicates"):
        text += DESK
    line = f"policies: {{{policy}}}\n"
    [found] = wrongs(text + line)
    assert found.startswith(f"town.yaml:{place(text + line, part, text)}: policies.")
    assert f": has nothing to act on: it {missing}" in found
    if there:
        from_text((text if DESK in there or DESK not in text else text.replace(DESK, "")) + line + there)


@pytest.mark.parametrize(
    ("open_days", "demand"),
    [
        ("holidays: [2024-03-05]", "{holidays: {calendar: office}}"),
        ("holidays: [2024-03-05]", "{holidays: {calendar: office, as: sat}, hours: [" + ", ".join("1" * 24) + "]}"),
        ("workdays_like: tue", "{weekdays: {sun: 0.5}, holidays: {calendar: office}}"),
    ],
)
def test_holidays_need_days_and_what_holds_on_them(open_days: str, demand: str) -> None:
    line = f"demand: {demand}\n"
    text = town(("{open: {mon-fri: 9:00-17:00}", f"{{open: {{mon-fri: 9:00-17:00}}, {open_days}")) + line
    [found] = wrongs(text)
    assert "demand.holidays: has nothing to act on: it needs a calendar with holidays or make-up working days" in found
    there = {open_days: "workdays: [2024-03-09]", "holidays: {calendar": "holidays: {factor: 1, calendar"}
    from_text(functools.reduce(lambda text, part: text.replace(*part), there.items(), text))


def test_holidays_outside_the_run_are_said() -> None:
    demand = "format: 2\ndemand: {holidays: {calendar: office, factor: 0.5}}\n"
    for holiday, said in (("2024-03-11", True), ("2024-03-10", False)):
        text = town(("{open: {mon-fri: 9:00-17:00}", f"{{open: {{mon-fri: 9:00-17:00}}, holidays: [{holiday}]"))
        notes = [str(note).partition(": ")[2] for note in from_text(text + demand).notes]
        message = "no holiday or make-up working day of “office” is within the run"
        assert notes == [f"demand.holidays: does nothing: {message}"] * said


@pytest.mark.parametrize(
    ("end", "every", "finding"),
    [
        ("2024-04-01", "1 month", "duty_list: has nothing to act on: it needs a turn of the month within the run"),
        ("2024-05-20", "2 months", ""),
        ("2024-05-20", "3 months", "upkeep: has nothing to act on: it needs a run over as many turns of the month"),
        ("2024-05-20", "0 months", "every: whole calendar months such as “3 months” are wanted, not “0 months”"),
        ("2024-05-20", "2", "every: whole calendar months such as “3 months” are wanted, not “2”"),
        ("2024-05-20", "30 d", "every: whole calendar months such as “3 months” are wanted, not “30 d”"),
    ],
)
def test_a_duty_list_needs_the_turns_of_its_months(end: str, every: str, finding: str) -> None:
    text = town(("end: 2024-03-11", f"end: {end}"))
    text += f"policies: {{precise_dispatch: {{duty_list: {{drift: 0, upkeep: {{every: {every}, work: 1 h}}}}}}}}\n"
    if not finding:
        assert from_text(text).resolved()["policies"]["precise_dispatch"]["duty_list"]["upkeep"]["every"] == every
        return
    [found] = wrongs(text)
    assert finding in found


ACTING = [
    ("time_limits: {resolve: 1 d, extension: {ask_before: 1 h, probability: 0, length: 1 d}}", ()),
    ("time_limits: {by_category: {Noise: 1 d}, extension: {ask_before: 1 h, probability: 0, length: 1 d}}", ()),
    ("time_limits: {parking: {share: 0.1, time: 1 d}}", ()),
    ("time_limits: {calendar: office, resolve: 1 d}", ()),
    ("time_limits: {from: arrival, contact: 1 d}", ((DESK, DESK + "contact: {work: 5 min}\n"),)),
    ("precise_dispatch: {duplicates: 0}", (("total: 5000 / year", "total: 5000 / year\n    reports: {every: 1 d}"),)),
    ("precise_dispatch: {direct_to_street: false}", ()),
    ("classified_handling: {discipline: aged, head_start: {urgent: 1 h}}", ()),
    (CALLBACK + "after: closing, reopen: {to: owner}}", ()),
]


@pytest.mark.parametrize(("policy", "changes"), ACTING)
def test_what_has_something_to_act_on_is_accepted(policy: str, changes: tuple[tuple[str, str], ...]) -> None:
    from_text(town(*changes) + f"policies: {{{policy}}}\n")


OWN = ("total: 5000 / year", "total: 5000 / year\n    accuracy: 0.9")
OTHERS_OWN = ("rate: 0.4 / year", "rate: 0.4 / year, accuracy: 0.9")
RAISE = "acts on nobody: every category names its own: write policies.precise_dispatch.at_least to raise them"

# parameters that are the level of those that name none themselves, where every one does
NOBODY = [
    ("", (OWN, OTHERS_OWN), "dispatch.accuracy", RAISE),
    (
        "precise_dispatch: {accuracy: 0.97, by_category: {Question: 0.9}}",
        (OWN, (", accuracy: 0.9}\ncat", "}\ncat")),
        "policies.precise_dispatch.accuracy",
        RAISE,
    ),
    (
        "instant_answer: {answered: 0.5, by_category: {Question: 0.7}}",
        (),
        "policies.instant_answer.answered",
        "acts on nobody: every consultation names its own",
    ),
    (
        "classified_handling: {out_of_scope: 0, by_category: {Question: 0.7, Noise: 0}}",
        (),
        "policies.classified_handling.out_of_scope",
        "acts on nobody: every category names its own",
    ),
    (
        "classified_handling: {discipline: class}",
        (("Roads: {", "Roads: {discipline: fcfs, "), ("Parks: {staff", "Parks: {discipline: due, staff")),
        "policies.classified_handling.discipline",
        "acts on nobody: every unit names its own",
    ),
    (
        "time_limits: {resolve: 1 d, by_category: {Question: 1 d, Noise: 2 d}}",
        (),
        "policies.time_limits.resolve",
        "acts on nobody: every category names its own",
    ),
    (
        "time_limits: {parking: {share: 0, time: 1 d, by_category: {Question: 0, Noise: 0}}}",
        (),
        "policies.time_limits.parking.share",
        "acts on nobody: every category names its own",
    ),
]


@pytest.mark.parametrize(("policy", "changes", "path", "message"), NOBODY)
def test_a_level_that_everybody_overrides(
    policy: str, changes: tuple[tuple[str, str], ...], path: str, message: str
) -> None:
    [found] = wrongs(town(*changes) + (f"policies: {{{policy}}}\n" if policy else ""))
    assert found.partition(": ")[2] == f"{path}: {message}"


def test_all_that_cannot_act_is_said_at_once() -> None:
    found = wrongs(
        bare()
        + """policies:
  first_recipient: {coordination: 1 h}
  precise_dispatch: {duplicates: 0.1}
  instant_answer: {answered: 0}
  time_limits: {contact: 1 d, extension: {ask_before: 1 d, probability: 0, length: 1 d}}
  classified_handling: {head_start: {urgent: 1 h}}
  callback: {pool: desk, work: 1 min, after: due, reopen: {to: dispatch}}
"""
    )
    assert [line.split(": ")[1].removeprefix("policies.") for line in found] == [
        "first_recipient",
        "precise_dispatch",
        "instant_answer",
        "time_limits.contact",
        "time_limits.extension",
        "classified_handling.head_start",
        "callback.after",
        "callback.reopen.to",
    ]


@pytest.mark.parametrize("key", [rule.key for rule in (*NEEDS, *LEVELS)])
def test_the_tables_know_only_keys_that_exist(key: str) -> None:
    assert shape_at(Scenario, tuple(key.split("."))) is not None


@pytest.mark.parametrize("key", [rule.key for rule in NEEDS])
def test_the_docs_say_what_each_needs(key: str) -> None:
    page = Path(__file__).resolve().parent.parent / "docs" / "scenarios.md"
    table = page.read_text(encoding="utf-8").split("## What policies need")[1].split("##")[0]
    assert f"`{key}`" in table


NOTED = [
    (
        "first_recipient: {coordination: 1 h}, callback: {pool: desk, work: 1 min, reopen: {to: dispatch}}",
        (),
        "policies.callback.reopen.to: does nothing: policies.first_recipient overrules it",
    ),
    (
        "first_recipient: {coordination: 1 h}, precise_dispatch: {redispatch_accuracy: 0.95}",
        (),
        "policies.precise_dispatch.redispatch_accuracy: does nothing: policies.first_recipient overrules it",
    ),
    (
        "precise_dispatch: {by_category: {Noise: 0.97}}",
        (OWN,),
        "categories.Noise.accuracy: does nothing: policies.precise_dispatch.by_category overrules it",
    ),
]


@pytest.mark.parametrize(("policies", "changes", "sentence"), NOTED)
def test_what_is_overruled_is_said(policies: str, changes: tuple[tuple[str, str], ...], sentence: str) -> None:
    text = "format: 2\n" + town(*changes) + f"policies: {{{policies}}}\n"
    [note] = from_text(text, "town.yaml").notes
    assert str(note).partition(": ")[2].startswith(sentence)
    assert note.line > 1


@pytest.mark.parametrize("policies", ["precise_dispatch: {accuracy: 0.97}", "first_recipient: {coordination: 1 h}"])
def test_what_a_policy_is_there_to_replace_needs_no_word(policies: str) -> None:
    text = "format: 2\n" + town(("accuracy: 0.9}", "accuracy: 0.9, redispatch_accuracy: 0.95}"))
    assert not from_text(f"{text}policies: {{{policies}}}\n", "town.yaml").notes


def test_a_resolved_scenario_reads_back_without_what_cannot_act() -> None:
    handling = "policies: {classified_handling: {discipline: aged, by_category: {Noise: 0, Question: 0}}}\n"
    for text in (TOWN + handling, town(OWN, OTHERS_OWN, ("accuracy: 0.9}\n", "}\n"))):
        scenario = from_text(text)
        data: dict[str, Any] = scenario.resolved()
        assert from_dict(data).digest == scenario.digest
        assert from_dict(data) == scenario
