"""From a tree to a checked model, with every fault at its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.scenario.defaults import classes_of
from sim.scenario.errors import MOST_FINDINGS, Fault, Finding, Path, ReadError, nearest
from sim.scenario.nodes import Node, find, spot_of
from sim.scenario.numbers import described
from sim.scenario.shape import shape_at

Model = TypeVar("Model", bound=BaseModel)


def validated(
    model: type[Model], node: Node, path: Path, findings: list[Finding], incomplete: bool = False
) -> Model | None:
    """The node as this model; None, with findings at the nodes, if it is not one.

    ``path`` leads to the node. Of a tree that is ``incomplete`` it is not said what is missing.
    """
    try:
        return model.model_validate(node.plain(), context={"classes": classes_of(node)})
    except ValidationError as error:
        for entry in error.errors(include_url=False)[:MOST_FINDINGS]:
            if not (incomplete and entry["type"] == "missing"):
                findings += _located(model, node, path, entry)
    return None


def _located(model: type[BaseModel], root: Node, path: Path, entry: ErrorDetails) -> Iterator[Finding]:
    """An error of the schema as findings with places. What is wrong in a filled-in default is said where it
    came from.
    """
    at = entry["loc"]
    if any(node is not None and node.default for node in (find(root, at[:depth]) for depth in range(len(at) + 1))):
        return
    wrong = entry.get("ctx", {}).get("error")
    if isinstance(wrong, ReadError):
        faults = list(wrong.faults)
    elif entry["type"] == "missing":
        faults = [Fault("is missing")]
    elif entry["type"] == "extra_forbidden":
        shape = shape_at(model, at[:-1])
        faults = [Fault("unknown key" + nearest(str(at[-1]), shape.fields if shape else ()), on_key=True)]
    elif entry["type"] in ("model_type", "dict_type"):
        faults = [Fault(f"a map is wanted, not {described(entry['input'])}")]
    elif entry["type"] == "tuple_type":
        faults = [Fault(f"a list is wanted, not {described(entry['input'])}")]
    else:
        faults = [Fault(entry["msg"])]
    for fault in faults:
        inside = (*at, *fault.at)
        yield spot_of(root, inside, fault.on_key).finding((*path, *inside), fault.message)
