"""Single queues: M/M/c, M/G/1, priorities, feedback."""

from __future__ import annotations

from collections.abc import Mapping

from theory_method import TRUTHS, Case, counted, exponential, levels, one_station, waits

import sim

UNIT = 0.1  # hours: the time unit of the truths, so that a day has some 200 requests


def single(out: sim.Outcomes, longer_than: float, slack: float) -> dict[str, float]:
    """What `truths.json` says of M/M/c, in its time unit; `slack` is twice the mean service, added to the tail of
    the whole stay.
    """
    visits = counted(out, kind="handling")
    wait = waits(visits) / UNIT
    stay = (visits["ended"] - visits["queued"]).to_numpy() / UNIT
    inside = levels(out, "Desk")
    return {
        "P_wait": float((wait > 0).mean()),
        "Wq": float(wait.mean()),
        "W": float(stay.mean()),
        "Lq": inside["Lq"],
        "L": inside["L"],
        "Wq_given_wait": float(wait[wait > 0].mean()),
        "P_Wq_gt_t": float((wait > longer_than).mean()),
        "P_W_gt_t+2S": float((stay > longer_than + slack).mean()),
        "EWq2": float((wait**2).mean()),
    }


def by_class(out: sim.Outcomes) -> dict[str, float]:
    """Mean wait by urgency class, in time units, and of all."""
    visits = counted(out, kind="handling")
    urgency = visits["request"].map(out.requests.set_index("request")["urgency"])
    wait = waits(visits) / UNIT
    every = {f"Wq {name}": float(wait[urgency == name].mean()) for name in out.scenario.classes}
    return {**every, "Wq": float(wait.mean())}


def chosen(case: str, *names: str) -> Mapping[str, float]:
    return {name: TRUTHS[case][name] for name in names}


def classes(case: str) -> Mapping[str, float]:
    return {f"Wq {name}": wait for name, wait in zip("abc", TRUTHS[case]["Wq"], strict=False)}


def priority(rates: tuple[float, ...], staff: int) -> dict[str, object]:
    names = "abc"[: len(rates)]
    return {
        "classes": list(names),
        "category": {"urgency": {n: r / sum(rates) for n, r in zip(names, rates, strict=True)}},
        "unit": {"staff": staff, "discipline": "class"},
    }


MEANS = ("P_wait", "Wq", "W", "Lq", "L")
SECOND = {"A1": TRUTHS["N1"]["EWq2_FCFS"], "A2": TRUTHS["A2"]["VarWq"] + TRUTHS["A2"]["Wq"] ** 2}

QUEUES = [
    Case(
        "A1, N1: M/M/1, first come first served",
        one_station(0.8 / UNIT, exponential(UNIT), {"staff": 1}),
        lambda out: single(out, 5.0, 2.0),
        means=chosen("A1", *MEANS),
        tails={**chosen("A1", "Wq_given_wait", "P_Wq_gt_t", "P_W_gt_t+2S"), "EWq2": SECOND["A1"]},
        warm_up=3,
        short=104,
        twin=5,
        long=225,
    ),
    Case(
        "A2: M/M/4",
        one_station(2.5 / UNIT, exponential(UNIT), {"staff": 4}),
        # its truths are in tenths of the mean service
        lambda out: {
            name: value * {"Wq": 10, "W": 10, "Wq_given_wait": 10, "EWq2": 100}.get(name, 1)
            for name, value in single(out, 1.0, 2.0).items()
        },
        means=chosen("A2", *MEANS),
        tails={**chosen("A2", "Wq_given_wait", "P_Wq_gt_t", "P_W_gt_t+2S"), "EWq2": SECOND["A2"]},
        warm_up=1,
        short=28,
        twin=2,
        long=48,
    ),
    Case(
        "C2: M/G/1, lognormal service",
        one_station(0.7 / UNIT, {"distribution": "lognormal", "mean": f"{UNIT} h", "cv": 1.5}, {"staff": 1}),
        lambda out: single(out, 5.0, 2.0),
        means=chosen("C2", "Wq", "W", "Lq", "L"),
        tails={"EWq2": TRUTHS["C2"]["VarWq"] + TRUTHS["C2"]["Wq"] ** 2},
        warm_up=3,
        short=150,
        twin=10,
        long=270,
    ),
    Case(
        "D1: M/M/1, two priority classes",
        one_station(0.8 / UNIT, exponential(UNIT), **priority((0.2, 0.6), 1)),
        by_class,
        means=classes("D1"),
        warm_up=3,
        short=118,
        twin=6,
        long=225,
    ),
    Case(
        "E1: M/M/4, three priority classes",
        one_station(3.2 / UNIT, exponential(UNIT), **priority((0.8, 1.2, 1.2), 4)),
        by_class,
        means={name: classes("E1")[name] for name in ("Wq a", "Wq b")},
        slow={"Wq c": classes("E1")["Wq c"], "Wq": TRUTHS["E1"]["Wq_all"]},
        warm_up=1,
        short=16,
        twin=2,
        long=75,
    ),
]
