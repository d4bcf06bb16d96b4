"""How functions are compiled."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.typed_passes import NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes
from numba.extending import intrinsic
from numpy.typing import NDArray

from sim.model.keeping import Kept, cache_folder

nb: Any = numba  # much of it has no types

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


# numba optimises every function, makes native code of it, and optimises it again in each function that contains it.
# With functions in functions in functions that was most of the time to compile. So the code of what is inlined stays as
# numba has written it down, and an entry takes in that of all it calls, and of what these call: it is optimised once.


class _Arguments(tuple[Any, ...]):
    """The types of a function's arguments. numba has them written down before each of its passes, and the name of a
    world, with all its records, is long.
    """

    def __str__(self) -> str:
        return f"{len(self)} arguments"


class _LibraryCode(JITCodeLibrary):
    """The code of a function of compiled code alone, which is neither optimised nor made native."""

    def _optimize_functions(self, module: Any) -> None:
        pass

    def _ensure_finalized(self) -> None:
        pass

    def get_pointer_to_function(self, name: str) -> Any:
        """What answers Python, should it call such a function: a TypeError."""
        return ctypes.cast(ctypes.pythonapi.PyErr_BadArgument, ctypes.c_void_p).value

    @property
    def codegen(self) -> Any:
        """Of native code, only ``set_env`` is asked."""
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Native code would get the address of its constants here."""


class _EntryCode(JITCodeLibrary):
    """The code of an entry and of all that it calls."""

    def finalize(self) -> None:
        """Optimise it and make it native."""
        found: dict[Any, None] = {}
        ahead = list(self._linking_libraries)
        while ahead:
            library = ahead.pop()
            if library not in found:
                found[library] = None
                ahead.extend(library._linking_libraries if isinstance(library, _LibraryCode) else ())
        self._linking_libraries = list(found)
        super().finalize()  # type: ignore[no-untyped-call]


#: Passes that find nothing to do in this code, which has no closures and no arithmetic of arrays.
_IDLE = (InlineClosureLikes, NopythonRewrites)


def _compiler(code: Any) -> Any:
    """numba's compiler, which leaves what it makes of a function in ``code``."""

    class Into(Compiler):
        def define_pipelines(self) -> Any:
            self.state.library = code(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
            self.state.library.enable_object_caching()
            self.state.args = _Arguments(self.state.args)
            pipelines: list[Any] = super().define_pipelines()  # type: ignore[no-untyped-call]
            for pipeline in pipelines:
                pipeline.passes = [step for step in pipeline.passes if step[0] not in _IDLE]
            return pipelines

    return Into


def _kept(signature: str | None = None, **how: Any) -> Decorator:
    """Compile with numba and keep the result."""

    def decorate(function: Callable[..., Any]) -> Any:
        compiled: Any = nb.njit(**how)(function)
        if nb.config.DISABLE_JIT:
            return compiled
        if folder := cache_folder():
            compiled._cache = Kept(function, folder)
        return compiled if signature is None else _of_one_kind(compiled, signature)

    return decorate


def _of_one_kind(function: Any, signature: str) -> Any:
    """The function with this signature alone, compiled or fetched when it is first called.

    Numba would do so at once. Who runs compiled entries, into which rules are inlined, need not wait for the rules.
    """
    compile_as = function.compile

    def compile_once(_types_of_the_call: Any) -> Any:
        with global_compiler_lock:
            if not function.overloads:
                compile_as(signature)
                function.disable_compile()
        (compiled,) = function.overloads.values()
        return compiled.entry_point

    function.compile = compile_once
    return function


def standalone(signature: str | None = None, **how: Any) -> Decorator:
    """For functions that make arrays."""
    return _kept(signature, no_cfunc_wrapper=True, pipeline_class=_compiler(_EntryCode), **how)


def rule(signature: str) -> Decorator:
    """For draws and rules: called from Python one by one, inlined where compiled code calls them.

    There is native code of a rule only once Python has called it. Nothing is allocated in them, so nothing is counted
    either: numba's reference counts would cost more than the work.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        called: Any = standalone(signature, _nrt=False)(function)
        if not nb.config.DISABLE_JIT:
            inlined_one: Any = _of_one_kind(_library_function(function), signature)
            called.get_call_template, called.get_overload = inlined_one.get_call_template, inlined_one.get_overload
        return called

    return decorate


def entry(function: Callable[..., Any]) -> Any:
    """For what Python calls of the compiled engine."""
    return standalone(_nrt=False, error_model="numpy")(function)


@intrinsic
def _not_inlined(typing_context: Any) -> Any:
    """Keep the function in which this stands from being inlined."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return nb.types.none(), code


not_inlined: Any = _not_inlined  #: the first word of an ``outlined`` function


def outlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """For functions of the compiled engine that are called from several places, or seldom: there is one copy of them.

    That spares the compiler, and the processor's cache of instructions. Their first word is ``not_inlined()``.
    """
    return _library_function(function, forceinline=False, error_model="numpy")


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """For functions of the compiled engine, inlined into its entries; only compiled code calls them."""
    return _library_function(function, error_model="numpy")


def _library_function(function: Callable[..., Any], **how: Any) -> Callable[..., Any]:
    how = {"_nrt": False, "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True} | how
    compiled: Any = nb.njit(pipeline_class=_compiler(_LibraryCode), **how)(function)
    if nb.config.DISABLE_JIT:
        return function
    template = compiled.get_call_template
    # numba would make a copy for each constant with which it is called
    compiled.get_call_template = lambda types, named: template(tuple(map(nb.types.unliteral, types)), named)
    return compiled  # type: ignore[no-any-return]


def with_fields(records: NDArray[Any]) -> Any:
    """Records whose fields compiled code knows as attributes; Python, where nothing is compiled, in this form alone."""
    return records.view(np.recarray) if nb.config.DISABLE_JIT else records
