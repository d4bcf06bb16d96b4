"""Policies of one's own in a file: what acts, in which scenario, and what is said where something is wrong."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from test_control import CROWDED, hire

import sim
from sim.cli import run_command
from sim.experiment.own_policies import OwnPolicyError, read_policy
from sim.report.comparison_text import comparison_text
from sim.report.page import comparison_page

TEXT = """
hired = []

def hire(env, city):
    yield env.timeout(100)
    hired.append(3)  # of this replication alone: the file is run anew for each
    city.propose(staff={"Desk": sum(hired)})
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def own(text: str, function: str = "hire") -> Any:
    Path("own.py").write_text(text, encoding="utf-8")
    return read_policy(f"own.py:{function}")


def test_a_policy_of_a_file_acts_as_the_same_function_does_in_this_process_and_in_others() -> None:
    policy = own(TEXT)
    Path("own.py").unlink()  # what acts is what was read
    expected = sim.run(CROWDED, 2, policies=[hire(3, after=100.0)], processes=1).measures
    for here in (policy, pickle.loads(pickle.dumps(policy))):
        found = sim.run(CROWDED, 2, policies=[here], processes=1)
        assert found.measures.equals(expected)
        assert found.policies == (f"own.py:hire@sha256:{policy.sha256}",)
    assert not expected.equals(sim.run(CROWDED, 2, processes=1).measures)


def test_a_comparison_has_policies_for_each_scenario() -> None:
    """Two that say the same and differ in a policy alone; it is told, and no other difference is claimed."""
    policy = own(TEXT)
    found = sim.compare([CROWDED, CROWDED], 3, policies=[[], [policy]], processes=1)
    alone = sim.run(CROWDED, 3, policies=[policy], processes=1).measures
    city = "measure == 'backlog_end' and group_by == ''"
    assert list(found.measures.query(city)["value"])[1::2] == list(alone.query(city)["value"])
    assert found.differences.query(city)["difference"].item() < -10
    assert found.remarks == ()
    said = f"Own policy here, not in the baseline: own.py:hire (sha256 {policy.sha256[:12]}…)."
    assert said in " ".join(comparison_text(found).split())
    assert "the two scenarios say the same" not in comparison_page(found)
    both = sim.compare([CROWDED, CROWDED], 2, policies=[[policy], [policy]], processes=1)
    assert "say the same" in both.remarks[0]
    assert "Own policy in both: own.py:hire" in " ".join(comparison_text(both).split())
    for wrong in ([policy], [[policy]], [policy, policy]):
        with pytest.raises(ValueError, match="one list for each of the 2 scenarios"):
            sim.compare([CROWDED, CROWDED], 1, policies=wrong)  # type: ignore[arg-type]


def test_the_command_line_gives_one_to_all_or_to_one(capsys: pytest.CaptureFixture[str]) -> None:
    own(TEXT.replace("Desk", "Roads") + "\ndef fire(env, city):\n    yield env.timeout(1)\n")
    arguments = ["--policy", "own.py:hire", "--policy", "2:own.py:fire", "--out", "page.html"]
    assert run_command(["compare", "teaching", "teaching", "-n", "1", "--json", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    first, second = ([name.partition("@")[0] for name in names] for names in document["policies"].values())
    assert (first, second) == (["own.py:hire"], ["own.py:hire", "own.py:fire"])
    assert document["remarks"] == [
        "--policy own.py:hire holds for every scenario, the baseline too. Write 2:own.py:hire for the second.",
    ]
    differs = document["what_differs"]["A small town, one week, own.py:fire"]
    assert [line.partition(" (sha")[0] for line in differs] == [
        "Own policy here, not in the baseline: own.py:fire",
        "Own policy in both: own.py:hire",
    ]
    assert {row["difference"] for row in document["differences"]} <= {0.0, None}  # it only waits


@pytest.mark.parametrize(
    ("text", "function", "said"),
    [
        (TEXT, "hier", "own.py: there is no function “hier”, did you mean “hire”?"),
        (TEXT, "hired", "own.py: there is no function “hired”"),
        ("x = 1\ndef hire(env, city:\n    pass\n", "hire", "own.py:2: this is no Python"),
        ("import nowhere\n", "hire", "own.py:1: ModuleNotFoundError: No module named 'nowhere'"),
        ("\n\n1 / 0\n", "hire", "own.py:3: ZeroDivisionError"),
        ("import sys\nsys.exit('no')\n", "hire", "own.py:2: SystemExit: no"),
    ],
)
def test_a_file_that_has_no_policy_is_refused_before_anything_runs(text: str, function: str, said: str) -> None:
    with pytest.raises(OwnPolicyError) as wrong:
        own(text, function)
    assert str(wrong.value).startswith(said)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "def hire(env, city):\n    yield env.timeout(1)\n    city.propose(staff={'Dsek': 1})\n",
            "own.py:3: KeyError: there",
        ),
        ("def hire(env, city):\n    city.propose(staff={})\n", "own.py: hire returned “None”, but a policy waits"),
        ("def hire(env):\n    yield env.timeout(1)\n", "own.py: TypeError: hire() takes 1"),
    ],
)
def test_what_goes_wrong_while_it_acts_is_said_with_its_line(
    text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OwnPolicyError) as wrong:
        sim.simulate(CROWDED, policies=[own(text)])
    assert str(wrong.value).startswith(said)
    assert run_command(["run", "teaching", "-n", "2", "--processes", "1", "--policy", "own.py:hire"]) == 3
    assert f"citysim: {said}" in capsys.readouterr().err
    assert not Path("results").exists() or not list(Path("results").iterdir())


@pytest.mark.parametrize(
    "named", ["own.py", "own.py:", ":hire", "own.py:not a name", "nowhere.py:hire", "2:own.py:hire"]
)
def test_what_names_no_policy_is_refused(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("own.py").write_text(TEXT, encoding="utf-8")
    assert run_command(["run", "teaching", "--policy", named]) == (2 if named.startswith("2:") else 3)
    assert "Traceback" not in capsys.readouterr().err


def test_a_byte_order_mark_is_no_error() -> None:
    assert own(f"\ufeff{TEXT}").function == "hire"
