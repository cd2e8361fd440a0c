"""Field types of the YAML files: quantities, whole numbers, words and texts with their ranges.

Role: pydantic leaf types whose errors give value, limit and example. Each also has a
JSON Schema, so that an editor and this program refuse the same values.
Invariant: after validation a quantity is an integer on its grid. Requirements: REQ-21, REQ-60.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from . import units
from .problem import ProblemError, nearest

Shape = dict[str, Any]  # a JSON Schema


class Strict(BaseModel):
    """Mapping that refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class OneOf(Strict):
    """Mapping with exactly one of its fields; `example` is one, as YAML."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})
    example: ClassVar[str]

    @model_validator(mode="after")
    def _exactly_one(self) -> OneOf:
        names = list(type(self).model_fields)
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) == 1:
            return self
        message = f"takes one of {' or '.join(names)}, not {' and '.join(given) or 'neither'}"
        message += f"; e.g. {self.example}"
        raise ProblemError("one-of", message, " or ".join(names), self.example)


def absent() -> None:
    """Return None: default factory of an optional field, which keeps null out of the schema."""


@dataclass(frozen=True)
class Given:
    """Annotation for `X | None`: the field may be omitted, but not left empty."""

    model: type[BaseModel]

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self.model)


class Leaf:
    """Leaf type: `read` converts the YAML value to Python, `shape` returns its JSON Schema."""

    def read(self, value: Any) -> Any:
        raise NotImplementedError

    def shape(self) -> Shape:
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> Shape:
        return self.shape()


@dataclass(frozen=True)
class Quantity(Leaf):
    """Integer number of `grid` units, `least` to `most`; `law` names the source of the limit.

    below: what to write instead of a value below the least, if that can be said otherwise.
    """

    grid: str
    least: int
    most: int
    example: str
    about: str = ""
    law: str = ""
    below: str = ""

    def span(self) -> str:
        """Return the allowed range as text."""
        return f"{units.text(self.least, self.grid)} to {units.text(self.most, self.grid)}"

    def read(self, value: Any) -> int:
        try:
            steps = units.integer(value, self.grid, self.example)
        except units.UnitError as reason:
            kind, message = reason.problem.id, reason.problem.message
            raise ProblemError(kind, message, self.span(), self.example) from None
        if not self.least <= steps <= self.most:
            raise _out_of_range(value, steps, self, self.below)
        return steps

    def shape(self) -> Shape:
        written = "|".join(re.escape(unit) for unit in units.WRITTEN[self.grid])
        written = (
            written.replace("u", "[uµμ]").replace("ohm", "(ohm|Ω)").replace("\\^2", "(\\^2|²)")
        )
        number = r"[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?"
        sign = "[+-]?" if self.least < 0 else "\\+?"
        return {
            "type": "string",
            "pattern": f"^\\s*{sign}{number}\\s*({written})\\s*$",
            "description": f"{self.about}: {self.span()}, in {', '.join(units.WRITTEN[self.grid])},"
            f" on a grid of 1 {self.grid}",
            "examples": [self.example],
        }


@dataclass(frozen=True)
class Whole(Leaf):
    """Whole number from `least` to `most`, without a unit."""

    least: int
    most: int
    example: str
    about: str = ""
    law: str = ""

    def span(self) -> str:
        """Return the allowed range as text."""
        return f"{self.least} to {self.most}"

    def read(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            message = f"{units.shown(value)} is not a whole number"
            message += f"; e.g. {self.example}"
            raise ProblemError("whole-number", message, self.span(), self.example)
        if not self.least <= value <= self.most:
            raise _out_of_range(value, value, self)
        return value

    def shape(self) -> Shape:
        return {
            "type": "integer",
            "description": f"{self.about}: {self.span()}",
            "minimum": self.least,
            "maximum": self.most,
            "examples": [int(self.example)],
        }


def _out_of_range(value: Any, steps: int, leaf: Quantity | Whole, below: str = "") -> ProblemError:
    low = steps < leaf.least
    side = "below the minimum" if low else "above the maximum"
    law = f" ({leaf.law})" if leaf.law else ""
    message = f"{units.shown(value)} is {side}; allowed range {leaf.span()}{law}"
    message += f"; e.g. {leaf.example}"
    message += f"; {below}" if low and below else ""
    return ProblemError("out-of-range", message, leaf.span(), leaf.example)


@dataclass(frozen=True)
class Text(Leaf):
    """One line of text, 1 to `most` characters."""

    most: int
    example: str
    about: str = ""

    def read(self, value: Any) -> str:
        hint = f"e.g. {self.example}"
        if not isinstance(value, str):
            quote = ' (put a text such as a number in "quotes")' if value is not None else ""
            message = f"{units.shown(value)} is not a text{quote}; {hint}"
            raise ProblemError("text-type", message, "", self.example)
        if not 1 <= len(value.strip()) <= len(value) <= self.most or not value.isprintable():
            message = f"{units.shown(value)} is not one line of 1 to {self.most} characters; {hint}"
            limit = f"1 to {self.most} characters"
            raise ProblemError("text-length", message, limit, self.example)
        return value.strip()

    def shape(self) -> Shape:
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": self.most,
            "description": f"{self.about}: one line of 1 to {self.most} characters",
            "examples": [self.example],
        }


@dataclass(frozen=True)
class Word(Leaf):
    """One of a few fixed words; `else_` describes the alternative that is not a word.

    instead: what to write in place of a word that is none of them.
    """

    words: tuple[str, ...]
    example: str
    about: str = ""
    else_: str = ""
    instead: tuple[tuple[str, str], ...] = ()

    def read(self, value: Any) -> str:
        if isinstance(value, str) and value in self.words:
            return value
        instead = dict(self.instead).get(value) if isinstance(value, str) else None
        close = nearest(value, self.words) if isinstance(value, str) and not instead else ""
        listed = ", ".join((*self.words, self.else_) if self.else_ else self.words)
        hint = instead or f"e.g. {self.else_ or self.example}"
        message = f"{units.shown(value)} is not one of: {listed}{close}; {hint}"
        example = self.words[0] if instead else self.example
        raise ProblemError("word-unknown", message, listed, example)

    def shape(self) -> Shape:
        return {"enum": list(self.words), "description": self.about, "examples": [self.example]}


WORD, MAPPING = Tag("~word"), Tag("~mapping")  # of the unions; no part of a place in the file


def word_or_mapping(value: Any) -> str:
    """Return the discriminator tag of a field that is a word or a mapping."""
    return (MAPPING if isinstance(value, dict) else WORD).tag


@dataclass(frozen=True)
class Flag(Leaf):
    """Boolean: true or false."""

    about: str = ""

    def read(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        message = f"{units.shown(value)} is neither true nor false; e.g. true"
        raise ProblemError("flag-type", message, "true, false", "true")

    def shape(self) -> Shape:
        return {"type": "boolean", "description": self.about, "examples": [True]}
