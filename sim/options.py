"""What commands of the command line have in common: options, and what their arguments may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sim.inference import Relevance

Command = Callable[..., Any]

#: Characters of what a scenario is called by, and of a value in that.
_LONGEST, _SHORT = 48, 20

_NUMBERED = re.compile(r"(\d+):(.*)", re.DOTALL)


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
    help="Change a value of the scenario; may be repeated. In the path * is any name, the value may be relative: "
    "“units.*.staff=by -10 %”. Of several scenarios, 2:PATH=VALUE changes the second only.",
)
policy_option = click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="FILE.py:FUNCTION",
    help="A policy of your own acts, see docs/policies.md; may be repeated. Of several scenarios, 2:FILE.py:FUNCTION "
    "acts in the second only.",
)
relevant_option = click.option(
    "--relevant",
    multiple=True,
    metavar="SIZE",
    help="The smallest difference that matters to you: in points (1pp) of shares and scores, in percent (2%) of times, "
    "counts and costs; may be repeated.  [default: 0.5pp, 1%]",
)


def by_scenario(option: str, said: Sequence[str], scenarios: Sequence[str]) -> list[list[str | None]]:
    """What is said to each of the scenarios, one list each: to all of them, or, as in “2:what”, to the second only,
    with None in the lists of the others. A usage error for a number that none of them has.
    """
    found: list[list[str | None]] = [[] for _ in scenarios]
    for text in said:
        numbered = _NUMBERED.fullmatch(text)
        number = int(numbered.group(1)) if numbered else 0
        if numbered and not 1 <= number <= len(scenarios):
            there = ", ".join(f"{i} is {name}" for i, name in enumerate(scenarios, 1))
            raise click.UsageError(f"{option} {text}: there is no scenario {number} here ({there})")
        for own, of_one in enumerate(found, 1):
            of_one.append(text if not numbered else numbered.group(2) if own == number else None)
    return found


def for_all(option: str, said: Sequence[str]) -> list[str]:
    """What holds for every scenario, in sentences; what holds for one is told as what differs."""
    return [
        f"{option} {text} holds for every scenario, the baseline too. Write 2:{text} for the second."
        for text in said
        if not _NUMBERED.fullmatch(text)
    ]


def turned(said: Sequence[Sequence[str]], scenarios: Sequence[str]) -> list[str]:
    """What is said to each of the scenarios alone, by several options, in few words: “Roads staff ×0.9”."""
    own: list[list[str]] = [[] for _ in scenarios]
    for text in (text for option in said for text in option):
        if numbered := _NUMBERED.fullmatch(text):
            own[int(numbered.group(1)) - 1].append(_in_few_words(numbered.group(2)))
    texts = (", ".join(of_one) for of_one in own)
    return [text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…" for text in texts]


def _in_few_words(text: str) -> str:
    """The end of a path and its value, where that is short; else the text as it is."""
    from sim.scenario.errors import ReadError, read_path

    try:
        steps, end = read_path(text)
    except ReadError:
        return text
    if end == len(text):
        return text  # the file of a policy
    value, last = text[end + 1 :].strip(), ["all" if step == "*" else step.replace("_", " ") for step, _ in steps[-2:]]
    return " ".join([*last, value] if len(value) <= _SHORT and value[:1] not in "{[" else last)


def relevance_of(sizes: Sequence[str]) -> Relevance:
    """What matters, of sizes such as “1pp” and “2%”."""
    from sim.inference import Relevance

    found = dict[str, float]()
    for size in sizes:
        known = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(pp|%)\s*", size)
        field = {"pp": "points", "%": "part"}[known.group(2)] if known else ""
        if known is None or field in found:
            why = "two sizes of one kind" if known else "no size"
            raise click.UsageError(
                f"--relevant {size}: {why}; write points of shares and scores, such as 0.5pp, or percent of times, "
                "counts and costs, such as 1%"
            )
        found[field] = float(known.group(1)) / 100
    return Relevance(**found)


def simulation_options(command: Command) -> Command:
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
    ):
        command = option(command)
    return command


def replication_options(command: Command) -> Command:
    """And how often."""
    often = click.option(
        "--replications", "-n", type=click.IntRange(1), default=5, show_default=True, help="Replications."
    )
    return often(simulation_options(command))
