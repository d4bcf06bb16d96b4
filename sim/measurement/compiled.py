"""How compiled code of this room is compiled; only ``fold`` is imported where something is measured, as it is slow."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from sim.model.compiling import Decorator, entry, inlined, nb, standalone, with_fields

__all__ = ["LANES", "add_lanes", "entry", "inlined", "maker", "with_fields"]

#: Entries, which Python calls, and what is inlined into them make no arrays. For what makes arrays:
maker: Decorator = standalone(error_model="numpy")

#: Numbers that the processor adds at once.
LANES = 4

_array: Any = make_array
_word: Any = cgutils.intp_t
_check_bounds: Any = cgutils.do_boundscheck


@intrinsic
def _add_lanes(typing_context: Any, sums: Any, numbers: Any, at: Any) -> Any:
    """Add ``LANES`` numbers of an array, from ``at`` on, to those at the same place in another one."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = ir.VectorType(ir.DoubleType(), LANES).as_pointer()
        both = [_array(kind)(context, builder, a) for kind, a in zip(signature.args[:2], arguments[:2], strict=True)]
        if context.enable_boundscheck:
            last = builder.add(arguments[2], _word(LANES - 1))
            for array in both:
                _check_bounds(context, builder, last, builder.extract_value(array.shape, 0))
        to, of = (builder.bitcast(builder.gep(array.data, [arguments[2]]), lanes) for array in both)
        builder.store(builder.fadd(builder.load(to, align=8), builder.load(of, align=8)), to, align=8)
        return context.get_dummy_value()

    return types.none(sums, numbers, types.intp), code


def _add_lanes_slowly(sums: Any, numbers: Any, at: int) -> None:
    """What ``_add_lanes`` does, where nothing is compiled."""
    sums[at : at + LANES] += numbers[at : at + LANES]


add_lanes: Any = _add_lanes_slowly if nb.config.DISABLE_JIT else _add_lanes
