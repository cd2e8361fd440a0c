"""Edit values in a profile's text, keeping comments and order.

Role: edited() returns the changed profile, save() writes it. Invariant: the changed text is read
and checked again as a profile; a file is replaced as a whole or not at all.
Requirements: REQ-60.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ..documents import atomic_write
from ..errors import Failure
from .profile import Profile

WIDEST = 4096  # no line is broken that was not


def edited(profile: Profile, change: Callable[[Any], None]) -> Profile:
    """Apply `change` to the ruamel.yaml document and return the resulting profile.

    Raises ProfileError if the changed text is not a valid profile. Line ends are kept.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDEST
    yaml.indent(mapping=2, sequence=4, offset=2)
    source = profile.text.removeprefix("\ufeff")
    try:
        document = yaml.load(source)
    except YAMLError as reason:
        why = str(reason).splitlines()[0]
        raise Failure(f"{profile.file} cannot be edited: {why}; change it by hand") from None
    change(document)
    stream = io.StringIO()
    yaml.dump(document, stream)
    text = stream.getvalue()
    if "\r\n" in source:
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return Profile.from_text(text, profile.file)


def save(profile: Profile, target: Path) -> None:
    """Write the profile's text to `target`; raise WrongUsage if that fails."""

    def fill(part: Path) -> None:
        part.write_text(profile.text, encoding="utf-8", newline="")

    atomic_write.aside(target, fill)
