"""How compiled code of this room is compiled; only ``fold`` is imported where something is measured, as it is slow."""

from __future__ import annotations

from sim.model.compiling import Decorator, entry, part, whole

__all__ = ["entry", "maker", "part"]

#: Parts are inlined into entries, which Python calls; neither makes arrays. For what makes arrays:
maker: Decorator = whole(error_model="numpy")
