"""What a key without a value and an explicit null mean, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_texts import TOWN, file_wrongs, files, place, town, wrongs

from sim.scenario import ScenarioError, from_dict, from_text

EMPTY = [
    ("staff: 3,", "staff: 3,200,", "200,", "units.Roads.200: “200” has no value: write numbers without a comma"),
    (
        "share: 0.1}",
        "share: 0.1, label: A, 5 min}",
        "5 min",
        "channels.web.5 min: “5 min” has no value: write numbers without",
    ),
    ("total: 5000 / year", "total:", "total:", "categories.Noise.total: “total” has no value: write null to take"),
    ("web: {share: 0.1}", "web: {share: 0.1, }\n  post:", "post:", "channels.post: “post” has no value"),
    ("cv: 1.5}", "cv: 1.5, sigma}", "sigma", "categories.Noise.work.sigma: “sigma” has no value"),
    ("{Roads: 0.9, Parks: 0.1}", "{Roads: 1, Parks}", "Parks}", "categories.Noise.unit.Parks: “Parks” has no value"),
    ("[urgent, ordinary]", "\n - urgent\n -\n - ordinary", None, "classes.1: nothing stands here: leave the item out"),
    ("dispatch:", "demand: {weekdays: {sat: 0,6}}\ndispatch:", "6}", "demand.weekdays.6: “6” has no value: write numb"),
    (
        "dispatch:",
        "sources: {time.**: {kind: data, note: phone 86.7 %, net 13.3 %}}\ndispatch:",
        "net",
        'sources."time.**"."net 13.3 %": “net 13.3 %” has no value: write null to take away what is inherited, {} for '
        "all defaults, and put text that has a comma in quotes",
    ),
    ("dispatch:", "sources: {units.**: }\ndispatch:", "units.**:", 'sources."units.**": “units.**” has no value'),
    ("name: Small town", "name: Small town\nextends:", "extends", "extends: “extends” has no value"),
    ("name: Small town", "name: Small town\nsources:", "sources", "sources: “sources” has no value"),
    ("name: Small town", "name: Small town\npolicies:", "policies", "policies: “policies” has no value"),
]


@pytest.mark.parametrize(("before", "after", "part", "message"), EMPTY)
def test_a_key_without_a_value_is_refused_once_at_its_place(
    before: str, after: str, part: str | None, message: str
) -> None:
    text = town((before, after))
    [line] = wrongs(text)
    assert line.partition(": ")[2].startswith(message)
    if part is not None:
        assert line.startswith(f"town.yaml:{place(text, part, text[: text.index(after)])}: ")


NULLS = [
    ("web: {share: 0.1}", "web: {share: 0.1}\n  pots: null", "channels.pots: null takes away what is inherited, but"),
    ("cv: 1.5}", "cv: 1.5, sigma: null}", "categories.Noise.work.sigma: null takes away what is inherited"),
    ("{Roads: 0.9, Parks: 0.1}", "{Roads: 1, Parks: null}", "categories.Noise.unit.Parks: null takes away"),
    ("staff: 3,", "stuff: null, staff: 3,", "units.Roads.stuff: unknown key, did you mean “staff”?"),
    ("[urgent, ordinary]", "[urgent, null, ordinary]", "classes.1: null cannot stand in a list"),
    ("staff: 4}, {", "staff: 4}, null, {", "pools.hotline.shifts.1: null cannot stand in a list"),
]


@pytest.mark.parametrize(("before", "after", "message"), NULLS)
def test_a_null_that_takes_nothing_away_is_refused(before: str, after: str, message: str) -> None:
    [line] = wrongs(town((before, after)))
    assert line.partition(": ")[2].startswith(message)


def test_a_null_takes_away_only_what_is_inherited(tmp_path: Path) -> None:
    overlay = (
        "extends: town.yaml\ncontact: null\ncategories: {Question: null, Nois: null}\ncalendars: {office: {opn: ~}}"
    )
    assert file_wrongs(files(tmp_path, overlay=overlay, town=TOWN), tmp_path) == [
        "overlay.yaml:3:30: categories.Nois: null takes away what is inherited, but there is no “Nois” here, did you "
        "mean “Noise”?",
        "overlay.yaml:4:22: calendars.office.opn: unknown key, did you mean “open”?",
    ]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("units.Roads.staff=", "“staff” has no value: write null to take away what is inherited"),
        ("units.Roads={staff: 1,200}", "units.Roads.200: “200” has no value: write numbers without a comma"),
        ("categories.Nois=null", "categories.Nois: null takes away what is inherited, but there is no “Nois” here"),
        ("categories.Noise.work.mode=null", "categories.Noise.work.mode: null takes away"),
        ("pools.hotline.shifts.0=null", "pools.hotline.shifts.0: null cannot stand in a list"),
        ("pools.hotline.shifts.0=", "pools.hotline.shifts.0: nothing stands here"),
        ("pools.hotline.shifts=[null]", "pools.hotline.shifts.0: null cannot stand in a list"),
    ],
)
def test_an_override_needs_a_value(override: str, message: str, tmp_path: Path) -> None:
    [line, *_] = file_wrongs(files(tmp_path, town=TOWN), tmp_path, (override,))
    assert line.startswith("--set:1:")
    assert message in line


def test_none_in_python_data_is_an_explicit_null(tmp_path: Path) -> None:
    files(tmp_path, town=TOWN)
    made = from_dict({"extends": "town.yaml", "dispatch": None, "sources": None}, folder=tmp_path)
    assert made.dispatch is None
    with pytest.raises(ScenarioError) as caught:
        from_dict({"extends": "town.yaml", "categories": {"Nois": None}, "classes": ["a", None]}, folder=tmp_path)
    assert [finding.path for finding in caught.value.findings] == ["categories.Nois", "classes.1"]
    assert from_text(TOWN + "contact: null\n").digest == from_text(TOWN).digest
