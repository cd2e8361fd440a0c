"""Locate the shipped data: boards.yaml, leads/ and profiles/.

Role: one function from a name to a path. A wheel carries the data under scs/data/; in the
repository, and so in an editable install, they stand at its root.
Invariant: a name never leads out of the data.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
MARK = "boards.yaml"  # the file by which a data directory is known


@lru_cache(maxsize=1)
def root() -> Path:
    """Return the directory that holds boards.yaml, leads/ and profiles/."""
    for place in (PACKAGE / "data", PACKAGE.parent.parent):
        if (place / MARK).is_file():
            return place
    raise FileNotFoundError(f"{MARK} is neither in {PACKAGE / 'data'} nor beside host/: reinstall")


def path(name: str) -> Path:
    """Return the path of a shipped file or directory, such as "profiles/tonic_50hz.yaml".

    Raises FileNotFoundError if it does not exist or the name leads out of the data.
    """
    base = root()
    target = (base / name).resolve()
    if not target.is_relative_to(base.resolve()) or not target.exists():
        raise FileNotFoundError(f"no {name} among the shipped files in {base}")
    return target


def stems(directory: str) -> list[str]:
    """Return the sorted names, without .yaml, of the files in a shipped directory."""
    return sorted(file.stem for file in path(directory).glob("*.yaml"))
