"""What commands of the command line have in common: options, and what their arguments may be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def word(text: str) -> str:
    """A word that libraries understand which know only UTF-8."""
    if "\0" in text or text != text.encode("utf-8", "replace").decode("utf-8"):
        raise click.BadParameter(f"{text} is no UTF-8 text, as names, paths and keys are here")
    return text


def path(text: str) -> Path:
    """A path, of something that may be or not."""
    return Path(word(text))


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a value of the scenario; may be repeated.",
)


def replication_options(command: Command) -> Command:
    """Options of every command that simulates."""
    for option in (
        click.option("--processes", type=click.IntRange(1), help="Processes at once; default: one a core."),
        click.option(
            "--engine",
            type=click.Choice(["auto", "simpy", "compiled"]),
            default="auto",
            show_default=True,
            help="The readable engine, the fast one, or whichever is done first; they give the same.",
        ),
        click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Seed."),
        click.option(
            "--replications", "-n", type=click.IntRange(1), default=5, show_default=True, help="Replications."
        ),
    ):
        command = option(command)
    return command
