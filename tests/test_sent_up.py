"""What is escalated may be sent up: to whom, what of it, and what stays with the owner."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact import agrees
from test_supervision import POLICY, town
from towns import both, same_tables

import sim
from sim.report.explain import explain
from sim.report.show import show_text
from sim.scenario import Scenario, ScenarioError

Data = dict[str, Any]
UP: Data = {**POLICY, "sent_up": {"share": 1, "to": "Department"}}
NOBODY: Data = {"staff": 0}
CALLBACK: Data = {"pool": "supervisors", "work": "0 min", "score": {"weights": {"resolution": 1}}}


def city(policy: Data | None = UP, office: Data = NOBODY, **changes: Any) -> Scenario:
    """An office and a department with people for all: 5 h of work and 2 of lead time; 4 h to resolve, so that what is
    open after 6 is escalated. The department has a matter of its own.
    """
    matter = {"total": "6 / d", "work": "5 h", "lead": "2 h", **changes.pop("matter", {})}
    units = {"Office": office, "Department": {"staff": 99}, **changes.pop("units", {})}
    own = {"total": "1 / d", "unit": "Department", "work": "1 h"}
    limits = {"resolve": "4 h", **changes.pop("limits", {})}
    return town(policy, matter=matter, units=units, limits=limits, categories={"Own": own}, **changes)


def matters(out: sim.Outcomes) -> pd.DataFrame:
    """Those that are the office's duty and were dispatched two days before the end, and what became of them."""
    r = out.requests
    return r[(r["category"] == "Matter") & (r["dispatched"] < out.end - 48)]


def visits(out: sim.Outcomes, kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The visits of a kind that these requests have paid, in their order."""
    v = out.visits[out.visits["kind"] == kind]
    return v[v["request"].isin(rows["request"])]


def taken_over(out: sim.Outcomes, after: float, owner: str = "Office") -> pd.DataFrame:
    """Every matter was sent up so long after it came to its unit, worked on for 5 h and closed 2 h later; it stayed its
    owner's, as other units' part.
    """
    rows = matters(out)
    assert len(rows) > 50
    np.testing.assert_array_equal(rows["sent_up"] - rows["dispatched"], after)
    np.testing.assert_array_equal(rows["first_closed"] - rows["sent_up"], 7.0)
    assert (rows["owner_unit"] == owner).all()
    subtasks = visits(out, "subtask", rows)
    assert (subtasks.loc[subtasks["started"].notna(), "pool"] == "Department").all()
    return rows


# --- what of it -------------------------------------------------------------------------------------------------------


def test_a_queue_worked_out_by_hand() -> None:
    """One officer: whose turn has not come after 6 h goes up then; who is at work already is finished here."""
    out = both(city(office={"staff": 1}))
    rows, free = out.requests[out.requests["category"] == "Matter"], 0.0
    closed, up = [], []
    for came in rows["dispatched"]:
        start = max(free, came)
        goes = start >= came + 6
        free = free if goes else start + 5
        closed.append(came + 13 if goes else start + 7)
        up.append(came + 6 if goes else np.nan)
    late, seen = np.array(up) < out.end, np.array(closed) < out.end
    np.testing.assert_array_equal(rows["sent_up"], np.where(late, up, np.nan))
    np.testing.assert_array_equal(rows["closed"], np.where(seen, closed, np.nan))
    assert 30 < late.sum() < len(rows) - 30
    assert (rows["owner_unit"] == "Office").all()
    gone = rows[late & seen]
    np.testing.assert_array_equal(gone["hours_unit_queue"], 6.0)
    np.testing.assert_array_equal(gone["hours_other_units"], 7.0)  # work and lead time there
    share = sim.measures(out).query("measure == 'sent_up_share' and group_by == ''")["value"].item()
    assert share == out.requests["sent_up"].notna().mean()


def test_what_is_worked_on_goes_up_when_that_visit_ends() -> None:
    """Escalated at t + 6 h, while the citizen is contacted until t + 8 h."""
    rows = taken_over(both(city(office={"staff": 99}, contact={"work": "8 h"})), after=8.0)
    np.testing.assert_array_equal(rows["escalated"] - rows["dispatched"], 6.0)
    np.testing.assert_array_equal(rows["hours_work"], 8.0)


@pytest.mark.parametrize("work", ["5 h", "7 h"], ids=["lead time", "being worked on"])
def test_nothing_goes_up_where_the_work_is_done_but_the_next_round_does(work: str) -> None:
    callback = {**CALLBACK, "reopen": {"at_most": 1}}
    plain = city(office={"staff": 99}, matter={"work": work})
    out = both(plain)
    assert matters(out)["escalated"].notna().all()
    assert out.requests["sent_up"].isna().all()
    out = both(city(office={"staff": 99}, matter={"work": work, "resolve": [0, 1]}, policies={"callback": callback}))
    rows = matters(out)
    np.testing.assert_array_equal(rows["sent_up"], rows["first_closed"])
    np.testing.assert_array_equal(rows["closed"] - rows["first_closed"], float(work[0]) + 2.0)
    np.testing.assert_array_equal(rows["hours_rework"], float(work[0]) + 2.0)  # which goes before other units
    assert (rows["owner_unit"] == "Office").all()


def test_what_is_parked_goes_up_after_that() -> None:
    """Escalated as a repeat when it comes; parked for 10 h first."""
    again = {**CALLBACK, "call_again": {"probability": 1, "after": "1 d"}}
    policy = {"pool": "supervisors", "work": "1 h", "repeats": True, "sent_up": UP["sent_up"]}
    parking = {"parking": {"share": 1, "time": "10 h"}}
    out = both(
        city(policy, {"staff": 99}, matter={"resolve": 0}, limits=parking, policies={"callback": again}),
    )
    rows = matters(out)
    first = rows["repeat_of"].isna()
    assert rows.loc[first, "sent_up"].isna().all()
    repeats = rows[~first]
    assert len(repeats) > 50
    np.testing.assert_array_equal(repeats["sent_up"] - repeats["dispatched"], 10.0)


def test_who_calls_again_goes_to_a_unit_first_which_contacts_and_owns() -> None:
    """From its birth: the desk, a unit that is wrong (and does not review it), 1 h of contact, then up."""
    again = {**CALLBACK, "call_again": {"probability": 1, "after": "1 d"}}
    policy = {"pool": "supervisors", "work": "1 h", "repeats": True, "sent_up": UP["sent_up"]}
    desk = {"pool": "supervisors", "work": "30 min", "accuracy": 0, "redispatch_accuracy": 1, "review": "2 h"}
    out = both(
        city(
            policy,
            {"staff": 99},
            units={"Elsewhere": {"staff": 99}},
            matter={"resolve": 0, "confused_with": "Elsewhere"},
            dispatch=desk,
            contact={"work": "1 h"},
            policies={"callback": again},
        )
    )
    rows = matters(out)
    first, repeats = rows[rows["repeat_of"].isna()], rows[rows["repeat_of"].notna()]
    assert first["sent_up"].isna().all()
    assert (first["hops"] == 1).all()
    assert len(repeats) > 50
    assert (repeats["hops"] == 0).all()
    assert (repeats["owner_unit"] == "Elsewhere").all()
    np.testing.assert_array_equal(repeats["sent_up"] - repeats["dispatched"], 1.0)


# --- from where -------------------------------------------------------------------------------------------------------

WRONG: Data = {
    "dispatch": {"pool": "supervisors", "work": "1 min", "accuracy": 0, "redispatch_accuracy": 1, "review": "9 h"},
    "matter": {"confused_with": "Elsewhere"},
    "units": {"Elsewhere": NOBODY},
}


def test_from_the_review_of_a_wrong_unit_which_then_owns_it() -> None:
    rows = taken_over(both(city(**WRONG)), after=6.0, owner="Elsewhere")
    assert (rows["hops"] == 0).all()
    np.testing.assert_array_equal(rows["hours_bounced"], 6.0)
    np.testing.assert_array_equal(rows["hours_other_units"], 7.0)


def test_from_a_review_under_way_at_its_end() -> None:
    rows = taken_over(both(city(**{**WRONG, "units": {"Elsewhere": {"staff": 99}}})), after=9.0, owner="Elsewhere")
    assert (rows["hops"] == 0).all()


def test_from_the_coordination_and_the_sub_task_of_a_first_recipient() -> None:
    first = {"first_recipient": {"coordination": "1 h"}}
    out = both(city(**WRONG, policies=first))  # nobody coordinates
    taken_over(out, after=6.0, owner="Elsewhere")
    elsewhere = {**WRONG, "units": {"Elsewhere": {"staff": 99}}}
    out = both(city(**elsewhere, policies=first))  # the sub-task waits at the office
    rows = taken_over(out, after=6.0, owner="Elsewhere")
    np.testing.assert_array_equal(rows["hours_bounced"], 1.0)
    np.testing.assert_array_equal(rows["hours_other_units"], 12.0)


def test_who_is_there_already_is_not_sent_up() -> None:
    """The department's own matters are not, nor are those that it has as a first recipient."""
    slow = {"Department": {"staff": 0}}
    out = both(city(units=slow))
    own = out.requests[out.requests["category"] == "Own"]
    assert own["escalated"].notna().sum() > 20
    assert own["sent_up"].isna().all()
    department = {**WRONG, "matter": {"confused_with": "Department"}, "units": {}}
    out = both(city(**department, policies={"first_recipient": {"coordination": "1 h"}}))
    rows = matters(out)
    assert (rows["owner_unit"] == "Department").all()
    assert rows["escalated"].notna().all()
    assert rows["sent_up"].isna().all()
    out = both(city(**department))  # it reviews them, and the office gets them, from where they go up
    rows = matters(out)
    assert (rows["hops"] == 1).all()
    assert (rows["owner_unit"] == "Office").all()
    assert rows["sent_up"].notna().all()


def test_only_what_is_the_duty_of_those_named_goes_up() -> None:
    """… and is in their hands: not what a wrong unit holds that is not named."""
    named = {**UP, "sent_up": {"share": 1, "to": "Department", "from": ["Office"]}}
    other = {"Other": NOBODY}
    taken_over(both(city(named)), after=6.0)
    rows = matters(both(city(named, units=other, matter={"unit": {"Office": 0.5, "Other": 0.5}})))
    assert rows.loc[rows["owner_unit"] == "Office", "sent_up"].notna().all()
    assert rows.loc[rows["owner_unit"] == "Other", "sent_up"].isna().all()
    rows = matters(both(city(named, **WRONG)))
    assert rows["escalated"].notna().all()
    assert rows["sent_up"].isna().all()


def test_the_desk_finds_an_owner_anew_and_that_is_not_the_department() -> None:
    """Reopened to the desk: the office once more, from where it goes up again."""
    callback = {**CALLBACK, "reopen": {"to": "dispatch", "at_most": 1}}
    desk = {"pool": "supervisors", "work": "1 h", "accuracy": 1}
    out = both(city(matter={"resolve": [0, 1]}, dispatch=desk, policies={"callback": callback}))
    rows = taken_over(out, after=6.0)
    np.testing.assert_array_equal(rows["closed"] - rows["first_closed"], 1.0 + 7.0)
    assert (visits(out, "subtask", rows)["pool"] == "Department").all()


def test_parts_that_are_whistled_for_go_on_beside() -> None:
    """5 h there beside the 9 h of a part since t; closed when the last has ended."""
    parts = [{"unit": "Department", "work": "15 h"}]
    out = both(city(matter={"lead": "0 h", "parts": parts}, policies={"whistle": {}}))
    rows = matters(out)
    np.testing.assert_array_equal(rows["sent_up"] - rows["dispatched"], 6.0)
    np.testing.assert_array_equal(rows["closed"] - rows["dispatched"], 15.0)
    np.testing.assert_array_equal(rows["hours_other_units"], 15.0)
    out = both(city(matter={"lead": "9 h", "parts": parts}, policies={"whistle": {}}))
    np.testing.assert_array_equal(matters(out)["hours_other_units"], 20.0)


def test_starved_it_stays_open_with_the_other_unit() -> None:
    out = both(city(units={"Department": NOBODY}))
    rows = matters(out)
    assert (rows["status"] == "open").all()
    np.testing.assert_array_equal(rows["hours_unit_queue"], 6.0)
    np.testing.assert_array_equal(rows["hours_other_units"], out.end - rows["sent_up"])


# --- how many ---------------------------------------------------------------------------------------------------------


def sent(share: float) -> pd.Series:
    """Whether each matter was, of those that nobody works on otherwise."""
    rows = matters(
        sim.simulate(city({**UP, "sent_up": {"share": share, "to": "Department"}}, matter={"total": "90 / d"}))
    )
    assert rows["escalated"].notna().all()
    return rows["sent_up"].notna()


def test_the_share_goes_up_and_a_larger_one_contains_a_smaller_one() -> None:
    few, many = sent(0.3), sent(0.8)
    assert agrees(few.to_numpy(float), 0.3, 0.08)
    assert agrees(many.to_numpy(float), 0.8, 0.08)
    assert not agrees(few.to_numpy(float), 0.8, 0.08)
    assert not (few & ~many).any()


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_share_of_nothing_changes_no_byte(engine: Any) -> None:
    off, on = (
        sim.simulate(city(policy, {"staff": 1}), engine=engine)
        for policy in (POLICY, {**UP, "sent_up": {"share": 0, "to": "Department"}})
    )
    assert same_tables(off, replace(on, scenario=off.scenario))


# --- told and refused -------------------------------------------------------------------------------------------------


def test_explain_and_show_tell_it() -> None:
    scenario = city(end="2024-01-05")
    run = sim.run(scenario, 1, keep="all", engine="compiled")
    assert run.tables is not None
    row = run.tables.requests.query("sent_up.notna() and closed.notna()").iloc[0]
    told = " ".join(explain(run, row["request"]).split())
    assert "Sent up at " in told
    assert "what was left of its handling went to Department, not its score." in told
    assert "handling (Office): leaves the queue after 6.0 h" in told
    assert "sub-task at the higher unit (Department): taken at once, 5.0 h of work" in told
    shown = " ".join(show_text(scenario).split())
    assert "Of 100 escalations 100 send up what is left of the handling to Department" in shown


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sent_up": {"share": 0, "to": "Nobody"}}, "there is no unit “Nobody”"),
        ({"sent_up": {"share": 0, "to": "supervisors"}}, "there is no unit “supervisors”"),
        ({"sent_up": {"share": 0}}, "to"),
        ({"sent_up": {"share": 0, "to": "Department", "from": ["Nobody"]}}, "there is no unit “Nobody”"),
        ({"sent_up": {"share": 0, "to": "Department", "from": []}}, "an empty list: leave it out for all"),
        ({"sent_up": {"share": 0, "to": "Department", "from": ["Department"]}}, "is where they are sent up to"),
        ({"overdue_by": None}, "needs something that escalates requests"),
    ],
)
def test_what_leads_nowhere_is_refused(change: Data, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        city({key: value for key, value in {**UP, **change}.items() if value is not None})


def test_there_must_be_a_unit_below() -> None:
    with pytest.raises(
        ScenarioError, match=r"supervision.sent_up: has nothing to act on: it needs requests of another unit"
    ):
        town({**POLICY, "sent_up": {"share": 0, "to": "Office"}})
    from_elsewhere = {"share": 0, "to": "Department", "from": ["Elsewhere"]}
    with pytest.raises(ScenarioError, match=r"than the one in “to”, and one of those in “from”"):
        city({**UP, "sent_up": from_elsewhere}, matter={"confused_with": "Elsewhere"}, units={"Elsewhere": NOBODY})
