"""What relative values make of what was there, and the list of all that became something else by them."""

from __future__ import annotations

import itertools
import re
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from sim.scenario.calendars import Shift
from sim.scenario.distributions import Distribution
from sim.scenario.errors import Finding, Path, ReadError, path_text, quoted, read_each
from sim.scenario.initial import Standing
from sim.scenario.nodes import Node, find
from sim.scenario.numbers import Plain
from sim.scenario.relative import Relative, is_meant, read_amount, read_relative
from sim.scenario.shape import Shape
from sim.scenario.sources import Became, written
from sim.scenario.staff_side import Headcount
from sim.scenario.whole import Place, hours_of, whole

#: Of a whole, what a relative value changes: people, counts, and whatever in a distribution is a time.
_PARTS = {Headcount: ("total",), Standing: ("count",), Shift: ("staff",)}
#: What comes whole.
_COUNTS = (int, Headcount, Standing)
#: Advice for who wrote a percentage where a share is wanted.
_PERCENT = re.compile(r": for \S+ % write \S+$")
_TIMES = ("mean", "loc", "scale", "quantiles")


def below(shape: Shape | None, key: str | int) -> Shape | None:
    """The shape under a key, also of counts and quantiles that stand in a map."""
    if shape is None:
        return None
    if shape.type is Distribution and key == "quantiles":
        return Shape(dict[str, float])
    counted = shape.type is Headcount or shape.type is Standing
    return Shape(int) if counted and key in _PARTS[shape.type] else shape.child(key)


def changeable(shape: Shape | None) -> bool:
    """Whether a relative value may stand here: not where text, a name, a choice, a flag or a date does."""
    if shape is None:
        return True
    origin = typing.get_origin(shape.type)
    named_shares = origin is dict and shape.whole
    return shape.type not in (str, bool, datetime) and origin is not typing.Literal and not named_shares


@dataclass
class Becoming:
    """Changes values, and remembers what became of them. What comes whole waits for `settle`."""

    became: list[Became] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    _waiting: dict[int, list[tuple[Place, Node]]] = field(default_factory=dict)  # by what was written

    def word(self, over: Node, shape: Shape | None) -> Relative | None:
        """The relative value that stands here, None for another value. Raises `ReadError`."""
        return read_relative(over.value) if is_meant(over.value) and changeable(shape) else None

    def change(self, word: Relative, over: Node, was: Node | None, shape: Shape | None, path: Path) -> Node:
        """What the word makes of what was there. Raises `ReadError` where it can make nothing of it."""
        if was is None or was.value is None:
            what = ": a list replaces the whole one" if any(isinstance(step, int) for step in path) else ""
            raise ReadError(f"{quoted(word.said)} of what? There is no value here that it could change{what}")
        if not isinstance(was.value, (dict, list)):
            return self._scalar(word, over, was, shape, path)

        def inner(key: str | int) -> Node:
            return self.change(word, over, find(was, (key,)), below(shape, key), (*path, key))

        if isinstance(was.value, list):
            if shape is not None and shape.is_list:
                raise ReadError(_group(word, path))
            return Node([*read_each(((i, i) for i in range(len(was.value))), inner).values()], over.at)
        changed = read_each(((key, key) for key in _keys(word, was, shape, path)), inner)
        return Node(was.map | changed, over.at, was.keys | dict.fromkeys(changed, over.at))

    def _scalar(self, word: Relative, over: Node, was: Node, shape: Shape | None, path: Path) -> Node:
        before = read_amount(was.value)
        after = word.of(before)
        node = Node(Plain(after.text()), over.at, word=word.said, before=was)
        if shape is None or shape.type not in _COUNTS or after.unit:
            self._became(path, was, node)
            return node
        if after.number < 0 or after.number == 0 < before.number:
            nobody = "that is less than none" if after.number < 0 else "none would be left; write 0 if that is meant"
            raise ReadError(f"{quoted(word.said)} of {before.text()} is {after.text()}: {nobody}")
        self._waiting.setdefault(id(over), []).append((Place(path, before.number, after.number), node))
        return node

    def _became(self, path: Path, was: Node, node: Node) -> None:
        texts = written(was.plain()), written(node.plain())
        self.became.append(Became(path_text(path), *texts, node.word, node.at.file, node.at.line))

    def told(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Findings about values that became what they are with what made them so."""
        by_path = {one.path: one for one in self.became if one.word}
        for finding in findings:
            one = by_path.get(finding.path)
            if one is not None and (one.file, one.line) == (finding.file, finding.line):
                message = _PERCENT.sub("", finding.message)
                finding = replace(finding, message=f"{quoted(one.word)} of {one.before} is {one.after}: {message}")
            yield finding

    def settle(self, root: Node) -> None:
        """Put whole numbers where relative values left fractions, in parts of the tree that are its alone.

        What is so many at each of several places is rounded by itself: its sum is not that of what is written.
        """
        for waiting in self._waiting.values():
            families: dict[Path, list[tuple[Place, Node]]] = {}
            for place, node in waiting:
                families.setdefault(_family(place, root), []).append((_with_hours(place, root), node))
            for family, together in families.items():
                self._put_whole(root, together, at_each=bool(family))
        self._waiting.clear()

    def _put_whole(self, root: Node, together: Sequence[tuple[Place, Node]], at_each: bool) -> None:
        places = [place for place, _ in together]
        counts = whole(places)
        for place, node in together:
            parent, settled = find(root, place.path[:-1]), replace(node, value=Plain(str(counts[place.path])))
            if parent is not None and isinstance(parent.value, (dict, list)):
                parent.value[place.path[-1]] = settled  # type: ignore[index]
            assert node.before is not None
            self._became(place.path, node.before, settled)
        said = together[0][1]
        self.notes += [said.at.finding(places[0].path, note) for note in _of_whole(said.word, places, counts, at_each)]


def _keys(word: Relative, was: Node, shape: Shape | None, path: Path) -> list[str]:
    """Which entries of a map it changes."""
    if shape is not None and shape.type is Distribution:
        if word.plus is not None:
            one = next((key for key in ("mean", "loc") if key in was.map), "quantiles")
            where = path_text((*path, one))
            raise ReadError(f"a distribution is changed by ×0.9 or by -10 %: write {quoted(word.said)} to {where}")
        return [key for key in was.map if key in _TIMES]
    if shape is not None and shape.type in _PARTS:
        return [key for key in was.map if key in _PARTS[shape.type]]
    if shape is not None and shape.is_map and shape.item.section is None:
        return list(was.map)
    raise ReadError(_group(word, path, was.map))


def _group(word: Relative, path: Path, keys: Iterable[str] = ()) -> str:
    known = ", ".join(path_text((*path, key)) for key in itertools.islice(keys, 6))
    return f"{quoted(word.said)} is for a value, and here are several{': write it to one of ' * bool(known)}{known}"


def _with_hours(place: Place, root: Node) -> Place:
    """The place with its hours, where it is a shift's."""
    shift = find(root, place.path[:-1]) if _of_shift(place.path) else None
    return place if shift is None else replace(place, hours=hours_of(shift))


def _of_shift(path: Path) -> bool:
    return len(path) > 3 and path[-3] == "shifts" and path[-1] == "staff"


def _family(place: Place, root: Node) -> Path:
    """The path of the pools or units of which each has so many people, empty where they are counted in all."""
    path = place.path[:-3] if _of_shift(place.path) else place.path[:-1]
    pool = find(root, path)
    per = None if pool is None else pool.map.get("per")
    return path if place.path[-1] == "staff" and per is not None and per.value != "city" else ()


def _of_whole(said: str, places: Sequence[Place], counts: Mapping[Path, int], at_each: bool) -> Iterator[str]:
    """What should be known of numbers that came whole: that none of them changed, or that their sum is not right."""
    differ = any(counts[place.path] != place.exact for place in places)
    if at_each and differ:
        first = places[0]
        yield (
            f"{quoted(said)} of {float(first.before):g} is {float(first.exact):g} at each place: {counts[first.path]} "
            "people, as they come whole; with staff: {total: N} their sum is right"
        )
    elif differ and all(counts[place.path] == place.before for place in places):
        yield f"{quoted(said)} changes nothing here: people and counts come whole"
    alone = [place for place in places if not place.hours]
    exact = sum((place.exact for place in alone), Fraction(0))
    together = sum(counts[place.path] for place in alone)
    if not at_each and abs(together - exact) >= 1:
        yield f"{quoted(said)} leaves {together} together and not {float(exact):g}, since one stays at each place"
