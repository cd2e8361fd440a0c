"""Plan of a flashing: files to remove, copy, keep and leave.

Role: compare() compares wanted with existing files; Plan describes the steps.
Invariant: a file that MicroPython would import instead of ours is removed; other files (the store,
data) stay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..errors import Failure
from .firmware_files import ENTRY

PART = "main.new"  # main.py on its way
PACKAGES = ("rp2_port/", "stimcore/")
CODE = (".py", ".mpy")


@dataclass
class Plan:
    """Steps of a flashing, in this order."""

    board: str
    where: str
    install: str = ""  # the image of MicroPython, where it is in BOOTSEL
    is_running: bool = False  # our firmware, which is asked to leave for the prompt
    cleared: str = ""  # the fault that was latched; flashing clears it
    micropython: str = ""  # what the board says it runs
    remove: tuple[str, ...] = ()
    copy: Mapping[str, bytes] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    left: tuple[str, ...] = ()  # not ours

    @property
    def is_known(self) -> bool:
        """True if the board's files were read; else every file is listed as to be copied."""
        return bool(self.micropython)

    def as_dict(self) -> dict[str, object]:
        """Return the plan as a JSON-ready dict."""
        files = [{"name": name, "bytes": len(data)} for name, data in self.copy.items()]
        return {
            "board": self.board,
            "where": self.where,
            "install": self.install or None,
            "leave_firmware": self.is_running,
            "cleared_fault": self.cleared or None,
            "micropython": self.micropython or None,
            "remove": list(self.remove),
            "copy": files,
            "keep": list(self.keep),
            "left": list(self.left),
        }

    def steps(self) -> list[str]:
        """Return one line per step."""
        lines = [f"flash {self.board} at {self.where}"]
        if self.install:
            lines.append(f"install MicroPython: {self.install}")
        if self.cleared:
            lines.append(f"clear the latched fault: {self.cleared}")
        if self.is_running:
            lines.append(
                "ask the running firmware to unload its program and leave for MicroPython's prompt"
            )
        lines += [f"remove {name}" for name in self.remove]
        same = "" if self.is_known else ", unless the board has it already"
        lines += [f"copy {name}, {len(data):,} bytes{same}" for name, data in self.copy.items()]
        if self.keep:
            lines.append(f"keep {len(self.keep)} files that are the same")
        lines += [f"leave {name} alone" for name in self.left]
        return [*lines, "check every file's SHA-256, restart, expect the firmware's answer"]


def compare(
    plan: Plan, wanted: Mapping[str, bytes], there: Collection[str], hashes: Mapping[str, bytes]
) -> None:
    """Fill in files to remove, copy, keep and leave; raise Failure if one obstructs ours.

    there: names on the board, of folders with a slash; hashes: of those files that are wanted.
    """
    same = {name for name, data in wanted.items() if hashes.get(name) == digest(data)}
    if not same >= set(wanted):
        same.discard(ENTRY)  # it goes first and comes back last
    plan.copy = {name: data for name, data in wanted.items() if name not in same}
    plan.keep = tuple(name for name in wanted if name in same)
    modules = {str(PurePosixPath(name).with_suffix("")) for name in wanted}
    remove = [ENTRY] if ENTRY in there and ENTRY in plan.copy else []
    left: list[str] = []
    for name in sorted(there):
        if name in wanted or name in PACKAGES:
            continue
        path = PurePosixPath(name)
        hides = name.startswith(PACKAGES) or str(path.with_suffix("")) in modules
        is_ours = name == PART or (path.suffix in CODE and hides)
        (remove if is_ours else left).append(name)
    plan.remove, plan.left = tuple(remove), tuple(left)
    for name in left:
        if name == "boot.py" or (name.endswith("/") and name.rstrip("/") in modules):
            raise Failure(
                f"{plan.where}: the board's {name} would run in place of or before the firmware; "
                f"save it if you need it, then remove it: mpremote connect {plan.where} "
                f"fs rm -r :{name.rstrip('/')}"
            )


def digest(data: bytes) -> bytes:
    """Return the SHA-256."""
    return hashlib.sha256(data).digest()
