"""Write a file under a temporary name and rename it, so that it is never seen half written.

Invariant: any failure to write raises WrongUsage.
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
    """Return the temporary name beside `path`."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def cannot_write(path: Path, reason: OSError) -> WrongUsage:
    """Return the WrongUsage for a file that cannot be written."""
    return WrongUsage(f"cannot write {path}: {reason.strerror or reason}")
