"""The HTML report: sound HTML and SVG without outside resources, names shown as text, whatever the scenario."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import Page, sound
from towns import FULL, full, station

import sim
from sim.experiment.compare import Comparison, compare
from sim.experiment.runs import Run, run
from sim.measurement import REGISTRY
from sim.report.comparison_text import comparison_text
from sim.report.formats import FEW_DUE, difference, difference_interval, interval, number, rows_of
from sim.report.names import Names
from sim.report.page import comparison_page, run_page
from sim.report.results import Estimate, Results
from sim.report.series import as_series, bins, flow
from sim.report.text import run_text
from sim.report.verdicts import verdict
from sim.scenario import Scenario, from_dict

MIDWAY = datetime(2024, 1, 11)

TEACHING = Path(__file__).resolve().parent.parent / "scenarios" / "teaching.yaml"
EVIL = "<script>alert('$x^2$')</script> & \"quoted\" 'd' --> ]]> $\\frac$"


def some(scenario: Scenario, replications: int = 2, **more: Any) -> Run:
    return run(scenario, replications, processes=1, **more)


@pytest.fixture(scope="module")
def teaching() -> Run:
    return some(sim.load(TEACHING), 3)


@pytest.fixture(scope="module")
def page(teaching: Run) -> Page:
    return sound(run_page(teaching))


def test_the_report_of_a_run_says_everything_it_should(page: Page, teaching: Run) -> None:
    figures = {attributes["id"] for attributes in page.tags("figure")}
    assert figures == {
        f"figure-{key}" for key in ("late", "backlog", "arrivals", "time", "breaches", "causes", "load", "truth")
    }
    for words in ("Response rate", "响应率", "Resolve-by limit missed", "Answered within 15 s", "Old Town 老城"):
        assert words in page.words
    rates = teaching.summary().query("measure == 'satisfaction_rate' and group_by == ''").iloc[0]
    assert number(rates["mean"], "share") in page.words
    assert interval(rates) in page.words
    for words in (teaching.scenario.digest, "seed 1", "3 replications", "simpy 4", "an invented town for teaching"):
        assert words in page.words
    assert {"zh"} == {attributes["lang"] for attributes in page.tags("span") if "lang" in attributes}


def test_answers_come_first_and_the_contents_lead_to_every_section(page: Page) -> None:
    sections = [attributes["aria-labelledby"].removesuffix("-title") for attributes in page.tags("section")]  # type: ignore[union-attr]
    assert sections[0] == "answers"
    assert sections[-2:] == ["run", "sources"]
    assert [attributes["href"] for attributes in page.tags("a")] == [f"#{section}" for section in sections]


@pytest.mark.long
def test_the_same_run_gives_the_same_bytes(teaching: Run) -> None:
    slower = dataclasses.replace(teaching, seconds=teaching.seconds + 60)
    again = some(sim.load(TEACHING), 3)
    assert run_page(slower) == run_page(teaching) == run_page(again)


def hostile() -> Scenario:
    """The full town, with names that are no names."""
    text = json.dumps(FULL)
    for name in ("North", "Noise", "Street", "Works", "hotline", "Pothole", "phone"):
        text = text.replace(f'"{name}"', json.dumps(f"{EVIL} {name}"))
    data = json.loads(text)
    data["name"] = f"{EVIL} all\u202e"
    data["description"] = f"{EVIL} all\n\u202e"
    data["districts"]["South"]["label"] = f"{EVIL} 南"
    data["sources"] = {"districts.**": {"kind": "data", "title": EVIL, "note": f"{EVIL} note"}}
    return from_dict(data)


def test_names_are_shown_as_text() -> None:
    text = run_page(some(hostile(), 1))
    found = sound(text)
    for name in ("all", "North", "Noise", "Street", "Works"):
        assert f"{EVIL} {name}" in found.words
    assert f"{EVIL} 南" in found.words
    assert f"{EVIL} note" in found.words
    assert "<script" not in text.lower()


def test_names_are_shown_as_text_in_comparisons() -> None:
    one = hostile()
    other = from_dict({**one.resolved(), "name": f"{EVIL} other 改", "contact": {"work": f"{30} min"}})
    text = comparison_page(compare([one, other], 2, processes=1))
    assert f"{EVIL} other 改" in sound(text).words
    assert "<script" not in text.lower()


def test_without_callback_there_are_no_rates_and_a_sentence_says_so() -> None:
    found = sound(run_page(some(full(policies={"callback": None}), 1)))
    assert "no callback" in found.words
    assert "Satisfaction rate" not in found.words
    assert "said satisfied" not in found.words
    assert "figure-truth" in {attributes["id"] for attributes in found.tags("figure")}


def test_without_phone_and_limits_sentences_say_so() -> None:
    found = sound(run_page(some(station("40 / d", "1 h", 3, 30))))
    for words in (
        "no phone service",
        "no limits to resolve",
        "no callback",
        "No request of the count window came due.",
    ):
        assert words in found.words
    assert "Abandoned calls" not in found.words
    assert not [a for a in found.tags("figure") if a["id"] == "figure-breaches"]


def test_what_is_not_modelled_is_not_shown_in_text_or_report() -> None:
    bare = some(station("40 / d", "1 h", 3, 30))
    found, text = sound(run_page(bare)), run_text(bare)
    assert "truly solved is not modelled" in found.words
    assert not [a for a in found.tags("figure") if a["id"] == "figure-truth"]
    for measure in ("true_resolution_share", "hops_mean", "rounds_mean", "repeat_share", "answered_within_15s"):
        assert REGISTRY[measure].english not in found.words
        assert REGISTRY[measure].english not in text
    categories = {name: {**spec, "resolve": [0.5]} for name, spec in bare.scenario.resolved()["categories"].items()}
    other = some(from_dict({**bare.scenario.resolved(), "categories": categories}))
    assert "Truly resolved" in sound(run_page(other)).words
    assert "Truly resolved" in run_text(other)


def test_a_share_of_a_handful_of_due_requests_is_not_shown(teaching: Run, page: Page) -> None:
    due = Results(teaching.measures, teaching.scenario).by("breach_share", "unit")
    few = {name for name, found in due.items() if found.cases < 5}
    assert few == {"Street offices"}
    text = run_text(teaching)
    for name in due:
        line = next(line for line in text.splitlines() if line.startswith(name))
        assert (" – " in line) == (name in few)
    assert FEW_DUE in text
    assert FEW_DUE in page.words


def test_the_backlog_figure_says_what_the_measure_counts(teaching: Run, page: Page) -> None:
    all_open = Results(teaching.measures, teaching.scenario).city("backlog_end").text
    assert f"“Backlog at the end” ({all_open}) is that of" in page.words


def test_categories_whose_median_is_not_reached_are_the_slowest() -> None:
    categories = {name: {**spec} for name, spec in FULL["categories"].items()}
    categories["Pothole"]["never_closed"] = 1.0
    words = sound(run_page(some(full(categories=categories)))).words
    assert "Slowest: Pothole" in words
    assert "half of the requests or more are open at the end. Fastest:" in words


def test_a_cost_without_some_wages_is_warned_of() -> None:
    paid = {
        kind: {name: {**pool, "wage": "20 / h"} for name, pool in FULL[kind].items()} for kind in ("pools", "units")
    }
    for scenario, warned in ((full(), True), (full(**paid), False)):
        found = some(scenario, 1)
        for text in (sound(run_page(found)).words, " ".join(run_text(found).split())):
            assert ("The staff cost is too low" in text) == warned


def quiet() -> Scenario:
    """The full town without any problem or question."""
    return full(categories={name: {**spec, "rate": "0 / year"} for name, spec in FULL["categories"].items()})


def test_without_demand_nothing_breaks() -> None:
    found = sound(run_page(some(quiet())))
    assert "Nobody called" in found.words
    assert "There are no requests to close." in found.words


@pytest.mark.parametrize("policies", [{}, {"callback": None, "time_limits": None}])
def test_measures_and_levels_are_enough(policies: dict[str, Any]) -> None:
    found = sound(run_page(some(full(policies=policies), 1, keep="measures")))
    assert "Visits waiting at the units" in found.words
    assert "kept no requests" in found.words


def test_one_replication_has_no_intervals() -> None:
    found = sound(run_page(some(full(), 1)))
    assert "there are no intervals" in found.words
    assert " … " not in found.words.split("Backlog and arrivals over time")[1].split("What was run")[0]


def test_many_units_and_categories_stay_readable() -> None:
    districts = {f"District {d}": {"population": 400, "streets": 2} for d in range(25)}
    categories = {
        f"Matter {c}": {"rate": f"{1 + c / 20} / year", "unit": f"Unit {c % 20}", "work": "30 min"} for c in range(30)
    }
    units: dict[str, Any] = {f"Unit {u}": {"staff": 2} for u in range(20)}
    data = {
        "name": "many",
        "time": {"start": "2024-01-01", "end": "2024-01-15"},
        "districts": districts,
        "units": {**units, "Street": {"level": "street", "per": "street", "staff": 1}},
        "categories": {**categories, "Local": {"rate": "1 / year", "unit": "Street", "work": "30 min"}},
        "policies": {"time_limits": {"resolve": "35 min"}},
    }
    text = run_page(some(from_dict(data), 1))
    found = sound(text)
    assert "others" in found.words
    assert "Street: 50 together" in found.words
    assert "categories with most requests, of 31" in found.words
    assert len(text.encode()) < 1_500_000


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    variants = (["units.Street offices.staff=2", "name=Fewer"], ["units.Roads.staff=4", "name=One more"])
    return compare([sim.load(TEACHING), *(sim.load(TEACHING, changes) for changes in variants)], 5, processes=1)


def test_the_report_of_a_comparison_says_everything_it_should(comparison: Comparison) -> None:
    text = comparison_page(comparison)
    assert text == comparison_page(comparison)
    found = sound(text)
    assert len(found.tags("figure")) == 8
    for words in (
        "p (Holm)",
        "Fewer minus A small town, one week",
        "units.Roads.staff",
        "1 % of its time or more, and a minute at least",
        "close at about the same time",
        "0.5 pp (shares), 0.005 (scores) or 1 % of the baseline",
    ):
        assert words in found.words
    for scenario in comparison.scenarios:
        assert scenario.digest in found.words
    table = comparison.differences
    row = table[(table["scenario"] == "Fewer") & (table["group_by"] == "") & (table["measure"] == "breach_share")].iloc[
        0
    ]
    assert difference(row) in found.words
    assert difference_interval(row) in found.words
    assert "not reached" in found.words


def test_clear_means_adjusted_in_the_terminal_and_in_the_report(comparison: Comparison) -> None:
    rows = comparison.differences.query("scenario == 'One more' and group_by == 'category'")
    for p, words, reading in (
        (0.2, "by category, earlier: none clearly", "No clear difference among"),
        (0.01, "by category, earlier: Opening hours", "Clear differences:"),
    ):
        changed = dataclasses.replace(comparison, differences=comparison.differences.copy())
        changed.differences.loc[rows.index] = rows.assign(difference=-1.0, lower=-2.0, upper=-0.5, p=0.01, p_holm=p)
        assert words in comparison_text(changed).split("One more")[-1]
        figure = sound(comparison_page(changed)).words.split("Differences by category. ")[-1]
        assert figure.startswith(reading)


def test_what_is_written_alike_has_no_mark(comparison: Comparison) -> None:
    """Where the table has one number for both, it says of it neither better nor worse."""
    rows = comparison.differences.query("group_by in ('unit', 'district', 'category')")
    clear = {"difference": -50.0, "lower": -51.0, "upper": -49.0, "p_holm": 0.001, "other_requests": False}
    changed = dataclasses.replace(comparison, differences=comparison.differences.copy())
    changed.differences.loc[rows.index] = rows.assign(**clear)
    for text in (comparison_text(changed), sound(comparison_page(changed)).words):
        cells = re.findall(r"(\S+(?: \S+)?(?: → \S+(?: %| h| d)?)?) ?[▲▼](?! clearly)", text)
        tables = [cell for cell in cells if re.search(r"\d", cell)]
        assert len(tables) > 5
        assert all("→" in cell for cell in tables), tables


def test_what_is_too_small_to_be_written_is_not_better(comparison: Comparison) -> None:
    """A clear difference of 0.0 pp is none that a planner could use, nor one of less than 0.5 pp."""
    table = comparison.differences
    row = next(rows_of(table[(table["measure"] == "breach_share") & (table["group_by"] == "")]))
    for size, half, p, relevant, word in (
        (-0.0004, 1e-5, 0.001, 0.0, "no relevant difference"),  # is written 0.0 pp, whatever matters to who asks
        (-0.0006, 1e-5, 0.001, 0.0, "better"),
        (-0.0006, 1e-5, 0.001, 0.005, "no relevant difference"),
        (0.004, 0.0009, 0.001, 0.005, "no relevant difference"),
        (0.004, 0.002, 0.001, 0.005, "not clear"),  # clear, but perhaps too small
        (0.006, 0.002, 0.001, 0.005, "worse"),
        (-0.006, 0.002, 0.001, 0.005, "better"),
        (-0.006, 0.009, 0.2, 0.005, "not clear"),
        (0.001, 0.003, 0.9, 0.005, "no relevant difference"),
        (0.0, 0.0, 1.0, 0.0, "no relevant difference"),
    ):
        told = row._replace(difference=size, lower=size - half, upper=size + half, p_holm=p, relevant=relevant)
        assert verdict(told) == word, (size, half, relevant)


def test_a_difference_below_the_grid_is_no_certain_zero(comparison: Comparison) -> None:
    """Of a quantile that comes from a histogram: in one bin before and after, it may have moved all the same."""
    table = comparison.differences
    row = next(rows_of(table[(table["measure"] == "time_to_close_p50") & (table["group_by"] == "")]))
    same = row._replace(difference=0.0, lower=0.0, upper=0.0, p_holm=1.0, relevant=0.0, grid=0.25)
    assert (difference(same), difference_interval(same), verdict(same)) == ("< 15.0 min", "", "not clear")
    assert verdict(same._replace(relevant=0.5)) == "no relevant difference"
    bins = same._replace(difference=-0.1, lower=-0.2, upper=0.0, p_holm=0.001)
    assert (difference(bins), verdict(bins)) == ("< 15.0 min", "not clear")
    assert verdict(bins._replace(difference=-0.3, lower=-0.31, upper=-0.29)) == "better"
    assert row.grid == 0


def test_a_mean_and_its_interval_have_one_unit() -> None:
    for mean, half, text in ((47.0, 5.0, "42.0 … 52.0 h"), (49.0, 5.0, "1.8 … 2.2 d"), (0.0, 0.5, "0.0 … 30.0 min")):
        found = Estimate("time_to_close_mean", mean, max(mean - half, 0.0), mean + half, "h", 9.0, True)
        assert found.interval == text
        assert not mean or found.text.split()[-1] == text.split()[-1]


def test_a_comparison_of_the_same_is_no_difference() -> None:
    found = sound(comparison_page(compare([full(), full(name="again")], 2, processes=1)))
    assert "none clearly better; none clearly worse" in found.words
    assert "the two scenarios say the same" in found.words


def test_a_comparison_of_one_replication_claims_nothing() -> None:
    found = sound(comparison_page(compare([full(), full(name="other", contact={"work": "1 h"})], 1, processes=1)))
    assert "nothing can be called clear" in found.words


def test_a_comparison_without_callback_and_demand_stands() -> None:
    found = sound(comparison_page(compare([full(policies={"callback": None}), quiet()], 1, processes=1)))
    assert "What differs" in found.words


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.123, "share", "12.3 %"),
        (-0.0001, "share", "0.0 %"),
        (0.0, "h", "0 h"),
        (0.001, "h", "3.6 s"),
        (0.5, "h", "30.0 min"),
        (30.0, "h", "30.0 h"),
        (72.0, "h", "3.0 d"),
        (-72.0, "h", "−3.0 d"),
        (12345.6, "USD", "12,346 USD"),
        (185.667, "requests", "185.7"),
        (0.8071, "score", "0.807"),
        (float("nan"), "share", "–"),
    ],
)
def test_numbers_are_written_as_people_read_them(value: float, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_a_comparison_leaves_out_what_neither_scenario_models() -> None:
    plain, loose = (station("2 / h", "20 min", 1, 3, category=category) for category in ({}, {"resolve": 0.5}))
    assert "Truly resolved" not in comparison_text(compare([plain, plain], 2))
    assert "Truly resolved" in comparison_text(compare([plain, loose], 2))


def test_a_request_is_not_open_while_it_is_closed() -> None:
    """Closed at once, asked about on Mondays alone, reopened once: none is open in between."""
    scenario = from_dict(
        {
            "name": "asked on Mondays",
            "time": {"start": "2024-03-04", "end": "2024-04-01"},
            "districts": {"Town": {}},
            "calendars": {"mondays": {"open": {"mon": "0:00-24:00"}}},
            "demand": {"weekdays": dict.fromkeys(("mon", "wed", "thu", "fri", "sat", "sun"), 0)},
            "pools": {"callers": {"staff": 99, "calendar": "mondays"}},
            "units": {"Desk": {"staff": 99}},
            "categories": {"Matter": {"total": "10 / d", "unit": "Desk", "work": "1 min", "lead": "1 h", "resolve": 0}},
            "policies": {
                "callback": {
                    "pool": "callers",
                    "work": "1 min",
                    "reopen": {"to": "owner", "at_most": 3, "probability": 1},
                }
            },
        }
    )
    found = run(scenario, 1, keep="all", processes=1)
    spans = bins(found)
    moving = flow(found, spans, Names(scenario, found.pools), {"Desk": 1.0})
    requests, visits = found.tables.requests, found.tables.visits
    assert (requests["rounds"] > 2).any()
    for day, midnight in enumerate(spans.edges[1:]):
        begun = visits[(visits["kind"] == "handling") & (visits["queued"] < midnight)].groupby("request").last()
        expected = (~(begun["ended"] + 1.0 <= midnight)).sum()  # work and an hour of lead time, whichever round
        assert moving.stock[0][0, day] == expected
    assert moving.arrived[0].sum() > 30


def test_figures_over_time_end_where_counting_ends() -> None:
    """What comes afterwards is there so that what is open can close, and is no year of the question."""
    found = run(station("20 / d", "10 min", 2, days=40, category={"lead": "2 d"}), 1, keep="all", processes=1)
    short = found.scenario.model_copy(update={"time": found.scenario.time.model_copy(update={"count_until": MIDWAY})})
    for keep in ("all", "measures"):
        counted = dataclasses.replace(run(short, 1, keep=keep, processes=1))  # type: ignore[arg-type]
        whole = dataclasses.replace(counted, scenario=found.scenario)
        spans = bins(counted)
        assert spans.edges[-1] == 24.0 * 10
        names = Names(short, found.pools)
        before, after = (flow(one, bins(one), names, {"Desk": 1.0}) for one in (counted, whole))
        assert np.array_equal(before.stock[0], after.stock[0][:, :10])  # nothing of what comes later is in the last day
        assert np.array_equal(before.arrived[0], after.arrived[0][:, :10])


def test_units_that_hardly_count_stand_together() -> None:
    names = Names(full())
    shown = [s.name.name for s in as_series(names, {"A": 990.0, "B": 6.0, "C": 2.0, "D": 2.0})]
    assert shown == ["A", "B", "others"]
    assert [s.name.name for s in as_series(names, {"A": 990.0, "B": 6.0, "C": 2.0})] == ["A", "B", "C"]  # one alone
    many = as_series(names, {f"U{i}": 100.0 - i for i in range(20)})
    assert len(many) == 12
    assert sum(len(s.members) for s in many) == 20


def test_a_comparison_says_which_differences_it_would_have_shown() -> None:
    """Of measures that do not vary over the replications it says nothing, rather than that any difference is seen."""
    base = sim.load("teaching")
    compared = sim.compare([base, sim.load("teaching", ["name=other", "units.Roads.staff=5"])], 3)
    city = compared.differences[(compared.differences["group_by"] == "") & compared.differences["p_holm"].notna()]
    said = " ".join(comparison_text(compared).split()).split("in 4 of 5 cases: ")[1].split(". Requests:")[0]
    for row in city.itertuples():
        assert (REGISTRY[str(row.measure)].english in said) == (float(str(row.smallest)) > 0.0005), row
    assert " 0.0 pp" not in said
    one = sim.compare([base, sim.load("teaching", ["name=other", "units.Roads.staff=5"])], 1)
    assert "in 4 of 5 cases" not in comparison_text(one)
