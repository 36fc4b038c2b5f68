"""Gemini's schemas of tools, which follow OpenAPI 3.0, as JSON Schema.

Source: PyPI google-genai 3.4.0, types.py, class Schema, read 2026-11-24.
"""

from __future__ import annotations

from typing import Any

from rolecall.wire.translate.shapes import Json

_WITHIN = ("items", "additionalProperties", "not")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_BY_NAME = ("properties", "$defs", "defs")
_OWN = frozenset({"propertyOrdering", "property_ordering", "nullable", "example"})
_NUMBERS = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties"})
_SPELLED = {"any_of": "anyOf", "min_items": "minItems", "max_items": "maxItems"}


def plain_schema(found: Json) -> Json:
    """Types in small letters, `nullable` as a type, counts as numbers."""
    told: Json = {}
    for spelled, value in found.items():
        key = _SPELLED.get(spelled, spelled)
        if key not in _OWN:
            told[key] = _value(key, value)
    if found.get("nullable") is True and isinstance(told.get("type"), str):
        told["type"] = [told["type"], "null"]
    return told


def _value(key: str, value: Any) -> Any:
    match value:
        case str() if key == "type":
            return value.lower()
        case str() if key in _NUMBERS and value.isdigit():
            return int(value)
        case dict() if key in _BY_NAME:
            return {n: plain_schema(v) if isinstance(v, dict) else v for n, v in value.items()}
        case dict() if key in _WITHIN:
            return plain_schema(value)
        case list() if key in _LISTS:
            return [plain_schema(one) if isinstance(one, dict) else one for one in value]
        case _:
            return value
