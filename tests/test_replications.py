"""How many replications, and from when on to count."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from towns import station

import sim
from sim.cli import cli, run_command
from sim.experiment.replications import replications_for
from sim.experiment.sweeps.precision import HalfWidth, half_widths, read_half_width
from sim.experiment.warming import warm_up
from sim.inference import mser5
from sim.inference.stopping import FIRST, Reached, next_count, reached
from sim.report.repeating import replications_json, replications_text, warm_up_text
from sim.scenario.errors import ReadError

QUEUE = station("20 / h", {"distribution": "exponential", "mean": "2 min"}, 1, 2)
FASTER = station("20 / h", {"distribution": "exponential", "mean": "2 min"}, 2, 2)


# --- when to stop -----------------------------------------------------------------------------------------------------


def test_one_looks_first_after_ten_and_then_where_the_spread_foretells_the_end() -> None:
    def of(half: float, wanted: float = 1.0) -> Reached:
        return Reached(10, 5.0, half, wanted)

    assert next_count(0, [], 100) == FIRST == 10
    assert next_count(0, [], 4) == 4
    assert next_count(10, [of(1.0), of(0.2)], 100) == 10
    assert next_count(10, [of(1.2), of(0.2)], 100) == 15, "10 × 1.44"
    assert next_count(10, [of(3.0)], 100) == 20, "90 are foretold, by ten values: look at twice as many"
    assert next_count(10, [of(3.0)], 12) == 12
    assert next_count(12, [of(3.0)], 12) == 12
    assert next_count(10, [Reached(10, math.nan, math.inf, math.nan)], 100) == 10, "of nothing nothing can be known"


def test_the_half_width_is_that_of_student() -> None:
    found = reached([8.0, 12.0, 10.0, 9.0, 11.0], 0.1, of_mean=True)
    assert (found.n, found.mean, found.wanted) == (5, 10, 1)
    assert found.half == pytest.approx(2.7764 * math.sqrt(2.5 / 5), rel=1e-4)
    assert found.foretold == math.ceil(5 * found.half**2) == 20
    assert not found.enough
    assert reached([3.0, 3.0], 0.1).enough
    assert reached([3.0], 0.1).half == math.inf


def covered(first: int, deviations: float, looks: Any = next_count) -> float:
    """In how many of 100 cases the interval has the true mean, where one stops at a half-width that so many values of
    this deviation would have.
    """
    rng, hold = np.random.default_rng(4), 0
    for _ in range(1500):
        values = rng.standard_normal(400)
        made, found = first, reached(values[:first], 1 / deviations)
        while (to := looks(made, [found], 400)) != made:
            made, found = to, reached(values[:to], 1 / deviations)
        hold += abs(found.mean) <= found.half
    return 100 * hold / 1500


@pytest.mark.parametrize("deviations", [2.3, 4.5])
def test_intervals_hold_nearly_as_often_as_they_say_when_one_looks_seldom(deviations: float) -> None:
    assert covered(FIRST, deviations) > 92.5


def test_and_less_often_when_one_stops_at_the_first_narrow_one() -> None:
    def always(made: int, found: list[Reached], at_most: int) -> int:
        return made if found[0].enough else made + 1

    assert covered(3, 2.3, always) < 90


# --- how well something is to be known --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "measure", "half"),
    [
        ("0.5pp", "breach_share", HalfWidth(0.005)),
        ("0.5 pp", "score", HalfWidth(0.005)),
        ("30 min", "time_to_close_p50", HalfWidth(0.5)),
        ("2 %", "time_to_close_p50", HalfWidth(0.02, True)),
        ("2%", "breach_share", HalfWidth(0.02, True)),
        ("1_000", "contacts", HalfWidth(1000)),
    ],
)
def test_half_widths_are_in_the_unit_of_the_measure(text: str, measure: str, half: HalfWidth) -> None:
    found = read_half_width(text, measure)
    assert found.of_mean == half.of_mean
    assert found.size == pytest.approx(half.size)


@pytest.mark.parametrize(
    ("measures", "sizes", "words"),
    [
        (["breach_shar"], [], "did you mean “breach_share”"),
        (["breach_share"], ["0.5"], "write such as 0.5 pp, or 2 %"),
        (["breach_share"], ["30 min"], "no half-width of breach_share"),
        (["time_to_close_p50"], ["2"], "write such as 30 min"),
        (["contacts"], ["0.5 pp"], "write such as 10"),
        (["breach_share"], ["0 pp"], "above 0"),
        (["breach_share"], ["0.5pp", "30 min"], "“30 min” is the half-width of none of breach_share"),
        (["breach_share"], ["0.5pp", "1pp"], "“1pp” is the half-width of none"),
    ],
)
def test_what_is_no_half_width_is_said(measures: list[str], sizes: list[str], words: str) -> None:
    with pytest.raises(ReadError, match=words):
        half_widths(measures, sizes)


def test_of_several_sizes_each_measure_has_its_own() -> None:
    found = half_widths(["breach_share", "time_to_close_p50", "contacts"], ["1%", "2pp", "10 min"])
    assert [*found.values()] == [HalfWidth(0.02), HalfWidth(pytest.approx(1 / 6)), HalfWidth(0.01, True)]
    assert half_widths(["breach_share", "contacts"]) == {
        "breach_share": HalfWidth(0.005),
        "contacts": HalfWidth(0.01, True),
    }


# --- how many ---------------------------------------------------------------------------------------------------------


def test_the_replications_are_those_of_run_and_enough() -> None:
    wanted = half_widths(["time_to_close_mean_among_closed", "contacts"], ["1 min", "2 %"])
    found = replications_for([QUEUE], wanted, at_most=80, processes=1)
    run = sim.run(QUEUE, found.made, keep="measures", processes=1).measures.query("group_by == ''")
    for known in found.known:
        assert known.values.tolist() == run.loc[run["measure"] == known.measure, "value"].tolist()
    assert 10 < found.made <= 80
    assert found.enough
    assert found.known[0].after(found.made).half <= 1 / 60
    assert found.looks == [*[n for n in (5, 10, 20, 40) if n < found.made], found.made]
    text = replications_text(found)
    assert f"{found.made} replications are enough" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    told = json.loads(replications_json(found))
    assert told["replications"] == found.made
    assert told["enough"]
    assert told["measures"][0]["looks"][-1]["half_width"] == found.known[0].after(found.made).half


def test_a_difference_is_paired() -> None:
    wanted = half_widths(["time_to_close_mean_among_closed"], ["0.5 min"])
    found = replications_for([QUEUE, FASTER], wanted, at_most=12, processes=1)
    own = sim.compare([QUEUE, FASTER], found.made, processes=1).differences
    row = own.query("group_by == '' and measure == 'time_to_close_mean_among_closed'").iloc[0]
    last = found.known[0].after(found.made)
    assert last.mean == pytest.approx(row["difference"])
    assert last.half == pytest.approx(row["difference"] - row["lower"])
    assert "Difference of" in replications_text(found)


def test_what_cannot_be_reached_is_foretold() -> None:
    found = replications_for(
        [QUEUE], half_widths(["time_to_close_mean_among_closed"], ["1 s"]), at_most=12, processes=1
    )
    assert (found.made, found.enough) == (12, False)
    text = " ".join(replications_text(found).split())
    foretold = found.known[0].after(12).foretold
    assert f"12 replications are not enough; about {foretold:,} would be" in text
    assert "no value" in replications_text(replications_for([QUEUE], half_widths(["score"]), at_most=2, processes=1))


def test_the_command(tmp_path: Path) -> None:
    runner = CliRunner()
    (tmp_path / "town.yaml").write_text("format: 2\nextends: teaching\nname: T\ntime: {end: 2024-03-05}\n")
    town = str(tmp_path / "town.yaml")
    done = runner.invoke(cli, ["replications", town, "--all", "--at-most", "3"])
    assert done.exit_code == 0, done.output
    assert "Resolve-by limit missed" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    asked = ["replications", town, "--measure", "breach_share", "--half-width", "30pp", "--at-most", "12", "--json"]
    told = json.loads(runner.invoke(cli, asked).stdout)
    assert told["measures"][0]["wanted"] == 0.3
    for wrong in (
        ["replications", town],
        ["replications", town, "--all", "--measure", "score"],
        ["replications", town, town, town, "--all"],
        ["replications", town, "--measure", "score", "--half-width", "3 min"],
        ["replications", town, "--measure", "scor"],
    ):
        assert run_command(wrong) == 2


# --- from when on -----------------------------------------------------------------------------------------------------


def test_a_transient_that_is_known_is_cut_and_not_much_more() -> None:
    """An autoregressive series that begins 17 deviations too high and forgets a tenth of that a step."""
    rng = np.random.default_rng(8)
    cuts = []
    for _ in range(40):
        noise, values = rng.standard_normal(1000), [40.0]
        for one in noise:
            values.append(0.9 * values[-1] + one)
        cuts.append(mser5(values))
    assert None not in cuts
    left = 40 * 0.9 ** np.array([cut for cut in cuts if cut is not None], dtype=float)
    deviation = 1 / math.sqrt(1 - 0.81)
    assert np.median(left) < 1.5 * deviation, "of 17 deviations at the beginning"
    assert np.median([cut for cut in cuts if cut is not None]) < 200
    assert mser5(np.full(500, 3.0)) == 0
    assert mser5(np.arange(500.0)) is None


def test_a_queue_that_fills_up_is_counted_from_when_it_is_full() -> None:
    """People who work for a day each: after some days as many are at it as ever."""
    filling = station("10 / h", "1 d", 400, 60)
    found = warm_up(filling, 3, processes=1)
    assert found.hours in (24.0, 48.0)
    assert found.count_from is not None
    text = warm_up_text(found)
    assert f"time: {{count_from: {found.count_from:%Y-%m-%d}}}" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    later = warm_up(station("10 / h", "1 d", 400, 60, warm_up=20), 3, processes=1)
    assert "which is late enough" in warm_up_text(later)


def test_where_more_comes_than_can_be_done_nothing_is_cut() -> None:
    found = warm_up(station("70 / h", "2 min", 2, 30), 2, processes=1)
    assert found.hours is None
    assert "backlog grows" in " ".join(found.crowded)
    assert "nothing ever settles" in " ".join(warm_up_text(found).split())


def test_the_command_of_warm_up(tmp_path: Path) -> None:
    (tmp_path / "town.yaml").write_text("format: 2\nextends: teaching\nname: T\ntime: {end: 2024-03-06}\n")
    runner = CliRunner()
    done = runner.invoke(cli, ["warm-up", str(tmp_path / "town.yaml"), "-n", "2"])
    assert done.exit_code == 0, done.output
    assert "MSER-5" in done.stdout
    told = json.loads(runner.invoke(cli, ["warm-up", str(tmp_path / "town.yaml"), "-n", "2", "--json"]).stdout)
    assert len(told["hourly"]) == 48
