"""Every special case that queueing theory can solve, against its exact values.

`pytest` runs short versions, `pytest -m theory tests/theory` (make theory) the long ones. See `theory_method`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from theory_method import Case, Interval
from theory_networks import NETWORKS
from theory_phones import PHONES, erlang_a, erlang_b, erlang_c
from theory_queues import QUEUES

CASES = [*QUEUES, *PHONES, *NETWORKS]
SHORT = [case for case in CASES if case.short]
LONG_ONLY = [case for case in CASES if not case.short]
WRONG = 0.9  # the rate of the twin
FEW, MANY = 24, 96  # replications


def agree(case: Case, measured: dict[str, Interval], widths: dict[str, float]) -> None:
    """Every truth is held, and the intervals are as narrow as wanted, relative to the truth."""
    for group in ("means", "slow", "tails", "loose"):
        for name, truth in getattr(case, group).items():
            found = measured[name]
            assert found.holds(truth), f"{name}: {found}, but theory says {truth:.6g}"
            if group in widths:
                assert found.half <= widths[group] * truth, f"{name}: {found}, not within {widths[group]:.0%}"


def reject(case: Case) -> None:
    """The same test of a city with 10 % fewer requests sees that something is wrong."""
    measured = case.measured(case.twin, FEW, WRONG)
    for name in case.moved or case.means:
        assert not measured[name].holds(case.truths[name]), f"{name}: {measured[name]}"


@pytest.mark.parametrize("case", SHORT, ids=str)
def test_short(case: Case) -> None:
    assert case.short
    agree(case, case.measured(case.short, FEW), {"means": 0.10})


@pytest.mark.long
@pytest.mark.parametrize("case", SHORT, ids=str)
def test_a_wrong_rate_is_rejected(case: Case) -> None:
    reject(case)


@pytest.mark.theory
@pytest.mark.parametrize("case", CASES, ids=str)
def test_long(case: Case) -> None:
    agree(case, case.measured(case.long, MANY), {"means": 0.03, "slow": 0.03, "tails": 0.10})


@pytest.mark.theory
@pytest.mark.parametrize("case", LONG_ONLY, ids=str)
def test_a_wrong_rate_is_rejected_too(case: Case) -> None:
    reject(case)


@pytest.mark.parametrize(
    ("formula", "load", "staff", "published"),
    [
        (erlang_c, 10, 12, {"P_wait": 0.4494, "Wq": 0.22469}),
        (erlang_c, 20, 22, {"P_wait": 0.5679, "Wq": 0.28396}),
        (erlang_c, 100, 105, {"P_wait": 0.5157, "Wq": 0.10314}),
        (erlang_c, 382.1, 401, {"P_wait": 0.2439, "Wq": 0.01291}),
        (erlang_a, 10, 12, {"P_wait": 0.3032, "P_ab": 0.0531}),
        (erlang_a, 10, 10, {"P_wait": 0.5421, "P_ab": 0.1251}),
        (erlang_a, 100, 100, {"P_wait": 0.5133, "P_ab": 0.0399}),
        (erlang_a, 460, 382, {"P_wait": 0.9999, "P_ab": 0.1696}),
    ],
)
def test_the_formulas_give_the_published_values(
    formula: Callable[[float, int], dict[str, float]], load: float, staff: int, published: dict[str, float]
) -> None:
    found = formula(load, staff)
    for name, value in published.items():
        assert round(found[name], 5 if name == "Wq" else 4) == value


@pytest.mark.parametrize(("load", "staff", "published"), [(10, 12, 0.1197), (20, 22, 0.1067), (100, 105, 0.0483)])
def test_the_loss_formula_gives_the_published_values(load: int, staff: int, published: float) -> None:
    assert round(erlang_b(load, staff), 4) == published
