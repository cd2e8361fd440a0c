"""Write a file under a temporary name and rename it, so that it is never seen half written.

Invariant: any failure to write raises WrongUsage.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from ..errors import WrongUsage


def aside(path: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a file beside `path`, then give it its name, and its mode if it existed.

    A link stays, its file is replaced. A read-only file, or a device, is refused.
    """
    file = Path(os.path.realpath(path))
    part = part_name(file)
    try:
        exists = file.exists()
        check(path)
        fill(part)
        if exists:
            shutil.copymode(file, part)
        part.replace(file)
    except OSError as reason:
        raise cannot_write(path, reason) from None
    finally:
        part.unlink(missing_ok=True)


def check(path: Path) -> None:
    """Raise WrongUsage where aside() could not write: a read-only file, none, or no folder."""
    file = Path(os.path.realpath(path))
    if file.exists() and not (file.is_file() and file.stat().st_mode & stat.S_IWUSR):
        kind = "read-only" if file.is_file() else "not a file"
        raise WrongUsage(f"cannot write {path}: it is {kind}")
    if not file.parent.is_dir():
        raise WrongUsage(f"cannot write {path}: there is no folder {path.parent}")
    if not os.access(file.parent, os.W_OK):
        raise WrongUsage(f"cannot write {path}: the folder {path.parent} is not writable")


def part_name(path: Path) -> Path:
    """Return the temporary name beside `path`."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def cannot_write(path: Path, reason: OSError) -> WrongUsage:
    """Return the WrongUsage for a file that cannot be written."""
    return WrongUsage(f"cannot write {path}: {reason.strerror or reason}")
