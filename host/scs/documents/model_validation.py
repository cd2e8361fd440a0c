"""Validate a document against a pydantic schema: all errors at once, each with its line.

Role: validate() returns the model, or None and the problems. Invariant: pydantic's own texts
are never shown; each problem names the place, the allowed values and an example that works.
Requirements: REQ-60.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from . import units
from .field_types import MAPPING, WORD, Shape
from .problem import Place, Problem, ProblemError, nearest
from .yaml_reader import Document

Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], document: Document) -> tuple[Model | None, list[Problem]]:
    """Return the document as `model`, or None and all problems.

    A model may have `instead`: what to write in place of a field that it does not have.
    """
    try:
        return model.model_validate(document.value), []
    except ValidationError as reason:
        errors = reason.errors(include_url=False)
    return None, document.located(_problem(model, details) for details in errors)


def _problem(model: type[BaseModel], details: ErrorDetails) -> Problem:
    kind, place = details["type"], _place(details)
    value = units.shown(details["input"])
    if kind == "value_error":
        refused: ProblemError = details["ctx"]["error"]
        return replace(refused.problem, place=place, value=value)
    node = _node(model, place)
    example = flow(_first(node.get("examples")) or "")
    hint = f"; e.g. {example}" if example else ""
    if kind == "missing":
        message = f"is required; e.g. {place[-1]}: {example}"
        return Problem("field-missing", place, message, "", "", example)
    if kind == "extra_forbidden":
        name = str(place[-1])
        if instead := getattr(model, "instead", {}).get(name):
            return Problem("field-unsupported", place, f"is not a field: {instead}")
        names = list(_node(model, place[:-1]).get("properties", {}))
        known = f"{nearest(name, names)}; the fields here are {', '.join(names)}"
        return Problem("field-unknown", place, "unknown field" + (known if names else ""))
    if kind in ("too_short", "too_long"):
        limit = f"{node.get('minItems', 0)} to {node.get('maxItems', 'any')}"
        entries = len(details["input"])
        if kind == "too_long":
            example, hint = "", f"; leave out {entries - details['ctx']['max_length']}"
        message = f"takes {limit} entries, not {entries}{hint}"
        return Problem("list-length", place, message, value, limit, example)
    wanted = "a list" if kind == "list_type" else "a mapping of fields"
    return Problem("value-type", place, f"{value} is not {wanted}{hint}", value, "", example)


def _place(details: ErrorDetails) -> Place:
    tags = (WORD.tag, MAPPING.tag)
    last = len(details["loc"]) - 1
    kept = details["type"] == "extra_forbidden"  # a field of the file may have any name
    loc = enumerate(details["loc"])
    return tuple(part for at, part in loc if part not in tags or (kept and at == last))


@lru_cache(maxsize=8)
def shape_of(model: type[BaseModel]) -> Shape:
    """Return the JSON Schema of a model."""
    from pydantic.json_schema import GenerateJsonSchema

    class AsWritten(GenerateJsonSchema):
        """JSON Schema generator that keeps the order of fields, also within examples."""

        def sort(self, value: Any, parent_key: str | None = None) -> Any:
            return value

    return model.model_json_schema(schema_generator=AsWritten, mode="validation")


def _node(model: type[BaseModel], place: Place) -> Shape:
    """Return the part of the JSON Schema that describes a place; {} if there is none."""
    whole = shape_of(model)
    node = whole
    for part in place:
        node = _inner(whole, node, part)
    return _mapping_of(whole, node)


def _inner(whole: Shape, node: Shape, part: str | int) -> Shape:
    node = _mapping_of(whole, node)
    if isinstance(part, int):
        items: Shape = node.get("items", {})
        example = _first(node.get("examples"))
        return {**items, "examples": example} if example else items
    extra = node.get("additionalProperties")
    inner: Shape = node.get("properties", {}).get(part, extra)
    return inner if isinstance(inner, dict) else {}


def _first(examples: Any) -> Any:
    return examples[0] if examples else None


def _mapping_of(whole: Shape, node: Shape) -> Shape:
    """Resolve a node's $ref; of a union take the mapping. Keeps the field's examples."""
    examples = node.get("examples")
    for _ in range(4):
        if "$ref" in node:
            node = whole["$defs"][node["$ref"].rsplit("/", 1)[1]]
        choices = node.get("anyOf") or node.get("oneOf") or []
        node = next((choice for choice in choices if "$ref" in choice), node)
    return {**node, "examples": examples} if examples else node


def flow(value: Any) -> str:
    """Format a value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
