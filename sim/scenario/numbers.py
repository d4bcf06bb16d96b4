"""Numbers, text, choices and flags as people write them.

Every reader takes what YAML or Python gives, returns a plain value and raises `ReadError`.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from sim.scenario.errors import ReadError, nearest, quoted

NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.?(?:nan|inf|infinity)", re.IGNORECASE)


#: So that no sum or product of some numbers can overflow.
LARGEST_NUMBER = 1e15


class Plain(str):
    """Text written in YAML without quotes: the field it stands in decides whether it is a number or text."""

    __slots__ = ()


def number_in(text: str) -> float | None:
    """The number a text spells, None if it spells none. Raises `ReadError` if no finite float can hold it."""
    text = text.strip()
    if NOT_FINITE.fullmatch(text):
        raise ReadError(f"a finite number is wanted, not {quoted(text)}")
    if not NUMBER.fullmatch(text):
        return None
    value = float(text.replace("_", ""))
    if math.isinf(value):
        raise ReadError(f"{quoted(text)} is too large")
    return value


def read_number(value: Any) -> float:
    """A finite number. Raises `ReadError`, which says what to write for a percentage."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            raise ReadError("the number is too large") from None
        if not math.isfinite(number):
            raise ReadError(f"a finite number is wanted, not {quoted(value)}")
        return _in_reach(number)
    if isinstance(value, str):
        found = number_in(value)
        if found is not None and isinstance(value, Plain):
            return _in_reach(found)
        if found is not None:
            raise ReadError(f"a number is wanted, not text: write {value.strip()} without quotes")
        percent = number_in(value.strip().removesuffix("%")) if value.strip().endswith("%") else None
        if percent is not None:
            signed = value.strip()[0] in "+-"
            write = f"by {value.strip()} for so much less or more than before" if signed else f"{percent / 100:.12g}"
            raise ReadError(f"a number is wanted, not {quoted(value)}: write {write}")
        if "," in value and NUMBER.fullmatch(value.replace(",", "").strip()):
            raise ReadError(f"a number is wanted, not {quoted(value)}: write it without a comma (1200, 0.6)")
    raise ReadError(f"a number is wanted, not {described(value)}")


def _in_reach(number: float) -> float:
    if abs(number) > LARGEST_NUMBER:
        raise ReadError(f"{quoted(f'{number:g}')} is too large: at most {LARGEST_NUMBER:g}")
    return number


def described(value: Any) -> str:
    """What stands there, for `… is wanted, not …`."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "nothing" if value is None else quoted(value)


def refuse_plus(value: Any) -> None:
    """Raise `ReadError` if a sign stands before what cannot be negative: `+1` reads like one more."""
    text = value.strip() if isinstance(value, str) else ""
    if text.startswith("+"):
        without = text[1:].strip()
        raise ReadError(
            f"{quoted(text)} reads like so much more than before: write {without} without a sign, or by {text} for that"
        )


def read_not_negative(value: Any) -> float:
    """A finite number ≥ 0, without a sign."""
    refuse_plus(value)
    number = read_number(value)
    if number < 0:
        raise ReadError(f"must not be negative, but is {quoted(value)}")
    return number + 0.0  # -0 is 0


def read_probability(value: Any) -> float:
    """A number in [0, 1]."""
    number = read_not_negative(value)
    if number > 1:
        hint = f": for {number:g} % write {number / 100:.12g}" if number <= 100 else ""
        raise ReadError(f"must be between 0 and 1, but is {quoted(value)}{hint}")
    return number


def read_count(value: Any) -> int:
    """A whole number, 0 to 10⁶."""
    number = read_not_negative(value)
    if number != int(number):
        raise ReadError(f"a whole number is wanted, not {quoted(value)}")
    if number > 1e6:
        raise ReadError(f"{quoted(value)} is too large")
    return int(number)


def read_positive_count(value: Any) -> int:
    """A whole number, 1 to 10⁶."""
    count = read_count(value)
    if not count:
        raise ReadError("must be at least 1")
    return count


#: How often at most something may be tried again, and the most further parts of a category: draws are numbered for so
#: many, by round × 256 + occasion. (A request that pays too many visits in all ends the run, which says so.)
MOST_TIMES, MOST_PARTS = 200, 256


def _times(value: Any) -> int:
    count = read_count(value)
    if count > MOST_TIMES:
        raise ReadError(f"must be at most {MOST_TIMES}, but is {count}")
    return count


def read_flag(value: Any) -> bool:
    """true or false, also yes/no and on/off."""
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else None
    if word in ("true", "yes", "on"):
        return True
    if word in ("false", "no", "off"):
        return False
    raise ReadError(f"true or false is wanted, not {described(value)}")


def read_text(value: Any) -> str:
    """Text. An unquoted number or `no` is text where text is wanted."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ReadError(f"text is wanted, not {described(value)}")


def read_scale(value: Any) -> float:
    """N of `1:N` or N itself, 1 to 10000."""
    text = value.replace(" ", "") if isinstance(value, str) else value
    number = read_not_negative(Plain(text[2:]) if isinstance(text, str) and text.startswith("1:") else value)
    if not 1 <= number <= 10_000:
        raise ReadError(f"must be between 1 (or 1:1) and 10000 (or 1:10000), but is {quoted(value)}")
    return number


def number_text(value: float) -> str:
    """The shortest text that reads back to the same number."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def choice(*words: str) -> BeforeValidator:
    """A reader that takes one of these words and names the nearest one when it is another."""

    def read(value: Any) -> str:
        text = read_text(value)
        if text not in words:
            raise ReadError(f"must be {', '.join(words[:-1])} or {words[-1]}, not {quoted(text)}{nearest(text, words)}")
        return text

    return BeforeValidator(read)


Text = Annotated[str, BeforeValidator(read_text), WithJsonSchema({"type": ["string", "number"]})]
Flag = Annotated[bool, BeforeValidator(read_flag), WithJsonSchema({"type": "boolean"})]
Number = Annotated[float, BeforeValidator(read_number), WithJsonSchema({"type": "number"})]
NotNegative = Annotated[float, BeforeValidator(read_not_negative), WithJsonSchema({"type": "number", "minimum": 0})]
Probability = Annotated[
    float, BeforeValidator(read_probability), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})
]
Count = Annotated[int, BeforeValidator(read_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Times = Annotated[
    int, BeforeValidator(_times), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MOST_TIMES})
]
PositiveCount = Annotated[int, BeforeValidator(read_positive_count), WithJsonSchema({"type": "integer", "minimum": 1})]
Scale = Annotated[
    float, BeforeValidator(read_scale), WithJsonSchema({"type": ["number", "string"], "examples": ["1:100"]})
]
