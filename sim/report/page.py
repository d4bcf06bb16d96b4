"""One self-contained HTML page for a run, and one for a comparison."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from sim.report.text import comparison_text, run_text

if TYPE_CHECKING:
    from sim.experiment.compare import Comparison
    from sim.experiment.runs import Run


def _page(title: str, text: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body><h1>{escape(title)}</h1><pre>{escape(text)}</pre></body></html>\n"
    )


def run_page(run: Run) -> str:
    """The report of a run, a whole HTML document."""
    return _page(run.scenario.name, run_text(run))


def comparison_page(comparison: Comparison) -> str:
    """The report of a comparison, a whole HTML document."""
    return _page(" against ".join(reversed(comparison.names)), comparison_text(comparison))
