"""How compiled code of this room is compiled; only ``fold`` is imported where something is measured, as it is slow."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numba as nb

Compiled = Callable[[Callable[..., Any]], Callable[..., Any]]

#: Parts are inlined into entries, which Python calls.
part: Compiled = functools.partial(nb.njit, forceinline=True, error_model="numpy")
entry: Compiled = functools.partial(nb.njit, error_model="numpy", cache=True)
