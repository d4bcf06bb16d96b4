"""When and how functions are compiled, as far as numba is led to do it otherwise than by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model.compiling import nb, rule


def test_a_rule_is_compiled_when_first_called_and_for_its_own_types_alone() -> None:
    @rule("uint64(uint64)")
    def half(number: Any) -> Any:
        return number >> np.uint64(1)

    compiled: Any = half
    assert not compiled.signatures
    assert [half(6), half(np.int64(7)), half(True), half(2**64 - 1)] == [3, 3, 0, 2**63 - 1]
    assert compiled.signatures == [(nb.types.uint64,)]


def test_a_rule_first_called_by_compiled_code_has_its_own_types_too() -> None:
    @rule("float64(float64)")
    def third(hours: Any) -> Any:
        return hours / 3.0

    compiled: Any = third

    @nb.njit  # type: ignore[untyped-decorator]
    def twice(count: Any) -> Any:
        return third(count) + third(count)

    assert twice(3) == 2.0
    assert compiled.signatures == [(nb.types.float64,)]
    assert third(6) == 2.0
