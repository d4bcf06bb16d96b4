"""Levers: their lists and ranges, what is compared with what, what each does, and what is said of it."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from measure_tables import measure_rows
from pages import sound
from scipy import stats

import sim
from sim.cli import cli
from sim.experiment.sweeps import repeating
from sim.experiment.sweeps.cluster import executor
from sim.experiment.sweeps.designs import Design, load_design
from sim.experiment.sweeps.paths import short_names
from sim.experiment.sweeps.planning import ahead
from sim.experiment.sweeps.ranges import Range, Uncertainty, numbers_of
from sim.experiment.sweeps.responses import Effect, Responses, by_group
from sim.experiment.sweeps.sampling import drawn
from sim.experiment.sweeps.sweep import Sweep, make_missing, sweep
from sim.inference import differences, summary
from sim.inference.fitting import Fit
from sim.inference.student import Interval
from sim.report.formats import plus_minus
from sim.report.levers import is_clear, levers_sentences
from sim.report.page import sweep_page
from sim.report.sweep_plan import became_text
from sim.report.sweep_text import sweep_text
from sim.scenario import ScenarioError

TOWN = """
format: 2
extends: teaching
name: A town
time: {end: 2024-03-06}
policies: {first_recipient: {coordination: 10 min}}
"""

LISTS = """
question: Where does an officer more help?
base: town.yaml
levers:
  units.Roads.staff: [2, 3, 4]
  units.Housing.staff: [3, 4]
measures: [breach_share, hops_mean]
replications: 3
seed: 1
"""

RANGES = """
question: What do accuracy and officers do together?
base: town.yaml
levers:
  dispatch.accuracy: {range: [0.6, 1]}
  units.Roads.staff: {range: [1, 4], whole: true}
  policies.first_recipient: [on, off]
sample: {points: 16, method: sobol}
measures: [hops_mean, breach_share]
replications: 2
seed: 1
"""

UNCERTAIN = """sample: {points: 4}
uncertainties:
  dispatch.redispatch_accuracy: {range: [0.5, 0.95], source: guessed}
"""


def design(folder: Path, text: str = LISTS) -> Design:
    (folder / "town.yaml").write_text(TOWN)
    (folder / "other.yaml").write_text("format: 2\nextends: town.yaml\nname: Other\nunits: {Roads: {staff: 4}}\n")
    (folder / "experiment.yaml").write_text(text)
    return load_design(folder / "experiment.yaml")


def stand(planned: Design) -> list[tuple[str, ...]]:
    return [tuple(point.settings.values()) for point in planned.points]


# --- points -----------------------------------------------------------------------------------------------------------


def test_the_base_is_a_point_and_what_all_others_are_compared_with(tmp_path: Path) -> None:
    planned = design(tmp_path)
    assert stand(planned) == [("3", "3"), ("2", "3"), ("2", "4"), ("3", "4"), ("4", "3"), ("4", "4")]
    assert {point.against for point in planned.points} == {"A town"} == {planned.points[0].name}
    without = design(tmp_path, LISTS.replace("[2, 3, 4]", "[2, 4]"))
    assert stand(without) == [("3", "3"), ("2", "3"), ("2", "4"), ("4", "3"), ("4", "4")], "where no list has it, too"
    staff = [point.scenario.units["Roads"].staff for point in without.points]
    assert [s.each for s in staff if s is not None] == [3, 2, 2, 4, 4]


def test_one_at_a_time_the_others_are_as_in_the_base(tmp_path: Path) -> None:
    planned = design(tmp_path, LISTS + "design: one_at_a_time\n")
    assert stand(planned) == [("3", "3"), ("2", "3"), ("4", "3"), ("3", "4")]
    assert [point.name for point in planned.points[1:3]] == ["units.Roads.staff 2", "units.Roads.staff 4"]


def test_levers_may_be_relative_to_the_base_and_of_all_units(tmp_path: Path) -> None:
    text = LISTS.replace("units.Roads.staff: [2, 3, 4]", "units.*.staff: [×0.5, ×2]").replace(
        "[3, 4]", "[by -1, by +0]"
    )
    planned = design(tmp_path, text + "design: one_at_a_time\n")
    assert stand(planned) == [("×1", "by +0"), ("×0.5", "by +0"), ("×2", "by +0"), ("×1", "by -1")]
    staff = [[unit.staff.each for unit in p.scenario.units.values() if unit.staff] for p in planned.points]
    assert [sum(of) for of in staff] == [11, 6, 22, 10], "people come whole, so that their sum is right"
    assert "units.Roads.staff: 3 → 6 (×2)" in became_text(planned)
    assert [*short_names(planned.experiment.levers).values()] == ["all staff", "Housing staff"]
    with pytest.raises(ScenarioError, match=r"experiment\.yaml:5:3: units\.Roads\.staff"):
        design(tmp_path, text.replace("×0.5", "by -100 %"))


def test_several_bases_have_a_baseline_each(tmp_path: Path) -> None:
    planned = design(tmp_path, LISTS.replace("base: town.yaml", "bases: [town.yaml, other.yaml]"))
    assert [p.against for p in planned.points] == ["town.yaml"] * 6 + ["other.yaml"] * 6
    assert stand(planned)[6:8] == [("other.yaml", "4", "3"), ("other.yaml", "2", "3")]
    assert len({point.name for point in planned.points}) == 12


def test_factors_are_compared_with_their_first_combination_as_ever(tmp_path: Path) -> None:
    planned = design(tmp_path, LISTS.replace("levers:", "factors:"))
    names = [f"units.Roads.staff {a}, units.Housing.staff {b}" for a in (2, 3, 4) for b in (3, 4)]
    assert [point.name for point in planned.points] == names
    assert {point.against for point in planned.points} == {names[0]}


def test_ranges_are_turned_together_and_lists_at_each_point_of_them(tmp_path: Path) -> None:
    planned = design(tmp_path, RANGES)
    base, *others = planned.points
    assert (base.settings["dispatch.accuracy"], base.settings["policies.first_recipient"]) == ("0.85", "on")
    assert len(others) == 16 * 2
    for on, off in zip(others[::2], others[1::2], strict=True):
        assert (on.sample, on.against) == (off.sample, base.name)
        assert [*on.settings.values()][:2] == [*off.settings.values()][:2]
        assert (on.scenario.policies.first_recipient is None, off.scenario.policies.first_recipient) == (False, None)
    accuracy = [float(point.settings["dispatch.accuracy"]) for point in others[::2]]
    assert sorted(math.floor((a - 0.6) / 0.4 * 16) for a in accuracy) == [*range(16)], "one in each sixteenth"
    assert sorted({point.settings["units.Roads.staff"] for point in others}) == ["1", "2", "3", "4"]
    assert [p.settings for p in design(tmp_path, RANGES).points] == [p.settings for p in planned.points]
    seed = design(tmp_path, RANGES.replace("seed: 1", "seed: 2"))
    assert [p.settings for p in seed.points] != [p.settings for p in planned.points]


def test_where_something_is_uncertain_every_point_has_a_base_of_its_own(tmp_path: Path) -> None:
    planned = design(tmp_path, RANGES.replace("sample: {points: 16, method: sobol}\n", UNCERTAIN))
    assert len(planned.points) == 4 * 3
    for base, *pair in (planned.points[k : k + 3] for k in range(0, 12, 3)):
        assert {base.name} == {point.against for point in (base, *pair)}
        assert len({tuple(point.values.items()) for point in (base, *pair)}) == 1
        found = [str(p.scenario.dispatch.redispatch_accuracy) for p in (base, *pair) if p.scenario.dispatch]
        assert {*found} == {*base.values.values()}, "the base, too"


def test_every_point_simulates_the_same_citizens(tmp_path: Path) -> None:
    planned = design(tmp_path, LISTS.replace("[3, 4]", "[1, 3]"))
    few, many = (sim.simulate(planned.points[k].scenario, 0).requests for k in (1, 5))
    assert len(few) > 10
    same = ["request", "arrived", "category", "district"]
    merged = few[same].merge(many[same], on="request")
    assert len(merged) > 0.9 * len(few)
    for name in same[1:]:
        assert (merged[f"{name}_x"].astype(str) == merged[f"{name}_y"].astype(str)).all()


@pytest.mark.parametrize(
    ("how", "ends", "exact"),
    [
        ({"most_likely": "15 min"}, ["5 min", "60 min"], stats.triang(10 / 55, 5, 55)),
        ({"mean": "20 min", "sd": "8 min"}, ["5 min", "60 min"], stats.truncnorm(-15 / 8, 5, 20, 8)),
        ({"by_factors": True}, ["0.5 min", "8 min"], stats.loguniform(0.5, 8)),
        ({}, ["5 min", "60 min"], stats.uniform(5, 55)),
    ],
)
def test_what_nobody_knows_may_lie_in_its_range_in_several_ways(how: dict[str, Any], ends: Any, exact: Any) -> None:
    points = drawn({"x": Uncertainty(range=ends, note="guessed", **how)}, 2000, seed=1)
    assert all(point["x"].endswith(" min") for point in points)
    found = [float(point["x"].removesuffix(" min")) for point in points]
    shares = np.sort(exact.cdf(found))
    assert np.abs(shares - (np.arange(2000) + 0.5) / 2000).max() < 0.002, "one in each two-thousandth"


def test_ranges_of_relative_values_keep_their_word() -> None:
    points = drawn({"x": Range(range=["×0.9", "×1.1"]), "y": Range(range=["by -10 %", "by +10 %"])}, 4, seed=1)
    assert all(point["x"].startswith("×") for point in points)
    assert all(point["y"].startswith(("by +", "by -")) and point["y"].endswith(" %") for point in points)
    assert numbers_of([point["y"] for point in points]) is not None


def test_names_are_as_short_as_tells_them_apart() -> None:
    paths = ["units.Roads.staff", "units.Housing.staff", "dispatch.accuracy"]
    assert [*short_names(paths).values()] == ["Roads staff", "Housing staff", "accuracy"]
    assert [*short_names(["units.Roads.staff.total", "trust.gain"]).values()] == ["Roads staff total", "gain"]
    assert [*short_names(["policies.first_recipient", "policies.a.b"], 2).values()] == ["first recipient", "a b"]
    assert [*short_names(['units."a.b".staff', "units.b.staff"]).values()] == ["a.b staff", "b staff"]


def test_half_of_an_interval_is_written_as_its_mean_is() -> None:
    assert plus_minus(0.0123, "share", 0.5) == "± 1.2 pp"
    assert plus_minus(0.72, "h", 55.0) == "± 0.03 d"
    assert plus_minus(0.0009, "hops", 0.2055) == "± 0.0009"
    assert plus_minus(0.0, "share", 0.5) == "± 0.0 pp"
    assert plus_minus(math.nan, "share", 0.5) == ""


# --- what is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "old", "new", "line", "words"),
    [
        (LISTS, "base: town.yaml", "bases: [town.yaml, town.yaml]", 3, "there twice"),
        (LISTS, "base: town.yaml\n", "", 2, "a base, or bases"),
        (LISTS, "units.Roads.staff", "units.Rods.staff", 5, "Rods"),
        (LISTS, "[2, 3, 4]", "[2, three, -1]", 5, "three"),
        (LISTS, "levers:", "factors: {dispatch.accuracy: [0.8, 0.9]}\nlevers:", 2, "not both"),
        (LISTS, "[3, 4]", "{range: [3, 4]}", 6, "sample is wanted, too"),
        (LISTS, "seed: 1", "design: at_once", 9, "all_combinations or one_at_a_time"),
        (LISTS, "measures: [", "measures: [breach_shar, ", 7, "did you mean “breach_share”"),
        (LISTS, "seed: 1", "precision: {measure: score, half_width: 1 pp}", 9, "not among the measures"),
        (LISTS, "seed: 1", "precision: {measure: hops_mean, half_width: 0.5 pp}", 9, "no half-width of hops_mean"),
        (LISTS, "seed: 1", "budget: 5 runs", 9, "5 runs are fewer than the 6 points"),
        (LISTS, "seed: 1", "budget: 30", 9, "write 30 runs, or 30 min"),
        (LISTS, "[2, 3, 4]", "[3, 3]", 5, "changes nothing in “A town”"),
        (LISTS, "measures: [breach_share, hops_mean]", "measures: [contacts]\nby: unit", 8, "told by unit"),
        (LISTS, "seed: 1", "sample: {points: 4}", 9, "ranges of uncertainties, or of levers"),
        (RANGES, "points: 16", "points: 24", 8, "16 or 32, not 24"),
        (RANGES, "[0.6, 1]", "[0.6, 0.9], note: x", 5, "unknown key"),
        (RANGES, "[0.6, 1]", "[1, 0.6]", 5, "lower than the second"),
        (RANGES, "[0.6, 1]", "[×0.9, 1.1]", 5, "written alike"),
        (RANGES, "[1, 4], whole: true", "[1, 4]", 6, "a whole number is wanted"),
        (RANGES, "[on, off]", "[on, maybe]", 7, "on or off, not “maybe”"),
        (RANGES, "seed: 1", "design: one_at_a_time", 11, "one at a time is for lists"),
        (RANGES, "[0.6, 1]", "[0.6, 1.2]", 5, "dispatch.accuracy"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, text: str, old: str, new: str, line: int, words: str
) -> None:
    assert old in text
    with pytest.raises(ScenarioError) as caught:
        design(tmp_path, text.replace(old, new))
    assert any(f.line == line and words in str(f) for f in caught.value.findings), str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (", source: guessed", "", "is missing a note or a source"),
        ("source: guessed", "source: guessed, most_likely: 0.3", "not in the range"),
        ("source: guessed", "source: guessed, most_likely: 0.6 h", "as the ends of the range"),
        ("source: guessed", "source: guessed, mean: 0.6", "mean and sd are wanted together"),
        ("source: guessed", "source: guessed, mean: 0.6, sd: 0", "is to be above 0"),
        ("source: guessed", "source: guessed, most_likely: 0.6, by_factors: yes", "one of them is wanted"),
        ("range: [0.5, 0.95]", "values: [0.5, 0.95], by_factors: yes", "is for a range"),
        ("range: [0.5, 0.95]", "range: [0, 0.95], by_factors: yes", "above 0"),
        ("dispatch.redispatch_accuracy", "dispatch.accuracy", "is a lever already"),
    ],
)
def test_what_is_wrong_with_what_nobody_knows(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = RANGES.replace("sample: {points: 16, method: sobol}\n", UNCERTAIN.replace(old, new))
    with pytest.raises(ScenarioError) as caught:
        design(tmp_path, text)
    assert any(f.line == 10 and words in str(f) for f in caught.value.findings), str(caught.value)


# --- what levers do ---------------------------------------------------------------------------------------------------


def swept(planned: Design, value: Any) -> Sweep:
    """A sweep in which measures are what ``value(settings, replication)`` says."""
    rows = [
        measure_rows([value(p.settings, k) for k in range(planned.experiment.replications)], name, scenario=p.name)
        for p in planned.points
        for name in planned.experiment.measures
    ]
    table = pd.concat(rows, ignore_index=True).assign(unit="share")
    found = [differences(table[table["scenario"].isin(names)], base) for base, names in families(planned).items()]
    return Sweep(planned, table, summary(table), pd.concat(found), 0, {})


def families(planned: Design) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for point in planned.points:
        found.setdefault(point.against, []).append(point.name)
    return found


def test_the_effect_of_a_list_is_that_of_a_paired_t_test(tmp_path: Path) -> None:
    planned = design(tmp_path)
    noise = np.random.default_rng(3).normal(0, 0.02, (6, 3))
    place = {point: k for k, point in enumerate(stand(planned))}

    def value(settings: dict[str, str], k: int) -> float:
        roads, housing = (float(v) for v in settings.values())
        return 0.9 - 0.1 * roads + 0.01 * housing + 0.05 * k + noise[place[tuple(settings.values())], k]

    found = Responses(swept(planned, value))
    roads, housing = found.effects("breach_share")
    at = {point: noise[k] for point, k in place.items()}
    pairs = -0.2 + np.mean([at["4", h] - at["2", h] for h in ("3", "4")], axis=0)
    assert (roads.lever, roads.begin, roads.end) == ("units.Roads.staff", "2", "4")
    assert roads.change.mean == pytest.approx(pairs.mean())
    half = stats.t.ppf(1 - 0.025 / 2, 2) * stats.sem(pairs)  # two levers: 97.5 % each
    assert roads.change.upper - roads.change.mean == pytest.approx(half)
    assert roads.clear
    assert housing.lever == "units.Housing.staff"
    curve = next(iter(found.curves("breach_share")))
    assert curve.x.tolist() == [2, 3, 4]
    assert np.diff(curve.mean) == pytest.approx([-0.1, -0.1], abs=0.04)


def test_a_curve_goes_through_what_lies_on_one_and_says_how_much_it_explains() -> None:
    rng = np.random.default_rng(1)
    at = rng.random((60, 2)) * [1.0, 8.0]
    straight = 3 - 2 * at[:, 0] + 0.5 * at[:, 1]
    fit = Fit(at, straight[None])
    assert (fit.explained, fit.left_out) == (pytest.approx(1), pytest.approx(1))
    assert fit.change(0).mean == pytest.approx(-2 * np.ptp(at[:, 0]))
    mean, half = fit.curve(1, [0.0, 8.0])
    assert mean == pytest.approx([3 - 2 * at[:, 0].mean(), 7 - 2 * at[:, 0].mean()])
    assert half == pytest.approx([0, 0], abs=1e-6)
    bent = Fit(at, (np.maximum(at[:, 1] - 4, 0) + rng.normal(0, 0.1, 60))[None])
    assert bent.explained > 0.98
    assert bent.curve(1, [1.0, 7.5])[0] == pytest.approx([0, 3.5], abs=0.25)
    noise = Fit(at, rng.normal(0, 1, (1, 60)))
    assert noise.left_out < noise.explained - 0.1
    assert Fit(at[:20], straight[None, :20]).straight
    with pytest.raises(ValueError, match="too few"):
        Fit(at[:4], straight[None, :4])


def test_the_interval_of_a_curve_holds_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    hold = 0
    for _ in range(400):
        at = rng.random((40, 2))
        change = Fit(at, (at[:, 0] + rng.normal(0, 0.3, 40))[None]).change(0)
        hold += change.lower <= np.ptp(at[:, 0]) <= change.upper
    assert 0.92 <= hold / 400 <= 0.98


def test_replications_that_differ_widen_the_interval_of_a_curve() -> None:
    """All points have the same citizens: what these do to a lever does not show as scatter about the curve."""
    at = np.linspace(0, 1, 30)[:, None]
    slopes = np.array([0.5, 1.0, 1.5, 2.0])
    change = Fit(at, slopes[:, None] * at[:, 0]).change(0)
    assert change.mean == pytest.approx(1.25)
    assert change.upper - change.mean == pytest.approx(stats.t.ppf(0.975, 3) * stats.sem(slopes))


def test_what_is_not_reached_or_missing_is_no_effect(tmp_path: Path) -> None:
    planned = design(tmp_path)
    found = swept(planned, lambda settings, k: 0.5 + 0.01 * k)
    assert [effect.change.mean for effect in Responses(found).effects("breach_share")] == [0, 0]
    first = found.measures["scenario"] == planned.points[0].name
    rows = found.measures.assign(value=found.measures["value"].where(~first))
    unreached = Sweep(planned, rows, found.summary, found.differences, 0, {})
    assert Responses(unreached).effects("breach_share") == []
    assert "cannot be said" in levers_sentences(unreached, "breach_share")[0]


def test_the_sentence_says_no_more_than_the_data(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).normal(0, 0.0001, 500)

    def of(slope: float, text: str = LISTS) -> str:
        planned = design(tmp_path, text)
        drawn_ = iter(noise)
        made = swept(planned, lambda s, k: 0.5 + slope * float(s["units.Roads.staff"]) + 0.1 * k + next(drawn_))
        return levers_sentences(made, "breach_share")[0]

    assert "of 2 levers, Roads staff moves it most. From 2 to 4 it rises by 20.0 pp (" in of(0.1)
    assert "No other clearly moves it. Means over all combinations of the others; 3 replications" in of(0.1)
    assert "falls by 20.0 pp" in of(-0.1)
    assert "Of 2 levers, none clearly moves" in of(0)
    assert "less than what matters (0.5 pp)" in of(0.002)
    assert "as there is one replication" in of(0.1, LISTS.replace("replications: 3", "replications: 1"))
    assert "the others as in the base" in of(0.1, LISTS + "design: one_at_a_time\n")


def test_what_is_written_as_nothing_is_not_clear() -> None:
    def of(mean: float, upper: float) -> bool:
        change = Interval(mean, 2 * mean - upper, upper, 5)
        return is_clear(Effect("x", "breach_share", "1", "2", 0.3, change))

    assert of(-0.05, -0.001)
    assert not of(-0.05, -0.0004), "0.0 pp"
    assert not of(-0.05, 0.001)


@pytest.mark.parametrize(("housing", "told"), [("[3, 4]", False), ("[7, 8]", True)])
def test_what_marks_stand_for_is_told_where_it_is_not_the_same_for_all_levers(
    tmp_path: Path, housing: str, told: bool
) -> None:
    text = LISTS.replace("units.Housing.staff: [3, 4]", f"units.Housing.staff: {housing}")
    found = sweep(design(tmp_path, text + "design: one_at_a_time\n"), tmp_path / "out", processes=1)
    page = sound(sweep_page(found)).words
    assert ("second value" in page) == told
    assert ("Housing staff: 7, 8" in page) == told


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        (LISTS, ["By Roads staff", "Roads staff and Housing staff"]),
        (LISTS + "design: one_at_a_time\n", ["What each lever changes"]),
        (
            RANGES.replace("points: 16", "points: 8"),
            ["By dispatch accuracy and Roads staff", "straight, as there are too few points"],
        ),
    ],
    ids=["lists", "one at a time", "ranges"],
)
def test_the_report_and_the_terminal(tmp_path: Path, text: str, heads: list[str]) -> None:
    planned = design(tmp_path, text)
    found = sweep(planned, tmp_path / "out", processes=1)
    page = sound(sweep_page(found)).words
    for head in heads:
        assert head in page
    said = sweep_text(found)
    assert max(len(line) for line in said.splitlines()) <= 80
    assert "±" in said
    assert "staff  staff" not in said
    table = found.table
    count = len(planned.points) * planned.experiment.replications * 2
    assert len(table) == count
    assert [*planned.experiment.levers] == list(table.columns[1 : 1 + len(planned.experiment.levers)])
    if "sample" in table:
        assert sorted(set(table["sample"])) == [*range(9)], "0 is the base"


def test_measures_may_be_told_by_unit(tmp_path: Path) -> None:
    planned = design(tmp_path, LISTS.replace("[3, 4]", "[1, 3]") + "by: unit\n")
    found = sweep(planned, tmp_path / "out", processes=1)
    table = found.table
    assert sorted(set(table["group"])) == ["", "Housing", "Roads", "Street offices"]
    run = sim.run(planned.points[1].scenario, 3, processes=1).measures
    own = table[table["point"] == planned.points[1].name]
    for measure, group in (("breach_share", "Roads"), ("hops_mean", "")):
        mine = own.loc[(own["measure"] == measure) & (own["group"] == group), "value"]
        text = f'["{group}"]' if group else "[]"
        theirs = run.loc[(run["measure"] == measure) & (run["group"] == text), "value"]
        np.testing.assert_array_equal(mine, theirs)
    city = sweep(design(tmp_path, LISTS.replace("[3, 4]", "[1, 3]")), tmp_path / "out", processes=1)
    assert city.made == 0, "all of the city is there already"
    pd.testing.assert_frame_equal(
        city.differences.reset_index(drop=True),
        found.differences[found.differences["group_by"] == ""].reset_index(drop=True),
    )
    page = sound(sweep_page(found)).words
    assert "By unit" in page
    assert "By unit: no lever clearly" in sweep_text(found)
    housing = dict(by_group(found)[0][1])["Housing"].effects("breach_share")
    assert housing[0].lever == "units.Housing.staff"


# --- until it is known, or the budget is spent ------------------------------------------------------------------------


def repeated(planned: Design, spread: float, monkeypatch: pytest.MonkeyPatch) -> tuple[Sweep, list[int], list[str]]:
    """The rounds of an experiment whose runs take no time, with normal values."""
    noise, rounds, told = np.random.default_rng(2).normal(0.5, spread, 1000), list[int](), list[str]()
    monkeypatch.setattr(repeating, "judged", lambda part, *_: swept(part, lambda settings, k: noise[k]))

    def made(part: Design, in_time: Any) -> tuple[int, dict[tuple[str, int], str]]:
        rounds.append(part.experiment.replications)
        return 0, {}

    return repeating.carry_out(planned, Path(), made, told.append), rounds, told


def test_replications_are_added_until_the_measure_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = "precision: {measure: breach_share, half_width: 1 pp, at_most: 60}"
    planned = design(tmp_path, LISTS.replace("seed: 1", wanted))
    found, rounds, told = repeated(planned, 0.03, monkeypatch)
    assert rounds[0] == 10
    assert rounds == sorted(set(rounds))
    assert all(after <= 2 * before for before, after in itertools.pairwise(rounds))
    known = repeating.precise(found)
    assert len(known) == 6
    assert all(one.half <= 0.01 and one.n == rounds[-1] for one in known.values())
    assert found.design.experiment.replications == rounds[-1] < 60
    assert "is known to ± 1 pp or better at every point" in told[-1]
    wide, rounds, told = repeated(planned, 0.3, monkeypatch)
    assert rounds[-1] == 60
    assert "not yet known to ± 1 pp at 6 of 6 points" in told[-1]
    assert "not yet known" in repeating.precision_words(wide)


def test_a_budget_of_runs_makes_whole_replications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = design(tmp_path, LISTS.replace("seed: 1", "budget: 20 runs"))
    assert repeated(planned, 0.1, monkeypatch)[1] == [3], "six points"
    planned = design(tmp_path, LISTS.replace("seed: 1", "budget: 17 runs"))
    assert repeated(planned, 0.1, monkeypatch)[1] == [2]


def test_a_budget_of_time_ends_in_whole_replications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = design(tmp_path, LISTS.replace("replications: 3", "replications: 50\nbudget: 60 s"))
    now, before = 0.0, 0

    def made(part: Design, in_time: Any) -> tuple[int, dict[tuple[str, int], str]]:
        nonlocal now, before
        now, before = now + 4.0 * (part.experiment.replications - before), part.experiment.replications
        return 0, {}

    monkeypatch.setattr(repeating, "judged", lambda part, *_: swept(part, lambda settings, k: 0.5))
    monkeypatch.setattr(repeating.time, "monotonic", lambda: now)
    found = repeating.carry_out(planned, Path(), made)
    assert found.design.experiment.replications == 15
    assert now == 60


def test_time_that_is_up_leaves_the_points_that_were_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = design(tmp_path, LISTS.replace("replications: 3", "replications: 3\nbudget: 60 s"))
    now = 0.0

    def tick(done: int, hours: Any) -> None:
        nonlocal now
        now += 10.0

    def made(part: Design, in_time: Any) -> tuple[int, dict[tuple[str, int], str]]:
        with executor(None, print) as (run, _):
            work = ahead(part, tmp_path / "out", processes=1)
            return make_missing(part, tmp_path / "out", work, run, in_time(tick))

    monkeypatch.setattr(repeating.time, "monotonic", lambda: now)
    found = repeating.carry_out(planned, tmp_path / "out", made)
    names = [point.name for point in found.design.points]
    assert 1 <= len(names) < 6
    assert names == [point.name for point in planned.points][: len(names)]
    assert set(found.table["point"]) == set(names)
    assert found.design.experiment.replications == 1
    sound(sweep_page(found))


def test_the_command_says_what_is_ahead(tmp_path: Path) -> None:
    text = LISTS.replace("seed: 1", "precision: {measure: breach_share, half_width: 1 pp}\nbudget: 100 runs")
    design(tmp_path, text)
    done = CliRunner().invoke(cli, ["sweep", str(tmp_path), "--out", str(tmp_path / "out"), "--dry-run"])
    said = " ".join(done.stdout.split())
    assert "6 points, 10 replications each" in said
    assert "until breach_share is known to ± 1 pp at every point, 100 of each at most" in said
    assert "The budget is 100 runs" in said
