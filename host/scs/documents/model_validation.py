"""Validate a document against a pydantic schema: all errors at once, each with its line.

Role: validate() returns the model, or None and the complaints. Invariant: pydantic's own texts
are never shown; each error names the place, the allowed values and an example that works.
Requirements: REQ-60.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, Tag, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails

from . import units
from .field_types import Shape
from .problem import Place, Problem, nearest, path_text
from .yaml_reader import Document

Model = TypeVar("Model", bound=BaseModel)

WORD, MAPPING = Tag("~word"), Tag("~mapping")  # of the unions; no part of a place in the file
# what pydantic reports: the complaint's id
KINDS = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "too_short": "range",
    "too_long": "range",
}


def word_or_mapping(value: Any) -> str:
    """Return the discriminator tag of a field that is a word or a mapping."""
    return (MAPPING if isinstance(value, dict) else WORD).tag


def validate(model: type[Model], document: Document) -> tuple[Model | None, list[Problem]]:
    """Return the document as `model`, or None and all complaints."""
    try:
        return model.model_validate(document.value), []
    except ValidationError as reason:
        errors = reason.errors(include_url=False)
    return None, [_complaint(model, document, details) for details in errors]


def _complaint(model: type[BaseModel], document: Document, details: ErrorDetails) -> Problem:
    place = _place(details)
    kind = KINDS.get(details["type"], "type")
    around = _node(model, place[:-1])
    example = _example(_node(model, place))
    value, limit = units.shown(details["input"]), ""
    if kind == "missing":
        value, message = "", f"is required; write for example {place[-1]}: {example}"
    elif kind == "unknown":
        example = ""
        value, message = "", "unknown field" + _known(str(place[-1]), around)
    elif kind == "range":
        limit, found = _length(_node(model, place)), len(details["input"])
        message = f"takes {limit} entries, not {found}; write for example {example}"
        if details["type"] == "too_long":
            over = found - details["ctx"]["max_length"]
            message, example = f"takes {limit} entries, not {found}; leave out {over}", ""
    elif "message" in details.get("ctx", {}):
        about = details["ctx"]
        kind, message = details["type"], about["message"]
        limit, example = about["limit"], about["example"]
    else:
        wanted = "a list" if details["type"] == "list_type" else "a mapping of fields"
        message = f"{value} is not {wanted}" + (f"; write for example {example}" if example else "")
    return Problem(kind, path_text(place), document.line(place), message, value, limit, example)


def _place(details: ErrorDetails) -> Place:
    tags = (WORD.tag, MAPPING.tag)
    last = len(details["loc"]) - 1
    kept = details["type"] == "extra_forbidden"  # a field of the file may have any name
    loc = enumerate(details["loc"])
    return tuple(part for at, part in loc if part not in tags or (kept and at == last))


def _known(word: str, around: Shape) -> str:
    names = list(around.get("properties", {}))
    return f"{nearest(word, names)}; the fields here are {', '.join(names)}" if names else ""


def _length(node: Shape) -> str:
    return f"{node.get('minItems', 0)} to {node.get('maxItems', 'any')}"


class _AsWritten(GenerateJsonSchema):
    """JSON Schema generator that keeps the order of fields, also within examples."""

    def sort(self, value: Any, parent_key: str | None = None) -> Any:
        return value


@lru_cache(maxsize=8)
def shape_of(model: type[BaseModel]) -> Shape:
    """Return the JSON Schema of a model."""
    return model.model_json_schema(schema_generator=_AsWritten, mode="validation")


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


def _example(node: Shape) -> str:
    return flow(_first(node.get("examples")) or "")


def flow(value: Any) -> str:
    """Format a value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
