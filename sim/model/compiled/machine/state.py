"""How compiled code reaches the arrays of a world: by their addresses, which stand in one record.

A record is one pointer to compiled code. Passing the arrays themselves, fifty of them through a hundred small
functions, took minutes to compile.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array
from numba.np.numpy_support import as_dtype, from_dtype

from sim.model.compiled.machine.layout import ARRAYS, CACHE_LINE, REQUEST, WORLD

gep_inbounds: Any = cgutils.gep_inbounds
check_bounds: Any = cgutils.do_boundscheck
copy: Any = cgutils.raw_memcpy
make: Any = make_array
populate: Any = populate_array


def _word(builder: Any, world: Any, name: str, field: str) -> Any:
    """The address, length or width of an array, out of the world's record."""
    assert WORLD.fields is not None
    record = builder.bitcast(world, cgutils.voidptr_t)
    place = gep_inbounds(builder, record, WORLD.fields[field][1] + 8 * list(ARRAYS).index(name))
    return builder.load(builder.bitcast(place, cgutils.intp_t.as_pointer()))


def _array(name: str) -> Any:
    """The compiled function that gives the array of a world. It owns nothing."""
    kind, dimensions = ARRAYS[name]
    array = types.Array(from_dtype(np.dtype(kind)), dimensions, "C")

    @intrinsic
    def view(typing_context: Any, world: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            size = cgutils.intp_t(np.dtype(kind).itemsize)
            shape, strides = [_word(builder, arguments[0], name, "length")], [size]
            if dimensions == 2:
                shape.append(_word(builder, arguments[0], name, "width"))
                strides.insert(0, builder.mul(size, shape[1]))
            out = make(array)(context, builder)
            data = builder.inttoptr(_word(builder, arguments[0], name, "address"), out.data.type)
            populate(out, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
            return out._getvalue()

        return array(world), code

    return view


def _element(name: str, before: str = "") -> Any:
    """The compiled function that gives one element of an array; indices do not count from the end.

    As many records as the array ``before`` has lie before the first one, from index −2 downwards.
    """
    element = from_dtype(np.dtype(ARRAYS[name][0]))

    @intrinsic
    def view(typing_context: Any, world: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            at = context.cast(builder, arguments[1], signature.args[1], types.intp)
            if context.enable_boundscheck:
                size, first = _word(builder, arguments[0], name, "length"), at
                if before:
                    room = builder.add(_word(builder, arguments[0], before, "length"), cgutils.intp_t(1))
                    size, first = builder.add(size, room), builder.add(at, room)
                check_bounds(context, builder, first, size)
            kind = context.get_data_type(element).as_pointer()
            data = builder.inttoptr(_word(builder, arguments[0], name, "address"), kind)
            return context.unpack_value(builder, element, builder.gep(data, [at]))

        return element(world, index), code

    return view


def _prefetch(lines: int) -> Any:
    """The compiled function that lets the processor fetch a record of so many cache lines, which is needed soon."""

    @intrinsic
    def fetch(typing_context: Any, record: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            start, number = builder.bitcast(arguments[0], cgutils.voidptr_t), ir.IntType(32)
            signature_of = ir.FunctionType(ir.VoidType(), [start.type, number, number, number])
            prefetch = builder.module.declare_intrinsic("llvm.prefetch", [start.type], signature_of)
            for line in range(lines):
                place = gep_inbounds(builder, start, line * CACHE_LINE)
                builder.call(prefetch, [place, number(1), number(3), number(1)])  # to write, to keep, data
            return context.get_dummy_value()

        return types.none(record), code

    return fetch


@intrinsic
def _copy_fields(typing_context: Any, to: Any, of: Any) -> Any:
    """Copy the fields that both records have, which are of the same type in both."""
    target: Any = as_dtype(to)
    origin: Any = as_dtype(of)
    shared = [name for name in target.names if name in origin.names]
    assert all(target[name] == origin[name] for name in shared)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        records = [builder.bitcast(record, cgutils.voidptr_t) for record in arguments]
        for name in shared:
            places = (kind.fields[name][1] for kind in (target, origin))
            pointers = [gep_inbounds(builder, *both) for both in zip(records, places, strict=True)]
            copy(builder, *pointers, cgutils.intp_t(1), cgutils.intp_t(target[name].itemsize))
        return context.get_dummy_value()

    return types.none(to, of), code


copy_fields: Any = _copy_fields
prefetch_event = prefetch_task = _prefetch(1)
prefetch_problem = _prefetch(2)
prefetch_request = _prefetch(REQUEST.itemsize // CACHE_LINE - 1)  # few mechanisms need the last line

# whole arrays
tables = _array("tables")
channels = _array("channels")
channel_names = _array("channel_names")
channel_share = _array("channel_share")
line_of = _array("line_of")
answered_by = _array("answered_by")
number_weights = _array("number_weights")
number_names = _array("number_names")
class_names = _array("class_names")
unit_names = _array("unit_names")
family_volume = _array("family_volume")
urgency = _array("urgency")
right_unit = _array("right_unit")
confused_with = _array("confused_with")
limits = _array("limits")
opens = _array("opens")
closes = _array("closes")
before = _array("before")
today = _array("today")
workdays = _array("workdays")
time_edges = _array("time_edges")
head_start = _array("head_start")
row = _array("row")
heap = _array("heap")
later = _array("later")
buckets = _array("buckets")
roster_step = _array("roster_step")
requests = _array("requests")
problems = _array("problems")
request_rows = _array("request_rows")
visit_rows = _array("visit_rows")
problem_rows = _array("problem_rows")

# one element each
category = _element("categories")
district = _element("districts")
channel = _element("channels")
phone_line = _element("phone_lines")
unit_family = _element("unit_families")
resolve = _element("resolve")
constant = _element("constants")
resolve_edge = _element("resolve_edges")
joint_part = _element("joint_parts")
joint_part_edge = _element("joint_part_edges")
hour_edge = _element("hour_edges")
time = _element("times")
time_edge = _element("time_edges")
on_duty = _element("on_duty")
count = _element("counts")
count_edge = _element("count_edges")
rostered = _element("rostered")
rostered_edge = _element("rostered_edges")
helper = _element("helpers")
helper_edge = _element("helper_edges")
helped = _element("helped")
helped_edge = _element("helped_edges")
pool = _element("pools")
line = _element("lines")
watch_limit = _element("watch_limit")
watch_edge = _element("watch_edges")
trust = _array("trust")
answered = _array("answered")
trust_turns = _array("trust_turns")
seen = _array("seen")
handling = _array("handling")
effort_done = _array("effort_done")
effort_last = _array("effort_last")
counts_of = _array("counts_of")
published = _array("published")
pressures = _array("pressures")
efforts = _array("efforts")
watch_begun = _array("watch_begun")
watch_late = _array("watch_late")
bucket = _element("buckets")
row_event = _element("row")
heap_event = _element("heap")
later_event = _element("later")
request = _element("requests")
blank = _element("blank")
task = _element("tasks", before="parts")
part = _element("parts")
whistle_of_class = _element("whistle_of_class")
blown = _array("blown")
whistle_budget = _array("whistle_budget")
goes_from = _array("goes_from")
month_turns = _array("month_turns")
upkeep_begins = _array("upkeep_begins")
upkeep_keys = _array("upkeep_keys")
upkept = _array("upkept")
report_workdays = _array("report_workdays")
parts = _array("parts")
patrol_key = _element("patrol_keys")
patrol_times = _array("patrol_times")
patrol_spans = _array("patrol_spans")
patrol_shares = _array("patrol_shares")
patrol_dates = _array("patrol_dates")
patrol_steps = _array("patrol_steps")
place_pool = _array("place_pool")
place_district = _array("place_district")
place_key = _array("place_key")
place_share = _array("place_share")
patrol_short = _array("patrol_short")
beat = _element("beats")
patrols = _array("patrols")
patrols_to_go = _array("patrols_to_go")
patrol_weights = _array("patrol_weights")
complaints = _array("complaints")
problem = _element("problems")
standing = _element("standing")
birth_time = _element("birth_time")
birth_key = _element("birth_key")
birth_report = _element("birth_report")
birth_district = _element("birth_district")
birth_category = _element("birth_category")
