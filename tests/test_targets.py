"""Published figures: held against a run, inside or outside, and never counted as predicted where they were fitted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pages import sound

import sim
from sim.experiment.runs import Run, run
from sim.measurement import REGISTRY
from sim.report.against import against_targets
from sim.report.page import run_page
from sim.report.results import Results
from sim.report.text import measures_json, run_text
from sim.scenario import ScenarioError
from sim.scenario.targets import MEASURES

TARGET = "targets.late={measure: breach_share, value: 0.2, tolerance: 0.01}"


@pytest.fixture(scope="module")
def plain() -> Run:
    return run(sim.load("teaching"), 3, processes=1)


def told(value: float, tolerance: float, measure: str = "breach_share", more: str = "") -> Run:
    target = f"{{measure: {measure}, value: {value!r}, tolerance: {tolerance!r}{more}}}"
    return run(sim.load("teaching", [f"targets.late={target}"]), 3, processes=1)


def test_the_measures_are_those_of_the_catalogue() -> None:
    assert {name for name in MEASURES if "" not in REGISTRY[name].groups} == set()


@pytest.mark.long
def test_inside_is_when_the_interval_meets_the_value(plain: Run) -> None:
    found = Results(plain.measures, plain.scenario).city("breach_share")
    half = found.upper - found.mean
    for distance, tolerance, word in (
        (0.0, 0.0, "inside"),
        (0.9, 0.0, "inside"),
        (1.5, 0.0, "outside"),
        (1.5, 0.6, "inside"),
        (-1.5, 0.0, "outside"),
        (-1.5, 0.6, "inside"),
    ):
        held = told(found.mean + distance * half, tolerance * half)
        (one,) = against_targets(held.scenario, Results(held.measures, held.scenario))
        assert one.verdict.split(" ")[0] == word, (distance, tolerance)
        if word == "outside":
            assert abs(one.off) == pytest.approx(half * (abs(distance) - 1 - tolerance))
        assert one.verdict in run_text(held)
        assert one.verdict in sound(run_page(held)).words
        assert json.loads(measures_json(held, Path("x")))["targets"][0]["inside"] == (word == "inside")


def test_value_interval_and_tolerance_have_one_unit(plain: Run) -> None:
    """That of the larger of what is published and what was simulated: here both in days, or both in hours."""
    median = Results(plain.measures, plain.scenario).city("time_to_close_p50").mean
    for value, tolerance, unit in ((72.0, 12.0, "d"), (1.5 * median, 0.5, "h")):
        target = f"targets.median={{measure: time_to_close_p50, value: {value!r}, tolerance: {tolerance!r}}}"
        (one,) = against_targets(sim.load("teaching", [target]), Results(plain.measures, plain.scenario))
        assert {text.split()[-1] for text in (*one.texts, one.tolerance, one.interval)} == {unit}


def test_what_was_fitted_is_not_predicted() -> None:
    predicted, fitted = (told(0.2, 0.01, more=more) for more in ("", ", fitted_to: [categories.*.work]"))
    assert "nothing: predicted" in sound(run_page(predicted)).words
    assert "fitted, not predicted" not in run_text(predicted)
    assert "1 of these figures were met by setting" in sound(run_page(fitted)).words
    assert "fitted, not predicted" in run_text(fitted)


def test_counts_are_those_of_the_whole_city() -> None:
    scenario = sim.load("beijing-2024", ["scale=1:10000"])
    held = run(scenario, 2, processes=1)
    one = against_targets(scenario, Results(held.measures, scenario))[0]
    assert one.target.measure == "contacts"
    assert 0.9 < one.simulated.mean / one.target.value < 1.1
    assert one.source is not None
    assert one.source.grade == "V"
    rate = against_targets(scenario, Results(held.measures, scenario))[1]
    assert rate.simulated == Results(held.measures, scenario).city("resolution_rate")


def test_targets_move_no_number(plain: Run) -> None:
    scenario = sim.load("teaching", [TARGET])
    assert scenario.digest == plain.scenario.digest
    assert "Beside published figures" not in sound(run_page(plain)).words
    assert sim.load("beijing-before").targets == {}


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("{measure: breach_shar, value: 0.2, tolerance: 0}", "did you mean “breach_share”"),
        ("{measure: breach_share, value: 0.2}", "is missing"),
        ("{measure: breach_share, value: 0.2, tolerance: -1}", "must not be negative"),
        ("{measure: breach_share, value: 0.2, tolerance: 0, fitted_to: [categories.*.wrok]}", "there is nothing at"),
    ],
)
def test_what_is_wrong_with_a_target_is_said(target: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        sim.load("teaching", [f"targets.late={target}"])
