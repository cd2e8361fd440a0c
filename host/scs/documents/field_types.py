"""Field types of the YAML files: quantities, whole numbers, words and texts with their ranges.

Role: pydantic leaf types whose errors give value, limit and example. Each also has a
JSON Schema, so that an editor and this program refuse the same values.
Invariant: after validation a quantity is an integer on its grid. Requirements: REQ-21, REQ-60.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from . import units
from .problem import nearest

Shape = dict[str, Any]  # a JSON Schema


def refuse(kind: str, message: str, limit: str = "", example: str = "") -> PydanticCustomError:
    """Return a pydantic error with a complete message; `kind` becomes the complaint's id."""
    about = {"message": message, "limit": limit, "example": example}
    return PydanticCustomError(kind, "{message}", about)


class Strict(BaseModel):
    """Mapping that refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    """Integer number of `grid` units, `least` to `most`; `law` names the source of the limit."""

    grid: str
    least: int
    most: int
    example: str
    about: str = ""
    law: str = ""

    def span(self) -> str:
        """Return the allowed range as text."""
        return f"{units.text(self.least, self.grid)} to {units.text(self.most, self.grid)}"

    def read(self, value: Any) -> int:
        try:
            steps = units.integer(value, self.grid, self.example)
        except units.UnitError as reason:
            raise refuse(reason.kind, str(reason), self.span(), self.example) from None
        _in_range(units.shown(value), steps, self, self.span())
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
            "description": f"{self.about}: {self.span()}, on a grid of 1 {self.grid}",
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

    def read(self, value: Any) -> int:
        span = f"{self.least} to {self.most}"
        if isinstance(value, bool) or not isinstance(value, int):
            message = (
                f"{units.shown(value)} is not a whole number; write for example {self.example}"
            )
            raise refuse("type", message, span, self.example)
        _in_range(units.shown(value), value, self, span)
        return value

    def shape(self) -> Shape:
        return {
            "type": "integer",
            "description": f"{self.about}: {self.least} to {self.most}",
            "minimum": self.least,
            "maximum": self.most,
            "examples": [int(self.example)],
        }


def _in_range(text: str, steps: int, leaf: Quantity | Whole, span: str) -> None:
    if steps < leaf.least or steps > leaf.most:
        side = "below the minimum" if steps < leaf.least else "above the maximum"
        by = f" ({leaf.law})" if leaf.law else ""
        message = f"{text} is {side}; allowed range {span}{by}; write for example {leaf.example}"
        raise refuse("range", message, span, leaf.example)


@dataclass(frozen=True)
class Text(Leaf):
    """One line of text, 1 to `most` characters."""

    most: int
    example: str
    about: str = ""

    def read(self, value: Any) -> str:
        hint = f"write for example {self.example}"
        if not isinstance(value, str):
            quote = ' (put a text such as a number in "quotes")' if value is not None else ""
            message = f"{units.shown(value)} is not a text{quote}; {hint}"
            raise refuse("type", message, "", self.example)
        if not 1 <= len(value.strip()) <= len(value) <= self.most or not value.isprintable():
            message = f"{units.shown(value)} is not one line of 1 to {self.most} characters; {hint}"
            raise refuse("range", message, f"1 to {self.most} characters", self.example)
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
    """One of a few fixed words; `else_` describes the alternative that is not a word."""

    words: tuple[str, ...]
    example: str
    about: str = ""
    else_: str = ""

    def read(self, value: Any) -> str:
        if isinstance(value, str) and value in self.words:
            return value
        close = nearest(value, self.words) if isinstance(value, str) else ""
        listed = ", ".join((*self.words, self.else_) if self.else_ else self.words)
        hint = f"write for example {self.else_ or self.example}"
        message = f"{units.shown(value)} is not one of: {listed}{close}; {hint}"
        raise refuse("range" if isinstance(value, str) else "type", message, listed, self.example)

    def shape(self) -> Shape:
        return {"enum": list(self.words), "description": self.about, "examples": [self.example]}


@dataclass(frozen=True)
class Flag(Leaf):
    """Boolean: true or false."""

    about: str = ""

    def read(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        message = f"{units.shown(value)} is neither true nor false; write for example true"
        raise refuse("type", message, "true, false", "true")

    def shape(self) -> Shape:
        return {"type": "boolean", "description": self.about, "examples": [True]}
