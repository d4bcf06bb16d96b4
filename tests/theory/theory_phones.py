"""Telephones: Erlang's formulas and Palm's, with callers who leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scipy.stats import poisson
from theory_method import TRUTHS, Case, Town, counted, exponential, levels, one_station, town, waits

import sim
from sim.scenario import Scenario

UNIT = 0.1  # hours: the time unit of B2, so that a day has 240 calls


def hotline(rate: float, staff: int, talk: float, patience: Any) -> Town:
    """Calls per hour to a hotline that answers every question on the spot; who hangs up is lost."""
    phone = {"share": 1, "pool": "hotline", "talk": exponential(talk), "patience": patience}

    def make(warm_up: int, days: int, factor: float) -> Scenario:
        return town(
            warm_up,
            days,
            channels={"phone": phone},
            pools={"hotline": {"staff": staff}},
            categories={"Question": {"kind": "consultation", "total": f"{rate * factor!r} / h"}},
            policies={"instant_answer": {"answered": 1}},
        )

    return make


def calls(out: sim.Outcomes, unit: float) -> dict[str, float]:
    """Waits in time units, from the visits; numbers, from the levels."""
    visits = counted(out, kind="intake")
    left = visits["started"].isna().to_numpy()
    wait = waits(visits) / unit
    inside = levels(out, "hotline")
    staff = int(out.levels["on_duty"].max())
    return {
        "P_wait": float((left | (wait > 0)).mean()),
        "P_ab": float(left.mean()),
        "P_served": float((~left).mean()),
        "EW": float(wait.mean()),
        "EW_served": float(wait[~left].mean()),
        "EW_ab": float(wait[left].mean()) if left.any() else 0.0,
        "Lq": inside["Lq"],
        "L": inside["L"],
        "util": inside["busy"] / staff,
    }


# --- formulas, in service times (a = offered load, n = officers) -----------------------------------------------------


def erlang_b(a: float, n: int) -> float:
    """Probability that all are busy, if nobody waits (Erlang 1917)."""
    blocked = 1.0
    for k in range(1, n + 1):
        blocked = a * blocked / (k + a * blocked)
    return blocked


def erlang_c(a: float, n: int) -> dict[str, float]:
    """Probability of waiting and mean wait, if everybody waits (Erlang 1917)."""
    blocked = erlang_b(a, n)
    wait = n * blocked / (n - a * (1 - blocked))
    return {"P_wait": wait, "Wq": wait / (n - a)}


def erlang_a(a: float, n: int) -> dict[str, float]:
    """With patience of the same mean as service, the number in the system is Poisson (Palm 1957)."""
    queue = a * poisson.sf(n - 2, a) - n * poisson.sf(n - 1, a)
    return {"P_wait": float(poisson.sf(n - 1, a)), "P_ab": float(queue / a), "Lq": float(queue), "L": a}


def groups(truths: Mapping[str, float], means: str, tails: str = "", loose: str = "") -> dict[str, Mapping[str, float]]:
    """The truths by how precisely they are tested; names in a text, as in `P_wait L`."""
    named = {"means": means, "tails": tails, "loose": loose}
    return {group: {name: truths[name] for name in names.split()} for group, names in named.items()}


def loss(a: float, n: int, **run: Any) -> Case:
    """Callers without any patience."""
    means = {"P_ab": erlang_b(a, n), "L": a * (1 - erlang_b(a, n))}
    return Case(f"Erlang B ({a:g}, {n})", hotline(a, n, 1.0, "0 s"), lambda out: calls(out, 1.0), means, **run)


def impatient(a: float, n: int, *tested: str, **run: Any) -> Case:
    """Callers as patient as a call is long."""
    calling, truths = hotline(a, n, 1.0, exponential(1.0)), groups(erlang_a(a, n), *tested)
    return Case(f"Erlang A ({a:g}, {n})", calling, lambda out: calls(out, 1.0), **truths, moved=("P_ab",), **run)


def delay(a: float, n: int, *tested: str, **run: Any) -> Case:
    """Callers of endless patience: a station."""

    def statistics(out: sim.Outcomes) -> dict[str, float]:
        wait = waits(counted(out, kind="handling"))
        return {"P_wait": float((wait > 0).mean()), "Wq": float(wait.mean())}

    station, truths = one_station(a, exponential(1.0), {"staff": n}), groups(erlang_c(a, n), *tested)
    return Case(f"Erlang C ({a:g}, {n})", station, statistics, **truths, moved=("P_wait",), **run)


B2 = {name: truth for name, truth in TRUTHS["B2"].items() if name != "tavc_W"}

PHONES = [
    Case(
        "B2: M/M/5+M",
        hotline(1 / UNIT, 5, 5 * UNIT, exponential(3 * UNIT)),
        lambda out: calls(out, UNIT),
        means=B2,
        moved=("P_wait", "P_ab", "EW", "Lq"),
        warm_up=1,
        short=12,
        twin=3,
        long=30,
    ),
    loss(10, 12, warm_up=1, short=24, twin=5, long=53),
    loss(20, 22, warm_up=1, twin=8, long=38),
    loss(100, 105, warm_up=1, twin=2, long=30),
    impatient(10, 10, "P_wait L", "P_ab Lq", warm_up=1, short=28, twin=3, long=45),
    impatient(10, 12, "P_wait L", "P_ab Lq", warm_up=1, twin=12, long=45),
    impatient(100, 100, "P_wait L", "P_ab Lq", warm_up=1, twin=4, long=21),
    # that everybody waits is too certain here for an interval
    impatient(460, 382, "P_ab L", "Lq", warm_up=1, twin=1, long=2),
    delay(10, 12, "P_wait Wq", warm_up=2, twin=20, long=405),
    delay(20, 22, "P_wait", "", "Wq", warm_up=2, twin=20, long=68),
    delay(100, 105, "", "P_wait", "Wq", warm_up=2, twin=10, long=18),
    delay(382.1, 401, "", "P_wait", "Wq", warm_up=1, twin=6, long=9),
]
