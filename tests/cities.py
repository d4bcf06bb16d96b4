"""Random small cities that use everything the scenario format knows, for the laws that hold in every run."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from city_parts import (
    CALENDARS,
    LONG,
    OFTEN,
    PROBABLY,
    QUICK,
    SHARE,
    SHORT,
    WORK,
    Data,
    disciplined,
    shares,
    some,
    staffed,
    times,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from sim.scenario.needs import cannot_act
from sim.scenario.nodes import node_of
from sim.scenario.targets import MEASURES
from sim.scenario.tree import Tree

#: Published figures, which move no number.
TARGETS = st.dictionaries(
    st.sampled_from(["rate", "volume"]),
    st.fixed_dictionaries(
        {"measure": st.sampled_from(MEASURES), "value": st.floats(0, 1e4), "tolerance": st.floats(0, 1)},
        optional={"fitted_to": st.just(["categories.**"])},
    ),
    min_size=1,
)


@st.composite
def cities(draw: DrawFn) -> Data:
    """The data of a scenario (for `from_dict`): some days, a few hundred contacts."""
    city = draw(places())
    classes, districts = city["classes"], list(city["districts"])
    units = city["units"] = draw(organisations(classes))
    pools: Data = {}
    city["channels"] = draw(lines(pools))
    if draw(OFTEN):
        city["dispatch"] = draw(desks(pools, list(units)))
    if draw(OFTEN):
        city["contact"] = {"work": draw(QUICK)}
    city["categories"] = draw(matters(classes, list(units), districts))
    city["channels"] |= draw(several_lines(city["channels"], pools, list(city["categories"])))
    city["policies"] = draw(policies(pools, classes, city["categories"], units))
    if "lines" in city["channels"].get("phone", {}):
        city["policies"] |= draw(some({"one_hotline": one_hotlines()}))
    whole = [name for name, pool in {**pools, **units}.items() if "per" not in pool and name != "second line"]
    problems = [name for name, matter in city["categories"].items() if matter.get("kind", "report") == "report"]
    if whole and problems and draw(OFTEN):
        city["policies"]["monthly_theme"] = draw(themes(whole, problems))
    if problems and draw(st.booleans()):
        city["policies"]["council"] = draw(tables(list(units), problems, city["time"]["start"]))
    if problems and draw(st.booleans()):
        inspectors = [*units, *(name for name in pools if name != "second line")]
        city["policies"]["act_before"] = draw(patrols(inspectors, problems))
    if draw(st.booleans()):
        pools["firms"] = draw(staffed()) | draw(st.sampled_from([{}, {}, {"per": "district"}]))
        line = some({"pool": "firms", "overflow_after": st.sampled_from(["0 min", "3 min"]), "talk": QUICK})
        city["policies"]["enterprise_line"] = draw(line)
    helped = [name for name, pool in pools.items() if "per" not in pool]
    for name, others in (
        ("hotline", ("callback", "web desk", "firms")),
        ("firms", ("hotline",)),
        ("callback", ("dispatch",)),
        ("dispatch", ("hotline",)),
    ):
        if name in helped and draw(st.booleans()):
            pools[name]["also_serves"] = [other for other in others if other in helped]
    for name in pools:
        pools[name] |= draw(disciplined(classes))
    if pools:
        city["pools"] = pools
    if draw(st.booleans()):
        city["initial"] = draw(backlogs(list(units), list(city["categories"])))
    while idle := [path for path, _ in cannot_act(Tree(node_of(city)))]:  # what goes may leave another one idle
        for path in idle:
            part: Any = city
            for step in path[:-1]:
                part = part[step]
            del part[path[-1]]
    return city


@st.composite
def backlogs(draw: DrawFn, units: list[str], categories: list[str]) -> Data:
    """What is open when the run begins, perhaps of what other units have now."""
    ages = st.sampled_from(["3 h", "20 d", {"distribution": "exponential", "mean": "4 d"}])
    many = st.builds(lambda count, ages: {"count": count, **ages}, st.integers(0, 15), some({"ages": ages}, 0.8))
    of_unit = st.dictionaries(st.sampled_from(categories), st.one_of(st.integers(0, 9), many), min_size=1)
    return draw(st.dictionaries(st.sampled_from(units), of_unit, min_size=1))


@st.composite
def places(draw: DrawFn) -> Data:
    """Time, calendars, districts, and how demand varies."""
    start = draw(st.sampled_from([date(2024, 3, 4), *[date(2024, 2, 26)] * 3])) + timedelta(
        days=draw(st.integers(0, 6))
    )
    days = draw(st.sampled_from([3, 5, 8, 14]))
    if draw(st.sampled_from(range(4))) == 3:  # a whole month, after which units are ranked, and some days
        start, days = date(2024, 2, 1), 33
    time: Data = {"start": str(start), "end": f"{start + timedelta(days=days)}{draw(st.sampled_from(['', ' 13:00']))}"}
    if draw(st.booleans()):
        time |= {"count_from": str(start + timedelta(days=1)), "count_until": str(start + timedelta(days=days - 1))}
    holiday = draw(st.integers(0, 6))
    office = {**CALENDARS["office"], "holidays": [str(start + timedelta(days=holiday))]}
    if draw(st.booleans()):
        hours = st.sampled_from(["closed", "9:00-12:00", ["10:00-11:00", "12:00-20:00"]])
        some_days = st.integers(0, 6).filter(lambda day: day != holiday).map(lambda day: str(start + timedelta(day)))
        office |= {"dates": draw(st.dictionaries(some_days, hours, min_size=1, max_size=2))}
    if draw(st.booleans()):
        office |= {"workdays": [str(start + timedelta(days=7))], "workdays_like": draw(st.sampled_from(["mon", "tue"]))}
    demand = some(
        {
            "hours": st.just([0] * 7 + [4] * 10 + [2] * 7),
            "weekdays": st.just({"sat": 0.5, "sun": 0}),
            "months": st.just({3: 1.2}),
            "holidays": some({"as": st.sampled_from(["sun", "wed"]), "factor": st.sampled_from([0.4, 1.5])}).map(
                lambda some: {"calendar": "office", **some}
            ),
            "day_factor": st.just({"city": 0.3, "group": 0.5}),
            "ceiling": st.just(4),
            "shocks": some({"categories": st.just(["Pothole"]), "districts": st.just(["North"])}).map(
                lambda some: {
                    "storm": {"from": str(start), "until": str(start + timedelta(days=2)), "factor": 3, **some}
                }
            ),
        }
    )
    district = some(
        {
            "activity": st.just(1.5),
            "reporting": st.sampled_from([0.5, 2.0, 0.0]),
            "streets": st.just(3),
            "place": st.booleans(),
            "label": st.just("区"),
        }
    )
    return {
        "name": "a random city",
        **draw(some({"description": st.just("drawn by chance"), "currency": st.just("CNY")})),
        "time": time,
        "calendars": {**CALENDARS, "office": office},
        "classes": draw(st.sampled_from([["ordinary"], ["urgent", "ordinary"], ["now", "soon", "some day"]])),
        "districts": {
            name: {"population": population, **draw(district)}
            for name, population in [("North", 9000), ("South", 6000), ("Isle", 500)][: draw(st.integers(1, 3))]
        },
        "demand": draw(demand),
        **draw(some({"scale": st.sampled_from([2, "1:5"])}, 0.15)),
        **draw(some({"targets": TARGETS}, 0.1)),
    }


@st.composite
def organisations(draw: DrawFn, classes: list[str]) -> Data:
    """Two or three units."""
    place = draw(st.sampled_from([{}, {"per": "district"}, {"per": "street"}]))
    units: Data = {
        "Street": {"level": "street", **draw(staffed()), **place},
        "Works": {**draw(staffed())},
        "Water": {"level": "utility", **draw(staffed(2))},
    }
    if "per" in units["Street"] and "staff" in units["Street"] and draw(st.booleans()):
        units["Street"]["staff"] = {"total": 9}
    for unit in units.values():
        unit |= draw(disciplined(classes))
    if draw(st.integers(0, 3)) == 3:
        units["Works"]["also_serves"] = ["Water"]
    return units


@st.composite
def lines(draw: DrawFn, pools: Data) -> Data:
    """Channels; the pools they need."""
    phone: Data = {"pool": "hotline", "talk": draw(QUICK)}
    if draw(st.booleans()):
        phone["patience"] = draw(times(2, 20, 0))
        if draw(st.booleans()):
            phone["redial"] = {"probability": 0.7, "after": draw(SHORT), "at_most": draw(st.integers(1, 3))}
    web = {"pool": draw(st.sampled_from(["web desk", "hotline"])), "talk": draw(QUICK)}
    phone |= draw(some({"label": st.just("电话"), "kind": st.sampled_from(["phone", "phone", "online"])}))
    choices = [{"direct": {"share": 1}}, {"phone": {"share": 1, **phone}}]
    choices.append({"phone": {"share": 0.6, **phone}, "web": {"share": 0.4, **web}})
    choices.append({"phone": {"share": 0.6, **phone}, "direct": {"share": 0.2}, "web": {"share": 0.2, **web}})
    channels = draw(st.sampled_from(choices))
    for channel in channels.values():
        if "pool" in channel and channel["pool"] not in pools:
            pools[channel["pool"]] = draw(staffed()) | draw(st.sampled_from([{}, {}, {"per": "district"}]))
    return channels


@st.composite
def several_lines(draw: DrawFn, channels: Data, pools: Data, categories: list[str]) -> Data:
    """The phone, now and then with several lines in the place of its pool."""
    if "phone" not in channels or not draw(st.booleans()):
        return {}
    phone, hotline = dict(channels["phone"]), pools["hotline"]
    own = some({"talk": QUICK, "patience": times(2, 20, 0)})
    lines = {"first": {"pool": phone.pop("pool"), **draw(own)}}
    if len(categories) > 1:
        lines["second"] = {"pool": "second line", "categories": categories[:1], **draw(own)}
        several = st.sampled_from([hotline, hotline if "calendar" in hotline else {"staff": 1}])
        pools["second line"] = {**draw(several), **({"per": hotline["per"]} if "per" in hotline else {})}
        share = st.sampled_from([0.0, 0.3, 0.8])
        more = some({"again": st.booleans(), "after": SHORT})
        wrong = st.builds(lambda share, talk, more: {"share": share, "talk": talk, **more}, share, QUICK, more)
        phone |= draw(some({"wrong_line": wrong}, 0.8))
    return {"phone": {**phone, "lines": lines}}


def one_hotlines() -> st.SearchStrategy[Data]:
    """The second line, where there is one, comes to the first."""
    parts = {
        "takes": st.sampled_from(["all", ["first"]]),
        "shifts": st.sampled_from(["sum", "own"]),
        "talk_factor": st.sampled_from([1.3, 0.5]),
    }
    return some({"into": "hotline", **parts})


@st.composite
def desks(draw: DrawFn, pools: Data, units: list[str]) -> Data:
    """The dispatch desk, and perhaps the districts' desks."""
    pools["dispatch"] = draw(staffed()) | draw(st.sampled_from([{}, {}, {"per": "district"}]))
    dispatch = {
        "pool": "dispatch",
        "work": draw(QUICK),
        "accuracy": draw(st.sampled_from([1.0, 0.8, 0.6, 0.4, 0.0])),
        **draw(
            some(
                {
                    "redispatch_accuracy": st.sampled_from([0.0, 0.5, 1.0]),
                    "review": SHORT,
                    "max_hops": st.integers(1, 2),
                    "backstop": st.sampled_from(units),
                }
            )
        ),
    }
    if draw(OFTEN):
        pools["district desk"] = draw(staffed()) | draw(st.sampled_from([{"per": "district"}, {}]))
        dispatch["district_desk"] = {"pool": "district desk", "work": draw(QUICK)}
    return dispatch


@st.composite
def matters(draw: DrawFn, classes: list[str], units: list[str], districts: list[str]) -> Data:
    """A few categories; the first one concerns every unit, so that none is out of reach."""
    reports: st.SearchStrategy[Any] = st.sampled_from(
        [{"every": "20 h"}, {"every": "10 h", "give_up": "3 d"}, {"every": "6 h", "give_up": "12 h"}, {"reported": 0.6}]
    )
    found = {}
    for name in ("Pothole", "Question", "Leak")[: draw(st.sampled_from([1, 2, 3, 3]))]:
        right = {unit: 1 / len(units) for unit in units} if name == "Pothole" else draw(shares(units))
        parts: Data = {
            **draw(st.sampled_from([*({"total": f"{n} / d"} for n in (6, 15, 2)), {"rate": "0.3 / year"}])),
            "label": st.just("事项"),
            "hours": st.just([1] * 12 + [3] * 12),
            "unit": right,
            "work": draw(WORK),
            "urgency": draw(shares(classes)),
            "from_firms": PROBABLY,
            "lead": LONG,
            "never_closed": SHARE,
            "resolve": st.sampled_from([0.5, [0.0, 0.7], [0.8, 0.4, 1.0]]),
            "accuracy": PROBABLY,
            "by_district": st.just({districts[-1]: 2.0}),
            "group": st.just("nuisances"),
        }
        if isinstance(right, str):
            others = [unit for unit in units if unit != right]
            parts["confused_with"] = shares(others)
            part = some(
                {"unit": draw(st.sampled_from(others)), "work": draw(SHORT), "lead": LONG, "probability": PROBABLY}
            )
            parts["parts"] = st.lists(part, min_size=1, max_size=2)
        if name == "Question":
            parts["kind"] = draw(st.sampled_from(["consultation", "consultation", "report"]))
        if parts.get("kind", "report") == "report":
            parts["reports"] = reports
        found[name] = draw(some(parts))
    return found


@st.composite
def policies(draw: DrawFn, pools: Data, classes: list[str], matters: Data, units: Data) -> Data:
    """Every policy is on in half of the cities."""
    categories = list(matters)
    consultations = [name for name, matter in matters.items() if matter.get("kind") == "consultation"]
    limit = st.sampled_from(
        ["24 h", "1 workdays", "2 workdays, by closing", "0 workdays", "12 workhours", "2 h", "3 d"]
    )
    some_time = st.sampled_from(["4 h", "1 d", "1 workday", "3 workhours", "1 workday, by closing"])
    limits = some(
        {
            "calendar": draw(st.sampled_from(list(CALENDARS))),
            "resolve": st.fixed_dictionaries({classes[0]: limit, classes[-1]: limit}),
            "contact": limit,
            "from": st.sampled_from(["dispatch", "arrival"]),
            "by_category": st.fixed_dictionaries({categories[0]: limit}),
            "extension": st.builds(
                lambda before, p, length: {"ask_before": before, "probability": p, "length": length},
                some_time,
                PROBABLY,
                some_time,
            ),
            "parking": some(
                {
                    "share": SHARE,
                    "time": draw(st.one_of(LONG, some_time)),
                    "by_category": st.fixed_dictionaries({categories[0]: SHARE}),
                }
            ),
        },
        0.7,
    )
    found: Data = draw(
        some(
            {
                "online": some(
                    {
                        "move": some({"share": PROBABLY, "by_category": st.fixed_dictionaries({categories[0]: SHARE})}),
                        "chatbot": some(
                            {
                                "at": draw(st.sampled_from(["phone", "online", "both"])),
                                "deflects": draw(PROBABLY),
                                "fails": PROBABLY,
                                "after": SHORT,
                                "takes": st.sampled_from(["easy", "consultations", "all"]),
                            },
                            0.8,
                        ),
                        "talk_factor": st.sampled_from([0.6, 1.5]),
                        "dispatch": some({"at_least": PROBABLY, "work_factor": st.sampled_from([0.7, 0.0])}),
                    }
                ),
                "instant_answer": some(
                    {"answered": PROBABLY, "by_category": st.fixed_dictionaries(dict.fromkeys(consultations, PROBABLY))}
                ),
                "first_recipient": st.builds(lambda work: {"coordination": work}, SHORT),
                "time_limits": limits,
                "classified_handling": st.builds(
                    lambda discipline, p, q: {"out_of_scope": p, "by_category": {categories[-1]: q}, **discipline},
                    disciplined(classes),
                    SHARE,
                    SHARE,
                ),
                "whistle": some(
                    {
                        "calendar": draw(st.sampled_from(list(CALENDARS))),
                        "blown": st.sampled_from(["start", "after_own"]),
                        "when": some(
                            {
                                "parts": st.integers(0, 2),
                                "urgency": st.just(classes[:1]),
                                "round": st.sampled_from([1, 2]),
                            },
                            0.4,
                        ),
                        "budget": st.sampled_from([0, 20, 300]),
                        "report_by": st.one_of(limit, st.fixed_dictionaries({classes[-1]: limit})),
                    }
                ),
                "precise_dispatch": some(
                    {
                        "accuracy": PROBABLY,
                        "at_least": PROBABLY,
                        "redispatch_accuracy": PROBABLY,
                        "duplicates": PROBABLY,
                        "direct_to_street": st.booleans(),
                        "duty_list": some(
                            {
                                "drift": draw(PROBABLY),
                                "upkeep": some({"work": draw(LONG), "every": st.just("1 month")}),
                            },
                            0.8,
                        ),
                        "by_category": st.fixed_dictionaries({categories[0]: PROBABLY}),
                    }
                ),
            }
        )
    )
    if draw(OFTEN):
        pools["callback"] = draw(staffed()) | draw(st.sampled_from([{}, {}, {"per": "district"}]))
        found["callback"] = draw(callbacks("time_limits" in found, [name for name in pools if name != "second line"]))
    if draw(st.booleans()):  # the second line may be merged into the first, and then has no people
        found["surge"] = draw(
            surges({name: pool for name, pool in {**pools, **units}.items() if name != "second line"})
        )
    if "satisfied" in found.get("callback", {}) and draw(OFTEN):
        found["trust"] = {
            "gain": draw(st.sampled_from([0.0, 1.0, 5.0])),
            "decay": draw(st.sampled_from([0.1, 1.0])),
            "neutral": draw(st.sampled_from([0.0, 0.5, 1.0])),
            "step": draw(st.sampled_from(["day", "day", "week", "month"])),
            **draw(some({"lo": st.sampled_from([0.0, 0.7, 1.0]), "hi": st.sampled_from([1.0, 3.0])})),
        }
    if "callback" in found and draw(OFTEN):
        found["ranking"] = draw(rankings())
    if draw(st.booleans()):
        found["supervision"] = draw(
            supervisions([name for name in (*pools, *units) if name != "second line"], [*units])
        )
    return found


def supervisions(pools: list[str], units: list[str]) -> st.SearchStrategy[Data]:
    """What escalates requests, and who has work with it."""
    triggers = {
        "overdue_by": st.sampled_from(["0 h", "2 h", "1 d"]),
        "repeats": st.sampled_from([True, True, False]),
        "duplicates": st.sampled_from([True, True, False]),
        "sent_up": st.builds(
            lambda names, share, some: {"to": names[0], "share": share} | ({"from": names[1:2]} if some else {}),
            st.permutations(units),
            PROBABLY,
            st.booleans() if units[1:] else st.just(False),
        ),
    }
    more = some(triggers, 0.8)
    return st.builds(lambda pool, work, more: {"pool": pool, "work": work, **more}, st.sampled_from(pools), SHORT, more)


@st.composite
def rankings(draw: DrawFn) -> Data:
    """Pressure by rank or towards a target, and what answers it."""
    towards = draw(st.sampled_from([{}, {"target": 0.9}]))
    lists = {
        "leading": SHARE,
        "improving": SHARE,
        "to_rectify": SHARE,
        "to_govern": SHARE,
        "per": st.sampled_from(["head", "all"]),
        "repeats": st.booleans(),
        "out_of_scope": st.booleans(),
    }
    effort = some({"most": st.sampled_from([1.0, 1.3, 3.0]), "overtime": st.just("80 / h")})
    share = st.sampled_from([0.0, 0.7, 2.0])
    gaming = some({"persuaded": PROBABLY})
    window = st.sampled_from(["0 h", "4 h", "2 d"])
    more = some(
        {
            "lists": some(lists, 0.8),
            "effort": st.builds(lambda share, more: {"share": share, **more}, share, effort),
            "gaming": st.builds(
                lambda share, window, more: {"share": share, "window": window, **more}, share, window, gaming
            ),
            "exclusion": st.builds(lambda share: {"share": share}, share),
        },
        0.8,
    )
    return {
        "gain": draw(st.sampled_from([0.0, 0.5, 3.0])),
        "decay": draw(st.sampled_from([0.0, 0.2, 1.0])),
        **towards,
        **draw(more),
    }


@st.composite
def surges(draw: DrawFn, pools: Data) -> Data:
    """Who is called in: one or two triggers, people from outside or lent."""
    waits = st.sampled_from(["oldest {} 90 min", "waiting {} 2", "wait_p90 {} 30 min", "oldest {} 20 min"])
    called = draw(st.lists(st.sampled_from(list(pools)), min_size=1, max_size=2))
    trigger = {
        "when": st.one_of(st.sampled_from(["waiting > 0", "waiting > 2", "oldest > 8 h"]), waits).map(
            lambda text: text.format(">")
        ),
        "check": st.sampled_from(["30 min", "2 h", "7 h"]),
    }
    triggers = [
        {"pool": name, **{key: draw(value) for key, value in trigger.items()}}
        | draw(some({"until": st.sampled_from(["waiting < 1", "oldest < 10 min", "wait_p90 < 15 min"])}))
        for name in called
    ]
    surge: Data = {"triggers": triggers, "adds": draw(st.sampled_from([1, 3, "needed", 0]))}
    surge |= draw(some({"after": st.sampled_from(["30 min", "3 h"]), "at_least": st.sampled_from(["1 h", "10 h"])}))
    kinds = {pools[name].get("per", "city") for name in called}
    lenders = [name for name in pools if name not in called and kinds <= {pools[name].get("per", "city")}]
    lenders += [name for name in pools if name not in called and "per" not in pools[name]]
    if lenders and draw(st.booleans()):
        surge["from"] = draw(st.sampled_from(lenders))
    elif draw(st.booleans()):
        surge["wage"] = "50 / h"
    return surge


@st.composite
def themes(draw: DrawFn, pools: list[str], problems: list[str]) -> Data:
    """A monthly theme; cities last for days, so most choose from a list."""
    among = draw(st.permutations(problems))
    shares = {name: PROBABLY for name in ("removes", "rebound", "clears")}
    factors = {name: st.sampled_from([0.25, 0.5, 1.5]) for name in ("work_factor", "lead_factor", "error_factor")}
    times = {"lag": st.sampled_from(["0 h", "90 min", "1 d"]), "give_up": st.sampled_from(["1 h", "9 h", "2 d"])}
    return {
        "among": among,
        "pool": draw(st.sampled_from(pools)),
        "effort": draw(st.sampled_from(["0 h", "3 h", "9 h", "20 h"])),
        "rule": draw(st.sampled_from([*["list"] * 9, "volume", "growth", "unsolved", "repeat"])),
        "count": draw(st.integers(1, len(among))),
        "rest": draw(st.sampled_from(["1 month", "2 months"])),
        **draw(some({**shares, **factors, **times, "calendar": st.sampled_from(["office", "lunch"])}, 0.7)),
    }


@st.composite
def tables(draw: DrawFn, units: list[str], disputes: list[str], start: str) -> Data:
    """A neighbourhood council."""
    begin = date.fromisoformat(start) + timedelta(days=draw(st.sampled_from([0, 1, -9])))
    return {
        "unit": draw(st.sampled_from(units)),
        "share": {name: draw(PROBABLY) for name in disputes},
        "settles": draw(PROBABLY),
        "first": f"{begin} {draw(st.sampled_from(['9:00', '16:30', '00:00']))}",
        "every": draw(st.sampled_from(["1 d", "8 h", "50 h"])),
        "hours": draw(st.sampled_from(["3 h", "8 h"])),
        "seats": draw(st.integers(0, 3)),
        "work": draw(SHORT),
        **draw(some({"wait": st.sampled_from(["0 h", "5 h", "2 d"])})),
    }


def patrols(inspectors: list[str], hidden: list[str]) -> st.SearchStrategy[Data]:
    """Who looks for problems before somebody complains."""
    needed = {
        "pool": st.sampled_from(inspectors),
        "hours": st.sampled_from(["3 h", "20 h", "60 h", "0 h"]),
        "rate": st.sampled_from(["0.2 / h", "2 / h", "0 / h"]),
        "visible": st.fixed_dictionaries(dict.fromkeys(hidden, st.sampled_from([1.0, 0.3, 0.0]))),
    }
    more = {
        "by": st.sampled_from(["even", "problems", "complaints"]),
        "while": st.sampled_from(["waiting < 3", "waiting < 1"]),
        "work_factor": st.sampled_from([0.5, 0.0, 2.0]),
    }
    return st.fixed_dictionaries(needed, optional=more)


@st.composite
def callbacks(draw: DrawFn, limited: bool, reviewers: list[str]) -> Data:
    """How citizens are asked, what they say, and what follows from it."""
    says = {"if_true": draw(st.sampled_from([0.8, 1.0, 0.5])), "if_false": draw(st.sampled_from([0.2, 0.0, 0.5]))}
    reopen = st.builds(
        lambda to, most, p: {"to": to, "at_most": most, "probability": p},
        st.sampled_from(["owner", "dispatch"]),
        st.sampled_from([1, 2, 0]),
        st.sampled_from([1.0, 0.5]),
    )
    parts = {
        "pool": "callback",
        "work": draw(QUICK),
        "coverage": st.sampled_from([0.8, 0.5]),
        "reach": st.sampled_from([0.7, 0.3]),
        "retries": st.integers(0, 2),
        "retry_after": SHORT,
        "ring": times(1, 5),
        "contacted": st.just({"if_true": 0.9, "if_false": 0.1}),
        "resolved": st.sampled_from([says, says, says | {"while_open": 0.7}]),
        "satisfied": st.sampled_from(
            [
                {"intercept": 0.5, "late": -1, "hops": -0.3, "log_days": -0.1},
                {"intercept": -0.5, "said_resolved": 2, "rounds": -0.5},
                {"intercept": 1, "levels": {"very_satisfied": 1.5, "satisfied": 0.5, "very_dissatisfied": -1}},
            ]
        ),
        "reopen": reopen,
        "exclusion": st.builds(
            lambda on, asks, granted, pool, work: {
                **on,
                "asks": asks,
                "granted": granted,
                "review": {"pool": pool, "work": work},
            },
            st.sampled_from([{}, {"on": "resolved"}, {"on": "satisfied"}]),
            PROBABLY,
            PROBABLY,
            st.sampled_from(reviewers),
            SHORT,
        ),
        "score": st.sampled_from(
            [
                {"round": "last", "weights": {"resolution": 1}},
                {"round": "last", "weights": {"resolution": 1}, "published": "1 d"},
                {
                    "weights": {"response": 0.2, "resolution": 0.3, "satisfaction": 0.5},
                    "per_head": {"weight": 0.01, "residents": 1000},
                },
            ]
        ),
        "call_again": st.builds(lambda p, after: {"probability": p, "after": after}, st.sampled_from([0.8, 0.4]), LONG),
    }
    if limited:
        parts["after"] = st.sampled_from(["due", "closing"])
    return draw(some(parts, 0.7))
