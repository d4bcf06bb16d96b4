"""Online and assistants (向互联网延伸、人工智能): who comes to whom, worked out by hand and against exact shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact import agrees
from scenario_texts import town as small_town
from scenario_texts import wrongs
from test_mechanism_sizes import REPLICATIONS

import sim
from sim.model.city import build_city
from sim.model.load import offered_loads
from sim.model.policies import online
from sim.scenario import Scenario, from_dict

P, WEB, M, D, F, A = 0.8, 0.2, 0.3, 0.4, 0.15, 0.6  # by phone, online, moves, deflects, fails, answered


def city(policy: dict[str, Any] | None, days: float = 1.5, **category: Any) -> Scenario:
    """Questions by phone and online, to people of whom there are plenty."""
    staff = {"staff": 100_000}
    return from_dict(
        {
            "name": "phone and online",
            "time": {"start": "2024-01-01", "count_until": "2024-01-02 12:00", "end": "2024-01-03"},
            "districts": {"Town": {}},
            "channels": {
                "phone": {"share": P, "kind": "phone", "pool": "hotline", "talk": "4 min"},
                "web": {"share": WEB, "pool": "web desk", "talk": "6 min"},
            },
            "pools": {"hotline": staff, "web desk": staff},
            "units": {"Desk": staff},
            "categories": {
                "Matter": {"kind": "consultation", "total": "12000 / d", "unit": "Desk", "work": "1 min", **category}
            },
            "policies": {"instant_answer": {"answered": A}, **({} if policy is None else {"online": policy})},
        }
    )


def numbers(out: sim.Outcomes) -> dict[str, float]:
    """Shares of all contacts: who reaches an agent on the phone, who is deflected; of the first, who is answered."""
    r, v = out.counted, out.visits
    called = r["request"].isin(v.loc[v["pool"] == "hotline", "request"])
    return {
        "calls": float(called.mean()),
        "deflected": float((r["status"] == "deflected").mean()),
        "answered": float((r.loc[called, "status"] == "answered").mean()),
    }


def exact(at: str, d: float, takes: str) -> dict[str, float]:
    """By thinning; with `easy` the bot takes only what would be answered at once."""
    whom = A if takes == "easy" else 1.0
    p, o = (1 - M) * P, WEB + M * P
    on_phone, on_web = (at in ("phone", "both")) * d * whom, (at in ("online", "both")) * d * whom
    calls = p * (1 - on_phone * (1 - F)) + o * on_web * F
    deflected = (p * on_phone + o * on_web) * (1 - F)
    easy = A * (p * (1 - on_phone * (1 - F) / whom) + o * on_web * F / whom) / calls if takes == "easy" else A
    return {"calls": calls, "deflected": deflected, "answered": easy}


def test_the_exact_shares_are_those_of_the_literature() -> None:
    """Worked out elsewhere: 0.3696 of contacts call where the bot is on the phone, 0.44576 where it takes easy ones."""
    assert exact("phone", D, "all")["calls"] == pytest.approx(0.3696)
    assert exact("both", D, "all")["deflected"] == pytest.approx(0.34)
    assert exact("phone", D, "easy")["calls"] == pytest.approx(0.44576)
    assert exact("both", D, "easy")["answered"] == pytest.approx(0.5147313691507797)


def found(policy: dict[str, Any]) -> dict[str, np.ndarray]:
    rows = [numbers(sim.simulate(city(policy), k, engine="compiled")) for k in range(REPLICATIONS)]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("takes", ["all", "consultations", "easy"])
@pytest.mark.parametrize("at", ["phone", "online", "both"])
def test_who_calls_is_told_by_thinning(at: str, takes: str) -> None:
    """Of phone contacts P, online ones O, with m, d, f and a: see `exact`."""
    seen = found({"move": {"share": M}, "chatbot": {"at": at, "deflects": D, "fails": F, "takes": takes}})
    truths = exact(at, D, takes)
    assert all(agrees(seen[name], value) for name, value in truths.items())
    assert not agrees(seen["deflected"], exact(at, 1.1 * D, takes)["deflected"]), "ten per cent more"
    assert not agrees(seen["calls"], P), "ignored"
    assert not agrees(
        seen["calls"], exact({"phone": "online", "online": "phone", "both": "phone"}[at], D, takes)["calls"]
    )


def test_who_moves_is_told_by_thinning() -> None:
    seen = found({"move": {"share": M}})
    assert agrees(seen["calls"], (1 - M) * P)
    assert (seen["deflected"] == 0).all()


def test_of_reports_a_chatbot_takes_none_unless_told_to() -> None:
    bot = {"at": "both", "deflects": 1.0}
    for takes, deflected in (("easy", 0.0), ("consultations", 0.0), ("all", 1.0)):
        report = {"kind": "report"}
        data = city({"chatbot": {**bot, "takes": takes}}).resolved()
        data["categories"] |= {"Report": {**data["categories"]["Matter"], **report}}
        out = sim.simulate(from_dict(data), engine="compiled")
        of = out.requests[out.requests["category"] == "Report"]
        assert (of["status"] == "deflected").mean() == deflected
        assert out.problems["first_report"].isna().all() == (takes == "all"), "nobody knows of it"


@pytest.mark.parametrize(
    ("is_report", "is_easy", "taken"),
    [(False, False, (0, 1, 1)), (False, True, (1, 1, 1)), (True, False, (0, 0, 1))],
)
def test_whom_a_chatbot_takes(is_report: bool, is_easy: bool, taken: tuple[int, ...]) -> None:
    assert tuple(online.takes(whom, is_report, is_easy) for whom in range(3)) == taken


# --- one citizen, worked out by hand ---------------------------------------------------------------------------------


def one_citizen(policy: dict[str, Any] | None) -> tuple[pd.Series[Any], list[tuple[str, float, float]]]:
    """The first who calls: row, and pool, wait until it began, and work of each visit."""
    data = city(policy, total="9 / d").resolved()
    data["channels"]["phone"]["share"], data["channels"]["web"]["share"] = 1.0, 0.0
    data["policies"]["instant_answer"] = {"answered": 0.0}
    scenario = from_dict(data)
    rows, ways = [], []
    for engine in ("simpy", "compiled"):
        out = sim.simulate(scenario, engine=engine)  # type: ignore[arg-type]
        rows.append(out.requests.iloc[0])
        own = out.visits[out.visits["request"] == rows[-1]["request"]]
        ways.append([(v.pool, v.started - rows[-1]["arrived"], v.worked) for v in own.itertuples()])
    pd.testing.assert_series_equal(*rows)
    assert ways[0] == ways[1]
    return rows[0], ways[0]


MINUTE = 1 / 60


def test_the_path_of_one_citizen() -> None:
    def way(policy: dict[str, Any] | None) -> tuple[str, list[tuple[str, float, float]]]:
        row, visits = one_citizen(policy)
        return f"{row['channel']} {row['status']}", [
            (p, round(s / MINUTE, 6), round(w / MINUTE, 6)) for p, s, w in visits
        ]

    assert way(None) == ("phone closed", [("hotline", 0, 4), ("Desk", 4, 1)])
    assert way({"talk_factor": 0.5}) == ("phone closed", [("hotline", 0, 2), ("Desk", 2, 1)])
    assert way({"move": {"share": 1}}) == ("web closed", [("web desk", 0, 6), ("Desk", 6, 1)])
    bot = {"at": "both", "deflects": 1, "takes": "consultations"}
    assert way({"chatbot": bot}) == ("phone deflected", [])
    failing = {**bot, "fails": 1, "after": "10 min"}
    assert way({"chatbot": failing}) == ("phone closed", [("hotline", 10, 4), ("Desk", 14, 1)])
    assert way({"chatbot": failing, "move": {"share": 1}}) == ("phone closed", [("hotline", 10, 4), ("Desk", 14, 1)])
    at_once = {**bot, "fails": 1}
    assert way({"chatbot": at_once}) == way(None)
    row, _ = one_citizen({"chatbot": failing})
    assert row["hours_intake"] == pytest.approx(14 * MINUTE, abs=1e-8)
    assert row["answered_wait"] == 0, "no agent let him wait"


def test_the_assisted_desk_is_as_good_as_it_says_and_needs_less() -> None:
    dispatch = {"pool": "web desk", "work": "6 min", "accuracy": 0.5}
    data = city(None).resolved()
    data["units"]["Other"] = {"staff": 100_000}
    data["categories"]["Matter"]["confused_with"] = "Other"
    data["policies"] |= {"online": {"dispatch": {"at_least": 0.9, "work_factor": 0.5}}}
    data["dispatch"] = {**dispatch, "backstop": "Other"}
    out = sim.simulate(from_dict(data), engine="compiled")
    work = out.visits[out.visits["kind"] == "dispatch"]["worked"]
    assert work.max() == work.median() == pytest.approx(3 * MINUTE, abs=1e-8)
    assert out.counted[out.counted["dispatched"].notna()]["hops"].gt(0).mean() == pytest.approx(0.1, abs=0.01)
    for precise, best in ((0.95, 0.95), (0.8, 0.9)):
        data["policies"]["precise_dispatch"] = {"at_least": precise}
        assert build_city(from_dict(data)).categories[0].accuracy.at_first == best


@pytest.mark.parametrize("takes", ["all", "easy"])
@pytest.mark.parametrize("at", ["phone", "online", "both"])
def test_the_load_knows_who_calls(at: str, takes: str) -> None:
    scenario = city(
        {
            "move": {"share": M},
            "talk_factor": 0.5,
            "chatbot": {"at": at, "deflects": D, "fails": F, "takes": takes},
        }
    )
    loads = {load.pools[0]: load for load in offered_loads(build_city(scenario))}
    truth = exact(at, D, takes)
    assert loads["hotline"].visits == pytest.approx(12_000 * truth["calls"])
    assert loads["hotline"].work == pytest.approx(12_000 * truth["calls"] * 2 * MINUTE)
    seen = sim.simulate(scenario, engine="compiled")
    web = (seen.visits["pool"] == "web desk").sum() / 2
    assert loads["web desk"].visits == pytest.approx(web, rel=0.04)
    assert loads["Desk"].visits == pytest.approx((seen.visits["pool"] == "Desk").sum() / 2, rel=0.05)


# --- what a scenario may say -----------------------------------------------------------------------------------------

PHONE = "  phone: {share: 0.9, pool: hotline, talk: 5 min, patience: 3 min, redial: {probability: 0.4, after: 1 h}}\n"
WEB_ONLY = small_town((f"channels:\n{PHONE}  web: {{share: 0.1}}\n", ""))

ERRORS = [
    ("{move: {share: 0}}", "policies.online.move: has nothing to act on: it needs a channel by phone"),
    (
        "{chatbot: {at: phone, deflects: 0, takes: all}}",
        "policies.online.chatbot: has nothing to act on: it needs chan",
    ),
    ("{chatbot: {at: both, deflects: 0, takes: all}}", "policies.online.chatbot: has nothing to act on: it needs chan"),
    ("{chatbot: {at: web, deflects: 0}}", "policies.online.chatbot.at: "),
    ("{chatbot: {deflects: 0}}", "policies.online.chatbot.at: is missing"),
    ("{chatbot: {at: online}}", "policies.online.chatbot.deflects: is missing"),
    (
        "{chatbot: {at: online, deflects: 0.5}}",
        "policies.online.chatbot: has nothing to act on: it needs channels",
    ),
    (
        "{chatbot: {at: online, deflects: 0, takes: consultations, fails: 0}}",
        "policies.online.chatbot.fails: has nothing to act on: it needs a channel by phone",
    ),
    ("{talk_factor: 1}", "policies.online.talk_factor: has nothing to act on: it needs a channel by phone"),
    ("{talk_factor: -1}", "policies.online.talk_factor: must not be negative"),
]


@pytest.mark.parametrize(("policy", "message"), ERRORS)
def test_errors(policy: str, message: str) -> None:
    found = wrongs(WEB_ONLY + f"policies: {{online: {policy}}}\n")
    assert any(line.partition(": ")[2].startswith(message) for line in found), found


def test_more_errors() -> None:
    [found] = wrongs(small_town((PHONE, PHONE.replace("0.9", "1")), ("  web: {share: 0.1}\n", "")) + ONLINE_MOVE)
    assert "needs a channel by phone (kind: phone, or with patience) and one online" in found
    found_all = wrongs(small_town() + ONLINE_MOVE.replace("0.1", "0.1, by_category: {Question: 1, Noise: 0, Nois: 0}"))
    assert any("policies.online.move.share: acts on nobody: every category names its own" in line for line in found_all)
    assert any("there is no category “Nois”" in line for line in found_all)
    desk = "dispatch: {pool: desk, work: 4 min, accuracy: 0.9}\n"
    [found] = wrongs(small_town((desk, "")) + "policies: {online: {dispatch: {at_least: 0.9}}}\n")
    assert "policies.online.dispatch: has nothing to act on: it needs a dispatch desk" in found


ONLINE_MOVE = "policies: {online: {move: {share: 0.1}}}\n"


def test_a_channel_is_by_phone_where_it_says_so_or_callers_have_patience() -> None:
    data = city(None).resolved()
    channels = from_dict(data).channels
    assert (channels["phone"].is_phone, channels["web"].is_phone) == (True, False)
    data["channels"]["web"]["patience"] = "2 min"
    assert from_dict(data).channels["web"].is_phone
    data["channels"]["web"]["kind"] = "online"
    assert not from_dict(data).channels["web"].is_phone
    measured = sim.measures(sim.simulate(city(None), engine="compiled")).set_index(["measure", "group_by"])
    assert measured.loc[("answered_within_15s", ""), "value"] == 1, "also without patience"
