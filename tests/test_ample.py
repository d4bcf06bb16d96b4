"""How much of what is late people could change: the same citizens where nobody waits for staff."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from towns import full, station

import sim
from sim.cli import run_command
from sim.experiment import ample, store
from sim.experiment.ample import late_in_any_case, what_staff_changes, with_ample_staff
from sim.experiment.replication import simulate_city
from sim.experiment.runs import Run
from sim.model.city import build_city
from sim.model.simulation import unwatched
from sim.report.page import run_page
from sim.report.text import run_text

TEACHING = Path(__file__).parents[1] / "scenarios" / "teaching.yaml"
LIMIT = {"time_limits": {"resolve": {"ordinary": "24 h"}}}


def known(**more: Any) -> Run:
    """One officer with more work than hours in ten days, or what else is told."""
    city: dict[str, Any] = {"rate": "30 / d", "work": "1 h", "staff": 1, "days": 10, "policies": LIMIT, **more}
    return late_in_any_case(sim.run(station(**city), replications=2))


def test_what_is_late_for_want_of_people_is_all_theirs_to_change() -> None:
    found = what_staff_changes(known(), "")[""]
    assert found.late > 0.5
    assert found.in_any_case == 0.0
    assert found.changes == found.late


def test_what_is_late_by_its_lead_time_is_not() -> None:
    found = what_staff_changes(known(category={"lead": "30 h"}, staff=40), "")[""]
    assert (found.late, found.in_any_case, found.changes) == (1.0, 1.0, 0.0)


def test_some_of_both() -> None:
    run = known(category={"lead": {"distribution": "exponential", "mean": "24 h"}})
    found = what_staff_changes(run, "unit")["Desk"]
    assert found == what_staff_changes(run, "")[""] == what_staff_changes(run, "category")["Matter"]
    assert found.in_any_case == pytest.approx(0.38, abs=0.06)  # exp(−23/24): an hour of work, then the lead time
    assert found.late > found.in_any_case
    city = run.measures.query("measure == 'breach_share' and group_by == ''")
    assert found.late == pytest.approx(city["value"].mean(), abs=1e-15)  # of the same citizens, in all replications
    assert run.in_any_case is not None
    assert sorted(run.in_any_case["replication"].unique()) == [0, 1]


def test_people_come_when_they_are_on_duty() -> None:
    office = {"calendars": {"office": {"open": {"mon": "9:00-12:00"}}}, "unit": {"calendar": "office"}}
    found = what_staff_changes(known(**office, staff=100, work="1 min"), "")[""]
    assert found.in_any_case == found.late > 0.5


def test_nobody_waits_for_people_without_limit() -> None:
    city = with_ample_staff(build_city(full()))
    out = simulate_city(city, 0, seed=1, engine="simpy", policies=(), watch=unwatched)
    levels = out.levels[out.levels["on_duty"] > 0]
    whole = levels[levels["on_duty"] == levels["on_duty"].max()]  # hours in which the pool is open throughout
    assert len(whole) > 100
    assert (whole["queue"] == 0).all()


def test_it_is_no_question_without_limits_and_none_that_is_cheap_for_a_large_city(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert known(policies={}).in_any_case is None
    monkeypatch.setattr(ample, "MOST_CONTACTS", 100)
    run = known()
    assert run.in_any_case is None
    assert what_staff_changes(run, "") == {}
    assert "by staff" not in run_text(run)
    assert "staff could change" not in run_page(run)


def test_a_folder_keeps_it_and_the_report_and_the_terminal_say_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = known()
    for said in (run_text(run), run_page(run)):
        assert "0.0 % of the same citizens’ requests are late all the same" in " ".join(said.split())
    assert run_command(["run", str(TEACHING), "-n", "1", "--out", "here"]) == 0
    capsys.readouterr()
    stored = store.read(Path("here"))
    assert stored.in_any_case is not None
    assert run_page(stored) == Path("here/report.html").read_text(encoding="utf-8")
