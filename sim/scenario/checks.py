"""What the schema cannot see in one value: names that lead nowhere, keys that need or exclude each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sim.scenario.defaults import classes_of
from sim.scenario.demand_side import CEILING
from sim.scenario.errors import Finding, Path, ReadError, nearest, quoted
from sim.scenario.nodes import UNPRINTABLE, Node, find, select
from sim.scenario.numbers import read_flag, read_not_negative, read_probability
from sim.scenario.patrol import PATROL
from sim.scenario.policies import in_working_time
from sim.scenario.sources import read_pattern
from sim.scenario.staff_side import AT, TABLE
from sim.scenario.tree import Tree

_OF_PEOPLE = (
    "policies.surge.triggers.*.pool",
    "policies.surge.from",
    "policies.monthly_theme.pool",
    "policies.act_before.pool",
    "policies.supervision.pool",
)
# where names of other parts stand, by the part that must define them
_AS_VALUE = {
    "calendars": [
        *("pools.*.calendar", "units.*.calendar", "policies.time_limits.calendar", "policies.whistle.calendar"),
        "policies.monthly_theme.calendar",
        *("demand.holidays.calendar", "pools.*.holidays.calendar", "units.*.holidays.calendar"),
    ],
    "pools": [
        *("channels.*.pool", "channels.*.lines.*.pool", "dispatch.pool", "dispatch.district_desk.pool"),
        *("policies.callback.pool", "policies.callback.exclusion.review.pool"),
        *("policies.one_hotline.into", "policies.enterprise_line.pool"),
    ],
    "lines": ["policies.one_hotline.takes.*"],
    "pools or units": [
        *("pools.*.also_serves.*", "units.*.also_serves.*"),
        *_OF_PEOPLE,
    ],
    "units": [
        "categories.*.unit",
        "categories.*.parts.*.unit",
        "categories.*.confused_with",
        "dispatch.backstop",
        "policies.council.unit",
        *("policies.supervision.sent_up.to", "policies.supervision.sent_up.from.*"),
    ],
    "categories": [
        *("demand.shocks.*.categories.*", "channels.*.lines.*.categories.*", "policies.monthly_theme.among.*"),
    ],
    "districts": ["demand.shocks.*.districts.*"],
    "classes": ["categories.*.urgency", "policies.whistle.when.urgency.*"],
}
_AS_KEY = {
    "units": ["categories.*.unit", "categories.*.confused_with", "initial"],
    "categories": [
        "initial.*",
        "policies.online.move.by_category",
        "policies.instant_answer.by_category",
        "policies.time_limits.by_category",
        "policies.time_limits.parking.by_category",
        "policies.classified_handling.by_category",
        "policies.precise_dispatch.by_category",
        "policies.council.share",
        "policies.act_before.visible",
    ],
    "districts": ["categories.*.by_district"],
    "classes": [
        "categories.*.urgency",
        "pools.*.head_start",
        "units.*.head_start",
        "policies.classified_handling.head_start",
        "policies.time_limits.contact",
        "policies.time_limits.resolve",
        "policies.whistle.report_by",
    ],
}
# names that are no keys; a name stands in tables, in the names of files and on the screen
_NAMES = ("name", "currency", "classes.*", "categories.*.group", "*.*.label")
_NO_NAME = re.compile(f"{UNPRINTABLE.pattern}|[\t\n\r\x85\u2028\u2029]")
# where limits stand that may be told in working time, by the policy whose calendar that is
_TIMES = {
    "time_limits": (
        *("contact", "contact.*", "resolve", "resolve.*", "by_category.*"),
        *("extension.ask_before", "extension.length", "parking.time"),
    ),
    "whistle": ("report_by", "report_by.*"),
}
_SINGULAR = {
    "calendars": "calendar",
    "pools": "pool",
    "pools or units": "pool or unit",
    "lines": "line",
    "units": "unit",
    "categories": "category",
    "districts": "district",
    "classes": "class",
}


def check(tree: Tree) -> Iterator[Finding]:
    """Everything wrong between the parts of a scenario, in no order."""
    checker = _Checker(tree.root)
    yield from checker.readable()
    yield from checker.names()
    yield from checker.instances()
    yield from checker.idle()
    yield from checker.staff()
    yield from checker.channels()
    yield from checker.categories()
    yield from checker.initial()
    yield from checker.districts()
    yield from checker.one_hotline()
    yield from checker.policies()
    yield from checker.targets()


class _Checker(Tree):
    def __init__(self, root: Node) -> None:
        super().__init__(root)
        self.known = {part: self.map_keys(part) for part in _SINGULAR if " " not in part}
        self.known["classes"] = dict.fromkeys(classes_of(root))
        self.known["lines"] = {str(path[-1]): None for path, _ in self.at("channels.*.lines.*")}
        self.known["pools or units"] = self.known["pools"] | self.known["units"]

    def map_keys(self, part: str) -> dict[str, None]:
        """The names that a part of the scenario defines, in their order."""
        return dict.fromkeys(self.keys(part))

    # -- names -------------------------------------------------------------------------------------------

    def references(self, part: str) -> Iterator[tuple[Path, str, bool]]:
        """Every place that names one of this part: its path, the name, whether it stands there as a key."""
        for pattern in _AS_VALUE.get(part, ()):
            for path, node in self.at(pattern):
                if isinstance(node.value, str) and not node.default:
                    yield path, str(node.value), False
        for pattern in _AS_KEY.get(part, ()):
            for path, node in self.at(pattern):
                if not node.default:
                    yield from (
                        ((*path, key), key, True)
                        for key, child in node.map.items()
                        if not child.default and child.value is not None
                    )

    def readable(self) -> Iterator[Finding]:
        """Every key and name is one line of text."""
        texts = [(path, node.value, False) for pattern in _NAMES for path, node in self.at(pattern)]
        for path, text, on_key in (*texts, *((path, path[-1], True) for path in _keys(self.root, ()))):
            found = _NO_NAME.search(str(text))
            if found:
                yield self.finding(path, f"the character U+{ord(found.group()):04X} cannot stand in a name", on_key)
            elif not str(text).strip():
                yield self.finding(path, "a name is wanted", on_key)

    def names(self) -> Iterator[Finding]:
        for part, singular in _SINGULAR.items():
            known = self.known[part]
            for path, name, on_key in self.references(part):
                if name not in known:
                    hint = nearest(name, known) if known else ": none is defined"
                    yield self.finding(path, f"there is no {singular} {quoted(name)}{hint}", on_key)
        for name in self.known["units"]:
            if name in self.known["pools"]:
                yield self.finding(("units", name), "a pool has this name too: a unit's officers are its pool", True)

    def instances(self) -> Iterator[Finding]:
        """No pool or unit is called like one of the many that another stands for."""
        many = {path[1]: self.per(node) for part in ("pools", "units") for path, node in self.at(f"{part}.*")}
        for part in ("pools", "units"):
            for name in self.known[part]:
                for match in re.finditer(re.escape(AT.rstrip()), name):
                    other = name[: match.start()]
                    if many.get(other, "city") != "city":
                        message = f"is called like an instance of {quoted(other)}, which is per {many[other]}"
                        yield self.finding((part, name), message, True)

    def idle(self) -> Iterator[Finding]:
        named = {name for _, name, _ in self.references("units")}
        for name in self.known["units"]:
            if name not in named:
                meant = nearest(name, sorted(named & {*self.known["units"]}))
                message = f"unreachable: no category, part or backstop names this unit{meant}"
                yield self.finding(("units", name), message, True)

    # -- staff -------------------------------------------------------------------------------------------

    def staff(self) -> Iterator[Finding]:
        for part in ("pools", "units"):
            for path, node in self.at(f"{part}.*"):
                if not isinstance(node.value, dict):
                    continue
                given = [key for key in ("shifts", "staff", "calendar") if self.has((*path, key))]
                if "shifts" in given and len(given) > 1:
                    key = self.later(node, "shifts", given[1])
                    other = given[1] if key == "shifts" else "shifts"
                    yield self.finding((*path, key), f"cannot stand beside “{other}”", True)
                elif not given or given == ["calendar"]:
                    yield self.finding(path, "“staff” (with or without a calendar) or “shifts” is missing", True)
                if self.has((*path, "holidays")) and "shifts" not in given:
                    yield self.finding((*path, "holidays"), "needs shifts; a calendar has its own holidays", True)
                yield from self.served(path, node)

    def later(self, node: Node, *keys: str) -> str:
        """Which of the keys was written last."""
        return max(keys, key=lambda key: node.keys[key][1:] if key in node.keys else (0, 0))

    def served(self, path: Path, node: Node) -> Iterator[Finding]:
        """Each pool it also serves must be another one, of the same `per`."""
        for at, other in select(node, ("also_serves", "*")):
            if other.value == path[1]:
                yield self.finding((*path, *at), "serves itself anyway")
                continue
            per = self.per_of(str(other.value))
            if per and per != self.per(node):
                message = f"{quoted(other.value)} is per {per}, this one per {self.per(node)}"
                yield self.finding((*path, *at), message)

    def per(self, node: Node) -> str:
        return str(node.map["per"].value or "city") if "per" in node.map else "city"

    # -- demand ------------------------------------------------------------------------------------------

    def channels(self) -> Iterator[Finding]:
        for path, _ in self.at("channels.*"):
            pool, lines = self.has((*path, "pool")), self.keys(*path, "lines")
            somebody, talk = pool or bool(lines), self.has((*path, "talk"))
            if talk and not somebody:
                yield self.finding((*path, "talk"), "needs a pool or lines: without them nobody talks", True)
            if pool and not talk:
                yield self.finding((*path, "talk"), "is missing: who has a pool talks")
            if self.has((*path, "patience")) and not somebody:
                yield self.finding((*path, "patience"), "needs a pool or lines: without them nobody waits", True)
            waiting = [(*path, "patience"), *((*path, "lines", line, "patience") for line in lines)]
            if self.has((*path, "redial")) and not any(map(self.has, waiting)):
                yield self.finding((*path, "redial"), "needs patience: who never leaves never redials", True)
            if pool and lines:
                key = self.later(find(self.root, path) or self.root, "pool", "lines")
                other = "lines" if key == "pool" else "pool"
                yield self.finding((*path, key), f"cannot stand beside “{other}”", True)
            yield from self.lines(path, lines, talk)
            again, share = (*path, "wrong_line", "again"), (*path, "wrong_line", "share")
            if self.read(again, read_flag) and self.read(share, read_probability) == 1:
                yield self.finding(share, "must be below 1, or citizens would call wrong lines for ever")

    def lines(self, path: Path, lines: list[str], talk: bool) -> Iterator[Finding]:
        """Every matter has one line, and every line talks."""
        of: dict[str, str] = {}
        rest = [line for line in lines if not self.has((*path, "lines", line, "categories"))]
        for line in lines:
            at = (*path, "lines", line)
            if not talk and not self.has((*at, "talk")):
                yield self.finding((*at, "talk"), "is missing: of this line or of the channel")
            for place, node in self.items(*at, "categories"):
                other = of.setdefault(str(node.value), line)
                if other != line:
                    yield self.finding(place, f"{quoted(str(node.value))} is a matter of the line {quoted(other)}")
        without = [name for name in self.known["categories"] if name not in of]
        for line in rest[1:]:
            yield self.finding((*path, "lines", line), f"{quoted(rest[0])} is for all other categories already", True)
        if lines and without and not rest:
            some = ", ".join(quoted(name) for name in without[:3]) + (" …" if len(without) > 3 else "")
            yield self.finding((*path, "lines"), f"no line is for {some}", True)
        if rest and not without:
            yield self.finding((*path, "lines", rest[0]), "is for nothing: every category has another line", True)

    def categories(self) -> Iterator[Finding]:
        for path, node in self.at("categories.*"):
            if not isinstance(node.value, dict):
                continue
            ways = [key for key in ("rate", "total") if self.has((*path, key))]
            if not ways:
                yield self.finding(path, "“rate” or “total” is missing", True)
            elif len(ways) > 1:
                key = self.later(node, *ways)
                other = "rate" if key == "total" else "total"
                yield self.finding((*path, key), f"cannot stand beside “{other}”", True)
            consultation = str(node.map["kind"].value) == "consultation" if "kind" in node.map else False
            reports = find(self.root, (*path, "reports"))
            if consultation and reports and reports.value not in (None, "once"):
                yield self.finding((*path, "reports"), "a consultation has no problem to report", True)
            if self.has((*path, "unit")):
                if not self.has((*path, "work")):
                    yield self.finding((*path, "work"), "is missing: the unit's work")
                confused = find(self.root, (*path, "confused_with"))
                right = node.map["unit"]
                only = list(right.map) if right.map else [str(right.value)]
                if confused and len(only) == 1 and (only[0] in confused.map or confused.value == only[0]):
                    at = (*path, "confused_with", only[0]) if confused.map else (*path, "confused_with")
                    yield self.finding(at, f"{quoted(only[0])} is the right unit", bool(confused.map))
            elif not self.never_passed(str(path[-1]), consultation):
                yield self.finding((*path, "unit"), "is missing: its requests need a unit")

    def initial(self) -> Iterator[Finding]:
        """What is open at a unit is of a category that comes to units."""
        for path, _ in self.at("initial.*.*"):
            category = str(path[-1])
            if category in self.known["categories"] and not self.has(("categories", category, "unit")):
                message = f"{quoted(category)} has no unit and no work: give it “unit” and “work”, or leave it out here"
                yield self.finding(path, message, True)

    def never_passed(self, category: str, consultation: bool) -> bool:
        """Whether every contact of this category ends before it becomes a request."""
        answered = consultation and self.share("instant_answer", "answered", category) == 1
        return answered or self.share("classified_handling", "out_of_scope", category) == 1

    def share(self, policy: str, key: str, category: str) -> float:
        own = ("policies", policy, "by_category", category)
        return self.read(own if self.has(own) else ("policies", policy, key), read_probability) or 0.0

    def districts(self) -> Iterator[Finding]:
        having = [path for path, _ in self.at("districts.*.population")]
        for name in self.known["districts"] if having else ():
            if not self.has(("districts", name, "population")):
                path = ("districts", name, "population")
                yield self.finding(path, "is missing: all districts give their population, or none")

    # -- policies ----------------------------------------------------------------------------------------

    def one_hotline(self) -> Iterator[Finding]:
        """The people of lines that are merged can be added up, and do nothing else."""
        policy = ("policies", "one_hotline")
        into = self.text((*policy, "into"))
        if into not in self.known["pools"]:
            return
        takes = {str(node.value) for _, node in self.at("policies.one_hotline.takes.*")}
        lines = {path: str(node.value) for path, node in self.at("channels.*.lines.*.pool")}
        taken = {path for path in lines if not takes or str(path[3]) in takes}
        merged = {lines[path] for path in taken} - {into}
        gone = [name for name in self.known["pools"] if name in merged]
        for path, node in (found for part in (*_AS_VALUE["pools"], *_OF_PEOPLE) for found in self.at(part)):
            if node.value in gone and path not in taken:
                yield self.finding(path, f"{quoted(str(node.value))} is merged into {quoted(into)}: it has no people")
        shifted = next((pool for pool in (into, *gone) if self.has(("pools", pool, "shifts"))), into)
        for name in gone:
            for path, node in self.items("pools", name, "also_serves"):
                if node.value not in (*gone, into):
                    message = f"would no longer be helped: {quoted(name)} is merged into {quoted(into)}"
                    yield self.finding(path, message)
            ways = [self.way_of_staff(pool, shifted) for pool in (name, into)]
            if self.text((*policy, "shifts"), "sum") == "sum" and ways[0] != ways[1]:
                message = f"the people of {quoted(name)} cannot be added: {ways[0]} there, {ways[1]} here"
                yield self.finding((*policy, "into"), message)

    def way_of_staff(self, pool: str, shifted: str) -> str:
        """How the staff of a pool is told, in words; who is always on duty can have the holidays of one with shifts."""
        node = find(self.root, ("pools", pool)) or self.root
        calendar = self.text(("pools", pool, "calendar"))
        way = f"calendar {quoted(calendar)}" if calendar else "shifts, or always on duty"
        holidays = ("pools", pool if self.has(("pools", pool, "shifts")) else shifted, "holidays")
        if self.has(holidays) and not calendar:
            like = self.text((*holidays, "as"), "sun")
            way += f", on the holidays of {quoted(self.text((*holidays, 'calendar')))} as on {like}"
        return f"{way}, per {self.per(node)}"

    def policies(self) -> Iterator[Finding]:
        for policy, times in _TIMES.items():
            if not self.has(("policies", policy, "calendar")):
                for path, node in (found for key in times for found in self.at(f"policies.{policy}.{key}")):
                    if in_working_time(node.value):
                        yield self.finding(path, f"{quoted(node.value)} needs policies.{policy}.calendar")
        for path, _ in self.at("policies.instant_answer.by_category.*"):
            kind = find(self.root, ("categories", str(path[-1]), "kind"))
            known = path[-1] in self.known["categories"]
            if known and (kind is None or str(kind.value) != "consultation"):
                yield self.finding(path, "only a consultation is answered on the spot", True)
        for path, _ in self.at("policies.council.share.*"):
            if self.text(("categories", str(path[-1]), "kind")) == "consultation":
                yield self.finding(path, "a consultation has no problem to settle", True)
        if self.has(("policies", "council")):
            for part in ("pools", "units"):
                if TABLE in self.known[part]:
                    yield self.finding((part, TABLE), "is called like the tables of policies.council", True)
        if self.has(("policies", "act_before")) and PATROL in self.keys("channels"):
            yield self.finding(("channels", PATROL), "is called like the way of what policies.act_before finds", True)
        for path, node in self.at("policies.monthly_theme.among.*"):
            if self.text(("categories", str(node.value), "kind")) == "consultation":
                yield self.finding(path, "a consultation has no problem whose causes one could work on")
        at = ("policies", "monthly_theme", "pool")
        if self.per_of(self.text(at)) not in ("", "city"):
            message = f"{quoted(self.text(at))} is per {self.per_of(self.text(at))}: one for the whole city is wanted"
            yield self.finding(at, message)
        yield from self.lender()
        yield from self.ceiling()
        to = self.text(("policies", "supervision", "sent_up", "to"))
        for path, node in self.at("policies.supervision.sent_up.from.*"):
            if node.value == to:
                yield self.finding(path, f"{quoted(to)} is where they are sent up to")

    def lender(self) -> Iterator[Finding]:
        """Who lends people to others calls none itself, and stands wherever they do."""
        lender, at = self.text(("policies", "surge", "from")), ("policies", "surge", "from")
        own = self.per_of(lender)
        for _, node in self.at("policies.surge.triggers.*.pool"):
            borrower = str(node.value)
            per = self.per_of(borrower)
            if lender and borrower == lender:
                yield self.finding(at, f"cannot lend to itself: {quoted(lender)} calls people, too")
            elif own and per and own not in ("city", per):
                yield self.finding(at, f"{quoted(lender)} is per {own}, {quoted(borrower)} per {per}")

    def ceiling(self) -> Iterator[Finding]:
        """All policies together turn demand by no more than the ceiling."""
        at = ("policies", "trust", "hi")
        most, own = self.read(at, read_not_negative), ("demand", "ceiling")
        ceiling = self.read(own, read_not_negative) if self.has(own) else CEILING
        if most is not None and ceiling is not None and most > ceiling:
            yield self.finding(at, f"turns demand by up to {most:g}, more than demand.ceiling, which is {ceiling:g}")

    def per_of(self, name: str) -> str:
        """For what each instance of a pool or unit stands; "" where there is none of this name."""
        found = find(self.root, ("pools", name)) or find(self.root, ("units", name))
        return self.per(found) if found else ""

    # -- targets -----------------------------------------------------------------------------------------

    def targets(self) -> Iterator[Finding]:
        """What was set to meet a published figure is there."""
        for path, node in self.at("targets.*.fitted_to.*"):
            if isinstance(node.value, str):
                try:
                    pattern = read_pattern(node.value)
                except ReadError as wrong:
                    yield self.finding(path, str(wrong))
                    continue
                if not any(True for _ in select(self.root, pattern[:-1] if pattern[-1] == "**" else pattern)):
                    yield self.finding(path, f"there is nothing at {quoted(node.value)}")


def _keys(node: Node, path: Path) -> Iterator[Path]:
    """The path of every key that somebody wrote."""
    for number, child in enumerate(node.value if isinstance(node.value, list) else ()):
        yield from _keys(child, (*path, number))
    for key, child in node.map.items():
        if not child.default:
            yield (*path, key)
            yield from _keys(child, (*path, key))
