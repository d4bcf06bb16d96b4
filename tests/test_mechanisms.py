"""The mechanisms: without effect they change no byte; every parameter turns something, and the right way.

A city that ignored a parameter, or turned it round, would fail here: each one is set to two values in the full town and
must move a number of the tables in one direction. A test compares the list with the schema.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest
from towns import FULL, same_tables

import sim
from sim.scenario import Scenario, from_dict
from sim.scenario.policies import Policies
from sim.scenario.shape import Shape

Number = Callable[[sim.Outcomes], float]


def town(*changes: dict[str, Any]) -> Scenario:
    """The full town with values set by dotted path; None takes a key away."""
    data = copy.deepcopy(FULL)
    for path, value in (item for change in changes for item in change.items()):
        node = data
        *steps, last = path.split(".")
        for step in steps:
            node = node.setdefault(step, {})
        node.pop(last, None) if value is None else node.update({last: copy.deepcopy(value)})
    return from_dict(data)


# --- numbers of a run ------------------------------------------------------------------------------------------------


def share(column: str, *values: Any) -> Number:
    """Of all contacts, those with such a value."""
    return lambda out: float(out.requests[column].astype(object).isin(values).mean())


def total(column: str) -> Number:
    return lambda out: float(out.requests[column].sum())


def mean(column: str, of: str = "") -> Number:
    return lambda out: float((out.requests.query(of) if of else out.requests)[column].mean())


def visits(kind: str, what: str = "worked") -> Number:
    """Hours worked, or the number, of visits of a kind."""

    def number(out: sim.Outcomes) -> float:
        found = out.visits[out.visits["kind"] == kind]
        return float(len(found)) if what == "number" else float(found["worked"].sum())

    return number


def allowed(clock: str, since: str = "dispatched") -> Number:
    """Hours from dispatch to a due date, on average."""
    return lambda out: float((out.requests[clock] - out.requests[since]).mean())


def attached(out: sim.Outcomes) -> float:
    """Requests that the desk attached to another one: no unit ever had them."""
    return float(((out.requests["status"] == "merged") & out.requests["dispatched"].isna()).sum())


def escalated(out: sim.Outcomes) -> float:
    """Requests that were."""
    return float(out.requests["escalated"].count())


def sent_up(out: sim.Outcomes) -> float:
    """Requests that were."""
    return float(out.requests["sent_up"].count())


def sub_tasks_at(pool: str) -> Number:
    return lambda out: float(((out.visits["kind"] == "subtask") & (out.visits["pool"] == pool)).sum())


def spread(of: str) -> Number:
    """How far apart the urgent and the ordinary are in waiting at units."""
    return lambda out: float(out.requests.groupby("urgency", observed=True)["hours_unit_queue"].mean().diff().iloc[-1])


def score(out: sim.Outcomes) -> float:
    """The score of the whole city."""
    table = sim.measures(out)
    return float(table.loc[(table["measure"] == "score") & (table["group_by"] == ""), "value"].item())


def before_own_work(out: sim.Outcomes) -> float:
    """Parts that were made before the owner's own work of that round."""
    own = out.visits[out.visits["kind"] == "handling"].set_index(["request", "round"])["visit"]
    parts = out.visits[out.visits["kind"] == "part"].set_index(["request", "round"])["visit"]
    return float((parts < own.reindex(parts.index)).sum())


def time_to_report(out: sim.Outcomes) -> float:
    """Hours that parts have until they are to be started, on average."""
    return float((out.visits["report_due"] - out.visits["queued"]).mean())


def at_pool(name: str) -> Number:
    """Visits at a pool."""
    return lambda out: float((out.visits["pool"] == name).sum())


def on_duty(pool: str = "", column: str = "on_duty") -> Number:
    """Hours on duty of a pool, or of those at it who were called in; of all pools without a name."""
    return lambda out: float(out.levels.loc[(out.levels["pool"] == pool) | (not pool), column].sum())


def of_sheets(column: str) -> Number:
    """The sum of a column of the monthly sheets."""
    return lambda out: float(out.scores[column].sum())


def between(first: str, last: str) -> Number:
    """Hours from one moment of a call to another, on average."""
    return lambda out: float((out.calls[last] - out.calls[first]).mean())


def contacts(out: sim.Outcomes) -> float:
    """How many there are."""
    return float(len(out.requests))


def born(category: str) -> Number:
    """Problems of a category."""
    return lambda out: float((out.problems["category"] == category).sum())


def of_themes(column: str) -> Number:
    return lambda out: float(out.themes[column].sum())


def cost(out: sim.Outcomes) -> float:
    """What all people cost."""
    table = sim.measures(out)
    return float(table.loc[(table["measure"] == "cost") & (table["group_by"] == ""), "value"].item())


HOTLINE = {"into": "hotline"}


@dataclass(frozen=True)
class Case:
    """A parameter at two values: with the second one the number is greater."""

    path: str
    less: Any
    more: Any
    number: Number
    given: tuple[tuple[str, Any], ...] = ()

    def cities(self) -> tuple[Scenario, Scenario]:
        given = dict(self.given)
        return town(given, {f"policies.{self.path}": self.less}), town(given, {f"policies.{self.path}": self.more})


DEFLECTED = share("status", "deflected")
BOT = (
    ("policies.online.chatbot", {"at": "phone", "deflects": 0.9, "fails": 0.2, "takes": "all"}),
    ("policies.instant_answer.answered", 0.6),
)
LINES: dict[str, Any] = {
    "channels.phone.pool": None,
    "channels.phone.lines": {
        "a": {"pool": "line a", "categories": ["Noise"]},
        "b": {"pool": "line b", "categories": ["Leak"]},
        "city": {"pool": "hotline"},
    },
    "pools.line a": {"staff": 1},
    "pools.line b": {"staff": 1},
    "pools.hotline.also_serves": None,
}
FIRMS: dict[str, Any] = {
    **{f"categories.{name}.from_firms": 0.8 for name in FULL["categories"]},
    "pools.firms": {"staff": 1},
}
ENTERPRISE = (*FIRMS.items(), ("policies.enterprise_line", {"pool": "firms", "talk": "30 min"}))
SAID_YES = share("said_resolved", True)
SATISFIED = share("said_satisfied", True)
CALLBACK = "policies.callback."
LEVELS = ((f"{CALLBACK}satisfied.levels", {"very_satisfied": 3, "satisfied": 1, "very_dissatisfied": -1}),)
DESK = (("dispatch.accuracy", 0.5), ("dispatch.redispatch_accuracy", None))
SURGE = (
    ("policies.surge.triggers", [{"pool": "Works", "when": "oldest > 9 h", "check": "3 h"}]),
    ("policies.surge.adds", 2),
)
TRUST = tuple(
    (f"policies.trust.{key}", value)
    for key, value in {"gain": 2, "decay": 0.2, "neutral": 0, "step": "day", "lo": 0}.items()
)
OPENED = ((f"{CALLBACK}reopen", {"at_most": 3, "probability": 1}),)
MONTHS = (("time.end", "2024-05-20"),)
THEME = (
    *MONTHS,
    (
        "policies.monthly_theme",
        {
            **{"among": ["Noise", "Pothole"], "pool": "web desk", "effort": "1 h", "rule": "list", "count": 2},
            **{"rest": "3 months", "removes": 0.5},
        },
    ),
)
RANKING = (
    *MONTHS,
    ("policies.ranking", {"gain": 1, "decay": 0.1}),
    (f"{CALLBACK}score", {"weights": {"resolution": 1}}),
)
HEADS = (
    (f"{CALLBACK}score", {"weights": {"resolution": 1}, "per_head": {"weight": 0.01, "residents": 100}}),
    ("districts.Isle", None),
)
EFFORT = (*RANKING, ("policies.ranking.effort", {"share": 0.5, "most": 1.5}))
GAMING = (*RANKING, ("policies.ranking.gaming", {"share": 0.5, "window": "12 h"}))
GAMED = share("gamed", 1)
REST = ("policies.monthly_theme.rest", "1 month")
DISPUTED = visits("errand", "number")
EXCLUSION = ((f"{CALLBACK}exclusion", {"asks": 0.5, "granted": 0.5, "review": {"pool": "callback", "work": "10 min"}}),)
COUNCIL = (
    (
        "policies.council",
        {
            "unit": "Street",
            "share": {"Noise": 0.9},
            "settles": 0.5,
            "first": "2024-03-05 10:00",
            "every": "1 d",
            "hours": "2 h",
            "seats": 1,
            "work": "30 min",
            "wait": "1 d",
        },
    ),
)
SUPERVISED = (("policies.supervision", {"pool": "callback", "work": "10 min", "overdue_by": "1 h"}),)
TO_WORKS = {"share": 0.9, "to": "Works"}
KEPT = (("policies.precise_dispatch.duty_list", {"drift": 0.5, "upkeep": {"work": "1 h"}}),)

PATROLLED = (
    ("pools.inspectors", {"staff": 3}),
    (
        "policies.act_before",
        {"pool": "inspectors", "hours": "48 h", "rate": "0.1 / h", "visible": {"Pothole": 1}, "by": "complaints"},
    ),
)


BY_STREET = ("policies.act_before.pool", "Street")


def in_north(out: sim.Outcomes) -> float:
    """What inspectors find in North, as a share."""
    found = out.requests[out.requests["channel"] == "patrol"]
    return float((found["district"] == "North").mean())


CASES = [
    Case("act_before.pool", "Street", "inspectors", at_pool("inspectors"), PATROLLED),
    Case("act_before.hours", "5 h", "48 h", share("channel", "patrol"), PATROLLED),
    Case("act_before.by", "complaints", "even", in_north, (*PATROLLED, ("districts.North.reporting", 0.1))),
    Case("act_before.while", "waiting < 1", "waiting < 99", visits("errand"), (*PATROLLED, BY_STREET)),
    Case("act_before.rate", "0.001 / h", "0.1 / h", share("channel", "patrol"), PATROLLED),
    Case("act_before.visible", {"Pothole": 0.01}, {"Pothole": 1}, share("channel", "patrol"), PATROLLED),
    Case("act_before.work_factor", 0.1, 2, visits("handling"), PATROLLED),
    Case("enterprise_line.pool", "web desk", "firms", at_pool("firms"), tuple(FIRMS.items())),
    Case("enterprise_line.overflow_after", "1 min", "0 min", visits("overflow", "number"), ENTERPRISE),
    Case("enterprise_line.talk", "2 min", "40 min", visits("intake"), ENTERPRISE),
    Case("one_hotline.into", "line a", "hotline", at_pool("hotline"), tuple(LINES.items())),
    Case("one_hotline.takes", ["b"], "all", at_pool("hotline"), (*LINES.items(), ("policies.one_hotline", HOTLINE))),
    Case("one_hotline.shifts", "own", "sum", on_duty(), (*LINES.items(), ("policies.one_hotline", HOTLINE))),
    Case(
        "one_hotline.talk_factor",
        0.5,
        1.5,
        visits("intake"),
        (*LINES.items(), ("policies.one_hotline", HOTLINE)),
    ),
    Case("online.move.share", 0.1, 0.9, share("channel", "web")),
    Case("online.move.by_category", {"Noise": 0.1}, {"Noise": 0.9}, share("channel", "web")),
    Case("online.chatbot.at", "online", "phone", DEFLECTED, BOT),
    Case("online.chatbot.deflects", 0.1, 0.8, DEFLECTED, BOT),
    Case("online.chatbot.fails", 0.9, 0.1, DEFLECTED, BOT),
    Case("online.chatbot.after", "1 min", "3 h", total("hours_intake"), BOT),
    Case("online.chatbot.takes", "easy", "consultations", DEFLECTED, BOT),
    Case("online.talk_factor", 0.5, 1.5, visits("intake")),
    Case("online.dispatch.at_least", 1.0, 0.0, total("hops")),
    Case("online.dispatch.work_factor", 0.5, 1.5, visits("dispatch")),
    Case("instant_answer.answered", 0.2, 0.8, share("status", "answered")),
    Case(
        "instant_answer.by_category",
        {"Question": 0.1},
        {"Question": 0.9},
        share("status", "answered"),
        (("policies.instant_answer.answered", None),),
    ),
    Case("first_recipient.coordination", "10 min", "3 h", visits("coordination")),
    Case(
        "time_limits.from",
        "arrival",
        "dispatch",
        lambda out: float((out.requests["due"] - out.requests["arrived"]).mean()),
    ),
    Case("time_limits.contact", "2 h", "20 h", allowed("contact_due")),
    Case("time_limits.resolve", "20 h", "90 h", allowed("due")),
    Case("time_limits.by_category", {"Noise": "1 h"}, {"Noise": "900 h"}, allowed("due")),
    Case("time_limits.calendar", "long", "office", allowed("contact_due")),
    Case("time_limits.extension.probability", 0.0, 1.0, allowed("due")),
    Case("time_limits.extension.length", "4 h", "2 workdays", allowed("due")),
    Case("time_limits.extension.ask_before", "1 h", "20 h", allowed("due")),  # more are still open
    Case("time_limits.parking.share", 0.0, 0.5, total("hours_parked")),
    Case("time_limits.parking.by_category", {"Noise": 0.0}, {"Noise": 0.9}, total("hours_parked")),
    Case("time_limits.parking.time", "1 d", "5 workdays", total("hours_parked")),
    Case("classified_handling.discipline", "fcfs", "class", spread("urgency"), (("units.Works.discipline", None),)),
    Case(
        "classified_handling.head_start",
        {"urgent": "1 h"},
        {"urgent": "90 h"},
        spread("urgency"),
        (("units.Works.discipline", None), ("policies.classified_handling.discipline", "aged")),
    ),
    Case("classified_handling.out_of_scope", 0.0, 0.4, share("status", "out_of_scope")),
    Case("classified_handling.by_category", {"Noise": 0.0}, {"Noise": 0.9}, share("status", "out_of_scope")),
    Case("precise_dispatch.accuracy", 1.0, 0.3, total("hops")),
    Case("precise_dispatch.at_least", 1.0, 0.0, total("hops")),
    Case("precise_dispatch.redispatch_accuracy", 1.0, 0.0, total("hops"), (("dispatch.max_hops", 3), *DESK)),
    Case("precise_dispatch.by_category", {"Noise": 1.0}, {"Noise": 0.0}, total("hops")),
    Case("precise_dispatch.direct_to_street", True, False, visits("district_desk")),
    Case("precise_dispatch.duty_list.drift", 0.0, 0.5, total("hops"), MONTHS),
    Case("precise_dispatch.duty_list.upkeep.every", "1 month", "2 months", total("hops"), (*MONTHS, *KEPT)),
    Case("precise_dispatch.duty_list.upkeep.work", "1 min", "60 h", visits("errand"), (*MONTHS, *KEPT)),
    Case("precise_dispatch.duplicates", 0.0, 1.0, attached),
    Case("callback.pool", "callback", "web desk", lambda out: float((out.visits["pool"] == "web desk").sum())),
    Case("callback.after", "closing", "due", total("hours_callback"), (("policies.time_limits.resolve", "9 d"),)),
    Case("callback.coverage", 0.3, 1.0, share("said_resolved", True, False)),
    Case("callback.reach", 0.3, 0.9, share("said_resolved", True, False)),
    Case("callback.retries", 0, 3, share("said_resolved", True, False)),
    Case("callback.retry_after", "1 h", "2 d", total("hours_callback")),
    Case("callback.work", "1 min", "20 min", visits("callback")),
    Case("callback.ring", "0 min", "20 min", visits("callback")),
    Case("callback.contacted.if_true", 0.2, 1.0, share("said_contacted", True)),
    Case("callback.contacted.if_false", 0.0, 1.0, share("said_contacted", True)),
    Case("callback.resolved.if_true", 0.2, 1.0, SAID_YES),
    Case("callback.resolved.if_false", 0.0, 1.0, SAID_YES),
    Case("callback.satisfied.intercept", -2, 2, SATISFIED),
    Case("callback.satisfied.said_resolved", 0, 5, SATISFIED),
    Case("callback.satisfied.late", -5, 0, SATISFIED),
    Case("callback.satisfied.log_days", -2, 0, SATISFIED),
    Case("callback.satisfied.hops", -5, 0, SATISFIED),
    Case("callback.satisfied.rounds", -9, 0, SATISFIED, ((f"{CALLBACK}score", {"round": "last"}), *OPENED)),
    Case("callback.satisfied.levels.very_satisfied", 3, 1, share("said_level", "very satisfied"), LEVELS),
    Case("callback.satisfied.levels.satisfied", 3, 0, share("said_level", "satisfied"), LEVELS),
    Case("callback.satisfied.levels.very_dissatisfied", -3, 0, share("said_level", "very dissatisfied"), LEVELS),
    Case("callback.reopen.to", "owner", "dispatch", visits("dispatch", "number")),
    Case("callback.reopen.at_most", 0, 3, total("rounds")),
    Case("callback.reopen.probability", 0.0, 1.0, total("rounds")),
    Case("callback.call_again.probability", 0.0, 1.0, lambda out: float(out.requests["repeat_of"].notna().sum())),
    Case(
        "callback.call_again.after",
        "9 d",
        "1 h",
        lambda out: float(out.requests["repeat_of"].notna().sum()),
        ((f"{CALLBACK}reopen", None),),
    ),
    Case("callback.exclusion.on", "resolved", "satisfied", DISPUTED, EXCLUSION),
    Case("callback.exclusion.asks", 0.1, 0.9, DISPUTED, EXCLUSION),
    Case("callback.exclusion.granted", 0.1, 0.9, share("excluded", True), EXCLUSION),
    Case(
        "callback.exclusion.review.pool",
        "callback",
        "web desk",
        lambda out: float((out.visits["pool"] == "web desk").sum()),
        EXCLUSION,
    ),
    Case("callback.exclusion.review.work", "5 min", "30 min", visits("errand"), EXCLUSION),
    Case("callback.score.round", "first", "last", SAID_YES, OPENED),
    Case("callback.score.weights", {"satisfaction": 1}, {"resolution": 1}, score),
    Case("council.unit", "Water", "Street", visits("council"), COUNCIL),  # which has two streets
    Case("council.share", {"Noise": 0.1}, {"Noise": 0.9}, visits("council", "number"), COUNCIL),
    Case("council.settles", 0.1, 0.9, share("status", "settled"), COUNCIL),
    Case("council.first", "2024-03-18 10:00", "2024-03-04 10:00", visits("council"), COUNCIL),
    Case("council.every", "3 d", "1 d", visits("council"), COUNCIL),
    Case("council.hours", "1 h", "3 h", visits("council"), COUNCIL),
    Case("council.seats", 0, 1, visits("council"), COUNCIL),
    Case("council.work", "5 min", "20 min", visits("council"), COUNCIL),
    Case("council.wait", "1 h", "9 d", visits("council"), COUNCIL),
    Case("whistle.blown", "after_own", "start", before_own_work),
    Case("whistle.when.parts", 2, 1, total("whistles")),
    Case("whistle.when.urgency", ["ordinary"], ["urgent"], total("whistles")),
    Case("whistle.when.round", 2, 1, total("whistles")),
    Case("whistle.budget", 1, 9, total("whistles")),
    Case("whistle.report_by", "1 h", "9 h", time_to_report),
    Case(
        "surge.triggers",
        [{"pool": "Works", "when": "waiting > 9", "check": "3 h"}],
        [{"pool": "Works", "when": "waiting > 0", "check": "3 h"}],
        on_duty("Works", "called_in"),
        SURGE,
    ),
    Case("surge.adds", 1, "needed", on_duty("Works", "called_in"), SURGE),
    Case("surge.after", "1 h", "5 h", between("called", "comes"), SURGE),
    Case("surge.at_least", "1 h", "2 d", between("comes", "left"), SURGE),
    Case("surge.wage", "1 / h", "90 / h", cost, SURGE),
    Case("surge.from", "Water", "callback", on_duty("Water"), SURGE),
    Case("trust.gain", 0, 3, contacts, TRUST),
    Case("trust.decay", 1.0, 0.05, contacts, TRUST),
    Case("trust.neutral", 1.0, 0.0, contacts, TRUST),
    Case("trust.lo", 0.0, 1.0, contacts, (*TRUST, ("policies.trust.neutral", 1))),
    Case("trust.hi", 1.0, 3.0, contacts, TRUST),
    Case("trust.step", "week", "day", lambda out: float(len(out.trust)), TRUST),
    Case("ranking.gain", 0.1, 1, of_sheets("pressure"), RANKING),
    Case("ranking.decay", 0.9, 0.1, of_sheets("pressure"), RANKING),
    Case("ranking.target", 0.5, 1, of_sheets("pressure"), RANKING),
    *(
        Case(f"ranking.lists.{name}", 0.0, 1.0, of_sheets(name), (*RANKING, ("time.end", "2024-06-10")))
        for name in ("leading", "improving", "to_rectify", "to_govern")
    ),
    Case(
        "ranking.lists.per",
        "head",
        "all",
        lambda out: float(out.scores.loc[out.scores["unit"].str.contains("South") == True, "to_govern"].sum()),  # noqa: E712
        (
            *RANKING,
            ("policies.ranking.lists", {"to_govern": 0.4}),
            ("districts.South", {"population": 6000, "streets": 1, "activity": 0.85}),
        ),
    ),
    Case("ranking.lists.repeats", False, True, of_sheets("requests"), RANKING),
    Case("ranking.lists.out_of_scope", False, True, of_sheets("requests"), RANKING),
    Case("ranking.effort.share", 0.0, 0.5, visits("handling"), EFFORT),
    Case("ranking.effort.most", 1.0, 1.5, visits("handling"), EFFORT),
    Case("ranking.effort.overtime", None, "30 / h", cost, EFFORT),
    Case("ranking.gaming.share", 0.0, 0.5, GAMED, GAMING),
    Case("ranking.gaming.window", "0 h", "2 d", GAMED, GAMING),
    Case("ranking.gaming.persuaded", 0.0, 1.0, share("said_resolved", True), GAMING),
    Case(
        "ranking.exclusion.share",
        0.0,
        1.0,
        DISPUTED,
        (*RANKING, *EXCLUSION, ("policies.ranking.exclusion", {"share": 0})),
    ),
    Case("supervision.pool", "callback", "web desk", at_pool("web desk"), SUPERVISED),
    Case("supervision.work", "5 min", "30 min", visits("errand"), SUPERVISED),
    Case("supervision.overdue_by", "3 d", "0 h", escalated, SUPERVISED),
    Case("supervision.repeats", False, True, escalated, SUPERVISED),
    Case("supervision.duplicates", False, True, escalated, SUPERVISED),
    Case(
        "supervision.sent_up.from",
        ["Water"],
        ["Water", "Street"],
        sent_up,
        (*SUPERVISED, ("policies.supervision.sent_up", TO_WORKS)),
    ),
    Case("supervision.sent_up.share", 0.1, 0.9, sent_up, (*SUPERVISED, ("policies.supervision.sent_up", TO_WORKS))),
    Case(
        "supervision.sent_up.to",
        "Water",
        "Works",
        sub_tasks_at("Works"),
        (*SUPERVISED, ("policies.supervision.sent_up", TO_WORKS)),
    ),
    Case("callback.score.per_head.weight", 0.01, 0.0, of_sheets("score"), HEADS),
    Case("callback.score.per_head.residents", 1000, 10, of_sheets("score"), HEADS),
    Case(
        "callback.score.published",
        "0 d",
        "9 d",
        lambda out: float(out.scores["published"].mean()),
        RANKING,
    ),
    Case(
        "callback.resolved.while_open",
        0.0,
        1.0,
        share("said_resolved", True),
        ((f"{CALLBACK}after", "due"), ("policies.time_limits.resolve", {"urgent": "2 h", "ordinary": "2 h"})),
    ),
    Case("monthly_theme.among", ["Noise"], ["Pothole"], born("Noise"), (*THEME, ("policies.monthly_theme.count", 1))),
    Case("monthly_theme.pool", "callback", "web desk", at_pool("web desk"), THEME),
    Case("monthly_theme.effort", "1 h", "9 h", visits("errand"), THEME),
    Case("monthly_theme.rule", "volume", "list", visits("errand", "number"), (*THEME, REST)),
    Case("monthly_theme.count", 1, 2, visits("errand", "number"), (*THEME, REST)),
    Case("monthly_theme.rest", "2 months", "1 month", visits("errand", "number"), THEME),
    Case(
        "monthly_theme.calendar",
        "long",
        "office",
        of_themes("chosen"),
        (*THEME, ("calendars.office.holidays", ["2024-04-01"])),
    ),
    Case(
        "monthly_theme.give_up",
        "1 h",
        "9 d",
        lambda out: float(out.themes["worked"].count()),
        (*THEME, ("policies.monthly_theme.effort", "9 h")),
    ),
    Case("monthly_theme.lag", "1 h", "9 d", of_themes("begins"), THEME),
    Case("monthly_theme.removes", 0.9, 0.1, born("Noise"), THEME),
    Case("monthly_theme.rebound", 0.0, 0.9, born("Noise"), THEME),
    Case("monthly_theme.clears", 0.1, 0.9, of_themes("cleared"), THEME),
    Case("monthly_theme.work_factor", 0.5, 1.5, visits("handling"), THEME),
    Case("monthly_theme.lead_factor", 0.2, 1.5, total("hours_lead_time"), THEME),
    Case("monthly_theme.error_factor", 0.0, 1.0, total("hops"), THEME),
    Case("whistle.calendar", "long", "office", time_to_report, (("policies.whistle.report_by", "2 workdays"),)),
]


def parameters(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The path of every parameter of the policies."""
    for key, below in shape.fields.items():
        if below.section and key != "weights":
            yield from parameters(below, (*path, key))
        else:
            yield ".".join((*path, key))


def test_every_parameter_has_its_case() -> None:
    assert sorted({case.path for case in CASES}) == sorted(parameters(Shape(Policies)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path)
def test_a_parameter_turns_something_the_right_way_in_both_engines_alike(case: Case) -> None:
    less, more = case.cities()
    found, simpy = (sim.simulate(more, engine=engine) for engine in ("compiled", "simpy"))  # type: ignore[arg-type]
    assert case.number(sim.simulate(less, engine="compiled")) < case.number(found)
    assert same_tables(found, simpy)


# --- off is off ------------------------------------------------------------------------------------------------------

OFF: dict[str, dict[str, Any]] = {
    "act_before": {"pool": "Works", "hours": "0 h", "rate": "9 / h", "visible": {"Pothole": 1}, "work_factor": 0},
    "enterprise_line": {"pool": "firms", "overflow_after": "1 min", "talk": "9 min"},
    "one_hotline": {"into": "hotline", "takes": ["city"], "shifts": "own"},
    "online": {},
    "online, nobody": {
        "move": {"share": 0},
        "chatbot": {"at": "both", "deflects": 0, "fails": 1, "takes": "all"},
        "talk_factor": 1,
        "dispatch": {"at_least": 0, "work_factor": 1},
    },
    "instant_answer": {"answered": 0},
    "first_recipient": {"coordination": "1 h"},  # the desk makes no mistakes
    "time_limits": {},
    "time_limits, parking": {"parking": {"share": 0, "time": "1 d"}},
    "classified_handling": {"discipline": "fcfs"},
    "precise_dispatch": {},
    "precise_dispatch, at least": {"at_least": 0, "duplicates": 0},
    "precise_dispatch, duty list": {"duty_list": {"drift": 0}},
    "callback": {"pool": "callback", "work": "3 min", "coverage": 0, "reopen": {}},
    "callback, exclusion": {
        "pool": "callback",
        "work": "3 min",
        "coverage": 0,
        "exclusion": {"asks": 1, "granted": 1, "review": {"pool": "callback", "work": "1 h"}},
    },
    "callback, sheets": {"pool": "callback", "work": "3 min", "coverage": 0, "score": {"weights": {"resolution": 1}}},
    "surge": {"triggers": [{"pool": "Works", "when": "waiting > 0", "check": "1 h"}], "adds": 0},
    "surge, never": {"triggers": [{"pool": "Works", "when": "wait_p90 > 99 d", "check": "1 h"}], "adds": "needed"},
    "supervision": {"pool": "web desk", "work": "1 h", "overdue_by": "99 d", "sent_up": {"share": 1, "to": "Works"}},
    "whistle": {"budget": 0},
    "whistle, of many": {"when": {"parts": 99}},
}
BARE: dict[str, Any] = {f"policies.{name}": None for name in FULL["policies"]} | {"dispatch.accuracy": 1}
BARE |= {"units.Works.discipline": "fcfs", "units.Water.discipline": "fcfs", "units.Water.head_start": None}
BARE |= {f"units.{name}.discipline": "fcfs" for name in ("Street", "Works", "Water")}


@pytest.mark.parametrize("name", OFF)
@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_without_effect_no_byte_changes(name: str, engine: Any) -> None:
    bare = dict(BARE)
    if name == "classified_handling":
        bare |= {f"units.{unit}.discipline": None for unit in ("Street", "Works", "Water")}
    if name == "precise_dispatch, duty list":
        bare |= dict(MONTHS)
    if name == "supervision":
        bare["policies.time_limits"] = {"resolve": "2 h"}
    if name == "one_hotline":
        bare |= LINES
    if name == "enterprise_line":
        bare |= FIRMS | {path: 0 for path in FIRMS if path.startswith("categories")}
    off, on = town(bare), town(bare, {f"policies.{name.split(',')[0]}": OFF[name]})
    assert off.digest != on.digest
    assert same_tables(*(_without_policies(sim.simulate(scenario, engine=engine)) for scenario in (off, on)))


def _without_policies(out: sim.Outcomes) -> sim.Outcomes:
    """The same outcomes of one scenario, so that measures are of the tables alone."""
    from dataclasses import replace

    tables = {
        name: getattr(out, name)
        for name in ("requests", "visits", "levels", "problems", "calls", "trust", "themes", "pools")
    }
    return replace(out, scenario=town(BARE), scores=out.scores.iloc[:0], **tables)


# --- one citizen, worked out by hand ---------------------------------------------------------------------------------


def one_request(**policies: Any) -> pd.Series[Any]:
    """The life of one request in an empty town: an hour at the desk, two of work, closed five hours after it came."""
    scenario = from_dict(
        {
            "name": "one citizen",
            "time": {"start": "2024-01-01", "end": "2024-02-01"},
            "districts": {"Town": {}},
            "pools": {"desk": {"staff": 9}, "callers": {"staff": 9}},
            "units": {"Right": {"staff": 9}, "Wrong": {"staff": 9}},
            "dispatch": {"pool": "desk", "work": "1 h", "accuracy": 0, "redispatch_accuracy": 1, "review": "30 min"},
            "contact": {"work": "15 min"},
            "categories": {
                "Matter": {
                    "total": "9 / d",
                    "unit": "Right",
                    "work": "2 h",
                    "confused_with": "Wrong",
                    "resolve": [0, 1],
                }
            },
            "policies": policies,
        }
    )
    rows = []
    for engine in ("simpy", "compiled"):
        out = sim.simulate(scenario, engine=engine)  # type: ignore[arg-type]
        row = out.requests[out.requests["arrived"] < 240].iloc[0]
        rows.append(row)
    pd.testing.assert_series_equal(*rows)
    return rows[0]


def test_the_path_of_one_citizen() -> None:
    """A wrong unit, a review, the right unit; then with each mechanism that touches it."""
    plain = one_request()
    came = plain["arrived"]
    assert plain["closed"] - came == 1 + 0.5 + 1 + 0.25 + 2  # desk, review, desk again, contact, work
    assert (plain["hops"], plain["hours_bounced"], plain["hours_work"]) == (1, 1.5, 2.25)

    first = one_request(first_recipient={"coordination": "20 min"})
    assert first["closed"] - came == pytest.approx(1 + 0.25 + 1 / 3 + 2, abs=1e-8)
    assert (first["hops"], first["owner_unit"], first["hours_other_units"]) == (0, "Wrong", 2)

    precise = one_request(precise_dispatch={"accuracy": 1})
    assert (precise["closed"] - came, precise["hops"]) == (1 + 0.25 + 2, 0)

    limits = one_request(time_limits={"resolve": "6 h", "contact": "1 h"})
    assert (limits["contact_due"] - came, limits["due"] - came) == (2, 7)  # from the first hand-over
    arrival = one_request(time_limits={"resolve": "6 h", "from": "arrival"})
    assert arrival["due"] - came == 6
    parked = one_request(time_limits={"resolve": "6 h", "parking": {"share": 1, "time": "1 d"}})
    assert (parked["closed"] - plain["closed"], parked["due"] - came, parked["hours_parked"]) == (24, 31, 24)
    more_time = {"ask_before": "3 h", "probability": 1, "length": "5 h"}
    assert one_request(time_limits={"resolve": "6 h", "extension": more_time})["due"] - came == 12

    assert one_request(classified_handling={"out_of_scope": 1})["status"] == "out_of_scope"

    score = {"round": "last", "weights": {"resolution": 1}}
    callback = {"pool": "callers", "work": "6 min", "reopen": {"to": "owner"}, "score": score}
    asked = one_request(callback=callback)
    assert asked["first_closed"] == plain["closed"]
    assert asked["closed"] - asked["first_closed"] == pytest.approx(0.1 + 2, abs=1e-8)  # the call, and the work anew
    assert asked["ended"] - asked["closed"] == pytest.approx(0.1, abs=1e-8)
    assert (asked["rounds"], asked["said_resolved"], asked["resolved"]) == (2, True, True)
    assert pd.isna(asked["said_satisfied"]), "nobody asks for it without coefficients"
