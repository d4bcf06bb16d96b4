"""What holds for all tests."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from exact import HELD, Held, line
from hypothesis import settings

settings.register_profile("compiling", deadline=None)  # the first call of a function compiles it or imports a library
settings.load_profile("compiling")

_HEAD = (
    "| test | values | largest z | widest interval | broken models rejected, from z |",
    "| --- | --- | --- | --- | --- |",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sizes", action="store_true", help="print what was held against exact values")


def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """What the test holds against exact values goes with its report, also from another process."""
    HELD.clear()
    yield
    item.user_properties.append(("held", [[float(number) for number in one] for one in HELD]))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table of sizes (`make sizes`)."""
    if not config.getoption("--sizes"):
        return
    rows = {}
    for report in terminalreporter.stats.get("passed", []):
        held = [Held(*one) for one in dict(report.user_properties).get("held", [])]
        name = report.nodeid.removeprefix("tests/").replace("|", "/")
        if found := line(name, held):
            rows[report.nodeid] = found
    for row in (*_HEAD, *(rows[name] for name in sorted(rows))):
        terminalreporter.write_line(row)
