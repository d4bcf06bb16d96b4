"""Values told relative to what was there: `by +2`, `by -10 %`, `by -2 h`, `×0.9`.

They are computed in fractions of the decimal numbers that people write, and rounded once.
"""

from __future__ import annotations

import functools
import re
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sim.scenario.errors import ReadError, quoted
from sim.scenario.numbers import LARGEST_NUMBER, NUMBER, Plain, described, number_in, number_text
from sim.scenario.quantities import hours_of_unit

FORMS = "write by +2, by -2, by -10 % or ×0.9"
#: What an editor takes for one (a regular expression of JSON schema).
PATTERN = r"^\s*(by\s*[-+−]\s*[0-9.]|[×x]\s*[0-9.])"

_NUMBER = NUMBER.pattern.removeprefix("[-+]?")
_BY = re.compile(rf"by\s*([-+−])\s*({_NUMBER})(?![0-9_.,eE])(.*)", re.DOTALL)
_TIMES = re.compile(rf"[×x]\s*({_NUMBER})")
#: Words that are meant so, and what is nearly such a word: `by 2`, `bye -10 %`, `x 0,9`, `−10 %`, `*0.9`.
_MEANT = re.compile(r"by(?![^\W\d_])|[a-zA-Z]{1,4}\s*[-+−]\s*[0-9]|[×x*]\s*[-+]?[0-9.]|×|−\s*[0-9]")
_WORKING = re.compile(r"(work(?:day|hour))s?\b[\s,]*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Amount:
    """A number and the unit that is written behind it, empty for none."""

    number: Fraction
    unit: str = ""

    def text(self) -> str:
        """As it is written, without quotes. Raises `ReadError` for a number that is too large."""
        if abs(self.number) > LARGEST_NUMBER:
            raise ReadError(f"too large a number: at most {LARGEST_NUMBER:g}")
        return f"{number_text(float(self.number))} {self.unit}".rstrip()


@dataclass(frozen=True)
class Relative:
    """A change: times a factor, plus an amount. `said` are its words as they were written."""

    said: str
    times: Fraction = Fraction(1)
    plus: Amount | None = None

    def of(self, before: Amount) -> Amount:
        """What it makes of an amount. Raises `ReadError` where that has another kind of unit."""
        if self.plus is None:
            return Amount(before.number * self.times, before.unit)
        (kind, size), (other, step) = _measure(before.unit), _measure(self.plus.unit)
        if kind != other:
            raise ReadError(self._other_kind(before))
        if other == "time" and step < size:  # 1 d by -2 h are 22 h
            return Amount(before.number * size / step + self.plus.number, self.plus.unit)
        return Amount(before.number + self.plus.number * step / size, before.unit)

    def _other_kind(self, before: Amount) -> str:
        assert self.plus is not None
        sign = "-" if self.plus.number < 0 else "+"
        number = number_text(float(abs(self.plus.number)))
        if self.plus.unit == "pp":
            points = number_text(float(abs(self.plus.number) / 100))
            return f"points of a share are hundredths here: write by {sign}{points}"
        if not before.unit:
            return f"{before.text()} has no unit: write by {sign}{number}"
        if not self.plus.unit:
            return f"of what? Write by {sign}{number} {before.unit}"
        return f"{before.text()} has another kind of unit: write by {sign}{number} {before.unit}"


def read_relative(value: Any) -> Relative | None:
    """What changes a value, None for a value itself. Raises `ReadError` for what is nearly such a word."""
    return _read(value) if is_meant(value) else None


def is_meant(value: Any) -> bool:
    """Whether this is such a word, or nearly one."""
    return isinstance(value, str) and _MEANT.match(value.strip()) is not None


@functools.lru_cache(maxsize=256)
def _read(value: str) -> Relative:
    said = " ".join(value.split())
    if factor := _TIMES.fullmatch(said):
        return Relative(said, times=_fraction(factor.group(1)))
    if change := _BY.fullmatch(said):
        sign, digits, unit = change.groups()
        number = _fraction(digits) * (1 if sign == "+" else -1)
        if unit.strip() == "%":
            return Relative(said, times=1 + number / 100)
        return Relative(said, plus=Amount(number, unit.strip()))
    raise ReadError(f"{quoted(value)} is not read: {FORMS}")


def read_amount(value: Any) -> Amount:
    """A number with or without a unit, as it stands in a scenario. Raises `ReadError` for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Amount(_fraction(repr(value)))
    text = value.strip() if isinstance(value, str) else ""
    found = NUMBER.match(text)
    unit = text[found.end() :].strip() if found else ""
    if found and (unit or isinstance(value, Plain)):
        with suppress(ReadError):
            _measure(unit)
            return Amount(_fraction(found.group()), unit)
    raise ReadError(f"{described(value)} is no number that could be changed")


def _fraction(text: str) -> Fraction:
    number = number_in(text)
    assert number is not None, "the pattern says that it is one"
    return Fraction(repr(number))


def _measure(unit: str) -> tuple[str, Fraction]:
    """The kind of a unit, and its size (hours, or per hour). Raises `ReadError` for what is no unit."""
    if not unit or unit == "pp":
        return unit, Fraction(1)
    if working := _WORKING.fullmatch(unit):
        return " ".join(working.groups()), Fraction(1)
    per = re.match(r"/|per\b", unit)
    if per:
        return "rate", 1 / hours_of_unit(unit[per.end() :].strip())
    return "time", hours_of_unit(unit)
