"""When and how functions are compiled, as far as numba is led to do it otherwise than by itself."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from sim.model import compiling
from sim.model.compiling import entry, inlined, nb, not_inlined, outlined, rule


def test_a_rule_is_compiled_when_first_called_and_for_its_own_types_alone() -> None:
    @rule("uint64(uint64)")
    def half(number: Any) -> Any:
        return number >> np.uint64(1)

    compiled: Any = half
    assert not compiled.signatures
    assert [half(6), half(np.int64(7)), half(True), half(2**64 - 1)] == [3, 3, 0, 2**63 - 1]
    assert compiled.signatures == [(nb.types.uint64,)]


def test_in_compiled_code_a_rule_has_its_own_types_too_and_python_s_code_waits_for_python() -> None:
    @rule("uint64(uint64)")
    def half(number: Any) -> Any:
        return (number - np.uint64(1)) >> np.uint64(1)

    compiled: Any = half

    @nb.njit  # type: ignore[untyped-decorator]
    def twice(count: Any) -> Any:
        return half(count) + half(count)

    assert twice(0) == 2**64 - 2  # not −1, the half of the signed −1, twice
    assert not compiled.signatures
    assert half(0) == 2**63 - 1
    assert compiled.signatures == [(nb.types.uint64,)]


def test_numba_leaves_parts_to_the_entries_that_contain_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "cache_folder", lambda: "")  # where nothing is kept

    @inlined
    def doubled(x: Any) -> Any:
        return 2 * x

    @outlined
    def quadrupled(x: Any) -> Any:
        not_inlined()
        return doubled(doubled(x))

    @inlined
    def eightfold(x: Any) -> Any:
        return quadrupled(doubled(x))

    @entry
    def run(x: Any) -> Any:
        return eightfold(x) + quadrupled(x) + doubled(1)

    def defined(library: Any) -> list[str]:
        return re.findall(r"^define .*?(doubled|quadrupled|eightfold|run)", library.get_llvm_str(), re.MULTILINE)

    assert run(3) == 38
    for one in (doubled, quadrupled, eightfold):
        (compiled,) = one.overloads.values()  # none for the constant
        assert not compiled.library._finalized
        assert defined(compiled.library) == [one.__name__]
        with pytest.raises(TypeError):
            one(3)
    (compiled,) = run.overloads.values()
    assert set(defined(compiled.library)) == {"run", "quadrupled"}  # the others are inlined
