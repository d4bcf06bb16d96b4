"""Any stage may be absent: a hotline alone, a desk alone, nobody at all."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from towns import same_tables

import sim
from sim.experiment import store
from sim.experiment.runs import run
from sim.report.comparison_text import comparison_text
from sim.report.explain import candidates, explain
from sim.report.page import comparison_page, run_page
from sim.report.show import show_text
from sim.report.text import run_text
from sim.scenario import Scenario, from_dict

STAGES = ("phone", "patience", "dispatch", "contact", "units", "reports", "limits", "callback")


def city(stages: frozenset[str], **more: Any) -> Scenario:
    """A town with these stages and no others; without units every question is answered at once."""
    pools: dict[str, Any] = {}
    data: dict[str, Any] = {
        "name": f"a town with {', '.join(sorted(stages)) or 'nothing'}",
        "time": {"start": "2024-03-04", "end": "2024-03-06"},
        "districts": {"North": {"population": 900}, "South": {"population": 600}},
        "policies": {},
    }
    if "phone" in stages:
        pools["hotline"] = {"staff": 1}
        phone = {"share": 1, "pool": "hotline", "talk": {"distribution": "exponential", "mean": "4 min"}}
        if "patience" in stages:
            phone |= {"patience": "2 min", "redial": {"probability": 0.5, "after": "10 min"}}
        data["channels"] = {"phone": phone}
    right = {"unit": "Works", "work": "1 h"} if "units" in stages else {}
    categories = {"Question": {"kind": "consultation", "rate": "20 / year", **right}}
    data["policies"]["instant_answer"] = {"answered": 0.5 if "units" in stages else 1}
    if "units" in stages:
        data["units"] = {"Works": {"staff": 2}}
    if "reports" in stages:
        categories["Pothole"] = {"rate": "9 / year", **right}
        if "units" not in stages:
            data["policies"]["classified_handling"] = {"by_category": {"Pothole": 1}}
    if "dispatch" in stages:
        pools["desk"] = {"staff": 1}
        data["dispatch"] = {"pool": "desk", "work": "5 min", "accuracy": 0.8}
    if "contact" in stages:
        data["contact"] = {"work": "5 min"}
    if "limits" in stages:
        data["policies"]["time_limits"] = {"resolve": "6 h"} | ({"contact": "2 h"} if "contact" in stages else {})
    if "callback" in stages:
        pools["callers"] = {"staff": 1}
        data["policies"]["callback"] = {"pool": "callers", "work": "3 min", "reopen": {"to": "owner"}}
    return from_dict({**data, "pools": pools, "categories": categories, **more})


ALL = [
    frozenset(some)
    for n in range(len(STAGES) + 1)
    for some in itertools.combinations(STAGES, n)
    if "phone" in some or "patience" not in some
]
FEW = [some for some in ALL if len(some) <= 1 or len(some) >= len(STAGES) - 1] + [frozenset({"phone", "patience"})]
named = {"ids": lambda some: "-".join(sorted(some)) or "nothing"}


LONG = (3, 4, 5)  # so many stages in so many combinations that they take long


@pytest.mark.parametrize(
    "size", [pytest.param(n, marks=pytest.mark.long if n in LONG else []) for n in range(len(STAGES) + 1)]
)
def test_every_combination_runs_on_both_engines(size: int) -> None:
    for stages in (some for some in ALL if len(some) == size):
        simpy, compiled = (sim.simulate(city(stages), engine=engine) for engine in ("simpy", "compiled"))
        assert same_tables(simpy, compiled), stages
        assert len(simpy.requests) > 50
        ended = simpy.requests["status"].isin(["answered", "out_of_scope", "lost", "closed", "merged"])
        assert ended.mean() > 0.5, stages
        assert show_text(city(stages)).startswith("a town with")


@pytest.mark.parametrize(
    "stages", [pytest.param(some, marks=pytest.mark.long if n % 3 else []) for n, some in enumerate(FEW)], **named
)
def test_it_is_stored_and_told(stages: frozenset[str], tmp_path: Path) -> None:
    town, other = city(stages), city(stages, name="the same, longer calls")
    with store.run_draft(town, 1, 2, tmp_path / "run") as draft:
        found = run(town, 2, folder=draft.beside, processes=1)
        store.write(found, draft, run_page(found))
    again = store.read(tmp_path / "run")
    assert run_page(again) == (tmp_path / "run/report.html").read_text(encoding="utf-8")
    assert "Contacts" in run_text(again)
    assert "Requests of replication 0" in candidates(again)
    asked = again.tables.query("SELECT request FROM requests ORDER BY called_back IS NULL, arrived LIMIT 3")
    assert all("Where the time went" in explain(again, key) for key in asked["request"])
    compared = sim.compare([town, other], 2, processes=1)
    assert "a town" in comparison_text(compared)
    assert "</html>" in comparison_page(compared)


@pytest.mark.parametrize("stages", FEW[::4], **named)
def test_it_stays_small_when_only_measures_are_kept(stages: frozenset[str]) -> None:
    found = run(city(stages), 1, keep="measures", engine="compiled", processes=1)
    assert found.measures.equals(run(city(stages), 1, keep="all", processes=1).measures)
