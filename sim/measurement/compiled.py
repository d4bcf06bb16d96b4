"""How compiled code of this room is compiled; only ``fold`` is imported where something is measured, as it is slow."""

from __future__ import annotations

import functools

from sim.model.compiling import Decorator, nb, whole

#: Parts are inlined into entries, which Python calls.
part: Decorator = functools.partial(nb.njit, forceinline=True, error_model="numpy")
entry: Decorator = whole(error_model="numpy")
