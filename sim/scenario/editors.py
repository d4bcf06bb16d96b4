"""The JSON schema of scenario files, for editors; names that lead nowhere are seen by `load` only."""

from __future__ import annotations

from typing import Any

from sim.scenario.schema import FORMATS, Scenario
from sim.scenario.sources import Source

Schema = dict[str, Any]
_REF, _PART = "#/$defs/", "PartOf"


def json_schema() -> Schema:
    """What may stand in a file. A file that extends another says only a part: nothing is required of it at any depth,
    and `null` takes away what is inherited. Any other file must be whole, as `$defs` has it under `Scenario`.
    """
    whole = Scenario.model_json_schema(by_alias=True)
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
        return value | {"additionalProperties": _or_null(_of_parts(value["additionalProperties"]))}
    if "anyOf" in value and any("$ref" in one for one in value["anyOf"]):
        return value | {"anyOf": [_of_parts(one) for one in value["anyOf"]]}
    return value


def _or_null(value: Schema) -> Schema:
    return {"anyOf": [value, {"type": "null"}]}
