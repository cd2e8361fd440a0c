"""A file is written aside and then renamed, so that under its name it is always whole.

Invariant: whatever cannot be written is one WrongUsage.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..errors import WrongUsage


def aside(path: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a file beside `path`, then give it its name."""
    part = part_name(path)
    try:
        fill(part)
        part.replace(path)
    except OSError as reason:
        raise cannot_write(path, reason) from None
    finally:
        part.unlink(missing_ok=True)


def part_name(path: Path) -> Path:
    """The name beside a file under which it is written."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def cannot_write(path: Path, reason: OSError) -> WrongUsage:
    """The refusal of a file that could not be written."""
    return WrongUsage(f"cannot write {path}: {reason.strerror or reason}")
