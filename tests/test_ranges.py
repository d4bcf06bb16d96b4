"""Experiments over ranges of what nobody knows: the sample, pairs within its points, claims, and what can be wrong."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import sound

import sim
from sim.experiment.sweeps.claims import judged, over_sample
from sim.experiment.sweeps.designs import Design, load_design
from sim.experiment.sweeps.paths import under
from sim.experiment.sweeps.ranges import Uncertainty
from sim.experiment.sweeps.sampling import drawn
from sim.experiment.sweeps.sweep import Sweep, sweep
from sim.inference.signs import goes_with, share_interval, signs
from sim.report.claims import ALWAYS, EITHER, MOSTLY, NEVER, NOTHING, REVERSED, verdict_over
from sim.report.page import sweep_page
from sim.report.sweep_text import plan_text, sweep_text
from sim.scenario import ScenarioError

TOWN = """
format: 2
extends: teaching
name: A town
time: {end: 2024-03-13}
policies: {first_recipient: {coordination: 10 min}, whistle: null}
"""
BEFORE = """
format: 2
extends: town.yaml
name: Before
policies: {first_recipient: null, time_limits: null}
"""
RANGES = """
question: Does it hold, whatever is assumed?
base: town.yaml
one_by_one: {before: before.yaml}
sample: {points: 5}
uncertainties:
  units.Roads.staff: {range: [2, 4], whole: true, note: guessed}
  policies.first_recipient.coordination: {range: [5 min, 60 min], note: guessed}
  dispatch.accuracy: {range: [0.7, 0.95], note: guessed}
  policies.callback.retries: {values: [1, 2, 3], note: guessed}
held: {demand: it is as it is}
claims:
  Nobody is sent on: {mechanism: first_recipient, measure: hops_mean, change: falls}
  More is solved: {mechanism: first_recipient, measure: true_resolution_share, change: rises, in: before}
measures: [hops_mean, true_resolution_share]
replications: 1
"""


def design(folder: Path, text: str = RANGES) -> Design:
    (folder / "town.yaml").write_text(TOWN)
    (folder / "before.yaml").write_text(BEFORE)
    (folder / "experiment.yaml").write_text(text)
    return load_design(folder / "experiment.yaml")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Design, Sweep]:
    folder = tmp_path_factory.mktemp("ranges")
    planned = design(folder)
    return planned, sweep(planned, folder / "out", processes=1)


# --- the sample -------------------------------------------------------------------------------------------------------


def test_each_range_has_one_point_in_each_part_of_it() -> None:
    ranges = {
        "a": Uncertainty(range=[0.5, 2], note="x"),
        "b": Uncertainty(range=["10 min", "30 min"], note="x"),
        "c": Uncertainty(range=[1, 10], whole=True, note="x"),
        "d": Uncertainty(values=[7, "on", [1, 2]], note="x"),
        "e": Uncertainty(range=[-0.7, 0], note="x"),
    }
    points = drawn(ranges, 10, seed=1)
    a, b, c, e = (np.array([float(p[path].removesuffix(" min")) for p in points]) for path in "abce")
    assert sorted(np.floor((a - 0.5) / 0.15).astype(int)) == list(range(10))
    assert sorted(np.floor((b - 10) / 2).astype(int)) == list(range(10))
    assert sorted(c.astype(int)) == list(range(1, 11))
    assert sorted(np.floor((e + 0.7) / 0.07).astype(int)) == list(range(10))
    assert all(point["b"].endswith(" min") for point in points)
    counts = pd.Series([point["d"] for point in points]).value_counts()
    assert set(counts.index) == {"7", '"on"', "[1, 2]"}
    assert counts.between(3, 4).all()


def test_the_same_seed_draws_the_same_in_whatever_order() -> None:
    ranges = {name: Uncertainty(range=[0, 1], note="x") for name in "abc"}
    points = drawn(ranges, 8, seed=1)
    turned = drawn(dict(reversed(ranges.items())), 8, seed=1)
    assert points == turned
    assert points != drawn(ranges, 8, seed=2)
    assert [p["a"] for p in points] != [p["b"] for p in points]
    assert drawn({"a": ranges["a"]}, 8, seed=1) == [{"a": p["a"]} for p in points]


def test_a_path_leads_to_all_that_it_changes() -> None:
    leaves = ["units.Roads.staff", "units.Roads.level", 'units."a.b".staff']
    assert under("units.Roads", leaves) == leaves[:2]
    assert under("units.Roads.staff.total", leaves) == leaves[:1]
    assert under('units."a.b"', leaves) == leaves[2:]
    assert under("units.Road", leaves) == []


# --- pairs ------------------------------------------------------------------------------------------------------------


def test_each_point_has_its_own_pairs_with_the_same_values(tmp_path: Path) -> None:
    planned = design(tmp_path)
    names = [point.name for point in planned.points[:4]]
    pairs = ["A town", "Before", "without first_recipient", "first_recipient alone"]
    assert names == [f"{name} (1 of 5)" for name in pairs], "what no claim is about is not run"
    assert len(planned.points) == 4 * 5
    of = {point.name: point for point in planned.points}
    for k in range(1, 6):
        town, before, without, alone = (of[f"{name} ({k} of 5)"] for name in pairs)
        assert (town.against, before.against) == (town.name, before.name)
        assert (without.against, alone.against) == (town.name, before.name)
        staff = {p.scenario.units["Roads"].staff for p in (town, before, without, alone)}
        assert len(staff) == 1
        assert {p.scenario.policies.callback.retries for p in (town, before)} == {
            int(town.values["policies.callback.retries"])
        }  # type: ignore[union-attr]
        assert town.scenario.policies.first_recipient == alone.scenario.policies.first_recipient is not None
        assert before.scenario.policies.first_recipient is without.scenario.policies.first_recipient is None
        assert before.scenario.policies.time_limits is None, "as before, but for what is assumed"
    drawn_ = {p.scenario.policies.first_recipient.coordination for p in planned.points[::4]}  # type: ignore[union-attr]
    assert len(drawn_) == 5
    again = design(tmp_path)
    assert [p.scenario.digest for p in again.points] == [p.scenario.digest for p in planned.points]
    other = design(tmp_path, RANGES + "seed: 2\n")
    assert {p.scenario.digest for p in other.points}.isdisjoint(p.scenario.digest for p in planned.points)


def test_without_claims_all_pairs_are_made_and_factors_are_crossed(tmp_path: Path) -> None:
    text = RANGES[: RANGES.index("claims:")] + "measures: [hops_mean]\nreplications: 1\n"
    assert len(design(tmp_path, text).points) == (2 + 2 * 2) * 5
    factors = text.replace("one_by_one: {before: before.yaml}", "factors: {policies.first_recipient: [on, off]}")
    planned = design(tmp_path, factors)
    assert [point.name for point in planned.points[:2]] == [
        f"policies.first_recipient {word} (1 of 5)" for word in ("on", "off")
    ]
    assert (
        [point.against for point in planned.points[::2]]
        == [f"policies.first_recipient on ({k} of 5)" for k in range(1, 6)]
        == [point.against for point in planned.points[1::2]]
    )


def test_differences_are_taken_within_a_point(swept: tuple[Design, Sweep]) -> None:
    planned, found = swept
    values = found.measures[found.measures["measure"] == "hops_mean"].set_index("scenario")["value"]
    on_less_off = [values[f"A town ({k} of 5)"] - values[f"without first_recipient ({k} of 5)"] for k in range(1, 6)]
    alone = [values[f"first_recipient alone ({k} of 5)"] - values[f"Before ({k} of 5)"] for k in range(1, 6)]
    claims = {(j.says, j.turned): j for j in judged(found)}
    assert [turned for _, turned in claims] == ["on", "off", "on"]
    for turned, effects in (("on", alone), ("off", on_less_off)):
        j = claims["Nobody is sent on", turned]
        assert (j.holds, j.against) == (sum(x < 0 for x in effects), sum(x > 0 for x in effects))
        assert j.effects.lowest == pytest.approx(min(effects))
        assert j.effects.highest == pytest.approx(max(effects))
    assert claims["Nobody is sent on", "on"].holds == 5
    assert len(over_sample(found)) == 2 * 2
    table = found.table
    assert list(table.columns[:8]) == ["point", "mechanism", "turned", "sample", *planned.experiment.uncertainties]
    assert table.groupby("sample")["dispatch.accuracy"].nunique().tolist() == [1] * 5


def test_a_planner_reads_what_holds(swept: tuple[Design, Sweep]) -> None:
    planned, found = swept
    text = sweep_text(found)
    assert "Of 3 claims, each in one city, at 5 points of 4 ranges at once: 2 hold at all points" in " ".join(
        text.split()
    )
    assert "Nobody is sent on (alone)\n    holds at all points: 5 of 5;" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    page = sound(sweep_page(found)).words
    assert "at least 48 % of the ranges" in page, "0.025 to the power of 1/5"
    assert "it is as it is" in page
    assert "5 min … 60 min" in page
    plan = plan_text(planned, 20)
    assert "(1 of 5)" in plan
    assert "(2 of 5)" not in plan
    bare = dataclasses.replace(planned, experiment=planned.experiment.model_copy(update={"claims": {}}))
    changes = sweep_text(dataclasses.replace(found, design=bare))
    assert "first recipient on: Mean hops up in 0, down in 5 of 5" in " ".join(changes.split())


# --- what can be concluded --------------------------------------------------------------------------------------------


def test_signs_are_counted_and_a_rounding_is_none() -> None:
    found = signs([0.2, -0.1, math.nan, 1e-17, 0.4])
    assert (found.n, found.above, found.below) == (4, 2, 1)
    assert (found.lowest, found.highest) == (-0.1, 0.4)
    other = found.reversed
    assert (other.above, other.below, other.lowest, other.highest) == (1, 2, -0.4, 0.1)
    assert signs([math.nan]).n == 0


def test_the_interval_of_a_share_is_that_of_the_tables() -> None:
    """Clopper and Pearson: 10 of 10 from 0.6915, 3 of 10 from 0.0667 to 0.6525, 0 of 10 to 0.3085."""
    for count, lower, upper in ((10, 0.6915, 1), (3, 0.0667, 0.6525), (0, 0, 0.3085)):
        found = share_interval(count, 10)
        assert (found.lower, found.upper) == (pytest.approx(lower, abs=5e-5), pytest.approx(upper, abs=5e-5))


def test_what_effects_go_with_is_found_only_where_it_is_clear() -> None:
    uniform = np.random.default_rng(1).random((20, 30))
    values = {str(k): column for k, column in enumerate(uniform)}
    effects = values["7"] ** 3 + 0.05 * values["3"]
    found = goes_with(-effects, values)
    assert found is not None
    assert found[0] == "7"
    assert found[1] < -0.9
    assert goes_with(np.random.default_rng(9).random(30), values) is None
    assert goes_with(np.zeros(30), values) is None


@pytest.mark.parametrize(
    ("holds", "against", "word"),
    [
        (24, 0, ALWAYS),
        (23, 1, MOSTLY),
        (14, 10, EITHER),
        (2, 22, REVERSED),
        (0, 24, NEVER),
        (3, 1, NOTHING),
        (23, 0, MOSTLY),
    ],
)
def test_verdicts(holds: int, against: int, word: str) -> None:
    assert verdict_over(holds, against, 24) == word


# --- what can be wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("sample: {points: 5}\n", "", 5, "sample is wanted, too"),
        ("points: 5", "points: 1", 5, "greater than or equal to 2"),
        ("range: [2, 4], whole: true, note: guessed", "range: [2, 4], whole: true", 7, "is missing"),
        ("range: [2, 4]", "range: [4, 2]", 7, "lower than the second"),
        ("range: [2, 4]", "range: [2, 4.5]", 7, "whole numbers are wanted at both ends"),
        ("[5 min, 60 min]", "[5 min, 1 h]", 8, "the same unit, not “min” and “h”"),
        ("[5 min, 60 min]", "[short, long]", 8, "two numbers are wanted"),
        ("range: [2, 4], whole: true", "range: [2, 4]", 7, "a whole number is wanted"),
        ("range: [0.7, 0.95]", "range: [0.7, 1.95]", 9, "dispatch.accuracy"),
        ("range: [0.7, 0.95]", "range: [0.7, 0.95], values: [1, 2]", 9, "not both"),
        ("values: [1, 2, 3]", "values: [1, 2, 3], whole: true", 10, "is for a range"),
        ("dispatch.accuracy:", "dispatch.acuracy:", 9, "did you mean “dispatch.accuracy”"),
        ("held: {demand:", "held: {demandd:", 11, "no such value"),
        ("policies.callback.retries: {values: [1, 2, 3]", "policies.time_limits: {values: [1, 2]", 10, "time_limits"),
        (
            "mechanism: first_recipient, measure: hops",
            "mechanism: whistle, measure: hops",
            13,
            "do not differ by “whistle”",
        ),
        ("measure: hops_mean, change", "measure: requests, change", 13, "not among the measures"),
        ("change: falls", "change: sinks", 13, "rises"),
        (
            "one_by_one: {before: before.yaml}",
            "factors: {units.Housing.staff: [3, 4]}",
            12,
            "claims are about mechanisms",
        ),
        ("one_by_one: {before: before.yaml}", "factors: {dispatch.accuracy: [0.8, 0.9]}", 9, "is a factor already"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in RANGES
    with pytest.raises(ScenarioError) as caught:
        design(tmp_path, RANGES.replace(old, new))
    assert any(f.line == line and words in str(f) for f in caught.value.findings), str(caught.value)


def test_all_that_is_wrong_is_said_at_once_wherever_in_the_sample(tmp_path: Path) -> None:
    """Of a list of values one is wrong, which few points have; of a range all above 1."""
    text = RANGES.replace("[0.7, 0.95]", "[0.5, 1.5]").replace("values: [1, 2, 3]", "values: [1, 2, 3, 4, few]")
    with pytest.raises(ScenarioError) as caught:
        design(tmp_path, text)
    assert [(f.line, f.path) for f in caught.value.findings] == [
        (9, "dispatch.accuracy"),
        (10, "policies.callback.retries"),
    ]


def test_one_range_for_two_cities_that_differ_is_refused(tmp_path: Path) -> None:
    (tmp_path / "town.yaml").write_text(TOWN)
    (tmp_path / "before.yaml").write_text(BEFORE + "dispatch: {accuracy: 0.6}\n")
    (tmp_path / "experiment.yaml").write_text(RANGES)
    with pytest.raises(ScenarioError, match=r"the two cities differ here, “0\.85” and “0\.6”"):
        load_design(tmp_path / "experiment.yaml")


# --- the experiment that ships ----------------------------------------------------------------------------------------


def test_every_assumed_number_of_the_mechanisms_is_varied_or_held_with_a_reason(tmp_path: Path) -> None:
    folder = Path("experiments/claims").resolve()
    text = (folder / "experiment.yaml").read_text("utf-8").replace("../mechanisms/", f"{folder.parent}/mechanisms/")
    (tmp_path / "few.yaml").write_text(text.replace("points: 24", "points: 2"), "utf-8")
    experiment = load_design(tmp_path / "few.yaml").experiment
    values = sim.load(experiment.base).values()
    numbers = [v.path for v in values if v.is_number and v.source is not None and v.source.kind == "assumption"]
    told = {leaf for path in [*experiment.uncertainties, *experiment.held] for leaf in under(path, numbers)}
    assert [path for path in numbers if path.startswith("policies.") and path not in told] == []
    assert [(a, b) for a in experiment.uncertainties for b in experiment.held if under(b, [a])] == []
