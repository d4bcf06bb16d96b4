"""How compiled code reaches the arrays of a world: by their addresses, which stand in one record.

A record is one pointer to compiled code. Passing the arrays themselves, fifty of them through a hundred small
functions, took minutes to compile.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array
from numba.np.numpy_support import from_dtype

from sim.model.kernel.layout import ARRAYS, WORLD

gep_inbounds: Any = cgutils.gep_inbounds
make: Any = make_array
populate: Any = populate_array


def _view(name: str) -> Any:
    """The compiled function that gives the array of a world. It owns nothing."""
    number, (kind, dimensions) = list(ARRAYS).index(name), ARRAYS[name]
    assert WORLD.fields is not None
    places = {field: WORLD.fields[field][1] + 8 * number for field in ("address", "length", "width")}
    element = from_dtype(np.dtype(kind))
    array = types.Array(element, dimensions, "C")

    @intrinsic
    def view(typing_context: Any, world: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            record = builder.bitcast(arguments[0], cgutils.voidptr_t)

            def word(field: str) -> Any:
                place = gep_inbounds(builder, record, places[field])
                return builder.load(builder.bitcast(place, cgutils.intp_t.as_pointer()))

            size = cgutils.intp_t(np.dtype(kind).itemsize)
            shape, strides = [word("length")], [size]
            if dimensions == 2:
                shape.append(word("width"))
                strides.insert(0, builder.mul(size, shape[1]))
            out = make(array)(context, builder)
            data = builder.inttoptr(word("address"), out.data.type)
            populate(out, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
            return out._getvalue()

        return array(world), code

    return view


tables = _view("tables")
categories = _view("categories")
districts = _view("districts")
channels = _view("channels")
channel_share = _view("channel_share")
unit_families = _view("unit_families")
family_volume = _view("family_volume")
urgency = _view("urgency")
right_unit = _view("right_unit")
confused_with = _view("confused_with")
limits = _view("limits")
resolve = _view("resolve")
resolve_edges = _view("resolve_edges")
joint_parts = _view("joint_parts")
joint_part_edges = _view("joint_part_edges")
satisfied = _view("satisfied")
opens = _view("opens")
closes = _view("closes")
before = _view("before")
hour_edges = _view("hour_edges")
times = _view("times")
time_edges = _view("time_edges")
on_duty = _view("on_duty")
counts = _view("counts")
count_edges = _view("count_edges")
rostered = _view("rostered")
rostered_edges = _view("rostered_edges")
helpers = _view("helpers")
helper_edges = _view("helper_edges")
helped = _view("helped")
helped_edges = _view("helped_edges")
head_start = _view("head_start")
pools = _view("pools")
events = _view("events")
requests = _view("requests")
visits = _view("visits")
problems = _view("problems")
birth_time = _view("birth_time")
birth_key = _view("birth_key")
birth_district = _view("birth_district")
birth_category = _view("birth_category")
request_keys = _view("request_keys")
request_numbers = _view("request_numbers")
request_rows = _view("request_rows")
visit_rows = _view("visit_rows")
problem_keys = _view("problem_keys")
problem_rows = _view("problem_rows")
