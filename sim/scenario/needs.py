"""What each policy needs of the rest of a scenario, and which policy overrules what: three tables.

Nothing is ignored silently. What has nothing to act on is an error, also with a share of 0; a parameter whose place
another one takes is said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sim.scenario.errors import Finding, Path
from sim.scenario.nodes import Node
from sim.scenario.numbers import read_probability
from sim.scenario.quantities import read_duration, read_moment, read_months, read_positive_duration
from sim.scenario.tree import Tree


@dataclass(frozen=True)
class Need:
    """`key` (with this value, where one is given) acts only if what it `needs` is there."""

    key: str
    needs: str
    there: Callable[[Tree, Path], bool]
    value: str = ""


@dataclass(frozen=True)
class Level:
    """A scalar that acts on those that name no value of their own. `own` are the paths of such values, by name."""

    key: str
    who: str
    names: Callable[[Tree], list[str]]
    own: tuple[str, ...]
    instead: str = ""


@dataclass(frozen=True)
class Overruling:
    """The policy `by` takes the place of `key` (with this value, where one is given)."""

    key: str
    by: str
    because: str
    value: str = ""


def _has(path: str) -> Callable[[Tree, Path], bool]:
    return lambda tree, _: tree.has(tuple(path.split(".")))


def _has_resolve_limits(tree: Tree, _: Path) -> bool:
    limits = ("resolve", "by_category")
    return any(True for key in limits for _ in tree.written(f"policies.time_limits.{key}"))


def _has_limits(tree: Tree, path: Path) -> bool:
    return _has_resolve_limits(tree, path) or any(True for _ in tree.written("policies.time_limits.contact"))


def _consultations(tree: Tree) -> list[str]:
    return [name for name in tree.keys("categories") if tree.text(("categories", name, "kind")) == "consultation"]


def _is_reported_again(tree: Tree, _: Path) -> bool:
    return any("every" in reports.map for _, reports in tree.at("categories.*.reports"))


def _is_aged(tree: Tree, path: Path) -> bool:
    """Whether the discipline beside this `head_start` is the one it is for."""
    return tree.text((*path[:-1], "discipline")) == "aged"


def _has_parts(tree: Tree, _: Path) -> bool:
    return any(True for _ in tree.at("categories.*.parts.*"))


def _turns(tree: Tree) -> int:
    """Turns of the month within the run; many, where its dates cannot be read."""
    start, end = (tree.read(("time", edge), read_moment) for edge in ("start", "end"))
    if start is None or end is None:
        return 9999
    months = 12 * (end.year - start.year) + end.month - start.month
    return months - (end == end.replace(day=1, hour=0, minute=0, second=0))


def _has_a_turn(tree: Tree, _: Path) -> bool:
    return _turns(tree) > 0


def _has_its_turn(tree: Tree, path: Path) -> bool:
    every = tree.read((*path, "every"), read_months)
    return every is None or every <= _turns(tree)


def _channels(tree: Tree, kind: str) -> list[Path]:
    """Channels that are by phone or online, as `Channel.is_phone` tells; without any there is one online."""
    found: list[Path] = [] if tree.keys("channels") or kind == "phone" else [("channels",)]
    for path, _ in tree.at("channels.*"):
        usual = "phone" if tree.has((*path, "patience")) or tree.has((*path, "lines")) else "online"
        if tree.text((*path, "kind"), usual) == kind:
            found.append(path)
    return found


def _has_lines(tree: Tree, _: Path) -> bool:
    return any(True for _ in tree.at("channels.*.lines.*"))


def _has_two_lines(tree: Tree, path: Path) -> bool:
    """Whether there is another line beside the right one, on the channel of this `wrong_line`."""
    return len(tree.keys(*path[:-1], "lines")) > 1


def _has_phone(tree: Tree, _: Path) -> bool:
    return bool(_channels(tree, "phone"))


def _has_phone_talk(tree: Tree, _: Path) -> bool:
    return any(tree.has((*path, key)) for path in _channels(tree, "phone") for key in ("talk", "lines"))


def _has_both(tree: Tree, _: Path) -> bool:
    return _has_phone(tree, ()) and bool(_channels(tree, "online"))


def _has_where(tree: Tree, path: Path) -> bool:
    """Whether there are channels where this chatbot is met."""
    at = tree.text((*path, "at"))
    return _has_both(tree, path) if at == "both" else at not in ("phone", "online") or bool(_channels(tree, at))


def _bot_takes_some(tree: Tree, path: Path) -> bool:
    """Whether anybody is what this chatbot takes."""
    whom = tree.text((*path, "takes"), "easy")
    return whom == "all" or (
        bool(_consultations(tree)) and (whom != "easy" or tree.has(("policies", "instant_answer")))
    )


def _has_a_session(tree: Tree, path: Path) -> bool:
    start, end = (tree.read(("time", edge), read_moment) for edge in ("start", "end"))
    first, every = tree.read((*path, "first"), read_moment), tree.read((*path, "every"), read_positive_duration)
    if start is None or end is None or first is None or every is None:
        return True
    if first < start:
        first += math.ceil((start - first) / timedelta(hours=every)) * timedelta(hours=every)
    return first < end


def _can_be_found(tree: Tree, path: Path) -> bool:
    """Whether the category of this key has problems that a unit solves, and that are there for a while before anybody
    reports them, if ever; one that there is not has its own error.
    """
    category = ("categories", str(path[-1]))
    share = tree.read((*category, "reports", "reported"), read_probability)
    waits = tree.has((*category, "reports", "every")) or (share is not None and share < 1.0)
    is_report = tree.text((*category, "kind"), "report") == "report"
    return not tree.has(category) or (is_report and waits and tree.has((*category, "unit")))


def _has_two_districts(tree: Tree, _: Path) -> bool:
    return len(tree.keys("districts")) > 1


def _can_choose(tree: Tree, path: Path) -> bool:
    """Whether themes can be chosen: after the whole months that the rule is over, on the first day from Monday to
    Friday of a month.
    """
    start, end = (tree.read(("time", edge), read_moment) for edge in ("start", "end"))
    if start is None or end is None:
        return True
    whole = {"list": 0, "growth": 2}.get(tree.text((*path, "rule")), 1)
    begin, seen = start.replace(day=1), 0
    while begin < end:
        first = begin + timedelta(days=7 - begin.weekday() if begin.weekday() > 4 else 0)
        if seen >= whole and start <= first < end:
            return True
        seen += begin >= start
        begin = (begin + timedelta(days=31)).replace(day=1)
    return False


def _has_a_sheet(tree: Tree, _: Path) -> bool:
    """Whether a sheet is published before the end."""
    start, end = (tree.read(("time", edge), read_moment) for edge in ("start", "end"))
    delay = tree.read(("policies", "callback", "score", "published"), read_duration) or 0.0
    if start is None or end is None:
        return True
    first = datetime(start.year + start.month // 12, start.month % 12 + 1, 1)
    return first + timedelta(hours=min(delay, 1e6)) < end


def _has_a_score(tree: Tree, _: Path) -> bool:
    """Whether citizens are asked, and all that has a weight in the score is known."""
    callback = ("policies", "callback")
    weights = {"response": 0.2, "satisfaction": 0.4}
    if tree.has((*callback, "score", "weights")):
        found = {name: tree.read((*callback, "score", "weights", name), read_probability) for name in weights}
        weights = {name: weight or 0.0 for name, weight in found.items()}
    known = {"response": tree.has(("contact",)), "satisfaction": tree.has((*callback, "satisfied"))}
    return tree.has(callback) and all(known[name] for name, weight in weights.items() if weight > 0)


def _escalates(tree: Tree, path: Path) -> bool:
    """Whether something is told that escalates requests."""
    flags = [node for key in ("repeats", "duplicates") for _, node in tree.at(".".join((*map(str, path), key)))]
    return tree.has((*path, "overdue_by")) or any(_is(node, "true") for node in flags)


def _has_a_lower_unit(tree: Tree, path: Path) -> bool:
    """Whether requests are the duty of another unit than that to which this policy sends them up, of those it names."""
    to = tree.text((*path, "to"))
    of = {str(node.value) for _, node in tree.items(*path, "from")}
    named = [node for key in ("categories.*.unit", "dispatch.backstop") for _, node in tree.at(key)]
    return any(name != to and (not of or name in of) for node in named for name in (node.map or [node.value]))


def _has_holidays(tree: Tree, path: Path) -> bool:
    """Whether this calendar has holidays or make-up working days; one that there is not has its own error."""
    calendar = ("calendars", tree.text((*path, "calendar")))
    days = [day for key in ("holidays", "workdays") for day in tree.items(*calendar, key)]
    return bool(days) or not tree.has(calendar)


def _quiets(tree: Tree, path: Path) -> bool:
    """Whether something says what demand is on these holidays."""
    return tree.has((*path, "factor")) or tree.has(("demand", "weekdays"))


_RESOLVE_LIMITS = "a limit to resolve (policies.time_limits.resolve or by_category)"
_DESK = "a dispatch desk (dispatch)"
_PHONE = "a channel by phone (kind: phone, or with patience)"
_BOTH = "a channel by phone (kind: phone, or with patience) and one online"

NEEDS = (
    Need("pools.*.head_start", "the discipline aged", _is_aged),
    Need("units.*.head_start", "the discipline aged", _is_aged),
    Need("channels.*.wrong_line", "two lines (lines)", _has_two_lines),
    Need("policies.one_hotline", "lines that can be merged (channels.*.lines)", _has_lines),
    Need("categories.*.from_firms", _PHONE, _has_phone),
    Need(
        "policies.enterprise_line",
        "firms (categories.*.from_firms) and people who answer the phone",
        lambda tree, path: any(True for _ in tree.written("categories.*.from_firms")) and _has_phone_talk(tree, path),
    ),
    Need("policies.online.move", _BOTH, _has_both),
    Need(
        "policies.online.chatbot",
        "channels of the kind that “at” names (channels.*.kind) and somebody whom it takes (easy: consultations and "
        "policies.instant_answer)",
        lambda tree, path: _has_where(tree, path) and _bot_takes_some(tree, path),
    ),
    Need("policies.online.chatbot.fails", _PHONE + " to call", _has_phone),
    Need("policies.online.talk_factor", _PHONE + " and talk", _has_phone_talk),
    Need("policies.online.dispatch", _DESK, _has("dispatch")),
    Need("policies.instant_answer", "a category of the kind consultation", lambda tree, _: bool(_consultations(tree))),
    Need("policies.first_recipient", _DESK, _has("dispatch")),
    Need("policies.time_limits.contact", "a stage in which citizens are contacted (contact)", _has("contact")),
    Need("policies.time_limits.from", "a limit of contact or to resolve", _has_limits, "arrival"),
    Need("policies.time_limits.extension", _RESOLVE_LIMITS, _has_resolve_limits),
    Need("policies.classified_handling.discipline", "a unit", lambda tree, _: bool(tree.keys("units"))),
    Need("policies.classified_handling.head_start", "the discipline aged", _is_aged),
    Need("policies.precise_dispatch", _DESK, _has("dispatch")),
    Need(
        "policies.precise_dispatch.direct_to_street",
        "a district's desk to pass by (dispatch.district_desk)",
        _has("dispatch.district_desk"),
        "true",
    ),
    Need(
        "policies.precise_dispatch.duplicates",
        "a category that is reported again (reports: {every: …})",
        _is_reported_again,
    ),
    Need("policies.precise_dispatch.duty_list", "a turn of the month within the run", _has_a_turn),
    Need("policies.precise_dispatch.duty_list.upkeep", "a run over as many turns of the month", _has_its_turn),
    Need("policies.whistle", "a joint matter (a category with parts)", _has_parts),
    Need(
        "policies.trust",
        "callbacks that ask for satisfaction (policies.callback.satisfied)",
        _has("policies.callback.satisfied"),
    ),
    Need(
        "policies.callback.score.per_head",
        "districts that all have a population (districts.*.population)",
        lambda tree, _: all(tree.has(("districts", name, "population")) for name in tree.keys("districts")),
    ),
    Need("policies.callback.score.published", "a turn of the month within the run", _has_a_turn),
    Need(
        "policies.ranking",
        "a score (policies.callback, with a stage contact and callback.satisfied where their rates have a weight in "
        "callback.score.weights) of which a sheet is published within the run",
        lambda tree, path: _has_a_score(tree, path) and _has_a_sheet(tree, path),
    ),
    Need(
        "policies.ranking.lists.repeats",
        "citizens who call again (policies.callback.call_again)",
        _has("policies.callback.call_again"),
        "true",
    ),
    Need(
        "policies.ranking.lists.out_of_scope",
        "contacts that are out of scope (policies.classified_handling)",
        _has("policies.classified_handling"),
        "true",
    ),
    Need("policies.ranking.gaming", _RESOLVE_LIMITS, _has_resolve_limits),
    Need(
        "policies.ranking.exclusion",
        "exclusions that units may ask for (policies.callback.exclusion)",
        _has("policies.callback.exclusion"),
    ),
    Need(
        "policies.supervision",
        "something that escalates requests (overdue_by, repeats: true or duplicates: true)",
        _escalates,
    ),
    Need("policies.supervision.overdue_by", _RESOLVE_LIMITS, _has_resolve_limits),
    Need(
        "policies.supervision.repeats",
        "citizens who call again (policies.callback.call_again)",
        _has("policies.callback.call_again"),
        "true",
    ),
    Need(
        "policies.supervision.duplicates",
        "duplicates that are recognised (policies.precise_dispatch.duplicates)",
        _has("policies.precise_dispatch.duplicates"),
        "true",
    ),
    Need(
        "policies.supervision.sent_up",
        "requests of another unit than the one in “to”, and one of those in “from” (categories.*.unit)",
        _has_a_lower_unit,
    ),
    Need(
        "policies.callback.resolved.while_open",
        "callbacks at the due date (policies.callback.after: due)",
        lambda tree, _: tree.text(("policies", "callback", "after")) == "due",
    ),
    *(
        Need(f"{part}.*.holidays", "a calendar with holidays or make-up working days", _has_holidays)
        for part in ("pools", "units")
    ),
    Need(
        "demand.holidays",
        "a calendar with holidays or make-up working days, and a factor or factors by weekday (demand.weekdays)",
        lambda tree, path: _has_holidays(tree, path) and _quiets(tree, path),
    ),
    Need("demand.ceiling", "a policy that turns demand (policies.trust)", _has("policies.trust")),
    Need(
        "policies.surge.wage",
        "people from outside: those lent by a pool (policies.surge.from) have its wage",
        lambda tree, _: not tree.has(("policies", "surge", "from")),
    ),
    Need(
        "policies.monthly_theme",
        "a first working day of a month, after the whole months that its rule is over",
        _can_choose,
    ),
    Need("policies.monthly_theme.rule", "callbacks (policies.callback)", _has("policies.callback"), "unsolved"),
    Need(
        "policies.monthly_theme.rule",
        "citizens who call again (policies.callback.call_again)",
        _has("policies.callback.call_again"),
        "repeat",
    ),
    Need("policies.monthly_theme.rebound", "births that fall (removes)", _has("policies.monthly_theme.removes")),
    Need(
        "policies.monthly_theme.lead_factor",
        "a lead time (categories.*.lead)",
        lambda tree, _: any(True for _ in tree.written("categories.*.lead")),
    ),
    Need("policies.monthly_theme.error_factor", _DESK, _has("dispatch")),
    Need("policies.council", "a session that begins within the run", _has_a_session),
    Need(
        "policies.act_before.visible.*",
        "a category of the kind report with a unit, whose problems are not all reported at birth (reports: {every: …}, "
        "or {reported: …} below 1)",
        _can_be_found,
    ),
    Need("policies.act_before.by", "two districts to be spread over", _has_two_districts, "problems"),
    Need("policies.act_before.by", "two districts to be spread over", _has_two_districts, "complaints"),
    Need(
        "policies.act_before",
        "a category whose problems can be found (visible: {…})",
        lambda tree, path: bool(tree.keys(*(str(step) for step in path), "visible")),
    ),
    Need("policies.callback.after", _RESOLVE_LIMITS, _has_resolve_limits, "due"),
    Need(
        "policies.callback.exclusion.on",
        "an answer to that (policies.callback.satisfied)",
        _has("policies.callback.satisfied"),
        "satisfied",
    ),
    Need("policies.callback.reopen.to", _DESK, _has("dispatch"), "dispatch"),
)


def _categories(tree: Tree) -> list[str]:
    return tree.keys("categories")


def _units(tree: Tree) -> list[str]:
    return tree.keys("units")


_ACCURACY = ("categories.*.accuracy", "policies.precise_dispatch.by_category.*")
_RAISE = ": write policies.precise_dispatch.at_least to raise them"

LEVELS = (
    Level("dispatch.accuracy", "category", _categories, _ACCURACY, _RAISE),
    Level("policies.precise_dispatch.accuracy", "category", _categories, _ACCURACY, _RAISE),
    Level("policies.online.move.share", "category", _categories, ("policies.online.move.by_category.*",)),
    Level(
        "policies.instant_answer.answered", "consultation", _consultations, ("policies.instant_answer.by_category.*",)
    ),
    Level(
        "policies.classified_handling.out_of_scope",
        "category",
        _categories,
        ("policies.classified_handling.by_category.*",),
    ),
    Level("policies.classified_handling.discipline", "unit", _units, ("units.*.discipline",)),
    Level("policies.classified_handling.head_start", "unit", _units, ("units.*.discipline",)),
    Level("policies.time_limits.resolve", "category", _categories, ("policies.time_limits.by_category.*",)),
    Level(
        "policies.time_limits.parking.share", "category", _categories, ("policies.time_limits.parking.by_category.*",)
    ),
)

_NEVER_BACK = "the first unit stays responsible, and nothing comes back to the desk"

#: Not what a policy is there to replace, such as the desk's own accuracy: only what another policy was given in vain.
OVERRULINGS = (
    Overruling("policies.precise_dispatch.redispatch_accuracy", "policies.first_recipient", _NEVER_BACK),
    Overruling("policies.callback.reopen.to", "policies.first_recipient", _NEVER_BACK, "dispatch"),
)


def cannot_act(tree: Tree) -> Iterator[tuple[Path, str]]:
    """Every policy and parameter that has nothing to act on, with what is missing."""
    idle: set[Path] = set()

    def known(path: Path) -> bool:
        return any(path[:depth] in idle for depth in range(len(path) + 1))

    for need in NEEDS:
        for path, node in tree.written(need.key):
            if not known(path) and _is(node, need.value) and not need.there(tree, path):
                idle.add(path)
                yield path, f"has nothing to act on: it needs {need.needs}"
    for level in LEVELS:
        named = {path[_star(own)] for own in level.own for path, _ in tree.written(own)}
        names = level.names(tree)
        for path, _ in tree.written(level.key):
            if names and named.issuperset(names) and not known(path):
                yield path, f"acts on nobody: every {level.who} names its own{level.instead}"


def overruled(tree: Tree) -> Iterator[tuple[Path, str]]:
    """Every parameter that is written but whose place another one takes, with why."""
    for rule in OVERRULINGS:
        by = any(True for _ in tree.written(rule.by))
        for path, node in tree.written(rule.key):
            if by and _is(node, rule.value):
                yield path, f"does nothing: {rule.by} overrules it, {rule.because}"
    for path, _ in tree.written("policies.precise_dispatch.by_category.*"):
        own = ("categories", path[-1], "accuracy")
        if tree.has(own):
            yield own, "does nothing: policies.precise_dispatch.by_category overrules it"


def _star(pattern: str) -> int:
    return pattern.split(".").index("*")


def _is(node: Node, value: str) -> bool:
    """Whether the node has this value; any will do where none is asked for."""
    if value == "true":
        return isinstance(node.value, (str, bool)) and str(node.value).lower() in ("true", "yes", "on")
    return not value or node.value == value


def findings(tree: Tree) -> Iterator[Finding]:
    """What cannot act, as findings with places."""
    return (tree.finding(path, message, True) for path, message in cannot_act(tree))
