"""Libraries that only sweeps use, which may be absent.

Role: required() imports one of an extra of pyproject.toml. Invariant: an absent library is a
WrongUsage with the command that installs it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import WrongUsage


def required(module: str, extra: str = "sweep") -> Any:
    """Return a module; raise WrongUsage, with the pip command, if its library is absent."""
    library = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as reason:
        if reason.name and reason.name.partition(".")[0] != library:
            raise
        raise WrongUsage(
            f"a sweep needs {library}, which is not installed: pip install 'scs-bench[{extra}]'"
        ) from None
