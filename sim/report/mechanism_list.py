"""What `citysim mechanisms` prints: which mechanisms there are, what each needs and can be told, which are on."""

from __future__ import annotations

import textwrap
import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from sim.model.city import build_city
from sim.report.mechanisms import MECHANISMS, in_words
from sim.scenario.needs import NEEDS
from sim.scenario.policies import Policies

if TYPE_CHECKING:
    from sim.scenario import Scenario

_WIDTH = 79


def mechanism_list(scenario: Scenario | None = None) -> list[dict[str, Any]]:
    """One entry for each; with a scenario also whether it is `on` there, and what it does `here`.

    `keys` are the parameters as they are written in YAML; `needs` is what must be there for the mechanism, "", or for a
    parameter (`after: due`: for this value of it).
    """
    here = {} if scenario is None else in_words(build_city(scenario))
    entries = []
    for key, mechanism in MECHANISMS.items():
        entry: dict[str, Any] = {
            "key": f"policies.{key}",
            "english": mechanism.english,
            "chinese": mechanism.chinese,
            "what": mechanism.what,
            "part_of": mechanism.part_of and f"policies.{mechanism.part_of}",
            "needs": _needs(f"policies.{key}"),
            "keys": list(_keys(_section(Policies, key))),
        }
        if scenario is not None:
            entry |= {"on": key in here, "here": here.get(key, "")}
        entries.append(entry)
    return entries


def mechanism_text(entries: list[dict[str, Any]], name: str = "") -> str:
    """For reading, in 80 columns; `name` is that of the scenario, "" for none."""
    lines = []
    if name:
        on = {entry["part_of"] or entry["key"] for entry in entries if entry["on"]}
        whole = [entry for entry in entries if not entry["part_of"]]
        lines += [f"In “{name}” {len(on)} of {len(whole)} are on.", ""]
    for entry in entries:
        state = "" if not name else "  – on" if entry["on"] else "  – off"
        part = f", part of {entry['part_of']}" if entry["part_of"] else ""
        lines.append(f"{entry['english']} ({entry['chinese']}), {entry['key']}{part}{state}")
        lines += _wrapped(entry["what"])
        lines += _wrapped(f"Keys: {', '.join(entry['keys'])}")
        for key, needs in entry["needs"].items():
            lines += _wrapped(f"“{key}” needs {needs}." if key else f"Needs {needs}.")
        if entry.get("here"):
            lines += _wrapped(f"Here: {entry['here'].split('): ', 1)[1]}")
        lines.append("")
    return "\n".join(lines[:-1])


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)


def _needs(mechanism: str) -> dict[str, str]:
    """What a mechanism needs, and what its parameters need beyond that."""
    needs = (need for need in NEEDS if need.key == mechanism or need.key.startswith(f"{mechanism}."))
    return {f"{n.key[len(mechanism) + 1 :]}{f': {n.value}' if n.value else ''}": n.needs for n in needs}


def _section(model: type[BaseModel], field: str) -> type[BaseModel] | None:
    """The model of a field that has keys of its own."""
    hint = model.model_fields[field].annotation
    kinds = (hint, *typing.get_args(hint))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _keys(section: type[BaseModel] | None, before: str = "") -> Iterator[str]:
    """The keys as they are written in YAML, those of sections within it after their name and a dot."""
    if section is None:
        return
    for field, what in section.model_fields.items():
        key = f"{before}{what.alias or field}"
        inner = _section(section, field)
        yield from [key] if inner is None else _keys(inner, f"{key}.")
