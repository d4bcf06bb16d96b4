"""The JSON schema of scenario files, for editors; names that lead nowhere are seen by `load` only."""

from __future__ import annotations

import json
import typing
from typing import Any

from pydantic import BaseModel

from sim.scenario.csv_tables import TABLE, tabular
from sim.scenario.relative import PATTERN
from sim.scenario.schema import FORMATS, Scenario
from sim.scenario.shape import Shape
from sim.scenario.sources import Source

Schema = dict[str, Any]
_REF, _PART, _RELATIVE = "#/$defs/", "PartOf", "Relative"
_FILE = {"type": "string", "pattern": r"\.[cC][sS][vV]$", "description": "a CSV file in this file's folder"}


def json_schema() -> Schema:
    """What may stand in a file. A file that extends another says only a part: nothing is required of it at any depth,
    `null` takes away what is inherited, and a relative value changes it. Any other file must be whole, as `$defs` has
    it under `Scenario`.
    """
    whole = Scenario.model_json_schema(by_alias=True)
    _add_tables(Scenario, whole, whole["$defs"], set())
    source = {"anyOf": [{"type": "string"}, Source.model_json_schema()]}
    whole["properties"] |= {
        "format": {"enum": list(FORMATS), "description": f"{FORMATS[0]} where it is absent"},
        "extends": {"type": ["string", "null"], "description": "a file in this file's folder, or one that ships"},
        "sources": {"type": ["object", "null"], "additionalProperties": source},
    }
    sections = whole.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_part(whole),
        "if": {"required": ["extends"], "properties": {"extends": {"type": "string"}}},
        "else": {"$ref": f"{_REF}Scenario"},
        "$defs": {
            **sections,
            "Scenario": whole,
            _RELATIVE: {"type": "string", "pattern": PATTERN, "examples": ["by +2", "by -10 %", "×0.9"]},
            **{f"{_PART}{name}": _part(section) for name, section in sections.items()},
        },
    }


def _part(section: Schema) -> Schema:
    """The schema of a section as an overlay may give it."""
    properties = {key: _or_null(_of_parts(value)) for key, value in section["properties"].items()}
    return {key: value for key, value in section.items() if key != "required"} | {"properties": properties}


def _of_parts(value: Schema) -> Schema:
    """The same with parts of sections for sections. Lists and other wholes, which an overlay replaces, stay whole."""
    if "$ref" in value:
        return value | {"$ref": value["$ref"].replace(_REF, _REF + _PART)}
    if isinstance(value.get("additionalProperties"), dict):
        named = {key: _of_parts(one) for key, one in value.get("properties", {}).items()}
        return value | {
            "additionalProperties": _or_null(_of_parts(value["additionalProperties"])),
            **({"properties": named} if named else {}),
        }
    if "anyOf" in value and any("$ref" in one or _holds_maps(one) for one in value["anyOf"]):
        return value | {"anyOf": [_of_parts(one) for one in value["anyOf"]]}
    return value


def _holds_maps(value: Schema) -> bool:
    entry = value.get("additionalProperties")
    return isinstance(entry, dict) and ("additionalProperties" in entry or "$ref" in entry)


def _or_null(value: Schema) -> Schema:
    """The same, or null, or a relative value where no text, name, choice, flag or section stands."""
    kinds = value.get("anyOf", [value])
    fixed = any("enum" in kind or kind.get("type") == "boolean" for kind in kinds)
    fixed = fixed or f"{_REF}{_PART}" in json.dumps(value)
    return {"anyOf": [value, {"type": "null"}, *([] if fixed else [{"$ref": f"{_REF}{_RELATIVE}"}])]}


def _add_tables(model: type[BaseModel], schema: Schema, sections: Schema, done: set[str]) -> None:
    """Let tables stand where they may in the schema of a model, and in those of all sections below it."""
    for key, shape in Shape(model).fields.items():
        if tabular(shape):
            schema["properties"][key] = _or_table(schema["properties"][key], shape)
        inner = shape.item.section if typing.get_origin(shape.type) in (dict, tuple) else shape.section
        if inner and inner.__name__ not in done:
            done.add(inner.__name__)
            _add_tables(inner, sections[inner.__name__], sections, done)


def _or_table(value: Schema, shape: Shape) -> Schema:
    """The same, or from a table: of a map, one of its entries may say so."""
    if "anyOf" in value:
        return value | {"anyOf": [_or_table(one, shape) for one in value["anyOf"]]}
    if "additionalProperties" in value:
        entry = value["additionalProperties"]
        entry = _or_table(entry, shape.item) if tabular(shape.item) else entry
        return value | {"additionalProperties": entry, "properties": {TABLE: {"anyOf": [entry, _FILE]}}}
    if value.get("type") != "array":
        return value
    table = {"type": "object", "required": [TABLE], "properties": {TABLE: _FILE}, "additionalProperties": False}
    return {"anyOf": [value, table]}
