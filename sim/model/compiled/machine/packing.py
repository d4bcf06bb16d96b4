"""Plans as records of compiled code: the fields of a dataclass under their own names, nested as the plans are.

Numbers, flags, choices and the numbers of tables are packed, and plans within plans. A plan that may be None has a
field ``on`` before its own. Names are left out, and so is what has arrays of its own: arrays and tuples of any length.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, Union

import numpy as np

_NUMBERS = {float: "f8", int: "i8", bool: "i1"}


def record_of(plan: Any, optional: bool = False) -> np.dtype[Any]:
    """The record of a plan. Raises ``TypeError`` for a field of a type that compiled code does not know."""
    fields: list[Any] = [("on", "i1")] if optional else []
    fields += [(name, *_format(hint)) for name, hint in packed_fields(plan)]
    return np.dtype(fields, align=True)


def values_of(plan: Any) -> tuple[Any, ...]:
    """The values of a plan's record."""
    kind: Any = type(plan)
    return tuple(_value(hint, getattr(plan, name)) for name, hint in packed_fields(kind))


def optional_values(plan: Any, record: np.dtype[Any]) -> Any:
    """Those of a plan that may be None."""
    return np.zeros((), record).item() if plan is None else (True, *values_of(plan))


@cache
def packed_fields(plan: Any) -> tuple[tuple[str, Any], ...]:
    """Names and types of the fields that are packed."""
    hints = typing.get_type_hints(plan, include_extras=True)
    return tuple((name, hint) for name, hint in hints.items() if not _is_left_out(hint))


def optional_plans(plan: Any) -> Iterator[tuple[str, type]]:
    """The plans within a plan that may be None."""
    hints = typing.get_type_hints(plan, include_extras=True)
    return ((name, inner) for name, hint in hints.items() if (inner := _inner(hint)))


def _inner(hint: Any) -> Any:
    """The plan, where it may be None."""
    if typing.get_origin(hint) not in (Union, types.UnionType):
        return None
    inner, *nothing = sorted(typing.get_args(hint), key=lambda kind: kind is type(None))
    return inner if nothing == [type(None)] and dataclasses.is_dataclass(inner) else None


def _is_left_out(hint: Any) -> bool:
    origin = typing.get_origin(hint)
    return hint is str or origin is np.ndarray or (origin is tuple and typing.get_args(hint)[-1] is Ellipsis)


def _format(hint: Any) -> tuple[Any, ...]:
    if hint in _NUMBERS:
        return (_NUMBERS[hint],)
    if typing.get_origin(hint) is Literal:
        return ("i8",)
    if typing.get_origin(hint) is Annotated:  # an array of so many numbers
        return ("f8", (hint.__metadata__[0],))
    if inner := _inner(hint):
        return (record_of(inner, optional=True),)
    if dataclasses.is_dataclass(hint):
        return (record_of(typing.cast(type, hint)),)
    raise TypeError(f"compiled code does not know {hint}")


def _value(hint: Any, value: Any) -> Any:
    if typing.get_origin(hint) is Literal:
        return typing.get_args(hint).index(value)
    if inner := _inner(hint):
        return optional_values(value, record_of(inner, optional=True))
    return values_of(value) if dataclasses.is_dataclass(value) else value
