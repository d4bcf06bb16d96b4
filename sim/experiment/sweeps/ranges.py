"""Ranges, of levers and of what nobody knows: how an experiment writes them, and what is wrong with one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from sim.scenario import Finding
from sim.scenario.calendars import Section
from sim.scenario.errors import Path, ReadError, quoted
from sim.scenario.nodes import Node, spot_of
from sim.scenario.numbers import NUMBER, Flag, Plain, Text

#: A number, the word of a relative value before it, and what stands behind it.
_END = re.compile(rf"(×|x|by)?\s*({NUMBER.pattern})\s*(.*)", re.DOTALL)


class Range(Section):
    """A lever that may stand anywhere in `range`, in `whole` numbers if told."""

    range: Annotated[list[Any], Field(min_length=2, max_length=2)]
    whole: Flag = False


class Uncertainty(Section):
    """A number that nobody knows: in a `range`, in `whole` numbers if told, or any of `values`.

    As likely anywhere in the range, unless it says how it lies there: `most_likely` (a triangle), a `mean` with a
    standard deviation `sd` (normal, cut off at the ends), or `by_factors` (as likely doubled as halved: uniform in the
    logarithm).
    """

    range: Annotated[list[Any], Field(min_length=2, max_length=2)] | None = None
    whole: Flag = False
    values: Annotated[list[Any], Field(min_length=2)] | None = None
    most_likely: Any = None
    mean: Any = None
    sd: Any = None
    by_factors: Flag = False
    note: Text = ""
    source: Text = ""

    @property
    def why(self) -> str:
        """The note and the source, whichever there are."""
        return "; ".join(text for text in (self.note, self.source) if text)


class Ends(NamedTuple):
    """Both ends of a range as numbers, and what stands before and behind them."""

    low: float
    high: float
    before: str
    after: str

    def written(self, value: float | int) -> str:
        """A number of the range as one would write it in a scenario."""
        form = ("+" if self.before == "by " else "") + ("d" if isinstance(value, int) else "g")
        return f"{self.before}{value:{form}}{self.after}"


def read_range(ends: list[Any]) -> Ends:
    """Both ends as numbers, and the word and the unit that they have in common. Raises ``ReadError``."""
    found = [parts_of(str(end)) for end in ends]
    if not all(number for _, number, _ in found):
        raise ReadError(
            "two numbers are wanted, such as [0.1, 0.3], [15 min, 60 min] or [×0.9, ×1.1]; for all else write values"
        )
    words, numbers, units = zip(*found, strict=True)
    if units[0] != units[1]:
        raise ReadError(f"both ends need the same unit, not {quoted(units[0])} and {quoted(units[1])}")
    if words[0] != words[1]:
        raise ReadError(f"both ends are to be written alike, not {quoted(ends[0])} and {quoted(ends[1])}")
    low, high = (float(number.replace("_", "")) for number in numbers)
    if not low < high:
        raise ReadError("the first end is to be lower than the second")
    return Ends(low, high, "by " if words[0] == "by" else words[0], f" {units[0]}" if units[0] else "")


def parts_of(text: str) -> tuple[str, str, str]:
    """The word before a number, the number, and its unit; all empty if it is none."""
    match = _END.fullmatch(text.strip())
    return ("", "", "") if match is None else (match[1] or "", match[2], match[3])


def numbers_of(texts: Sequence[str]) -> list[float] | None:
    """Values as numbers, if all are, written alike: with the same word before and the same unit behind them."""
    found = [parts_of(text) for text in texts]
    if not found or len({(word, unit) for word, _, unit in found}) > 1 or not found[0][1]:
        return None
    return [float(number.replace("_", "")) for _, number, _ in found]


def number_like(value: Any, ends: Ends) -> float:
    """A number that is written as the ends of a range are. Raises ``ReadError``."""
    word, number, unit = parts_of(str(value))
    if not number or (word, unit) != (ends.before.strip(), ends.after.strip()):
        raise ReadError(f"a number is wanted, written as the ends of the range ({ends.written(ends.low)})")
    return float(number.replace("_", ""))


def number_inside(value: Any, ends: Ends) -> float:
    number = number_like(value, ends)
    if not ends.low <= number <= ends.high:
        raise ReadError(f"{quoted(value)} is not in the range")
    return number


def flow(value: Any) -> str:
    """A value as YAML on one line: what was not quoted is not quoted."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{flow(key)}: {flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    plain = isinstance(value, Plain) and not set(value) & set(",[]{}#") and ": " not in value
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


# --- what can be wrong ------------------------------------------------------------------------------------------------


def check_range(root: Node, at: Path, given: Range | Uncertainty) -> Iterator[Finding]:
    """What is wrong with one range."""
    assert given.range is not None
    try:
        ends = read_range(given.range)
    except ReadError as wrong:
        yield spot_of(root, (*at, "range")).finding((*at, "range"), str(wrong))
        return
    if given.whole and not (ends.low.is_integer() and ends.high.is_integer()):
        yield spot_of(root, (*at, "range")).finding((*at, "range"), "whole numbers are wanted at both ends")
    if not isinstance(given, Uncertainty):
        return
    if given.by_factors and ends.low <= 0:
        yield spot_of(root, (*at, "range")).finding((*at, "range"), "by factors, both ends are to be above 0")
    for key, read in (("most_likely", number_inside), ("mean", number_inside), ("sd", number_like)):
        value = getattr(given, key)
        if value is None:
            continue
        try:
            number = read(value, ends)
        except ReadError as wrong:
            yield spot_of(root, (*at, key)).finding((*at, key), str(wrong))
            continue
        if key == "sd" and not number > 0:
            yield spot_of(root, (*at, key)).finding((*at, key), "is to be above 0")


def check_form(root: Node, at: tuple[str, str], given: Uncertainty) -> Iterator[Finding]:
    """How a number lies in its range is said in one way, and of a range."""
    forms = [key for key in ("most_likely", "mean", "by_factors") if getattr(given, key) not in (None, False)]
    told = [
        key for key in ("whole", "most_likely", "mean", "sd", "by_factors") if key in root.map[at[0]].map[at[1]].map
    ]
    if given.range is None and told:
        yield spot_of(root, (*at, told[0]), True).finding((*at, told[0]), "is for a range; values are as written")
    elif len(forms) + given.whole > 1:
        both = " and ".join(["whole", *forms] if given.whole else forms)
        yield spot_of(root, at, True).finding(at, f"{both}: one of them is wanted")
    elif (given.mean is None) != (given.sd is None):
        yield spot_of(root, at, True).finding(at, "mean and sd are wanted together")
