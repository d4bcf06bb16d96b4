"""Commands that read what was simulated."""

from __future__ import annotations

from pathlib import Path

import click

from sim.options import path, word
from sim.terminal import say, say_lines


@click.command()
@click.argument("folder", type=path)
@click.option("--out", type=path, help="Where the page goes; default: report.html or one-page.html in FOLDER.")
@click.option("--one-page", is_flag=True, help="A sheet of one page: answer, departments, a figure, assumptions.")
@click.option("--question", default="", help="What was asked: the heading of the sheet.")
@click.option("--figures", type=path, help="A new folder for the figures of the page, as SVG and PNG.")
def report(folder: Path, out: Path | None, one_page: bool, question: str, figures: Path | None) -> None:
    """Write the report of the run in FOLDER anew, or a sheet of one page beside it."""
    from sim.experiment import store
    from sim.report import page
    from sim.report.svg import as_files

    if question and not one_page:
        raise click.UsageError("--question is the heading of the sheet that --one-page writes")
    found, drawn = store.read(folder), set[str]()
    with store.figures_draft(figures) as draft, as_files(None if draft is None else draft.beside) as (written, boxes):
        text = page.one_page(found, question) if one_page else page.run_page(found)
        drawn = {file.stem for file in written}
        if draft is not None:
            draft.keep()
    if one_page:
        say(f"Sheet: {store.replace_page(text, out or folder / 'one-page.html')}")
    else:
        say(f"Report: {store.renew_page(text, folder, out)}")
    if figures is not None:
        say(f"Figures: {figures}: {', '.join(sorted(drawn))}, each as svg and png")
        if boxes:
            say("Chinese names are boxes in the PNG files: this machine has no font for them.", err=True)


@click.command()
@click.argument("folder", type=path)
@click.argument("request", required=False, type=word)
@click.option("--replication", type=click.IntRange(0), default=0, show_default=True, help="Which replication.")
def explain(folder: Path, request: str | None, replication: int) -> None:
    """Tell the life of REQUEST (its key, or the beginning of it) in the run in FOLDER; without it, list some keys."""
    from sim.experiment import store
    from sim.report.explain import candidates
    from sim.report.explain import explain as explain_request

    found = store.read(folder)
    say(candidates(found, replication) if request is None else explain_request(found, request, replication))


@click.command()
@click.argument("folder", type=path)
@click.argument("table", type=word)
@click.option("--replication", type=click.IntRange(0), help="Which replication; default: all.")
@click.option("--bom", is_flag=True, help="Begin with a mark by which Excel knows UTF-8, for names such as 老城.")
@click.option("--out", type=path, help="A new file; default: standard output.")
def export(folder: Path, table: str, replication: int | None, bom: bool, out: Path | None) -> None:
    """Print TABLE of the run in FOLDER as CSV, with dates beside hours; docs/tables.md has the tables."""
    from sim.experiment.export import csv_lines, write_csv

    lines = csv_lines(folder, table, replication, bom)
    if out is None:
        say_lines(lines)
    else:
        say(f"Table: {write_csv(lines, out)}")


COMMANDS = (report, explain, export)
