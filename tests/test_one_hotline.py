"""Phone lines and one hotline (整合热线): who calls which number, and many lines' people in one pool."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact import agrees
from scenario_texts import town as small_town
from scenario_texts import wrongs
from test_mechanism_sizes import REPLICATIONS
from towns import same_tables

import sim
from sim.model.city import build_city
from sim.model.load import offered_loads
from sim.report.mechanisms import in_words
from sim.scenario import Scenario, ScenarioError, from_dict

Data = dict[str, Any]
NAMES = ("Housing", "Taxes", "Water")
MINUTE = 1 / 60


def city(lines: bool = True, staff: Any = 100_000, total: str = "2000 / d", **parts: Any) -> Scenario:
    """Three kinds of questions, each with a line and people of its own, or all with one."""
    shifts = {"staff": staff} if isinstance(staff, int) else {"shifts": staff}
    own = {"lines": {name: {"pool": f"{name} line", "categories": [name]} for name in NAMES}}
    phone = {"share": 1, "kind": "phone", "talk": "4 min", **(own if lines else {"pool": "Taxes line"})}
    phone |= parts.pop("phone", {})
    named = [line["pool"] for line in phone["lines"].values()] if lines else ["Taxes line"]
    pools = {name: shifts for name in named}
    policies = {"instant_answer": {"answered": 1}, **parts.pop("policies", {})}
    return from_dict(
        {
            "name": "three lines",
            "time": {"start": "2024-01-01", "count_until": "2024-01-04", "end": "2024-01-05"},
            "districts": {"Town": {}},
            "channels": {"phone": phone},
            "pools": pools | parts.pop("pools", {}),
            "categories": {name: {"kind": "consultation", "total": total} for name in NAMES},
            "policies": policies,
            **parts,
        }
    )


def run(scenario: Scenario, replication: int = 0) -> sim.Outcomes:
    return sim.simulate(scenario, replication, engine="compiled")


# --- one citizen, worked out by hand ---------------------------------------------------------------------------------


def way(scenario: Scenario, category: str = "Housing") -> tuple[str, list[tuple[str, str, float, float]]]:
    """The first contact about something: its end, and kind, pool, minutes since it came and minutes of work of each
    visit; the same on both engines.
    """
    found = []
    for engine in ("simpy", "compiled"):
        out = sim.simulate(scenario, engine=engine)  # type: ignore[arg-type]
        row = out.requests[out.requests["category"] == category].iloc[0]
        own = out.visits[out.visits["request"] == row["request"]]
        visits = [
            (v.kind, v.pool, round((v.queued - row["arrived"]) / MINUTE, 4), round(v.worked / MINUTE, 4))
            for v in own.itertuples()
        ]
        assert row["hours_intake"] == row["ended"] - row["arrived"]
        found.append((str(row["status"]), visits))
    assert found[0] == found[1]
    return found[0]


WRONG = {"share": 0.999999, "talk": "1 min"}


def test_the_path_of_one_citizen() -> None:
    few = {"total": "4 / d"}
    right = ("intake", "Housing line", 0.0, 4.0)
    assert way(city(**few)) == ("answered", [right])

    two = {"categories": {n: {"kind": "consultation", "total": "4 / d"} for n in ("Housing", "Taxes")}}
    lines = {n: {"pool": f"{n} line", "categories": [n]} for n in ("Housing", "Taxes")}
    wrong = {"lines": lines, "wrong_line": {**WRONG, "after": "2 min"}}
    status, visits = way(city(**few, **two, phone=wrong))
    assert status == "answered"
    assert visits == [("wrong_line", "Taxes line", 0.0, 1.0), ("intake", "Housing line", 3.0, 4.0)]

    at_once = {"lines": lines, "wrong_line": WRONG}
    status, visits = way(city(**few, **two, phone=at_once))
    assert visits == [("wrong_line", "Taxes line", 0.0, 1.0), ("intake", "Housing line", 1.0, 4.0)]

    nobody = {"pools": {"Taxes line": {"staff": 1, "calendar": "never"}}}
    never = {"calendars": {"never": {"open": {"sun": "23:58-24:00"}}}}
    gives_up = {
        **at_once,
        "patience": "5 min",
        "redial": {"probability": 1, "after": "10 min", "at_most": 2},
        "wrong_line": {**WRONG, "again": True},
    }
    status, visits = way(city(**few, **two, **never, **nobody, phone=gives_up))
    tries = [("wrong_line", "Taxes line", 15.0 * n, 0.0) for n in range(3)]
    assert (status, visits) == ("lost", tries), "who is told nothing tries the same, as often as anybody redials"

    merged = {"policies": {"one_hotline": {"into": "Taxes line", "talk_factor": 1.25}}}
    status, visits = way(city(**few, **two, **merged, phone=at_once))
    assert visits == [("intake", "Taxes line", 0.0, 5.0)], "one number cannot be wrong"


# --- off is off, and one is one --------------------------------------------------------------------------------------

SHIFTS = [
    {"days": "mon-sun", "hours": "8:00-20:00", "staff": 3},
    {"days": "mon-sun", "hours": "20:00-8:00", "staff": 1},
]
PATIENT = {
    "patience": {"distribution": "exponential", "mean": "2 min"},
    "redial": {"probability": 0.5, "after": "5 min"},
}


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("staff", [2, SHIFTS], ids=["always on duty", "shifts"])
def test_one_hotline_of_all_is_the_scenario_with_one_pool(staff: Any, engine: Any) -> None:
    """Their people added up, equal talk and patience, nobody calls a wrong line: the same bytes."""
    policy = {"one_hotline": {"into": "Taxes line"}}
    many = city(staff=staff, total="700 / d", phone=PATIENT, policies=policy)
    three = 3 * staff if isinstance(staff, int) else [{**shift, "staff": 3 * shift["staff"]} for shift in staff]
    one = city(lines=False, staff=three, total="700 / d", phone=PATIENT)
    outs = [sim.simulate(scenario, engine=engine) for scenario in (many, one)]
    assert (outs[0].requests["status"] == "lost").any()
    assert same_tables(*outs)


def test_people_of_their_own_are_those_of_the_hotline_alone() -> None:
    pools = {"hotline": {"staff": 4}}
    outs = [
        run(city(staff=SHIFTS, total="700 / d", pools=pools, policies={"one_hotline": {"into": "hotline", **more}}))
        for more in ({"shifts": "own"}, {"shifts": "sum"})
    ]
    duty = [out.levels.groupby("hour")["on_duty"].sum() for out in outs]
    assert (duty[0] == 4).all()
    assert sorted(duty[1].unique()) == [4 + 3, 4 + 9]
    assert all(set(out.pools["pool"]) == {"hotline"} for out in outs)


def test_office_hours_of_one_calendar_are_added_too() -> None:
    calendars = {"office": {"open": {"mon-fri": "9:00-17:00"}}}
    pools = {f"{name} line": {"staff": 2, "calendar": "office"} for name in NAMES}
    policies = {"one_hotline": {"into": "Water line"}}
    out = run(city(total="100 / d", calendars=calendars, pools=pools, policies=policies))
    assert out.levels["on_duty"].max() == 6


def test_lines_that_are_not_taken_stay_and_can_still_be_wrong() -> None:
    wrong = {"wrong_line": {"share": 0.5, "talk": "1 min"}}
    out = run(city(phone=wrong, policies={"one_hotline": {"into": "Taxes line", "takes": ["Water"]}}))
    assert set(out.pools["pool"]) == {"Housing line", "Taxes line"}
    calls = out.visits[out.visits["kind"] == "wrong_line"].merge(out.requests[["request", "category"]], on="request")
    goes = calls.groupby("category")["pool"].unique().map(list).to_dict()
    assert goes == {"Housing": ["Taxes line"], "Taxes": ["Housing line"], "Water": ["Housing line"]}


# --- how many calls --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("again", "w"), [(False, 0.25), (True, 0.3)])
def test_calls_per_contact(again: bool, w: float) -> None:
    """1 + w, or 1/(1 − w) where the next call may be wrong too; the wrong line is any other with equal chance."""
    exact = 1 / (1 - w) if again else 1 + w
    scenario = city(phone={"wrong_line": {"share": w, "talk": "1 min", "again": again}})
    found, shares, first = [], [], []
    for k in range(REPLICATIONS):
        out = run(scenario, k)
        counted = out.visits[out.visits["request"].isin(out.counted["request"])]
        wrong = counted[counted["kind"] == "wrong_line"].merge(out.requests[["request", "category"]], on="request")
        housing = wrong[wrong["category"] == "Housing"]["pool"]
        found.append(len(counted) / len(out.counted))
        shares.append(len(wrong) / len(counted))
        first.append(float((housing == "Water line").mean()))
        assert (housing != "Housing line").all()
        measured = sim.measures(out).set_index(["measure", "group_by"])["value"]
        assert measured[("calls", "")] == len(counted)
        assert measured[("wrong_line_share", "")] == shares[-1]
    assert agrees(np.array(found), exact)
    assert agrees(np.array(shares), 1 - 1 / exact)
    assert agrees(np.array(first), 0.5)
    assert not agrees(np.array(shares), 1.1 * (1 - 1 / exact)), "ten per cent more"
    assert not agrees(np.array(found), 1 + w if again else 1 / (1 - w)), "again the other way round"
    assert not agrees(np.array(found), 1.0), "ignored"


@pytest.mark.long
@pytest.mark.parametrize("merged", [False, True])
def test_who_hangs_up_is_told_by_palm(merged: bool) -> None:
    """Abandonment and mean wait of Erlang A (Palm 1957): 0.1218 and 14.62 s with three lines of six, 0.0449 and 5.39 s
    with one of eighteen.
    """
    share, wait = (0.0449330185275123, 5.391962223301476) if merged else (0.12182737519957328, 14.619285023948791)
    phone = {"patience": PATIENT["patience"], "talk": {"distribution": "exponential", "mean": "4 min"}}
    policies = {"one_hotline": {"into": "Taxes line"}} if merged else {}
    time = {"start": "2024-01-01", "count_from": "2024-01-02", "end": "2024-01-12"}
    scenario = city(staff=6, total="75 / h", phone=phone, policies=policies, time=time)
    table = sim.run(scenario, REPLICATIONS, keep="measures").measures
    table = table[table["group_by"] == ""].pivot(index="replication", columns="measure", values="value")
    left, waited = table["abandonment_share"].to_numpy(float), 3600 * table["phone_wait_mean"].to_numpy(float)
    assert agrees(left, share)
    assert agrees(waited, wait)
    assert not agrees(left, 1.1 * share)


def test_who_hangs_up_was_not_told() -> None:
    """With patience and no redial there are 1 + w(1 − abandonment of wrong calls) calls a contact."""
    w = 0.4
    phone = {
        "patience": PATIENT["patience"],
        "wrong_line": {"share": w, "talk": {"distribution": "exponential", "mean": "4 min"}},
    }
    found = []
    for k in range(REPLICATIONS):
        out = run(city(staff=5, phone=phone), k)
        wrong = out.visits[out.visits["kind"] == "wrong_line"]
        left = float(wrong["started"].isna().mean())
        assert left > 0.1
        found.append(len(out.visits) / len(out.requests) - (1 + w * (1 - left)) + 1)
    assert agrees(np.array(found), 1.0)


def test_a_wrong_call_is_no_redial() -> None:
    """Whoever is put through to nobody may redial as often as ever, however many lines were wrong before."""
    phone = {
        "patience": "1 min",
        "redial": {"probability": 1, "after": "1 min", "at_most": 1},
        "wrong_line": {"share": 0.7, "talk": "1 min", "again": True},
    }
    out = run(city(staff=2, total="700 / d", phone=phone))
    calls = out.visits.groupby("request")["kind"].count()
    lost = out.requests[out.requests["status"] == "lost"]["request"]
    assert (
        out.visits[out.visits["request"].isin(lost)]["started"].isna().groupby(out.visits["request"]).sum() == 2
    ).all()
    assert calls.loc[lost].max() > 2


def test_measures_are_of_calls() -> None:
    """Worked out from the visits: each call waits for itself."""
    wrong = {"wrong_line": {"share": 0.5, "talk": "2 min", "again": True}}
    out = run(city(staff=5, total="900 / d", phone={**PATIENT, **wrong}))
    calls = out.visits[out.visits["request"].isin(out.counted["request"])]
    waits = calls["started"].fillna(calls["ended"]) - calls["queued"]
    answered = calls["started"].notna()
    measured = sim.measures(out)
    value = measured[measured["group_by"] == ""].set_index("measure")["value"]
    assert value["phone_wait_mean"] == pytest.approx(waits.mean())
    assert value["phone_wait_mean_answered"] == pytest.approx(waits[answered].mean())
    assert value["answered_within_20s"] == pytest.approx((answered & (waits <= 20 / 3600)).mean())
    assert value["answered_within_15s"] == pytest.approx((answered & (waits <= 15 / 3600)).mean())
    assert value["abandonment_share"] == pytest.approx((~answered).mean())
    rows = sim.run(city(staff=5, total="900 / d", phone={**PATIENT, **wrong}), 1, keep="measures").measures
    streamed = rows[rows["group_by"] == ""].set_index("measure")["value"]
    pd.testing.assert_series_equal(streamed[value.index], value, check_exact=True)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("policy", [None, {"into": "Taxes line", "takes": ["Water"], "talk_factor": 1.5}])
def test_the_load_knows_wrong_calls(again: bool, policy: Data | None) -> None:
    wrong = {"wrong_line": {"share": 0.4, "talk": "1 min", "again": again}}
    scenario = city(phone=wrong, policies={} if policy is None else {"one_hotline": policy})
    out = run(scenario)
    counted = out.visits[out.visits["request"].isin(out.counted["request"])]
    for load in offered_loads(build_city(scenario)):
        there = counted[counted["pool"] == load.pools[0]]
        assert load.visits == pytest.approx(len(there) / 3, rel=0.05)
        assert load.work == pytest.approx(there["worked"].sum() / 3, rel=0.05)


def test_show_tells_what_is_merged() -> None:
    def said(policy: Data, **phone: Any) -> str:
        return in_words(build_city(city(policies={"one_hotline": policy}, phone=phone)))["one_hotline"]

    everything = said({"into": "Taxes line", "talk_factor": 1.1}, wrong_line={"share": 0.1, "talk": "1 min"})
    assert "the calls of 3 lines (Housing, Taxes, Water) come to Taxes line." in everything
    assert "The people of 3 pools sit there together. They talk 110 % as long" in everything
    assert everything.endswith("No call is wrong any more.")
    one = said({"into": "Taxes line", "takes": ["Water"], "shifts": "own"}, wrong_line={"share": 0.1, "talk": "1 min"})
    assert "Its own people take them; those of Water line are gone." in one
    assert "Wrong calls go to Housing as before, or come from there." in one


# --- what a scenario may say -----------------------------------------------------------------------------------------

POOL = "pool: hotline, talk: 5 min"
ERRORS = [
    ("lines: {a: {pool: hotline}}, talk: 5 min", "", ""),
    ("lines: {a: {pool: nowhere}}, talk: 5 min", "channels.phone.lines.a.pool: there is no pool “nowhere”", ""),
    ("lines: {a: {pool: hotline}}", "channels.phone.lines.a.talk: is missing: of this line or of the channel", ""),
    (
        "lines: {a: {pool: hotline, categories: [Noise]}}, talk: 1 min",
        "channels.phone.lines: no line is for “Question”",
        "",
    ),
    (
        "lines: {a: {pool: hotline, categories: [Nois]}, b: {pool: desk}}, talk: 1 min",
        "channels.phone.lines.a.categories.0: there is no category “Nois”",
        "",
    ),
    (
        "lines: {a: {pool: hotline, categories: [Noise, Question]}, b: {pool: desk}}, talk: 1 min",
        "channels.phone.lines.b: is for nothing: every category has another line",
        "",
    ),
    (
        "lines: {a: {pool: hotline}, b: {pool: desk}}, talk: 1 min",
        "channels.phone.lines.b: “a” is for all other categories already",
        "",
    ),
    (
        "talk: 1 min, lines: {a: {pool: hotline, categories: [Noise]}, b: {pool: desk, categories: [Noise]}, "
        "c: {pool: desk}}",
        "channels.phone.lines.b.categories.0: “Noise” is a matter of the line “a”",
        "",
    ),
    (f"{POOL}, lines: {{a: {{pool: hotline}}}}", "channels.phone.lines: cannot stand beside “pool”", ""),
    (
        f"{POOL}, wrong_line: {{share: 0, talk: 1 min}}",
        "channels.phone.wrong_line: has nothing to act on: it needs two lines",
        "",
    ),
    (
        "talk: 1 min, lines: {a: {pool: hotline, categories: [Noise]}, b: {pool: desk}}, "
        "wrong_line: {share: 1, talk: 1 s, again: true}",
        "channels.phone.wrong_line.share: must be below 1",
        "",
    ),
    (POOL, "policies.one_hotline: has nothing to act on: it needs lines that can be merged", "into: hotline"),
    ("LINES", "policies.one_hotline.into: there is no pool “no”", "into: no"),
    ("LINES", "policies.one_hotline.takes.0: there is no line “c”", "into: hotline, takes: [c]"),
    ("LINES", "policies.one_hotline.takes: an empty list", "into: hotline, takes: []"),
    ("LINES", "dispatch.pool: “desk” is merged into “hotline”: it has no people", "into: hotline"),
]
TWO = "lines: {a: {pool: hotline, categories: [Noise]}, b: {pool: desk}}, talk: 1 min"


@pytest.mark.parametrize(("phone", "message", "policy"), ERRORS)
def test_errors(phone: str, message: str, policy: str) -> None:
    text = small_town((POOL, phone.replace("LINES", TWO)))
    text += f"policies: {{one_hotline: {{{policy}}}}}\n" if policy else ""
    if not message:
        from sim.scenario import from_text

        assert from_text(text).channels["phone"].is_phone
        return
    found = wrongs(text)
    assert any(line.partition(": ")[2].startswith(message) for line in found), found


def test_nobody_is_called_in_to_a_pool_that_is_gone() -> None:
    other = ("  desk: {staff: 2}\n", "  desk: {staff: 2}\n  other: {staff: 1}\n")
    text = small_town((POOL, TWO.replace("pool: desk", "pool: other")), other)
    surge = "surge: {triggers: [{pool: other, when: waiting > 3, check: 1 h}], adds: 1}"
    found = wrongs(text + f"policies: {{one_hotline: {{into: hotline}}, {surge}}}\n")
    assert any("policies.surge.triggers.0.pool: “other” is merged into “hotline”" in line for line in found), found


def test_people_who_cannot_be_added_are_refused() -> None:
    office = (
        "  desk: {staff: 2}\n",
        "  desk: {staff: 2}\n  other: {staff: 2, calendar: office, also_serves: [desk]}\n",
    )
    text = small_town((POOL, TWO.replace("pool: desk", "pool: other")), office)
    found = wrongs(text + "policies: {one_hotline: {into: hotline}}\n")
    assert any(
        "the people of “other” cannot be added: calendar “office”, per city there, shifts" in line for line in found
    )
    assert any("pools.other.also_serves.0: would no longer be helped: “other” is merged" in line for line in found)
    alone = text.replace(", also_serves: [desk]", "")
    from sim.scenario import from_text

    from_text(alone + "policies: {one_hotline: {into: hotline, shifts: own}}\n")


def test_people_with_the_same_holidays_are_added() -> None:
    """Two lines with shifts on weekdays and one always on duty; Tuesday is a holiday, which has Sunday's roster."""
    shifts = {"shifts": [{"days": "mon-fri", "hours": "8:00-20:00", "staff": 2}], "holidays": {"calendar": "office"}}
    office = {"office": {"open": {"mon-fri": "9:00-17:00"}, "holidays": ["2024-01-02"]}}
    policy = {"one_hotline": {"into": "Taxes line"}}
    pools = {"Housing line": shifts, "Taxes line": {"staff": 1}, "Water line": shifts}
    built = build_city(city(pools=pools, calendars=office, policies=policy))
    [hotline] = built.pools
    steps = zip(built.rosters[hotline.roster].times, hotline.headcounts.tolist(), strict=True)
    assert list(steps)[:6] == [(0, 1), (8, 5), (20, 1), (56, 5), (68, 1), (80, 5)]
    pools["Water line"] = {**shifts, "holidays": {"calendar": "office", "as": "mon"}}
    with pytest.raises(ScenarioError, match=r"the people of “Water line” cannot be added: .* as on mon, .* as on sun"):
        city(pools=pools, calendars=office, policies=policy)
    pools["Water line"] = {"shifts": shifts["shifts"]}
    with pytest.raises(ScenarioError, match=r"the people of “Water line” cannot be added: .* here"):
        city(pools=pools, calendars=office, policies=policy)


def test_an_overlay_with_lines_takes_the_pool_away(tmp_path: Any) -> None:
    (tmp_path / "one.yaml").write_text(small_town(), encoding="utf-8")
    (tmp_path / "lines.yaml").write_text(
        "extends: one.yaml\nchannels: {phone: {lines: {all: {pool: hotline}}}}\n", encoding="utf-8"
    )
    (tmp_path / "back.yaml").write_text("extends: lines.yaml\nchannels: {phone: {pool: hotline}}\n", encoding="utf-8")
    lines, back = (sim.load(tmp_path / f"{name}.yaml") for name in ("lines", "back"))
    assert lines.channels["phone"].pool is None
    assert back.channels["phone"].lines is None
    assert same_tables(*(run(sim.load(tmp_path / f"{name}.yaml")) for name in ("one", "back")))
