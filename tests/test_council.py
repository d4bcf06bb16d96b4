"""The neighbourhood council: sessions, seats taken from the office, who finds one, and what is settled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact import agrees
from scenario_texts import town as text_town
from scenario_texts import wrongs
from test_mechanism_sizes import REPLICATIONS
from towns import both

import sim
from sim.model.city import build_city
from sim.model.draws import uniforms
from sim.model.load import offered_loads
from sim.model.policies import council
from sim.scenario import Scenario, from_dict, from_text

SESSION = {"first": "2024-01-02 09:00", "every": "7 d", "hours": "3 h", "seats": 2}
TABLE = {"unit": "Office", "share": {"Dispute": 1}, "settles": 1, **SESSION, "work": "30 min"}


def town(table: dict[str, Any] | None, rate: str = "4 / d", days: int = 60, **more: Any) -> Scenario:
    """Disputes that the office could handle too; it is always open, with nine officers unless told otherwise."""
    end = pd.Timestamp("2024-01-01") + pd.Timedelta(days=days)
    category = {"total": rate, "unit": "Office", "work": "1 h", **more.pop("category", {})}
    if table is not None:
        more["policies"] = {**more.get("policies", {}), "council": {**TABLE, **table}}
    return from_dict(
        {
            "name": "a table in the neighbourhood",
            "time": {"start": "2024-01-01", "end": f"{end:%Y-%m-%d}"},
            "districts": {"Town": {}},
            "channels": {"phone": {"share": 1, "pool": "hotline", "talk": "6 min"}},
            "pools": {"hotline": {"staff": 99}},
            "units": more.pop("units", {"Office": {"staff": 9, **more.pop("office", {})}}),
            "categories": {"Dispute": category},
            **more,
        }
    )


def same_requests(one: sim.Outcomes, other: sim.Outcomes) -> bool:
    """But for the list of pools there are, which has the tables in it."""
    named = one.requests.select_dtypes("category").columns
    return one.requests.astype(dict.fromkeys(named, object)).equals(other.requests.astype(dict.fromkeys(named, object)))


def at_table(out: sim.Outcomes) -> pd.DataFrame:
    return out.visits[out.visits["kind"] == "council"]


def on_duty(out: sim.Outcomes, pool: str) -> pd.Series:
    return out.levels[out.levels["pool"] == pool].set_index("hour")["on_duty"]


def measure(out: sim.Outcomes, name: str) -> float:
    found = sim.measures(out)
    return float(found.loc[(found["measure"] == name) & (found["group_by"] == ""), "value"].item())


# --- one citizen -----------------------------------------------------------------------------------------------------


def test_the_path_of_one_citizen() -> None:
    """Brought on a Monday, to the table on Tuesday at nine: settled at half past nine, or with the hotline then."""
    settled, not_settled, off = both(town({})), both(town({"settles": 0})), both(town(None))
    first = settled.requests.iloc[0]
    came, nine = first["arrived"], 33.0
    assert came < nine
    assert (first["status"], first["ended"], first["hours_intake"]) == ("settled", nine + 0.5, nine + 0.5 - came)
    assert pd.isna(first["dispatched"])
    assert pd.isna(first["called_back"])
    problem = settled.problems.iloc[0]
    assert (problem["fixed"], problem["fixed_by"]) == (nine + 0.5, "council")
    assert pd.isna(problem["first_report"])
    goes_on, usual = not_settled.requests.iloc[0], off.requests.iloc[0]
    assert goes_on["arrived"] == usual["arrived"] == came
    assert goes_on["dispatched"] == pytest.approx(nine + 0.5 + 0.1, abs=1e-8)
    assert goes_on["hours_intake"] == goes_on["dispatched"] - came
    assert not_settled.problems.iloc[0]["first_report"] == goes_on["dispatched"]
    assert usual["dispatched"] == pytest.approx(came + 0.1, abs=1e-8)
    assert goes_on["closed"] - goes_on["dispatched"] == usual["closed"] - usual["dispatched"] == 1


def test_clocks_start_at_the_hotline() -> None:
    limits = {"time_limits": {"resolve": "9 h", "from": "arrival"}}
    out = both(town({"settles": 0}, policies=limits))
    left = at_table(out).set_index("request")["ended"].reindex(out.requests["request"]).to_numpy()
    due = out.requests["due"].to_numpy()
    assert (due == left + 9)[~np.isnan(due)].all()
    assert (~np.isnan(due)).sum() > 100


def test_the_problem_is_not_unreported_and_the_contact_no_request() -> None:
    out = both(town({}, "1 / d", days=200))
    assert measure(out, "unreported_share") == 0
    assert measure(out, "requests") == 0
    assert measure(out, "settled_share") > 0.9
    assert measure(out, "contacts") == len(out.requests)


# --- who finds a seat ------------------------------------------------------------------------------------------------


def test_a_matter_starts_only_if_it_ends_in_the_session() -> None:
    """Seven hours of talk fit into a session of eight once a seat; what comes later than that waits for the next."""
    out = both(town({"work": "70 min", "seats": 1}, "20 / d", 30))
    seats = at_table(out).dropna(subset="started")
    begins = 33 + 168 * np.floor((seats["started"] - 33) / 168)
    assert ((seats["ended"] - begins) <= 3).all()
    assert seats.groupby(begins).size().max() == 2  # of 70 min in three hours
    assert (seats["queued"].diff().dropna() >= 0).all(), "none overtakes"


def test_none_overtakes_a_matter_for_which_the_time_is_too_short() -> None:
    work = {"quantiles": {0: "1 min", 0.5: "30 min", 1: "170 min"}}
    out = both(town({"work": work, "seats": 1, "every": "1 d"}, "20 / d", 30))
    seats = at_table(out)
    begun = seats.dropna(subset="started")
    for start in begun["started"]:
        assert not (
            (seats["queued"] < begun.loc[begun["started"] == start, "queued"].min()) & ~(seats["started"] <= start)
        ).any()
    idle = 3 * 30 - begun["worked"].sum()
    assert idle > 1, "there was time that nobody's matter fitted into"


def test_one_that_no_session_is_long_enough_for_goes_on_at_once() -> None:
    out, off = both(town({"work": "4 h"})), both(town(None))
    assert at_table(out).empty
    assert same_requests(out, off)


def test_who_finds_no_seat_in_time_goes_on_then() -> None:
    out = both(town({"wait": "30 h", "seats": 1, "work": "1 h"}, "6 / d"))
    left = at_table(out)[lambda v: v["started"].isna() & v["ended"].notna()]
    assert len(left) > 100
    assert (left["ended"] - left["queued"] == 30).all()
    gone = out.requests.set_index("request").loc[left["request"]]
    assert (gone["status"] == "closed").mean() > 0.95
    assert (at_table(out)["started"] - at_table(out)["queued"]).max() <= 30


def test_only_first_reports_are_brought_and_repeats_never_return() -> None:
    callback = {"pool": "hotline", "work": "0 h", "call_again": {"probability": 1, "after": "1 h"}}
    category = {"reports": {"every": "12 h", "give_up": "9 d"}, "resolve": 0.3}
    out = both(town({"settles": 0, "wait": "2 h"}, category=category, policies={"callback": callback}))
    first = out.requests[~out.requests.duplicated("problem")]
    assert set(at_table(out)["request"]) == set(first["request"])
    assert out.requests["repeat_of"].notna().sum() > 50
    assert len(out.requests) > 2 * len(first)


def test_a_settled_problem_ends_the_requests_about_it() -> None:
    """Reported again while it waits for the table: what is open then is merged."""
    category = {"reports": {"every": "30 h"}, "lead": "20 d"}
    out = both(town({}, category=category))
    by_council = out.problems[out.problems["fixed_by"] == "council"].set_index("problem")["fixed"]
    merged = out.requests[out.requests["status"] == "merged"]
    assert len(merged) > 50
    assert (
        merged["problem"].map(by_council).dropna() == merged.loc[merged["problem"].isin(by_council.index), "ended"]
    ).all()
    assert not (out.requests["arrived"] > out.requests["problem"].map(by_council)).any()


# --- who sits there --------------------------------------------------------------------------------------------------


def test_nobody_comes_for_free() -> None:
    """Two leave the office for the session, and are on duty at the table; wages follow them."""
    out = both(town({}, office={"wage": "30 / h"}))
    office, table = on_duty(out, "Office"), on_duty(out, "council")
    assert (office + table == 9).all()
    assert sorted(table.index[table > 0] % 168) == sorted([*(9 + 24, 10 + 24, 11 + 24)] * 9)[: (table > 0).sum()]
    assert table.max() == 2
    pools = out.pools.set_index("pool")
    assert pools.loc["council", "wage"] == pools.loc["Office", "wage"] == 30
    assert measure(out, "cost") == measure(both(town(None, office={"wage": "30 / h"})), "cost")


def test_who_is_not_in_the_office_cannot_sit_at_the_table() -> None:
    """The office closes at ten: the table too; with one officer there is one seat, and the office stands empty."""
    calendars = {"mornings": {"open": {"mon-fri": "7:00-10:00"}}}
    out = both(town({}, office={"staff": 1, "calendar": "mornings"}, calendars=calendars))
    table, office = on_duty(out, "council"), on_duty(out, "Office")
    assert set(table.index[table > 0] % 168) == {33}
    assert table.max() == 1
    assert (office[table > 0] == 0).all()
    assert (at_table(out).dropna(subset="started")["started"] % 168 < 34).all()


def test_who_is_on_a_job_finishes_it() -> None:
    """All nine are at work when two are to leave: they come to the table as they finish, and no work is cut."""
    out = both(town({"settles": 0, "share": {"Dispute": 0.05}}, "220 / d", 15))
    handling = out.visits[out.visits["kind"] == "handling"].dropna(subset=["started", "ended"])
    assert (handling["ended"] - handling["started"] == 1).all()
    under_way = handling[(handling["started"] < 33) & (handling["ended"] > 33)]
    assert len(under_way) == 9
    begun = handling[(handling["started"] > 33) & (handling["started"] < 36)]["started"]
    busy = [((handling["started"] <= t) & (handling["ended"] > t)).sum() for t in begun]
    assert max(busy) <= 7


def test_each_place_has_its_table() -> None:
    districts = {"North": {"streets": 2}, "South": {}}
    out = both(town({"seats": 1}, districts=districts, office={"per": "street", "staff": 2, "level": "street"}))
    assert set(at_table(out)["pool"]) == {"council · North 1", "council · North 2", "council · South 1"}
    place = out.pools.set_index("pool")["district"]
    home = at_table(out)["request"].map(out.requests.set_index("request")["district"].astype(str))
    assert (home.to_numpy() == at_table(out)["pool"].astype(str).map(place).to_numpy()).all()


def test_seats_are_divided_as_staff_is() -> None:
    out = both(town({"seats": 20}, office={"staff": 40}, scale=10))
    assert on_duty(out, "council").max() == 2
    assert on_duty(out, "Office").max() == 4


@pytest.mark.parametrize("change", [{"share": {"Dispute": 0}}, {"seats": 0, "wait": "0 h"}])
def test_without_effect_requests_have_the_same_bytes(change: dict[str, Any]) -> None:
    on, off = both(town(change)), both(town(None))
    assert same_requests(on, off)
    assert on.problems.equals(off.problems)


def test_a_table_at_which_nobody_sits_settles_nothing() -> None:
    """No seats: all wait for as long as they are ready to, and nothing is settled."""
    out = both(town({"seats": 0, "wait": "5 h"}))
    assert not (out.requests["status"] == "settled").any()
    assert at_table(out)["worked"].sum() == 0
    off = both(town(None)).requests
    later = out.requests.merge(off, on="request")
    moved = (later["dispatched_x"] - later["dispatched_y"]).dropna()
    assert (moved == 5).all()


def test_a_larger_share_contains_the_smaller_one() -> None:
    few, many = (both(town({"share": {"Dispute": x}, "settles": y, "seats": 9})) for x, y in ((0.3, 0.3), (0.6, 0.7)))
    assert set(at_table(few)["request"]) < set(at_table(many)["request"])
    settled = [set(out.requests.loc[out.requests["status"] == "settled", "request"]) for out in (few, many)]
    assert settled[0] < settled[1]


def test_what_units_have_is_told_by_pool_also_where_tables_stand_among_them() -> None:
    """Budgets of whistles are by pool: the tables have none, and all others keep theirs."""
    part = {"unit": "Works", "work": "1 h"}
    policies = {"whistle": {"budget": 7}}
    units = {"Office": {"staff": 9}, "Works": {"staff": 1}}
    scenario = town({}, category={"parts": [part]}, policies=policies, units=units)
    city = build_city(scenario)
    assert city.whistle is not None
    assert [pool.name for pool in city.pools] == ["Office", "Works", "council", "hotline"]
    assert city.whistle.budget[:, 0].tolist() == [7, 7, 0, 0]


# --- how large it is -------------------------------------------------------------------------------------------------

WEEKS, DROPPED = 4020, 20


def sessions(scenario: Scenario) -> np.ndarray:
    """Of each replication: settled share of first reports, contacts at the hotline a week, matters and hours a session,
    share of sessions in which all places are taken, matters left over, share of sessions that leave nobody.
    """
    places = 2 * 6 if scenario.policies.council and scenario.policies.council.hours == 3 else 8
    rows = []
    for replication in range(REPLICATIONS):
        out = sim.simulate(scenario, replication, engine="compiled")
        begin = DROPPED * 168 + 33 + 168 * np.arange(WEEKS - DROPPED - 1)
        seats = at_table(out)
        started, queued = np.sort(seats["started"].dropna()), np.sort(seats["queued"])
        done = np.searchsorted(started, begin + 100) - np.searchsorted(started, begin)
        left = np.searchsorted(queued, begin + 4) - np.searchsorted(started, begin + 4)
        counted = out.requests[out.requests["arrived"].between(begin[0], begin[-50])]
        talks = out.visits[(out.visits["kind"] == "intake") & out.visits["queued"].between(begin[0], begin[-1])]
        worked = seats["worked"][seats["started"].between(begin[0] - 1, begin[-1] + 100)].sum()
        rows.append(
            [
                (counted["status"] == "settled").mean(),
                len(talks) / (len(begin) - 1),
                done.mean(),
                worked / len(begin),
                (done == places).mean(),
                left.mean(),
                (left == 0).mean(),
            ]
        )
    return np.array(rows)


def of_weeks(table: dict[str, Any], rate: float, **demand: Any) -> Scenario:
    return town(table, f"{rate / 7!r} / d", 7 * WEEKS, demand=demand, office={"staff": 9999})


@pytest.mark.theory
def test_poisson_disputes_at_a_weekly_table() -> None:
    """40 first reports a week, a quarter brought, 60 % settled; 12 places. X' = max(X + A − K, 0), A Poisson."""
    exact = (0.15, 34.0, 10.0, 5.0, 0.42356563, 1.19709043, 0.6725882)
    evenings = {"hours": [0] * 18 + [1] * 6}
    found = sessions(of_weeks({"share": {"Dispute": 0.25}, "settles": 0.6}, 40, **evenings))
    for n, (values, value) in enumerate(zip(found.T, exact, strict=True)):
        if n == 5:  # long queues are rare: an interval of 3 % would take ten times as many weeks
            assert abs(values.mean() - value) <= 4 * values.std(ddof=1) / np.sqrt(REPLICATIONS)
        else:
            assert agrees(values, value), (n, values.mean(), value)
    assert not agrees(found[:, 0], 0.25), "all that is brought is settled"
    assert not agrees(found[:, 1], 40), "nothing is brought"
    assert not agrees(found[:, 4], 0.37), "a place too many"


@pytest.mark.theory
def test_geometric_disputes_at_a_weekly_table() -> None:
    """All on Mondays whose mean is exponential, five brought in the mean; 8 places on Tuesday."""
    exact = (5.0, 0.40927449, 3.46416801, 0.63397015)
    mondays = {
        "hours": [0] * 10 + [1] * 14,
        "weekdays": dict.fromkeys(("tue", "wed", "thu", "fri", "sat", "sun"), 0),
        "day_factor": {"group": 1.0},
    }
    found = sessions(of_weeks({"hours": "4 h", "seats": 1}, 5, **mondays))[:, [2, 4, 5, 6]]
    for n, (values, value) in enumerate(zip(found.T, exact, strict=True)):
        if n == 2:
            assert abs(values.mean() - value) <= 4 * values.std(ddof=1) / np.sqrt(REPLICATIONS)
        else:
            assert agrees(values, value), (n, values.mean(), value)


def test_a_share_of_a_fixed_number_is_binomial() -> None:
    """The rule alone: of 20 first reports 30 % are brought to 5 places, one session after the other."""
    keys = np.arange(1, 400_001, dtype=np.uint64) * np.uint64(2654435761)
    u = uniforms(np.uint64(7), np.uint64(council.BROUGHT), keys, np.zeros(len(keys), np.uint64))
    brought = (u < 0.3).reshape(-1, 20).sum(axis=1)
    for values, exact in (
        (np.minimum(brought, 5), 4.6114871),
        (brought >= 5, 0.76249222),
        (np.maximum(brought - 5, 0), 1.38851290),
    ):
        assert abs(values.mean() - exact) <= 4 * values.std(ddof=1) / np.sqrt(len(values))


def test_hours_are_matters_times_the_work_of_each_and_fit_into_the_seats() -> None:
    out = both(town({}, "6 / d"))
    seats = at_table(out).dropna(subset="ended")
    assert seats["worked"].sum() == seats["started"].notna().sum() * 0.5
    assert on_duty(out, "council").sum() >= seats["worked"].sum()


# --- what is said before it runs -------------------------------------------------------------------------------------


def test_the_load_of_the_table_the_hotline_and_the_office() -> None:
    scenario = town({"share": {"Dispute": 0.5}, "settles": 0.6, "seats": 9, "every": "1 d"}, "40 / d")
    load = {each.pools[0]: each for each in offered_loads(build_city(scenario))}
    assert load["council"].visits == pytest.approx(20)
    assert load["council"].work == pytest.approx(10)
    assert load["hotline"].visits == pytest.approx(40 * (1 - 0.5 * 0.6))
    assert load["Office"].work == pytest.approx(40 * (1 - 0.5 * 0.6))
    assert load["council"].duty + load["Office"].duty == pytest.approx(9 * 24)


COUNCIL = (
    "policies: {council: {unit: Roads, share: {Noise: 0}, settles: 0, first: 2024-03-05 09:00, every: 7 d, hours: 3 h, "
    "seats: 1, work: 1 h}}\n"
)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (
            ("2024-03-05", "2024-03-12"),
            "policies.council: has nothing to act on: it needs a session that begins within",
        ),
        (("Noise: 0", "Question: 0"), "a consultation has no problem to settle"),
        (("Noise: 0", "Noice: 0"), "there is no category “Noice”"),
        (("unit: Roads", "unit: Rods"), "there is no unit “Rods”"),
        (("every: 7 d", "every: 2 h"), "the next session begins before this one is over"),
        (("hours: 3 h", "hours: 0 h"), "must be longer than 0"),
        (("seats: 1, ", ""), "seats"),
    ],
)
def test_what_is_wrong_with_a_council(change: tuple[str, str], finding: str) -> None:
    assert COUNCIL.count(change[0]) == 1
    found = wrongs(text_town() + COUNCIL.replace(*change))
    assert any(finding in line for line in found), found


def test_there_is_no_session_before_the_first() -> None:
    table = on_duty(both(town({"first": "2024-01-16 09:00"})), "council")
    assert table.index[table > 0].min() == 15 * 24 + 9
    earlier = on_duty(both(town({"first": "2023-12-26 09:00"})), "council")
    assert earlier.index[earlier > 0].min() == 24 + 9


def test_sessions_may_have_begun_before_the_run() -> None:
    assert from_text(text_town() + COUNCIL.replace("2024-03-05", "2023-12-26")).policies.council


def test_no_pool_may_be_called_like_the_tables() -> None:
    [found] = wrongs(text_town(("  desk: {staff: 2}", "  desk: {staff: 2}\n  council: {staff: 1}")) + COUNCIL)
    assert "pools.council: is called like the tables of policies.council" in found
