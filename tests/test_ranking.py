"""The monthly sheet, lists, pressure and effort: exact values, by hand, and off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact import agrees
from towns import both, same_tables

import sim
from sim.inference.sheets import sheet_ranks
from sim.model import sheets
from sim.model.city import build_city
from sim.model.policies import ranking, sheet
from sim.model.policies.sheet import COUNTS, Page
from sim.report.mechanisms import in_words
from sim.report.page import run_page
from sim.scenario import Scenario, ScenarioError, from_dict

Data = dict[str, Any]
POLICY: Data = {"gain": 0.3, "decay": 0.2, "effort": {"share": 0.4, "most": 1.5}}
CALLBACK: Data = {"pool": "callers", "work": "1 min", "score": {"weights": {"resolution": 1}}}


def town(policy: Data | None = POLICY, **changes: Any) -> Scenario:
    """Streets X, Y, Z with a category each, of which 95, 70 and 40 of 100 are resolved; nobody waits."""
    callback = {**CALLBACK, **changes.pop("callback", {})}
    resolve, a_day = changes.pop("resolve", (0.95, 0.7, 0.4)), changes.pop("a_day", 20)
    staff, level = changes.pop("staff", 99), changes.pop("level", "street")
    return from_dict(
        {
            "name": "ranks",
            "time": changes.pop("time", {"start": "2024-01-01", "end": "2024-07-01"}),
            "districts": {"North": {"population": 2000}, "South": {"population": 1000}},
            "pools": {"callers": {"staff": 999}},
            "units": {unit: {"staff": staff, "level": level} for unit in "XYZ"[: len(resolve)]},
            "categories": {
                unit: {"total": f"{a_day} / d", "unit": unit, "work": "1 h", "resolve": p}
                for unit, p in zip("XYZ", resolve, strict=False)
            },
            **changes,
            "policies": {
                "callback": callback,
                **({} if policy is None else {"ranking": policy}),
                **changes.get("policies", {}),
            },
        }
    )


# --- the rules (truths 7) --------------------------------------------------------------------------------------------

PRESSURE = {  # x: after 1, 2, 6 and 12 months
    0.0: (0.0, 0.0, 0.0, 0.0),
    0.5: (0.15, 0.27, 0.5533919999999998, 0.698460392448),
    1.0: (0.3, 0.54, 1.1067839999999995, 1.396920784896),
}


@pytest.mark.parametrize("x", PRESSURE)
def test_pressure_takes_the_exact_path(x: float) -> None:
    path = [0.0]
    for _ in range(12):
        path.append(ranking.pressed(path[-1], x, 0.3, 0.2))
    np.testing.assert_allclose([path[k] for k in (1, 2, 6, 12)], PRESSURE[x], rtol=0, atol=1e-12)
    assert ranking.pressed(0.1, 0.0, 0.3, 1.0) == 0.0


def test_what_presses_is_the_rank_or_what_lacks_to_the_target() -> None:
    by_rank = [ranking.shortfall(0.5, rank, 5, True, 0.9) for rank in (1, 2, 5)]
    assert by_rank == [0.0, 0.25, 1.0]
    assert ranking.shortfall(0.5, 1, 1, True, 0.9) == 0.0, "one unit alone"
    assert [ranking.shortfall(score, 3, 5, False, 0.75) for score in (0.5, 0.9)] == [0.25, 0.0]
    assert [ranking.shortfall(np.nan, 0, 0, by_rank, 0.75) for by_rank in (True, False)] == [0.0, 0.0]


def test_effort_is_the_formula() -> None:
    e = ranking.effort(0.75, 0.4, 1.5)
    assert e == pytest.approx(1.3, abs=1e-12)
    assert ranking.effort(9.0, 0.4, 1.5) == 1.5
    assert ranking.resolves(0.7, e) == pytest.approx(0.7909464094192153, abs=1e-12)
    assert ranking.longer(1.0, e) == round(1.3 * 2**30) / 2**30
    assert (ranking.resolves(0.7, 1.0), ranking.longer(0.1, 1.0)) == (0.7, 0.1), "to the last bit"
    assert [ranking.overtime(n, 1.3) for n in (0, 1, 10, 11)] == [0, 1, 3, 4]


TRUTHS = Path(__file__).parents[2] / "shared/mechanism-truths.json"


@pytest.mark.skipif(not TRUTHS.exists(), reason="the list of truths is not part of the project")
def test_the_rules_are_those_of_the_list_of_truths() -> None:
    truths = json.loads(TRUTHS.read_text())
    p, exact = truths["7.pressure"]["params"], truths["7.pressure"]["values"]
    for x in (0, 0.5, 1):
        path = [0.0]
        for _ in p["months"][1:]:
            path.append(ranking.pressed(path[-1], float(x), p["gain"], p["decay"]))
        np.testing.assert_allclose(path, exact[f"x_{x}"], rtol=0, atol=1e-12)
    efforts = [ranking.effort(P, p["share"], p["most"]) for P in path]
    np.testing.assert_allclose(efforts, exact["e_x_1"], rtol=0, atol=1e-12)


# --- ranks -----------------------------------------------------------------------------------------------------------


def alike(units: int, seeds: range) -> Iterator[Page]:
    """Months of units that are all alike, and tied."""
    names = [f"U{n}" for n in range(units)]
    matter = {"total": "1 / d", "unit": dict.fromkeys(names, 1 / units), "work": "1 h"}
    scenario = town(None, units={name: {"staff": 1, "level": "street"} for name in names}, categories={"A": matter})
    plan = build_city(scenario).sheet
    assert plan is not None
    counted = np.zeros((plan.pools + 2, len(plan.months), COUNTS), np.int64)
    counted[:, :, 2] = 9
    return (sheet.page(plan, 0, counted, seed) for seed in seeds)


def test_ranks_of_identical_units_are_uniform() -> None:
    """Truth 7.identical: mean 10.5, sd 5.766, first one time in twenty; x has mean ½ and variance 0.0921."""
    ranks = np.array([page.rank[:20] for page in alike(20, range(2000))])
    assert (np.sort(ranks, axis=1) == np.arange(1, 21)).all()
    by_unit = ranks.mean(axis=0)
    assert (np.abs(by_unit - 10.5) < 4.5 * 5.766281297335398 / np.sqrt(2000)).all()
    assert ranks.std() == pytest.approx(5.766281297335398)
    assert abs((ranks[:, 3] == 1).mean() - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 2000)
    assert ((ranks - 1) / 19).var() == pytest.approx(0.09210526315789473)


def test_units_are_ranked_within_their_level_districts_among_themselves() -> None:
    units = {"X": {"staff": 9, "level": "street"}, "Y": {"staff": 9, "level": "utility"}, "Z": {"staff": 9}}
    scores = sim.simulate(town(None, units=units)).scores
    assert (scores["ranked"] == np.where(scores["unit"].isna(), 2, 1)).all()
    assert (scores.loc[scores["unit"].notna(), "rank"] == 1).all()


# --- the sheet -------------------------------------------------------------------------------------------------------


def recounted(out: sim.Outcomes) -> pd.DataFrame:
    """Answers by unit and month as the table of requests tells them."""
    asked = out.requests[out.requests["called_back"].notna()]
    start = np.datetime64("2024-01-01")
    month = (start + asked["called_back"].to_numpy().astype("timedelta64[h]")).astype("datetime64[M]").astype(str)
    frame = pd.DataFrame({"month": month, "unit": asked["owner_unit"].astype(str), "good": asked["said_resolved"] == 1})
    return frame.groupby(["month", "unit"])["good"].agg(["size", "sum"]).reset_index()


def test_a_sheet_has_the_answers_of_the_month_counted_or_not() -> None:
    time = {"start": "2024-01-01", "end": "2024-04-11", "count_from": "2024-02-10", "count_until": "2024-03-01"}
    out = both(town(None, time=time))
    units = out.scores[out.scores["unit"].notna()].reset_index(drop=True)
    expected = recounted(out)
    assert units["answers"].tolist() == expected["size"].tolist()
    assert units["resolved"].tolist() == expected["sum"].tolist()
    np.testing.assert_allclose(units["score"], expected["sum"] / expected["size"])
    districts = out.scores[out.scores["district"].notna()]
    assert districts.groupby("month", observed=True)["answers"].sum().tolist() == (
        units.groupby("month", observed=True)["answers"].sum().tolist()
    )
    part = units["month"] == "2024-04"
    assert units["whole"].tolist() == (~part).tolist()
    assert units.loc[part, "rank"].isna().all()
    assert units.loc[~part, "rank"].notna().all()
    assert units.loc[part, "published"].isna().all()
    assert units["published"].iloc[0] == 31 * 24


def test_the_rates_of_a_month_are_those_of_the_measures() -> None:
    """With contact, satisfaction and exclusion, all counted: score and rates by unit and month are the sheet's."""
    callback = {"satisfied": {"intercept": 1, "said_resolved": 1}, "score": {}}
    callback["exclusion"] = {"asks": 0.5, "granted": 0.5, "review": {"pool": "callers", "work": "1 min"}}
    callback["score"] = {"published": "5 d"}
    scenario = town(None, contact={"work": "5 min"}, callback=callback)
    out = both(scenario)
    found = sim.measures(out)
    for measure, column in (("score", None), ("response_rate", "responded"), ("satisfaction_rate", "satisfied")):
        rows = found[(found["measure"] == measure) & (found["group_by"] == "unit+month")]
        value = {tuple(json.loads(g)): v for g, v in zip(rows["group"], rows["value"], strict=True)}
        for row in out.scores[out.scores["unit"].notna()].to_dict("records"):
            own = row["score"] if column is None else row[column] / row["answers"]
            assert own == pytest.approx(value[row["unit"], row["month"]], abs=1e-12)


def test_what_is_known_later_changes_no_frozen_sheet() -> None:
    """Reviews take two weeks: what is granted after a month's sheet is published stays on it."""
    review = {"pool": "callers", "work": "14 d"}
    exclusion = {"asks": 1, "granted": 1, "review": review}
    sheets_ = [
        both(town(None, callback={"exclusion": exclusion, "score": {"weights": {"resolution": 1}, **late}})).scores
        for late in ({}, {"published": "10 d"}, {"published": "20 d"})
    ]
    first = [table[table["unit"] == "Z"].iloc[0] for table in sheets_]
    bad = [int(row["answers"] - row["resolved"]) for row in first]
    assert bad[0] > bad[1] > bad[2] == 0
    assert len({int(row["resolved"]) for row in first}) == 1
    assert bad[0] == pytest.approx(0.6 * 20 * 14, rel=0.3), "those of whom it is not decided in time"


def test_a_later_answer_takes_the_place_of_the_first_one() -> None:
    """Where the last answer is scored, a round that succeeds after a month moves the answer to the next sheet."""
    more = {"reopen": {"probability": 1}, "score": {"round": "last", "weights": {"resolution": 1}, "published": "40 d"}}
    categories = {"X": {"total": "20 / d", "unit": "X", "work": "1 h", "lead": "5 d", "resolve": [0, 1]}}
    out = both(town(None, callback=more, categories=categories, resolve=(1,)))
    units = out.scores[out.scores["unit"].notna()].iloc[:-1]
    assert units["answers"].tolist() == units["resolved"].tolist()
    more["score"] = {**more["score"], "published": "0 h"}
    frozen = both(town(None, callback=more, categories=categories, resolve=(1,))).scores
    first = frozen[frozen["unit"] == "X"].iloc[0]
    assert first["answers"] - first["resolved"] == pytest.approx(100, abs=40), "five days' are not solved yet"


def test_requests_by_head_take_something_off() -> None:
    """Of 3,000 who live in the city, 1,000 in the South: 0.02 for each request by 100 residents."""
    score = {"weights": {"resolution": 1}, "per_head": {"weight": 0.02, "residents": 100}}
    plain, found = (both(town(None, callback=callback)).scores for callback in ({}, {"score": score}))
    heads = np.select([found["unit"].notna(), found["district"] == "South"], [3000, 1000], 2000)
    exact = plain["score"] - 0.02 * 100 * found["requests"] / heads
    np.testing.assert_allclose(found["score"], exact, atol=1e-12)
    ranks = sheet_ranks(found, (0, 1, 0))
    known = ranks["rank"].notna()
    assert (ranks.loc[known, "lowest"] <= ranks.loc[known, "rank"]).all()
    assert (ranks.loc[known, "rank"] <= ranks.loc[known, "highest"]).all()


# --- lists -----------------------------------------------------------------------------------------------------------


def test_the_four_lists_are_shares_of_the_units() -> None:
    lists = {"leading": 0.34, "improving": 0.34, "to_rectify": 0.34, "to_govern": 0.34, "per": "all"}
    scores = both(town({"gain": 0, "decay": 1, "lists": lists})).scores
    units = scores[scores["unit"].notna()]
    for _, month in units.groupby("month", observed=True):
        by = month.set_index("unit")
        assert by.index[by["leading"]].tolist() == [by["score"].idxmax()]
        assert by.index[by["to_rectify"]].tolist() == [by["score"].idxmin()]
        assert by.index[by["to_govern"]].tolist() == [by["requests"].idxmax()]
    before = units.groupby("unit", observed=True)["score"].diff()
    best = before.groupby(units["month"], observed=True).transform("max")
    assert (units["improving"] == ((before == best) & (before > 0))).all()
    assert scores.loc[scores["unit"].isna(), list(ranking.LISTS)].isna().all(axis=None)
    none = sim.simulate(town({"gain": 0, "decay": 1, "lists": dict.fromkeys(ranking.LISTS, 0)})).scores
    assert not none.loc[none["unit"].notna(), list(ranking.LISTS)].any(axis=None)


def test_repeats_and_what_is_out_of_scope_are_left_out_unless_told_otherwise() -> None:
    again = {"call_again": {"probability": 0.8, "after": "1 d"}}
    out_of_scope = {"classified_handling": {"out_of_scope": 0.2}}
    found = {}
    for lists in ({}, {"repeats": True}, {"out_of_scope": True}, {"repeats": True, "out_of_scope": True}):
        policy = {"gain": 0, "decay": 1, "lists": lists}
        out = both(town(policy, callback=again, policies=out_of_scope))
        came = out.requests
        wanted = came["dispatched"].notna() | ((came["status"] == "out_of_scope") & ("out_of_scope" in lists))
        wanted &= came["repeat_of"].isna() | ("repeats" in lists)
        for place in ("unit", "district"):
            total = int(out.scores.loc[out.scores[place].notna(), "requests"].sum())
            assert abs(total - int(wanted.sum())) == 0
        found[len(lists), "repeats" in lists] = total
    assert len(set(found.values())) == 4


# --- pressure and effort in runs -------------------------------------------------------------------------------------


def test_who_is_always_last_takes_the_exact_path() -> None:
    scores = both(town()).scores
    last, first = (scores[scores["unit"] == unit]["pressure"].to_numpy() for unit in "ZX")
    np.testing.assert_allclose(last, [0.3 / 0.2 * (1 - 0.8 ** (k + 1)) for k in range(6)], rtol=0, atol=1e-12)
    assert (first == 0).all()


def test_effort_takes_longer_and_solves_more() -> None:
    """Work that begins in a month has the effort of the pressure after the last one, on the grid of time."""
    out = both(town())
    visits = out.visits[(out.visits["pool"] == "Z") & out.visits["ended"].notna()]
    turns = [24.0 * days for days in (31, 60, 91, 121, 152)]
    month = np.searchsorted(turns, visits["started"], side="right")
    efforts = [min(1 + 0.4 * 0.3 / 0.2 * (1 - 0.8**k), 1.5) for k in range(6)]
    exact = [ranking.longer(1.0, e) for e in efforts]
    np.testing.assert_array_equal(visits["worked"], np.array(exact)[month])
    plain = sim.simulate(town(None), engine="compiled").visits
    assert (plain["worked"].dropna() <= 1).all()


def test_effort_solves_as_many_more_as_the_formula_says() -> None:
    """Twenty replications: of those whose work began in the sixth month, 1 − (1 − 0.4)^e are solved."""
    shares, twins = np.zeros(20), np.zeros(20)
    for k in range(20):
        for policy, into in ((POLICY, shares), (None, twins)):
            rows = sim.simulate(town(policy, a_day=40), k, engine="compiled").requests
            own = (rows["category"] == "Z") & (rows["closed"] > 152 * 24 + 2)
            into[k] = (rows["resolved"][own] == 1).mean()
    e = min(1 + 0.4 * 0.3 / 0.2 * (1 - 0.8**5), 1.5)
    assert agrees(shares, 1 - 0.6**e)
    assert not agrees(twins, 1 - 0.6**e), "effort ignored"
    assert not agrees(shares, 1 - 0.6 ** (2 - e)), "turned round"


def test_without_staff_effort_costs_waiting_and_overtime_prevents_it() -> None:
    """A unit loaded to 83 % that works half as long again is overrun; officers who come at a wage keep up with it."""
    policy = {"gain": 3, "decay": 0, "effort": {"share": 1, "most": 1.5}}
    paid = {**policy, "effort": {**policy["effort"], "overtime": "100 / h"}}
    plain, pressed, helped = (sim.simulate(town(p, staff=1), engine="compiled") for p in (None, policy, paid))
    waits = [
        float(
            (out.visits["started"].fillna(out.end) - out.visits["queued"])[out.visits["pool"] == "Z"].iloc[-500:].mean()
        )
        for out in (plain, pressed, helped)
    ]
    assert waits[1] > 10 * waits[0]
    assert waits[2] < waits[0]
    levels = helped.levels[helped.levels["pool"] == "Z"]
    assert levels["overtime"].tolist() == [0.0] * 31 * 24 + [1.0] * (len(levels) - 31 * 24)
    costs = sim.measures(helped).query("measure == 'cost' and group_by == 'pool'").set_index("group")["value"]
    assert costs['["Z"]'] == 100 * levels["overtime"].sum()


def test_one_request_by_hand() -> None:
    """A unit is last in January, so that P = 0.3 and e = 1.12 in February: an hour's work takes 1.12 h."""
    for engine in ("simpy", "compiled"):
        out = sim.simulate(town(), engine=engine)  # type: ignore[arg-type]
        rows = out.requests[(out.requests["category"] == "Z") & (out.requests["arrived"] > 31 * 24)]
        one = rows.iloc[0]
        assert one["closed"] - one["arrived"] == ranking.longer(1.0, 1.0 + 0.4 * 0.3)
        old = out.requests[(out.requests["category"] == "Z") & (out.requests["arrived"] < 31 * 24 - 2)].iloc[-1]
        assert old["closed"] - old["arrived"] == 1.0


# --- off -------------------------------------------------------------------------------------------------------------

NO_EFFECT: list[Data] = [
    {"gain": 3, "decay": 0.1},
    {"gain": 0, "decay": 0.1, "effort": {"share": 2, "most": 3, "overtime": "1 / h"}},
    {"gain": 3, "decay": 0, "effort": {"share": 0}},
    {"gain": 3, "decay": 0, "effort": {"share": 2, "most": 1}},
    {"gain": 3, "decay": 0, "target": 0, "effort": {"share": 2}},
]


@pytest.mark.parametrize("policy", NO_EFFECT, ids=str)
@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_without_effect_no_byte_changes(policy: Data, engine: Any) -> None:
    time = {"start": "2024-01-20", "end": "2024-03-05"}
    off, on = (
        sim.simulate(town(p, time=time, resolve=(0.3, 0.7, 0.9), staff=1), engine=engine) for p in (None, policy)
    )
    shared = [c for c in off.scores if c not in (*ranking.LISTS, "pressure")]
    pd.testing.assert_frame_equal(off.scores[shared], on.scores[shared])
    on = replace(
        on,
        **{
            t: getattr(on, t) for t in ("requests", "visits", "levels", "problems", "calls", "trust", "themes", "pools")
        },
        scores=off.scores,
        scenario=off.scenario,
    )
    assert same_tables(off, on)


def test_starved_units_change_nothing() -> None:
    """Where nobody ever works, effort has nothing to act on: the bytes of off, but for the sheet."""
    off, on = (sim.simulate(town(p, staff=0), engine="compiled") for p in (None, POLICY))
    for name in ("requests", "visits", "levels", "problems"):
        pd.testing.assert_frame_equal(getattr(off, name), getattr(on, name))
    assert on.scores["rank"].isna().all()


def test_an_altered_policy_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressure ignored, its sign turned, a gain a tenth wrong: none takes the exact path."""
    exact = [0.3 / 0.2 * (1 - 0.8 ** (k + 1)) for k in range(6)]
    for other in (
        lambda p, x, gain, decay: p,
        lambda p, x, gain, decay: max(0.0, p - gain * x - decay * p),
        lambda p, x, gain, decay: p + 1.1 * gain * x - decay * p,
    ):
        monkeypatch.setattr(sheets.ranking, "pressed", other)
        scores = sim.simulate(town(), engine="simpy").scores
        assert not np.allclose(scores[scores["unit"] == "Z"]["pressure"], exact)


# --- in words --------------------------------------------------------------------------------------------------------


def test_show_tells_what_pressure_does_and_warns_of_what_cannot_be_done() -> None:
    told = in_words(build_city(town()))["ranking"]
    assert "by 0.3 × its rank (0 for the first, 1 for the last) − 0.2 × P; always last, it has 1.01 at the end" in told
    assert "work is 1 + 0.4 × P times as long, at most 1.5 times" in told
    assert "queues grow" not in told
    crowded = in_words(build_city(town(staff=1)))["ranking"]
    assert "With 1.40 times the work 3 pools have more to do than they can (X, Y, Z)" in crowded
    paid = {**POLICY, "effort": {**POLICY["effort"], "overtime": "9 / h"}}
    assert "queues grow" not in in_words(build_city(town(paid, staff=1)))["ranking"]
    assert "are to be studied at 1:1" in in_words(build_city(town(scale=4)))["ranking"]


def test_the_report_shows_ranks_with_their_intervals() -> None:
    page = run_page(sim.run(town(), 1, engine="compiled"))
    assert "The sheet of 2024-06" in page
    assert "1 (1–1)" in page
    assert "The sheet of" not in run_page(sim.run(town(None, time={"start": "2024-01-05", "end": "2024-01-09"}), 1))


# --- what is refused -------------------------------------------------------------------------------------------------

WRONG: list[tuple[Data, Data, str]] = [
    ({"gain": -1}, {}, "must not be negative"),
    ({"decay": 1.5}, {}, "must be between 0 and 1"),
    ({"effort": {"share": 1, "most": 0.5}}, {}, "must be at least 1, the work without pressure"),
    ({"target": 2}, {}, "must be between 0 and 1"),
    ({"lists": {"leading": 2}}, {}, "must be between 0 and 1"),
    ({"lists": {"repeats": True}}, {}, "it needs citizens who call again"),
    ({"lists": {"out_of_scope": True}}, {}, "it needs contacts that are out of scope"),
    ({}, {"time": {"start": "2024-01-01", "end": "2024-02-01"}}, "a sheet is published within the run"),
    (
        {},
        {"callback": {"score": {"weights": {"resolution": 1}, "published": "200 d"}}},
        "a sheet is published within the run",
    ),
    ({}, {"callback": {"score": {}}}, "it needs a score"),
    ({}, {"policies": {"callback": None}}, "it needs a score"),
]


@pytest.mark.parametrize(("change", "more", "said"), WRONG, ids=str)
def test_what_cannot_be_is_refused(change: Data, more: Data, said: str) -> None:
    with pytest.raises(ScenarioError) as wrong:
        town({**POLICY, **change}, **more)
    assert said in str(wrong.value)
